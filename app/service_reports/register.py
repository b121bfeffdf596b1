"""The list of service reports, and that of finished jobs whose signed report is missing (2C-16, F-05)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import Role, User, UserRole
from app.core import clock, paging
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers.models import Customer
from app.machines.models import Document, FormType, Machine
from app.service_reports.models import ReportSignature, ReportStatus, ServiceReport, SignatureWay
from app.service_reports.queries import visible
from app.work_orders import queries as orders
from app.work_orders.models import OrderStatus, WorkOrder

COLUMNS = (
    "number", "order", "kind", "status", "machine", "customer", "technician", "finding", "cause", "action", "component", "is_solved",
    "labour_minutes", "travel_minutes", "distance_km", "money", "way", "signer", "signed_at", "filed_at", "filed_by", "digest",
)  # fmt: skip
SORTS = {
    "changed_at": Sort(ServiceReport.changed_at, lambda report: report.changed_at),
    "number": Sort(ServiceReport.number, lambda report: report.number),
}
DEFAULT_SORT = "-number"
UNSIGNED_WAYS = (SignatureWay.ABSENT, SignatureWay.REFUSED, SignatureWay.PAPER)

MISSING_COLUMNS = ("order", "kind", "machine", "customer", "technician", "finished_at", "status", "has_paper")
MISSING_SORTS = {"finished_at": Sort(WorkOrder.finished_at, lambda order: order.finished_at)}
MISSING_SORT = "finished_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """What the list is narrowed to; empty values do not narrow. ``way`` may be ``unsigned``: closed without a drawn signature."""

    q: str = ""
    status: str = ""
    technician: int | None = None
    machine: str = ""
    cause: str = ""
    way: str = ""
    from_on: date | None = None
    to_on: date | None = None


def listed(actor: Actor, wanted: ReportFilter) -> ModelSelect:
    """The reports of the list, each with its signature if it has one."""
    query = visible(actor).select_extend(ReportSignature.way, ReportSignature.signer_name, ReportSignature.digest)
    query = query.join_from(ServiceReport, ReportSignature, JOIN.LEFT_OUTER, on=(ReportSignature.report == ServiceReport.id), attr="signed")
    plain = (
        (ServiceReport.status, wanted.status), (WorkOrder.lead, wanted.technician), (Machine.serial, wanted.machine),
        (ServiceReport.cause, wanted.cause),
    )  # fmt: skip
    for column, value in plain:
        if value:
            query = query.where(column == value)
    if wanted.way:
        ways = UNSIGNED_WAYS if wanted.way == "unsigned" else (wanted.way,)
        query = query.where(ReportSignature.way.in_(ways))
    if wanted.from_on is not None:
        query = query.where(ServiceReport.changed_at >= _start_of(wanted.from_on))
    if wanted.to_on is not None:
        query = query.where(ServiceReport.changed_at < _start_of(wanted.to_on + timedelta(days=1)))
    return query.where(_found(wanted.q)) if wanted.q else query


def _found(q: str) -> Any:
    columns = (
        ServiceReport.number,
        ServiceReport.finding,
        ServiceReport.action,
        WorkOrder.number,
        WorkOrder.title,
        Machine.serial,
        Customer.name,
    )
    condition = columns[0].contains(q)
    for column in columns[1:]:
        condition |= column.contains(q)
    return condition


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.zone())


def page(actor: Actor, wanted: ReportFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[ServiceReport]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted), SORTS, sort, after=after, before=before)


def exported(actor: Actor, wanted: ReportFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export."""
    for report in paging.whole(listed(actor, wanted), SORTS, sort).iterator():
        order, signed = report.order, getattr(report, "signed", None)
        yield [
            report.number, order.number, order.kind, report.status, _name(order, "machine", "serial"), _name(order, "customer", "name"),
            _name(order, "lead", "name"), report.finding, report.cause, report.action, report.component, report.is_solved,
            report.labour_minutes, report.travel_minutes, report.distance_km, report.money_fen / 100,
            getattr(signed, "way", None), getattr(signed, "signer_name", ""), report.signed_at, report.filed_at, report.filed_by_name,
            getattr(signed, "digest", ""),
        ]  # fmt: skip


def _name(order: WorkOrder, key: str, column: str) -> str:
    return getattr(getattr(order, key), column) if getattr(order, f"{key}_id") else ""


def technicians() -> list[tuple[int, str]]:
    """Who is or was a technician, by name."""
    held = UserRole.select(UserRole.user).where(UserRole.role == Role.TECHNICIAN)
    return [(user.id, user.name) for user in User.select(User.id, User.name).where(User.id.in_(held)).order_by(User.name)]


# --- finished without a signed report -------------------------------------------


def missing(actor: Actor, technician: int | None = None) -> ModelSelect:
    """Finished orders that ``actor`` may see without a signed report, with lead, machine, customer, and whether paper was handed in."""
    papers = Document.select(Document.id).where(
        Document.about == WorkOrder.number, Document.form_type == FormType.SERVICE_REPORT, Document.removed_at.is_null()
    )
    query = (
        WorkOrder.select(WorkOrder, User, Machine, Customer, ServiceReport, papers.limit(1).alias("paper_id"))
        .join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=WorkOrder.lead)
        .join_from(WorkOrder, Machine, JOIN.LEFT_OUTER, on=WorkOrder.machine)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER, on=WorkOrder.customer)
        .join_from(WorkOrder, ServiceReport, JOIN.LEFT_OUTER, on=(ServiceReport.order == WorkOrder.id), attr="draft")
        .where(WorkOrder.status == OrderStatus.FINISHED, ServiceReport.id.is_null() | (ServiceReport.status == ReportStatus.DRAFT))
    )
    query = orders.within(query, actor)
    return query.where(WorkOrder.lead == technician) if technician else query


def missing_page(actor: Actor, technician: int | None, *, sort: str, after: str | None, before: str | None) -> Page[WorkOrder]:
    """One page of ``missing``. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(missing(actor, technician), MISSING_SORTS, sort, after=after, before=before)


def missing_exported(actor: Actor, technician: int | None, sort: str) -> Iterator[list[Any]]:
    """The rows of ``MISSING_COLUMNS`` for an export."""
    for order in paging.whole(missing(actor, technician), MISSING_SORTS, sort).iterator():
        yield [
            order.number, order.kind, _name(order, "machine", "serial"), _name(order, "customer", "name"), _name(order, "lead", "name"),
            order.finished_at, getattr(getattr(order, "draft", None), "status", None), order.paper_id is not None,
        ]  # fmt: skip
