"""Help on the job (求助): a question from the site, and what the deputy says to it (技术指导记录; 2B-07, F-52)."""

from dataclasses import dataclass, field
from datetime import datetime

from peewee import JOIN, fn

from app.accounts.models import Role, User
from app.core import clock, db, submissions
from app.core.errors import N_, Invalid
from app.core.types import Actor
from app.customers.models import Customer, Site
from app.machines.models import Machine, MachineModel
from app.roster.queries import on_duty
from app.roster.telling import tell
from app.tickets import orders as ticket_orders
from app.work_orders import progress, telling, visits
from app.work_orders.models import Guidance, WorkOrder
from app.work_orders.queries import visible
from app.work_orders.writing import MISSING, record, stale

GIVE = "guidance.give"
MAX_TEXT = 4_000
LIST = "/guidance"


def ask(
    *, by: Actor, order: WorkOrder, question: str, is_urgent: bool = False, form_token: str | None = None, at: datetime | None = None
) -> None:
    """Ask the deputies on duty for help; the ticket becomes difficult or major. A form sent again asks once.

    Raises ``Invalid`` without a question, ``Conflict`` when the order is no longer out or no longer theirs, ``NotAllowed``.
    """
    progress.check_own(by, order)
    words = _words(question, "question", N_("Say what you see and what you have tried."))
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return
        _want_help(order, now)
        _write(by, order, words, now, is_question=True)
        if order.ticket_id is not None:
            ticket_orders.mark_major(by=by, ticket_id=order.ticket_id, at=now)
        people = [user.id for user in on_duty(Role.DEPUTY, now)]
        message = N_("%(who)s asks for help with %(number)s %(title)s: %(question)s")
        tell(
            people, message, href=f"{LIST}#order-{order.id}", is_urgent=is_urgent, at=now,
            who=by.name, number=order.number, title=order.title, question=words[:200],
        )  # fmt: skip
        record(by, "help_asked", order, after={"question": words})


def give(*, by: Actor, order: WorkOrder, text: str, form_token: str | None = None, at: datetime | None = None) -> None:
    """Say what to do: it stands in the log, and who works on the order is told. A form sent again says it once.

    Raises ``Invalid`` without words, ``NotAllowed``.
    """
    by.require(GIVE)
    words = _words(text, "text", N_("Say what is to be done."))
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return
        WorkOrder.update(help_wanted_at=None).where(WorkOrder.id == order.id).execute()
        _write(by, order, words, now, is_question=False)
        message = N_("%(who)s on %(number)s: %(words)s")
        people = sorted(visits.people_of(order) - {by.user_id})
        telling.tell(people, order, message, "", now, is_urgent=True, who=by.name, words=words[:200])
        record(by, "guided", order, after={"text": words})


def log_of(order: WorkOrder) -> list[Guidance]:
    """Questions and answers of an order, oldest first."""
    return list(Guidance.select().where(Guidance.order == order).order_by(Guidance.at, Guidance.id))


@dataclass(slots=True)
class Help:
    """An order whose technician waits for an answer, with what was said so far."""

    order: WorkOrder
    log: list[Guidance] = field(default_factory=list)


def wanted(actor: Actor) -> list[Help]:
    """Who waits for an answer, of what ``actor`` may see; who has waited longest first."""
    query = (
        visible(actor)
        .select(WorkOrder, Machine, MachineModel, Customer, Site, User)
        .join_from(WorkOrder, Machine, JOIN.LEFT_OUTER)
        .join_from(Machine, MachineModel, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Site, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=(WorkOrder.lead == User.id), attr="lead")
        .where(WorkOrder.help_wanted_at.is_null(False))
        .order_by(WorkOrder.help_wanted_at, WorkOrder.id)
    )
    waiting = {order.id: Help(order) for order in query}
    for entry in Guidance.select().where(Guidance.order.in_(list(waiting))).order_by(Guidance.at, Guidance.id):
        waiting[entry.order_id].log.append(entry)
    return list(waiting.values())


def _want_help(order: WorkOrder, now: datetime) -> None:
    """Help is no change of state: the version stays, so that a button pressed meanwhile still works."""
    since = fn.COALESCE(WorkOrder.help_wanted_at, clock.to_ms(now))
    if WorkOrder.update(help_wanted_at=since).where(WorkOrder.id == order.id, WorkOrder.is_out).execute() != 1:
        raise stale(order.id)


def _write(by: Actor, order: WorkOrder, words: str, at: datetime, *, is_question: bool) -> None:
    Guidance.create(order=order, at=at, by=by.user_id, by_name=by.name, is_question=is_question, text=words, machine=order.machine_id)


def _words(text: str, field_name: str, missing: str) -> str:
    words = text.strip()
    if not words:
        raise Invalid(MISSING, fields={field_name: missing})
    return words[:MAX_TEXT]
