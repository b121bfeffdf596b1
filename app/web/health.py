"""Whether this process serves, whether the portal is ready, and figures for Prometheus; none of it shows customer data.

``web`` knows no capability: the factory hands in what to check and what to count.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from flask import Blueprint, Flask, Response, current_app, jsonify

from app.core import db, migrating
from app.core.errors import Unavailable
from app.web.auth import public

blueprint = Blueprint("health", __name__)
_KEY = "health_checks"


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


def init_app(app: Flask, checks: Iterable[Check]) -> None:
    """Register the checks of ``/readyz`` beside those of the database."""
    app.extensions[_KEY] = (database_check, migrations_check, *checks)


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """This process serves requests."""
    return jsonify(status=State.OK)


@blueprint.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Whether the portal can do its work: 503 with reasons when it cannot, 200 "degraded" when a part is silent."""
    findings = [_run(check) for check in current_app.extensions[_KEY]]
    state = next((state for state in (State.FAILED, State.DEGRADED) if any(f.state == state for f in findings)), State.OK)
    reasons = [finding.reason for finding in findings if finding.state != State.OK]
    checks = {finding.name: finding.state for finding in findings}
    return jsonify(status=state, reasons=reasons, checks=checks), 503 if state == State.FAILED else 200


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
