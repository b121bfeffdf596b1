"""Which letter is offered first."""

import pytest
from peewee import Database

from app.billing import letters

pytestmark = pytest.mark.usefixtures("sqlite_database")


def test_it_works(sqlite_database: Database) -> None:
    steps = letters.steps_with_letters()
    offered = letters.usual(steps, 20)
    assert offered is not None
    assert (offered.act, offered.days) == ("letter", 15)


@pytest.mark.parametrize(("overdue", "step"), [(-30, -7), (-2, -7), (0, -7), (1, 15), (15, 15), (29, 15), (30, 30), (400, 90)])
def test_what_is_overdue_is_never_offered_a_letter_that_calls_it_due_soon(overdue: int, step: int) -> None:
    offered = letters.usual(letters.steps_with_letters(), overdue)
    assert offered is not None
    assert offered.days == step


def test_a_ladder_without_letters_offers_none() -> None:
    assert letters.usual([], 5) is None
