"""The shift log: sign on, write down, sign off with the handover, take over."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import HiddenField, TextAreaField

from app.core import clock, known_settings
from app.core.errors import N_
from app.monitoring import forms as monitoring_forms
from app.monitoring.shift_log import course, operations, queries
from app.monitoring.shift_log.models import ShiftLog, ShiftNote
from app.monitoring.shift_log.queries import Filters
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.i18n import language
from app.web.render import render, see_other

blueprint = Blueprint("shifts", __name__)
COLUMNS = (
    "person",
    "started_at",
    "ended_at",
    "ended_by",
    "remark",
    "alarms",
    "tickets",
    "silent",
    "taken_over_at",
    "taken_over_by",
    "answer",
)


class NoteForm(FlaskForm):
    """Something to write down."""

    text = TextAreaField(lazy_gettext("What happened"))


class RemarkForm(FlaskForm):
    """The words at the end of a shift, or of who takes over."""

    version = HiddenField()
    remark = TextAreaField(lazy_gettext("What the next one must know"))

    def seen(self) -> int:
        """The version of the shift that the page showed."""
        text = self.version.data or ""
        return int(text) if text.isdecimal() and len(text) < 10 else 0


class TakeOverForm(RemarkForm):
    """The words of who takes over."""

    remark = TextAreaField(lazy_gettext("My remark"))


@blueprint.get("/shifts")
@requires("shifts.read")
def index() -> Response:
    """All shifts, who is on shift, and what waits to be taken over."""
    page = queries.page(_wanted(), after=request.args.get("after"), before=request.args.get("before"))
    return render("shifts/index.html", fragment="shifts/_list.html", page=page, wanted=_wanted(), **_mine())


def _mine() -> dict[str, Any]:
    by = actor()
    return {
        "own": operations.open_of(by), "running": queries.running(), "waiting": queries.waiting(by.user_id), "state_of": queries.state_of,
    }  # fmt: skip


def _wanted() -> Filters:
    query, zone = request.args, clock.zone()
    last = monitoring_forms.day_in(query, "to", zone)
    return Filters(
        q=query.get("q", "").strip()[:100], state=query.get("state", ""), from_at=monitoring_forms.day_in(query, "from", zone),
        to_at=last + timedelta(days=1) if last else None,
    )  # fmt: skip


@blueprint.get("/shifts.csv")
@requires("shifts.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("shifts", COLUMNS, _rows())


@blueprint.get("/shifts.xlsx")
@requires("shifts.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    words = {
        "person": N_("Who was on shift"), "ended_by": N_("Handed over by"), "remark": N_("What the next one must know"),
        "alarms": N_("Alarms"), "tickets": N_("Tickets that nobody has accepted yet"), "silent": N_("Silent terminals"),
        "taken_over_at": N_("Taken over"), "taken_over_by": N_("Taken over by"), "answer": N_("Words of who took over"),
    }  # fmt: skip
    return exports.xlsx_response("shifts", N_("Shift log"), COLUMNS, _rows(), words=words)


def _rows() -> Iterator[list[Any]]:
    """All that the request says is read now, since the rows are sent when it is gone."""
    found = queries.listed(_wanted()).order_by(ShiftLog.started_at.desc(), ShiftLog.id.desc())
    return map(_exported, list(found))


def _exported(log: ShiftLog) -> list[Any]:
    left = course.handover_in(log.handover) if log.handover else course.Handover()
    return [
        log.user_name, log.started_at, log.ended_at, log.ended_by_name, log.remark, left.alarm_count, left.ticket_count,
        left.silent_count, log.countersigned_at, log.countersigned_by_name, log.countersign_remark,
    ]  # fmt: skip


@blueprint.post("/shifts")
@requires("shifts.keep")
def sign_on() -> Response:
    """Begin a shift."""
    return see_other(f"/shifts/{operations.sign_on(by=actor()).id}")


@blueprint.get("/shifts/<int:log_id>")
@requires("shifts.read")
def shift(log_id: int) -> Response:
    """One shift: what happened by itself, what was noted, what was handed over."""
    return _page(queries.by_id(log_id))


def _page(log: ShiftLog, problem: str = "", status: int = 200, **forms: FlaskForm) -> Response:
    now = clock.now()
    left = course.handover_in(log.handover) if log.handover else course.standing(actor())
    shown: dict[str, Any] = {
        "log": log, "left": left, "state": queries.state_of(log), "figures": course.figures(log, now), "locale": language(),
        "events": course.events(log, now, language()), "notes": list(log.notes.order_by(ShiftNote.id)), "problem": problem,
        "note_form": forms.get("note_form") or NoteForm(formdata=None),
        "remark_form": forms.get("remark_form") or (TakeOverForm if log.ended_at else RemarkForm)(formdata=None, version=str(log.version)),
    }  # fmt: skip
    return render("shifts/shift.html", fragment="shifts/_shift.html", status=status, **shown)


@blueprint.post("/shifts/<int:log_id>/notes")
@requires("shifts.keep")
def note(log_id: int) -> Response:
    """Write something down."""
    log, form = queries.by_id(log_id), NoteForm()
    done = sent(form, lambda: operations.note(by=actor(), log=log, text=form.text.data or ""))
    return see_other(f"/shifts/{log.id}#notes") if done.is_done else _page(log, done.problem, done.status, note_form=form)


@blueprint.post("/shifts/<int:log_id>/end")
@requires("shifts.keep")
def end(log_id: int) -> Response:
    """Sign off; what stands now is the handover."""
    log, form = queries.by_id(log_id), RemarkForm()
    done = sent(form, lambda: operations.sign_off(by=actor(), log=log, version=form.seen(), remark=form.remark.data or ""))
    if done.is_done:
        flash(_("The shift is over. Who comes next takes the handover over."))
        return see_other(f"/shifts/{log.id}")
    return _page(queries.by_id(log_id), done.problem, done.status, remark_form=form)


@blueprint.post("/shifts/<int:log_id>/take-over")
@requires("shifts.keep")
def take_over(log_id: int) -> Response:
    """Countersign the handover of somebody else."""
    log, form = queries.by_id(log_id), TakeOverForm()
    done = sent(form, lambda: operations.take_over(by=actor(), log=log, version=form.seen(), remark=form.remark.data or ""))
    if done.is_done:
        flash(_("You have taken over from %(who)s.", who=log.user_name))
        return see_other("/shifts")
    return _page(queries.by_id(log_id), done.problem, done.status, remark_form=form)


@blueprint.get("/shifts/<int:log_id>/print")
@requires("shifts.read")
def printed(log_id: int) -> Response:
    """The shift on paper (F-27)."""
    log, now = queries.by_id(log_id), clock.now()
    left = course.handover_in(log.handover) if log.handover else course.standing(actor())
    notes = list(log.notes.order_by(ShiftNote.id))
    shown: dict[str, Any] = {"figures": course.figures(log, now), "events": course.events(log, now, language()), "locale": language()}
    return render("shifts/print.html", log=log, left=left, notes=notes, company=known_settings.value("company_name"), **shown)
