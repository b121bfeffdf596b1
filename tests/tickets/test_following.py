"""What is said outside of where a report stands."""

from datetime import timedelta

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import clock, db
from app.core.types import Actor
from app.tickets import following, moving, orders
from app.tickets.following import PUBLIC, PublicState
from app.tickets.models import Ticket, TicketStatus
from tests import factories
from tests.personas import actor_of, make_user


@pytest.fixture
def clerk(sqlite_database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK))


def move(clerk: Actor, ticket: Ticket, to: TicketStatus) -> None:
    moving.change_status(by=clerk, ticket=ticket, to=to, version=ticket.version, reason="inner words", solution="inner words")


def shown(ticket: Ticket) -> list[PublicState]:
    return [step.state for step in following.steps(ticket)]


def report() -> Ticket:
    told = following.Report(kind="fault_report", text="x" * 100, phone="1380000")
    return following.report(machine=factories.machine(), told=told)


def test_it_works(clerk: Actor) -> None:
    ticket = report()
    assert following.ticket_of(ticket.follow_token) == ticket
    for to in (TicketStatus.TRIAGED, TicketStatus.WAITING_DISPATCH):
        move(clerk, ticket, to)
    with db.transaction():
        orders.went_out(by=clerk, ticket_id=ticket.id, at=clock.now())
        orders.came_back(by=clerk, ticket_id=ticket.id, at=clock.now(), is_done=True)
    assert shown(ticket) == [PublicState.RECEIVED, PublicState.ACCEPTED, PublicState.IN_WORK, PublicState.DONE]


def test_every_state_has_words_for_outside() -> None:
    assert set(PUBLIC) == set(TicketStatus)


def test_what_was_undone_never_happened(clerk: Actor) -> None:
    ticket = report()
    move(clerk, ticket, TicketStatus.RESOLVED)
    moving.undo(by=clerk, ticket=ticket, version=ticket.version)
    assert shown(ticket) == [PublicState.RECEIVED]
    move(clerk, ticket, TicketStatus.TRIAGED)
    assert shown(ticket) == [PublicState.RECEIVED, PublicState.ACCEPTED]


def test_a_ticket_without_any_change_says_where_it_stands(clerk: Actor) -> None:
    assert shown(factories.ticket()) == [PublicState.RECEIVED]


def test_a_long_first_line_becomes_a_short_title(clerk: Actor) -> None:
    assert len(report().title) == following.MAX_TITLE


@pytest.mark.parametrize("token", ["", "x", "机", "a" * 200, "' OR 1=1"])
def test_a_made_up_token_follows_nothing(clerk: Actor, token: str) -> None:
    report()
    factories.ticket(follow_token=None)
    assert following.ticket_of(token) is None


def test_a_chain_of_merges_is_followed_to_its_end_and_a_circle_does_not_hang(clerk: Actor) -> None:
    first = report()
    second, last = factories.ticket(), factories.ticket()
    merged = {"status": TicketStatus.MERGED, "is_open": False}
    Ticket.update(merged_into=second, **merged).where(Ticket.id == first.id).execute()
    Ticket.update(merged_into=last, **merged).where(Ticket.id == second.id).execute()
    assert following.ticket_of(first.follow_token) == last
    Ticket.update(merged_into=first, **merged).where(Ticket.id == last.id).execute()
    following.ticket_of(first.follow_token)


def test_a_report_can_be_added_to_for_thirty_days_after_its_end(clerk: Actor) -> None:
    now = clock.now()
    ended = factories.ticket(status=TicketStatus.RESOLVED, resolved_at=now - timedelta(days=30))
    assert following.may_add(ended, now)
    assert not following.may_add(ended, now + timedelta(seconds=1))
