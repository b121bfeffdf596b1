"""What each request was and took: a JSON line without personal data, and a histogram for Prometheus.

The line names the route, not the address: an address may hold what somebody searched for.
"""

import time

import structlog
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram

log = structlog.get_logger("access")

registry = CollectorRegistry()
_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_latency = Histogram("centre_page_seconds", "Time to answer a request", ["endpoint", "status"], registry=registry, buckets=_BUCKETS_S)


def init_app(app: Flask) -> None:
    """Observe every request; registered first, so that it sees what all others take."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started_ns = time.perf_counter_ns()


def _end(response: Response) -> Response:
    took_s = (time.perf_counter_ns() - g.get("started_ns", time.perf_counter_ns())) / 1e9
    endpoint = request.endpoint or "none"
    _latency.labels(endpoint, f"{response.status_code // 100}xx").observe(took_s)
    if response.status_code != 304 or "HX-PTag" not in request.headers:  # a poll that found nothing new is not worth a line
        log.info(
            "request",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            ms=round(took_s * 1000, 1),
            user_id=getattr(g.get("_login_user"), "user_id", None),
        )
    return response
