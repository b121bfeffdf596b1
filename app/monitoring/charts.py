"""What the machine screen draws: one metric over a time, the ways to other times, its figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import from_ms
from app.monitoring.readings import Latest, Series

MAX_TABLE_ROWS = 60


@dataclass(frozen=True, slots=True)
class Chart:
    """One metric of a machine over a time; ``window`` is the name that was asked for, if any."""

    series: Series
    metrics: Sequence[str]
    newest: Sequence[Latest]
    window: str

    @property
    def from_at(self) -> datetime:
        """Where the chart begins."""
        return from_ms(self.series.from_ms)

    @property
    def to_at(self) -> datetime:
        """Where the chart ends."""
        return from_ms(self.series.to_ms)

    @property
    def length(self) -> timedelta:
        """How much time it shows."""
        return self.to_at - self.from_at

    @property
    def known(self) -> list[tuple[datetime, float]]:
        """Its points that have a value, oldest first."""
        return [(from_ms(at), value) for at, value in self.series.points if value is not None]

    @property
    def gaps(self) -> int:
        """How many gaps it shows."""
        return sum(value is None for _at, value in self.series.points)

    @property
    def span(self) -> tuple[float, float] | None:
        """The least and the greatest value."""
        values = [value for _at, value in self.known]
        return (min(values), max(values)) if values else None

    @property
    def table(self) -> list[tuple[datetime, float]]:
        """An even choice of its points, newest first, for those who read rather than look."""
        known = self.known
        step = max(1, -(-len(known) // MAX_TABLE_ROWS))
        return known[::-1][::step]


def as_json(series: Series) -> dict[str, Any]:
    """The columns that the chart script draws: seconds since 1970 and values, null in a gap."""
    return {
        "metric": series.metric,
        "unit": series.unit,
        "from": series.from_ms / 1_000,
        "to": series.to_ms / 1_000,
        "is_thinned": series.is_thinned,
        "at": [at / 1_000 for at, _value in series.points],
        "values": [value for _at, value in series.points],
    }
