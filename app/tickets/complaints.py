"""Complaints (1E-01, 1E-02, 1F-01, 5-05..07): who answers for one, the log of replies, cause and measure, what closing needs.

A complaint is a ticket of that kind with a row of its own beside it. Two clocks of 24 hours run: the responsible person's
answer to the centre, and the answer to the customer (product.md, settled question 4). A major one is ``Ticket.is_major``.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.accounts import notices
from app.accounts.models import Role, User, UserArea, UserRole
from app.core import clock, db, outbox
from app.core.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from app.core.spoken import say
from app.core.types import Actor
from app.roster.queries import on_duty
from app.tickets import clocks
from app.tickets.models import (
    CauseClass,
    ClockKind,
    Complaint,
    ComplaintReply,
    ReplyTo,
    Ticket,
    TicketKind,
    TicketSource,
    TicketStatus,
)
from app.tickets.writing import MISSING, record

HANDLE, ANSWER = "complaints.handle", "complaints.answer"
ANSWER_WITHIN = timedelta(hours=24)
MAX_TEXT = 8_000
# What closing needs, as the screen and the refusal say it.
NO_ANSWER = N_("The customer has not been answered yet.")
NO_CAUSE = N_("The cause is not named yet.")
NO_VERDICT = N_("It is not said yet whether the complaint is justified.")
NO_MEASURE = N_("A justified complaint needs a corrective measure.")


def begin(*, by: Actor, ticket: Ticket, at: datetime, responsible: User | None = None) -> Complaint:
    """Give a ticket that is a complaint its row and forward it at once; part of the running transaction.

    Without ``responsible`` the area's manager answers for it (1F-01), else the deputy on duty. What was solved on the
    phone is answered with that: its solution is the first reply to the customer (5-06).
    """
    found = Complaint.get_or_none(Complaint.ticket == ticket)
    if found is not None:
        return found
    complaint = Complaint.create(ticket=ticket, responsible=responsible or _owner_of(ticket, at))
    if ticket.solution and not ticket.is_open:
        _log(by, complaint, ReplyTo.CUSTOMER, ticket.solution, at)
        clocks.meet(ticket, ClockKind.CUSTOMER_ANSWER, at)
        clocks.stop(ticket, at, (ClockKind.INTERNAL_ANSWER,))
        return complaint
    _forward(complaint, ticket, at)
    return complaint


def follow_edit(*, by: Actor, ticket: Ticket, changed: set[str], at: datetime) -> None:
    """A ticket whose kind became complaint begins one; a complaint that became major goes to the manager at once (1A-07)."""
    if not is_complaint(ticket.kind, ticket.source):
        return
    if "kind" in changed:
        begin(by=by, ticket=ticket, at=at)
    elif "is_major" in changed and ticket.is_major and ticket.is_open:
        _forward(_complaint(ticket), ticket, at)


def is_complaint(kind: str, source: str) -> bool:
    """Whether a ticket is one that people have to answer for; old records that were imported are not."""
    return kind == TicketKind.COMPLAINT and source != TicketSource.IMPORT


def of_ticket(ticket: Ticket) -> Complaint | None:
    """The complaint of ``ticket`` with its people; None for other tickets."""
    return Complaint.get_or_none(Complaint.ticket == ticket) if ticket.kind == TicketKind.COMPLAINT else None


def _owner_of(ticket: Ticket, at: datetime) -> User | None:
    query = User.select().join(UserArea, on=UserArea.user == User.id).join(UserRole, on=UserRole.user == User.id)
    is_theirs = (UserArea.area == ticket.area_id) & (UserRole.role == Role.AREA_MANAGER) & User.is_active
    found = query.where(is_theirs).order_by(User.id).first() if ticket.area_id else None
    return found or next(iter(on_duty(Role.DEPUTY, at)), None)


def _forward(complaint: Complaint, ticket: Ticket, at: datetime) -> None:
    people = {} if complaint.responsible is None else {complaint.responsible.id: complaint.responsible}
    if ticket.is_major:
        people |= {user.id: user for user in on_duty(Role.MANAGER, at)}
    title = N_("Major complaint %(number)s: %(title)s") if ticket.is_major else N_("Complaint %(number)s: %(title)s")
    key = f"complaint:{complaint.id}:forwarded:{complaint.version}:{'major' if ticket.is_major else ''}"
    notices.notify(
        people, title, number=ticket.number, title=ticket.title, href=f"/tickets/{ticket.number}", is_urgent=True, key=key, at=at
    )
    for user in people.values():
        if user.email:
            subject, body = _mail(user, ticket, title)
            outbox.queue_email(
                to=user.email, subject=subject, body=body, about=f"ticket {ticket.number}", key=f"{key}:{user.id}:mail", at=at
            )
    Complaint.update(forwarded_at=at).where(Complaint.id == complaint.id).execute()
    complaint.forwarded_at = at


def _mail(user: User, ticket: Ticket, title: str) -> tuple[str, str]:
    def words(message: str, **params: object) -> str:
        return say(user.locale, message, **params)

    due = (ticket.opened_at + ANSWER_WITHIN).astimezone(clock.zone())
    customer = ticket.customer.name if ticket.customer else ticket.caller_name
    lines = [
        words(title, number=ticket.number, title=ticket.title),
        words(N_("Customer: %(name)s"), name=customer or "–"),
        words(N_("Machine: %(serial)s"), serial=ticket.machine.serial if ticket.machine else "–"),
        "",
        ticket.text,
        "",
        words(N_("Please answer the centre by %(due)s; the customer must have an answer by then too."), due=f"{due:%Y-%m-%d %H:%M}"),
        words(N_("Your answer to this mail reaches the centre, or write it on the ticket in the Customer Centre.")),
    ]
    return f"[{ticket.number}] {lines[0]}", "\n".join(lines) + "\n"


def reassign(*, by: Actor, ticket: Ticket, version: int, responsible: User, reason: str, at: datetime | None = None) -> None:
    """Make ``responsible`` answer for it, and tell that person at once. The clocks run on.

    Raises ``Invalid`` without a reason or for a person who was shut out, ``Conflict`` for another ``version``.
    """
    by.require(HANDLE)
    complaint, changed_at = _complaint(ticket), at or clock.now()
    wrong = {}
    if not reason.strip():
        wrong["reason"] = N_("A reason is needed here.")
    if not responsible.is_active:
        wrong["responsible"] = N_("This person no longer works here.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    with db.transaction():
        before = complaint.responsible_id
        _claim(complaint, version, responsible=responsible)
        _forward(complaint, ticket, changed_at)
        record(
            by,
            "complaint_reassigned",
            ticket,
            before={"responsible": before},
            after={"responsible": responsible.id, "reason": reason.strip()},
        )


def answer_centre(*, by: Actor, ticket: Ticket, text: str, at: datetime | None = None) -> ComplaintReply:
    """The responsible person's answer (or what the clerk was told of it); the first one ends the clock.

    Raises ``NotAllowed`` for others, ``Invalid`` without words.
    """
    complaint, told_at = _may_answer(by, ticket, text), at or clock.now()
    with db.transaction():
        reply = _log(by, complaint, ReplyTo.CENTRE, text.strip(), told_at)
        clocks.meet(ticket, ClockKind.INTERNAL_ANSWER, told_at)
        told = [ticket.opened_by_id] if ticket.opened_by_id and ticket.opened_by_id != by.user_id else []
        notices.notify(
            told, N_("%(name)s answered complaint %(number)s."), name=by.name, number=ticket.number, href=f"/tickets/{ticket.number}"
        )
        record(by, "complaint_answered", ticket, after={"reply": reply.id, "text": reply.text})
    return reply


def answer_customer(*, by: Actor, ticket: Ticket, text: str, at: datetime | None = None) -> ComplaintReply:
    """What the customer was told, by phone or in writing; the first answer ends the clock. Raises as ``answer_centre``."""
    complaint, told_at = _may_answer(by, ticket, text), at or clock.now()
    with db.transaction():
        reply = _log(by, complaint, ReplyTo.CUSTOMER, text.strip(), told_at)
        clocks.meet(ticket, ClockKind.CUSTOMER_ANSWER, told_at)
        record(by, "complaint_customer_answered", ticket, after={"reply": reply.id, "text": reply.text})
    return reply


def may_answer(by: Actor, complaint: Complaint) -> bool:
    """Whether ``by`` answers for the complaint or for the centre."""
    return by.may(HANDLE) or (by.may(ANSWER) and by.user_id is not None and complaint.responsible_id == by.user_id)


def _may_answer(by: Actor, ticket: Ticket, text: str) -> Complaint:
    complaint = _complaint(ticket)
    if not may_answer(by, complaint):
        raise NotAllowed(N_("Only the responsible person or the centre can answer this complaint."))
    if not text.strip():
        raise Invalid(MISSING, fields={"text": N_("Write something first.")})
    if len(text) > MAX_TEXT:
        raise Invalid(MISSING, fields={"text": N_("That is too long.")})
    return complaint


def _log(by: Actor, complaint: Complaint, to: ReplyTo, text: str, at: datetime) -> ComplaintReply:
    reply = ComplaintReply.create(complaint=complaint, reply_to=to, at=at, by=by.user_id, by_name=by.name, text=text)
    column = Complaint.answered_at if to == ReplyTo.CENTRE else Complaint.customer_answered_at
    Complaint.update({column: at}).where(Complaint.id == complaint.id, column.is_null()).execute()
    return reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What came out of a complaint: cause, verdict, and the corrective measure with who sees to it by when."""

    cause: CauseClass | None = None
    cause_text: str = ""
    is_justified: bool | None = None
    measure: str = ""
    measure_owner: User | None = None
    measure_due_on: date | None = None


def assess(*, by: Actor, ticket: Ticket, version: int, found: Assessment, at: datetime | None = None) -> None:
    """Write down what came out so far; nothing has to be complete before closing, and nothing may be missing after it.

    Raises ``Invalid`` for a measure without owner or date, ``Conflict`` for another ``version`` and for taking from a closed
    complaint what closing needed.
    """
    by.require(HANDLE)
    complaint = _complaint(ticket)
    wrong = {}
    if found.measure.strip() and found.measure_owner is None:
        wrong["measure_owner"] = N_("Say who sees to the measure.")
    if found.measure.strip() and found.measure_due_on is None:
        wrong["measure_due_on"] = N_("Say by when.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    fields = {
        "cause": found.cause,
        "cause_text": found.cause_text.strip(),
        "is_justified": found.is_justified,
        "measure": found.measure.strip(),
        "measure_owner": found.measure_owner,
        "measure_due_on": found.measure_due_on,
    }
    with db.transaction():
        present = db.for_update(Ticket.select(Ticket.id, Ticket.status).where(Ticket.id == ticket.id)).get()
        before = _assessed(complaint)
        is_new_owner = found.measure_owner is not None and found.measure_owner.id != complaint.measure_owner_id
        _claim(complaint, version, **fields)
        if present.status == TicketStatus.CLOSED and lacking(complaint):
            raise Conflict(lacking(complaint)[0])
        if is_new_owner and found.measure_owner is not None and found.measure_owner.id != by.user_id:
            notices.notify(
                [found.measure_owner.id], N_("You see to the corrective measure of complaint %(number)s."), number=ticket.number,
                href=f"/tickets/{ticket.number}", at=at,
            )  # fmt: skip
        record(by, "complaint_assessed", ticket, before=before, after=_assessed(complaint))


def finish_measure(*, by: Actor, ticket: Ticket, version: int, at: datetime | None = None) -> None:
    """The corrective measure has been carried out. Raises ``Conflict`` when there is none, or for another ``version``."""
    complaint = _complaint(ticket)
    if not (by.may(HANDLE) or (by.user_id is not None and complaint.measure_owner_id == by.user_id)):
        raise NotAllowed(N_("Only who sees to the measure or the centre can report it done."))
    if not complaint.measure or complaint.measure_done_at is not None:
        raise Conflict(N_("There is no corrective measure to be carried out."))
    with db.transaction():
        _claim(complaint, version, measure_done_at=at or clock.now())
        record(by, "complaint_measure_done", ticket, after={"measure": complaint.measure})


def lacking(complaint: Complaint) -> list[str]:
    """What stands before closing, as message ids; empty when nothing does (1E-02, 5-07)."""
    found = []
    if complaint.customer_answered_at is None:
        found.append(NO_ANSWER)
    if complaint.cause is None:
        found.append(NO_CAUSE)
    if complaint.is_justified is None:
        found.append(NO_VERDICT)
    if complaint.is_justified and not complaint.measure:
        found.append(NO_MEASURE)
    return found


def check_may_close(ticket: Ticket) -> None:
    """Raise ``Conflict`` when ``ticket`` is a complaint that cannot be closed yet, with the first thing that is missing."""
    if is_complaint(ticket.kind, ticket.source):
        complaint = Complaint.get_or_none(Complaint.ticket == ticket)
        missing = lacking(complaint) if complaint is not None else []
        if missing:
            raise Conflict(missing[0])


def _complaint(ticket: Ticket) -> Complaint:
    complaint = of_ticket(ticket)
    if complaint is None:
        raise NotFound(N_("This ticket is no complaint."))
    return complaint


def _claim(complaint: Complaint, version: int, **fields: object) -> None:
    is_same = (Complaint.id == complaint.id) & (Complaint.version == version)
    if Complaint.update(version=Complaint.version + 1, **fields).where(is_same).execute() != 1:
        raise Conflict(N_("Somebody else changed this complaint meanwhile. Look at its present state, then decide again."))
    for name, value in fields.items():
        setattr(complaint, name, value)
    complaint.version = version + 1


def _assessed(complaint: Complaint) -> dict[str, object]:
    names = ("cause", "cause_text", "is_justified", "measure", "measure_owner_id")
    due = str(complaint.measure_due_on) if complaint.measure_due_on else None
    return {name: getattr(complaint, name) for name in names} | {"measure_due_on": due}
