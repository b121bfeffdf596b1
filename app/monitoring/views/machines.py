"""The monitoring of one machine: alarms, readings, episodes, its terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import current_app, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_, NotFound
from app.machines.models import Machine
from app.machines.queries import profile_of
from app.monitoring import charts, forms, queries, readings
from app.monitoring.charts import Chart, Wanted
from app.monitoring.silence import queries as silence
from app.monitoring.sources import Source, sources
from app.monitoring.views.routes import LIVE, blueprint
from app.web import exports
from app.web.auth import actor, requires
from app.web.htmx import htmx
from app.web.render import live_tag, render, tagged, unchanged

NO_READING = N_("This machine has not sent a reading yet.")


@blueprint.app_template_filter("input_moment")
def input_moment(at: datetime) -> str:
    """A time as a ``datetime-local`` field takes it, in the deployment's time zone."""
    return at.astimezone(current_app.config["CENTRE"].zone).strftime("%Y-%m-%dT%H:%M:%S")


@blueprint.get("/monitoring/machines/<device>")
@requires("monitoring.read")
def machine(device: str) -> Response:
    """The machine's screen; its alarms and episodes keep themselves up to date, the chart stays as it was asked for."""
    tag = live_tag(*LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    found = queries.machine_by_device(actor(), device)
    if found.device and found.device != device:  # a terminal that was replaced
        return redirect(f"{url_for('monitoring.machine', device=found.device)}?{request.query_string.decode('ascii')}".rstrip("?"))
    terminal = queries.terminal_of(found)
    shown: dict[str, Any] = {
        "machine": found,
        "device": device,
        "terminal": terminal,
        "profile": profile_of(found),
        "alarms": queries.standing_of(actor(), found),
        "episodes": queries.episodes_of(found),
        "tickets": queries.open_ticket_numbers(found),
        "chart": None if htmx.wants_fragment else chart_of(found),
        "silences": silence.silences_of(found),
        "sim_state": silence.sim_state(found.sim_expires_on),
        "tag": tag,
    }
    return tagged(render("monitoring/machine.html", fragment="monitoring/_machine_now.html", **shown), tag)


@blueprint.get("/monitoring/machines/<device>/readings.json")
@requires("monitoring.read")
def machine_readings(device: str) -> Response:
    """The points of one metric between ``from`` and ``to``, thinned to what a screen can show."""
    chart = chart_of(queries.machine_by_device(actor(), device))
    if chart is None:
        raise NotFound(NO_READING)
    return jsonify(charts.as_json(chart.panels[0]))


@blueprint.get("/monitoring/machines/<device>/readings.csv")
@requires("monitoring.read")
def machine_readings_csv(device: str) -> Response:
    """What the chart of the same address is drawn from."""
    found = queries.machine_by_device(actor(), device)
    heard = sources(found)
    metrics = readings.charted(profile_of(found), readings.latest(heard))
    if not metrics:
        raise NotFound(NO_READING)
    rows = list(charts.csv_rows(found, heard, _wanted(heard, metrics)))
    return exports.csv_response(f"readings-{device}", charts.CSV_COLUMNS, rows)


def chart_of(machine: Machine) -> Chart | None:
    """The chart that the address asks for; None for a machine that never sent a reading."""
    heard = sources(machine)
    newest = readings.latest(heard)
    metrics = readings.charted(profile_of(machine), newest)
    if not metrics:
        return None
    return Chart(charts.panels(machine, heard, _wanted(heard, metrics)), metrics, newest, request.args.get("window", ""))


def _wanted(heard: Sequence[Source], metrics: Sequence[str]) -> Wanted:
    """What the address asks for; the first of ``metrics`` if it names none."""
    zone = current_app.config["CENTRE"].zone
    from_at, to_at = forms.window(request.args, readings.last_reading_at(heard), clock.now(), zone)
    chosen = list(dict.fromkeys(filter(None, request.args.getlist("metric"))))[: charts.MOST_METRICS]
    return Wanted(chosen or metrics[:1], from_at, to_at)
