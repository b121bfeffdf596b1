"""What stands behind a ticket of monitoring (§4): warranty at the fault's time, what fixed it before, the readings, the safety words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import JOIN, SQL, Case, ModelSelect, fn

from app.contracts import warranty
from app.contracts.warranty import Verdict
from app.core import clock
from app.core.types import Actor
from app.machines import profiles
from app.machines.models import Machine
from app.machines.profiles import CodePolicy, MetricKind, Profile
from app.machines.queries import profile_of
from app.monitoring import readings
from app.monitoring.drawing import Drawing, draw, limits_of
from app.monitoring.readings import Series
from app.monitoring.sources import sources
from app.service_reports.models import ReportPart, ReportStatus, ServiceReport
from app.tickets.models import Ticket, TicketFault, TicketStatus
from app.tickets.reasons import AlarmReason
from app.work_orders.models import WorkOrder

AROUND = timedelta(minutes=30)
SHOWN_REPAIRS, SHOWN_PARTS, SHOWN_METRICS = 5, 5, 2
PICTURE = (560, 190)


@dataclass(frozen=True, slots=True)
class Repair:
    """A ticket about the same fault that is done: when and where it was, whether on this machine, and what fixed it."""

    at: datetime
    number: str
    serial: str
    is_same_machine: bool
    what_helped: str


@dataclass(frozen=True, slots=True)
class UsedPart:
    """A part that such repairs needed: in how many reports, and how many pieces in all."""

    name: str
    part_number: str
    reports: int
    pieces: int


@dataclass(frozen=True, slots=True)
class FaultContext:
    """What stands behind a ticket; ``policies`` are its codes, ``at`` is when the last of them was raised."""

    at: datetime
    policies: list[CodePolicy]
    warranty: Verdict | None
    repairs: list[Repair]
    parts: list[UsedPart]
    charts: list[tuple[Series, Drawing]]
    profile: Profile | None

    def warnings(self, language: str) -> list[str]:
        """What whoever goes there must know first, each once."""
        return list(dict.fromkeys(policy.warning.within(language) for policy in self.policies if policy.warning))

    @property
    def guards_people(self) -> bool:
        """Whether one of the codes guards people."""
        return any(policy.safety for policy in self.policies)


def of_ticket(by: Actor, ticket: Ticket, raised: Sequence[AlarmReason]) -> FaultContext | None:
    """What stands behind ``ticket``, which the alarms ``raised`` opened; None without any, or without a machine."""
    machine = ticket.machine
    if not raised or machine is None:
        return None
    profile, at = profile_of(machine), max(reason.at for reason in raised)
    policies = [profiles.code(profile, code) for code in dict.fromkeys(reason.code for reason in raised)]
    families = [policy.family for policy in policies]
    return FaultContext(
        at=at,
        policies=policies,
        warranty=warranty.decide(machine, clock.day_of(at)),
        repairs=_repairs(by, ticket, machine, families),
        parts=_parts(by, machine, families) if by.may("service_reports.read") else [],
        charts=_charts(machine, profile, policies, at),
        profile=profile,
    )


def _of_family(query: ModelSelect, by: Actor, machine: Machine, families: list[str]) -> ModelSelect:
    """Those about one of ``families`` of machines of the same model that ``by`` may see."""
    query = query.where(TicketFault.family.in_(families), Machine.model == machine.model_id)
    return query if by.area_ids is None else query.where(Machine.area.in_(list(by.area_ids)))


def _repairs(by: Actor, ticket: Ticket, machine: Machine, families: list[str]) -> list[Repair]:
    """The last such tickets that are done and say what helped: of this machine first, then of its model."""
    helped = fn.COALESCE(fn.NULLIF(ServiceReport.action, ""), Ticket.solution, "")
    is_same = Case(None, ((Machine.id == machine.id, 1),), 0)
    columns = (is_same, Ticket.opened_at, Ticket.number, Machine.serial, helped)
    query = (
        TicketFault.select(*columns)
        .distinct()
        .join_from(TicketFault, Machine)
        .join_from(TicketFault, Ticket)
        .join_from(Ticket, WorkOrder, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, ServiceReport, JOIN.LEFT_OUTER, on=_is_signed_of(WorkOrder))
        .where(Ticket.id != ticket.id, Ticket.status.in_((TicketStatus.RESOLVED, TicketStatus.CLOSED)), helped != "")
        .order_by(SQL("1").desc(), Ticket.opened_at.desc())
        .limit(SHOWN_REPAIRS)
    )
    rows = _of_family(query, by, machine, families).tuples()
    return [Repair(at, number, serial, same == 1, words) for same, at, number, serial, words in rows]


def _is_signed_of(order: type[WorkOrder]) -> object:
    return (ServiceReport.order == order.id) & (ServiceReport.status != ReportStatus.DRAFT)


def _parts(by: Actor, machine: Machine, families: list[str]) -> list[UsedPart]:
    """What the reports of such tickets say was put on, most often first."""
    reports, pieces = fn.COUNT(ReportPart.report.distinct()), fn.SUM(ReportPart.quantity)
    query = (
        ReportPart.select(ReportPart.name, ReportPart.part_number, reports, pieces)
        .join_from(ReportPart, ServiceReport)
        .join_from(ServiceReport, WorkOrder)
        .join_from(WorkOrder, TicketFault, on=(TicketFault.ticket == WorkOrder.ticket))
        .join_from(TicketFault, Machine)
        .where(ServiceReport.status != ReportStatus.DRAFT)
        .group_by(ReportPart.name, ReportPart.part_number)
        .order_by(reports.desc(), pieces.desc(), ReportPart.name)
        .limit(SHOWN_PARTS)
    )
    return [UsedPart(*row) for row in _of_family(query, by, machine, families).tuples()]


def _charts(machine: Machine, profile: Profile | None, policies: list[CodePolicy], at: datetime) -> list[tuple[Series, Drawing]]:
    wanted = _metrics(profile, {policy.code for policy in policies})
    if not wanted:
        return []
    window = (at - AROUND, at + AROUND)
    found = readings.around(profile, sources(machine), wanted, *window)[:SHOWN_METRICS]
    return [(one, draw(one, clock.zone(), PICTURE, limits=limits_of(profile, one.metric), moment=at)) for one in found]


def _metrics(profile: Profile | None, codes: set[str]) -> list[str]:
    """The metrics of the rules for ``codes``; without rules the first numbers of the profile."""
    if profile is None:
        return []
    ruled = [rule.metric for rule in profile.rules if rule.code in codes]
    return (
        list(dict.fromkeys(ruled)) or [key for key, metric in profile.metrics.items() if metric.kind == MetricKind.NUMBER][:SHOWN_METRICS]
    )
