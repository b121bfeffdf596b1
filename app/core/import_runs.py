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
    PARTS = "parts"
    OPENING_STOCK = "opening_stock"
    OPENING_RECEIVABLES = "opening_receivables"
    INVOICES = "invoices"


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
    """One import of one file; ``mapping`` is JSON (heading of the file to column), ``bad_lines`` the reasons of each as JSON.

    Uploaded, it is checked (``checked_at``; the counts are then what it would do, ``preview`` JSON of the first lines); waiting and
    running, ``done_lines`` says how far it is written; ``taking_back_at`` says since when what it wrote is being removed again.
    Whoever works on it holds it (``held_by``) until ``held_until`` and goes on holding it with each step.
    """

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
    source_name = CharField(60, default="", constraints=[SQL("DEFAULT ''")])
    checked_at = InstantField(null=True)
    preview = TextField(default="", constraints=[SQL("DEFAULT ''")])
    taking_back_at = InstantField(null=True)
    taking_back_by_id = IntegerField(null=True)
    held_by = CharField(80, default="", constraints=[SQL("DEFAULT ''")])
    held_until = InstantField(null=True)


class ImportedRow(BaseModel):
    """What one line made or changed; ``digest`` is the identity of a line of history.

    ``before`` of a changed row is JSON: each field with its value before and after.
    """

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
