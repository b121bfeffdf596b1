"""Machines that are silent now, their export, and outages of the whole feed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_, Invalid
from app.customers import queries as customers
from app.machines.queries import SIM_STATES
from app.monitoring import forms
from app.monitoring.silence import outages, queries
from app.monitoring.silence.queries import COLUMNS, DEFAULT_SORT, LEVELS, Filters
from app.monitoring.views.routes import LIVE, blueprint
from app.web import exports
from app.web.auth import actor, requires
from app.web.filters import age_text
from app.web.preferences import local_path
from app.web.render import live_tag, render, see_other, tagged, unchanged


@blueprint.app_template_filter("lasted")
def lasted(from_at: datetime, to_at: datetime | None) -> str:
    """How long something lasted, until now without an end, in words."""
    return age_text(((to_at or clock.now()) - from_at).total_seconds())


@blueprint.get("/monitoring/silent")
@requires("monitoring.read")
def silent() -> Response:
    """The list keeps itself up to date; as a poll it answers 304 while nothing has changed."""
    tag = live_tag(*LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    me, filters, sort = actor(), _filters(), request.args.get("sort", DEFAULT_SORT)
    page = queries.page(me, filters, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {
        "page": page,
        "filters": filters,
        "sort": sort,
        "tag": tag,
        "expired": queries.expired(me, filters) if not filters.sim else (0, False),
        "gateways": [(name, name) for name in queries.gateways(me)],
    }
    shown["areas"] = [(area.id, area.name) for area in customers.areas()] if me.area_ids is None else []
    shown["customer"] = customers.by_id(me, filters.customer) if filters.customer else None
    return tagged(render("monitoring/silent.html", fragment="monitoring/_silent.html", **shown), tag)


@blueprint.get("/monitoring/silent.csv")
@requires("monitoring.read")
def silent_csv() -> Response:
    """The list with the same filters as CSV (interfaces.md)."""
    return exports.csv_response("silent", COLUMNS, _exported())


@blueprint.get("/monitoring/silent.xlsx")
@requires("monitoring.read")
def silent_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    words = {"silent_since": N_("Silent since"), "last_message_at": N_("Last message")}
    return exports.xlsx_response("silent", N_("Silent machines"), COLUMNS, _exported(), words=words)


@blueprint.post("/monitoring/outages/<int:outage_id>/acknowledgement")
@requires("alarms.acknowledge")
def acknowledge_outage(outage_id: int) -> Response:
    """Say that somebody has seen that nothing came in."""
    outages.acknowledge(by=actor(), outage=outages.by_id(outage_id))
    flash(_("Acknowledged."))
    return see_other(local_path(request.form.get("next", "/monitoring")))


def _filters() -> Filters:
    """Raises ``Invalid``."""
    query = request.args
    level, sim = query.get("level") or "silent", query.get("sim", "")
    if level not in LEVELS or (sim and sim not in SIM_STATES):
        raise Invalid(N_("The list cannot be filtered that way."))
    return Filters(
        q=query.get("q", "").strip()[: forms.LONGEST_Q],
        level=level,
        area=forms.number(query, "area"),
        customer=forms.number(query, "customer"),
        gateway=query.get("gateway", "").strip()[: forms.LONGEST_Q],
        sim=sim,
    )


def _exported() -> Iterator[list[Any]]:
    rows = queries.whole(actor(), _filters(), sort=request.args.get("sort", DEFAULT_SORT))
    return (
        [
            row.serial, row.device, row.customer, row.site, row.area, row.gateway, row.last_received_at if row.is_silent else None,
            row.last_received_at, row.sim_number, row.sim_expires_on, row.ticket,
        ]
        for row in rows
    )  # fmt: skip
