"""Numbers that people read aloud: gapless per month, made inside the caller's transaction."""

from datetime import datetime

from peewee import CharField, IntegerField

from app.core import clock
from app.core.db import BaseModel
from app.core.prepared import PreparedWrite


class Sequence(BaseModel):
    """The last number given out under a name."""

    name = CharField(40, primary_key=True)
    value = IntegerField()


def next_number(prefix: str, at: datetime) -> str:
    """The next number of ``prefix`` in the month of ``at``, e.g. ``T2611-0042``; takes part in the running transaction."""
    return next_numbers(prefix, at, 1)[0]


def next_numbers(prefix: str, at: datetime, count: int) -> list[str]:
    """The next ``count`` numbers of ``prefix`` in the month of ``at``; takes part in the running transaction."""
    name = f"{prefix}{at.astimezone(clock.zone()):%y%m}"
    last: int = _last_value.value(name, count, count)
    return [f"{name}-{value:04d}" for value in range(last - count + 1, last + 1)]


_last_value = PreparedWrite(
    lambda name, first, more: (
        Sequence.insert(name=name, value=first)
        .on_conflict(conflict_target=[Sequence.name], update={Sequence.value: Sequence.value + more})
        .returning(Sequence.value)
    )
)
