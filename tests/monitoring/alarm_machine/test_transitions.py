"""The alarm machine against a reference that shares no code with it and walks through time tick by tick (FI-29, FI-30)."""

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.monitoring.alarm_machine import memory
from app.monitoring.alarm_machine.parameters import Chatter, Input, Parameters, Step
from app.monitoring.alarm_machine.state import Condition, Occurrence, Signal, SignalKind, State
from app.monitoring.alarm_machine.transitions import Course, due_at, fold
from tests.monitoring.alarm_machine.reference import Said, Settings, Walk

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
MS = timedelta(milliseconds=1)
RAISED, CLEARED, PRESENT, ABSENT = SignalKind.RAISED, SignalKind.CLEARED, SignalKind.PRESENT, SignalKind.ABSENT
LONGEST = 190


def at(tick: int) -> datetime:
    return START + tick * MS


def ticks(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - START) // MS


def signal(tick: int, kind: SignalKind = RAISED, number: int = 0, source: str = "", level: int = 0) -> Signal:
    return Signal(at(tick), "a", number, number, kind, source=source, level=level)


def plain(on: int = 0, off: int = 0, *, latching: bool = False) -> Parameters:
    """A device code with these delays in ticks."""
    return Parameters({"": Input((Step(on * MS),), off * MS)}, latching)


def shape(occurrences: Sequence[Occurrence]) -> list[tuple]:
    return [(ticks(one.started_at), ticks(one.ended_at), one.count, one.rank, one.chatter, one.is_chattering) for one in occurrences]


def spoken(draw: st.DrawFn, levels: int) -> list[Said]:
    """Mostly each source comes and goes in turns, at small distances, so that what is rare happens often."""
    kinds = st.sampled_from(["turn"] * 8 + ["raised", "raised", "cleared", "present", "absent", "reset"])
    one = st.tuples(st.integers(0, 5), kinds, st.booleans(), st.integers(0, levels - 1))
    of_one_source = draw(st.booleans())
    said, tick, is_there = [], 0, {"": False, "r": False}
    for number, (gap, wish, of_rule, level) in enumerate(draw(st.lists(one, min_size=draw(st.sampled_from([0, 12])), max_size=30))):
        source = "r" if of_rule and not of_one_source else ""
        kind = ("cleared" if is_there[source] else "raised") if wish == "turn" else wish
        is_there[source] = kind in ("raised", "present") or (kind == "reset" and is_there[source])
        tick += gap
        said.append(Said(tick, number, kind, source, level if source else 0))
    return said


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Settings, Parameters, list[Said], list[Signal]]:
    """A code with a device and a rule of up to two levels, in the words of the reference and of the product, and what is said of it."""
    delays = st.integers(0, 8)
    rule = [(draw(delays), rank) for rank in sorted(draw(st.lists(st.integers(0, 2), min_size=1, max_size=2)))]
    levels = {"": [(draw(delays), 1)], "r": rule}
    off = {"": draw(delays), "r": draw(delays)}
    few, many, quiet = (3, draw(st.integers(1, 25))), (4, draw(st.integers(5, 25))), draw(st.integers(26, 40))
    words = Settings(levels, off, draw(st.booleans()), few, many, 4, quiet)
    chatter = Chatter(few[0], few[1] * MS, many[0], many[1] * MS, 4, quiet * MS)
    inputs = {source: Input(tuple(Step(on * MS, rank) for on, rank in steps), off[source] * MS) for source, steps in levels.items()}
    said = spoken(draw, len(rule))
    heard = [signal(one.tick, SignalKind(one.kind), one.number, one.source, one.level) for one in said]
    return words, Parameters(inputs, words.latching, chatter), said, heard


def same(course: Course, walk: Walk) -> None:
    assert shape(course.occurrences) == [one.shape for one in walk.episodes]
    state = course.state
    assert (state.condition, state.is_chattering, state.fleeting) == (walk.stands, walk.chatters, walk.fleeting)


def test_it_works() -> None:
    heard = [signal(0), signal(5, CLEARED), signal(9, RAISED), signal(20, CLEARED), signal(40)]
    course = fold(heard, plain(on=3, off=6), until=at(50))
    assert shape(course.occurrences) == [(0, 20, 2, 0, 1, False), (40, None, 1, 0, 0, True)]
    assert course.state.condition == Condition.ACTIVE


@settings(max_examples=600, deadline=None)
@given(worlds(), st.integers(0, LONGEST))
def test_episodes_are_those_of_the_reference(world: tuple, until: int) -> None:
    words, parameters, said, heard = world
    same(fold(heard, parameters, until=at(until)), Walk(words).through(said, until))


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(world: tuple, chance: random.Random) -> None:
    _words, parameters, _said, heard = world
    shuffled = list(heard)
    chance.shuffle(shuffled)
    assert fold(shuffled, parameters) == fold(heard, parameters)


@settings(max_examples=300, deadline=None)
@given(worlds(), st.lists(st.integers(0, LONGEST), max_size=6))
def test_in_pieces_with_the_state_kept_between_is_the_same_as_in_one_go(world: tuple, cuts: list[int]) -> None:
    """FI-30: stopped and started again at any moment, pending, clearing and latched ones included."""
    _words, parameters, _said, heard = world
    state, found = State(), []
    for begin, end in itertools.pairwise(sorted({0, *cuts, LONGEST + 1})):
        piece = fold([one for one in heard if at(begin) <= one.at < at(end)], parameters, state, at(end) - MS)
        found = [*(found[:-1] if state.is_standing else found), *piece.occurrences]
        standing = piece.occurrences[-1] if piece.state.is_standing else None
        state = memory.read(memory.written(piece.state), piece.state.condition, standing)
    whole = fold(heard, parameters, until=at(LONGEST))
    assert found == whole.occurrences
    assert memory.written(state) == memory.written(whole.state)
    assert due_at(state, parameters) == due_at(whole.state, parameters)


@given(worlds(), st.integers(0, LONGEST))
def test_the_next_timer_is_due_exactly_when_something_changes_by_itself(world: tuple, until: int) -> None:
    _words, parameters, _said, heard = world
    state = fold(heard, parameters, until=at(until)).state
    due = due_at(state, parameters)
    if due is None:
        assert fold([], parameters, state, at(10_000)).state == state
    else:
        assert fold([], parameters, state, due - MS).state == state
        assert fold([], parameters, state, due).state != state


@given(worlds())
def test_no_occurrence_ends_before_it_starts_and_none_overlap(world: tuple) -> None:
    _words, parameters, _said, heard = world
    found = fold(heard, parameters, until=at(LONGEST)).occurrences
    assert all(one.ended_at is None or one.ended_at >= one.started_at for one in found)
    assert all(one.is_over and one.ended_at <= other.started_at for one, other in itertools.pairwise(found))


@pytest.mark.parametrize(("gone", "episodes"), [(14_999, 0), (15_000, 1), (15_001, 1)])
def test_what_is_held_for_its_delay_to_the_millisecond_is_an_alarm(gone: int, episodes: int) -> None:
    """FI-29."""
    course = fold([signal(0), signal(gone, CLEARED)], plain(on=15_000))
    assert len(course.occurrences) == episodes
    assert course.state.fleeting == 1 - episodes


@pytest.mark.parametrize(("again", "episodes"), [(60_999, 1), (61_000, 2), (61_001, 2)])
def test_what_comes_back_before_the_off_delay_is_over_is_the_same_episode(again: int, episodes: int) -> None:
    """FI-29."""
    course = fold([signal(0), signal(1_000, CLEARED), signal(again)], plain(off=60_000))
    assert len(course.occurrences) == episodes


def test_chatter_for_an_hour_is_one_episode() -> None:
    """FI-27: 2 Hz."""
    heard = [signal(tick * 250, CLEARED if tick % 2 else RAISED, tick) for tick in range(14_400)]
    course = fold(heard, plain(off=60_000))
    assert shape(course.occurrences) == [(0, None, 7_200, 0, 7_199, True)]
    assert len(course.state.raises) <= 10
    later = fold([], plain(off=60_000), course.state, at(3_600_000 + 240_000)).state
    assert (later.condition, later.is_chattering) == (Condition.NORMAL, True)
    assert not fold([], plain(off=60_000), later, at(3_600_000 + 1_800_000)).state.is_chattering


def test_a_higher_level_raises_the_rank_once_it_was_held() -> None:
    """T5."""
    parameters = Parameters({"": Input(), "r": Input((Step(10 * MS, 0), Step(5 * MS, 2)), 20 * MS)})
    heard = [signal(0, source="r"), signal(12, PRESENT, 1, "r", 1)]
    assert [one.rank for one in fold(heard, parameters, until=at(16)).occurrences] == [0]
    assert [one.rank for one in fold(heard, parameters, until=at(17)).occurrences] == [2]


def test_a_higher_level_that_was_left_before_its_delay_raises_nothing() -> None:
    """T5."""
    parameters = Parameters({"": Input(), "r": Input((Step(0 * MS, 0), Step(10 * MS, 2)), 20 * MS)})
    heard = [signal(0, RAISED, 0, "r", 1), signal(9, PRESENT, 1, "r", 0)]
    assert [one.rank for one in fold(heard, parameters, until=at(99)).occurrences] == [0]


def test_what_is_latched_is_left_only_by_a_reset() -> None:
    """T10."""
    parameters = plain(off=10, latching=True)
    state = fold([signal(0), signal(5, CLEARED)], parameters, until=at(99)).state
    assert state.condition == Condition.LATCHED
    assert due_at(state, parameters) is None
    back = fold([signal(100)], parameters, state)
    assert shape(back.occurrences) == [(0, None, 2, 0, 0, False)]
    over = fold([signal(120, SignalKind.RESET)], parameters, state)
    assert shape(over.occurrences) == [(0, 120, 1, 0, 0, False)]


def test_a_birth_says_nothing_about_what_the_portal_computes() -> None:
    parameters = Parameters({"": Input(), "r": Input((Step(),), 0 * MS)})
    course = fold([signal(0, source="r"), signal(5, ABSENT)], parameters, until=at(99))
    assert course.state.condition == Condition.ACTIVE


def test_a_birth_that_names_a_known_fault_counts_nothing() -> None:
    assert shape(fold([signal(0), signal(5, PRESENT)], plain()).occurrences) == [(0, None, 1, 0, 0, False)]


def test_gone_without_having_come_is_nothing() -> None:
    assert fold([signal(1, CLEARED)], plain()).state == State()


def test_equal_times_are_ordered_by_sequence_number() -> None:
    found = fold([signal(5, CLEARED, 3), signal(5, RAISED, 2)], plain()).occurrences
    assert shape(found) == [(5, 5, 1, 0, 0, False)]


def test_raised_gone_and_raised_at_one_moment_is_one_occurrence() -> None:
    found = fold([signal(5, RAISED, 1), signal(5, CLEARED, 2), signal(5, RAISED, 3)], plain()).occurrences
    assert shape(found) == [(5, None, 2, 0, 0, False)]


@example([0, 1, 2])
@given(st.lists(st.integers(0, 200), min_size=1, max_size=30))
def test_the_memory_of_raises_stays_small(moments: list[int]) -> None:
    heard = [signal(moment, kind, 2 * number + (kind == CLEARED)) for number, moment in enumerate(moments) for kind in (RAISED, CLEARED)]
    assert len(fold(heard, plain()).state.raises) <= 10
