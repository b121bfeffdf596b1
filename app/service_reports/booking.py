"""What the parts of a report mean for the books, once it is signed or amended (2A-17, workflows, Parts).

What was put on leaves the van of who wrote it, or of the lead; what came off in warranty goes back to the factory.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.contracts import warranty
from app.core.types import Actor
from app.parts.models import Part
from app.returns import opening
from app.returns.opening import Removed
from app.service_reports.models import ServiceReport
from app.service_reports.writing import PartLine
from app.supply import consumption
from app.supply.consumption import Fitted, Job


def book(by: Actor, report: ServiceReport, lines: Sequence[PartLine], cause: str | None, at: datetime) -> None:
    """Book ``lines`` of ``report`` in the transaction of its signature or amendment, ``cause`` being that of the fault. Never refuses."""
    _take_parts(by, report, lines, at)
    _open_returns(by, report, lines, cause, at)


def added(before: Sequence[Mapping[str, Any]], after: Sequence[PartLine]) -> list[PartLine]:
    """What ``after`` has more of than ``before``: a serial number or a name that was put right is no further part.

    Lines without a number of the catalogue are counted together, for their names are free words.
    """
    known = [PartLine(**line) for line in before]
    missing: Counter[tuple[str, bool]] = Counter()
    for sign, lines in ((1, after), (-1, known)):
        for line in lines:
            missing[_kind(line)] += sign * line.quantity
    found = []
    for line in sorted(after, key=lambda one: one in known):  # lines that are new come before those that were there
        more = min(missing[_kind(line)], line.quantity)
        if more > 0:
            missing[_kind(line)] -= more
            found.append(replace(line, quantity=more))
    return found


def _kind(line: PartLine) -> tuple[str, bool]:
    return line.part_number.strip(), line.is_put_on


def _take_parts(by: Actor, report: ServiceReport, lines: Sequence[PartLine], at: datetime) -> None:
    order = report.order
    whose = [report.by, order.lead] if order.lead_id else [report.by]
    fitted = [Fitted(line.part_number, line.quantity, line.serial_on, line.serial_off, line.is_put_on) for line in lines]
    consumption.take(by, Job(order, report.number, order.machine if order.machine_id else None, whose), fitted, at)


def _open_returns(by: Actor, report: ServiceReport, lines: Sequence[PartLine], cause: str | None, at: datetime) -> None:
    """What is off warranty stays with the customer."""
    parts = {part.number: part for part in Part.select().where(Part.number.in_([line.part_number for line in lines]))}
    covered = [line for line in lines if warranty.covers_part(report.order, parts.get(line.part_number), line.name, cause)]
    opening.open_for(by, report.order, [_removed(line) for line in covered], at)


def _removed(line: PartLine) -> Removed:
    return Removed(
        name=line.name, number=line.part_number, serial=line.serial_off, quantity=Decimal(line.quantity), is_kept=line.is_old_kept
    )
