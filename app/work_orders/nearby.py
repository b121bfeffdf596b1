"""What else waits at a site and near it, so that one trip does all (product, Moments)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN, ModelSelect

from app.accounts.models import User
from app.core.types import Actor
from app.customers.models import Site
from app.machines import document_queries
from app.machines.models import DocumentRequest, Machine
from app.tickets.models import Ticket
from app.work_orders import waiting
from app.work_orders.models import Visit, WorkOrder
from app.work_orders.waiting import Waiting

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Around:
    """What waits: at the site itself, near it (same station, else same area), visits planned there, forms not handed in there."""

    here: Sequence[Waiting]
    near: Sequence[Waiting]
    visits: Sequence[Visit]
    papers: Sequence[DocumentRequest]

    @property
    def is_empty(self) -> bool:
        return not (self.here or self.near or self.visits or self.papers)


def around(actor: Actor, about: WorkOrder | Ticket, now: datetime) -> Around:
    """What else waits at the site of an order or ticket and near it, as far as ``actor`` may see it."""
    site = site_of(about)
    here = _waiting(actor, about, Site.id == site.id, now) if site else []
    known = {row.key for row in here}
    near = [row for row in _near(actor, about, site, now) if row.key not in known]
    return Around(here, near[:SHOWN], _visits(about, site, now), _papers(actor, site))


def site_of(about: WorkOrder | Ticket) -> Site | None:
    """Where the order or ticket leads."""
    site = about.site if isinstance(about, WorkOrder) else None
    return site or (about.machine.site if about.machine else None)


def _near(actor: Actor, about: WorkOrder | Ticket, site: Site | None, now: datetime) -> list[Waiting]:
    if site is not None and site.station_id:
        return _waiting(actor, about, Site.station == site.station_id, now)
    if site is not None and about.area_id:
        return _waiting(actor, about, Site.area == about.area_id, now)
    return []


def _waiting(actor: Actor, about: WorkOrder | Ticket, where: object, now: datetime) -> list[Waiting]:
    orders, tickets = waiting.queued_orders().where(where), waiting.waiting_tickets().where(where)
    if isinstance(about, WorkOrder):
        orders = orders.where(WorkOrder.id != about.id)
        tickets = tickets.where(Ticket.id != about.ticket_id) if about.ticket_id else tickets
    else:
        tickets = tickets.where(Ticket.id != about.id)
    return waiting.rows_of(_seen(orders, WorkOrder.area, actor), _seen(tickets, Ticket.area, actor), now)


def _seen(query: ModelSelect, area: object, actor: Actor) -> ModelSelect:
    return query if actor.area_ids is None else query.where(area.in_(sorted(actor.area_ids)))  # type: ignore[attr-defined]


def _visits(about: WorkOrder | Ticket, site: Site | None, now: datetime) -> list[Visit]:
    """Visits to the site that are still to come or under way, of other orders."""
    if site is None:
        return []
    query = (
        Visit.select(Visit, WorkOrder, User)
        .join_from(Visit, WorkOrder)
        .join_from(Visit, User, JOIN.LEFT_OUTER)
        .where(WorkOrder.site == site, Visit.dropped_at.is_null(), Visit.left_at.is_null(), Visit.planned_until > now)
    )
    if isinstance(about, WorkOrder):
        query = query.where(WorkOrder.id != about.id)
    return list(query.order_by(Visit.planned_from).limit(SHOWN))


def _papers(actor: Actor, site: Site | None) -> list[DocumentRequest]:
    if site is None or not actor.may("documents.read"):
        return []
    return list(document_queries.open_requests(actor).where(Machine.site == site).order_by(DocumentRequest.id).limit(SHOWN))
