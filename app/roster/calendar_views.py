"""The working calendar: a year by month, days changed with a name, tables taken in, changes taken back."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _

from app.core import clock
from app.core.errors import N_, Conflict, Invalid, InvalidFile
from app.roster import calendar_files, calendar_operations, calendar_queries, calendars
from app.roster.calendar_operations import State
from app.roster.forms import OFF, PLAIN, WORKED, DayForm, TableForm
from app.web import exports
from app.web.auth import actor, may, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.navigation import Banner
from app.web.render import render, see_other

blueprint = Blueprint("calendar", __name__)

COLUMNS = tuple(column.code for column in calendar_files.COLUMNS)
MAX_FILE = 1_000_000
_WORKS = {WORKED: True, OFF: False, PLAIN: None}


def calendar_banner() -> Banner | None:
    """Asks those who keep the calendar for the table of a year that is missing."""
    if not may("calendar.edit"):
        return None
    year = calendar_queries.missing_year(clock.now())
    if year is None:
        return None
    text = _("The working calendar of %(year)d is not complete: its make-up days are missing. Import or enter it.", year=year)
    return Banner(text, "plain", url_for("calendar.index", year=year))


@blueprint.get("/calendar")
@requires("roster.read")
def index() -> Response:
    """A year; ``day`` opens one day beside it."""
    chosen = _day(request.args["day"]) if request.args.get("day") else None
    return _page(chosen.year if chosen else _year(), chosen)


@blueprint.post("/calendar/days")
@requires("calendar.edit")
def set_days() -> Response:
    """Say what one day or several are."""
    form = DayForm()
    done = sent(form, lambda: _set(form))
    first = form.first.data or _today()
    if done.is_done:
        flash(_("The calendar is changed; open tickets get their new deadlines within a minute."), "message")
        return see_other(url_for("calendar.index", day=first.isoformat()))
    return _page(first.year, first, form, done.problem, done.status)


def _set(form: DayForm) -> None:
    assert form.first.data is not None
    assert form.last.data is not None
    name, works = form.name.data or "", _WORKS[form.kind.data]
    expected = form.expected.data if "expected" in request.form else None
    calendar_operations.set_days(by=actor(), first=form.first.data, last=form.last.data, is_working=works, name=name, expected=expected)


@blueprint.post("/calendar/years/<int:year>")
@requires("calendar.edit")
def know_year(year: int) -> Response:
    """Say that the table of a year is complete."""
    calendar_operations.know_year(by=actor(), year=year)
    return see_other(url_for("calendar.index", year=year))


@blueprint.post("/calendar/changes/<int:entry_id>/undo")
@requires("calendar.edit")
def take_back(entry_id: int) -> Response:
    """Take one change back."""
    try:
        calendar_operations.take_back(by=actor(), entry_id=entry_id)
    except Conflict as error:
        return _page(_year(), None, problem=words(error), status=error.status)
    flash(_("The change is taken back."), "message")
    return see_other(url_for("calendar.index", year=_year()))


@blueprint.route("/calendar/import", methods=["GET", "POST"])
@requires("calendar.edit")
def take_in() -> Response:
    """Choose a file, look at what it would change, then take it in."""
    form, lines, problem = TableForm(), [], ""
    try:
        days = _sent_days(form) if form.is_submitted() else None
        if days and request.form.get("is_sure"):
            changed = calendar_operations.take_in(by=actor(), days=days)
            flash(_("Taken in: %(n)d days changed.", n=changed), "message")
            return see_other(url_for("calendar.index", year=min(days).year))
    except Invalid as error:
        days, problem, lines = None, words(error), error.lines if isinstance(error, InvalidFile) else []
    status = 422 if problem else 200
    return render("roster/calendar_import.html", form=form, lines=lines, problem=problem, status=status, columns=COLUMNS, **_preview(days))


def _sent_days(form: TableForm) -> dict[date, State]:
    text = request.form.get("days", "")
    if text:
        return calendar_files.read(text.encode())
    content = form.file.data.read(MAX_FILE + 1) if form.file.data else b""
    if not content:
        raise Invalid(N_("Please choose a file."))
    if len(content) > MAX_FILE:
        raise Invalid(N_("That is too large."))
    return calendar_files.read(content)


def _preview(days: Mapping[date, State] | None) -> dict[str, Any]:
    if not days:
        return {"differences": None, "text": ""}
    years = sorted({day.year for day in days})
    return {"differences": calendar_operations.differences(days), "text": calendar_files.written(days), "days": days, "years": years}


@blueprint.get("/calendar.csv")
@requires("roster.read")
def export_csv() -> Response:
    """The special days of the year as CSV, which the import takes again."""
    return exports.csv_response(f"calendar-{_year()}", COLUMNS, _rows())


@blueprint.get("/calendar.xlsx")
@requires("roster.read")
def export_xlsx() -> Response:
    """The special days of the year as a workbook."""
    return exports.xlsx_response(f"calendar-{_year()}", str(_year()), COLUMNS, _rows())


def _rows() -> list[list[Any]]:
    found = calendar_queries.days_of(_year())
    return [[day.isoformat(), int(state[0]), state[1]] for day, state in found.items() if state is not None]


def _page(year: int, chosen: date | None, form: DayForm | None = None, problem: str = "", status: int = 200) -> Response:
    shown: dict[str, Any] = {"year": calendar_queries.year(year), "chosen": chosen, "problem": problem, "today": _today()}
    if chosen is not None and may("calendar.edit"):
        shown["form"] = form or _form(chosen)
    shown["changes"] = calendar_queries.changes() if may("calendar.edit") else []
    shown["hours"] = calendars.WORKING_HOURS.value()
    return render("roster/calendar.html", fragment="roster/_calendar.html", status=status, **shown)


def _form(chosen: date) -> DayForm:
    state = calendar_operations.states([chosen])[chosen]
    kind = PLAIN if state is None else WORKED if state[0] else OFF
    default = OFF if chosen.weekday() < 5 else WORKED
    token, name = calendar_operations.token(state), state[1] if state else ""
    return DayForm(formdata=None, first=chosen, last=chosen, kind=default if state is None else kind, name=name, expected=token)


def _year() -> int:
    year = request.args.get("year", type=int) or _today().year
    if not calendar_operations.FIRST_YEAR <= year <= calendar_operations.LAST_YEAR:
        raise Invalid(N_("The calendar knows the years 2000 to 2100."))
    return year


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None
    if not calendar_operations.FIRST_YEAR <= day.year <= calendar_operations.LAST_YEAR:
        raise Invalid(N_("The calendar knows the years 2000 to 2100."))
    return day


def _today() -> date:
    now: datetime = clock.now()
    return clock.day_of(now)
