"""Receipts: what they say of a boot, and that they cost as much as there are devices, whatever is missing of others."""

import time
from datetime import timedelta

from peewee import Database

from app.core import clock
from app.machines.models import Machine
from app.monitoring.intake import receipts
from app.monitoring.models import Gap, Terminal
from tests.monitoring.sender import Sender, ago, store


def test_it_works(database: Database, machine: Machine, device: Sender) -> None:
    store(*(device.reading(ago(minutes=5) + timedelta(seconds=seq), t=seq) for seq in range(3)))
    device.seq = 5
    store(device.reading(ago(minutes=1), t=6))
    (receipt,) = receipts([("EVC-1", "a1")])
    assert (receipt.upto, receipt.missing) == (6, ((3, 5),))


def test_what_is_missing_of_a_whole_fleet_is_found_device_by_device(database: Database) -> None:
    now = clock.now()
    devices = [f"D{number}" for number in range(2_000)]
    for device in devices:
        Terminal.create(device=device, first_seen_at=now, last_received_at=now)
    terminals = list(Terminal.select(Terminal.id).tuples())
    rows = [{"terminal": terminal, "boot": "b", "first": n, "last": n, "from_at": now} for (terminal,) in terminals for n in (3, 5)]
    for begin in range(0, len(rows), 500):
        Gap.insert_many(rows[begin : begin + 500]).execute()
    began = time.process_time()
    receipts([(device, "b") for device in devices])
    assert time.process_time() - began < 0.5  # 0.01; from gaps to devices it was 4
