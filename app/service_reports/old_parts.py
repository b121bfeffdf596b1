"""What a signed report means for the parts that came off in warranty: their returns open with the signature (2A-17, workflows, Parts)."""

from datetime import datetime
from decimal import Decimal

from app.contracts import warranty
from app.core.types import Actor
from app.parts.models import Part
from app.returns import opening
from app.returns.opening import Removed
from app.service_reports.models import ReportPart, ServiceReport


def open_returns(by: Actor, report: ServiceReport, at: datetime) -> None:
    """Open the returns of a report that is being signed, in the running transaction; what is off warranty stays with the customer."""
    lines = list(ReportPart.select().where(ReportPart.report == report).order_by(ReportPart.position))
    parts = {part.number: part for part in Part.select().where(Part.number.in_([line.part_number for line in lines]))}
    order = report.order
    covered = [line for line in lines if warranty.covers_part(order, parts.get(line.part_number), line.name, report.cause)]
    opening.open_for(by, order, [_removed(line) for line in covered], at)


def _removed(line: ReportPart) -> Removed:
    return Removed(
        name=line.name, number=line.part_number, serial=line.serial_off, quantity=Decimal(line.quantity), is_kept=line.is_old_kept
    )
