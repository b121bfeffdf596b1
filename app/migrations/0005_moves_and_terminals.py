"""When a move was recorded, which may be later than it took place; which machine a terminal was taken off, found by its device code."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    whole = "INTEGER" if isinstance(db, SqliteDatabase) else "BIGINT"
    db.execute_sql(f'ALTER TABLE "machine_move" ADD COLUMN "recorded_at" {whole} NOT NULL DEFAULT 0')
    db.execute_sql('CREATE INDEX "terminal_change_old_device_at" ON "terminal_change" ("old_device", "at")')
