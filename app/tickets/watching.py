"""Who wants to be told what happens to a ticket, and the telling; mentions in notes reach people the same way."""

from typing import Any

from peewee import JOIN

from app.accounts.models import User, UserArea, UserRole
from app.accounts.notices import notify
from app.accounts.permissions import permissions_of, sees_every_area
from app.core import db, live
from app.core.prepared import Prepared, PreparedWrite
from app.core.types import Actor
from app.tickets import mentions
from app.tickets.models import Ticket, TicketWatch

_watchers = Prepared(
    lambda ticket_id: (
        TicketWatch.select(TicketWatch.user)
        .join(User)
        .where(TicketWatch.ticket == ticket_id, User.is_active)
        .order_by(TicketWatch.user)
        .tuples()
    )
)
_add = PreparedWrite(lambda ticket_id, user_id: TicketWatch.insert(ticket=ticket_id, user=user_id).on_conflict_ignore().as_rowcount())
_people = Prepared(
    lambda: (
        User.select(User.id, User.username, User.name, UserRole.role, UserArea.area)
        .join(UserRole)
        .join(UserArea, JOIN.LEFT_OUTER, on=(UserArea.user == User.id))
        .where(User.is_active)
        .order_by(User.name, User.id)
        .tuples()
    )
)


def watch(*, by: Actor, ticket: Ticket) -> None:
    """Tell ``by`` from now on what happens to the ticket; nothing happens the second time."""
    by.require("tickets.read")
    with db.transaction():
        if by.user_id is not None and _add.count(ticket.id, by.user_id):
            live.touch("tickets")


def unwatch(*, by: Actor, ticket: Ticket) -> None:
    """Tell ``by`` no more."""
    by.require("tickets.read")
    with db.transaction():
        if TicketWatch.delete().where(TicketWatch.ticket == ticket, TicketWatch.user == by.user_id).execute():
            live.touch("tickets")


def is_watched(by: Actor, ticket: Ticket) -> bool:
    """Whether ``by`` watches the ticket."""
    return (by.user_id,) in _watchers.rows(ticket.id)


def bring_along(ticket: Ticket, into: Ticket) -> None:
    """Who watches ``ticket`` watches ``into`` as well, in the running transaction."""
    for (user_id,) in _watchers.rows(ticket.id):
        _add.count(into.id, user_id)


def tell(by: Actor, ticket: Ticket, message: str, *, besides: frozenset[int] = frozenset(), **params: Any) -> None:
    """Tell the watchers, but not ``by`` and those ``besides`` who were told already, in the running transaction."""
    told = [user_id for (user_id,) in _watchers.rows(ticket.id) if user_id != by.user_id and user_id not in besides]
    if told:
        who = {person.id for person in people_for(ticket)}
        notify([user_id for user_id in told if user_id in who], message, href=address(ticket), number=ticket.number, **params)


def tell_mentioned(by: Actor, ticket: Ticket, text: str, message: str) -> frozenset[int]:
    """Tell those whom ``text`` names with @ and who may see the ticket; returns who was told."""
    if not mentions.has_sign(text):
        return frozenset()
    named = mentions.named(text, people_for(ticket)) - {by.user_id}
    notify(sorted(named), message, href=address(ticket), number=ticket.number, who=by.name, text=text[:200])
    return frozenset(named)


def people_for(ticket: Ticket | None = None) -> list[mentions.Person]:
    """Everybody active who may read tickets, and this one if it is given; by name."""
    found: dict[int, tuple[mentions.Person, set[str], set[int]]] = {}
    for user_id, username, name, role, area_id in _people.rows():
        _person, roles, areas = found.setdefault(user_id, (mentions.Person(user_id, username, name), set(), set()))
        roles.add(role)
        areas.add(area_id)
    return [person for person, roles, areas in found.values() if _may_see(frozenset(roles), areas, ticket)]


def _may_see(roles: frozenset[str], areas: set[int], ticket: Ticket | None) -> bool:
    if "tickets.read" not in permissions_of(roles):
        return False
    return ticket is None or sees_every_area(roles) or (ticket.area_id is not None and ticket.area_id in areas)


def address(ticket: Ticket) -> str:
    """Where the ticket's page stands, for the link of a notice."""
    return f"/tickets/{ticket.number}"
