"""The alarm machine against a reference that shares no code with it: scan forward through sorted signals, cut at each "gone"."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.monitoring.rules import Effect, Occurrence, Signal, SignalKind, State, fold, reconcile, step

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
RAISED, CLEARED, PRESENT, ABSENT = SignalKind.RAISED, SignalKind.CLEARED, SignalKind.PRESENT, SignalKind.ABSENT


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def signal(second: float, kind: SignalKind = RAISED, seq: int | None = None, text: str = "") -> Signal:
    number = int(second * 1000) if seq is None else seq
    return Signal(at(second), "a", number, number, kind, text)


def reference(signals: Sequence[Signal]) -> list[tuple[datetime, datetime | None, int]]:
    """Start, end and count of each episode."""
    episodes: list[list] = []
    is_there = False
    for one in sorted(signals, key=lambda one: (one.at, one.boot, one.seq, one.position)):
        if one.kind in (CLEARED, ABSENT):
            if is_there:
                episodes[-1][1] = one.at
            is_there = False
        elif not is_there and episodes and episodes[-1][0] == one.at:
            episodes[-1][1], episodes[-1][2], is_there = None, episodes[-1][2] + 1, True
        elif not is_there:
            episodes.append([one.at, None, 1])
            is_there = True
        elif one.kind == RAISED:
            episodes[-1][2] += 1
    return [tuple(episode) for episode in episodes]


def shape(occurrences: Sequence[Occurrence]) -> list[tuple[datetime, datetime | None, int]]:
    return [(one.started_at, one.ended_at, one.count) for one in occurrences]


def distinct(numbers: list[tuple[int, SignalKind]]) -> list[Signal]:
    return [Signal(at(second), "ab"[number % 2], number, number, kind) for number, (second, kind) in enumerate(numbers)]


signals = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(SignalKind)), max_size=40).map(distinct)


def test_it_works() -> None:
    found = fold([signal(0, text="oil 66"), signal(5), signal(9, CLEARED), signal(20)])
    assert shape(found) == [(at(0), at(9), 2), (at(20), None, 1)]
    assert found[0].text == "oil 66"
    assert found[0].last_raised_at == at(5)


@given(signals)
def test_episodes_are_those_of_the_reference(given_signals: list[Signal]) -> None:
    assert shape(fold(given_signals)) == reference(given_signals)


@given(signals, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(given_signals: list[Signal], random) -> None:
    shuffled = list(given_signals)
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(given_signals)


@given(signals, st.integers(0, 31))
def test_going_on_from_a_state_is_the_same_as_all_at_once(given_signals: list[Signal], cut: int) -> None:
    early = [one for one in given_signals if one.at < at(cut)]
    late = [one for one in given_signals if one.at >= at(cut)]
    before = fold(early)
    after = fold(late, State(before[-1]) if before else State())
    closed = before[:-1] if before and not before[-1].is_over else before
    assert closed + after == fold(given_signals)


def test_a_birth_that_names_a_known_fault_counts_nothing() -> None:
    assert shape(fold([signal(0), signal(5, PRESENT)])) == [(at(0), None, 1)]


def test_a_birth_raises_what_was_not_known_and_ends_what_it_does_not_name() -> None:
    assert shape(fold([signal(3, PRESENT), signal(8, ABSENT)])) == [(at(3), at(8), 1)]


def test_gone_without_having_come_is_nothing() -> None:
    state, effect = step(State(), signal(1, CLEARED))
    assert (state, effect) == (State(), Effect.NONE)


def test_equal_times_are_ordered_by_sequence_number() -> None:
    assert shape(fold([signal(5, CLEARED, seq=3), signal(5, RAISED, seq=2)])) == [(at(5), at(5), 1)]


def test_raised_gone_and_raised_at_one_moment_is_one_occurrence() -> None:
    found = fold([signal(5, RAISED, 1), signal(5, CLEARED, 2), signal(5, RAISED, 3)])
    assert shape(found) == [(at(5), None, 2)]


@given(signals)
def test_no_occurrence_ends_before_it_starts_and_none_overlap(given_signals: list[Signal]) -> None:
    found = fold(given_signals)
    assert all(one.ended_at is None or one.ended_at >= one.started_at for one in found)
    assert all(one.is_over and one.ended_at <= other.started_at for one, other in itertools.pairwise(found))


@given(signals, signals)
def test_reconciling_accounts_for_every_stored_and_every_computed_occurrence(some: list[Signal], others: list[Signal]) -> None:
    stored, computed = fold(some), fold(some + others)
    plan = reconcile(stored, computed)
    kept = dict(plan.kept)
    assert sorted([*kept, *(index for index, _heir in plan.removed)]) == list(range(len(stored)))
    assert sorted([*kept.values(), *plan.added], key=lambda one: one.started_at) == computed


def test_a_stored_occurrence_keeps_its_identity_when_its_start_moves() -> None:
    plan = reconcile([Occurrence(at(10), at(10))], [Occurrence(at(5), at(10), 2)])
    assert plan.kept == [(0, Occurrence(at(5), at(10), 2))]
    assert not plan.added
    assert not plan.removed
