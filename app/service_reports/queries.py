"""What screens show of service reports."""

from app.service_reports.models import ServiceReport
from app.work_orders.models import WorkOrder


def of_order(order: WorkOrder) -> ServiceReport | None:
    """The report of an order; None while nobody has begun it."""
    return ServiceReport.get_or_none(ServiceReport.order == order)
