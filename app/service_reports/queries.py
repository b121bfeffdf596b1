"""What screens show of service reports."""

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import User
from app.core.errors import N_, NotFound
from app.core.types import Actor
from app.customers.models import Customer
from app.machines.models import Machine
from app.service_reports import sheets
from app.service_reports.models import ReportPhoto, ReportStatus, ServiceReport
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

THERE_IS_NONE = N_("There is no service report of this number, or it is not for you to see.")


@dataclass(frozen=True, slots=True)
class Summary:
    """A report in short: what was found and done, the parts in one line; amendments count."""

    number: str
    status: ReportStatus
    finding: str
    cause: str | None
    action: str
    component: str
    parts: str
    is_solved: bool


def of_order(order: WorkOrder) -> ServiceReport | None:
    """The report of an order; None while nobody has begun it."""
    return ServiceReport.get_or_none(ServiceReport.order == order)


def summary(order: WorkOrder) -> Summary | None:
    """What the report of ``order`` says in short; None while nobody has begun it."""
    report = of_order(order)
    if report is None:
        return None
    fields = sheets.of(report).fields
    return Summary(
        number=report.number,
        status=ReportStatus(report.status),
        finding=fields["finding"],
        cause=fields["cause"],
        action=fields["action"],
        component=fields["component"],
        parts="; ".join(part_in_words(part) for part in fields["parts"]),
        is_solved=fields["is_solved"],
    )


def part_in_words(part: dict[str, Any]) -> str:
    """A part in one line: name, number, quantity, serial numbers off → on."""
    words = [part["name"], part["part_number"], f"×{part['quantity']}" if part["quantity"] != 1 else ""]
    serials = " → ".join((part["serial_off"] or "–", part["serial_on"] or "–")) if part["serial_off"] or part["serial_on"] else ""
    return " ".join(word for word in (*words, f"({serials})" if serials else "") if word)


def visible(actor: Actor) -> ModelSelect:
    """The reports that ``actor`` may see, those of the orders they may see, with order, lead, machine and customer."""
    joined = (
        ServiceReport.select(ServiceReport, WorkOrder, User, Machine, Customer)
        .join_from(ServiceReport, WorkOrder)
        .join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=WorkOrder.lead)
        .join_from(WorkOrder, Machine, JOIN.LEFT_OUTER, on=WorkOrder.machine)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER, on=WorkOrder.customer)
    )
    return orders.within(joined, actor)


def by_number(actor: Actor, number: str) -> ServiceReport:
    """The report of this number. Raises ``NotFound`` for one that ``actor`` may not see."""
    found = visible(actor).where(ServiceReport.number == number).get_or_none()
    if found is None:
        raise NotFound(THERE_IS_NONE)
    return found


def photo_of(report: ServiceReport, photo_id: int) -> ReportPhoto:
    """One photo of ``report`` with its file. Raises ``NotFound`` for another report's."""
    for photo in sheets.photos_of(report):
        if photo.id == photo_id:
            return photo
    raise NotFound(N_("This report has no such photo."))
