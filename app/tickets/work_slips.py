"""Work slips (工作单, 5-08): another department is asked for something by a time, reminded of it, and its answer is noted."""

from datetime import datetime, timedelta

from peewee import ModelSelect

from app.accounts import notices
from app.accounts.models import Department, Role
from app.core import clock, db, numbering, outbox, submissions
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.spoken import say
from app.core.types import Actor, system
from app.roster.queries import on_duty
from app.tickets.models import Ticket, WorkSlip
from app.tickets.writing import MISSING, record

HANDLE = "complaints.handle"
NUMBER_PREFIX = "W"
MAX_TEXT = 8_000
# A department is reminded so long before its answer is due, and once more when it is overdue.
REMIND_BEFORE = timedelta(hours=4)
REMINDER = system("work slips")

IS_OPEN = WorkSlip.answered_at.is_null() & WorkSlip.withdrawn_at.is_null()


def send(
    *,
    by: Actor,
    ticket: Ticket,
    department: Department | None,
    text: str,
    due_at: datetime | None,
    form_token: str | None = None,
    at: datetime | None = None,
) -> WorkSlip:
    """Send a slip to ``department``; a form sent again (``form_token``) answers with the slip of the first sending.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    by.require(HANDLE)
    sent_at = at or clock.now()
    wrong = {}
    if department is None or not department.is_active:
        wrong["department"] = N_("Choose the department.")
    if not text.strip() or len(text) > MAX_TEXT:
        wrong["text"] = N_("Say in words what is asked for, in at most 8,000 characters.")
    if due_at is None or due_at <= sent_at:
        wrong["due_at"] = N_("The answer is due at a time to come.")
    if wrong or department is None or due_at is None:
        raise Invalid(MISSING, fields=wrong)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return WorkSlip.get_by_id(int(submissions.result_of(form_token)))
        slip = WorkSlip.create(
            number=numbering.next_number(NUMBER_PREFIX, sent_at),
            ticket=ticket,
            department=department,
            text=text.strip(),
            due_at=due_at,
            sent_at=sent_at,
            by=by.user_id,
            by_name=by.name,
        )
        if form_token:
            submissions.settle(form_token, slip.id)
        _tell(slip, N_("Work slip %(number)s for %(ticket)s"), "sent", sent_at)
        record(by, "slip_sent", ticket, after={"slip": slip.number, "department": department.name, "due_at": due_at, "text": slip.text})
    return slip


def answer(*, by: Actor, slip: WorkSlip, text: str, at: datetime | None = None) -> None:
    """Note what the department answered. Raises ``Invalid`` without words, ``Conflict`` when the slip is no longer open."""
    by.require(HANDLE)
    if not text.strip() or len(text) > MAX_TEXT:
        raise Invalid(MISSING, fields={"answer": N_("Write something first.")})
    with db.transaction():
        _end(slip, answered_at=at or clock.now(), answer=text.strip())
        record(by, "slip_answered", slip.ticket, after={"slip": slip.number, "answer": text.strip()})


def withdraw(*, by: Actor, slip: WorkSlip, at: datetime | None = None) -> None:
    """The slip is no longer needed; the department is told. Raises ``Conflict`` when it is no longer open."""
    by.require(HANDLE)
    withdrawn_at = at or clock.now()
    with db.transaction():
        _end(slip, withdrawn_at=withdrawn_at)
        _tell(slip, N_("Work slip %(number)s for %(ticket)s was withdrawn"), "withdrawn", withdrawn_at)
        record(by, "slip_withdrawn", slip.ticket, after={"slip": slip.number})


def _end(slip: WorkSlip, **fields: object) -> None:
    if WorkSlip.update(**fields).where(IS_OPEN, WorkSlip.id == slip.id).execute() != 1:
        raise Conflict(N_("This slip was answered or withdrawn meanwhile."))
    for name, value in fields.items():
        setattr(slip, name, value)


def remind(at: datetime) -> str:
    """Remind departments whose answer is due soon, and tell the clerks of those that are overdue; each once.

    Says in a few words what it did, nothing when there was nothing to do.
    """
    soon = list(WorkSlip.select().where(IS_OPEN, WorkSlip.due_at <= at + REMIND_BEFORE, WorkSlip.reminded_at.is_null()))
    for slip in soon:
        with db.transaction():
            is_mine = (WorkSlip.id == slip.id) & WorkSlip.reminded_at.is_null() & IS_OPEN
            if WorkSlip.update(reminded_at=at).where(is_mine).execute():
                _tell(slip, N_("Reminder: work slip %(number)s for %(ticket)s"), "reminded", at)
                record(REMINDER, "slip_reminded", slip.ticket, after={"slip": slip.number})
    late = list(WorkSlip.select().where(IS_OPEN, WorkSlip.due_at <= at))
    for slip in late:
        with db.transaction():
            notices.notify(
                [user.id for user in on_duty(Role.CLERK, at)],
                N_("%(department)s has not answered work slip %(number)s in time."),
                department=slip.department.name,
                number=slip.number,
                href=f"/tickets/{slip.ticket.number}",
                key=f"slip:{slip.id}:late",
                at=at,
            )
    return f"{len(soon)} reminded" if soon else ""


def _tell(slip: WorkSlip, title: str, step: str, at: datetime) -> None:
    if not slip.department.email:
        return
    due = slip.due_at.astimezone(clock.zone())
    subject = say(None, title, number=slip.number, ticket=slip.ticket.number)
    body = "\n".join(
        (
            slip.department.name,
            "",
            slip.text,
            "",
            say(None, N_("Please answer by %(due)s."), due=f"{due:%Y-%m-%d %H:%M}"),
            say(None, N_("From: %(name)s"), name=slip.by_name),
        )
    )
    key = f"slip:{slip.id}:{step}"
    outbox.queue_email(
        to=slip.department.email, subject=f"[{slip.number}] {subject}", body=f"{body}\n", about=f"slip {slip.number}", key=key, at=at
    )


def by_number(query: ModelSelect, number: str) -> WorkSlip:
    """The slip ``number`` among ``query`` (those the reader may see). Raises ``NotFound``."""
    slip = query.where(WorkSlip.number == number).get_or_none()
    if slip is None:
        raise NotFound(N_("There is no such work slip."))
    return slip
