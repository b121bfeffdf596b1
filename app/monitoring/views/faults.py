"""The fault register and its exports."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import current_app, request
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import N_
from app.customers import queries as customers
from app.monitoring import fault_register, forms
from app.monitoring.fault_register import COLUMNS, Filters
from app.monitoring.views.routes import blueprint
from app.web import exports
from app.web.auth import actor, requires
from app.web.i18n import language
from app.web.render import render


@blueprint.get("/faults")
@requires("monitoring.read")
def faults() -> Response:
    """The register: one row per episode, or counted by what ``group`` names."""
    filters, sort = _filters(), forms.fault_sort(request.args)
    page = fault_register.page(actor(), filters, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    group = request.args.get("group", "")
    groups = fault_register.grouped(actor(), filters, group, clock.now()) if group else []
    shown: dict[str, Any] = {"page": page, "filters": filters, "sort": sort, "group": group, "groups": groups}
    areas = [(area.id, area.name) for area in customers.areas()] if actor().area_ids is None else []
    return render("monitoring/faults.html", fragment="monitoring/_faults.html", areas=areas, locale=language(), **shown)


@blueprint.get("/faults.csv")
@requires("monitoring.read")
def faults_csv() -> Response:
    """The register with the same filters as CSV (interfaces.md)."""
    return exports.csv_response("faults", COLUMNS, ([_written(value) for value in row] for row in _exported()))


@blueprint.get("/faults.xlsx")
@requires("monitoring.read")
def faults_xlsx() -> Response:
    """The register with the same filters as a workbook."""
    words = {"name": N_("Fault")}
    return exports.xlsx_response("faults", N_("Fault register"), COLUMNS, _exported(), words=words, labels={"severity": "Priority"})


def _filters() -> Filters:
    return forms.fault_filters(request.args, current_app.config["CENTRE"].zone)


def _exported() -> Iterator[list[Any]]:
    """The rows of an export; all that the request says is read now, since the rows are sent when it is gone."""
    locale = language()
    rows = fault_register.whole(actor(), _filters(), sort=forms.fault_sort(request.args))
    return (
        [
            row.id, row.serial, row.device, row.code, row.name(locale), row.severity, row.started_at, row.ended_at, row.count,
            row.acknowledged_at, row.acknowledged_by, row.ticket,
        ]
        for row in rows
    )  # fmt: skip


def _written(value: Any) -> Any:
    """A time as ISO 8601 with the deployment's zone, to the millisecond."""
    return value.astimezone(clock.zone()).isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
