"""Readings: the newest, one metric over a time for a chart, and how they age (monitoring §6)."""

from app.monitoring.readings.latest import Latest, charted, last_reading_at, latest
from app.monitoring.readings.series import MAX_POINTS, Resolution, Series, Span, around, series, spans

__all__ = [
    "MAX_POINTS",
    "Latest",
    "Resolution",
    "Series",
    "Span",
    "around",
    "charted",
    "last_reading_at",
    "latest",
    "series",
    "spans",
]
