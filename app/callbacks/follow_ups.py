"""What is done about a poor call-back: who sees to it by when, the result, and reminders (2B-08, 1E-05)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from peewee import ModelSelect

from app.accounts.models import User
from app.accounts.notices import notify
from app.callbacks import queries
from app.callbacks.models import CallBack
from app.callbacks.writing import FOLLOW_UP, MISSING, record
from app.core import clock, db, paging
from app.core.errors import N_, Conflict, Invalid
from app.core.paging import Sort
from app.core.types import Actor, Page, system
from app.work_orders.models import WorkOrder

MAX_RESULT = 500
MINE, ALL = "mine", "all"
OPEN, LATE, DONE = "open", "late", "done"
STATES = (OPEN, LATE, DONE)
IS_GIVEN = CallBack.follow_up_owner.is_null(False)
IS_OPEN = IS_GIVEN & CallBack.follow_up_done_at.is_null()
SORTS = {"due_on": Sort(CallBack.follow_up_due_on, lambda one: one.follow_up_due_on.isoformat())}
COLUMNS = ("number", "customer", "machine", "technician", "text", "owner", "due_on", "done_at", "result", "signed_by")
REMINDER = system("call-backs")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpFilter:
    """Whose follow-ups are wanted, and those that are open, late, done, or all (empty)."""

    whose: str = MINE
    state: str = OPEN
    owner: int | None = None


def finish(*, by: Actor, call_back: CallBack, result: str, at: datetime | None = None) -> None:
    """Note what came of a follow-up; who signed the record is told. Raises ``Invalid`` without words, ``Conflict``, ``NotAllowed``."""
    by.require(FOLLOW_UP)
    said, now = result.strip(), at or clock.now()
    if not said or len(said) > MAX_RESULT:
        raise Invalid(MISSING, fields={"result": N_("Say what came of it, in at most 500 characters.")})
    with db.transaction():
        mine = IS_OPEN & (CallBack.id == call_back.id)
        if CallBack.update(follow_up_done_at=now, follow_up_result=said).where(mine).execute() != 1:
            raise Conflict(N_("This follow-up is done already, or there is none."))
        order = call_back.order
        record(by, "followed_up", order, after={"result": said})
        people = sorted({call_back.signed_by_id} - {None, by.user_id})
        message = N_("The follow-up of %(number)s is done: %(result)s")
        notify(people, message, href=f"/call-backs/{call_back.id}", at=now, number=order.number, result=said)


def visible(actor: Actor, columns: tuple[Any, ...] = queries.WHOLE) -> ModelSelect:
    """The records whose follow-up ``actor`` may see and end: those of the records they see, and their own."""
    return queries.joined(CallBack.select(), columns).where(queries.of_reader(actor) | (CallBack.follow_up_owner == actor.user_id))


def by_id(actor: Actor, call_back_id: int) -> CallBack:
    """The record of this follow-up. Raises ``NotFound`` for one that ``actor`` may not see."""
    return queries.found(visible(actor).where(CallBack.id == call_back_id))


def listed(actor: Actor, wanted: FollowUpFilter, today: date) -> ModelSelect:
    """The follow-ups of the list."""
    query = visible(actor, queries.LISTED).where(IS_GIVEN)
    if wanted.whose == MINE:
        query = query.where(CallBack.follow_up_owner == actor.user_id)
    if wanted.owner is not None:
        query = query.where(CallBack.follow_up_owner == wanted.owner)
    if wanted.state in (OPEN, LATE):
        query = query.where(IS_OPEN)
    if wanted.state == LATE:
        query = query.where(CallBack.follow_up_due_on < today)
    if wanted.state == DONE:
        query = query.where(CallBack.follow_up_done_at.is_null(False))
    return query


def page(
    actor: Actor, wanted: FollowUpFilter, today: date, *, sort: str = "due_on", after: str | None = None, before: str | None = None
) -> Page[CallBack]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted, today), SORTS, sort, after=after, before=before)


def rows(actor: Actor, wanted: FollowUpFilter, today: date, sort: str = "due_on") -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for one in paging.whole(listed(actor, wanted, today), SORTS, sort).iterator():
        yield [
            one.order.number, one.customer and one.customer.name, one.machine and one.machine.serial,
            one.technician and one.technician.name, one.follow_up, one.follow_up_owner.name, one.follow_up_due_on,
            one.follow_up_done_at, one.follow_up_result, one.signed_by_name,
        ]  # fmt: skip


def remind(at: datetime) -> str:
    """Tell the owners of follow-ups due today or late, and of late ones who signed; each once. Says how many there are."""
    today = clock.day_of(at)
    query = CallBack.select(CallBack, WorkOrder).join(WorkOrder).where(IS_OPEN, CallBack.follow_up_due_on <= today)
    due = list(query.order_by(CallBack.id))
    for one in due:
        with db.transaction():
            _remind(one, today, at)
    return f"{len(due)} due" if due else ""


def _remind(one: CallBack, today: date, at: datetime) -> None:
    number, due = one.order.number, one.follow_up_due_on
    if due < today:
        people, key = {one.follow_up_owner_id, one.signed_by_id}, f"follow-up-late:{one.id}:{due}"
        notify(people, N_("Overdue: the follow-up of %(number)s was due on %(due)s."), href=_HREF, key=key, at=at, number=number, due=due)
    else:
        key = f"follow-up-due:{one.id}:{due}"
        notify([one.follow_up_owner_id], N_("Due today: the follow-up of %(number)s."), href=_HREF, key=key, at=at, number=number)


_HREF = "/call-backs/follow-ups"


def owners() -> list[User]:
    """Who may be asked to see to something: everybody active, by name."""
    return list(User.select().where(User.is_active).order_by(User.name, User.id))
