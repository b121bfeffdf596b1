"""Readings at times long ago, as intake would have stored them."""

from datetime import datetime, timedelta

from app.core import bulk, db
from app.core.clock import UTC, to_ms
from app.monitoring.models import EvaluationCursor, FeedPosition, Reading, Terminal

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OLD = START + 140 * DAY


def say(terminal: Terminal, *said: tuple[datetime, float], is_evaluated: bool = True) -> None:
    """Store values of the oil temperature at times."""
    first = FeedPosition.get().value
    rows = [(position, terminal.id, to_ms(at), to_ms(at), f'{{"oil_temp":{value}}}') for position, (at, value) in enumerate(said, first)]
    with db.transaction():
        bulk.insert(Reading, ("position", "terminal", "at", "received_at", "metrics"), rows)
        FeedPosition.update(value=first + len(said)).execute()
        if is_evaluated:
            evaluate()


def evaluate() -> None:
    """Let evaluation have reached everything."""
    EvaluationCursor.insert(name="alarms", position=0).on_conflict_ignore().execute()
    EvaluationCursor.update(position=FeedPosition.get().value - 1).execute()
