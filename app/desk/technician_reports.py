"""Technicians' reports as the desk reads them: who sent what, who has not, reminding, reading, exporting (2B-05, 2B-06)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_, Invalid
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import live_tag, render, see_other, tagged, unchanged
from app.work_orders import technician_reports as reports
from app.work_orders.models import ReportPeriod

blueprint = Blueprint("technician_reports", __name__)
SHOWN_DAYS, SHOWN_MONTHS = 7, 6
COLUMNS = ("technician", "period", "starts_on", "visits", "is_missing", "sent_at", "version", "text")
_WORDS = {
    "technician": N_("Technician"),
    "period": N_("Which report"),
    "starts_on": N_("Day or month"),
    "visits": N_("Visits"),
    "is_missing": N_("Missing"),
    "sent_at": N_("Sent"),
    "version": N_("Version"),
    "text": N_("Text"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the page is about: the day or month asked for, and all that are shown with it, oldest first."""

    period: ReportPeriod
    on: date
    starts: Sequence[date]


@blueprint.get("/technician-reports")
@requires(reports.READ)
def index() -> Response:
    """Who sent what for the last days or months, and who has not for the one asked for."""
    tag = live_tag(reports.LIVE, "orders", "roster")
    if (same := unchanged(tag)) is not None:
        return same
    wanted, now, people = _wanted(), clock.now(), reports.technicians(actor())
    lines = reports.table(people, wanted.period, wanted.starts, now) if people else []
    late = [line.user for line in lines if line.cells[-1].is_missing]
    shown: dict[str, Any] = {"wanted": wanted, "lines": lines, "late": late, "now": now, **_beside(wanted, now)}
    return tagged(render("technician_reports/index.html", fragment="technician_reports/_table.html", tag=tag, **shown), tag)


@blueprint.get("/technician-reports.csv")
@requires(reports.READ)
def export_csv() -> Response:
    """The same days or months as CSV, the missing ones too."""
    return exports.csv_response("technician-reports", COLUMNS, _rows())


@blueprint.get("/technician-reports.xlsx")
@requires(reports.READ)
def export_xlsx() -> Response:
    """The same days or months as a workbook."""
    labels = {"period": "ReportPeriod"}
    return exports.xlsx_response("technician-reports", N_("Technicians' reports"), COLUMNS, _rows(), words=_WORDS, labels=labels)


@blueprint.post("/technician-reports/reminders")
@requires(reports.READ)
def remind() -> Response:
    """Remind those who have not sent it, or one of them; each once a day."""
    wanted, only = _wanted(), request.form.get("user", "")
    people = [user for user in reports.technicians(actor()) if only in ("", str(user.id))]
    count = reports.remind(by=actor(), users=people, period=wanted.period, starts_on=wanted.on)
    flash(_("%(count)s reminded.", count=count), "message")
    return see_other(f"/technician-reports?period={wanted.period}&on={wanted.on}")


@blueprint.get("/technician-reports/<int:technician_report_id>")
@requires(reports.READ)
def report(technician_report_id: int) -> Response:
    """One report as it was sent."""
    return render("technician_reports/report.html", report=reports.by_id(actor(), technician_report_id))


def _rows() -> list[Sequence[Any]]:
    wanted, people = _wanted(), reports.technicians(actor())
    rows: list[Sequence[Any]] = []
    for line in reports.table(people, wanted.period, wanted.starts, clock.now()) if people else []:
        for cell in line.cells:
            if cell.sent or cell.is_missing:
                sent = (cell.sent.sent_at, cell.sent.version, cell.sent.text) if cell.sent else (None, None, "")
                rows.append((line.user.name, wanted.period, cell.starts_on, cell.visits, cell.is_missing, *sent))
    return rows


def _wanted() -> Wanted:
    given, today = request.values, clock.today()
    try:
        period = ReportPeriod(given.get("period") or ReportPeriod.DAY)
        usual = today if period == ReportPeriod.DAY else today.replace(day=1) - timedelta(days=1)  # the last month that is over
        on = date.fromisoformat(given.get("on") or usual.isoformat())
    except ValueError:
        raise Invalid(N_("The list cannot be filtered that way.")) from None
    if not date(2000, 1, 1) <= on <= today:
        raise Invalid(N_("There is no report of a day to come."))
    if period == ReportPeriod.DAY:
        return Wanted(period, on, [on - timedelta(days=back) for back in reversed(range(SHOWN_DAYS))])
    months = [on.replace(day=1)]
    while len(months) < SHOWN_MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return Wanted(period, months[0], months[::-1])


def _beside(wanted: Wanted, now: datetime) -> dict[str, str]:
    """The addresses of the days or months before and after."""
    today, address = clock.day_of(now), f"/technician-reports?period={wanted.period}&on="
    if wanted.period == ReportPeriod.DAY:
        after = min(wanted.on + timedelta(days=SHOWN_DAYS), today)
    else:
        after = reports.month_after(wanted.on)
    return {
        "before": f"{address}{wanted.starts[0] - timedelta(days=1)}",
        "after": f"{address}{after}" if wanted.on < after <= today else "",
    }
