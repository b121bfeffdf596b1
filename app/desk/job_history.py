"""What happened before at a machine and what helped, for whoever goes there now: the same fault first, then the newest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN

from app.accounts.models import User
from app.machines.models import Machine
from app.service_reports.models import ReportPart, ServiceReport
from app.tickets import reasons
from app.tickets.models import PastWork, Ticket
from app.work_orders.models import DONE_STATUSES, WorkOrder

LOOKED_AT, SHOWN = 40, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """One earlier job: what it was, what was found and done, which parts went on; ``is_same`` is the same fault or component."""

    at: datetime
    number: str
    title: str
    who: str = ""
    finding: str = ""
    action: str = ""
    parts: tuple[str, ...] = ()
    minutes: int | None = None
    is_same: bool = False


def before(order: WorkOrder) -> list[Before]:
    """The earlier jobs at the machine of ``order``: those of the same fault first, each group newest first."""
    codes = frozenset(reasons.codes(order.ticket.reason)) if order.ticket_id else frozenset()
    found = [*_orders(order, codes), *_tickets(order, codes)]
    return sorted(found, key=lambda one: (one.is_same, one.at), reverse=True)[:SHOWN]


def _orders(order: WorkOrder, codes: frozenset[str]) -> Iterator[Before]:
    query = (
        WorkOrder.select(WorkOrder, Ticket, ServiceReport, User.id, User.name)
        .join_from(WorkOrder, Ticket, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=(WorkOrder.lead == User.id), attr="lead")
        .join_from(WorkOrder, ServiceReport, JOIN.LEFT_OUTER, on=(ServiceReport.order == WorkOrder.id), attr="written")
        .where(WorkOrder.machine == order.machine_id, WorkOrder.id != order.id, WorkOrder.status.in_(DONE_STATUSES))
        .order_by(WorkOrder.created_at.desc(), WorkOrder.id.desc())
        .limit(LOOKED_AT)
    )
    rows = list(query)
    parts = _parts([row.written.id for row in rows if getattr(row, "written", None)])
    for row in rows:
        written: ServiceReport | None = getattr(row, "written", None)
        known = frozenset(reasons.codes(row.ticket.reason)) if row.ticket_id else frozenset()
        components = {row.component, written.component if written else ""} - {""}
        yield Before(
            at=row.finished_at,
            number=row.number,
            title=row.title,
            who=row.lead.name if row.lead_id else "",
            finding=written.finding if written else "",
            action=written.action if written else "",
            parts=tuple(parts.get(written.id, ())) if written else (),
            minutes=written.labour_minutes if written else None,
            is_same=bool(codes & known) or order.component in components,
        )


def _parts(report_ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for part in ReportPart.select().where(ReportPart.report.in_(report_ids)).order_by(ReportPart.report, ReportPart.position):
        found.setdefault(part.report_id, []).append(f"{part.name}×{part.quantity}" if part.quantity > 1 else part.name)
    return found


def _tickets(order: WorkOrder, codes: frozenset[str]) -> Iterator[Before]:
    """What was solved without an order, and old records."""
    machine: Machine = order.machine
    query = (
        Ticket.select(Ticket, PastWork)
        .join(PastWork, JOIN.LEFT_OUTER, on=(PastWork.ticket == Ticket.id), attr="past")
        .where(Ticket.machine == machine, ~Ticket.is_open)
        .where((Ticket.solution != "") | PastWork.ticket.is_null(False))
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
        .limit(LOOKED_AT)
    )
    for row in query:
        past: PastWork | None = getattr(row, "past", None)
        yield Before(
            at=row.resolved_at or row.closed_at or row.opened_at,
            number=row.number,
            title=row.title,
            who=past.technician_name if past else "",
            action=row.solution or row.text,
            is_same=bool(codes & frozenset(reasons.codes(row.reason))),
        )
