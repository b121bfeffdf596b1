"""The states of a ticket, against a small model of their own."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.core import clock, db
from app.core.errors import Conflict, DomainError
from app.core.types import Actor
from app.tickets import moving, states
from app.tickets.models import OPEN_STATUSES, Ticket, TicketFault, TicketStatus, TicketTransition
from tests import factories

CHEN = Actor(user_id=1, name="陈文员", permissions=frozenset({"tickets.edit"}), area_ids=None)
NOW = datetime(2026, 11, 23, tzinfo=UTC)

# Written down again from workflows.md, without looking at the product's table.
AHEAD = ["new", "triaged", "waiting_dispatch", "in_work", "resolved", "closed"]


def is_allowed(present: str, target: str, is_late: bool) -> bool:
    if target in ("merged", "new", "to_verify") or present in ("merged", "cancelled") or present == target:
        return False
    if present in ("resolved", "closed"):
        return (present, target) == ("resolved", "closed") or (target == "triaged" and not is_late)
    if target in ("cancelled", "waiting_customer", "resolved"):
        return True
    if target == "closed":
        return False
    if target == "in_work":
        return False  # by its work order alone
    if target == "triaged":
        return present in ("to_verify", "new", "waiting_customer")
    return target == "waiting_dispatch"


def test_it_works() -> None:
    assert states.ways(TicketStatus.NEW, None, NOW)[0] == TicketStatus.TRIAGED


@pytest.mark.parametrize("present", TicketStatus)
@pytest.mark.parametrize("is_late", [False, True])
def test_the_ways_are_those_of_the_trade(present: TicketStatus, is_late: bool) -> None:
    ended_at = None if present in OPEN_STATUSES else NOW - timedelta(days=31 if is_late else 30)
    allowed = {target for target in TicketStatus if is_allowed(present, target, is_late)}
    assert set(states.ways(present, ended_at, NOW)) == allowed


@pytest.mark.parametrize("present", TicketStatus)
def test_while_an_order_is_out_the_ticket_only_waits_for_the_customer_and_goes_on(present: TicketStatus) -> None:
    expected = {"in_work": ("waiting_customer",), "waiting_customer": ("in_work",)}.get(present, ())
    assert states.ways(present, None, NOW, open_orders=1) == expected


def test_every_state_can_be_reached_but_merging_which_is_an_operation_of_its_own() -> None:
    reached, frontier = set(), {TicketStatus.NEW, TicketStatus.TO_VERIFY}
    while frontier:
        reached |= frontier
        frontier = {target for state in frontier for target in states.TRANSITIONS[state]} - reached
    assert reached == set(TicketStatus) - {TicketStatus.MERGED}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from([*TicketStatus, "undo"]), st.booleans(), st.integers(0, 40)), max_size=12))
def test_any_walk_keeps_row_faults_and_history_of_states_in_step(sqlite_database: Database, steps: list[tuple[str, bool, int]]) -> None:
    factories.ticket()  # another ticket that must not move
    machine = factories.machine()
    ticket = factories.ticket(machine=machine, status=TicketStatus.NEW)
    TicketFault.create(ticket=ticket, machine=machine, family="oil", is_open=True)
    if not db.database.execute_sql("SELECT 1 FROM person WHERE id = 1").fetchone():
        db.database.execute_sql(
            "INSERT INTO person (id, username, name, password_hash, must_change_password, is_active, version, created_at)"
            " VALUES (1, 'chen', '陈', 'x', 0, 1, 1, 0)"
        )
    expected, at, came_from, may_undo, ended = "new", clock.now(), None, False, None
    for target, is_stale, days in steps:
        at += timedelta(days=days)
        version = ticket.version - is_stale
        fresh = Ticket.get_by_id(ticket.id)
        try:
            if target == "undo":
                moving.undo(by=CHEN, ticket=fresh, version=version, at=at)
            else:
                moving.change_status(by=CHEN, ticket=fresh, to=target, version=version, reason="因为", at=at)
            moved = True
        except Conflict:
            moved = False
        if target == "undo":
            is_legal = may_undo and days == 0
        else:
            is_legal = is_allowed(expected, target, ended is not None and at - ended > timedelta(days=30))
        assert moved == (is_legal and not is_stale), (expected, target)
        if moved:
            before = expected
            expected = came_from if target == "undo" else str(target)
            came_from, may_undo = before, target != "undo"
            if expected in OPEN_STATUSES:
                ended = None
            elif before in OPEN_STATUSES:
                ended = at
        elif days:
            may_undo = False
        ticket = Ticket.get_by_id(ticket.id)
        assert ticket.status == expected
        assert ticket.is_open == TicketFault.get(TicketFault.ticket == ticket).is_open == (expected in OPEN_STATUSES)
    rows = list(TicketTransition.select().where(TicketTransition.ticket == ticket).order_by(TicketTransition.id))
    assert all(one.to_status == following.from_status for one, following in itertools.pairwise(rows))
    assert not rows or rows[-1].to_status == expected
    assert Ticket.select().where(Ticket.version > 1, Ticket.id != ticket.id, Ticket.machine.is_null()).count() == 0


def test_a_refusal_is_always_in_words(sqlite_database: Database) -> None:
    ticket = factories.ticket(status=TicketStatus.MERGED, merged_into=factories.ticket())
    with pytest.raises(DomainError) as refusal:
        moving.change_status(by=CHEN, ticket=ticket, to=TicketStatus.NEW, version=1)
    assert refusal.value.message
