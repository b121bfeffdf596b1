"""Receipts: what they say of a boot, and that they cost as much as there are devices, whatever is missing of others."""

from datetime import timedelta

from peewee import Database

from app.core import bulk
from app.machines.models import Machine
from app.monitoring.intake import receipts
from app.monitoring.intake.receipts import _MISSING
from tests.monitoring.sender import Sender, ago, store


def test_it_works(database: Database, machine: Machine, device: Sender) -> None:
    store(*(device.reading(ago(minutes=5) + timedelta(seconds=seq), t=seq) for seq in range(3)))
    device.seq = 5
    store(device.reading(ago(minutes=1), t=6))
    (receipt,) = receipts([("EVC-1", "a1")])
    assert (receipt.upto, receipt.missing) == (6, ((3, 5),))


def test_what_is_missing_is_looked_up_by_device_and_never_among_all_that_is_missing(sqlite_database: Database) -> None:
    wanted, parameters = bulk.table(("device text", "boot text"), [("EVC-1", "a1")])
    steps = sqlite_database.execute_sql("EXPLAIN QUERY PLAN " + _MISSING.format(wanted=wanted), parameters).fetchall()
    read = [words for *_, words in steps]
    assert [words.split()[:2] for words in read[1:3]] == [["SEARCH", "t"], ["SEARCH", "g"]], read
    assert "(terminal_id=?)" in read[2]
