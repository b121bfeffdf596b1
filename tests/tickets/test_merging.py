"""Merging and splitting lose nothing: numbers, notes, attachments and watchers stay findable, a fault has one open ticket."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.accounts.models import Notice, Role, User
from app.core import db, history
from app.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from app.core.types import Actor
from app.machines.models import Machine
from app.tickets import merging, moving, operations, queries, states, watching
from app.tickets.models import (
    Priority,
    Ticket,
    TicketAttachment,
    TicketFault,
    TicketKind,
    TicketNote,
    TicketSource,
    TicketStatus,
)
from app.tickets.queries import ANY, TicketFilter
from tests import factories
from tests.personas import actor_of, make_user


@pytest.fixture
def chen(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


@pytest.fixture
def machine(database: Database) -> Machine:
    return factories.machine()


def opened(by: Actor, machine: Machine | None, **values: object) -> Ticket:
    kinds = {"source": TicketSource.HOTLINE, "kind": TicketKind.FAULT_REPORT, "priority": Priority.LOW, "title": "漏油"}
    return operations.open_ticket(by=by, machine=machine, **(kinds | values))


def fault(ticket: Ticket, family: str) -> None:
    with db.transaction():
        TicketFault.create(ticket=ticket, machine=ticket.machine, family=family, is_open=ticket.is_open)


def found(by: Actor, words: str) -> set[str]:
    return {row.number for row in queries.page(by, TicketFilter(q=words, status=ANY)).rows}


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def test_it_works(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine), opened(chen, machine)
    merging.merge(by=chen, ticket=one, into=other, version=one.version, reason="同一故障")
    assert (fresh(one).status, fresh(one).merged_into, fresh(one).is_open) == ("merged", other, False)
    assert merging.relatives(other).merged == [one]
    assert history.verify().problem is None


def test_both_numbers_stay_findable(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine), opened(chen, machine)
    merging.merge(by=chen, ticket=one, into=other, version=one.version)
    assert one.number in found(chen, one.number)
    assert other.number in found(chen, other.number)


def test_the_faults_go_along_and_come_back(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine), opened(chen, machine)
    fault(one, "oil")
    merging.merge(by=chen, ticket=one, into=other, version=one.version)
    assert open_faults() == {("oil", other.id)}
    merging.unmerge(by=chen, ticket=one, version=one.version)
    assert open_faults() == {("oil", one.id)}
    assert (fresh(one).status, fresh(one).merged_into) == ("new", None)


def open_faults() -> set[tuple[str, int]]:
    return set(TicketFault.select(TicketFault.family, TicketFault.ticket).where(TicketFault.is_open).tuples())


def test_the_graver_priority_holds(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine, priority=Priority.CRITICAL), opened(chen, machine)
    merging.merge(by=chen, ticket=one, into=other, version=one.version)
    assert fresh(other).priority == Priority.CRITICAL


def test_who_watches_one_watches_the_other(chen: Actor, machine: Machine) -> None:
    zhao = actor_of(make_user(Role.DEPUTY))
    one, other = opened(chen, machine), opened(chen, machine)
    watching.watch(by=zhao, ticket=one)
    merging.merge(by=chen, ticket=one, into=other, version=one.version)
    assert watching.is_watched(zhao, other)
    assert {notice.href for notice in Notice.select().where(Notice.user == zhao.user_id)} >= {f"/tickets/{one.number}"}


def test_a_ticket_goes_only_into_an_open_one_of_its_machine_or_customer(chen: Actor, machine: Machine) -> None:
    one, done, stranger = opened(chen, machine), opened(chen, machine), opened(chen, factories.machine())
    moving.change_status(by=chen, ticket=done, to=TicketStatus.RESOLVED, version=done.version)
    for target in (one, done, stranger):
        with pytest.raises(Invalid):
            merging.merge(by=chen, ticket=one, into=target, version=one.version)
    assert fresh(one).is_open


def test_whom_nobody_knows_can_go_anywhere(chen: Actor, machine: Machine) -> None:
    unknown, known = opened(chen, None, caller_name="张师傅"), opened(chen, machine)
    merging.merge(by=chen, ticket=unknown, into=known, version=unknown.version)
    assert fresh(unknown).merged_into == known


def test_a_complaint_does_not_disappear_in_another_kind_of_ticket(chen: Actor, machine: Machine) -> None:
    complaint, repair = opened(chen, machine, kind=TicketKind.COMPLAINT), opened(chen, machine)
    with pytest.raises(Invalid):
        merging.merge(by=chen, ticket=complaint, into=repair, version=complaint.version)


def test_a_stale_page_merges_nothing(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine), opened(chen, machine)
    with pytest.raises(Conflict):
        merging.merge(by=chen, ticket=one, into=other, version=one.version - 1)
    assert fresh(one).is_open


def test_a_target_that_was_finished_meanwhile_takes_nothing_in(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine), opened(chen, machine)
    moving.change_status(by=chen, ticket=fresh(other), to=TicketStatus.RESOLVED, version=1)
    with pytest.raises(Conflict):
        merging.merge(by=chen, ticket=one, into=other, version=one.version)
    assert fresh(one).is_open


def test_what_went_into_a_finished_ticket_stays_there(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine), opened(chen, machine)
    merging.merge(by=chen, ticket=one, into=other, version=one.version)
    moving.change_status(by=chen, ticket=other, to=TicketStatus.RESOLVED, version=other.version)
    with pytest.raises(Conflict):
        merging.unmerge(by=chen, ticket=one, version=one.version)


def test_a_merge_is_undone_by_taking_out_alone(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine), opened(chen, machine)
    merging.merge(by=chen, ticket=one, into=other, version=one.version)
    with pytest.raises(Conflict):
        moving.undo(by=chen, ticket=one, version=one.version)


def test_the_clocks_of_a_merged_ticket_stop(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine), opened(chen, machine)
    merging.merge(by=chen, ticket=one, into=other, version=one.version)
    assert fresh(one).due_at is None
    assert fresh(other).due_at is not None


def test_who_may_not_edit_merges_and_splits_nothing(chen: Actor, machine: Machine) -> None:
    li, one, other = actor_of(make_user(Role.TECHNICIAN)), opened(chen, machine), opened(chen, machine)
    with pytest.raises(NotAllowed):
        merging.merge(by=li, ticket=one, into=other, version=1)
    with pytest.raises(NotAllowed):
        merging.split(by=li, ticket=one, title="x")


def test_a_part_becomes_a_ticket_of_its_own(chen: Actor, machine: Machine) -> None:
    one = opened(chen, machine, caller_phone="13800001234")
    kept, going = (operations.add_note(by=chen, ticket=one, text=text) for text in ("还在漏", "照明也坏了"))
    part = merging.split(by=chen, ticket=one, title="照明坏了", note_ids=[going.id])
    assert (part.split_from, part.machine, part.caller_phone, part.status) == (one, machine, "13800001234", "new")
    assert list(TicketNote.select(TicketNote.id, TicketNote.ticket).order_by(TicketNote.id).tuples()) == [
        (kept.id, one.id),
        (going.id, part.id),
    ]
    assert merging.relatives(one).parts == [part]
    assert (found(chen, "照明也坏了"), found(chen, "还在漏")) == ({part.number}, {one.number})


def test_the_files_of_a_note_go_with_it(chen: Actor, machine: Machine) -> None:
    one = opened(chen, machine)
    note = operations.add_note(by=chen, ticket=one, text="照片见附件")
    attachment = factories.attachment(ticket=one, note=note)
    part = merging.split(by=chen, ticket=one, title="另一处", note_ids=[note.id])
    assert TicketAttachment.get_by_id(attachment.id).ticket == part


def test_a_split_sent_twice_makes_one_ticket(chen: Actor, machine: Machine) -> None:
    one = opened(chen, machine)
    assert merging.split(by=chen, ticket=one, title="x", form_token="t") == merging.split(by=chen, ticket=one, title="x", form_token="t")


def test_a_note_of_another_ticket_is_not_taken(chen: Actor, machine: Machine) -> None:
    one, other = opened(chen, machine), opened(chen, machine)
    note = operations.add_note(by=chen, ticket=other, text="别人的")
    with pytest.raises(NotFound):
        merging.split(by=chen, ticket=one, title="x", note_ids=[note.id])
    assert Ticket.select().count() == 2


@pytest.fixture
def walker(sqlite_database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK))


STEP = st.tuples(st.sampled_from(["merge", "unmerge", "split", "note", "resolve", "reopen"]), st.integers(0, 9), st.integers(0, 9))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=14))
def test_any_walk_of_merges_and_splits_loses_nothing(walker: Actor, steps: list[tuple[str, int, int]]) -> None:
    machine = factories.machine()
    tickets = [opened(walker, machine, title=f"第{number}张") for number in range(3)]
    for number, ticket in enumerate(tickets):
        fault(ticket, f"family{number}")
    notes: dict[int, str] = {}
    for action, one, two in steps:
        ticket, other = fresh(tickets[one % len(tickets)]), fresh(tickets[two % len(tickets)])
        try:
            _walk(walker, action, ticket, other, tickets, notes)
        except DomainError:
            continue
    assert dict(TicketNote.select(TicketNote.id, TicketNote.text).where(TicketNote.ticket.in_(tickets)).tuples()) == notes
    for ticket in map(fresh, tickets):
        assert ticket.number in found(walker, ticket.number)
        shown = {note.id for one in (ticket, *merging.relatives(ticket).merged) for note in queries.notes(one)}
        assert {note.id for note in queries.notes(ticket)} <= shown
        assert (ticket.status == TicketStatus.MERGED) == (ticket.merged_into is not None)
        ends = ticket
        for _ in range(len(tickets)):
            ends = ends.merged_into or ends
        assert ends.status != TicketStatus.MERGED, "merges run in a circle"
    for family in {family for (family,) in TicketFault.select(TicketFault.family).where(TicketFault.machine == machine).tuples()}:
        standing = list(TicketFault.select().where(TicketFault.family == family, TicketFault.is_open))
        assert len({row.ticket_id for row in standing if row.machine_id == machine.id}) <= 1
        assert all(fresh(row.ticket).is_open for row in standing)


def _walk(by: Actor, action: str, ticket: Ticket, other: Ticket, tickets: list[Ticket], notes: dict[int, str]) -> None:
    if action == "merge":
        merging.merge(by=by, ticket=ticket, into=other, version=ticket.version)
    elif action == "unmerge":
        merging.unmerge(by=by, ticket=ticket, version=ticket.version)
    elif action == "split":
        own = [note.id for note in queries.notes(ticket)]
        tickets.append(merging.split(by=by, ticket=ticket, title="分出", note_ids=own[:1]))
    elif action == "note":
        text = f"记录{len(notes)}"
        notes[operations.add_note(by=by, ticket=ticket, text=text).id] = text
    else:
        to = TicketStatus.RESOLVED if action == "resolve" else TicketStatus.TRIAGED
        if action == "reopen" and states.is_open(TicketStatus(ticket.status)):
            return
        moving.change_status(by=by, ticket=ticket, to=to, version=ticket.version, reason="x")


def test_somebody_disabled_is_told_nothing(chen: Actor, machine: Machine) -> None:
    gone = make_user(Role.DEPUTY)
    ticket = opened(chen, machine)
    watching.watch(by=actor_of(gone), ticket=ticket)
    with db.transaction():
        User.update(is_active=False).where(User.id == gone.id).execute()
    operations.add_note(by=chen, ticket=ticket, text="已回电")
    assert not Notice.select().where(Notice.user == gone).exists()
