"""The timeline of a machine: every source in it, pages that neither skip nor repeat, filters, words, areas."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import Database

from app.accounts.models import Role
from app.core import clock, db
from app.core.errors import Invalid
from app.core.paging import encode_key
from app.core.types import Actor
from app.machine_files import queries, timeline
from app.machine_files.kinds import KINDS
from app.machine_files.queries import Wanted
from app.machine_files.timeline import EntryKind, Few, Scope
from app.machines.models import Document, Machine
from app.tickets.models import Ticket, TicketNote
from tests import factories, money_factories
from tests.machine_files import world
from tests.machine_files.world import AT, World
from tests.personas import actor_of, make_area, make_user


@pytest.fixture
def full(database: Database) -> World:
    return world.full()


@pytest.fixture
def clerk(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK))


def anchors(entries: Iterable[timeline.Entry]) -> list[str]:
    return [entry.anchor for entry in entries]


def everything(machine: Machine) -> list[timeline.Entry]:
    """All entries at once."""
    return timeline.whole(Scope(machine=machine), KINDS, KINDS, 500).entries


def walked(actor: Actor, machine: Machine, wanted: Wanted, most: int) -> list[str]:
    """The anchors of all pages, one after the other."""
    found: list[str] = []
    after: str | None = None
    scope, kinds = queries.scope_of(actor, machine, wanted), queries.chosen(actor, wanted)
    while True:
        stretch = timeline.read(scope, kinds, KINDS, after=after, most=most)
        found += anchors(stretch.entries)
        after = stretch.earlier_key
        if after is None:
            return found


def test_it_works(full: World, clerk: Actor) -> None:
    """Every source of every kind has its entry, newest first."""
    found = everything(full.machine)
    assert {entry.source.name for entry in found} == set(world.SOURCES)
    assert all(newer.key > older.key for newer, older in pairwise(found))


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_pages_neither_skip_nor_repeat(full: World, clerk: Actor, most: int) -> None:
    assert walked(clerk, full.machine, Wanted(), most) == anchors(everything(full.machine))


def test_entries_of_one_moment_neither_skip_nor_repeat(full: World, clerk: Actor) -> None:
    with db.transaction():
        for number in range(9):
            TicketNote.create(ticket=full.ticket, at=AT, by_name="x", text=f"note {number}")
            Document.create(machine=full.machine, form_type="other", title=str(number), created_at=AT, by_name="x", has_paper=True)
    found = anchors(everything(full.machine))
    for most in (1, 2, 5, 8):
        assert walked(clerk, full.machine, Wanted(), most) == found
    assert len(found) == len(set(found))


moments = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), max_size=25, unique=True)


@settings(deadline=None)
@given(st.lists(moments, min_size=1, max_size=4), st.integers(1, 6), st.integers(0, 5), st.integers(0, 5))
def test_any_sources_merge_into_one_order(sources: list[list[tuple[int, int]]], most: int, from_s: int, to_s: int) -> None:
    def given_by(rows: list[tuple[int, int]]) -> Any:
        return lambda _machine: [(datetime.fromtimestamp(at, UTC), number, f"{at}.{number}", "") for at, number in rows]

    kinds = tuple(
        EntryKind(name=f"k{n}", label="", icon="", permission="", template="", sources=(Few(name=f"s{n}", given=given_by(rows)),), who=str)
        for n, rows in enumerate(sources)
    )
    scope = Scope(machine=Machine(), from_ms=from_s * 1_000, to_ms=to_s * 1_000)
    expected = sorted(((at, rank, number) for rank, rows in enumerate(sources) for at, number in rows if from_s <= at < to_s), reverse=True)
    found: list[tuple[int, int, int]] = []
    after: str | None = None
    while True:
        stretch = timeline.read(scope, kinds, kinds, after=after, most=most)
        found += [(entry.key[0] // 1_000, entry.key[1], entry.key[2]) for entry in stretch.entries]
        assert len(stretch.entries) <= most
        if (after := stretch.earlier_key) is None:
            break
    assert found == expected


def test_a_link_to_an_entry_begins_with_it(full: World, clerk: Actor) -> None:
    for entry in everything(full.machine):
        assert queries.stretch(clerk, full.machine, Wanted(), entry.link_key).entries[0].anchor == entry.anchor


def test_kinds_are_chosen_and_counted(full: World, clerk: Actor) -> None:
    found = queries.stretch(clerk, full.machine, Wanted(kinds=frozenset({"note", "urging"}))).entries
    assert {entry.kind.name for entry in found} == {"note", "urging"}
    counted = {kind.name: number for kind, number, _more in queries.chips(clerk, full.machine, Wanted())}
    assert counted["ticket"] == 2, "opened, resolved and closed are one ticket"
    assert (counted["note"], counted["attachment"], counted["document"], counted["milestone"]) == (1, 2, 2, 4)


def test_a_period_takes_whole_days_of_the_deployment(full: World, clerk: Actor) -> None:
    day = clock.day_of(AT)
    found = queries.stretch(clerk, full.machine, Wanted(from_on=day, to_on=day)).entries
    assert {clock.day_of(entry.at) for entry in found} == {day}
    assert "move-1" not in anchors(found)
    counted = {kind.name: number for kind, number, _more in queries.chips(clerk, full.machine, Wanted(from_on=day, to_on=day))}
    assert (counted["past_work"], counted["move"], counted["episode"]) == (0, 0, 1)


@pytest.mark.parametrize("source", world.SOURCES)
def test_words_find_the_entries_of_every_source(full: World, clerk: Actor, source: str) -> None:
    word = full.words[source] if source != "complaint" else "WORDCOMPLAINT"
    if source == "ticket_resolved":
        word = "WORDOPENED"  # the search document of a ticket holds its title, text and notes
    found = queries.stretch(clerk, full.machine, Wanted(q=word)).entries
    assert source in {entry.source.name for entry in found}
    assert queries.stretch(clerk, full.machine, Wanted(q="NOTHINGLIKETHIS")).entries == []


def test_words_may_hold_what_databases_read_as_patterns(full: World, clerk: Actor) -> None:
    for words in ("%", "_", "' OR 1=1 --", '"', "100% WORDNOTE"):
        assert "note-1" not in anchors(queries.stretch(clerk, full.machine, Wanted(q=words)).entries)


def test_another_machines_entries_are_not_here(full: World, clerk: Actor) -> None:
    other = factories.machine()
    theirs = world.indexed(factories.ticket(machine=other, title="WORDOPENED"))
    for wanted in (Wanted(q="WORDOPENED"), Wanted(kinds=frozenset({"ticket", "note", "document"}))):
        assert anchors(queries.stretch(clerk, other, wanted).entries) == [f"ticket_opened-{theirs.id}"]


def test_what_a_reader_may_not_read_is_not_in_the_timeline(full: World) -> None:
    admin = actor_of(make_user(Role.ADMIN))
    found = {entry.kind.name for entry in queries.stretch(admin, full.machine, Wanted()).entries}
    assert found == {"episode", "move", "terminal", "milestone"}
    assert {kind.name for kind, _number, _more in queries.chips(admin, full.machine, Wanted())} == found


def test_tickets_of_another_area_are_left_out_for_who_is_bound_to_areas(database: Database) -> None:
    north, south = make_area(), make_area()
    machine = factories.machine(area=north)
    near, far = (world.indexed(factories.ticket(machine=machine, area=area, title="WORD")) for area in (north, south))
    with db.transaction():
        for ticket in (near, far):
            TicketNote.create(ticket=ticket, at=AT, by_name="x", text="WORD")
    li = actor_of(make_user(Role.TECHNICIAN, areas=(north,)))
    for wanted in (Wanted(), Wanted(q="WORD")):
        found = queries.stretch(li, machine, wanted).entries
        assert {entry.record.id for entry in found if entry.kind.name == "ticket"} == {near.id}
        assert {entry.record.ticket_id for entry in found if entry.kind.name == "note"} == {near.id}
    assert {kind.name: number for kind, number, _more in queries.chips(li, machine, Wanted())}["note"] == 1


def test_notes_follow_their_ticket_to_another_machine(full: World, clerk: Actor) -> None:
    other = factories.machine()
    with db.transaction():
        Ticket.update(machine=other).where(Ticket.id == full.ticket.id).execute()
    assert "note" in {entry.source.name for entry in queries.stretch(clerk, other, Wanted()).entries}
    assert "note" not in {entry.source.name for entry in queries.stretch(clerk, full.machine, Wanted()).entries}


def test_a_removed_document_is_not_in_the_timeline(full: World, clerk: Actor) -> None:
    with db.transaction():
        Document.update(removed_at=clock.now()).where(Document.title == "WORDDOCUMENT").execute()
    assert "document" not in {entry.source.name for entry in queries.stretch(clerk, full.machine, Wanted()).entries}


@pytest.mark.parametrize("key", ["x", encode_key((1, 2)), encode_key(("a", "b", "c", "d"))])
def test_a_key_that_was_tampered_with_is_refused(full: World, clerk: Actor, key: str) -> None:
    with pytest.raises(Invalid):
        queries.stretch(clerk, full.machine, Wanted(), key)


@pytest.mark.parametrize("numbers", [(-5, -5, -5), (2**80, 2**80, 2**80), (0, 0, 0)])
def test_no_key_breaks_the_timeline(full: World, clerk: Actor, numbers: tuple[int, int, int]) -> None:
    queries.stretch(clerk, full.machine, Wanted(), encode_key(numbers))


def test_the_past_of_a_machine_does_not_change_how_much_is_read(full: World, clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source reads at most a page and one."""
    with db.transaction():
        for number in range(60):
            TicketNote.create(ticket=full.ticket, at=AT + timedelta(seconds=number), by_name="x", text="x")
    scope = queries.scope_of(clerk, full.machine, Wanted())
    for kind in KINDS:
        for source in kind.sources:
            assert len(source.read(scope, timeline.Beyond(scope.to_ms, 0), 31)) <= 31
            assert len(source.read(replace(scope, words=("x",)), timeline.Beyond(scope.to_ms, 0), 31)) <= 31


def test_the_warranty_of_the_milestone_runs_to_the_end_of_its_extension(full: World, clerk: Actor) -> None:
    def until() -> date | None:
        entries = queries.stretch(clerk, full.machine, Wanted(kinds=frozenset({"milestone"}))).entries
        return next(entry.record.until for entry in entries if entry.record.name == "warranty")

    assert until() == date(2027, 2, 9)
    money_factories.extension(machine=full.machine, until_on=date(2028, 5, 1), revoked_at=AT)
    money_factories.extension(machine=full.machine, until_on=date(2028, 1, 1))
    assert until() == date(2028, 1, 1)


def test_returns_of_another_area_are_left_out_and_verdicts_are_for_who_reads_them(full: World, clerk: Actor) -> None:
    north, south = make_area(), make_area()
    Machine.update(area=north).where(Machine.id == full.machine.id).execute()
    far = factories.work_order(machine=full.machine, area=south, lead=make_user(Role.TECHNICIAN))
    money_factories.returned(machine=full.machine, order=far, part_name="FAR")
    li, wanted = actor_of(make_user(Role.TECHNICIAN, areas=(north,))), Wanted(kinds=frozenset({"return", "verdict"}))
    assert [one.kind.name for one in queries.stretch(clerk, full.machine, wanted).entries] == ["return", "verdict", "return"]
    assert [one.record.part_name for one in queries.stretch(li, full.machine, wanted).entries] == ["WORDOFF"]


def test_repeats_are_those_of_this_machine(full: World, clerk: Actor) -> None:
    for day in (1, 30):
        world.indexed(factories.ticket(machine=full.machine, title="Oil leak, boom", opened_at=world.now_minus(day)))
    (found,) = queries.repeats_of(clerk, full.machine)
    assert (found.words, found.count) == ("Oil leak, boom", 2)
    assert queries.repeats_of(clerk, factories.machine(), is_whole=True) == []
