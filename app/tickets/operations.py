"""What is done to tickets: opened, noted on, changed, moved on, undone. The only writer of tickets."""

from datetime import datetime
from typing import Any

from peewee import IntegrityError

from app.core import clock, db, history, live, numbering, submissions
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.prepared import Prepared
from app.core.types import Actor
from app.customers.models import Contact, Customer
from app.machines.models import Machine
from app.tickets import reasons, searching, states
from app.tickets.models import Priority, Ticket, TicketFault, TicketKind, TicketNote, TicketSource, TicketStatus, TicketTransition
from app.tickets.reasons import AlarmReason

NUMBER_PREFIX = "T"
MAX_TITLE = 200
MISSING = N_("Something is missing. See the words beside the fields.")
NO_TITLE = N_("Say in a few words what it is about.")
EDITABLE = ("kind", "priority", "title", "text")


def open_ticket(
    *,
    by: Actor,
    source: TicketSource,
    kind: TicketKind,
    priority: Priority,
    title: str,
    text: str = "",
    machine: Machine | None = None,
    customer: Customer | None = None,
    contact: Contact | None = None,
    reason: list[AlarmReason] | None = None,
    is_recurring: bool = False,
    repeat_of: Ticket | None = None,
    form_token: str | None = None,
    at: datetime | None = None,
) -> Ticket:
    """Open a ticket; from monitoring it starts as "to verify", from elsewhere as "new".

    The customer is the machine's unless named. A form sent again (``form_token``) answers with the ticket of the first sending.
    Raises ``Invalid`` without a title or without a machine and a customer, ``NotAllowed`` for roles that open none.
    """
    by.require("tickets.open")
    _check_words(title, source, machine, customer)
    opened_at = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Ticket.get_by_id(int(submissions.result_of(form_token)))
        ticket = Ticket.create(
            number=numbering.next_number(NUMBER_PREFIX, opened_at),
            opened_at=opened_at,
            source=source,
            kind=kind,
            status=TicketStatus.TO_VERIFY if source == TicketSource.MONITORING else TicketStatus.NEW,
            is_open=True,
            priority=priority,
            title=title.strip()[:MAX_TITLE],
            text=text.strip(),
            machine=machine,
            customer=customer or (machine and machine.customer_id),
            contact=contact,
            area=_area_of(machine, customer),
            reason=reasons.to_json(reason or []),
            is_recurring=is_recurring,
            repeat_of=repeat_of,
            opened_by=by.user_id,
            changed_at=opened_at,
        )
        _note_transition(by, ticket, opened_at, None)
        searching.index(ticket)
        if form_token:
            submissions.settle(form_token, ticket.id)
        _record(by, "opened", ticket, after=_shown(ticket))
    return ticket


def _check_words(title: str, source: TicketSource, machine: Machine | None, customer: Customer | None) -> None:
    fields = {}
    if not title.strip():
        fields["title"] = NO_TITLE
    if machine is None and customer is None and source != TicketSource.MONITORING:
        fields["machine"] = N_("Name the machine or the customer.")
    if fields:
        raise Invalid(MISSING, fields=fields)


def _area_of(machine: Machine | None, customer: Customer | None) -> int | None:
    if machine is not None and machine.area_id is not None:
        return machine.area_id
    named = customer or (machine and machine.customer)
    return named.area_id if named else None


def add_note(*, by: Actor, ticket: Ticket, text: str, at: datetime | None = None) -> TicketNote:
    """Leave words on a ticket, in any state. Raises ``Invalid`` when there are none."""
    by.require("tickets.note")
    if not text.strip():
        raise Invalid(N_("The note is empty."), fields={"text": N_("Write something first.")})
    noted_at = at or clock.now()
    with db.transaction():
        note = TicketNote.create(ticket=ticket, at=noted_at, by=by.user_id, by_name=by.name, text=text.strip())
        searching.index(ticket)
        _record(by, "noted", ticket, after={"note": note.id, "text": note.text})
    return note


def edit(*, by: Actor, ticket: Ticket, version: int, at: datetime | None = None, **changes: Any) -> None:
    """Change kind, priority, title or text. Raises ``Conflict`` when somebody else changed the ticket since ``version``."""
    by.require("tickets.edit")
    assert set(changes) <= set(EDITABLE)
    if not changes.get("title", ticket.title).strip():
        raise Invalid(MISSING, fields={"title": NO_TITLE})
    before = {name: getattr(ticket, name) for name in changes if getattr(ticket, name) != changes[name]}
    if not before:
        return
    with db.transaction():
        _claim(ticket, version, changed_at=at or clock.now(), **changes)
        searching.index(ticket)
        _record(by, "edited", ticket, before=before, after={name: changes[name] for name in before})


def change_status(*, by: Actor, ticket: Ticket, to: TicketStatus, version: int, reason: str = "", at: datetime | None = None) -> None:
    """Move a ticket on along ``states.TRANSITIONS``.

    Raises ``Conflict`` when it is no longer in the state of ``version`` or the way does not exist, ``Invalid`` without a needed reason.
    """
    by.require("tickets.edit")
    changed_at = at or clock.now()
    present = TicketStatus(ticket.status)
    if to not in states.ways(present, ended_at(ticket), changed_at) or ticket.version != version:
        raise _stale(ticket.id)
    if states.needs_reason(present, to) and not reason.strip():
        raise Invalid(N_("Say why, in a few words."), fields={"reason": N_("A reason is needed here.")})
    with db.transaction():
        _move(by, ticket, to, version, at=changed_at, reason=reason.strip())


def ended_at(ticket: Ticket) -> datetime | None:
    """When the ticket was resolved, or closed without that; None while it is open."""
    return None if ticket.is_open else ticket.resolved_at or ticket.closed_at


def undo(*, by: Actor, ticket: Ticket, version: int, at: datetime | None = None) -> None:
    """Take the last change of state back, within ``states.UNDO_WITHIN``. Raises ``Conflict`` when it can no longer be."""
    by.require("tickets.edit")
    undone_at = at or clock.now()
    with db.transaction():
        last = undoable(ticket, undone_at)
        if last is None or ticket.version != version:
            raise _stale(ticket.id)
        _move(by, ticket, TicketStatus(last.from_status), version, at=undone_at, reason=states.UNDONE)


_last_transition = Prepared(
    lambda ticket_id: TicketTransition.select().where(TicketTransition.ticket == ticket_id).order_by(TicketTransition.id.desc()).limit(1)
)


def undoable(ticket: Ticket, at: datetime) -> TicketTransition | None:
    """The last change of state if a person made it lately and it was not itself an undoing."""
    last: TicketTransition | None = _last_transition.first(ticket.id)
    if last is None or last.from_status is None or last.by_id is None:
        return None
    is_fresh = at - last.at <= states.UNDO_WITHIN and last.to_status == ticket.status and last.reason != states.UNDONE
    return last if is_fresh else None


def reopen_for_fault(*, by: Actor, ticket: Ticket, at: datetime) -> None:
    """Open a finished ticket again because its fault came back (T12); the caller holds the row and its transaction."""
    _move(by, ticket, TicketStatus.TO_VERIFY, ticket.version, at=at, reason=states.RECURRED, is_recurring=True)


def join_reason(*, by: Actor, ticket: Ticket, priority: Priority, reason: str, at: datetime) -> None:
    """Add what joined a ticket to why it exists, and raise its priority; the caller holds the row and its transaction."""
    before = {"priority": ticket.priority, "reason": ticket.reason}
    _claim(ticket, ticket.version, changed_at=at, priority=priority, reason=reason)
    searching.index(ticket)
    _record(by, "joined", ticket, before=before, after={"priority": priority, "reason": reason})


def _move(by: Actor, ticket: Ticket, to: TicketStatus, version: int, *, at: datetime, reason: str, **more: Any) -> None:
    present = TicketStatus(ticket.status)
    _claim(ticket, version, changed_at=at, **_fields_of(ticket, to, at), **more)
    _keep_faults(ticket)
    if ticket.is_open != states.is_open(present):
        searching.index(ticket)
    _note_transition(by, ticket, at, present, reason)
    _record(by, "moved", ticket, before={"status": present}, after={"status": to, "reason": reason})


def _fields_of(ticket: Ticket, to: TicketStatus, at: datetime) -> dict[str, Any]:
    if states.is_open(to):
        return {"status": to, "is_open": True, "resolved_at": None, "closed_at": None}
    if to == TicketStatus.RESOLVED:
        return {"status": to, "is_open": False, "resolved_at": ticket.resolved_at or at, "closed_at": None}
    return {"status": to, "is_open": False, "closed_at": at}


def _claim(ticket: Ticket, version: int, **fields: Any) -> None:
    claimed = Ticket.update(version=Ticket.version + 1, **fields).where(Ticket.id == ticket.id, Ticket.version == version).execute()
    if claimed != 1:
        raise _stale(ticket.id)
    for name, value in fields.items():
        setattr(ticket, name, value)
    ticket.version = version + 1


def _stale(ticket_id: int) -> Conflict:
    present = Ticket.get_or_none(Ticket.id == ticket_id)
    if present is None:
        raise NotFound(N_("There is no such ticket."))
    return Conflict(N_("This ticket has changed meanwhile. Look at its present state, then decide again."), status=present.status)


def _keep_faults(ticket: Ticket) -> None:
    """Faults of a ticket are open while it is; raises ``Conflict`` when another ticket stands for one of them by now."""
    query = TicketFault.update(is_open=ticket.is_open).where(TicketFault.ticket == ticket, TicketFault.is_open != ticket.is_open)
    try:
        with db.savepoint():
            query.execute()
    except IntegrityError as error:
        raise Conflict(N_("Another open ticket stands for this fault of the machine by now; go on there.")) from error


def _note_transition(by: Actor, ticket: Ticket, at: datetime, present: TicketStatus | None, reason: str = "") -> None:
    TicketTransition.create(
        ticket=ticket, at=at, by=by.user_id, by_name=by.name, from_status=present, to_status=ticket.status, reason=reason
    )


def _shown(ticket: Ticket) -> dict[str, Any]:
    names = ("number", "source", "kind", "status", "priority", "title", "machine_id", "customer_id")
    return {name: getattr(ticket, name) for name in names}


def _record(by: Actor, action: str, ticket: Ticket, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> None:
    history.record(by, f"ticket.{action}", "ticket", ticket.number, before=before, after=after)
    live.touch("tickets")
