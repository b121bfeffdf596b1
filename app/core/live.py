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
    running = db.current()
    running.touched.add(name)
    running.before_commit("live", lambda: _increment(sorted(running.touched)))  # in one order for all writers


def _increment(names: list[str]) -> None:
    _count_one_of_each(len(names)).count(*names)


@cache
def _count_one_of_each(count: int) -> PreparedWrite:
    return PreparedWrite(
        lambda *names: (
            LiveVersion.insert_many([{"name": name, "value": 1} for name in names])
            .on_conflict(conflict_target=[LiveVersion.name], update={LiveVersion.value: LiveVersion.value + 1})
            .as_rowcount()
        ),
        count,
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
