"""From values to signals: levels with their deadbands, rises, what is missing."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.machines.profiles import Metric, Profile, Words
from app.machines.profiles.parsing import parse
from app.monitoring import conditions
from app.monitoring.alarm_machine import parameters
from app.monitoring.alarm_machine.state import SignalKind

HEAD = """profile: p1
name: {zh: 站, en: Station}
metrics:
  t: {unit: °C, range: [0, 50], name: {zh: 温, en: T}}
  p: {unit: MPa, range: [0, 25], name: {zh: 压, en: P}}
  l: {unit: "%", range: [0, 100], name: {zh: 位, en: L}}
  s: {kind: boolean, name: {zh: 开关, en: Switch}}
rules:
"""


def profile(*rules: str) -> Profile:
    return parse(HEAD + "".join(f"  - {rule}\n" for rule in rules))


def run(rule: str, values: Sequence[object], step_ms: int = 1_000) -> list[tuple[int, str, int]]:
    """The signals of one rule over values of t, each as (place, kind, level)."""
    watched = conditions.by_metric(conditions.watches(profile(rule)))
    metric = next(iter(watched))
    found = []
    for place, value in enumerate(values):
        for _code, signal in conditions.heard(place, place * step_ms, {metric: value}, watched):
            found.append((place, str(signal.kind), signal.level))
    return found


def test_it_works() -> None:
    rule = "{code: E04, metric: t, levels: [{above: 65, severity: low}, {above: 75, severity: high}], deadband: 1}"
    assert run(rule, [60, 66, 64.5, 76, 74.5, 73.9, 64]) == [
        (1, "raised", 0), (3, "present", 1), (5, "present", 0), (6, "cleared", 0),
    ]  # fmt: skip


def test_the_edge_itself_is_not_above_and_the_deadband_ends_at_its_edge() -> None:
    rule = "{code: E04, metric: t, above: 65, deadband: 1}"
    assert run(rule, [65, 65.001, 64.001, 64]) == [(1, "raised", 0), (3, "cleared", 0)]


def test_below_is_the_same_upside_down() -> None:
    rule = "{code: E06, metric: l, levels: [{below: 50}, {below: 35}], deadband: 2}"
    assert run(rule, [60, 50, 49, 51, 30, 36, 37, 52]) == [(2, "raised", 0), (4, "present", 1), (6, "present", 0), (7, "cleared", 0)]


def test_one_jump_over_all_levels_is_one_signal() -> None:
    rule = "{code: E04, metric: t, levels: [{above: 65}, {above: 75}], deadband: 1}"
    assert run(rule, [60, 90, 20]) == [(1, "raised", 1), (2, "cleared", 0)]


def test_what_is_missing_or_no_number_says_nothing() -> None:
    assert run("{code: E04, metric: t, above: 65, deadband: 1}", [70, None, "auto", 70]) == [(0, "raised", 0)]


def test_a_switch_is_one_or_zero() -> None:
    assert run("{code: E01, metric: s, above: 0.5}", [False, True, False]) == [(1, "raised", 0), (2, "cleared", 0)]


def test_a_rise_is_measured_from_the_least_value_of_its_window() -> None:
    rule = "{code: X01, metric: t, rises: 10, within_s: 3, deadband: 1}"
    assert run(rule, [50, 53, 56, 60, 63, 63, 63]) == [(3, "raised", 0), (5, "cleared", 0)]
    assert run(rule, [50, 53, 56, 59, 62, 65]) == []


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 6), st.integers(1, 12))
def test_rises_are_those_of_looking_through_the_whole_window(values: list[int], window: int, rise: int) -> None:
    found = run(f"{{code: X01, metric: t, rises: {rise}, within_s: {window}, deadband: 1}}", values)
    is_true, expected = False, []
    for place, value in enumerate(values):
        rose = value - min(values[max(0, place - window) : place + 1])
        now = rose >= rise or (is_true and rose > rise - 1)
        if now != is_true:
            expected.append((place, "raised" if now else "cleared", 0))
        is_true = now
    assert found == expected


@given(st.lists(st.floats(40, 90), max_size=60), st.floats(0.1, 5))
def test_signals_alternate_and_values_are_on_their_sides(values: list[float], deadband: float) -> None:
    found = run(f"{{code: E04, metric: t, above: 65, deadband: {deadband}}}", values)
    assert [kind for _place, kind, _level in found] == ["raised" if number % 2 == 0 else "cleared" for number in range(len(found))]
    assert all(values[place] > 65 if kind == "raised" else values[place] <= 65 - deadband + 1e-9 for place, kind, _level in found)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30)), max_size=60), st.integers(0, 400), st.integers(0, 100), st.data())
def test_extremes_are_no_narrower_than_what_was_said(values: list[tuple[int, int]], since: int, length: int, drawn: st.DataObject) -> None:
    """In whatever order values come; of a time that is not known altogether nothing is said."""
    found = conditions.Extremes(100)
    known = [one for one in sorted(values) if one[0] >= since]
    cut = drawn.draw(st.integers(0, len(known)))
    found.look_back([at_ms for at_ms, _value in known[:cut]], [value for _at, value in known[:cut]], since)
    for at_ms, value in drawn.draw(st.permutations(known[cut:])):
        found.add(at_ms, value)
    from_ms = drawn.draw(st.integers(0, 400))
    told = found.between(from_ms, from_ms + length)
    said = [value for at_ms, value in known if from_ms <= at_ms <= from_ms + length]
    newest = max((at_ms for at_ms, _value in known), default=0)
    assert told is not None or from_ms < max(since, newest - 200)
    if told is not None and said:
        assert min(told) <= min(said)
        assert max(told) >= max(said)


MISSING = "{code: E23, metric: t, missing_s: 120}"


def hear(readings: Sequence[tuple[int, object]], rule: str = MISSING) -> list[tuple[int, str]]:
    """The signals of a rule over readings (second, value or None) of a terminal that always speaks of p."""
    watched = conditions.by_metric(conditions.watches(profile(rule)))
    found = []
    for second, value in readings:
        metrics = {"p": 1} if value is None else {"p": 1, "t": value}
        found += [(second, str(signal.kind)) for _code, signal in conditions.heard(1, second * 1_000, metrics, watched)]
    return found


def test_what_is_missing_for_so_long_is_true_and_ends_with_the_next_value() -> None:
    assert hear([(0, 5), (60, None), (119, None), (120, None), (180, None), (240, 5)]) == [(120, "raised"), (240, "cleared")]


def test_a_value_that_is_no_number_is_a_value() -> None:
    assert hear([(0, "broken"), (60, None), (100, "auto"), (200, None), (219, None)]) == []


def test_while_the_terminal_is_silent_nothing_is_missing() -> None:
    assert hear([(0, 5), (1_000, None), (1_060, None)]) == []
    assert hear([(0, 5), (1_000, None), (1_060, None), (1_120, None)]) == [(1_120, "raised")]


def test_a_metric_that_never_came_is_missing_from_the_first_reading_on() -> None:
    assert hear([(0, None), (60, None), (120, None)]) == [(120, "raised")]


@given(st.lists(st.tuples(st.integers(1, 200), st.booleans()), max_size=40))
def test_what_is_missing_is_what_looking_back_through_all_readings_says(steps: list[tuple[int, bool]]) -> None:
    second, readings = 0, []
    for step, is_there in steps:
        second += step
        readings.append((second, 1.0 if is_there else None))
    was_true, expected = False, []
    for place, (at, value) in enumerate(readings):
        since, earlier = at, place
        while value is None and earlier > 0 and since - readings[earlier - 1][0] < 120:
            earlier -= 1
            since = readings[earlier][0]
            if readings[earlier][1] is not None:
                break
        now = value is None and (was_true or at - since >= 120)
        if now != was_true:
            expected.append((at, "raised" if now else "cleared"))
        was_true = now
    assert hear(readings) == expected


@given(st.lists(st.tuples(st.integers(1, 110), st.booleans()), min_size=1, max_size=40), st.data())
def test_twice_the_time_tells_where_a_rule_stands(steps: list[tuple[int, bool]], drawn: st.DataObject) -> None:
    """What is looked back at after a restart is enough for going on in the same way."""
    watch, again = (conditions.watches(profile(MISSING))[0] for _ in range(2))
    cut = drawn.draw(st.integers(0, len(steps)))
    now_ms, readings = 0, []
    for step, is_there in steps:
        now_ms += step * 1_000
        readings.append((now_ms, {"t": 1} if is_there else {}))
    by_metric = {"t": [watch]}
    for at_ms, metrics in readings[:cut]:
        list(conditions.heard(1, at_ms, metrics, by_metric))
    again.level = watch.level
    since_ms = readings[cut - 1][0] - again.within_ms
    earlier = [one for one in readings[:cut] if one[0] >= since_ms]
    again.look_back([at_ms for at_ms, _metrics in earlier], [metrics.get("t") for _at, metrics in earlier], since_ms)
    for at_ms, metrics in readings[cut:]:
        assert [list(conditions.heard(1, at_ms, metrics, {"t": [one]})) != [] for one in (watch, again)] in ([True] * 2, [False] * 2)
        assert watch.level == again.level


@pytest.mark.parametrize(
    ("unit", "limits", "deadband"), [("°C", (0, 50), 1), ("°C", (0, 300), 3), ("MPa", (0, 25), 0.5), ("%", (0, 100), 5)]
)
def test_the_usual_deadband_is_a_share_of_the_range(unit: str, limits: tuple[float, float], deadband: float) -> None:
    assert conditions.usual_deadband(Metric("m", Words("", ""), unit=unit, limits=limits)) == pytest.approx(deadband)
    assert conditions.usual_deadband(Metric("m", Words("", ""), unit=unit)) == 0


def test_a_rule_keeps_its_name_when_others_are_added_before_it() -> None:
    one = "{code: E04, metric: t, above: 65}"
    other = "{code: E06, metric: l, below: 50}"
    assert dict(parameters.sources(profile(one))).keys() <= dict(parameters.sources(profile(other, one))).keys()


def test_the_usual_delays_go_by_what_is_measured() -> None:
    given_profile = profile("{code: A, metric: t, above: 65}", "{code: A, metric: p, above: 20}", "{code: A, metric: s, above: 0.5}")
    from app.machines.profiles import code

    inputs = parameters.of_code(given_profile, code(given_profile, "A")).inputs
    seconds = [one.steps[0].on_delay // timedelta(seconds=1) for one in inputs.values()]
    assert seconds == [0, 60, 15, 5]
    assert {one.off_delay // timedelta(seconds=1) for one in inputs.values()} == {60, 120}


def test_signals_carry_their_place_and_time() -> None:
    watched = conditions.by_metric(conditions.watches(profile("{code: E04, metric: t, above: 65}")))
    ((code, signal),) = conditions.heard(7, 1_000, json.loads('{"t": 70}'), watched)
    assert (code, signal.position, signal.kind, signal.source) == ("E04", 7, SignalKind.RAISED, "E04 t above")
