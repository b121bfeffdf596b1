"""Whether this process serves, whether the portal is ready, and figures for Prometheus; none of it shows customer data.

``web`` knows no capability: the factory hands in what to check and what to count.
"""

import hmac
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address

from flask import Blueprint, Flask, Response, current_app, jsonify, make_response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.core import db, migrating
from app.core.errors import N_, NotAllowed, Unavailable
from app.web import observing
from app.web.auth import public

blueprint = Blueprint("health", __name__)
_CHECKS = "health_checks"
_FIGURES = "health_figures"


class State(StrEnum):
    """How one part is; ``degraded`` keeps the portal in service."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, in words for whoever is on call."""

    name: str
    state: State
    reason: str = ""


Check = Callable[[], Finding]
Figures = Callable[[], Mapping[str, float]]


def init_app(app: Flask, checks: Iterable[Check], figures: Figures) -> None:
    """Register the checks of ``/readyz`` beside those of the database, and what ``/metrics`` counts beside the pages."""
    app.extensions[_CHECKS] = (database_check, migrations_check, *checks)
    app.extensions[_FIGURES] = figures


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """This process serves requests."""
    return jsonify(status=State.OK)


@blueprint.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Whether the portal can do its work: 503 with reasons when it cannot, 200 "degraded" when a part is silent."""
    findings = [_run(check) for check in current_app.extensions[_CHECKS]]
    state = next((state for state in (State.FAILED, State.DEGRADED) if any(f.state == state for f in findings)), State.OK)
    reasons = [finding.reason for finding in findings if finding.state != State.OK]
    checks = {finding.name: finding.state for finding in findings}
    return jsonify(status=state, reasons=reasons, checks=checks), 503 if state == State.FAILED else 200


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Figures for Prometheus, to whoever holds ``METRICS_TOKEN``; without a token only to this host."""
    _require_metrics_right()
    pages = observing.registry
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        pages = CollectorRegistry()
        MultiProcessCollector(pages)
    counted = CollectorRegistry()
    counted.register(_Counted(current_app.extensions[_FIGURES]))
    response = make_response(generate_latest(pages) + generate_latest(counted))
    response.headers["Content-Type"] = CONTENT_TYPE_LATEST
    return response


class _Counted(Collector):
    """What the database counts at the moment it is asked."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def collect(self) -> Iterator[Metric]:
        for name, value in self.figures().items():
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield family(f"centre_{name}", name.replace("_", " "), value=value)

    def describe(self) -> Iterator[Metric]:
        return iter(())


def _require_metrics_right() -> None:
    token = current_app.config["CENTRE"].metrics_token
    given = request.headers.get("Authorization", "")
    if token is None and not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 - no address is no right
        raise NotAllowed(N_("Figures are read on this host, or with METRICS_TOKEN."))
    if token is not None and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise NotAllowed(N_("Figures are read on this host, or with METRICS_TOKEN."))


def _run(check: Check) -> Finding:
    try:
        with db.available():
            return check()
    except Unavailable:
        return Finding(check.__name__.removesuffix("_check"), State.FAILED, "The database does not answer.")


def database_check() -> Finding:
    """The database answers."""
    db.connect()
    db.database.execute_sql("SELECT 1").fetchone()
    return Finding("database", State.OK)


def migrations_check() -> Finding:
    """The schema is that of this version."""
    pending = migrating.pending()
    if pending:
        return Finding("migrations", State.FAILED, f"The database lacks {', '.join(pending)}: run `flask --app app.wsgi db upgrade`.")
    return Finding("migrations", State.OK)
