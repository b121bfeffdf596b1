"""Where the lines, marks and words of a drawn chart stand."""

from datetime import datetime, timedelta

import pytest

from app.core.clock import UTC, to_ms
from app.machines.profiles import Level, Profile, Rule, Words
from app.monitoring.drawing import BOTTOM, LEFT, RIGHT, TOP, Band, Drawing, Limit, draw, limits_of
from app.monitoring.readings import Series

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
SIZE = (600, 200)
HOUR_MS = 3_600_000


def series(*values: float | None, hours: int = 1) -> Series:
    """``values`` at even distances over ``hours``."""
    from_ms, length = to_ms(START), hours * HOUR_MS
    points = [(from_ms + length * place // max(len(values), 1), value) for place, value in enumerate(values)]
    return Series("oil_temp", "°C", from_ms, from_ms + length, points, is_thinned=False)


def drawn(*values: float | None, hours: int = 1, **more: object) -> Drawing:
    return draw(series(*values, hours=hours), UTC, SIZE, **more)  # type: ignore[arg-type]


def test_it_works() -> None:
    picture = drawn(0, 10)
    assert picture.paths == [f"M{LEFT} {SIZE[1] - BOTTOM}L{LEFT + (SIZE[0] - LEFT - RIGHT) / 2:g} {TOP}"]
    assert [tick.words for tick in picture.across] == ["0", "2.5", "5", "7.5", "10"]
    assert (picture.top, picture.right, picture.bottom, picture.moment) == (TOP, SIZE[0] - RIGHT, SIZE[1] - BOTTOM, None)


def test_a_gap_breaks_the_line_and_a_single_reading_can_be_seen() -> None:
    paths = drawn(1, 2, None, 3).paths
    assert len(paths) == 2
    assert paths[1].count("L") == 1


def test_a_chart_without_readings_has_a_scale_and_no_line() -> None:
    picture = drawn()
    assert (picture.paths, len(picture.across) > 2) == ([], True)


def test_a_value_that_never_changes_lies_inside_the_plot() -> None:
    (path,) = drawn(50, 50).paths
    heights = {float(point.split()[1]) for point in path[1:].split("L")}
    assert len(heights) == 1
    assert TOP < heights.pop() < SIZE[1] - BOTTOM


def test_a_threshold_near_the_values_widens_the_scale_and_one_far_away_is_left_out() -> None:
    near, far = Limit(75, "E04", "high"), Limit(5_000, "E05", "critical")
    picture = drawn(60, 61, limits=[near, far])
    assert [limit for _y, limit in picture.limits] == [near]
    assert TOP <= picture.limits[0][0] < SIZE[1] - BOTTOM


def test_a_fault_is_shaded_within_the_plot_and_never_too_thin_to_see() -> None:
    at = to_ms(START)
    wide, short = Band(at - HOUR_MS, at + 2 * HOUR_MS, "E04", "high"), Band(at + 1_000, at + 1_001, "E05", "low")
    (left, width, _), (_, least, _) = drawn(1, 2, bands=[wide, short]).bands
    assert (left, width, least) == (LEFT, SIZE[0] - LEFT - RIGHT, 1.0)


def test_a_moment_is_marked_where_it_lies() -> None:
    assert drawn(1, 2, moment=START + timedelta(minutes=30)).moment == LEFT + (SIZE[0] - LEFT - RIGHT) / 2


@pytest.mark.parametrize(("hours", "first"), [(1, "06:00"), (24, "06:00"), (24 * 30, "03-09"), (24 * 365, "05-01")])
def test_the_times_are_even_ones_of_the_clock_and_have_room(hours: int, first: str) -> None:
    along = drawn(1, 2, hours=hours).along
    assert along[0].words == first
    assert 2 < len(along) <= 8


def test_the_thresholds_are_those_of_the_rules_for_the_metric() -> None:
    rules = (
        Rule("E04", "oil_temp", (Level(above=75, severity="critical"), Level(above=65))),
        Rule("E06", "oil_level", (Level(below=50),)),
        Rule("X01", "oil_temp", rises=10, within_s=300),
    )
    profile = Profile("p", Words("p", "p"), 60, {}, {}, rules)
    assert limits_of(profile, "oil_temp") == [Limit(65, "E04", "high"), Limit(75, "E04", "critical")]
    assert limits_of(profile, "oil_level") == [Limit(50, "E06", "high", is_below=True)]
    assert limits_of(None, "oil_temp") == []
