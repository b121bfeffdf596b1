"""What the machine screen draws: metrics under each other over one time, the ways to other times, their figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core import clock
from app.core.clock import from_ms, to_ms
from app.machines.models import Machine
from app.machines.queries import profile_of
from app.monitoring import readings
from app.monitoring.drawing import Band, Drawing, draw, limits_of
from app.monitoring.models import Episode
from app.monitoring.readings import Latest, Resolution, Series
from app.monitoring.sources import Source

MAX_TABLE_ROWS = 60
MOST_METRICS = 6
MOST_BANDS = 200
PICTURE = (1040, 260)
CSV_COLUMNS = ("metric", "unit", "from", "to", "count", "least", "greatest", "mean")


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric over the time of the chart, and its picture."""

    series: Series
    drawing: Drawing

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
        values = [value for _at, value in self.series.points if value is not None]
        return (min(values), max(values)) if values else None

    @property
    def table(self) -> list[tuple[datetime, float]]:
        """An even choice of its points, newest first, for those who read rather than look."""
        known = self.known
        step = max(1, -(-len(known) // MAX_TABLE_ROWS))
        return known[::-1][::step]

    @property
    def fault_codes(self) -> list[str]:
        """The codes of the faults that are shaded, each once."""
        return sorted({band.code for _left, _width, band in self.drawing.bands})


@dataclass(frozen=True, slots=True)
class Chart:
    """Metrics of a machine over a time, and all its ``newest`` values; ``metrics`` are those that have a chart."""

    panels: Sequence[Panel]
    metrics: Sequence[str]
    newest: Sequence[Latest]
    window: str

    @property
    def chosen(self) -> list[str]:
        """The metrics that are drawn."""
        return [panel.series.metric for panel in self.panels]

    @property
    def resolution(self) -> Resolution:
        """What it is drawn from: it is the same for all metrics."""
        return self.panels[0].series.resolution

    @property
    def from_at(self) -> datetime:
        """Where the chart begins."""
        return from_ms(self.panels[0].series.from_ms)

    @property
    def to_at(self) -> datetime:
        """Where the chart ends."""
        return from_ms(self.panels[0].series.to_ms)

    @property
    def length(self) -> timedelta:
        """How much time it shows."""
        return self.to_at - self.from_at

    @property
    def is_now(self) -> bool:
        """Whether nothing can lie behind it yet."""
        return self.to_at > clock.now() - timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a chart is to show."""

    metrics: Sequence[str]
    from_at: datetime
    to_at: datetime


def panels(machine: Machine, found: Sequence[Source], wanted: Wanted) -> list[Panel]:
    """The metrics that are wanted, one after the other. Raises ``NotFound`` for a name that cannot be a metric."""
    profile, bands, drawn = profile_of(machine), bands_of(machine, wanted.from_at, wanted.to_at), []
    for metric in wanted.metrics:
        series = readings.series(machine, found, metric, wanted.from_at, wanted.to_at)
        drawn.append(Panel(series, draw(series, clock.zone(), PICTURE, limits=limits_of(profile, metric), bands=bands)))
    return drawn


def bands_of(machine: Machine, from_at: datetime, to_at: datetime) -> list[Band]:
    """The faults of ``machine`` in that time, at most the last ``MOST_BANDS``, oldest first."""
    is_within = (Episode.started_at < to_at) & (Episode.ended_at.is_null() | (Episode.ended_at > from_at))
    columns = (Episode.started_at, Episode.ended_at, Episode.code, Episode.severity)
    rows = Episode.select(*columns).where(Episode.machine == machine, is_within).order_by(Episode.started_at.desc()).limit(MOST_BANDS)
    end = min(to_at, clock.now())
    found = [(started, min(ended or end, to_at), code, severity) for started, ended, code, severity in rows.tuples()]
    return [Band(max(to_ms(started), to_ms(from_at)), to_ms(until), code, severity) for started, until, code, severity in reversed(found)]


def csv_rows(machine: Machine, found: Sequence[Source], wanted: Wanted) -> Iterator[list[Any]]:
    """What the chart is drawn from, with times of the deployment. Raises ``NotFound`` as ``panels`` does."""
    profile = profile_of(machine)
    for metric in wanted.metrics:
        known = profile.metrics.get(metric) if profile else None
        for span in readings.spans(found, metric, wanted.from_at, wanted.to_at):
            times = [_written(span.first_ms), _written(span.last_ms)]
            yield [metric, known.unit if known else "", *times, span.count, span.least, span.greatest, float(f"{span.mean:.7g}")]


def _written(at_ms: int) -> str:
    return from_ms(at_ms).astimezone(clock.zone()).isoformat(timespec="milliseconds")


def as_json(panel: Panel) -> dict[str, Any]:
    """What the chart script draws: columns of seconds since 1970 and values, null in a gap; thresholds and faults with their colours."""
    series, drawn = panel.series, panel.drawing
    return {
        "metric": series.metric,
        "unit": series.unit,
        "from": series.from_ms / 1_000,
        "to": series.to_ms / 1_000,
        "is_thinned": series.is_thinned,
        "resolution": series.resolution,
        "at": [at / 1_000 for at, _value in series.points],
        "values": [value for _at, value in series.points],
        "limits": [
            {"value": limit.value, "words": f"{limit.code} {'<' if limit.is_below else '>'} {limit.value:g}", "severity": limit.severity}
            for _y, limit in drawn.limits
        ],
        "bands": [
            {"from": band.from_ms / 1_000, "to": band.to_ms / 1_000, "code": band.code, "severity": band.severity}
            for _left, _width, band in drawn.bands
        ],
    }
