"""The daily and monthly report that writes itself (日报, 月报; facts, Other forms), as text for a chat in the language of ``locale``."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import Area, User
from app.core import clock
from app.core.errors import N_
from app.core.spoken import say
from app.customers.models import Customer, Site
from app.machines.models import Machine
from app.service_reports.models import ReportPart, ServiceReport
from app.web.labels import LABELS
from app.work_orders.models import Visit, VisitAssistant, WorkOrder
from app.work_orders.technician_reports import month_after, start_of

NOTHING = N_("none")
_MINUTES_OF_AN_HOUR = 60


@dataclass(slots=True)
class Stop:
    """One visit with what its report says; ``minutes`` are those of the report, else the time on site."""

    visit: Visit
    order: WorkOrder
    report: ServiceReport | None
    minutes: int
    parts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Sums:
    """What is added up under a report."""

    visits: int = 0
    finished: int = 0
    minutes: int = 0
    km: int = 0
    fen: int = 0


def day_text(user: User, on: date, locale: str) -> str:
    """The report of one day: each visit with its cause, work and parts, the sums, problems, tomorrow's plan."""
    stops = visited(user.id, on, on + timedelta(days=1))
    lines = [say(locale, N_("[Daily report] %(day)s %(name)s"), day=on.isoformat(), name=user.name)]
    for number, stop in enumerate(stops, 1):
        lines += _stop_lines(number, stop, locale)
    if not stops:
        lines.append(say(locale, N_("No visits.")))
    lines.append(_sum_line(sums(stops), locale))
    lines.append(say(locale, N_("Problems: %(words)s"), words=_problems(stops, locale)))
    lines += _plan_lines(user.id, on + timedelta(days=1), locale)
    return "\n".join(lines)


def month_text(user: User, first: date, locale: str) -> str:
    """The report of a month: the sums, areas, and machines one was at more than once."""
    stops = visited(user.id, first, month_after(first))
    total = sums(stops)
    lines = [say(locale, N_("[Monthly report] %(month)s %(name)s"), month=f"{first:%Y-%m}", name=user.name), _sum_line(total, locale)]
    lines.append(say(locale, N_("Jobs finished: %(count)s"), count=total.finished))
    areas = Counter(stop.order.area.name for stop in stops if stop.order.area_id)
    if areas:
        named = ", ".join(f"{name} {count}" for name, count in areas.most_common())
        lines.append(say(locale, N_("Visits by area: %(areas)s"), areas=named))
    kinds = Counter(stop.order.kind for stop in stops)
    if kinds:
        named = ", ".join(f"{say(locale, LABELS['OrderKind'][kind])} {count}" for kind, count in kinds.most_common())
        lines.append(say(locale, N_("Visits by kind: %(kinds)s"), kinds=named))
    lines += _repeat_lines(stops, locale)
    lines.append(say(locale, N_("Problems: %(words)s"), words=_problems(stops, locale)))
    return "\n".join(lines)


def visited(user_id: int, first: date, end: date) -> list[Stop]:
    """The visits on which ``user_id`` arrived from ``first`` until before ``end``, as lead or along, in their order."""
    was_there = (Visit.arrived_at >= start_of(first)) & (Visit.arrived_at < start_of(end))
    query = _joined().where(was_there, _goes(user_id)).order_by(Visit.arrived_at, Visit.id)
    stops = [_stop(visit) for visit in query]
    by_report = {stop.report.id: stop for stop in stops if stop.report is not None}
    for part in ReportPart.select().where(ReportPart.report.in_(list(by_report))).order_by(ReportPart.report, ReportPart.position):
        by_report[part.report_id].parts.append(f"{part.name}×{part.quantity}")
    return stops


def _joined() -> ModelSelect:
    return (
        Visit.select(Visit, WorkOrder, Machine, Customer, Site, Area, ServiceReport)
        .join_from(Visit, WorkOrder)
        .join_from(WorkOrder, Machine, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Site, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Area, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, ServiceReport, JOIN.LEFT_OUTER, on=(ServiceReport.order == WorkOrder.id), attr="written")
    )


def _goes(user_id: int) -> Any:
    return (Visit.lead == user_id) | Visit.id.in_(VisitAssistant.select(VisitAssistant.visit).where(VisitAssistant.user == user_id))


def _stop(visit: Visit) -> Stop:
    report: ServiceReport | None = getattr(visit.order, "written", None)
    on_site = visit.left_at - visit.arrived_at if visit.left_at else timedelta()
    labour = report.labour_minutes if report is not None else None
    return Stop(visit, visit.order, report, labour if labour is not None else int(on_site.total_seconds() // 60))


def sums(stops: list[Stop]) -> Sums:
    """Added up; what a report says counts once, however many visits its order had."""
    total, seen = Sums(visits=len(stops)), set()
    for stop in stops:
        is_first, report = stop.order.id not in seen, stop.report
        seen.add(stop.order.id)
        if report is None or report.labour_minutes is None or is_first:
            total.minutes += stop.minutes
        if is_first:
            total.finished += stop.order.finished_at is not None
            total.km += (report.distance_km or 0) if report else 0
            total.fen += report.money_fen if report else 0
    return total


def _stop_lines(number: int, stop: Stop, locale: str) -> list[str]:
    order, report = stop.order, stop.report
    lines = [f"{number}. {_place(order)} {order.title} {order.number}"]
    if report is not None:
        cause = say(locale, LABELS["FaultCause"][report.cause]) if report.cause else ""
        lines += _named(locale, N_("Finding: %(words)s"), report.finding)
        lines += _named(locale, N_("Cause: %(words)s"), " ".join(filter(None, (cause, report.cause_text))))
        lines += _named(locale, N_("Done: %(words)s"), report.action)
    lines += _named(locale, N_("Parts: %(words)s"), ", ".join(stop.parts))
    at = _clock_time(stop.visit.arrived_at)
    until = _clock_time(stop.visit.left_at) if stop.visit.left_at else "…"
    lines.append(say(locale, N_("On site %(start)s-%(end)s"), start=at, end=until))
    return lines


def _named(locale: str, message: str, words: str) -> list[str]:
    flat = " ".join(words.split())
    return [say(locale, message, words=flat)] if flat else []


def _place(order: WorkOrder) -> str:
    customer = (order.customer.short_name or order.customer.name) if order.customer_id else ""
    return " ".join(filter(None, (customer, order.site.name if order.site_id else "", order.machine.serial if order.machine_id else "")))


def _sum_line(total: Sums, locale: str) -> str:
    message = N_("In all: %(visits)s visits, %(hours)s h of work, %(km)s km, ¥%(money)s taken")
    hours, money = f"{total.minutes / _MINUTES_OF_AN_HOUR:.1f}", f"{Decimal(total.fen) / 100:.2f}"
    return say(locale, message, visits=total.visits, hours=hours, km=total.km, money=money)


def _problems(stops: list[Stop], locale: str) -> str:
    """What was not solved, as the reports say."""
    unsolved = [stop.order.number for stop in stops if stop.report is not None and not stop.report.is_solved]
    if not unsolved:
        return say(locale, NOTHING)
    return say(locale, N_("not solved yet: %(numbers)s"), numbers=", ".join(dict.fromkeys(unsolved)))


def _plan_lines(user_id: int, on: date, locale: str) -> list[str]:
    planned = (
        (Visit.planned_from >= start_of(on))
        & (Visit.planned_from < start_of(on + timedelta(days=1)))
        & Visit.dropped_at.is_null()
        & Visit.arrived_at.is_null()
    )
    visits = list(_joined().where(planned, _goes(user_id)).order_by(Visit.planned_from, Visit.id))
    if not visits:
        return [say(locale, N_("Tomorrow: %(words)s"), words=say(locale, NOTHING))]
    head = say(locale, N_("Tomorrow: %(words)s"), words="")
    return [head.rstrip(), *(f"{_clock_time(one.planned_from)} {_place(one.order)} {one.order.title}" for one in visits)]


def _repeat_lines(stops: list[Stop], locale: str) -> list[str]:
    """Machines with more than one order in the month."""
    orders: dict[str, dict[int, str]] = {}
    for stop in stops:
        if stop.order.machine_id:
            orders.setdefault(stop.order.machine.serial, {})[stop.order.id] = stop.order.title
    repeated = {serial: list(titles.values()) for serial, titles in orders.items() if len(titles) > 1}
    if not repeated:
        return [say(locale, N_("Repeated faults: %(words)s"), words=say(locale, NOTHING))]
    head = say(locale, N_("Repeated faults: %(words)s"), words="").rstrip()
    return [head, *(f"{serial} ×{len(titles)}: {'; '.join(dict.fromkeys(titles))}" for serial, titles in sorted(repeated.items()))]


def _clock_time(at: datetime) -> str:
    return f"{at.astimezone(clock.zone()):%H:%M}"
