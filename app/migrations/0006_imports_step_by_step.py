"""Imports that are checked, written and taken back step by step: what was found, who works on it, until when.

Frozen copies of the columns as they were added.
"""

from peewee import SQL, BigIntegerField, CharField, Database, IntegerField, Model, TextField
from playhouse.migrate import SchemaMigrator


class ImportRun(Model):
    source_name = CharField(60, default="", constraints=[SQL("DEFAULT ''")])
    checked_at = BigIntegerField(null=True)
    preview = TextField(default="", constraints=[SQL("DEFAULT ''")])
    taking_back_at = BigIntegerField(null=True)
    taking_back_by_id = IntegerField(null=True)
    held_by = CharField(80, default="", constraints=[SQL("DEFAULT ''")])
    held_until = BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx([ImportRun], bind_refs=False, bind_backrefs=False):
        for field in ImportRun._meta.sorted_fields:
            if field.name == "id":
                continue
            context = ImportRun._schema._create_context()
            db.execute_sql(*context.literal('ALTER TABLE "import_run" ADD COLUMN ').sql(field.ddl(context)).query())
