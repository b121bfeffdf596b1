"""The list of floods and its exports."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import request
from peewee import ModelSelect
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_
from app.monitoring import forms
from app.monitoring.announcing import flood_register
from app.monitoring.models import AlarmFlood
from app.monitoring.views.routes import blueprint
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import render

COLUMNS = ("started_at", "ended_at", "minutes", "alarms", "most", "clerks", "digests", "codes", "machines")


@blueprint.get("/monitoring/floods")
@requires("shifts.read")
def floods() -> Response:
    """Every flood, newest first, with what came most often in it."""
    page = flood_register.page(_wanted(), after=request.args.get("after"), before=request.args.get("before"))
    now = clock.now()
    tops = flood_register.tops(actor(), page.rows, now)
    return render("monitoring/floods.html", fragment="monitoring/_floods.html", page=page, tops=tops, minutes=_minutes, day=_day, now=now)


@blueprint.get("/monitoring/floods.csv")
@requires("shifts.read")
def floods_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("floods", COLUMNS, _rows())


@blueprint.get("/monitoring/floods.xlsx")
@requires("shifts.read")
def floods_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    words = {
        "minutes": N_("Minutes"), "alarms": N_("Alarms"), "most": N_("Peak in 10 min"), "clerks": N_("Clerks"),
        "digests": N_("Gathered messages"), "codes": N_("Top codes"), "machines": N_("Top machines"),
    }  # fmt: skip
    return exports.xlsx_response("floods", N_("Record of floods"), COLUMNS, _rows(), words=words)


def _wanted() -> ModelSelect:
    query, zone = request.args, clock.zone()
    last = forms.day_in(query, "to", zone)
    return flood_register.listed(forms.day_in(query, "from", zone), last + timedelta(days=1) if last else None)


def _rows() -> Iterator[list[Any]]:
    """All that the request says is read now, since the rows are sent when it is gone."""
    found, now = list(_wanted().order_by(*flood_register.NEWEST.by())), clock.now()
    tops = flood_register.tops(actor(), found, now)
    return iter([_exported(flood, tops[flood.id], now) for flood in found])


def _exported(flood: AlarmFlood, top: flood_register.Tops, now: datetime) -> list[Any]:
    codes, machines = (" ".join(f"{name}×{count}" for name, count in names) for names in (top.codes, top.machines))
    return [
        flood.started_at, flood.ended_at, _minutes(flood, now), flood.alarms, flood.most, flood.clerks, flood.digests, codes, machines,
    ]  # fmt: skip


def _day(at: datetime) -> str:
    """The day of the deployment's zone, as a date field writes it."""
    return clock.day_of(at).isoformat()


def _minutes(flood: AlarmFlood, now: datetime) -> int:
    """How long it lasted, or has lasted so far."""
    return max(1, round(((flood.ended_at or now) - flood.started_at) / timedelta(minutes=1)))
