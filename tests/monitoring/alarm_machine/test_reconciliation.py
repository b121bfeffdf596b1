"""Stored episodes keep their identity when a late message changes them (T17)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.monitoring.alarm_machine.reconciliation import reconcile
from app.monitoring.alarm_machine.state import Occurrence

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def occurrences(moments: list[int]) -> list[Occurrence]:
    """One after the other: from the first moment to the second, from the third to the fourth; the last may be open."""
    ordered = sorted(set(moments))
    pairs = [(ordered[place], ordered[place + 1] if place + 1 < len(ordered) else None) for place in range(0, len(ordered), 2)]
    return [Occurrence(at(start), at(start), ended_at=None if end is None else at(end)) for start, end in pairs]


histories = st.lists(st.integers(0, 40), max_size=12).map(occurrences)


def test_it_works() -> None:
    plan = reconcile([Occurrence(at(10), at(10))], [Occurrence(at(5), at(10), 2)])
    assert plan.kept == [(0, Occurrence(at(5), at(10), 2))]
    assert not plan.added
    assert not plan.removed


@given(histories, histories)
def test_every_stored_and_every_computed_occurrence_is_accounted_for(stored: list[Occurrence], computed: list[Occurrence]) -> None:
    plan = reconcile(stored, computed)
    kept = dict(plan.kept)
    assert sorted([*kept, *(index for index, _heir in plan.removed)]) == list(range(len(stored)))
    assert sorted([*kept.values(), *plan.added], key=lambda one: one.started_at) == computed


def test_what_becomes_part_of_another_leaves_it_what_it_had() -> None:
    whole = Occurrence(at(0), at(30), 2)
    plan = reconcile([Occurrence(at(0), at(0), ended_at=at(10)), Occurrence(at(30), at(30))], [whole])
    assert plan.removed == [(1, whole)]
