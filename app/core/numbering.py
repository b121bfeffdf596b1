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
    name = f"{prefix}{at.astimezone(clock.zone()):%y%m}"
    return f"{name}-{_next_value.value(name):04d}"


_next_value = PreparedWrite(
    lambda name: (
        Sequence.insert(name=name, value=1)
        .on_conflict(conflict_target=[Sequence.name], update={Sequence.value: Sequence.value + 1})
        .returning(Sequence.value)
    )
)
