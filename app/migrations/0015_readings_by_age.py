"""Readings by age: thinned to minutes and hours; on PostgreSQL the readings themselves lie in partitions, one a month.

Frozen copies of the models as they were; later migrations change what stands here.
"""

from typing import Any

from peewee import BigIntegerField, CharField, CompositeKey, Database, ForeignKeyField, Model, SqliteDatabase, TextField
from playhouse.migrations import SchemaMigrator


class BaseModel(Model):
    class Meta:
        legacy_table_names = False


class InstantField(BigIntegerField):
    pass


class Terminal(BaseModel):
    pass


class ReadingMinute(BaseModel):
    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    at = InstantField()
    metrics = TextField()

    class Meta:
        primary_key = CompositeKey("terminal", "at")
        without_rowid = True


class ReadingHour(BaseModel):
    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    at = InstantField()
    metrics = TextField()

    class Meta:
        primary_key = CompositeKey("terminal", "at")
        without_rowid = True


class ReadingDue(BaseModel):
    at = InstantField()
    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)

    class Meta:
        primary_key = CompositeKey("at", "terminal")
        without_rowid = True


class ReadingProgress(BaseModel):
    name = CharField(20, primary_key=True)
    value = BigIntegerField()


NEW: tuple[Any, ...] = (ReadingMinute, ReadingHour, ReadingDue, ReadingProgress)

# The default partition takes what lies in no month that has one: the clocks of devices say all kinds of times.
PARTITIONED = (
    "ALTER TABLE reading RENAME TO reading_before",
    "ALTER INDEX reading_pkey RENAME TO reading_before_pkey",
    "ALTER INDEX reading_terminal_id_at RENAME TO reading_before_terminal_id_at",
    "CREATE TABLE reading (position BIGINT NOT NULL, terminal_id INTEGER NOT NULL, at BIGINT NOT NULL, received_at BIGINT NOT NULL,"
    " metrics TEXT NOT NULL, CONSTRAINT reading_pkey PRIMARY KEY (position, at),"
    " CONSTRAINT reading_terminal_id_fkey FOREIGN KEY (terminal_id) REFERENCES terminal (id) ON DELETE RESTRICT) PARTITION BY RANGE (at)",
    "CREATE INDEX reading_terminal_id_at ON reading (terminal_id, at)",
    "CREATE TABLE reading_other PARTITION OF reading DEFAULT",
)
# A partition for each month that holds readings; the months of the years 2000 to 2099 only.
MONTHS = """
    SELECT DISTINCT to_char(to_timestamp(at / 1000) AT TIME ZONE 'UTC', 'YYYYMM') FROM reading_before
    WHERE at >= 946684800000 AND at < 4102444800000 ORDER BY 1
"""
PARTITION = """
    CREATE TABLE reading_{month} PARTITION OF reading
    FOR VALUES FROM ({first}) TO ({after})
"""
BOUNDS = """
    SELECT CAST(extract(epoch FROM to_date(%s, 'YYYYMM')) * 1000 AS bigint),
        CAST(extract(epoch FROM to_date(%s, 'YYYYMM') + interval '1 month') * 1000 AS bigint)
"""


def _partition(db: Database) -> None:
    for statement in PARTITIONED:
        db.execute_sql(statement)
    for (month,) in db.execute_sql(MONTHS).fetchall():
        first, after = db.execute_sql(BOUNDS, (month, month)).fetchone()
        db.execute_sql(PARTITION.format(month=month, first=first, after=after))
    db.execute_sql("INSERT INTO reading SELECT position, terminal_id, at, received_at, metrics FROM reading_before")
    db.execute_sql("DROP TABLE reading_before")


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    for model in (ReadingMinute, ReadingHour, ReadingDue):
        model._meta.without_rowid = is_sqlite
    with db.bind_ctx((Terminal, *NEW), bind_refs=False, bind_backrefs=False):
        db.create_tables(NEW, safe=False)
    if not is_sqlite:
        _partition(db)
