"""What came off a machine and went onto it, when: the parts of its signed reports, as their amendments put them right."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.prepared import Prepared
from app.machines.models import Machine
from app.service_reports import sheets
from app.service_reports.models import ReportAmendment, ReportPart, ServiceReport

MOST = 200


@dataclass(frozen=True, slots=True)
class Fitted:
    """One part of one report: ``part`` has the fields of ``sheets.PART_FIELDS``."""

    at: datetime
    report: str
    part: dict[str, Any]


_parts = Prepared(
    lambda machine_id, most: (
        ReportPart.select(ReportPart, ServiceReport)
        .join(ServiceReport)
        .where(ReportPart.machine == machine_id, ServiceReport.signed_at.is_null(False))
        .order_by(ServiceReport.signed_at.desc(), ServiceReport.id.desc(), ReportPart.position)
        .limit(most)
    )
)
_amendments = Prepared(
    lambda machine_id: (
        ReportAmendment.select(ReportAmendment, ServiceReport)
        .join(ServiceReport)
        .where(ServiceReport.machine == machine_id, ServiceReport.signed_at.is_null(False))
        .order_by(ReportAmendment.report, ReportAmendment.number)
    )
)


def parts_history(machine: Machine, *, most: int = MOST) -> list[Fitted]:
    """Every part that came off or went onto ``machine``, newest first."""
    amended = _amended(machine)
    rows = [
        Fitted(row.report.signed_at, row.report.number, {name: getattr(row, name) for name in sheets.PART_FIELDS})
        for row in _parts.rows(machine.id, most)
        if row.report.number not in amended
    ]
    rows += [Fitted(report.signed_at, report.number, part) for report, parts in amended.values() for part in parts]
    return sorted(rows, key=lambda one: (one.at, one.report), reverse=True)[:most]


def _amended(machine: Machine) -> dict[str, tuple[ServiceReport, list[dict[str, Any]]]]:
    """The reports whose parts were amended, with the parts as they are said to be now."""
    found: dict[str, tuple[ServiceReport, list[dict[str, Any]]]] = {}
    for amendment in _amendments.rows(machine.id):
        changes = sheets.changes_of([amendment])
        if "parts" in changes:
            found[amendment.report.number] = (amendment.report, changes["parts"])
    return found
