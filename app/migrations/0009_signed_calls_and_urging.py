"""Signed 400 records keep what was signed and cannot be changed; the open list puts the urged first; when to phone again."""

from peewee import SQL, BigIntegerField, BooleanField, CharField, Database, IntegerField, Model, SqliteDatabase
from playhouse.migrations import SchemaMigrator


class Base(Model):
    class Meta:
        legacy_table_names = False


class Ticket(Base):
    priority = CharField(10)
    is_open = BooleanField()
    urged_count = IntegerField()
    opened_at = BigIntegerField()


SQLITE = (
    "CREATE TRIGGER hotline_record_is_signed_for_good BEFORE UPDATE ON hotline_record WHEN OLD.signed_at IS NOT NULL"
    " BEGIN SELECT RAISE(ABORT, 'a signed record cannot be changed'); END",
    "CREATE TRIGGER hotline_record_is_never_deleted BEFORE DELETE ON hotline_record WHEN OLD.signed_at IS NOT NULL"
    " BEGIN SELECT RAISE(ABORT, 'a signed record cannot be deleted'); END",
)
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION signed_record_refuses() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'a signed record cannot be changed or deleted' USING ERRCODE = 'restrict_violation'; END $$",
    "CREATE TRIGGER hotline_record_is_signed_for_good BEFORE UPDATE OR DELETE ON hotline_record"
    " FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION signed_record_refuses()",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    instant = "INTEGER" if is_sqlite else "BIGINT"
    db.execute_sql(f'ALTER TABLE ticket ADD COLUMN "call_again_at" {instant}')
    db.execute_sql("ALTER TABLE hotline_record ADD COLUMN \"content\" TEXT NOT NULL DEFAULT ''")
    db.execute_sql("DROP INDEX ticket_open_by_priority")
    with db.bind_ctx((Ticket,), bind_refs=False, bind_backrefs=False):
        index = Ticket.index(
            Ticket.priority,
            Ticket.urged_count.desc(),
            Ticket.opened_at.desc(),
            Ticket.id.desc(),
            where=SQL("is_open"),
            name="ticket_open_by_priority",
        )
        db.execute_sql(*Ticket._schema._create_index(index, safe=False).query())
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        db.execute_sql(statement)
