"""What a step holds, how short it is written, and that nothing is lost on the way."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.monitoring.readings import blocks
from app.monitoring.readings.blocks import MINUTE_MS, Step

values = st.one_of(st.integers(-1_000, 1_000), st.floats(-1e6, 1e6), st.booleans())
hours = st.lists(st.tuples(st.integers(0, 60 * MINUTE_MS - 1), st.dictionaries(st.sampled_from("abc"), values, max_size=3)), max_size=80)


def test_it_works() -> None:
    said = [(0, {"oil": 40, "mode": "auto"}), (1_000, {"oil": 50}), (2_000, {"oil": 45}), (2 * MINUTE_MS, {"oil": 45.5, "stop": True})]
    block = blocks.minutes_of(said, 0)
    assert json.loads(blocks.written(block)) == {"oil": [[3, 40, 50, 45, 45], None, 45.5], "stop": [None, None, 1]}


def test_readings_that_said_the_same_are_a_count_and_a_value() -> None:
    assert blocks.written(blocks.minutes_of([(n, {"oil": 7.5}) for n in range(3)], 0)) == '{"oil":[[3,7.5]]}'


@given(hours)
def test_an_hour_counts_every_number_and_keeps_its_extremes(said: list[tuple[int, dict[str, Any]]]) -> None:
    said.sort(key=lambda one: one[0])
    hour = blocks.whole(blocks.read(blocks.written(blocks.minutes_of(said, 0))))
    for metric in "abc":
        spoken = [float(metrics[metric]) for _at, metrics in said if metric in metrics]
        step = hour.get(metric)
        assert (step.count if step else 0) == len(spoken)
        if step:
            assert (step.least, step.greatest, step.last) == (min(spoken), max(spoken), spoken[-1])
            assert abs(step.mean - sum(spoken) / len(spoken)) <= 1e-5 * max(map(abs, spoken)) + 1e-9


@given(hours, hours)
def test_what_comes_later_can_be_added(said: list[tuple[int, dict[str, Any]]], late: list[tuple[int, dict[str, Any]]]) -> None:
    both = blocks.whole(blocks.joined(blocks.minutes_of(said, 0), blocks.minutes_of(late, 0)))
    at_once = blocks.whole(blocks.minutes_of(sorted([*said, *late], key=lambda one: one[0]), 0))
    assert {metric: (one.count, one.least, one.greatest) for metric, one in both.items()} == {
        metric: (one.count, one.least, one.greatest) for metric, one in at_once.items()
    }


def test_an_hour_of_a_day_is_put_in_its_place_and_replaces_what_stood_there() -> None:
    day: blocks.Block = {}
    blocks.put(day, 3, {"oil": Step(1, 4, 4, 4, 4), "gas": Step(1, 0, 0, 0, 0)})
    blocks.put(day, 3, {"oil": Step(2, 4, 6, 5, 6)})
    assert blocks.written(day) == '{"oil":[null,null,null,[2,4,6,5,6]]}'


def test_more_names_than_any_machine_measures_are_passed_over() -> None:
    block = blocks.minutes_of([(0, {f"m{n}": n for n in range(blocks.MOST_METRICS + 9)})], 0)
    assert len(block) == blocks.MOST_METRICS
