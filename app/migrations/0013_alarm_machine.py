"""Alarms with delays, latches and shelves: what their machines remember between runs.

An alarm that is active keeps standing; its machine reads from the empty memory that the device has held it since its episode began.
"""
# ruff: noqa: E501

from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, Database, ForeignKeyField, IntegerField, Model, TextField
from playhouse.migrations import SchemaMigrator


class BaseModel(Model):
    class Meta:
        legacy_table_names = False


class InstantField(BigIntegerField):
    pass


class User(BaseModel):
    class Meta:
        table_name = "person"


class Alarm(BaseModel):
    pending_since = InstantField(
        null=True, constraints=[Check("(condition = 'pending') = (pending_since IS NOT NULL)", name="alarm_is_pending_since")]
    )
    clearing_since = InstantField(
        null=True,
        constraints=[Check("(condition IN ('clearing', 'latched')) = (clearing_since IS NOT NULL)", name="alarm_is_gone_since")],
    )
    due_at = InstantField(
        null=True,
        constraints=[Check("condition NOT IN ('pending', 'clearing') OR due_at IS NOT NULL", name="alarm_that_waits_has_a_timer")],
    )
    fleeting_count = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    is_chattering = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    memory = TextField(default="", constraints=[SQL("DEFAULT ''")])
    shelved_until = InstantField(null=True)
    suppressed_by = CharField(64, null=True)


class Episode(BaseModel):
    chatter_count = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    is_chattering = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])


class AlarmReset(BaseModel):
    alarm = ForeignKeyField(Alarm, on_delete="RESTRICT", index=False)
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    reason = CharField(200, constraints=[Check("reason <> ''", name="reset_has_a_reason")])

    class Meta:
        indexes = ((("alarm", "at"), True),)


class AlarmShelving(BaseModel):
    alarm = ForeignKeyField(Alarm, on_delete="RESTRICT", index=False)
    at = InstantField()
    until_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    reason = CharField(200, constraints=[Check("reason <> ''", name="shelving_has_a_reason")])
    ended_at = InstantField(null=True)

    class Meta:
        indexes = ((("alarm", "at"), False),)
        constraints = [Check("until_at > at", name="shelving_ends_after_it_starts")]


AlarmShelving.add_index(
    AlarmShelving.index(AlarmShelving.alarm, unique=True, where=SQL("ended_at IS NULL"), name="one_running_shelving_per_alarm")
)

ALARM = (
    Alarm.pending_since, Alarm.clearing_since, Alarm.due_at, Alarm.fleeting_count, Alarm.is_chattering, Alarm.memory,
    Alarm.shelved_until, Alarm.suppressed_by,
)  # fmt: skip
EPISODE = (Episode.chatter_count, Episode.is_chattering)
INDEXES = (
    "DROP INDEX alarm_standing",
    """CREATE INDEX "alarm_standing" ON "alarm" ("severity", "last_event_at" DESC) WHERE (condition <> 'normal' AND condition <> 'pending') OR NOT is_acknowledged""",
    'CREATE INDEX "alarm_due" ON "alarm" ("due_at") WHERE due_at IS NOT NULL',
)


def _add(db: Database, model: type[Model], fields: tuple[Any, ...]) -> None:
    for field in fields:
        context = model._schema._create_context()
        context.literal(f'ALTER TABLE "{model._meta.table_name}" ADD COLUMN ').sql(field.ddl(context))
        db.execute_sql(*context.query())


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Alarm, Episode, AlarmReset, AlarmShelving), bind_refs=False, bind_backrefs=False):
        _add(db, Alarm, ALARM)
        _add(db, Episode, EPISODE)
        db.create_tables((AlarmReset, AlarmShelving), safe=False)
    for statement in INDEXES:
        db.execute_sql(statement)
