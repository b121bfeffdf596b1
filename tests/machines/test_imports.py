"""machines.csv."""

from datetime import date
from functools import partial

import pytest
from peewee import Database

from app.core import history
from app.core.history import HistoryEntry
from app.core.import_runs import ImportKind
from app.customers.models import Customer, Site
from app.machines.models import Machine
from app.machines.operations import seed_profiles
from tests import taking_in
from tests.taking_in import counts

HEAD = "serial,device,model,profile,customer,site,address,area,gateway,accepted_on,shipped_on,warranty_months,batch\n"
FILE = (
    HEAD
    + "S1,D1,YJ-10,underground_compactor_v1,云岭环卫,东门,东路 1 号,东区,gw1,2025-04-17,2025/3/8,24,B1\n"
    + "S2,,YJ-10,,云岭环卫,东门,,,,2025年4月17日,,,\n"
    + "S3,,YJ-16,,,,,西区,,,,,\n"
)


take_in = partial(taking_in.take_in, ImportKind.MACHINES)
reasons = partial(taking_in.reasons, ImportKind.MACHINES)


def test_it_works(database: Database) -> None:
    seed_profiles()
    assert counts(take_in(FILE)) == (3, 0, 0)
    first, second = Machine.get(Machine.serial == "S1"), Machine.get(Machine.serial == "S2")
    assert (first.device, first.model.name, first.profile.name) == ("D1", "YJ-10", "underground_compactor_v1")
    assert (first.accepted_on, first.shipped_on, first.warranty_months) == (date(2025, 4, 17), date(2025, 3, 8), 24)
    assert (first.site.address, first.area.name) == ("东路 1 号", "东区")
    assert (second.site, second.accepted_on, second.area) == (first.site, date(2025, 4, 17), first.area)
    assert history.verify().problem is None


def test_the_same_file_again_changes_nothing(database: Database) -> None:
    seed_profiles()
    take_in(FILE)
    entries = HistoryEntry.select().where(HistoryEntry.object_type != "import").count()
    assert counts(take_in(FILE)) == (0, 0, 3)
    assert HistoryEntry.select().where(HistoryEntry.object_type != "import").count() == entries


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_of_every_office_are_read(sqlite_database: Database, encoding: str) -> None:
    seed_profiles()
    take_in(FILE.encode(encoding))
    assert Customer.get().name == "云岭环卫"


def test_a_machine_that_moved_is_changed_and_leaves_its_old_site(database: Database) -> None:
    seed_profiles()
    take_in(FILE)
    assert counts(take_in("serial,model,customer\nS1,YJ-10,望河城管\n")) == (0, 1, 0)
    machine = Machine.get(Machine.serial == "S1")
    assert (machine.customer.name, machine.site, machine.device) == ("望河城管", None, "D1")
    assert Site.select().count() == 1


def test_a_new_address_changes_the_site(database: Database) -> None:
    seed_profiles()
    take_in(FILE)
    assert counts(take_in("serial,model,customer,site,address\nS1,YJ-10,云岭环卫,东门,东路 2 号\n")) == (0, 1, 0)
    assert Site.get().address == "东路 2 号"
    assert counts(take_in("serial,model,customer,site,address\nS1,YJ-10,云岭环卫,东门,东路 2 号\n")) == (0, 0, 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",,M,,,,,,,,,,", "serial"),
        ("a/b,,M,,,,,,,,,,", "serial"),
        ("new,,M,,,,,,,,,,", "serial"),
        ("S9,,,,,,,,,,,,", "model"),
        ("S9,D 9,M,,,,,,,,,,", "device"),
        ("S9,D1,M,,,,,,,,,,", "device"),
        ("S1,,M,,,,,,,,,,", "earlier line"),
        ("S9,,M,nothing,,,,,,,,,", "profile"),
        ("S9,,M,,,东门,,,,,,,", "customer"),
        ("S9,,M,,甲,,路 1 号,,,,,,", "site"),
        ("S9,,M,,甲,,,,,2025-02-30,,,", "no such day"),
        ("S9,,M,,甲,,,,,gestern,,,", "2026-11-23"),
        ("S9,,M,,甲,,,,,2025-01-01,2025-02-01,,", "accepted_on"),
        ("S9,,M,,甲,,,,,,,a year,", "warranty_months"),
        ("S9,,M,,甲,,,,,,,999,", "warranty_months"),
        ("S9,,M,,,,,,,,,,,x", "more cells"),
    ],
)
def test_a_bad_line_refuses_the_whole_file(sqlite_database: Database, line: str, words: str) -> None:
    found = reasons(HEAD + "S1,D1,YJ-10,,,,,,,,,,\n" + line + "\n")
    assert found[0][0] == 3
    assert words in found[0][1]
    assert not Machine.select().exists()
    assert not HistoryEntry.select().exists()


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 1, "empty"),
        (b"serial\nS1\n", 1, "model is missing"),
        (b"serial,model,colour\nS1,M,red\n", 1, "colour is not known"),
        (b"serial,model,serial\nS1,M,S1\n", 1, "twice"),
        (b'serial,model\nS1,"M\n', 2, "not CSV"),
        (b"serial,model\nS\0,M\n", 2, "NUL"),
        (b"serial,model\nS1,M\n\xff\xff\xff,M\n", 3, "neither UTF-8 nor GB18030"),
        ("serial,model\nS1,甲乙丙丁\n".encode() + b"S2,\xe7\x94\n", 3, "neither UTF-8 nor GB18030"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(sqlite_database: Database, content: bytes, line: int, words: str) -> None:
    found = reasons(content)
    assert found[0][0] == line
    assert words in found[0][1]


def test_good_lines_can_be_taken_and_bad_ones_left(database: Database) -> None:
    outcome = take_in("serial,model\nS1,M\n,M\nS2,M\n", skips_bad_lines=True)
    assert counts(outcome) == (2, 0, 0)
    assert list(outcome.bad) == [3]


def test_a_dry_run_leaves_nothing(database: Database) -> None:
    assert counts(take_in("serial,model\nS1,M\n", is_dry_run=True)) == (1, 0, 0)
    assert not Machine.select().exists()
    assert not HistoryEntry.select().exists()


def test_line_numbers_count_lines_inside_quotes(sqlite_database: Database) -> None:
    assert reasons('serial,model,batch\nS1,M,"two\nlines"\n,M,\n')[-1][0] == 4
