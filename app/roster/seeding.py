"""The table of days as it is delivered: what libraries know of it, written once; what people set is never touched.

The libraries cost memory, so they are read here alone, when a new version is released.
"""

from collections.abc import Mapping
from datetime import date, datetime

from app.core import clock, db, history, live
from app.core.types import Actor, system
from app.roster.calendars import VERSION
from app.roster.models import CalendarDay, CalendarYear, DaySource

SEEDER = system("setup")
# Of the years after the last one whose make-up days are announced, the statutory days alone are known.
YEARS_AHEAD = 20
_NAMES = {"清明": "清明节", "端午": "端午节", "中秋": "中秋节", "农历除夕": "春节"}
_IN_LIEU = "（补假）"

Days = Mapping[date, tuple[bool, str]]


def seed_calendar(*, by: Actor = SEEDER, at: datetime | None = None) -> list[int]:
    """Write the years that the libraries know and the table lacks; returns the years whose table became complete."""
    seeded_at = at or clock.now()
    known = {year for (year,) in CalendarYear.select(CalendarYear.year).tuples()}
    begun = {day.year for (day,) in CalendarDay.select(CalendarDay.day).tuples()}
    announced = _announced()
    last = max(announced)
    complete = {year: days for year, days in announced.items() if year not in known}
    wanted = [year for year in range(last + 1, last + YEARS_AHEAD + 1) if year not in known | begun]
    statutory = _statutory(wanted) if wanted else {}
    if not complete and not statutory:
        return []
    with db.transaction():
        for year, days in complete.items():
            CalendarDay.delete().where(
                CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)), CalendarDay.source == DaySource.SEED
            ).execute()
            CalendarYear.create(year=year, source=DaySource.SEED, known_at=seeded_at)
            _write(days)
        for days in statutory.values():
            _write(days)
        history.record(by, "calendar.seeded", "calendar", last, after={"years": sorted(complete), "statutory": sorted(statutory)})
        live.touch(VERSION)
    return sorted(complete)


def _write(days: Days) -> None:
    rows = [{"day": day, "is_working": works, "name": name, "source": DaySource.SEED} for day, (works, name) in days.items()]
    if rows:
        CalendarDay.insert_many(rows).on_conflict_ignore().execute()


def _announced() -> dict[int, dict[date, tuple[bool, str]]]:
    """The years with their holidays and make-up days, as the State Council announced them."""
    from chinese_calendar import Holiday
    from chinese_calendar.constants import holidays, workdays

    names = {one.value: _name(one.chinese) for one in Holiday}
    found: dict[int, dict[date, tuple[bool, str]]] = {}
    for table, works in ((holidays, False), (workdays, True)):
        for day, name in table.items():
            found.setdefault(day.year, {})[day] = (works, names[name])
    return found


def _statutory(years: list[int]) -> dict[int, dict[date, tuple[bool, str]]]:
    """The statutory days of ``years``, without make-up days, which nobody knows yet."""
    from holidays import country_holidays

    found: dict[int, dict[date, tuple[bool, str]]] = {year: {} for year in years}
    for day, name in country_holidays("CN", years=years, language="zh_CN").items():
        if day.year in found:
            found[day.year][day] = (False, _name(name.split(";")[0].strip()))
    return found


def _name(name: str) -> str:
    if "抗日战争" in name:
        return "抗战胜利纪念日"
    name = name.removesuffix(_IN_LIEU)
    return _NAMES.get(name, name)
