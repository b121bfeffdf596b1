"""The technician's own daily and monthly report: already written, changed where needed, sent, copied for WeChat (2C-20)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts.models import User
from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.desk import day_text
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import language, translated
from app.web.render import render, see_other
from app.work_orders import technician_reports
from app.work_orders.models import ReportPeriod

blueprint = Blueprint("own_reports", __name__)
_NO_DAY = N_("That is not a day; write it like 2026-11-23.")


@blueprint.get("/my/day")
@requires(technician_reports.WRITE)
def day() -> Response:
    """The report of a day (日报); today's unless another day is asked for."""
    return _page(ReportPeriod.DAY, _day())


@blueprint.post("/my/day")
@requires(technician_reports.WRITE)
def send_day() -> Response:
    """Send it, or send it again."""
    return _send(ReportPeriod.DAY, _day())


@blueprint.get("/my/month")
@requires(technician_reports.WRITE)
def month() -> Response:
    """The report of a month (月报); this month's unless another one is asked for."""
    return _page(ReportPeriod.MONTH, _month())


@blueprint.post("/my/month")
@requires(technician_reports.WRITE)
def send_month() -> Response:
    """Send it, or send it again."""
    return _send(ReportPeriod.MONTH, _month())


def _send(period: ReportPeriod, starts_on: date) -> Response:
    text, version = request.form.get("text", ""), request.form.get("version", 0, int)
    try:
        technician_reports.send(by=actor(), period=period, starts_on=starts_on, text=text, version=version)
    except (Conflict, Invalid) as error:
        wrong = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
        return _page(period, starts_on, status=error.status, problem=words(error), typed=text, wrong=wrong)
    flash(_("The report is sent."), "message")
    return see_other(_address(period, starts_on))


def _page(period: ReportPeriod, starts_on: date, *, status: int = 200, typed: str | None = None, **more: Any) -> Response:
    me = User.get_by_id(actor().user_id)
    sent = technician_reports.of_user(me.id, period, starts_on)
    write: Callable[[User, date, str], str] = day_text.day_text if period == ReportPeriod.DAY else day_text.month_text
    text = typed if typed is not None else sent.text if sent and "anew" not in request.args else write(me, starts_on, language())
    before, after = _beside(period, starts_on)
    shown: dict[str, Any] = {
        "period": period,
        "starts_on": starts_on,
        "sent": sent,
        "text": text,
        "address": _address(period, starts_on),
        "before": _address(period, before),
        "after": _address(period, after) if after <= _today() else "",
        "problem": "",
        "wrong": {},
    }
    return render("jobs/own_report.html", status=status, **shown | more)


def _beside(period: ReportPeriod, starts_on: date) -> tuple[date, date]:
    if period == ReportPeriod.DAY:
        return starts_on - timedelta(days=1), starts_on + timedelta(days=1)
    return (starts_on - timedelta(days=1)).replace(day=1), technician_reports.month_after(starts_on)


def _address(period: ReportPeriod, starts_on: date) -> str:
    return f"/my/day?on={starts_on}" if period == ReportPeriod.DAY else f"/my/month?on={starts_on:%Y-%m}"


def _day() -> date:
    return _read(request.args.get("on") or _today().isoformat())


def _month() -> date:
    return _read(f"{request.args.get('on') or f'{_today():%Y-%m}'}-01")


def _read(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Invalid(_NO_DAY) from None
    if not date(2000, 1, 1) <= found <= _today():
        raise Invalid(N_("There is no report of a day to come."))
    return found


def _today() -> date:
    return clock.today()
