"""What a subscriber tells of itself outlives it."""

from peewee import Database

from app.core import clock
from app.monitoring import intake
from app.monitoring.models import FeedStatus

NOW = 1_772_416_800_000


def beat(at_ms: int, *, connected_ms: int | None = None, is_connected: bool = True, instance: str = "one") -> None:
    intake.beat(
        intake.Heartbeat(
            instance=instance, heartbeat_ms=at_ms, is_connected=is_connected, connected_ms=connected_ms, last_message_ms=None,
            queue_length=0, delivery="full", problem="",
        )
    )  # fmt: skip


def test_it_works(sqlite_database: Database) -> None:
    assert intake.last_contact_ms() is None
    beat(NOW, is_connected=False)
    assert intake.last_contact_ms() is None
    beat(NOW + 2_000, connected_ms=NOW + 1_000)
    assert intake.last_contact_ms() == NOW + 2_000


def test_who_starts_again_and_has_no_connection_yet_forgets_no_contact(sqlite_database: Database) -> None:
    beat(NOW, connected_ms=NOW - 5_000)
    for seconds in (60, 62, 64):
        beat(NOW + seconds * 1_000, is_connected=False)
    assert intake.last_contact_ms() == NOW
    assert clock.to_ms(FeedStatus.get().heartbeat_at) == NOW + 64_000


def test_the_time_without_a_broker_is_no_contact(sqlite_database: Database) -> None:
    beat(NOW, connected_ms=NOW - 5_000)
    beat(NOW + 600_000, connected_ms=NOW - 5_000, is_connected=False)
    assert intake.last_contact_ms() == NOW


def test_the_contact_of_any_counts(sqlite_database: Database) -> None:
    beat(NOW, connected_ms=NOW)
    beat(NOW + 9_000, is_connected=False, instance="two")
    assert intake.last_contact_ms() == NOW
