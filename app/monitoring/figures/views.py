"""The month of alarms in figures, on screen, on paper, as a file."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.core import clock, months
from app.core.errors import N_
from app.core.known_settings import letterhead
from app.customers import queries as customers
from app.monitoring.figures import month
from app.monitoring.figures.counting import Counted, share
from app.web import exports
from app.web.auth import actor, requires
from app.web.i18n import language, translated
from app.web.render import render

blueprint = Blueprint("alarm_figures", __name__)
COLUMNS = ("figure", "value", "before", "unit", "definition")
PER_CENT, MINUTES, TIMES = "%", "min", ""


class Figure(NamedTuple):
    """One line: its name and definition (message ids), its value and that of the month before, and its unit."""

    label: str
    definition: str
    value: float | None
    before: float | None
    unit: str = TIMES


def lines(now: Counted, before: Counted) -> list[Figure]:
    """All figures of a month beside those of the month before."""
    return [Figure(label, definition, value_of(now), value_of(before), unit) for label, definition, unit, value_of in _FIGURES]


_FIGURES: Any = (
    (N_("Alarms"), N_("Every alarm that began in the month; repetitions of one that stood are not counted."), TIMES, lambda c: c.alarms),
    (N_("Alarms per machine and day"), N_("By the monitored machines of today."), TIMES, lambda c: c.per_machine_and_day),
    (
        N_("Ten minutes with more than ten alarms"), N_("Share of all ten-minute windows; more than one clerk can deal with."), PER_CENT,
        lambda c: share(c.crowded_windows, c.windows),
    ),
    (N_("Critical alarms"), N_("Wanted: at most 5 %."), PER_CENT, lambda c: share(c.by_severity["critical"], c.alarms)),
    (N_("High alarms"), N_("Wanted: about 15 %."), PER_CENT, lambda c: share(c.by_severity["high"], c.alarms)),
    (N_("Low alarms"), N_("Wanted: about 80 %."), PER_CENT, lambda c: share(c.by_severity["low"], c.alarms)),
    (
        N_("Chattering alarms"), N_("They came and went three times in a minute, or ten times in ten minutes."), TIMES,
        lambda c: c.chattering,
    ),
    (N_("Alarms that stood for more than a day"), N_("From their beginning to their end, or until now."), TIMES, lambda c: c.stale),
    (N_("Time to acknowledge, median"), N_("From the beginning until somebody has seen it."), MINUTES, lambda c: c.acknowledged.median),
    (N_("Time to acknowledge, nine of ten"), N_("Nine of ten were seen by then."), MINUTES, lambda c: c.acknowledged.ninetieth),
    (N_("Time to restore, median"), N_("From the beginning to the end of the alarm."), MINUTES, lambda c: c.restored.median),
    (N_("Time to restore, nine of ten"), N_("Nine of ten had ended by then."), MINUTES, lambda c: c.restored.ninetieth),
    (
        N_("Tickets from monitoring"), N_("Share of all tickets opened in the month."), PER_CENT,
        lambda c: share(c.from_monitoring, c.tickets),
    ),
    (
        N_("False tickets"), N_("Share of the tickets from monitoring, among those that were verified, that were no fault."), PER_CENT,
        lambda c: share(c.false, c.decided),
    ),
    (
        N_("Known before the customer called"),
        N_("Share of the faults of monitored machines that became a ticket, with an alarm in the 24 hours before."), PER_CENT,
        lambda c: share(c.known_before, c.faults),
    ),
    (N_("Floods of alarms"), N_("More new alarms in ten minutes than the clerks on duty can deal with."), TIMES, lambda c: c.floods),
    (N_("Time in floods"), N_("All floods together."), MINUTES, lambda c: c.flood_minutes),
)  # fmt: skip


@blueprint.get("/monitoring/figures")
@requires("monitoring.read")
def view() -> Response:
    """The figures with their definitions, the days, the ten worst codes and machines."""
    areas = [(area.id, area.name) for area in customers.areas()] if actor().area_ids is None else []
    return render("alarm_figures/month.html", areas=areas, **_report())


@blueprint.get("/monitoring/figures/print")
@requires("monitoring.read")
def printed() -> Response:
    """The same on paper."""
    return render("alarm_figures/print.html", head=letterhead(), **_report())


@blueprint.get("/monitoring/figures.csv")
@requires("monitoring.read")
def export_csv() -> Response:
    """The figures as CSV."""
    return exports.csv_response(f"alarms-{_month().code}", COLUMNS, _exported())


@blueprint.get("/monitoring/figures.xlsx")
@requires("monitoring.read")
def export_xlsx() -> Response:
    """The figures as a workbook."""
    words = {
        "figure": N_("Figure"), "value": N_("This month"), "before": N_("Month before"), "unit": N_("Unit"),
        "definition": N_("What it counts"),
    }  # fmt: skip
    return exports.xlsx_response(f"alarms-{_month().code}", N_("Alarms of the month"), COLUMNS, _exported(), words=words)


def _exported() -> Iterator[list[Any]]:
    found = month.figures(actor(), _month(), _area(), clock.now())
    rows = [
        [translated(line.label), _rounded(line.value), _rounded(line.before), line.unit, translated(line.definition)]
        for line in lines(found.now, found.before)
    ]
    return iter(rows)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _report() -> dict[str, Any]:
    wanted, today = _month(), clock.today()
    found = month.figures(actor(), wanted, _area(), clock.now())
    return {
        "month": wanted, "area": _area(), "this_month": months.month_of(today), "today": today, "figures": found.now,
        "lines": lines(found.now, found.before), "locale": language(),
    }  # fmt: skip


def _month() -> months.Month:
    return months.month_from(request.args.get("month", ""), clock.today())


def _area() -> int | None:
    area = request.args.get("area", "")
    return int(area) if area.isdecimal() and len(area) < 10 else None
