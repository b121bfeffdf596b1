"""A desk with the board open is locked instead of signed out: when its board was last seen, and a person's PIN."""

from peewee import Database, SqliteDatabase
from playhouse.migrations import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    instant = "INTEGER" if isinstance(db, SqliteDatabase) else "BIGINT"
    db.execute_sql(f'ALTER TABLE user_session ADD COLUMN "board_seen_at" {instant}')
    db.execute_sql('ALTER TABLE person ADD COLUMN "pin_hash" VARCHAR(200)')
