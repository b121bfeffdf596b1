"""Call-backs as people may see them: the records with their filters, those of an order, what waits for somebody."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from peewee import JOIN, SQL, ModelSelect, fn

from app.accounts.models import Area, Role, User, UserRole
from app.callbacks import writing
from app.callbacks.models import CallBack, CallBackOutcome, CallBackStatus, CallTry
from app.core import clock, paging
from app.core.errors import N_, Invalid, NotFound
from app.core.paging import Order
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.machines.models import Machine
from app.work_orders.models import WorkOrder

MOST_NAMED = 200
Owner = User.alias("owner")
TO_SIGN, TO_READ, ALL = "to-sign", "to-read", "all"
# The status that each tab of the list shows; all of them.
TABS: dict[str, CallBackStatus | None] = {TO_SIGN: CallBackStatus.RECORDED, TO_READ: CallBackStatus.SIGNED, ALL: None}
NEWEST, OLDEST = "-recorded_at", "recorded_at"
SORTS = (NEWEST, OLDEST)
COLUMNS = (
    "number", "status", "outcome", "customer", "machine", "technician", "area", "called_at", "recorded_by", "result_score",
    "attitude_score", "timeliness_score", "hotline_told", "poor", "text", "follow_up", "owner", "follow_up_due_on", "follow_up_done_at",
    "follow_up_result", "signed_at", "signed_by", "signed_for", "read_at", "read_by", "read_for",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list of call-backs is narrowed to; empty values do not narrow. Days are the deployment's, ``to_on`` included.

    ``q`` is the beginning of an order's number, or a part of the name of a customer or of the serial number of a machine.
    """

    q: str = ""
    technician: int | None = None
    area: int | None = None
    customer: int | None = None
    outcome: CallBackOutcome | None = None
    is_poor: bool = False
    from_on: date | None = None
    to_on: date | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return replace(self) != Wanted()


LISTED = (
    CallBack, WorkOrder.id, WorkOrder.number, WorkOrder.title, Customer.id, Customer.name, Machine.id, Machine.serial, User.id, User.name,
    Area.id, Area.name, Owner.id, Owner.name,
)  # fmt: skip
WHOLE = (CallBack, WorkOrder, Customer, Machine, User, Area, Owner)


def joined(query: ModelSelect, columns: tuple[Any, ...] = WHOLE) -> ModelSelect:
    """``query`` over records, each with order, customer, machine, technician, area and who follows it up."""
    query = query.select(*columns)
    query = query.join_from(CallBack, WorkOrder).join_from(CallBack, Customer, JOIN.LEFT_OUTER)
    query = query.join_from(CallBack, Machine, JOIN.LEFT_OUTER)
    query = query.join_from(CallBack, User, JOIN.LEFT_OUTER, on=(CallBack.technician == User.id))
    query = query.join_from(CallBack, Area, JOIN.LEFT_OUTER)
    return query.join_from(CallBack, Owner, JOIN.LEFT_OUTER, on=(CallBack.follow_up_owner == Owner.id), attr="follow_up_owner")


def of_reader(actor: Actor, is_alone: bool = False) -> Any:
    """The condition of being a record that ``actor`` may see: who does not list them sees none.

    ``is_alone`` says that nothing else narrows; otherwise it is written so that the index of what narrows more is used.
    """
    if not actor.may(writing.LIST):
        return SQL("1 = 0")
    if actor.area_ids is None:
        return SQL("1 = 1")
    area = CallBack.area if is_alone else fn.COALESCE(CallBack.area, 0)
    return area.in_(sorted(actor.area_ids))


def visible(actor: Actor) -> ModelSelect:
    """The records that ``actor`` may see."""
    return joined(CallBack.select()).where(of_reader(actor))


def found(query: ModelSelect) -> CallBack:
    """The one record of ``query``. Raises ``NotFound``."""
    one = query.get_or_none()
    if one is None:
        raise NotFound(N_("There is no such call-back, or it is not for you to see."))
    return one


def by_id(actor: Actor, call_back_id: int) -> CallBack:
    """The record of this id. Raises ``NotFound`` for one that ``actor`` may not see."""
    return found(visible(actor).where(CallBack.id == call_back_id))


def meant(q: str, order: Any, customer: Any, machine: Any) -> Any:
    """The condition of being about what ``q`` means, see ``Wanted``; ``order``, ``customer``, ``machine`` are the columns it stands on.

    Of a few orders their ids are named, which an index serves; of many the newest are soon found in any case.
    """
    customers = Customer.select(Customer.id).where(Customer.name.contains(q) | Customer.short_name.contains(q)).limit(MOST_NAMED)
    machines = Machine.select(Machine.id).where(Machine.serial.contains(q)).limit(MOST_NAMED)
    number = q.upper()
    begins = (WorkOrder.number >= number) & (WorkOrder.number < number + "\uffff")
    their, theirs = [one for (one,) in customers.tuples()], [one for (one,) in machines.tuples()]
    numbered = _few(WorkOrder.select(WorkOrder.id).where(begins))
    of_named = [_few(WorkOrder.select(WorkOrder.id).where(column.in_(ids))) for column, ids in _columns(their, theirs) if ids]
    found = [numbered, *of_named]
    if all(ids is not None for ids in found):
        return order.in_(sorted({one for ids in found for one in ids or ()}))
    return order.in_(WorkOrder.select(WorkOrder.id).where(begins)) | customer.in_(their) | machine.in_(theirs)


def _columns(customers: list[int], machines: list[int]) -> tuple[tuple[Any, list[int]], ...]:
    return (WorkOrder.customer, customers), (WorkOrder.machine, machines)


def _few(query: ModelSelect) -> list[int] | None:
    """The ids of ``query``, None when they are many."""
    found = [one for (one,) in query.limit(_MOST_IDS + 1).tuples()]
    return found if len(found) <= _MOST_IDS else None


_MOST_IDS = 1_000


def of_customer(customer_id: int) -> Any:
    """The condition of being a record of this customer, served by the index of their orders while those are few."""
    ids = _few(WorkOrder.select(WorkOrder.id).where(WorkOrder.customer == customer_id))
    return CallBack.customer == customer_id if ids is None else CallBack.order.in_(ids)


def listed(actor: Actor, tab: str, wanted: Wanted) -> ModelSelect:
    """The records of the list, bare."""
    status = TABS[tab]
    is_alone = not (status or wanted.technician or wanted.customer or wanted.q)
    query = CallBack.select().where(of_reader(actor, is_alone))
    for given, condition in (
        (status, CallBack.status == status),
        (wanted.technician, CallBack.technician == wanted.technician),
        (wanted.area, CallBack.area == wanted.area),
        (wanted.outcome, CallBack.outcome == wanted.outcome),
        (wanted.is_poor, CallBack.is_poor),
    ):
        if given:
            query = query.where(condition)
    if wanted.q:
        query = query.where(meant(wanted.q, CallBack.order, CallBack.customer, CallBack.machine))
    if wanted.customer is not None:
        query = query.where(of_customer(wanted.customer))
    if wanted.from_on:
        query = query.where(CallBack.recorded_at >= clock.start_of(wanted.from_on))
    if wanted.to_on:
        query = query.where(CallBack.recorded_at < clock.end_of(wanted.to_on))
    return query


def page(
    actor: Actor, tab: str, wanted: Wanted, *, sort: str = NEWEST, after: str | None = None, before: str | None = None
) -> Page[CallBack]:
    """One page: what waits with poor ones first, then oldest first; all of them by ``sort``. Raises ``Invalid`` for an unknown one."""
    query = listed(actor, tab, wanted)
    total = paging.capped_count(query.select(CallBack.id))
    order, key = _order(tab, sort), _newest_key if tab == ALL else _poor_first_key
    return paging.page_in_order(joined(query, LISTED), order, key, total=total, after=after, before=before)


def _newest_key(one: CallBack) -> tuple[Any, ...]:
    return one.recorded_at, one.id


def _poor_first_key(one: CallBack) -> tuple[Any, ...]:
    return int(one.is_poor), one.recorded_at, one.id


def _order(tab: str, sort: str) -> Order:
    if tab != ALL:
        return _POOR_FIRST
    if sort not in SORTS:
        raise Invalid(N_("This list cannot be sorted that way."))
    is_down = sort == NEWEST
    return Order((CallBack.recorded_at, CallBack.id), (is_down, is_down))


_POOR_FIRST = Order((CallBack.is_poor, CallBack.recorded_at, CallBack.id), (True, False, False))


def rows(actor: Actor, tab: str, wanted: Wanted, sort: str = NEWEST) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export. Raises ``Invalid`` for an unknown sort."""
    query = joined(listed(actor, tab, wanted), LISTED)
    for one in query.order_by(*_order(tab, sort).by()).iterator():
        yield [
            one.order.number, one.status, one.outcome, one.customer and one.customer.name, one.machine and one.machine.serial,
            one.technician and one.technician.name, one.area and one.area.name, one.called_at, one.recorded_by_name, one.result_score,
            one.attitude_score, one.timeliness_score, one.is_hotline_told, one.is_poor, one.text, one.follow_up,
            one.follow_up_owner and one.follow_up_owner.name, one.follow_up_due_on, one.follow_up_done_at, one.follow_up_result,
            one.signed_at, one.signed_by_name, one.signed_for_name, one.read_at, one.read_by_name, one.read_for_name,
        ]  # fmt: skip


def count(actor: Actor, status: CallBackStatus) -> tuple[int, bool]:
    """How many records stand in ``status``, counted no further than the lists count."""
    return paging.capped_count(CallBack.select(CallBack.id).where(CallBack.status == status, of_reader(actor)))


@dataclass(frozen=True, slots=True)
class OfOrder:
    """What there is of an order's call-back: the record, or that it is due, and the calls that reached nobody."""

    call_back: CallBack | None
    due_at: datetime | None
    tries: list[CallTry]


def of_order(order: WorkOrder) -> OfOrder:
    """The call-back of ``order``; ``due_at`` is None when none is due."""
    tried = list(CallTry.select().where(CallTry.order == order).order_by(CallTry.at, CallTry.id))
    due_at = order.call_back_due_at if writing.is_due(order) else None
    return OfOrder(joined(CallBack.select()).where(CallBack.order == order).get_or_none(), due_at, tried)


def technicians() -> list[User]:
    """The field technicians in service, by name, for a choice."""
    held = UserRole.select(UserRole.user).where(UserRole.role == Role.TECHNICIAN)
    return list(User.select().where(User.is_active, User.id.in_(held)).order_by(User.name, User.id))


def areas(actor: Actor) -> list[Area]:
    """The areas that ``actor`` sees, by name, for a choice."""
    query = Area.select().order_by(Area.name)
    return list(query if actor.area_ids is None else query.where(Area.id.in_(sorted(actor.area_ids))))
