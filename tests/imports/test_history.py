"""Old records become closed tickets; a line is one ticket however often and in whatever order its files come."""

from collections import Counter
from datetime import date
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.accounts.models import Notice
from app.core import clock, db, history
from app.core.history import HistoryEntry
from app.core.import_runs import ImportedRow, ImportKind
from app.core.outbox import OutboxMessage
from app.core.types import system
from app.machines.models import Machine
from app.tickets import queries
from app.tickets.models import HotlineRecord, PastWork, Ticket, TicketClock, TicketStatus, TicketTransition
from tests import factories, taking_in
from tests.taking_in import counts

take_in = partial(taking_in.take_in, ImportKind.HISTORY)
reasons = partial(taking_in.reasons, ImportKind.HISTORY)
HEAD = "date,machine,kind,text,type,cost,technician\n"
FILE = HEAD + "2004-07-01,A,,BUCKET WON'T OPEN,PM01,183.05,李师傅\n2005/3/20,A,投诉,液压站漏油，反复三次,,,\n"


def test_it_works(database: Database) -> None:
    machine = factories.machine(serial="A")
    assert counts(take_in(FILE)) == (2, 0, 0)
    first, second = Ticket.select().order_by(Ticket.opened_at)
    assert (first.title, first.kind, first.status, first.source, first.machine) == (
        "BUCKET WON'T OPEN", "fault_report", "closed", "import", machine,
    )  # fmt: skip
    assert clock.day_of(first.opened_at) == date(2004, 7, 1)
    assert (first.customer, first.area, first.closed_at) == (machine.customer, machine.area, first.opened_at)
    assert second.kind == "complaint"
    work = PastWork.get(PastWork.ticket == first)
    assert (work.work_type, work.cost_fen, work.technician_name) == ("PM01", 18305, "李师傅")
    assert history.verify().problem is None


def test_old_records_are_found_by_their_words(database: Database) -> None:
    factories.machine(serial="A")
    take_in(FILE)
    found = queries.page(system("tests"), queries.TicketFilter(q="漏油", status="any")).rows
    assert [row.title for row in found] == ["液压站漏油，反复三次"]


def test_an_import_of_history_makes_nobody_busy(database: Database) -> None:
    """No clock runs, nobody is told, no 400 record waits for a signature, nothing stands on the open list."""
    factories.machine(serial="A")
    take_in(FILE)
    for model in (TicketClock, Notice, OutboxMessage, HotlineRecord):
        assert not model.select().exists(), model
    assert not Ticket.select().where(Ticket.is_open | Ticket.due_at.is_null(False)).exists()
    assert [row.to_status for row in TicketTransition.select()] == [TicketStatus.CLOSED] * 2


def test_unknown_machines_are_refused_unless_they_shall_be_made(database: Database) -> None:
    assert reasons(FILE) == [(line, "machine: there is no machine of this serial number") for line in (2, 3)]
    assert not Ticket.select().exists()
    assert counts(take_in(FILE, creates_machines=True)) == (2, 0, 0)
    assert Machine.get().serial == "A"


def test_a_machine_is_known_by_its_device_code_too(sqlite_database: Database) -> None:
    machine = factories.machine(device="evc-7")
    take_in(HEAD + "2020-01-01,evc-7,,words,,,\n")
    assert Ticket.get().machine == machine


def test_long_words_are_kept_whole_behind_a_short_title(sqlite_database: Database) -> None:
    factories.machine(serial="A")
    text = "一" * 300
    take_in(HEAD + f"2020-01-01,A,,{text},,,\n")
    ticket = Ticket.get()
    assert (len(ticket.title), ticket.text) == (200, text)


def test_numbers_are_those_of_the_month_of_each_record(sqlite_database: Database) -> None:
    factories.machine(serial="A")
    take_in(HEAD + "2020-01-05,A,,a,,,\n2020-02-05,A,,b,,,\n2020-01-06,A,,c,,,\n")
    assert {t.title: t.number for t in Ticket.select()} == {"a": "T2001-0001", "b": "T2002-0001", "c": "T2001-0002"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",A,,words,,,", "date"),
        ("2020-13-01,A,,words,,,", "no such day"),
        ("2999-01-01,A,,words,,,", "still to come"),
        ("2020-01-01,,,words,,,", "serial number"),
        ("2020-01-01,A,,,,,", "what it is about"),
        ("2020-01-01,A,singing,words,,,", "fault_report"),
        ("2020-01-01,A,,words,,free,", "1234.50"),
        ("2020-01-01,A,,words,," + "9" * 25 + ",", "too large"),
        ("2020-01-01,A,," + "x" * 4001 + ",,,", "too long"),
        ("2020-01-01,A,,words," + "x" * 41 + ",,", "too long"),
    ],
)
def test_a_bad_line_refuses_the_whole_file(sqlite_database: Database, line: str, words: str) -> None:
    factories.machine(serial="A")
    found = reasons(HEAD + "2020-01-01,A,,good,,,\n" + line + "\n")
    assert found[0][0] == 3
    assert words in found[0][1]
    assert not Ticket.select().exists()


def test_equal_lines_of_two_sources_are_two_records(sqlite_database: Database) -> None:
    factories.machine(serial="A")
    take_in(FILE)
    assert counts(take_in(FILE, source="other book")) == (2, 0, 0)
    assert counts(take_in(FILE)) == (0, 0, 2)


def test_the_same_records_as_a_workbook_add_nothing(sqlite_database: Database) -> None:
    from tests.imports.test_reading import workbook

    factories.machine(serial="A")
    take_in(FILE)
    rows = [[date(2004, 7, 1), "A", "", "BUCKET WON'T OPEN", "PM01", 183.05, "李师傅"]]
    content = workbook(["日期", "序列号", "受理类型", "故障描述", "维修类型", "费用（元）", "维修人员"], *rows)
    assert counts(take_in(content)) == (0, 0, 1)


_line = st.tuples(
    st.sampled_from(["2020-01-01", "2020/1/1", "2021-02-03"]), st.sampled_from("AB"), st.sampled_from(["漏油", "异响", "hose"])
)
_files = st.lists(st.lists(_line, max_size=5), min_size=1, max_size=4)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=_files, again=st.data())
def test_what_stands_there_is_the_same_in_whatever_order_and_however_often_files_come(
    sqlite_database: Database, files: list[list[tuple[str, str, str]]], again: st.DataObject
) -> None:
    """Of equal lines there are as many tickets as the file with most of them has."""
    expected: Counter[tuple[str, str, str]] = Counter()
    for file in files:
        expected |= Counter((on.replace("2020/1/1", "2020-01-01"), machine, text) for on, machine, text in file)
    order = again.draw(st.permutations(files + files))
    with db.database.atomic() as everything:
        for file in order:
            take_in(HEAD + "".join(f"{on},{machine},,{text},,,\n" for on, machine, text in file), creates_machines=True)
        found = Counter((str(clock.day_of(t.opened_at)), t.machine.serial, t.title) for t in Ticket.select(Ticket, Machine).join(Machine))
        assert found == expected
        assert ImportedRow.select().where(ImportedRow.object_type == "ticket").count() == sum(expected.values())
        everything.rollback()


def test_the_history_names_each_record_and_who_brought_it_in(sqlite_database: Database) -> None:
    factories.machine(serial="A")
    take_in(FILE)
    entries = HistoryEntry.select().where(HistoryEntry.action == "ticket.imported")
    assert [entry.actor_name for entry in entries] == ["tests", "tests"]
