"""What a signed report used: its parts leave the van of who wrote it, or of the lead (workflows, Parts)."""

from datetime import datetime

from app.core.types import Actor
from app.service_reports.models import ReportPart, ServiceReport
from app.service_reports.writing import is_put_on
from app.supply import consumption
from app.supply.consumption import Fitted, Job


def take_parts(by: Actor, report: ServiceReport, at: datetime) -> None:
    """Book the parts of ``report``, in the transaction of its signature. Never refuses."""
    order = report.order
    whose = [report.by, order.lead] if order.lead_id else [report.by]
    parts = ReportPart.select().where(ReportPart.report == report).order_by(ReportPart.position)
    lines = [_fitted(part) for part in parts]
    consumption.take(by, Job(order, report.number, order.machine if order.machine_id else None, whose), lines, at)


def _fitted(part: ReportPart) -> Fitted:
    return Fitted(part.part_number, part.quantity, part.serial_on, part.serial_off, is_put_on(part.serial_off, part.serial_on))
