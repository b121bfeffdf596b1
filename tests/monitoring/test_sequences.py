"""Runs of numbers against sets of numbers (monitoring rules 7 and 8)."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.monitoring.sequences import Run, holes, joined, runs, without

numbers = st.sets(st.integers(0, 40))


def every(found):
    return {number for run in found for number in range(run.first, run.last + 1)}


def test_it_works():
    assert runs([3, 1, 2, 7]) == [Run(1, 3), Run(7, 7)]


@settings(max_examples=100, deadline=None)
@given(numbers, numbers)
def test_runs_are_the_same_numbers_in_order_and_apart(some, more):
    found = joined(runs(some) + runs(more))
    assert every(found) == some | more
    assert all(one.last + 1 < other.first for one, other in pairwise(found))
    assert runs(some | more) == found


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), numbers)
def test_what_is_left_of_a_hole_is_what_was_not_filled(one, other, filled):
    hole = Run(min(one, other), max(one, other))
    assert every(without(hole, runs(filled))) == every([hole]) - filled


@settings(max_examples=100, deadline=None)
@given(st.integers(-1, 40), numbers)
def test_holes_are_everything_between_head_and_top_that_is_not_there(head, new):
    top = max(new, default=-1)
    assert every(holes(head, runs(new))) == set(range(head + 1, top + 1)) - new
