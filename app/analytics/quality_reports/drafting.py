"""A daily report is drafted from the fault register: each fault once, on the day it began, or later when it became known late (2E-24)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from peewee import JOIN

from app.analytics.quality_reports.models import FaultClass, QualityEntry, QualityReport, ReportKind
from app.core import clock, db
from app.customers.models import Customer
from app.machines import profiles
from app.machines.models import Machine, MachineModel
from app.machines.profiles import CodePolicy
from app.machines.queries import profile_documents
from app.monitoring.models import Episode
from app.service_reports.models import ReportStatus, ServiceReport
from app.tickets.models import Ticket
from app.work_orders.models import WorkOrder

# Components as profiles name them, and the class a fault of theirs is put down to at first.
CLASS_OF = {
    "hydraulics": FaultClass.HYDRAULIC,
    "electrical": FaultClass.ELECTRICAL,
    "control": FaultClass.CONTROL,
    "sensors": FaultClass.SENSOR,
    "ram": FaultClass.MECHANICAL,
    "lift": FaultClass.MECHANICAL,
    "container": FaultClass.MECHANICAL,
    "pit": FaultClass.MECHANICAL,
    "safety": FaultClass.SAFETY,
    "terminal": FaultClass.COMMUNICATION,
}
LATE_WITHIN = timedelta(days=35)
COPIED = (
    "serial",
    "model",
    "batch",
    "customer",
    "code",
    "name_zh",
    "name_en",
    "severity",
    "started_at",
    "ended_at",
    "count",
    "ticket",
    "cause",
)


def bounds(day: date) -> tuple[datetime, datetime]:
    """From midnight to midnight where the deployment is."""
    start = datetime.combine(day, time(), clock.zone())
    end = datetime.combine(day + timedelta(days=1), time(), clock.zone())
    return start.astimezone(UTC), end.astimezone(UTC)


def report_of(day: date, at: datetime) -> QualityReport:
    """The report of ``day``, made when there is none yet, in the running transaction."""
    values = {"kind": ReportKind.DAILY, "day": day, "created_at": at, "changed_at": at}
    QualityReport.insert(values).on_conflict_ignore().execute()
    found: QualityReport = db.for_update(
        QualityReport.select().where(QualityReport.kind == ReportKind.DAILY, QualityReport.day == day)
    ).get()
    return found


def refresh(report: QualityReport, at: datetime) -> bool:
    """Bring a report that is not frozen in step with the register, in the running transaction; returns whether anything changed.

    Corrected classes and remarks stay. What is gone from the register goes; what another report holds stays there.
    """
    if report.frozen_at is not None:
        return False
    found = {row.id: row for row in _episodes(report.day)}
    entries = {entry.episode_number: entry for entry in QualityEntry.select().where(QualityEntry.report == report)}
    changed = _remove(set(entries) - set(found))
    causes = _causes(found)
    documents = profile_documents()
    for number, episode in found.items():
        policy = profiles.code(documents.get(episode.machine.profile_id), episode.code)
        changed |= _write(report, entries.get(number), _copied(episode, policy, causes.get(number, "")), policy)
    if changed:
        QualityReport.update(version=QualityReport.version + 1, changed_at=at).where(QualityReport.id == report.id).execute()
    return changed


def _episodes(day: date) -> list[Episode]:
    """What began on ``day``, and what began on an earlier day whose report was frozen before it was known."""
    start, end = bounds(day)
    placed = QualityEntry.select(QualityEntry.episode_number).join(QualityReport).where(QualityReport.day != day)
    query = Episode.select(Episode, Machine, MachineModel, Customer, Ticket).join(Machine).join(MachineModel, JOIN.LEFT_OUTER)
    query = query.join_from(Machine, Customer, JOIN.LEFT_OUTER).join_from(Episode, Ticket, JOIN.LEFT_OUTER)
    query = query.where(Episode.started_at >= start - LATE_WITHIN, Episode.started_at < end, Episode.id.not_in(placed))
    is_frozen = (QualityReport.kind == ReportKind.DAILY) & QualityReport.frozen_at.is_null(False)
    frozen = {row for (row,) in QualityReport.select(QualityReport.day).where(is_frozen, QualityReport.day < day).tuples()}
    found = query.order_by(Episode.started_at, Episode.id)
    return [row for row in found if row.started_at >= start or clock.day_of(row.started_at) in frozen]


def _causes(found: dict[int, Episode]) -> dict[int, str]:
    """The cause that the service report of its ticket gives, by episode."""
    tickets = {row.ticket_id: row.id for row in found.values() if row.ticket_id}
    if not tickets:
        return {}
    query = ServiceReport.select(WorkOrder.ticket, ServiceReport.cause).join(WorkOrder)
    query = query.where(WorkOrder.ticket.in_(list(tickets)), ServiceReport.status != ReportStatus.DRAFT, ServiceReport.cause.is_null(False))
    by_ticket = dict(query.order_by(ServiceReport.id).tuples())
    return {row.id: by_ticket[row.ticket_id] for row in found.values() if row.ticket_id in by_ticket}


def _copied(episode: Episode, policy: CodePolicy, cause: str) -> dict[str, Any]:
    machine = episode.machine
    return {
        "serial": machine.serial, "model": machine.model.name if machine.model_id else "", "batch": machine.batch or "",
        "customer": (machine.customer.short_name or machine.customer.name) if machine.customer_id else "", "code": episode.code,
        "name_zh": policy.name_zh if policy.is_in_profile else "", "name_en": policy.name_en if policy.is_in_profile else "",
        "severity": episode.severity, "started_at": episode.started_at, "ended_at": episode.ended_at, "count": episode.count,
        "ticket": episode.ticket.number if episode.ticket_id else "", "cause": cause,
        "episode_number": episode.id,
    }  # fmt: skip


def _write(report: QualityReport, entry: QualityEntry | None, values: dict[str, Any], policy: CodePolicy) -> bool:
    if entry is None:
        drafted = CLASS_OF.get(policy.component, FaultClass.OTHER)
        QualityEntry.create(report=report, drafted_class=drafted, fault_class=drafted, **values)
        return True
    if all(getattr(entry, name) == values[name] for name in COPIED):
        return False
    QualityEntry.update({name: values[name] for name in COPIED}).where(QualityEntry.id == entry.id).execute()
    return True


def _remove(numbers: set[int]) -> bool:
    return bool(numbers) and QualityEntry.delete().where(QualityEntry.episode_number.in_(list(numbers))).execute() > 0
