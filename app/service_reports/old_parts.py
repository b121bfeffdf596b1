"""What a signed report means for the parts that came off in warranty: their returns open with the signature (2A-17, workflows, Parts)."""

from datetime import datetime
from decimal import Decimal

from app.core.types import Actor
from app.machines.warranty import WarrantyState
from app.parts.models import Part
from app.returns import opening
from app.returns.opening import Removed
from app.service_reports.models import FaultCause, ReportPart, ServiceReport


def open_returns(by: Actor, report: ServiceReport, at: datetime) -> None:
    """Open the returns of a report that is being signed, in the running transaction; what is off warranty stays with the customer."""
    if report.order.warranty != WarrantyState.IN or report.cause == FaultCause.MISUSE:
        return
    lines = list(ReportPart.select().where(ReportPart.report == report).order_by(ReportPart.position))
    worn = {number for (number,) in Part.select(Part.number).where(Part.is_wear).tuples()}
    opening.open_for(by, report.order, [_removed(line) for line in lines if line.part_number not in worn], at)


def _removed(line: ReportPart) -> Removed:
    return Removed(
        name=line.name, number=line.part_number, serial=line.serial_off, quantity=Decimal(line.quantity), is_kept=line.is_old_kept
    )
