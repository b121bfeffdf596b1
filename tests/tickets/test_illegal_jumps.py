"""From every state, by every way that leads to another: only what the table of states allows happens, everything else answers 409."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.types import Actor
from app.tickets import merging, moving, states, urging, verifying
from app.tickets.models import OPEN_STATUSES, Ticket, TicketStatus
from tests import factories
from tests.personas import actor_of, make_user

Way = Callable[[Actor, Ticket, Ticket], object]
WAYS: dict[str, Way] = {
    **{
        f"to_{to}": (lambda by, ticket, _other, to=to: moving.change_status(by=by, ticket=ticket, to=to, version=1, reason="x"))
        for to in TicketStatus
    },
    "confirm": lambda by, ticket, _other: verifying.confirm(by=by, ticket=ticket, version=1),
    "dismiss": lambda by, ticket, _other: verifying.dismiss(by=by, ticket=ticket, version=1, reason="x"),
    "not_reached": lambda by, ticket, _other: verifying.not_reached(
        by=by, ticket=ticket, version=1, again_at=clock.now() + timedelta(hours=1)
    ),
    "merge": lambda by, ticket, other: merging.merge(by=by, ticket=ticket, into=other, version=1),
    "unmerge": lambda by, ticket, _other: merging.unmerge(by=by, ticket=ticket, version=1),
    "undo": lambda by, ticket, _other: moving.undo(by=by, ticket=ticket, version=1),
    "urge": lambda by, ticket, _other: urging.urge(by=by, ticket=ticket),
}
VERIFYING = {"confirm": "waiting_dispatch", "dismiss": "cancelled", "not_reached": "to_verify"}


def expected(present: TicketStatus, way: str) -> str:
    """The state afterwards; the present one where the way is not open."""
    if way.startswith("to_"):
        target = TicketStatus(way.removeprefix("to_"))
        return target if target in states.TRANSITIONS[present] and target != TicketStatus.IN_WORK else present
    if way in VERIFYING:
        return VERIFYING[way] if present == TicketStatus.TO_VERIFY else present
    if way == "merge":
        return "merged" if present in OPEN_STATUSES else present
    return present  # nothing was merged or done that could be taken back


@pytest.mark.parametrize("present", [state for state in TicketStatus if state != TicketStatus.MERGED])
def test_it_works(sqlite_database: Database, present: TicketStatus) -> None:
    by, machine = actor_of(make_user(Role.CLERK)), factories.machine()
    other = factories.ticket(machine=machine)
    for way, go in WAYS.items():
        ended = {} if present in OPEN_STATUSES else {"resolved_at": clock.now()}
        ticket = factories.ticket(machine=machine, status=present, **ended)
        with suppress(Conflict, Invalid):
            go(by, ticket, Ticket.get_by_id(other.id))
        assert Ticket.get_by_id(ticket.id).status == expected(present, way), way


def test_a_merged_ticket_leaves_its_state_by_being_taken_out_alone(sqlite_database: Database) -> None:
    by, machine = actor_of(make_user(Role.CLERK)), factories.machine()
    for way, go in WAYS.items():
        other, ticket = factories.ticket(machine=machine), factories.ticket(machine=machine)
        merging.merge(by=by, ticket=ticket, into=other, version=1)
        merged = Ticket.get_by_id(ticket.id)
        Ticket.update(version=1).where(Ticket.id == ticket.id).execute()
        merged.version = 1
        with suppress(Conflict, Invalid):
            go(by, merged, other)
        assert Ticket.get_by_id(ticket.id).status == ("new" if way == "unmerge" else "merged"), way
