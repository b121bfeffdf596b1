"""What the screens show of return visits (回访计划; 1F-09, 1E-04): plans by quarter and area, whom to phone, what was done there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import ModelSelect, fn

from app.accounts.models import Area
from app.callbacks import sampler, visit_pools
from app.callbacks.models import ReturnVisit, VisitDraw
from app.callbacks.visit_pools import PLANNED, VISITED, Pool, quarter_number
from app.core import paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.personal import masked_phone
from app.core.types import Actor, Page
from app.customers.models import Contact, ContactRole, Customer
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

COLUMNS = (
    "quarter", "area", "customer", "state", "contact", "phone", "last_job", "finished_at", "visited_on", "by_name", "score", "result",
    "reason",
)  # fmt: skip
SORTS = {
    "customer": Sort(Customer.name, lambda visit: visit.customer.name),
    "area": Sort(Area.name, lambda visit: visit.area.name),
    "state": Sort(ReturnVisit.state, lambda visit: visit.state),
    "quarter": Sort(quarter_number, lambda visit: visit_pools.number_of(visit.draw)),
}
DEFAULT_SORT = "customer"


@dataclass(slots=True)
class AreaPlan:
    """One area in one quarter: what was drawn, or the pool that a draw would start from (in the present quarter alone)."""

    area: Area
    draw: VisitDraw | None
    counts: dict[str, int] = field(default_factory=dict)
    pool: Pool | None = None

    @property
    def visited(self) -> int:
        """How many were visited."""
        return self.counts.get(VISITED, 0)

    @property
    def due(self) -> int:
        """How many are visited when the plan is fulfilled."""
        return self.visited + self.counts.get(PLANNED, 0)


def area_plans(actor: Actor, number: int, at: datetime) -> list[AreaPlan]:
    """The plans of quarter ``number`` in the areas that ``actor`` may see, by name; areas with nobody to visit are left out."""
    year, quarter = sampler.quarter_of(number)
    drawn = {draw.area_id: draw for draw in VisitDraw.select().where(VisitDraw.year == year, VisitDraw.quarter == quarter)}
    plans = [AreaPlan(area, drawn.get(area.id)) for area in visible_areas(actor)]
    counts = _counts(draw.id for draw in drawn.values())
    for plan in plans:
        if plan.draw is not None:
            plan.counts = counts.get(plan.draw.id, {})
        elif number == visit_pools.number_at(at):
            plan.pool = visit_pools.pool(plan.area, number)
    return [plan for plan in plans if plan.draw or (plan.pool and plan.pool.active)]


def _counts(draw_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    query = ReturnVisit.select(ReturnVisit.draw, ReturnVisit.state, fn.COUNT(ReturnVisit.id)).where(ReturnVisit.draw.in_(list(draw_ids)))
    found: dict[int, dict[str, int]] = {}
    for draw_id, state, number in query.group_by(ReturnVisit.draw, ReturnVisit.state).tuples():
        found.setdefault(draw_id, {})[state] = number
    return found


def visible_areas(actor: Actor) -> list[Area]:
    """The areas that ``actor`` works in, by name."""
    query = Area.select().order_by(Area.name)
    return list(query if actor.area_ids is None else query.where(Area.id.in_(list(actor.area_ids))))


def visible_area(actor: Actor, area_id: int) -> Area:
    """The area. Raises ``NotFound`` for one that ``actor`` does not work in."""
    for area in visible_areas(actor):
        if area.id == area_id:
            return area
    raise NotFound(N_("There is no such area, or it is not for you to see."))


def quarters(at: datetime) -> list[int]:
    """The quarters to choose from, the latest first: the present one and those with a draw."""
    drawn = VisitDraw.select(VisitDraw.year, VisitDraw.quarter).distinct().tuples()
    return sorted({visit_pools.number_at(at), *(sampler.number_of(*one) for one in drawn)}, reverse=True)


def left_over(actor: Actor, number: int) -> int:
    """How many visits of quarters before ``number`` still wait."""
    query = visible(actor).where(ReturnVisit.state == PLANNED, quarter_number < number)
    return int(query.count())


# --- the list -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VisitFilter:
    """What the list is narrowed to; empty values do not narrow. ``number`` is that of the quarter."""

    number: int | None = None
    area: int | None = None
    state: str = ""
    q: str = ""
    is_left_over: bool = False


def visible(actor: Actor) -> ModelSelect:
    """The return visits of the areas that ``actor`` works in, with draw, customer and area."""
    query = ReturnVisit.select(ReturnVisit, VisitDraw, Customer, Area).join_from(ReturnVisit, VisitDraw)
    query = query.join_from(ReturnVisit, Customer).join_from(ReturnVisit, Area, on=ReturnVisit.area)
    return query if actor.area_ids is None else query.where(ReturnVisit.area.in_(list(actor.area_ids)))


def by_id(actor: Actor, visit_id: int) -> ReturnVisit:
    """The return visit. Raises ``NotFound`` for one of an area that ``actor`` does not work in."""
    found = visible(actor).where(ReturnVisit.id == visit_id).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such return visit, or it is not for you to see."))
    return found


def draw_by_id(actor: Actor, draw_id: int) -> VisitDraw:
    """The draw with its area. Raises ``NotFound`` for one of an area that ``actor`` does not work in."""
    query = VisitDraw.select(VisitDraw, Area).join(Area).where(VisitDraw.id == draw_id)
    found = (query if actor.area_ids is None else query.where(VisitDraw.area.in_(list(actor.area_ids)))).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such draw, or it is not for you to see."))
    return found


def listed(actor: Actor, wanted: VisitFilter) -> ModelSelect:
    """The return visits of the list."""
    query = visible(actor)
    if wanted.number is not None and wanted.is_left_over:
        query = query.where(quarter_number < wanted.number, ReturnVisit.state == PLANNED)
    elif wanted.number is not None:
        year, quarter = sampler.quarter_of(wanted.number)
        query = query.where(VisitDraw.year == year, VisitDraw.quarter == quarter)
    if wanted.area is not None:
        query = query.where(ReturnVisit.area == wanted.area)
    if wanted.state:
        query = query.where(ReturnVisit.state == wanted.state)
    if wanted.q:
        query = query.where(
            Customer.name.contains(wanted.q) | Customer.short_name.contains(wanted.q) | ReturnVisit.result.contains(wanted.q)
        )
    return query


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A return visit with whom to phone and what was done there last."""

    visit: ReturnVisit
    contact: Contact | None
    last_job: WorkOrder | None


def page(
    actor: Actor, wanted: VisitFilter, *, sort: str = DEFAULT_SORT, after: str | None = None, before: str | None = None
) -> Page[VisitLine]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    found = paging.page_of_records(listed(actor, wanted), SORTS, sort, after=after, before=before)
    return Page(lines(actor, found.rows), found.total, found.is_total_capped, found.next_key, found.previous_key)


def whole(actor: Actor, wanted: VisitFilter, sort: str = DEFAULT_SORT) -> list[VisitLine]:
    """All lines of the list, for paper."""
    return lines(actor, list(paging.whole(listed(actor, wanted), SORTS, sort)))


def lines(actor: Actor, visits: Sequence[ReturnVisit]) -> list[VisitLine]:
    """``visits`` with contacts and last jobs."""
    keys = [visit.customer_id for visit in visits]
    contacts, jobs = first_contacts(keys), last_jobs(actor, keys)
    return [VisitLine(visit, contacts.get(visit.customer_id), jobs.get(visit.customer_id)) for visit in visits]


def first_contacts(customer_ids: Iterable[int]) -> dict[int, Contact]:
    """Whom to phone at each customer: the first with a number, heads of stations before the others."""
    order = list(ContactRole)
    query = Contact.select().where(Contact.customer.in_(list(customer_ids)))
    found: dict[int, Contact] = {}
    for contact in sorted(query, key=lambda one: (not one.phone, order.index(one.role), one.id)):
        found.setdefault(contact.customer_id, contact)
    return found


def last_jobs(actor: Actor, customer_ids: Iterable[int]) -> dict[int, WorkOrder]:
    """The order finished last at each customer, of those that ``actor`` may see."""
    is_theirs = WorkOrder.customer.in_(list(customer_ids)) & WorkOrder.finished_at.is_null(False)
    columns = (WorkOrder.id, WorkOrder.number, WorkOrder.kind, WorkOrder.title, WorkOrder.customer, WorkOrder.finished_at)
    query = orders.within(WorkOrder.select(*columns), actor).where(is_theirs).order_by(WorkOrder.finished_at, WorkOrder.id)
    return {order.customer_id: order for order in query}


def exported(actor: Actor, wanted: VisitFilter, sort: str = DEFAULT_SORT) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for line in whole(actor, wanted, sort):
        visit, contact, job = line.visit, line.contact, line.last_job
        yield [
            visit_pools.quarter_code(visit_pools.number_of(visit.draw)), visit.area.name, visit.customer.name, visit.state,
            contact.name if contact else None, masked_phone(contact.phone) if contact else None,
            job.number if job else None, job.finished_at if job else None,
            visit.visited_on, visit.by_name, visit.score, visit.result, visit.reason,
        ]  # fmt: skip
