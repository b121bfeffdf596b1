"""What ``/readyz`` and ``/metrics`` say of the feed and the worker; figures only, nothing of any customer."""

from datetime import timedelta

from app.core import clock, jobs
from app.monitoring import feed
from app.web.health import Finding, State

COUNTED = ("received", "stored", "duplicates", "rejected", "quarantined", "episodes")
STANDING = ("open_alarms", "open_tickets")
HEARTBEAT = "heartbeat"
WORKER_IS_SILENT_AFTER = timedelta(minutes=1)


def subscriber_check() -> Finding:
    """The subscriber lives and its broker answers."""
    health = feed.health()
    if health.status is None:
        return Finding("subscriber", State.DEGRADED, "No subscriber has reported yet: messages of machines wait at the broker.")
    if not health.is_alive:
        since = health.status.heartbeat_at.isoformat(timespec="seconds")
        return Finding("subscriber", State.DEGRADED, f"The subscriber has been silent since {since}: messages wait at the broker.")
    if not health.is_receiving:
        return Finding("subscriber", State.DEGRADED, "The subscriber has no connection to the broker.")
    return Finding("subscriber", State.OK)


def worker_check() -> Finding:
    """The worker for periodic jobs lives."""
    last_at = next((run.last_at for run in jobs.last_runs() if run.name == HEARTBEAT), None)
    if last_at is None or clock.now() - last_at > WORKER_IS_SILENT_AFTER:
        return Finding("worker", State.DEGRADED, "No worker does the periodic jobs.")
    return Finding("worker", State.OK)


def figures() -> dict[str, float]:
    """Counters since the first message (``…_total``) and what stands open now."""
    counted = feed.counts()
    health = feed.health()
    now = clock.now()
    found: dict[str, float] = {f"messages_{name}_total" if name != "episodes" else "episodes_total": counted[name] for name in COUNTED}
    found |= {name: counted[name] for name in STANDING}
    if health.status is not None:
        found["subscriber_heartbeat_age_seconds"] = (now - health.status.heartbeat_at).total_seconds()
        found["subscriber_queue_length"] = health.status.queue_length
    for run in jobs.last_runs():
        if run.name == HEARTBEAT and run.last_at is not None:
            found["worker_heartbeat_age_seconds"] = (now - run.last_at).total_seconds()
    return found
