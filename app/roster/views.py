"""The duty roster week by week, and where people are."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _

from app.accounts.models import User
from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.core.history import HistoryEntry
from app.roster import calendars, operations, queries
from app.roster.forms import PresenceForm, ShiftForm
from app.roster.models import PresenceState
from app.roster.operations import ShiftPattern
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.filters import moment_text
from app.web.forms import sent
from app.web.i18n import translated
from app.web.preferences import local_path
from app.web.render import render, see_other

blueprint = Blueprint("roster", __name__)

SHIFT_COLUMNS = ("role", "person", "from", "to", "note")
PEOPLE_COLUMNS = ("person", "roles", "state", "since", "until", "note")
_DAY = timedelta(days=1)


@blueprint.app_template_filter()
def problem_words(problem: tuple[str, dict[str, Any]]) -> str:
    """A problem of the roster in words."""
    message, params = problem
    shown = {name: moment_text(value).rsplit(":", 1)[0] if isinstance(value, datetime) else value for name, value in params.items()}
    return translated(message, **shown)


@blueprint.app_template_filter()
def wall_time(at: datetime) -> str:
    """08:30, by the clock on the wall."""
    return at.astimezone(clock.zone()).strftime("%H:%M")


@blueprint.app_template_filter()
def wall_day(at: datetime) -> date:
    """The day of ``at`` where the deployment is."""
    return clock.day_of(at)


@blueprint.app_template_filter()
def removed_words(entry: HistoryEntry) -> str:
    """Whose shift was taken out, and when it was."""
    kept = json.loads(entry.before)
    start, end = (datetime.fromisoformat(kept[name]).astimezone(clock.zone()) for name in ("starts_at", "ends_at"))
    user = User.get_or_none(User.id == kept["user_id"])
    return f"{user.name if user else ''} {start:%Y-%m-%d %H:%M} – {end:%H:%M}"


@blueprint.get("/roster")
@requires("roster.read")
def index() -> Response:
    """A week; ``week`` is any day of it."""
    return _page(_monday())


@blueprint.get("/roster.csv")
@requires("roster.read")
def export_csv() -> Response:
    """The week as CSV."""
    return exports.csv_response(f"roster-{_monday()}", SHIFT_COLUMNS, _rows())


@blueprint.get("/roster.xlsx")
@requires("roster.read")
def export_xlsx() -> Response:
    """The week as a workbook."""
    return exports.xlsx_response(f"roster-{_monday()}", str(_monday()), SHIFT_COLUMNS, _rows())


def _rows() -> list[list[Any]]:
    return [
        [one.role, one.user.name, clock.local_text(one.starts_at), clock.local_text(one.ends_at), one.note]
        for one in queries.week(_monday()).shifts
    ]


@blueprint.post("/roster/shifts")
@requires("roster.edit")
def add_shifts() -> Response:
    """Put shifts into the roster."""
    form = _shift_form(None)
    done = sent(form, lambda: operations.add_shifts(by=actor(), pattern=_pattern(form)))
    monday = _monday_of(form.first.data or clock.today())
    if done.is_done:
        flash(_("The shifts are on the roster."), "message")
        return see_other(url_for("roster.index", week=monday.isoformat()))
    return _page(monday, form, done.problem, done.status)


def _pattern(form: ShiftForm) -> ShiftPattern:
    days: dict[str, Any] = {name: form[name].data for name in ("first", "last", "start", "end")}
    return ShiftPattern(user_id=form.user.data, role=form.role.data, note=form.note.data or "", **days)


@blueprint.post("/roster/shifts/<int:shift_id>/removal")
@requires("roster.edit")
def remove_shift(shift_id: int) -> Response:
    """Take a shift out; it can be put back below the week."""
    shift = operations.remove_shift(by=actor(), shift_id=shift_id)
    flash(_("The shift is taken out. It can be put back below the week."), "message")
    return see_other(url_for("roster.index", week=clock.day_of(shift.starts_at).isoformat()))


@blueprint.post("/roster/removals/<int:entry_id>/undo")
@requires("roster.edit")
def put_back(entry_id: int) -> Response:
    """Put a removed shift back."""
    try:
        shift = operations.put_back(by=actor(), entry_id=entry_id)
    except Conflict as error:
        return _page(_monday(), problem=words(error), status=error.status)
    return see_other(url_for("roster.index", week=clock.day_of(shift.starts_at).isoformat()))


@blueprint.post("/roster/copies")
@requires("roster.edit")
def copy_week() -> Response:
    """Copy the week before into the week shown."""
    copied, left_out = operations.copy_week(by=actor(), monday=_monday())
    flash(_("%(copied)d shifts copied, %(left_out)d left out.", copied=copied, left_out=left_out), "message")
    return see_other(url_for("roster.index", week=_monday().isoformat()))


@blueprint.get("/people")
@requires("roster.read")
def people() -> Response:
    """Where everybody is."""
    return _people_page()


@blueprint.get("/people.csv")
@requires("roster.read")
def people_csv() -> Response:
    """The list as CSV."""
    return exports.csv_response("people", PEOPLE_COLUMNS, _people_rows())


@blueprint.get("/people.xlsx")
@requires("roster.read")
def people_xlsx() -> Response:
    """The list as a workbook."""
    return exports.xlsx_response("people", N_("Where people are"), PEOPLE_COLUMNS, _people_rows())


def _people_rows() -> list[list[Any]]:
    return [
        _person_row(line) for line in queries.people(clock.now(), role=request.args.get("role", ""), state=request.args.get("state", ""))
    ]


def _person_row(line: queries.PersonLine) -> list[Any]:
    said = line.presence
    since, until = (clock.local_text(said.from_at), clock.local_text(said.until_at)) if said else ("", "")
    return [line.user.name, " ".join(line.roles), line.state.value, since, until, said.note if said else ""]


@blueprint.post("/presence")
@requires("self.use")
def set_presence() -> Response:
    """Say where I am, or with ``user`` where somebody else is, from now on."""
    user_id = request.form.get("user", type=int) or actor().user_id or 0
    state = _state(request.form.get("state", ""))
    operations.set_presence(by=actor(), user_id=user_id, state=state)
    return see_other(local_path(request.form.get("next", "/people")))


@blueprint.post("/people")
@requires("roster.edit")
def plan_presence() -> Response:
    """Say where somebody is for a stretch of days, for example on leave."""
    form = _presence_form()
    done = sent(form, lambda: _plan(form))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other(url_for("roster.people"))
    return _people_page(form, done.problem, done.status)


def _plan(form: PresenceForm) -> None:
    first, last = form.first.data, form.last.data
    if first and last and last < first:
        raise Invalid(operations.WRONG, fields={"last": N_("The last day lies before the first one.")})
    from_at = datetime.combine(first, time(), clock.zone()) if first and first > clock.today() else None
    until_at = datetime.combine(last + _DAY, time(), clock.zone()) if last else None
    if from_at and until_at is None:
        raise Invalid(operations.WRONG, fields={"last": N_("What begins later needs a last day.")})
    state, note = PresenceState(form.state.data), form.note.data or ""
    operations.set_presence(by=actor(), user_id=form.user.data, state=state, note=note, from_at=from_at, until_at=until_at)


def _page(monday: date, form: ShiftForm | None = None, problem: str = "", status: int = 200) -> Response:
    now = clock.now()
    shown: dict[str, Any] = {"week": queries.week(monday), "duty": queries.duty_now(now), "problem": problem, "today": clock.today()}
    shown["one_day"] = _DAY
    shown["presence"] = queries.presences([line.user.id for line in shown["week"].lines], now)
    if actor().may("roster.edit"):
        shown |= {"form": form or _shift_form(monday), "removed": queries.removed_lately()}
    return render("roster/roster.html", fragment="roster/_week.html", status=status, **shown)


def _shift_form(monday: date | None) -> ShiftForm:
    hours = calendars.present().hours
    start, end = (time(minute // 60 % 24, minute % 60) for minute in (hours[0][0], hours[-1][1]))
    empty: dict[str, Any] = {"formdata": None, "first": monday, "last": monday + 4 * _DAY, "start": start, "end": end} if monday else {}
    form = ShiftForm(**empty)
    form.offer([(user.id, user.name) for user in queries.people_on_the_roster()], operations.roles_on_the_roster())
    return form


def _people_page(form: PresenceForm | None = None, problem: str = "", status: int = 200) -> Response:
    role, state = request.args.get("role", ""), request.args.get("state", "")
    lines = queries.people(clock.now(), role=role, state=state)
    shown: dict[str, Any] = {"lines": lines, "role": role, "state": state, "problem": problem}
    shown["form"] = (form or _presence_form(empty=True)) if actor().may("roster.edit") else None
    return render("roster/people.html", fragment="roster/_people.html", status=status, **shown)


def _presence_form(empty: bool = False) -> PresenceForm:
    given: dict[str, Any] = {"formdata": None, "state": PresenceState.LEAVE} if empty else {}
    form = PresenceForm(**given)
    form.user.choices = [(line.user.id, line.user.name) for line in queries.people(clock.now())]
    return form


def _state(text: str) -> PresenceState:
    try:
        return PresenceState(text)
    except ValueError:
        raise Invalid(N_("There is no such state.")) from None


def _monday() -> date:
    text = request.args.get("week", "")
    try:
        return _monday_of(date.fromisoformat(text) if text else clock.today())
    except (ValueError, OverflowError):
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None


def _monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
