"""What the subscriber tells of itself: heartbeat, possible losses of the broker, steps of its clock."""

from dataclasses import dataclass

from app.core import clock, db, live
from app.monitoring.models import ClockStep, FeedStatus, Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """State of one subscriber; times in milliseconds since 1970, ``delivery`` is "full" or "trial" (monitoring rule 14).

    ``heartbeat_ms`` is by the clock of the host: other processes compare it with theirs.
    """

    instance: str
    heartbeat_ms: int
    is_connected: bool
    connected_ms: int | None
    last_message_ms: int | None
    queue_length: int
    delivery: str
    problem: str


def beat(heartbeat: Heartbeat) -> None:
    """Write the heartbeat; live screens hear of it when connection, kind of delivery or problem changed.

    Without a connection ``connected_at`` is when there last was one, in an earlier life of the subscriber too.
    """
    values = {
        "heartbeat_at": heartbeat.heartbeat_ms,
        "is_connected": heartbeat.is_connected,
        "connected_at": heartbeat.connected_ms,
        "last_message_at": heartbeat.last_message_ms,
        "queue_length": heartbeat.queue_length,
        "delivery": heartbeat.delivery,
        "problem": heartbeat.problem,
    }
    with db.transaction():
        before = FeedStatus.get_or_none(FeedStatus.instance == heartbeat.instance)
        if not heartbeat.is_connected and before is not None:
            values["connected_at"] = _contact_ms(before)
        FeedStatus.insert(instance=heartbeat.instance, **values).on_conflict(conflict_target=[FeedStatus.instance], update=values).execute()
        shown = ("is_connected", "delivery", "problem")
        if before is None or any(getattr(before, name) != values[name] for name in shown):
            live.touch("feed")


def note_possible_gap(from_ms: int, to_ms: int) -> None:
    """Note that the broker forgot the session: messages between these times may be lost (monitoring rule 8)."""
    with db.transaction():
        Gap.insert(from_at=from_ms, to_at=to_ms).execute()
        live.touch("feed")


def note_clock_step(at_ms: int, step_ms: int) -> None:
    """Note a step of the host's clock (monitoring rule 12)."""
    with db.transaction():
        ClockStep.insert(at=at_ms, step_ms=step_ms).execute()


def last_contact_ms() -> int | None:
    """When any subscriber was last seen connected to the broker, None before the first connection ever."""
    with db.available():
        db.connect()
        return max((ms for row in FeedStatus.select() if (ms := _contact_ms(row)) is not None), default=None)


def _contact_ms(status: FeedStatus) -> int | None:
    at = status.heartbeat_at if status.is_connected else status.connected_at
    return None if at is None else clock.to_ms(at)
