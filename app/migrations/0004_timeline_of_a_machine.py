"""What the timeline of a machine is read by: notes, attachments and urgings know the machine of their ticket, and each kind has its index."""

from peewee import (
    SQL,
    BigIntegerField,
    CharField,
    Check,
    Database,
    ForeignKeyField,
    Model,
    SqliteDatabase,
    TextField,
)
from playhouse.migrations import SchemaMigrator


class Base(Model):
    class Meta:
        legacy_table_names = False


class User(Base):
    class Meta:
        table_name = "person"


class Machine(Base):
    pass


class StoredFile(Base):
    id = CharField(32, primary_key=True)


class Ticket(Base):
    source = CharField(20)
    kind = CharField(20)
    machine = ForeignKeyField(Machine, null=True, index=False)
    opened_at = BigIntegerField()
    resolved_at = BigIntegerField(null=True)
    closed_at = BigIntegerField(null=True)


class TicketNote(Base):
    ticket = ForeignKeyField(Ticket, backref="notes", on_delete="RESTRICT")
    at = BigIntegerField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    by_name = CharField(60)
    text = TextField(constraints=[Check("text <> ''", name="note_is_not_empty")])
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)


class TicketAttachment(Base):
    ticket = ForeignKeyField(Ticket, backref="attachments", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    note = ForeignKeyField(TicketNote, null=True, on_delete="RESTRICT")
    caption = CharField(200, default="")
    at = BigIntegerField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    removed_at = BigIntegerField(null=True)
    removed_by_name = CharField(60, default="")
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)


class TicketUrging(Base):
    ticket = ForeignKeyField(Ticket, backref="urgings", on_delete="RESTRICT")
    at = BigIntegerField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    text = CharField(500, default="")
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)


class Document(Base):
    machine = ForeignKeyField(Machine, null=True, index=False)
    form_type = CharField(30)
    created_at = BigIntegerField()
    removed_at = BigIntegerField(null=True)


WIDENED = (TicketNote, TicketAttachment, TicketUrging)
# table, column of its time, WHERE, name
INDEXES = (
    *((model, model.at, "machine_id IS NOT NULL", f"{model._meta.table_name}_of_machine") for model in WIDENED),
    (Ticket, Ticket.opened_at, "source <> 'import'", "ticket_opened_of_machine"),
    (Ticket, Ticket.resolved_at, "resolved_at IS NOT NULL AND source <> 'import'", "ticket_resolved_of_machine"),
    (Ticket, Ticket.closed_at, "closed_at IS NOT NULL AND source <> 'import'", "ticket_closed_of_machine"),
    (Ticket, Ticket.opened_at, "source = 'import'", "ticket_past_of_machine"),
    (Ticket, Ticket.opened_at, "kind = 'complaint'", "ticket_complaint_of_machine"),
)

_TABLES = tuple(model._meta.table_name for model in WIDENED)
SQLITE = (
    *(
        f"CREATE TRIGGER {table}_is_of_a_machine AFTER INSERT ON {table} BEGIN"
        f" UPDATE {table} SET machine_id = (SELECT machine_id FROM ticket WHERE id = NEW.ticket_id) WHERE id = NEW.id; END"
        for table in _TABLES
    ),
    *(
        f"CREATE TRIGGER {table}_follows_its_ticket AFTER UPDATE OF ticket_id ON {table} BEGIN"
        f" UPDATE {table} SET machine_id = (SELECT machine_id FROM ticket WHERE id = NEW.ticket_id) WHERE id = NEW.id; END"
        for table in _TABLES
    ),
    "CREATE TRIGGER ticket_takes_its_words_along AFTER UPDATE OF machine_id ON ticket WHEN NEW.machine_id IS NOT OLD.machine_id BEGIN "
    + " ".join(f"UPDATE {table} SET machine_id = NEW.machine_id WHERE ticket_id = NEW.id;" for table in _TABLES)
    + " END",
)
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION is_of_the_machine_of_its_ticket() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN NEW.machine_id := (SELECT machine_id FROM ticket WHERE id = NEW.ticket_id); RETURN NEW; END $$",
    "CREATE OR REPLACE FUNCTION ticket_takes_its_words_along() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    + " ".join(f"UPDATE {table} SET machine_id = NEW.machine_id WHERE ticket_id = NEW.id;" for table in _TABLES)
    + " RETURN NULL; END $$",
    *(
        f"CREATE TRIGGER {table}_is_of_a_machine BEFORE INSERT OR UPDATE OF ticket_id ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION is_of_the_machine_of_its_ticket()"
        for table in _TABLES
    ),
    "CREATE TRIGGER ticket_takes_its_words_along AFTER UPDATE OF machine_id ON ticket"
    " FOR EACH ROW WHEN (NEW.machine_id IS DISTINCT FROM OLD.machine_id) EXECUTE FUNCTION ticket_takes_its_words_along()",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    with db.bind_ctx((User, Machine, StoredFile, Ticket, Document, *WIDENED), bind_refs=False, bind_backrefs=False):
        for model in WIDENED:
            (_widen_sqlite if is_sqlite else _widen_postgresql)(db, model)
            table = model._meta.table_name
            db.execute_sql(f"UPDATE {table} SET machine_id = (SELECT machine_id FROM ticket WHERE id = ticket_id)")
        for model, at, condition, name in INDEXES:
            index = model.index(model.machine, at.desc(), model.id.desc(), where=SQL(condition), name=name)
            db.execute_sql(*model._schema._create_index(index, safe=False).query())
        forms = Document.index(
            Document.machine, Document.form_type, Document.created_at.desc(), where=SQL("removed_at IS NULL"), name="document_by_form"
        )
        db.execute_sql(*Document._schema._create_index(forms, safe=False).query())
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        db.execute_sql(statement)


def _widen_sqlite(db: Database, model: type[Model]) -> None:
    """As in 0002: a row that ends early has NULL in the column behind."""
    definition, params = model._schema._create_table(safe=False).query()
    assert not params
    db.execute_sql("PRAGMA writable_schema = ON")
    db.execute_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (definition, model._meta.table_name))
    db.execute_sql("PRAGMA writable_schema = RESET")


def _widen_postgresql(db: Database, model: type[Model]) -> None:
    context = model._schema._create_context()
    context.literal(f'ALTER TABLE "{model._meta.table_name}" ADD COLUMN ').sql(model.machine.ddl(context))
    context.literal(", ADD ").sql(model.machine.foreign_key_constraint())
    db.execute_sql(*context.query())
