"""What is done to tickets: opened, noted on, changed. ``moving`` changes their state, ``merging`` joins and parts them."""

from datetime import datetime
from typing import Any

from app.accounts.models import User
from app.core import clock, db, numbering, submissions
from app.core.errors import N_, Invalid
from app.core.prepared import Prepared, PreparedInsert
from app.core.types import Actor
from app.customers.models import Contact, Customer
from app.machines.models import Machine
from app.tickets import clocks, complaints, reasons, searching, states, watching
from app.tickets.models import (
    HotlineRecord,
    IntakeChannel,
    Priority,
    Ticket,
    TicketKind,
    TicketNote,
    TicketSource,
    TicketStatus,
)
from app.tickets.reasons import AlarmReason
from app.tickets.states import Outcome
from app.tickets.writing import MISSING, claim, note_transition, record

NUMBER_PREFIX = "T"
MAX_TITLE = 200
MAX_NOTE = 8_000
NO_TITLE = N_("Say in a few words what it is about.")
EDITABLE = ("kind", "priority", "title", "text", "is_major")
# Calls on the 400 line for these have a record that the deputy reads and signs (F-02, F-03).
RECORDED_KINDS = (TicketKind.FAULT_REPORT, TicketKind.COMPLAINT)


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
    area: int | None = None,
    contact: Contact | None = None,
    reason: list[AlarmReason] | None = None,
    is_recurring: bool = False,
    repeat_of: Ticket | None = None,
    form_token: str | None = None,
    channel: IntakeChannel | None = None,
    caller_name: str = "",
    caller_phone: str = "",
    called_at: datetime | None = None,
    is_major: bool = False,
    outcome: Outcome = Outcome.SAVE,
    solution: str = "",
    split_from: Ticket | None = None,
    follow_token: str | None = None,
    responsible: User | None = None,
    at: datetime | None = None,
) -> Ticket:
    """Open a ticket in the state that ``outcome`` says; from monitoring it always starts as "to verify".

    The customer is the machine's unless named, and so is the area, or else it is the customer's.
    A repair request or complaint that came by the 400 line gets its record for the deputy,
    with ``called_at`` (the opening unless given).
    A complaint is forwarded at once, to ``responsible`` or to whoever its area is. A form sent again (``form_token``) answers with the
    ticket of the first sending.
    Raises ``Invalid`` without a title, without a machine, customer or caller, and for "solved" without what solved it;
    ``NotAllowed`` for roles that open none.
    """
    by.require("tickets.open")
    _check_words(title, source, bool(machine or customer or caller_name.strip() or caller_phone.strip()))
    if outcome == Outcome.SOLVED and not solution.strip():
        raise Invalid(MISSING, fields={"solution": N_("Say what solved it.")})
    opened_at = at or clock.now()
    status = TicketStatus.TO_VERIFY if source == TicketSource.MONITORING else states.FIRST[outcome]
    planned = clocks.plan(kind=kind, priority=priority, source=source, status=status, at=opened_at)
    ticket = Ticket(
        opened_at=opened_at,
        source=source,
        kind=kind,
        status=status,
        is_open=states.is_open(status),
        priority=priority,
        title=title.strip()[:MAX_TITLE],
        text=text.strip(),
        machine=machine,
        customer=customer or (machine and machine.customer_id),
        contact=contact,
        area=area or _area_of(machine, customer),
        reason=reasons.to_json(reason or []),
        is_recurring=is_recurring,
        repeat_of=repeat_of,
        opened_by=by.user_id,
        changed_at=opened_at,
        resolved_at=None if states.is_open(status) else opened_at,
        channel=channel,
        caller_name=caller_name.strip(),
        caller_phone=caller_phone.strip(),
        is_major=is_major,
        solution=solution.strip(),
        split_from=split_from,
        follow_token=follow_token,
        due_at=planned.due_at,
    )
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Ticket.get_by_id(int(submissions.result_of(form_token)))
        ticket.number = numbering.next_number(NUMBER_PREFIX, opened_at)
        _tickets.add(ticket)
        planned.begin(ticket.id)
        note_transition(by, ticket, opened_at, None)
        searching.index(ticket, is_new=True)
        if source == TicketSource.HOTLINE and kind in RECORDED_KINDS and split_from is None:
            _hotline_records.add(HotlineRecord(ticket=ticket.id, called_at=called_at or opened_at, taken_by_name=by.name))
        if complaints.is_complaint(kind, source):
            complaints.begin(by=by, ticket=ticket, at=opened_at, responsible=responsible)
        if form_token:
            submissions.settle(form_token, ticket.id)
        record(by, "opened", ticket, after=_shown(ticket), personal=_personal(ticket))
    return ticket


_tickets = PreparedInsert(Ticket)
_hotline_records = PreparedInsert(HotlineRecord)


def _check_words(title: str, source: TicketSource, is_named: bool) -> None:
    fields = {}
    if not title.strip():
        fields["title"] = NO_TITLE
    if not is_named and source != TicketSource.MONITORING:
        fields["machine"] = N_("Name the machine or the customer, or who called.")
    if fields:
        raise Invalid(MISSING, fields=fields)


def _area_of(machine: Machine | None, customer: Customer | None) -> int | None:
    if machine is not None and machine.area_id is not None:
        return machine.area_id
    if customer is not None:
        return customer.area_id
    return _area_of_customer.plain(machine.customer_id)[0][0] if machine is not None and machine.customer_id is not None else None


_area_of_customer = Prepared(lambda customer_id: Customer.select(Customer.area).where(Customer.id == customer_id).tuples())


def add_note(*, by: Actor, ticket: Ticket, text: str, form_token: str = "", at: datetime | None = None) -> TicketNote:
    """Leave words on a ticket, in any state; whom they name with @ is told, and so is who watches the ticket.

    A form sent again (``form_token``) answers with the note of the first sending. Raises ``Invalid`` when there are no words.
    """
    by.require("tickets.note")
    if not text.strip():
        raise Invalid(N_("The note is empty."), fields={"text": N_("Write something first.")})
    noted_at = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return TicketNote.get_by_id(int(submissions.result_of(form_token)))
        note = leave_words(by, ticket, text, noted_at)
        if form_token:
            submissions.settle(form_token, note.id)
    return note


def leave_words(by: Actor, ticket: Ticket, text: str, at: datetime) -> TicketNote:
    """Write a note, in the running transaction, and tell of it."""
    note = _notes.add(TicketNote(ticket=ticket.id, at=at, by=by.user_id, by_name=by.name, text=text.strip()[:MAX_NOTE]))
    searching.index(ticket)
    record(by, "noted", ticket, after={"note": note.id, "text": note.text})
    named = watching.tell_mentioned(by, ticket, note.text, N_("%(who)s mentions you on %(number)s: %(text)s"))
    words = {"who": by.name, "text": note.text[:200]}
    watching.tell(by, ticket, N_("%(who)s noted on %(number)s: %(text)s"), besides=named, **words)
    return note


_notes = PreparedInsert(TicketNote)


def edit(*, by: Actor, ticket: Ticket, version: int, at: datetime | None = None, **changes: Any) -> None:
    """Change kind, priority, title, text or the mark "difficult or major".

    Raises ``Conflict`` when somebody else changed the ticket since ``version``.
    """
    by.require("tickets.edit")
    assert set(changes) <= set(EDITABLE)
    if not changes.get("title", ticket.title).strip():
        raise Invalid(MISSING, fields={"title": NO_TITLE})
    before = {name: getattr(ticket, name) for name in changes if getattr(ticket, name) != changes[name]}
    if not before:
        return
    with db.transaction():
        edited_at = at or clock.now()
        claim(ticket, version, changed_at=edited_at, **changes)
        if before.keys() & {"kind", "priority"}:
            clocks.retarget(ticket, edited_at)
        complaints.follow_edit(by=by, ticket=ticket, changed=set(before), at=edited_at)
        searching.index(ticket)
        record(by, "edited", ticket, before=before, after={name: changes[name] for name in before})


def _shown(ticket: Ticket) -> dict[str, Any]:
    names = ("number", "source", "kind", "status", "priority", "title", "machine_id", "customer_id")
    return {name: getattr(ticket, name) for name in names}


def _personal(ticket: Ticket) -> dict[str, str]:
    return {name: value for name in ("caller_name", "caller_phone") if (value := getattr(ticket, name))}
