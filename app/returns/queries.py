"""Returns as people may see them, and the list of them with its ageing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import Role, User, UserRole
from app.core import clock, paging
from app.core.errors import N_, NotFound
from app.core.history import HistoryEntry
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.machines.models import Machine
from app.parts.models import Part
from app.returns.models import DefectiveReturn, ReturnStatus
from app.returns.opening import OPENED
from app.returns.returning import OUTSTANDING
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

THERE_IS_NONE = N_("There is no return of this number, or it is not for you to see.")
OPEN, LATE, BACK = "open", "late", "back"
STATES = (OPEN, LATE, BACK)
COLUMNS = (
    "number", "status", "part_number", "part_name", "serial_number", "batch", "quantity", "machine", "order", "technician", "opened_at",
    "due_on", "tagged_at", "sent_at", "carrier", "waybill", "received_at", "received_by", "closed_at", "waived_by", "waived_reason",
)  # fmt: skip
SORTS = {
    "due_on": Sort(DefectiveReturn.due_on, lambda one: one.due_on.isoformat()),
    "opened_at": Sort(DefectiveReturn.opened_at, lambda one: one.opened_at),
    "number": Sort(DefectiveReturn.number, lambda one: one.number),
}
DEFAULT_SORT = "due_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFilter:
    """What the list is narrowed to. ``state`` is one of ``STATES`` or of ``ReturnStatus``; empty for all."""

    q: str = ""
    state: str = OPEN
    technician: int | None = None


def visible(actor: Actor) -> ModelSelect:
    """The returns that ``actor`` may see: those of orders they may see, and their own, with part, machine, order and technician."""
    query = (
        DefectiveReturn.select(DefectiveReturn, Machine, WorkOrder, User, Part)
        .join_from(DefectiveReturn, Machine)
        .join_from(DefectiveReturn, WorkOrder, JOIN.LEFT_OUTER)
        .join_from(DefectiveReturn, User, JOIN.LEFT_OUTER, on=DefectiveReturn.technician)
        .join_from(DefectiveReturn, Part, JOIN.LEFT_OUTER)
    )
    return query if actor.area_ids is None else query.where(_seen_by(actor))


def _seen_by(actor: Actor) -> Any:
    areas = sorted(actor.area_ids or ())
    of_order = (WorkOrder.area + 0).in_(areas) | (WorkOrder.id.is_null() & Machine.area.in_(areas))
    return of_order | (DefectiveReturn.technician == actor.user_id) | orders.works_on(actor.user_id)


def by_number(actor: Actor, number: str) -> DefectiveReturn:
    """The return of this number. Raises ``NotFound`` for one that ``actor`` may not see."""
    found = visible(actor).where(DefectiveReturn.number == number).get_or_none()
    if found is None:
        raise NotFound(THERE_IS_NONE)
    return found


def chosen(actor: Actor, numbers: Sequence[str]) -> list[DefectiveReturn]:
    """The returns of these numbers. Raises ``NotFound`` when one of them is not to be seen."""
    found = list(visible(actor).where(DefectiveReturn.number.in_(list(numbers))).order_by(DefectiveReturn.number))
    if len(found) != len(set(numbers)):
        raise NotFound(THERE_IS_NONE)
    return found


def listed(actor: Actor, wanted: ReturnFilter, on: date) -> ModelSelect:
    """The returns of the list."""
    query = visible(actor)
    is_out = DefectiveReturn.status.in_(OUTSTANDING)
    if wanted.state == OPEN:
        query = query.where(is_out)
    elif wanted.state == LATE:
        query = query.where(is_out, DefectiveReturn.due_on < on)
    elif wanted.state == BACK:
        query = query.where(DefectiveReturn.status == ReturnStatus.RECEIVED)
    elif wanted.state:
        query = query.where(DefectiveReturn.status == wanted.state)
    if wanted.technician is not None:
        query = query.where(DefectiveReturn.technician == wanted.technician)
    return query.where(_found(wanted.q)) if wanted.q else query


def _found(q: str) -> Any:
    named = DefectiveReturn.part_name.contains(q) | DefectiveReturn.part_number.contains(q) | DefectiveReturn.serial.contains(q)
    numbered = DefectiveReturn.number.contains(q) | WorkOrder.number.contains(q) | DefectiveReturn.waybill.contains(q)
    return named | numbered | Machine.serial.contains(q)


def page(actor: Actor, wanted: ReturnFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[DefectiveReturn]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted, clock.today()), SORTS, sort, after=after, before=before)


def exported(actor: Actor, wanted: ReturnFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for one in paging.whole(listed(actor, wanted, clock.today()), SORTS, sort).iterator():
        yield [
            one.number, one.status, one.part_number, one.part_name, one.serial, one.batch, one.quantity, one.machine.serial,
            one.order.number if one.order_id else "", one.technician.name if one.technician_id else "", one.opened_at, one.due_on,
            one.tagged_at, one.sent_at, one.carrier, one.waybill, one.received_at, one.received_by_name, one.closed_at,
            one.waived_by_name, one.waived_reason,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Age:
    """What one technician has still to return: how many, how many of them late, and since when the oldest one is due."""

    user_id: int | None
    name: str
    number: int
    late: int
    oldest_due: date


def ages(actor: Actor, on: date) -> list[Age]:
    """The parts that are not back, by technician, whoever has most late ones first."""
    late = fn.SUM((DefectiveReturn.due_on < on).cast("integer"))
    query = visible(actor).where(DefectiveReturn.status.in_(OUTSTANDING))
    query = query.select(User.id, User.name, fn.COUNT(DefectiveReturn.id), late, fn.MIN(DefectiveReturn.due_on))
    rows = query.group_by(User.id, User.name).tuples()
    found = [Age(user_id, name or "", number, int(late or 0), _day(oldest)) for user_id, name, number, late, oldest in rows]
    return sorted(found, key=lambda age: (-age.late, -age.number, age.name))


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def own(actor: Actor) -> list[DefectiveReturn]:
    """What ``actor`` has still to return, the most pressing first."""
    mine = (DefectiveReturn.technician == actor.user_id) & DefectiveReturn.status.in_(OUTSTANDING)
    return list(visible(actor).where(mine).order_by(DefectiveReturn.due_on, DefectiveReturn.number))


def of_order(order: WorkOrder) -> list[DefectiveReturn]:
    """The returns of ``order``."""
    return list(DefectiveReturn.select().where(DefectiveReturn.order == order).order_by(DefectiveReturn.number))


def why_opened(returned: DefectiveReturn) -> tuple[str, str] | None:
    """Who opened ``returned`` by hand, and why; None where a signed report did."""
    mine = (HistoryEntry.object_type == "return") & (HistoryEntry.object_id == returned.number)
    entry = HistoryEntry.select().where(mine).order_by(HistoryEntry.id).first()
    reason = json.loads(entry.after or "{}").get("reason") if entry is not None and entry.action == OPENED else None
    return (entry.actor_name, reason) if reason else None


def every_technician() -> list[User]:
    """Who may have an old part: everybody who works as a technician, by name."""
    held = UserRole.select(UserRole.user).where(UserRole.role == Role.TECHNICIAN)
    return list(User.select().where(User.id.in_(held), User.is_active).order_by(User.name))


def technicians(actor: Actor) -> list[tuple[int, str]]:
    """Who has or had parts to return, by name."""
    seen = visible(actor).select(User.id, User.name).where(User.id.is_null(False)).distinct()
    return sorted(((user_id, name) for user_id, name in seen.tuples()), key=lambda one: one[1])
