"""Version rows of live screens: one integer to read says whether anything changed."""

from functools import cache

from peewee import BigIntegerField, CharField, fn

from app.core import db
from app.core.db import BaseModel
from app.core.prepared import Prepared, PreparedWrite


class LiveVersion(BaseModel):
    """How often what a live screen shows has changed."""

    name = CharField(40, primary_key=True)
    value = BigIntegerField()


def touch(name: str) -> None:
    """Count one change of ``name`` when the running transaction commits (once, however often it is called)."""
    db.current().before_commit(f"live:{name}", lambda: _increment(name))


def _increment(name: str) -> None:
    _count_one.count(name)


_count_one = PreparedWrite(
    lambda name: (
        LiveVersion.insert(name=name, value=1)
        .on_conflict(conflict_target=[LiveVersion.name], update={LiveVersion.value: LiveVersion.value + 1})
        .as_rowcount()
    )
)


def version(name: str) -> int:
    """The present version of ``name``; 0 before its first change."""
    return LiveVersion.select(LiveVersion.value).where(LiveVersion.name == name).scalar() or 0


def versions(*names: str) -> int:
    """One number for several ``names`` that grows when any of them changes."""
    return int(_summed(len(names)).rows(*names)[0][0] or 0)


@cache
def _summed(count: int) -> Prepared:
    """The query for so many names: every page and every poll asks it."""
    return Prepared(lambda *names: LiveVersion.select(fn.SUM(LiveVersion.value)).where(LiveVersion.name.in_(names)).tuples(), count)
