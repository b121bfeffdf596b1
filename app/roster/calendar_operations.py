"""What is done to the working calendar: days set, whole tables taken in, changes taken back. Open tickets follow by the worker.

Every change is one entry of the history with all its days, before and after; taking it back restores them as long as
nobody has changed one of them since.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.history import HistoryEntry
from app.core.types import Actor
from app.roster.calendars import VERSION
from app.roster.models import CalendarDay, CalendarYear, DaySource

EDIT = "calendar.edit"
CHANGED = "calendar.changed"
IMPORTED = "calendar.imported"
TAKEN_BACK = "calendar.taken_back"
OBJECT = "calendar"
LONGEST_SPAN = 62
MAX_NAME = 60
FIRST_YEAR, LAST_YEAR = 2000, 2100

# What a day is: worked or not, with its name; None is "as its weekday".
State = tuple[bool, str] | None


def set_days(
    *, by: Actor, first: date, last: date, is_working: bool | None, name: str = "", expected: str | None = None, at: datetime | None = None
) -> None:
    """Say what the days from ``first`` to ``last`` are; ``is_working`` None leaves them to their weekday.

    ``expected`` is what the form showed of the first day (``token``). Raises ``Invalid`` for a span that cannot be,
    ``Conflict`` when somebody else changed that day meanwhile, ``NotAllowed``.
    """
    by.require(EDIT)
    _check_span(first, last, name)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    wanted: dict[date, State] = dict.fromkeys(days, None if is_working is None else (is_working, name.strip()))
    with db.transaction():
        present = states(days)
        if expected is not None and token(present[first]) != expected:
            raise Conflict(N_("Somebody else changed this day meanwhile. Look at its present state, then decide again."))
        _change(by, CHANGED, present, wanted, DaySource.HAND, at=at)


def _check_span(first: date, last: date, name: str) -> None:
    fields = {}
    if not (first.year >= FIRST_YEAR and last.year <= LAST_YEAR):
        fields["first"] = N_("The calendar knows the years 2000 to 2100.")
    if last < first:
        fields["last"] = N_("The last day lies before the first one.")
    elif (last - first).days >= LONGEST_SPAN:
        fields["last"] = N_("At most two months at once.")
    if len(name.strip()) > MAX_NAME:
        fields["name"] = N_("At most 60 characters.")
    if fields:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=fields)


def take_in(*, by: Actor, days: Mapping[date, State], at: datetime | None = None) -> int:
    """Take in the tables of whole years: days of these years that are not in ``days`` are as their weekday again.

    Returns how many days changed. Raises ``Invalid`` for an empty table, ``NotAllowed``.
    """
    by.require(EDIT)
    if not days:
        raise Invalid(N_("There is no day in this file."))
    years = sorted({day.year for day in days})
    with db.transaction():
        present = _states_of_years(years)
        wanted: dict[date, State] = dict.fromkeys(present) | dict(days)
        present = dict.fromkeys(wanted) | present
        return _change(by, IMPORTED, present, wanted, DaySource.IMPORT, years=years, at=at)


def differences(days: Mapping[date, State]) -> list[tuple[date, State, State]]:
    """What ``take_in`` would change: the day, what it is now, what it would be."""
    present = _states_of_years(sorted({day.year for day in days}))
    every = sorted(set(present) | set(days))
    return [(day, present.get(day), days.get(day)) for day in every if present.get(day) != days.get(day)]


def know_year(*, by: Actor, year: int, at: datetime | None = None) -> None:
    """Say that the table of ``year`` is complete, so that nobody is asked for it any more."""
    by.require(EDIT)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(N_("The calendar knows the years 2000 to 2100."))
    with db.transaction():
        _change(by, CHANGED, {}, {}, DaySource.HAND, years=[year], at=at)


def take_back(*, by: Actor, entry_id: int, at: datetime | None = None) -> None:
    """Undo one change. Raises ``NotFound`` for an entry that is none, ``Conflict`` when one of its days was changed since."""
    by.require(EDIT)
    entry = HistoryEntry.get_or_none(HistoryEntry.id == entry_id, HistoryEntry.object_type == OBJECT)
    if entry is None or entry.action not in (CHANGED, IMPORTED, TAKEN_BACK):
        raise NotFound(N_("There is no such change of the calendar."))
    before, after = _days_in(entry.before), _days_in(entry.after)
    with db.transaction():
        present = states(list(after))
        if present != after:
            raise Conflict(N_("One of these days was changed again since; take that change back first."))
        years = json.loads(entry.after).get("years", [])
        forgotten = CalendarYear.delete().where(CalendarYear.year.in_(years)).execute() if years else 0
        if not after and not forgotten:
            raise Conflict(N_("This change was taken back already."))
        _change(by, TAKEN_BACK, present, before, DaySource.HAND, at=at)


def _change(
    by: Actor,
    action: str,
    present: Mapping[date, State],
    wanted: Mapping[date, State],
    source: DaySource,
    *,
    years: list[int] | None = None,
    at: datetime | None = None,
) -> int:
    """Write what differs, in the running transaction; returns how many days that were."""
    changed = {day: state for day, state in wanted.items() if present.get(day) != state}
    new_years = [year for year in years or [] if not CalendarYear.select().where(CalendarYear.year == year).exists()]
    if not changed and not new_years and action != TAKEN_BACK:
        return 0
    for day, state in changed.items():
        if state is None:
            CalendarDay.delete().where(CalendarDay.day == day).execute()
        else:
            row = CalendarDay.insert(day=day, is_working=state[0], name=state[1], source=source)
            row.on_conflict(
                conflict_target=[CalendarDay.day], preserve=[CalendarDay.is_working, CalendarDay.name, CalendarDay.source]
            ).execute()
    for year in new_years:
        CalendarYear.insert(year=year, source=source, known_at=at or clock.now()).on_conflict_ignore().execute()
    before = {"days": _as_json({day: present.get(day) for day in changed})}
    after: dict[str, Any] = {"days": _as_json(changed)} | ({"years": new_years} if new_years else {})
    history.record(by, action, OBJECT, _span_of(changed, new_years), before=before, after=after)
    live.touch(VERSION)
    return len(changed)


def states(days: list[date]) -> dict[date, State]:
    """What each of ``days`` is now."""
    found: dict[date, State] = dict.fromkeys(days)
    query = CalendarDay.select().where(CalendarDay.day.in_(days)) if days else ()
    return found | {row.day: (row.is_working, row.name) for row in query}


def _states_of_years(years: list[int]) -> dict[date, State]:
    found: dict[date, State] = {}
    for year in years:
        query = CalendarDay.select().where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
        found |= {row.day: (row.is_working, row.name) for row in query}
    return found


def token(state: State) -> str:
    """What a form carries of a day, to notice that somebody else was quicker."""
    return "" if state is None else f"{int(state[0])}{state[1]}"


def _as_json(days: Mapping[date, State]) -> dict[str, list[Any] | None]:
    return {day.isoformat(): None if state is None else list(state) for day, state in sorted(days.items())}


def _days_in(text: str | None) -> dict[date, State]:
    days = json.loads(text or "{}").get("days", {})
    return {date.fromisoformat(day): None if state is None else (state[0], state[1]) for day, state in days.items()}


def _span_of(changed: Mapping[date, State], years: list[int]) -> str:
    if not changed:
        return ", ".join(map(str, years))
    first, last = min(changed), max(changed)
    return first.isoformat() if first == last else f"{first}/{last}"
