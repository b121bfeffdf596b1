"""What the page of the feed says of how readings are kept, on both databases."""

from app.core import db
from app.monitoring.models import Terminal
from app.monitoring.readings import ageing
from app.monitoring.readings.keeping import keeping
from tests.monitoring.readings.said import HOUR, OLD, START, say


def test_it_works(terminal: Terminal) -> None:
    say(terminal, (START, 40))
    ageing.look(START + HOUR)
    found = keeping()
    assert found.hours_due == 1
    assert found.raw_from is not None
    assert found.raw_from < START
    assert found.whole > 100_000
    assert set(found.sizes) == (set() if db.is_sqlite() else {"reading", "reading_minute", "reading_hour"})


def test_what_was_thinned_and_forgotten_is_said(terminal: Terminal) -> None:
    say(terminal, (START, 40))
    ageing.look(OLD)
    found = keeping()
    assert found.hours_due == 0
    assert found.raw_from is not None
    assert START < found.raw_from < OLD
    assert all(found.sizes.values())
