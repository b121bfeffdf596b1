"""Drafts of the intake: which page wrote one last, an hour to take a discarded one back, and the files handed in with it.

Frozen copies of the models as they were; later migrations change what stands here.
"""

from peewee import SQL, BigIntegerField, CharField, Database, ForeignKeyField, IntegerField, Model
from playhouse.migrate import SchemaMigrator


class BaseModel(Model):
    class Meta:
        legacy_table_names = False


class InstantField(BigIntegerField):
    pass


class StoredFile(BaseModel):
    id = CharField(32, primary_key=True)


class IntakeDraft(BaseModel):
    id = CharField(32, primary_key=True)
    page = CharField(32, default="", constraints=[SQL("DEFAULT ''")])
    turn = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    discarded_at = InstantField(null=True)


class IntakeDraftFile(BaseModel):
    draft = ForeignKeyField(IntakeDraft, on_delete="CASCADE")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    at = InstantField()


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx([IntakeDraft, IntakeDraftFile], bind_refs=False, bind_backrefs=False):
        for field in (IntakeDraft.page, IntakeDraft.turn, IntakeDraft.discarded_at):
            context = IntakeDraft._schema._create_context()
            context.literal('ALTER TABLE "intake_draft" ADD COLUMN ').sql(field.ddl(context))
            db.execute_sql(*context.query())
        db.create_tables([IntakeDraftFile], safe=False)
