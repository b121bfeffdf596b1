"""The children of a parent: counted, answered in one step where nobody has taken them up, and taken back (monitoring §4; 2E-14)."""

import re
from datetime import timedelta

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import Actor, system
from app.tickets import children, moving, operations, parents, queries
from app.tickets.children import Answer, Brood
from app.tickets.models import Ticket, TicketNote, TicketStatus, TicketTransition
from app.tickets.queries import TicketFilter
from tests import factories
from tests.personas import actor_of, make_area, make_user

BY = system("monitoring")


def from_monitoring(**values: object) -> Ticket:
    about = values if "machine" in values else {"machine": factories.machine()} | values
    return factories.ticket(source="monitoring", status=TicketStatus.TO_VERIFY, **about)


@pytest.fixture
def clerk(database: Database) -> Actor:
    """A clerk at work."""
    return actor_of(make_user(Role.CLERK))


@pytest.fixture
def parent(clerk: Actor) -> Ticket:
    """A parent of four that nobody has taken up."""
    made = from_monitoring(machine=None)
    with db.transaction():
        parents.adopt(by=BY, parent=made, children=[from_monitoring() for _ in range(4)])
    return made


def below(parent: Ticket) -> list[Ticket]:
    return list(Ticket.select().where(Ticket.parent == parent).order_by(Ticket.id))


def states(parent: Ticket) -> list[str]:
    return [one.status for one in below(parent)]


def test_it_works(clerk: Actor, parent: Ticket) -> None:
    assert children.broods([parent.id]) == {parent.id: Brood(4, 4, 4)}
    assert children.answer(by=clerk, parent=parent, said=Answer.CONFIRMED, words="全站停电") == 4
    assert states(parent) == [TicketStatus.WAITING_DISPATCH] * 4
    assert Ticket.get_by_id(parent.id).status == TicketStatus.TO_VERIFY
    assert {one.reason for one in TicketTransition.select()} == {"全站停电"}
    assert re.search(r" 4 .*全站停电$", TicketNote.get(TicketNote.ticket == parent).text)


def test_what_somebody_has_taken_up_is_left_alone(clerk: Actor, parent: Ticket) -> None:
    noted, moved, urged, _quiet = below(parent)
    operations.add_note(by=clerk, ticket=noted, text="已联系")
    moving.change_status(by=clerk, ticket=moved, to=TicketStatus.TRIAGED, version=1)
    Ticket.update(urged_count=1).where(Ticket.id == urged.id).execute()
    assert children.answer(by=clerk, parent=parent, said=Answer.FALSE_ALARM, words="演练") == 1
    assert states(parent) == [TicketStatus.TO_VERIFY, TicketStatus.TRIAGED, TicketStatus.TO_VERIFY, TicketStatus.CANCELLED]


def test_only_those_that_are_ticked(clerk: Actor, parent: Ticket) -> None:
    stranger = from_monitoring()
    first = below(parent)[0]
    assert (
        children.answer(by=clerk, parent=parent, said=Answer.SOLVED, words="已复位", ticked=[first.id, stranger.id], only_ticked=True) == 1
    )
    assert (Ticket.get_by_id(first.id).solution, Ticket.get_by_id(stranger.id).status) == ("已复位", TicketStatus.TO_VERIFY)


def test_what_changed_after_the_page_was_made_is_left_for_another_step(clerk: Actor, parent: Ticket) -> None:
    seen_at = clock.now()
    first = below(parent)[0]
    Ticket.update(changed_at=seen_at + timedelta(milliseconds=1)).where(Ticket.id == first.id).execute()
    assert children.answer(by=clerk, parent=parent, said=Answer.SOLVED, words="已复位", seen_at=seen_at) == 3
    assert Ticket.get_by_id(first.id).is_open


def test_a_form_sent_twice_does_it_once(clerk: Actor, parent: Ticket) -> None:
    step = {"by": clerk, "parent": parent, "said": Answer.CONFIRMED, "words": "", "form_token": "t"}
    assert [children.answer(**step), children.answer(**step)] == [4, 0]


def test_a_reason_is_needed_for_a_false_alarm_and_somebody_who_may(clerk: Actor, parent: Ticket) -> None:
    with pytest.raises(Invalid):
        children.answer(by=clerk, parent=parent, said=Answer.FALSE_ALARM, words=" ")
    with pytest.raises(NotAllowed):
        children.answer(by=actor_of(make_user(Role.TECHNICIAN)), parent=parent, said=Answer.CONFIRMED, words="")
    children.answer(by=clerk, parent=parent, said=Answer.CONFIRMED, words="")
    with pytest.raises(Conflict):
        children.answer(by=clerk, parent=parent, said=Answer.CONFIRMED, words="")


def test_the_step_is_taken_back_for_all_whose_state_it_still_is(clerk: Actor, parent: Ticket) -> None:
    children.answer(by=clerk, parent=parent, said=Answer.FALSE_ALARM, words="演练")
    assert children.undo(by=clerk, parent=parent) == 4
    assert states(parent) == [TicketStatus.TO_VERIFY] * 4
    with pytest.raises(Conflict):
        children.undo(by=clerk, parent=parent)


def test_after_an_hour_the_step_stays(clerk: Actor, parent: Ticket) -> None:
    children.answer(by=clerk, parent=parent, said=Answer.FALSE_ALARM, words="演练", at=clock.now() - timedelta(minutes=61))
    assert children.last_step(clerk, parent, clock.now()) == []


def test_the_list_shows_one_for_all_below_it_unless_asked(clerk: Actor, parent: Ticket) -> None:
    alone = from_monitoring()
    assert {row.number for row in queries.page(clerk, TicketFilter()).rows} == {parent.number, alone.number}
    for wanted in (TicketFilter(shows_children=True), TicketFilter(q="T"), TicketFilter(source="monitoring"), TicketFilter(status="any")):
        assert len(queries.page(clerk, wanted).rows) >= 5 or wanted.q, wanted
    rows = queries.page(clerk, TicketFilter(parent=parent.number)).rows
    assert [row.parent for row in rows] == [parent.number] * 4


def test_children_of_a_finished_parent_stand_for_themselves(clerk: Actor, parent: Ticket) -> None:
    moving.change_status(by=clerk, ticket=parent, to=TicketStatus.RESOLVED, version=parent.version)
    assert len(queries.page(clerk, TicketFilter()).rows) == 4


def test_who_may_not_see_the_parent_sees_the_children(parent: Ticket) -> None:
    area = make_area()
    inside = from_monitoring(machine=factories.machine(area=area))
    with db.transaction():
        parents.adopt(by=BY, parent=parent, children=[inside])
    manager = actor_of(make_user(Role.AREA_MANAGER, areas=[area]))
    assert [row.number for row in queries.page(manager, TicketFilter()).rows] == [inside.number]


def test_when_deadlines_pass_the_parent_speaks_for_those_that_nobody_has_gone_on_with(clerk: Actor, parent: Ticket) -> None:
    gone_on_with, *rest = below(parent)
    moving.change_status(by=clerk, ticket=gone_on_with, to=TicketStatus.TRIAGED, version=1)
    spoken_for = {one.id for one in Ticket.select().where(parents.spoken_for())}
    assert spoken_for == {one.id for one in rest}
    moving.change_status(by=clerk, ticket=parent, to=TicketStatus.RESOLVED, version=parent.version)
    assert not Ticket.select().where(parents.spoken_for()).exists()
