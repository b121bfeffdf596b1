"""Alarms that come together: silence and outages, storms with a parent ticket, floods, notices, and what the desk notes of them.

Frozen copies of the models as they were; later migrations change what stands here.
"""
# ruff: noqa: E501

from enum import StrEnum
from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, Database, ForeignKeyField, IntegerField, Model, SqliteDatabase
from playhouse.migrations import SchemaMigrator


class BaseModel(Model):
    class Meta:
        legacy_table_names = False


class InstantField(BigIntegerField):
    pass


def one_of(column: str, values: Any) -> Check:
    allowed = ", ".join(f"'{value}'" for value in values)
    return Check(f"{column} IN ({allowed})", name=f"{column}_is_known")


Priority = ("critical", "high", "low")

# What stands already: only referred to here, or given a column.


class User(BaseModel):
    class Meta:
        table_name = "person"


class Customer(BaseModel):
    pass


class Machine(BaseModel):
    pass


class DeviceProfile(BaseModel):
    pass


class DeviceProfileVersion(BaseModel):
    reason = CharField(200, default="", constraints=[SQL("DEFAULT ''")])


class Episode(BaseModel):
    pass


class Terminal(BaseModel):
    is_late = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])


class Ticket(BaseModel):
    parent = ForeignKeyField(
        "self", null=True, on_delete="RESTRICT", index=False, constraints=[Check("parent_id <> id", name="ticket_is_not_its_own_parent")]
    )


class Alarm(BaseModel):
    escalation = IntegerField(default=0, constraints=[SQL("DEFAULT 0"), Check("escalation >= 0", name="escalation_is_a_step")])
    announce_at = InstantField(null=True)


# New tables.


class TerminalSilence(BaseModel):
    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    from_at = InstantField()
    noticed_at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        indexes = ((("terminal", "from_at"), True),)
        constraints = [Check("noticed_at >= from_at AND (ended_at IS NULL OR ended_at >= from_at)", name="silence_runs_forward")]


TerminalSilence.add_index(
    TerminalSilence.index(TerminalSilence.terminal, unique=True, where=SQL("ended_at IS NULL"), name="one_running_silence_per_terminal")
)

TerminalSilence.add_index(TerminalSilence.index(TerminalSilence.noticed_at, name="silence_by_time"))


class FeedOutage(BaseModel):
    feed = CharField(20, default="evc")
    from_at = InstantField()
    noticed_at = InstantField()
    ended_at = InstantField(null=True)
    acknowledged_at = InstantField(null=True)
    acknowledged_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)

    class Meta:
        indexes = ((("from_at",), False),)
        constraints = [Check("noticed_at >= from_at AND (ended_at IS NULL OR ended_at >= from_at)", name="outage_runs_forward")]


FeedOutage.add_index(FeedOutage.index(FeedOutage.feed, unique=True, where=SQL("ended_at IS NULL"), name="one_running_outage_per_feed"))


class CodeNote(BaseModel):
    profile = ForeignKeyField(DeviceProfile, on_delete="RESTRICT", index=False)
    code = CharField(64)
    text = CharField(500, constraints=[Check("text <> ''", name="code_note_is_not_empty")])
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("profile", "code"), True),)


class CustomerTelling(BaseModel):
    episode = ForeignKeyField(Episode, unique=True, on_delete="RESTRICT")
    machine = ForeignKeyField(Machine, on_delete="RESTRICT")
    customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    at = InstantField()
    told_at = InstantField(null=True)
    told_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    told_by_name = CharField(60, default="")
    words = CharField(200, default="")
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("told_at", "at"), False),)
        constraints = [Check("(told_at IS NULL) = (told_by_name = '')", name="telling_says_who_told")]


CustomerTelling.add_index(CustomerTelling.index(CustomerTelling.at, where=SQL("told_at IS NULL"), name="customer_to_be_told"))


class StormCause(StrEnum):
    CUSTOMER = "customer"
    REST = "rest"
    GATEWAY = "gateway"
    AREA = "area"


class TicketStorm(BaseModel):
    cause = CharField(10, constraints=[one_of("cause", StormCause)])
    name = CharField(64, default="")
    ticket = ForeignKeyField(Ticket, on_delete="RESTRICT")
    started_at = InstantField()
    last_at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        indexes = ((("started_at",), False),)
        constraints = [Check("last_at >= started_at AND (ended_at IS NULL OR ended_at >= started_at)", name="storm_runs_forward")]


TicketStorm.add_index(
    TicketStorm.index(TicketStorm.cause, TicketStorm.name, unique=True, where=SQL("ended_at IS NULL"), name="one_running_storm_of_a_cause")
)


class NoticeKind(StrEnum):
    RAISED = "raised"
    GRAVER = "graver"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    STORM = "storm"
    OUTAGE = "outage"


class AlarmNotice(BaseModel):
    episode = ForeignKeyField(Episode, null=True, on_delete="CASCADE", index=False)
    storm = ForeignKeyField(TicketStorm, null=True, on_delete="RESTRICT")
    outage = ForeignKeyField(FeedOutage, null=True, on_delete="RESTRICT")
    kind = CharField(10, constraints=[one_of("kind", NoticeKind)])
    step = IntegerField(default=0)
    severity = CharField(10, constraints=[one_of("severity", Priority)])
    created_at = InstantField()
    due_at = InstantField()
    sent_at = InstantField(null=True)
    withdrawn_at = InstantField(null=True)

    class Meta:
        indexes = ((("episode", "kind", "step"), True),)
        constraints = [
            Check(
                "(episode_id IS NOT NULL AND storm_id IS NULL AND outage_id IS NULL)"
                " OR (episode_id IS NULL AND storm_id IS NOT NULL AND outage_id IS NULL)"
                " OR (episode_id IS NULL AND storm_id IS NULL AND outage_id IS NOT NULL)",
                name="notice_is_about_one_thing",
            ),
            Check("sent_at IS NULL OR withdrawn_at IS NULL", name="notice_is_sent_or_withdrawn"),
        ]


AlarmNotice.add_index(
    AlarmNotice.index(AlarmNotice.due_at, where=SQL("sent_at IS NULL AND withdrawn_at IS NULL"), name="alarm_notice_waiting")
)

AlarmNotice.add_index(AlarmNotice.index(AlarmNotice.sent_at, where=SQL("sent_at IS NOT NULL"), name="alarm_notice_sent"))


class AlarmFlood(BaseModel):
    desk = CharField(20, default="desk")
    started_at = InstantField()
    ended_at = InstantField(null=True)
    clerks = IntegerField(constraints=[Check("clerks >= 1", name="flood_counts_a_clerk")])
    alarms = IntegerField(default=0)
    most = IntegerField(default=0)  # in ten minutes
    digests = IntegerField(default=0)

    class Meta:
        indexes = ((("started_at",), False),)
        constraints = [Check("ended_at IS NULL OR ended_at >= started_at", name="flood_ends_after_its_start")]


AlarmFlood.add_index(AlarmFlood.index(AlarmFlood.desk, unique=True, where=SQL("ended_at IS NULL"), name="one_running_flood_per_desk"))


NEW = (TerminalSilence, FeedOutage, CodeNote, CustomerTelling, TicketStorm, AlarmNotice, AlarmFlood)
COLUMNS = ((DeviceProfileVersion, "reason"), (Terminal, "is_late"), (Ticket, "parent"), (Alarm, "escalation"), (Alarm, "announce_at"))
INDEXES = (
    'CREATE INDEX "ticket_of_parent" ON "ticket" ("parent_id", "id") WHERE parent_id IS NOT NULL',
    'CREATE INDEX "alarm_to_announce" ON "alarm" ("announce_at") WHERE announce_at IS NOT NULL',
)


def _refer_sqlite(db: Database, field: ForeignKeyField) -> None:
    """SQLite adds no reference to a table that stands; it reads its definition anew, with the reference where a new table has it."""
    behind = ', CONSTRAINT "ticket_is_open_follows_status"'
    reference = f', FOREIGN KEY ("{field.column_name}") REFERENCES "{field.rel_model._meta.table_name}" ("id") ON DELETE RESTRICT'
    db.execute_sql("PRAGMA writable_schema = ON")
    db.execute_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'ticket'", (behind, reference + behind)
    )
    db.execute_sql("PRAGMA writable_schema = RESET")


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx(
        (User, Customer, Machine, DeviceProfile, DeviceProfileVersion, Episode, Terminal, Ticket, Alarm, *NEW),
        bind_refs=False,
        bind_backrefs=False,
    ):
        for model, name in COLUMNS:
            field = model._meta.fields[name]
            context = model._schema._create_context()
            context.literal(f'ALTER TABLE "{model._meta.table_name}" ADD COLUMN ').sql(field.ddl(context))
            if isinstance(field, ForeignKeyField) and not isinstance(db, SqliteDatabase):
                context.literal(", ADD ").sql(field.foreign_key_constraint())
            db.execute_sql(*context.query())
            if isinstance(field, ForeignKeyField) and isinstance(db, SqliteDatabase):
                _refer_sqlite(db, field)
        db.create_tables(NEW, safe=False)
    for statement in INDEXES:
        db.execute_sql(statement)
