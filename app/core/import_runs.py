"""Imports as records: what file, how far it is, what each line made, so that one can be watched, resumed and undone."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, FixedCharField, ForeignKeyField, IntegerField, TextField

from app.core.db import BaseModel, InstantField, one_of
from app.core.files import StoredFile


class ImportKind(StrEnum):
    """What is imported."""

    CUSTOMERS = "customers"
    CONTACTS = "contacts"
    MACHINES = "machines"
    HISTORY = "history"


class ImportState(StrEnum):
    """Where an import stands."""

    UPLOADED = "uploaded"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNDONE = "undone"


class ImportRun(BaseModel):
    """One import of one file; ``mapping`` is JSON (heading of the file to column), ``bad_lines`` the reasons as JSON."""

    kind = CharField(20, constraints=[one_of("kind", ImportKind)])
    state = CharField(20, constraints=[one_of("state", ImportState)])
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    file_name = CharField(200)
    mapping = TextField(default="")
    skips_bad_lines = BooleanField(default=False)
    creates_machines = BooleanField(default=False)
    lines = IntegerField(default=0)
    done_lines = IntegerField(default=0)
    added = IntegerField(default=0)
    changed = IntegerField(default=0)
    unchanged = IntegerField(default=0)
    bad = IntegerField(default=0)
    bad_lines = TextField(default="")
    problem = TextField(default="")
    created_at = InstantField(index=True)
    created_by_id = IntegerField(null=True)
    created_by_name = CharField(60)
    started_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    undone_at = InstantField(null=True)
    undone_by_name = CharField(60, default="")
    version = IntegerField(default=1)


class ImportedRow(BaseModel):
    """What one line made or changed; ``before`` is JSON of what stood there, ``digest`` the identity of a line of history."""

    run = ForeignKeyField(ImportRun, on_delete="RESTRICT")
    line = IntegerField()
    object_type = CharField(20)
    object_id = IntegerField()
    is_added = BooleanField()
    before = TextField(default="")
    digest = FixedCharField(64, null=True)

    class Meta:
        indexes = ((("object_type", "object_id"), False),)


ImportedRow.add_index(
    ImportedRow.index(ImportedRow.digest, unique=True, where=SQL("digest IS NOT NULL"), name="a_line_of_history_is_imported_once")
)
