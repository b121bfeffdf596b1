"""Settings that people change on a screen; each has a default in the code that reads it."""

import json
from typing import Any

from peewee import CharField, IntegerField, TextField

from app.core import clock, db, history
from app.core.db import BaseModel, InstantField
from app.core.types import Actor


class Setting(BaseModel):
    """One setting that differs from its default; ``value`` is JSON."""

    name = CharField(60, primary_key=True)
    value = TextField()
    changed_at = InstantField()
    changed_by_id = IntegerField(null=True)


def get(name: str, default: Any) -> Any:
    """The value of ``name``, ``default`` while nobody has set it."""
    value = Setting.select(Setting.value).where(Setting.name == name).scalar()
    return default if value is None else json.loads(value)


def put(*, by: Actor, name: str, value: Any) -> None:
    """Set ``name`` to ``value`` (anything JSON can say); the caller checked that ``by`` may."""
    with db.transaction():
        before = get(name, None)
        if before == value:
            return
        Setting.insert(
            name=name, value=json.dumps(value, ensure_ascii=False), changed_at=clock.now(), changed_by_id=by.user_id
        ).on_conflict(conflict_target=[Setting.name], preserve=[Setting.value, Setting.changed_at, Setting.changed_by_id]).execute()
        history.record(by, "setting.changed", "setting", name, before={"value": before}, after={"value": value})
