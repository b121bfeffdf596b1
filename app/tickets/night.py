"""Critical faults outside of working hours: nobody watches the screens, so those on duty by the roster are told (workflows, dispatch)."""

from datetime import datetime, timedelta
from functools import partial

from peewee import fn

from app.accounts.models import Notice, Role
from app.accounts.notices import notify
from app.core import db
from app.core.errors import N_
from app.core.spoken import say
from app.roster import calendars, telling
from app.roster.queries import on_duty
from app.roster.telling import Words
from app.tickets import reasons, watching
from app.tickets.models import Priority, Ticket, TicketStatus, TicketTransition

# Faults older than this are no news.
FRESH = timedelta(hours=24)
AT_ONCE = 200
# More than so many at once are one message, so that they hold up no other in the messenger.
SINGLY = 3
ROLES = (Role.CLERK, Role.DEPUTY)
MESSAGE = N_("Critical fault %(number)s: %(title)s, %(machine)s. Nobody has dealt with it yet.")
MANY = N_("%(count)s critical faults that nobody has dealt with yet: %(numbers)s")
_BETWEEN = N_(", ")


def look(at: datetime) -> str:
    """Tell those on duty at ``at`` of critical faults that still wait to be verified, each person of each fault once.

    Within working hours the desk sees them. Says in a few words what it did.
    """
    if is_worked(at):
        return ""
    people = sorted({user.id for role in ROLES for user in on_duty(role, at)})
    waiting = _waiting(at)
    told_already = _keys(people, waiting)
    new = [(ticket, key) for ticket, key in waiting if any(f"{key}:{user_id}" not in told_already for user_id in people)]
    if not new:
        return ""
    with db.transaction():
        _tell(people, new, at)
    return f"{len(new)} told"


def is_worked(at: datetime) -> bool:
    """Whether ``at`` lies within the working hours."""
    return bool(calendars.present().worked(at - timedelta(minutes=1), at))


def _waiting(at: datetime) -> list[tuple[Ticket, str]]:
    """Critical tickets that wait to be verified, newest first, with a key that is new each time a fault comes back."""
    since = fn.MAX(TicketTransition.id)
    query = (
        Ticket.select(Ticket, since.alias("since"))
        .join(TicketTransition, on=TicketTransition.ticket == Ticket.id)
        .where(
            Ticket.is_open, Ticket.priority == Priority.CRITICAL, Ticket.status == TicketStatus.TO_VERIFY, Ticket.changed_at > at - FRESH
        )
        .where(TicketTransition.to_status == TicketStatus.TO_VERIFY)
        .group_by(Ticket.id)
        .order_by(since.desc())
        .limit(AT_ONCE)
    )
    return [(ticket, f"critical:{ticket.id}:{ticket.since}") for ticket in query]


def _keys(people: list[int], waiting: list[tuple[Ticket, str]]) -> set[str]:
    keys = [f"{key}:{user_id}" for _ticket, key in waiting for user_id in people]
    return {key for (key,) in Notice.select(Notice.key).where(Notice.key.in_(keys)).tuples()}


def _tell(people: list[int], new: list[tuple[Ticket, str]], at: datetime) -> None:
    told: list[tuple[Ticket, list[int]]] = []
    for ticket, key in reversed(new):
        words = {"number": ticket.number, "title": ticket.title, "machine": ticket.machine.serial if ticket.machine else "–"}
        told.append((ticket, notify(people, MESSAGE, href=watching.address(ticket), is_urgent=True, key=key, at=at, **words)))
    if len(told) > SINGLY:
        tickets = [ticket for ticket, _people in told]
        telling.send_out({one for _ticket, several in told for one in several}, partial(_digest, tickets), at=at, is_urgent=True)
        return
    for ticket, several in told:
        telling.send_out(several, partial(_single, ticket), about=ticket.number, at=at, is_urgent=True)


def _single(ticket: Ticket, locale: str | None) -> Words:
    title = reasons.title_in(ticket.title, ticket.reason, locale or "zh_CN")
    machine = f"{ticket.machine.serial} {ticket.machine.site.name if ticket.machine.site else ''}".strip() if ticket.machine else "–"
    words = say(locale, MESSAGE, number=ticket.number, title=title, machine=machine)
    return Words(words, words)


def _digest(tickets: list[Ticket], locale: str | None) -> Words:
    numbers = say(locale, _BETWEEN).join(ticket.number for ticket in tickets)
    words = say(locale, MANY, count=len(tickets), numbers=numbers)
    return Words(words[:200], words)
