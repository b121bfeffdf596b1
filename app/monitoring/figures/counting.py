"""What the register and the tickets of a month add up to; each figure with its definition."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, Case, Expression, ModelSelect, fn

from app.core.clock import to_ms
from app.machines import profiles
from app.machines.models import Machine
from app.machines.queries import profile_documents
from app.monitoring.models import AlarmFlood, Episode
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource, TicketStatus

WINDOW = timedelta(minutes=10)
MOST_IN_WINDOW = 10
STALE = timedelta(hours=24)
TOP = 10
KNOWN_WITHIN = timedelta(hours=24)
_MINUTE_MS = 60_000
_FIRST = SQL("1")  # the first column: PostgreSQL does not see that an expression with parameters is the same twice


@dataclass(frozen=True, slots=True)
class Span:
    """What is counted: the alarms that began from ``starts_at`` up to before ``ends_at``, of machines in ``areas`` (None: of all)."""

    starts_at: datetime
    ends_at: datetime
    areas: tuple[int, ...] | None = None

    def of(self, column: Any) -> Expression:
        """The condition that ``column`` lies in the time."""
        return (column >= self.starts_at) & (column < self.ends_at)

    def machines(self, query: ModelSelect) -> ModelSelect:
        """``query``, which joins Machine, of the machines that are meant."""
        return query if self.areas is None else query.where(Machine.area.in_(list(self.areas)))


@dataclass(frozen=True, slots=True)
class Durations:
    """How long something took: how many are known, the middle one and the one that nine of ten do not exceed, in minutes."""

    count: int = 0
    median: int | None = None
    ninetieth: int | None = None


@dataclass(frozen=True, slots=True)
class Top:
    """A code or a machine with how often it was an alarm."""

    key: str
    count: int
    name_zh: str = ""
    name_en: str = ""

    def name(self, language: str) -> str:
        """What it is called for a reader of ``language``."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(slots=True)
class Day:
    """The alarms of a day by severity."""

    critical: int = 0
    high: int = 0
    low: int = 0

    @property
    def alarms(self) -> int:
        """All of them."""
        return self.critical + self.high + self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The figures of one span of time."""

    days: float
    machines: int
    alarms: int
    by_severity: dict[str, int]
    by_day: Sequence[Day]
    crowded_windows: int
    windows: int
    codes: Sequence[Top]
    top_machines: Sequence[Top]
    chattering: int
    stale: int
    acknowledged: Durations
    restored: Durations
    tickets: int
    from_monitoring: int
    decided: int
    false: int
    faults: int
    known_before: int
    floods: int
    flood_minutes: int

    @property
    def per_machine_and_day(self) -> float | None:
        """Alarms per day and monitored machine."""
        return self.alarms / self.days / self.machines if self.days and self.machines else None


def share(part: int, whole: int) -> float | None:
    """``part`` of ``whole`` in percent; None of nothing."""
    return 100 * part / whole if whole else None


def count(span: Span, now: datetime) -> Counted:
    """Everything about ``span``; what lies beyond ``now`` is left out of days and windows."""
    until = max(span.starts_at, min(span.ends_at, now))
    of_codes = _of_codes(span, now)
    tickets, from_monitoring, decided, false = _tickets(span)
    floods, flood_minutes = _floods(span, now)
    faults, known_before = _known_before(span)
    return Counted(
        days=(until - span.starts_at) / timedelta(days=1), machines=_machines(span), alarms=sum(row.count for row in of_codes),
        by_severity={severity: sum(row.count for row in of_codes if row.severity == severity) for severity in Priority},
        by_day=_by_day(span, until), crowded_windows=_crowded_windows(span), windows=max(1, -(-(until - span.starts_at) // WINDOW)),
        codes=_top_codes(of_codes), top_machines=_top_machines(span), chattering=sum(row.chattering for row in of_codes),
        stale=sum(row.stale for row in of_codes), acknowledged=_durations(span, Episode.acknowledged_at),
        restored=_durations(span, Episode.ended_at), tickets=tickets, from_monitoring=from_monitoring, decided=decided, false=false,
        faults=faults, known_before=known_before, floods=floods, flood_minutes=flood_minutes,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _OfCode:
    profile_id: int | None
    code: str
    severity: str
    count: int
    chattering: int
    stale: int


def _episodes(span: Span) -> ModelSelect:
    return span.machines(Episode.select().join(Machine).where(span.of(Episode.started_at)))


def _sum(condition: Any) -> Any:
    return fn.SUM(Case(None, [(condition, 1)], 0))


def _of_codes(span: Span, now: datetime) -> list[_OfCode]:
    ended_ms = fn.COALESCE(Episode.ended_at, to_ms(now))
    columns = (Machine.profile, Episode.code, Episode.severity)
    is_stale = ended_ms - Episode.started_at > STALE // timedelta(milliseconds=1)
    query = _episodes(span).select(*columns, fn.COUNT(Episode.id), _sum(Episode.is_chattering), _sum(is_stale)).group_by(*columns)
    return [_OfCode(*row) for row in query.tuples()]


def _top_codes(of_codes: Sequence[_OfCode]) -> list[Top]:
    documents = profile_documents()
    found: dict[str, Top] = {}
    for row in of_codes:
        policy = profiles.code(documents.get(row.profile_id) if row.profile_id else None, row.code)
        known = found.get(row.code)
        names = (policy.name_zh, policy.name_en) if policy.is_in_profile else (known.name_zh, known.name_en) if known else ("", "")
        found[row.code] = Top(row.code, row.count + (known.count if known else 0), *names)
    return sorted(found.values(), key=lambda top: (-top.count, top.key))[:TOP]


def _top_machines(span: Span) -> list[Top]:
    query = _episodes(span).select(Machine.serial, fn.COUNT(Episode.id)).group_by(Machine.serial)
    return [Top(serial, number) for serial, number in query.order_by(fn.COUNT(Episode.id).desc(), Machine.serial).limit(TOP).tuples()]


def _machines(span: Span) -> int:
    return span.machines(Machine.select().where(Machine.device.is_null(False))).count()


def _by_day(span: Span, until: datetime) -> list[Day]:
    """Days are 24 hours from the beginning of the span."""
    day_ms = timedelta(days=1) // timedelta(milliseconds=1)
    found = [Day() for _day in range(max(1, -(-(to_ms(until) - to_ms(span.starts_at)) // day_ms)))]
    number = _whole(Episode.started_at, span, day_ms)
    query = _episodes(span).select(number.alias("day"), Episode.severity, fn.COUNT(Episode.id)).group_by(_FIRST, Episode.severity)
    for day, severity, counted in query.tuples():
        if 0 <= day < len(found):
            setattr(found[int(day)], severity, getattr(found[int(day)], severity) + counted)
    return found


def _whole(column: Any, span: Span, width_ms: int) -> Any:
    """How many whole ``width_ms`` lie between the beginning of the span and ``column``."""
    return (column - to_ms(span.starts_at)) / width_ms


def _crowded_windows(span: Span) -> int:
    window = _whole(Episode.started_at, span, WINDOW // timedelta(milliseconds=1))
    crowded = _episodes(span).select(window.alias("window_number")).group_by(_FIRST).having(fn.COUNT(Episode.id) > MOST_IN_WINDOW)
    return crowded.count()


def _durations(span: Span, end: Any) -> Durations:
    """By whole minutes, which is what a person can do anything about."""
    minutes = (end - Episode.started_at) / _MINUTE_MS
    query = _episodes(span).where(end.is_null(False), end >= Episode.started_at)
    rows = sorted((int(value), counted) for value, counted in query.select(minutes, fn.COUNT(Episode.id)).group_by(_FIRST).tuples())
    total = sum(counted for _value, counted in rows)
    return Durations(total, _at(rows, total * 0.5), _at(rows, total * 0.9)) if total else Durations()


def _at(rows: Sequence[tuple[int, int]], rank: float) -> int | None:
    seen = 0
    for value, counted in rows:
        seen += counted
        if seen >= rank:
            return value
    return None


def _ticket_rows(span: Span) -> ModelSelect:
    query = Ticket.select().where(span.of(Ticket.opened_at), Ticket.source != TicketSource.IMPORT, Ticket.status != TicketStatus.MERGED)
    return query if span.areas is None else query.where(Ticket.area.in_(list(span.areas)))


def _tickets(span: Span) -> tuple[int, int, int, int]:
    """All tickets, those from monitoring, those of them that somebody has judged, and those that were no fault."""
    is_ours = Ticket.source == TicketSource.MONITORING
    is_judged = is_ours & (Ticket.status != TicketStatus.TO_VERIFY)
    is_false = is_ours & (Ticket.status == TicketStatus.CANCELLED)
    row = _ticket_rows(span).select(fn.COUNT(Ticket.id), _sum(is_ours), _sum(is_judged), _sum(is_false)).tuples().get()
    return row[0], row[1] or 0, row[2] or 0, row[3] or 0


def _known_before(span: Span) -> tuple[int, int]:
    """Faults of monitored machines that became tickets, and those of which there was an alarm before anybody called."""
    within_ms = KNOWN_WITHIN // timedelta(milliseconds=1)
    before = (
        Episode.select(Episode.id)
        .where(Episode.machine == Ticket.machine, Episode.started_at <= Ticket.opened_at)
        .where(Episode.started_at >= Ticket.opened_at - within_ms)
    )
    is_known = (Ticket.source == TicketSource.MONITORING) | fn.EXISTS(before)
    faults = _ticket_rows(span).join(Machine, on=(Ticket.machine == Machine.id)).where(Machine.device.is_null(False))
    faults = faults.where(Ticket.kind == TicketKind.FAULT_REPORT, Ticket.status != TicketStatus.CANCELLED)
    row = faults.select(fn.COUNT(Ticket.id), _sum(is_known)).tuples().get()
    return row[0], row[1] or 0


def _floods(span: Span, now: datetime) -> tuple[int, int]:
    """How many floods began, and how long all of them lasted in minutes; of all areas, since the desk is one."""
    found = list(AlarmFlood.select(AlarmFlood.started_at, AlarmFlood.ended_at).where(span.of(AlarmFlood.started_at)).tuples())
    return len(found), int(sum(((ended or now) - started for started, ended in found), timedelta()) / timedelta(minutes=1))
