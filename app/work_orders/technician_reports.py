"""Technicians' daily and monthly reports (日报, 月报; 2C-20, 2B-05, 2B-06): sent, sent again, missing, reminded of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from peewee import ModelSelect

from app.accounts.models import Role, User, UserArea, UserRole
from app.core import clock, db, history, known_settings, live
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.known_settings import Group, KnownSetting, SettingKind
from app.core.types import Actor
from app.roster import calendars
from app.roster.models import Presence, PresenceState
from app.roster.queries import on_duty
from app.roster.telling import tell
from app.work_orders.models import ReportPeriod, TechnicianReport, Visit, VisitAssistant

WRITE, READ = "jobs.work", "technician_reports.read"
LIVE = "technician_reports"
MAX_TEXT = 20_000
MISSING = N_("Something is missing. See the words beside the fields.")
REMIND_AT = known_settings.register(
    KnownSetting(
        "daily_report_hour", N_("Hour at which technicians are reminded of a missing daily report"), 20, SettingKind.WHOLE, Group.CLOCKS,
        least=1, most=23, hint=N_("The deputy on duty gets the list of those still missing on the next working morning."),
    )
)  # fmt: skip
MORNING = 8


def send(*, by: Actor, period: ReportPeriod, starts_on: date, text: str, version: int = 0, at: datetime | None = None) -> TechnicianReport:
    """Send the report of a day or month; sending it again replaces the text. ``version`` is that of the one seen, 0 for none yet.

    Raises ``Invalid`` without words or for a day to come, ``Conflict`` when it was sent from elsewhere meanwhile, ``NotAllowed``.
    """
    by.require(WRITE)
    now = at or clock.now()
    _check(text, period, starts_on, now)
    mine = (TechnicianReport.user == by.user_id) & (TechnicianReport.period == period) & (TechnicianReport.starts_on == starts_on)
    with db.transaction():
        if version:
            values = {"text": text.strip(), "sent_at": now, "version": version + 1}
            is_written = TechnicianReport.update(values).where(mine, TechnicianReport.version == version).execute() == 1
        else:
            row = {"user": by.user_id, "period": period, "starts_on": starts_on, "text": text.strip(), "sent_at": now}
            is_written = TechnicianReport.insert(row).on_conflict_ignore().as_rowcount().execute() == 1
        found: TechnicianReport = TechnicianReport.get(mine)
        if not is_written and found.text != text.strip():  # the same words sent twice are sent
            raise Conflict(N_("This report was sent from elsewhere meanwhile. Look at what was sent, then decide again."))
        if is_written:
            history.record(
                by, "technician_report.sent", "technician_report", found.id, after={"period": period, "starts_on": str(starts_on)}
            )
            live.touch(LIVE)
    return found


def _check(text: str, period: ReportPeriod, starts_on: date, now: datetime) -> None:
    fields = {}
    if not text.strip():
        fields["text"] = N_("There is nothing in the report yet.")
    elif len(text) > MAX_TEXT:
        fields["text"] = N_("The report is too long.")
    if starts_on > clock.day_of(now) or (period == ReportPeriod.MONTH and starts_on.day != 1):
        fields["on"] = N_("There is no report of a day to come.")
    if fields:
        raise Invalid(MISSING, fields=fields)


def of_user(user_id: int, period: ReportPeriod, starts_on: date) -> TechnicianReport | None:
    """What ``user_id`` sent for that day or month."""
    return TechnicianReport.get_or_none(
        TechnicianReport.user == user_id, TechnicianReport.period == period, TechnicianReport.starts_on == starts_on
    )


def visible(actor: Actor) -> ModelSelect:
    """The reports that ``actor`` may read: an area manager those of the technicians of the own areas."""
    query = TechnicianReport.select(TechnicianReport, User).join(User)
    if actor.area_ids is None:
        return query
    return query.where(TechnicianReport.user.in_(UserArea.select(UserArea.user).where(UserArea.area.in_(list(actor.area_ids)))))


def by_id(actor: Actor, report_id: int) -> TechnicianReport:
    """A report. Raises ``NotFound`` for one that ``actor`` may not read."""
    found: TechnicianReport | None = visible(actor).where(TechnicianReport.id == report_id).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such report, or it is not for you to see."))
    return found


def technicians(actor: Actor) -> list[User]:
    """The active technicians that ``actor`` may see, by name."""
    held = UserRole.select(UserRole.user).where(UserRole.role == Role.TECHNICIAN)
    query = User.select().where(User.is_active, User.id.in_(held))
    if actor.area_ids is not None:
        query = query.where(User.id.in_(UserArea.select(UserArea.user).where(UserArea.area.in_(list(actor.area_ids)))))
    return list(query.order_by(User.name, User.id))


@dataclass(frozen=True, slots=True)
class Cell:
    """One technician and one day or month: what was sent, how many visits there were, whether a report is expected and not there."""

    starts_on: date
    sent: TechnicianReport | None
    visits: int
    is_expected: bool

    @property
    def is_missing(self) -> bool:
        """Whether it was to be sent and was not."""
        return self.is_expected and self.sent is None


@dataclass(frozen=True, slots=True)
class Line:
    """One technician over all the days or months shown."""

    user: User
    cells: list[Cell]


def table(users: Sequence[User], period: ReportPeriod, starts: Sequence[date], now: datetime) -> list[Line]:
    """Who sent what for each of ``starts``, in their order; a few queries whatever the number of people."""
    ids = [user.id for user in users]
    sent = {(row.user_id, row.starts_on): row for row in _sent(ids, period, starts)}
    visits = _visits(ids, starts[0], _end_of(period, starts[-1]))
    leave = _leave(ids, starts[0], _end_of(period, starts[-1])) if period == ReportPeriod.DAY else []
    lines = []
    for user in users:
        cells = []
        for on in starts:
            count = sum(1 for day in visits.get(user.id, ()) if on <= day < _end_of(period, on))
            is_away = any(user_id == user.id and first <= on <= last for user_id, first, last in leave)
            cells.append(Cell(on, sent.get((user.id, on)), count, _is_expected(user, period, on, visits=count, is_away=is_away, now=now)))
        lines.append(Line(user, cells))
    return lines


def _is_expected(user: User, period: ReportPeriod, on: date, *, visits: int, is_away: bool, now: datetime) -> bool:
    """Of each working day that one was not on leave and each day with a visit, from the evening on; of a month when it is over."""
    today = clock.day_of(now)
    if clock.day_of(user.created_at) > on and not visits:
        return False
    if period == ReportPeriod.MONTH:
        return _end_of(period, on) <= today
    is_over = on < today or (on == today and now.astimezone(clock.zone()).hour >= REMIND_AT.value())
    return is_over and (bool(visits) or (calendars.present().is_working_day(on) and not is_away))


def _sent(ids: list[int], period: ReportPeriod, starts: Sequence[date]) -> Iterable[TechnicianReport]:
    return TechnicianReport.select().where(
        TechnicianReport.user.in_(ids), TechnicianReport.period == period, TechnicianReport.starts_on.in_(list(starts))
    )


def _visits(ids: list[int], first: date, end: date) -> dict[int, list[date]]:
    """The local days on which each of ``ids`` arrived somewhere, as lead or along, each visit once."""
    was_there = (Visit.arrived_at >= start_of(first)) & (Visit.arrived_at < start_of(end))
    led = Visit.select(Visit.lead, Visit.arrived_at).where(was_there, Visit.lead.in_(ids)).tuples()
    along = VisitAssistant.select(VisitAssistant.user, Visit.arrived_at).join(Visit).where(was_there, VisitAssistant.user.in_(ids)).tuples()
    found: dict[int, list[date]] = {}
    for user_id, arrived_at in (*led, *along):
        found.setdefault(user_id, []).append(clock.day_of(arrived_at))
    return found


def _leave(ids: list[int], first: date, end: date) -> list[tuple[int, date, date]]:
    """Whole stretches of leave: whose, and their first and last local day."""
    query = Presence.select().where(
        Presence.user.in_(ids),
        Presence.state == PresenceState.LEAVE,
        Presence.from_at < start_of(end),
        Presence.until_at.is_null() | (Presence.until_at > start_of(first)),
    )
    return [(row.user_id, clock.day_of(row.from_at), clock.day_of(row.until_at) if row.until_at else end) for row in query]


def missing(users: Sequence[User], period: ReportPeriod, on: date, now: datetime) -> list[User]:
    """Those of ``users`` who have not sent the report of ``on``."""
    return [line.user for line in table(users, period, [on], now) if line.cells[0].is_missing] if users else []


def remind(*, by: Actor, users: Iterable[User], period: ReportPeriod, starts_on: date, at: datetime | None = None) -> int:
    """Remind those of ``users`` whose report is missing, each once a day; returns how many were asked. Raises ``NotAllowed``."""
    by.require(READ)
    now = at or clock.now()
    late = missing(list(users), period, starts_on, now)
    with db.transaction():
        _ask(late, period, starts_on, now)
        if late:
            names = [user.id for user in late]
            history.record(by, "technician_report.reminded", "technician_report", starts_on.isoformat(), after={"user_ids": names})
    return len(late)


def _ask(users: Iterable[User], period: ReportPeriod, starts_on: date, now: datetime) -> None:
    is_day = period == ReportPeriod.DAY
    message = N_("Your daily report of %(day)s is missing.") if is_day else N_("Your monthly report of %(month)s is missing.")
    href = f"/my/day?on={starts_on}" if is_day else f"/my/month?on={starts_on:%Y-%m}"
    key = f"report:{period}:{starts_on}:{clock.day_of(now)}"
    day, month = starts_on.isoformat(), f"{starts_on:%Y-%m}"
    tell([user.id for user in users], message, href=href, key=key, at=now, day=day, month=month)


def look(at: datetime) -> str:
    """Worker: in the evening remind who has not sent the day's report; next working morning tell the deputies on duty who is missing."""
    local = at.astimezone(clock.zone())
    everybody = technicians(Actor(None, "worker", area_ids=None))
    if local.hour >= REMIND_AT.value():
        late = missing(everybody, ReportPeriod.DAY, local.date(), at)
        with db.transaction():
            _ask(late, ReportPeriod.DAY, local.date(), at)
        return f"{len(late)} missing" if late else ""
    if local.hour >= MORNING and calendars.present().is_working_day(local.date()):
        return _tell_deputies(everybody, local.date(), at)
    return ""


def _tell_deputies(everybody: list[User], today: date, at: datetime) -> str:
    day = today - timedelta(days=1)
    while not calendars.present().is_working_day(day) and today - day < timedelta(days=14):
        day -= timedelta(days=1)
    late = missing(everybody, ReportPeriod.DAY, day, at)
    if not late:
        return ""
    deputies = [user.id for user in on_duty(Role.DEPUTY, at)]
    message = N_("Daily reports of %(day)s are missing: %(names)s")
    with db.transaction():
        href = f"/technician-reports?on={day}"
        names = ", ".join(user.name for user in late)
        tell(deputies, message, href=href, key=f"reports-missing:{day}", at=at, day=day.isoformat(), names=names)
    return f"{len(late)} missing"


def start_of(day: date) -> datetime:
    """The beginning of the local ``day``."""
    return datetime.combine(day, time(), clock.zone()).astimezone(UTC)


def month_after(first: date) -> date:
    """The first day of the next month."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def _end_of(period: ReportPeriod, starts_on: date) -> date:
    return month_after(starts_on) if period == ReportPeriod.MONTH else starts_on + timedelta(days=1)
