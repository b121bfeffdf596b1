"""What those see and do who scanned a machine's code: they report, follow their report, add to it and urge.

They have no account. Whoever holds the address sees states in words and when they began: no names, no reasons, nothing of
what is said inside. Everything they do is done by the actor ``SCANNER``.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.accounts.models import Role
from app.accounts.notices import notify
from app.core import clock, db, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.files import Incoming
from app.core.prepared import Prepared
from app.core.spoken import say
from app.core.types import system
from app.machines.models import Machine
from app.roster import queries as roster
from app.tickets import attachments, operations, queries, states, urging, watching
from app.tickets.attachments import Attached
from app.tickets.models import Priority, Ticket, TicketKind, TicketNote, TicketSource, TicketStatus
from app.tickets.writing import MISSING

SCANNER = system("qr")
TOKEN_BYTES = 16
LONGEST_TOKEN = 32
MAX_TITLE, MAX_TEXT = 60, 2_000
MAX_NAME, MAX_PHONE = 60, 30
# So long after its end a report can still be added to.
OPEN_FOR = timedelta(days=30)
_MOST_MERGES = 10
_PHONE_DIGITS = range(5, 16)
_PHONE_MARKS = frozenset("+-() ")
WITHOUT_WORDS = N_("Reported by QR code, with pictures")


class PublicState(StrEnum):
    """What is said outside of where a report stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    IN_WORK = "in_work"
    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"


PUBLIC: dict[TicketStatus, PublicState] = {
    TicketStatus.TO_VERIFY: PublicState.RECEIVED,
    TicketStatus.NEW: PublicState.RECEIVED,
    TicketStatus.TRIAGED: PublicState.ACCEPTED,
    TicketStatus.WAITING_DISPATCH: PublicState.ACCEPTED,
    TicketStatus.IN_WORK: PublicState.IN_WORK,
    TicketStatus.WAITING_CUSTOMER: PublicState.WAITING,
    TicketStatus.RESOLVED: PublicState.DONE,
    TicketStatus.CLOSED: PublicState.DONE,
    TicketStatus.CANCELLED: PublicState.CANCELLED,
    TicketStatus.MERGED: PublicState.ACCEPTED,
}


@dataclass(frozen=True, slots=True)
class Step:
    """Since when a report stands where."""

    at: datetime
    state: PublicState


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody at the machine says."""

    kind: TicketKind
    text: str
    phone: str
    name: str = ""
    stands_still: bool = False


def report(
    *, machine: Machine, told: Report, incoming: Sequence[Incoming] = (), form_token: str | None = None, at: datetime | None = None
) -> Ticket:
    """Make a ticket of what was reported at ``machine``; it has an address to follow it by. The same form sent again gives the same ticket.

    Raises ``Invalid`` with the words beside each field, ``Conflict`` for a machine that is no longer in use.
    """
    reported_at = at or clock.now()
    check(told, has_files=bool(incoming))
    if is_retired(machine, reported_at):
        raise Conflict(N_("This machine is no longer in use, so nothing can be reported for it. Please phone us."))
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Ticket.get_by_id(int(submissions.result_of(form_token)))
        ticket = operations.open_ticket(
            by=SCANNER,
            source=TicketSource.QR,
            kind=told.kind,
            priority=Priority.HIGH if told.kind == TicketKind.FAULT_REPORT else Priority.LOW,
            title=_title(told),
            text=_text(told),
            machine=machine,
            caller_name=told.name.strip(),
            caller_phone=told.phone.strip(),
            follow_token=secrets.token_urlsafe(TOKEN_BYTES),
            at=reported_at,
        )
        if incoming:
            attachments.attach(by=SCANNER, ticket=ticket, incoming=incoming, at=reported_at)
        if form_token:
            submissions.settle(form_token, ticket.id)
    return ticket


def is_retired(machine: Machine, at: datetime) -> bool:
    """Whether the machine was out of use at ``at``."""
    return machine.retired_on is not None and machine.retired_on <= clock.day_of(at)


def check(told: Report, *, has_files: bool) -> None:
    """Raise ``Invalid`` with the words beside each field."""
    fields = {}
    if not told.text.strip() and not has_files:
        fields["text"] = N_("Say in a few words what is wrong, or add a photo.")
    if len(told.text) > MAX_TEXT:
        fields["text"] = N_("That is too long; the most important in a few sentences, please.")
    digits = [character for character in told.phone if character.isdigit()]
    if len(digits) not in _PHONE_DIGITS or set(told.phone) - set(digits) - _PHONE_MARKS or len(told.phone.strip()) > MAX_PHONE:
        fields["phone"] = N_("Please give a phone number, so that we can call back.")
    if len(told.name.strip()) > MAX_NAME:
        fields["name"] = N_("That name is too long.")
    if fields:
        raise Invalid(MISSING, fields=fields)


def _title(told: Report) -> str:
    first, *_more = told.text.strip().splitlines() or [""]
    if not first:
        return say(None, WITHOUT_WORDS)
    return first if len(first) <= MAX_TITLE else first[: MAX_TITLE - 1] + "…"


def _text(told: Report) -> str:
    lines = [say(None, STANDS_STILL)] if told.stands_still else []
    return "\n".join([*lines, told.text.strip()]).strip()


STANDS_STILL = N_("The machine stands still.")


# --- following ----------------------------------------------------------------

_by_token = Prepared(lambda token: Ticket.select().where(Ticket.follow_token == token))


def ticket_of(token: str) -> Ticket | None:
    """The ticket that the address ``token`` follows; one that was merged is followed to where it went. None for a wrong token."""
    ticket: Ticket | None = _by_token.first(token) if 0 < len(token) <= LONGEST_TOKEN and token.isascii() else None
    for _ in range(_MOST_MERGES):
        if ticket is None or ticket.merged_into_id is None:
            break
        ticket = ticket.merged_into
    return ticket


def token_of(ticket: Ticket) -> str:
    """The token under which ``ticket`` is followed, made on first need (the only write)."""
    if ticket.follow_token is None:
        with db.transaction():
            token = secrets.token_urlsafe(TOKEN_BYTES)
            Ticket.update(follow_token=token).where(Ticket.id == ticket.id, Ticket.follow_token.is_null()).execute()
            ticket.follow_token = Ticket.select(Ticket.follow_token).where(Ticket.id == ticket.id).scalar()
    return ticket.follow_token


def open_of(machine: Machine) -> Ticket | None:
    """The open repair request of a machine that those may know of who stand in front of it: the latest one."""
    reports = [ticket for ticket in queries.open_of_machine(machine) if ticket.kind == TicketKind.FAULT_REPORT]
    return reports[-1] if reports else None


def steps(ticket: Ticket) -> list[Step]:
    """Where the report stood since when, oldest first; what was undone never happened."""
    found: list[Step] = []
    for moved in queries.transitions(ticket):
        state = PUBLIC[TicketStatus(moved.to_status)]
        if moved.reason == states.UNDONE and len(found) > 1 and found[-2].state == state:
            found.pop()
        elif not found or found[-1].state != state:
            found.append(Step(moved.at, state))
    return found or [Step(ticket.opened_at, PUBLIC[TicketStatus(ticket.status)])]


_said = Prepared(
    lambda ticket_id: (
        TicketNote.select()
        .where(TicketNote.ticket == ticket_id, TicketNote.by.is_null(), TicketNote.by_name == SCANNER.name)
        .order_by(TicketNote.id)
    )
)


def said(ticket: Ticket) -> list[TicketNote]:
    """What was added from outside, oldest first."""
    return _said.rows(ticket.id)


def may_add(ticket: Ticket, at: datetime) -> bool:
    """Whether the report can still be added to."""
    ended_at = ticket.resolved_at or ticket.closed_at
    return bool(ticket.is_open or (ended_at is not None and at - ended_at <= OPEN_FOR))


def add(
    *, ticket: Ticket, text: str, incoming: Sequence[Incoming] = (), form_token: str | None = None, at: datetime | None = None
) -> Attached:
    """Add words or pictures from outside; the clerks on duty are told. Raises ``Conflict`` when the report ended long ago, ``Invalid``."""
    added_at = at or clock.now()
    if not may_add(ticket, added_at):
        raise Conflict(N_("This report was finished long ago. Scan the code on the machine again to report anew."))
    if len(text) > MAX_TEXT:
        raise Invalid(MISSING, fields={"text": N_("That is too long; the most important in a few sentences, please.")})
    with db.transaction():
        done = attachments.attach(by=SCANNER, ticket=ticket, incoming=incoming, text=text, form_token=form_token, at=added_at)
        if done.note or done.attachments:
            clerks = [user.id for user in roster.on_duty(Role.CLERK, added_at)]
            message = N_("The customer added to %(number)s %(title)s")
            notify(clerks, message, href=watching.address(ticket), number=ticket.number, title=ticket.title, at=added_at)
    return done


def urge(*, ticket: Ticket, form_token: str = "", at: datetime | None = None) -> None:
    """Urge from outside. Raises ``Conflict`` when the report is finished."""
    urging.urge(by=SCANNER, ticket=ticket, form_token=form_token, at=at)
