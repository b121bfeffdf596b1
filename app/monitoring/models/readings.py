"""Readings thinned by age (monitoring §6): minutes and hours of every metric, and how far thinning has got."""

from peewee import BigIntegerField, CharField, CompositeKey, ForeignKeyField, TextField

from app.core.db import BaseModel, InstantField
from app.monitoring.models.feed import Terminal


class ReadingMinute(BaseModel):
    """One hour of a terminal minute by minute: by metric a list with a place for each minute (``readings.blocks``)."""

    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    at = InstantField()
    metrics = TextField()

    class Meta:
        primary_key = CompositeKey("terminal", "at")
        without_rowid = True


class ReadingHour(BaseModel):
    """One day (UTC) of a terminal hour by hour: by metric a list with a place for each hour (``readings.blocks``)."""

    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    at = InstantField()
    metrics = TextField()

    class Meta:
        primary_key = CompositeKey("terminal", "at")
        without_rowid = True


class ReadingDue(BaseModel):
    """An hour of a terminal in which readings have come since it was last thinned."""

    at = InstantField()
    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)

    class Meta:
        primary_key = CompositeKey("at", "terminal")
        without_rowid = True


class ReadingProgress(BaseModel):
    """How far thinning and forgetting have got: positions and times in ms, by name."""

    name = CharField(20, primary_key=True)
    value = BigIntegerField()
