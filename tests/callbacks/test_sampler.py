"""The lot of the return visits: how many, in what order, in which turn of which cycle."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.callbacks import sampler
from app.callbacks.sampler import Turn

ids = st.lists(st.integers(1, 10_000), unique=True, max_size=60)
Q4_2026 = sampler.number_of(2026, 4)


def test_it_works() -> None:
    drawn = sampler.draw("seed", [1, 2, 3, 4, 5, 6, 7, 8], 8, 1)
    by_hand = sorted(range(1, 9), key=lambda key: hashlib.sha256(f"seed:{key}".encode()).hexdigest())
    assert drawn == by_hand[:2]
    assert sampler.draw("other", [1, 2, 3, 4, 5, 6, 7, 8], 8, 1) != drawn


@pytest.mark.parametrize(
    ("active", "waiting", "turn", "drawn"),
    [
        (8, 8, 1, 2),
        (9, 9, 1, 3),  # a quarter, rounded up
        (8, 8, 2, 3),  # nobody drew in the first quarter
        (8, 2, 4, 2),
        (8, 8, 4, 8),  # the last turn takes all
        (100, 3, 2, 3),  # no more than are left
        (0, 0, 1, 0),
    ],
)
def test_a_quarter_is_drawn_or_what_catches_up(active: int, waiting: int, turn: int, drawn: int) -> None:
    assert sampler.size(active, waiting, turn) == drawn


@given(ids, st.integers(1, 4), st.text(max_size=20))
def test_a_draw_comes_out_the_same_in_whatever_order_the_pool_stands(pool: list[int], turn: int, seed: str) -> None:
    drawn = sampler.draw(seed, pool, len(pool), turn)
    assert drawn == sampler.draw(seed, sorted(pool), len(pool), turn)
    assert set(drawn) <= set(pool)
    assert len(set(drawn)) == len(drawn) == sampler.size(len(pool), len(pool), turn)


@given(ids.filter(bool))
def test_every_part_of_a_draw_is_in_its_digest(pool: list[int]) -> None:
    whole = sampler.digest("seed", pool, len(pool), pool[:1])
    others = [
        sampler.digest("Seed", pool, len(pool), pool[:1]),
        sampler.digest("seed", [*pool, 0], len(pool), pool[:1]),
        sampler.digest("seed", pool, len(pool) + 1, pool[:1]),
        sampler.digest("seed", pool, len(pool), []),
    ]
    assert whole not in others


def test_turns_follow_the_calendar_and_a_cycle_ends_with_its_fourth() -> None:
    first = sampler.next_turn(None, Q4_2026)
    assert first == Turn(Q4_2026, 1)
    assert sampler.next_turn(first, Q4_2026 + 1) == Turn(Q4_2026, 2)
    assert sampler.next_turn(first, Q4_2026 + 3) == Turn(Q4_2026, 4)  # two quarters were skipped
    assert sampler.next_turn(first, Q4_2026 + 9) == Turn(Q4_2026, 4)  # the cycle waits for its end
    assert sampler.next_turn(Turn(Q4_2026, 4), Q4_2026 + 4) == Turn(Q4_2026 + 4, 1)


def test_quarters_are_numbered_through() -> None:
    assert sampler.number_of(2027, 1) == Q4_2026 + 1
    assert sampler.quarter_of(Q4_2026) == (2026, 4)
