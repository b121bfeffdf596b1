"""The shift log, and the quality reports of days and months.

Frozen copies of the models as they were; later migrations change what stands here.
"""
# ruff: noqa: E501

from enum import StrEnum
from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    CharField,
    Check,
    Database,
    DateField,
    FixedCharField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)
from playhouse.migrations import SchemaMigrator


class BaseModel(Model):
    class Meta:
        legacy_table_names = False


class InstantField(BigIntegerField):
    pass


def one_of(column: str, values: Any) -> Check:
    allowed = ", ".join(f"'{value}'" for value in values)
    return Check(f"{column} IN ({allowed})", name=f"{column}_is_known")


# What stands already and is only referred to here.


class User(BaseModel):
    class Meta:
        table_name = "person"


Priority = ("critical", "high", "low")

# New tables.


class ShiftLog(BaseModel):
    user = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    user_name = CharField(60)
    started_at = InstantField()
    ended_at = InstantField(null=True)
    ended_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    ended_by_name = CharField(60, default="")
    remark = TextField(default="")
    handover = TextField(default="")
    countersigned_at = InstantField(null=True)
    countersigned_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    countersigned_by_name = CharField(60, default="")
    countersign_remark = CharField(500, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("(ended_at IS NULL) = (handover = '')", name="shift_ends_with_its_handover"),
            Check("ended_at IS NULL OR ended_at >= started_at", name="shift_ends_after_its_start"),
            Check(
                "countersigned_at IS NULL OR (ended_at IS NOT NULL AND countersigned_by_id IS NOT NULL AND countersigned_by_id <> user_id)",
                name="shift_is_taken_over_by_another",
            ),
        ]


ShiftLog.add_index(ShiftLog.index(ShiftLog.user, unique=True, where=SQL("ended_at IS NULL"), name="one_open_shift_of_a_user"))


ShiftLog.add_index(ShiftLog.index(ShiftLog.started_at.desc(), ShiftLog.id.desc(), name="shift_log_by_start"))


ShiftLog.add_index(
    ShiftLog.index(ShiftLog.ended_at, where=SQL("ended_at IS NOT NULL AND countersigned_at IS NULL"), name="shift_not_taken_over")
)


class ShiftNote(BaseModel):
    log = ForeignKeyField(ShiftLog, backref="notes", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    text = TextField(constraints=[Check("text <> ''", name="shift_note_says_something")])


class ReportKind(StrEnum):
    DAILY = "daily"
    MONTHLY = "monthly"


class FaultClass(StrEnum):
    HYDRAULIC = "hydraulic"
    ELECTRICAL = "electrical"
    CONTROL = "control"
    SENSOR = "sensor"
    MECHANICAL = "mechanical"
    SAFETY = "safety"
    COMMUNICATION = "communication"
    OPERATION = "operation"
    OTHER = "other"


class QualityReport(BaseModel):
    kind = CharField(10, constraints=[one_of("kind", ReportKind)])
    day = DateField()
    created_at = InstantField()
    changed_at = InstantField()
    remark = TextField(default="")
    content = TextField(default="")
    digest = FixedCharField(64, null=True)
    frozen_at = InstantField(null=True)
    frozen_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    frozen_by_name = CharField(60, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("(frozen_at IS NULL) = (digest IS NULL)", name="frozen_report_has_its_digest"),
            Check("(frozen_at IS NULL) = (content = '')", name="frozen_report_has_its_content"),
        ]
        indexes = ((("kind", "day"), True),)


class QualityEntry(BaseModel):
    report = ForeignKeyField(QualityReport, backref="entries", on_delete="RESTRICT")
    episode_number = IntegerField(unique=True)
    serial = CharField(60)
    model = CharField(60, default="")
    batch = CharField(40, default="")
    customer = CharField(120, default="")
    code = CharField(64)
    name_zh = CharField(120, default="")
    name_en = CharField(120, default="")
    severity = CharField(10, constraints=[one_of("severity", Priority)])
    started_at = InstantField()
    ended_at = InstantField(null=True)
    count = IntegerField(default=1)
    ticket = CharField(20, default="")
    cause = CharField(20, default="")
    drafted_class = CharField(16, constraints=[one_of("drafted_class", FaultClass)])
    fault_class = CharField(16, constraints=[one_of("fault_class", FaultClass)])
    remark = CharField(300, default="")
    corrected_by_name = CharField(60, default="")


NEW = (ShiftLog, ShiftNote, QualityReport, QualityEntry)

# What a shift's end and a frozen report say stays; notes are written once.
_ENDED = "user_id, user_name, started_at, ended_at, ended_by_id, ended_by_name, remark, handover"


def _refuses(name: str, when: str, condition: str = "") -> str:
    condition = f" WHEN {condition}" if condition else ""
    words = name.replace("_", " ")
    return f"CREATE TRIGGER {name} BEFORE {when}{condition} BEGIN SELECT RAISE(ABORT, '{words}'); END"


_FROZEN = "(SELECT frozen_at FROM quality_report WHERE id = {row}.report_id) IS NOT NULL"
_OVER = "(SELECT ended_at FROM shift_log WHERE id = NEW.log_id) IS NOT NULL"
SQLITE = (
    _refuses("shift_is_ended_for_good", f"UPDATE OF {_ENDED} ON shift_log", "OLD.ended_at IS NOT NULL"),
    _refuses("shift_is_taken_over_for_good", "UPDATE ON shift_log", "OLD.countersigned_at IS NOT NULL"),
    _refuses("shift_is_never_deleted", "DELETE ON shift_log"),
    _refuses("shift_note_is_never_changed", "UPDATE ON shift_note"),
    _refuses("shift_note_is_never_deleted", "DELETE ON shift_note"),
    _refuses("shift_note_is_never_replaced", "INSERT ON shift_note", "EXISTS (SELECT 1 FROM shift_note WHERE id = NEW.id)"),
    _refuses("shift_that_is_over_takes_no_note", "INSERT ON shift_note", _OVER),
    _refuses("quality_report_is_frozen_for_good", "UPDATE ON quality_report", "OLD.frozen_at IS NOT NULL"),
    _refuses("frozen_quality_report_is_never_deleted", "DELETE ON quality_report", "OLD.frozen_at IS NOT NULL"),
    *(
        _refuses(f"entry_of_a_frozen_report_is_not_{verb}", f"{when} ON quality_entry", _FROZEN.format(row=row))
        for verb, when, row in (("added", "INSERT", "NEW"), ("changed", "UPDATE", "OLD"), ("removed", "DELETE", "OLD"))
    ),
)
_RAISE = "RAISE EXCEPTION USING MESSAGE = TG_NAME || ' refuses', ERRCODE = 'restrict_violation'"
POSTGRESQL = (
    "CREATE TRIGGER shift_note_is_never_truncated BEFORE TRUNCATE ON shift_note FOR EACH STATEMENT EXECUTE FUNCTION kept_row_refuses()",
    f"CREATE TRIGGER shift_is_ended_for_good BEFORE UPDATE OF {_ENDED} ON shift_log FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION kept_row_refuses()",
    "CREATE TRIGGER shift_is_taken_over_for_good BEFORE UPDATE ON shift_log FOR EACH ROW WHEN (OLD.countersigned_at IS NOT NULL) EXECUTE FUNCTION kept_row_refuses()",
    "CREATE TRIGGER shift_is_never_deleted BEFORE DELETE ON shift_log FOR EACH ROW EXECUTE FUNCTION kept_row_refuses()",
    "CREATE TRIGGER shift_note_is_kept BEFORE UPDATE OR DELETE ON shift_note FOR EACH ROW EXECUTE FUNCTION kept_row_refuses()",
    "CREATE OR REPLACE FUNCTION note_of_ended_shift_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF {_OVER} THEN {_RAISE}; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER shift_that_is_over_takes_no_note BEFORE INSERT ON shift_note FOR EACH ROW EXECUTE FUNCTION note_of_ended_shift_refuses()",
    "CREATE TRIGGER quality_report_is_frozen_for_good BEFORE UPDATE OR DELETE ON quality_report"
    " FOR EACH ROW WHEN (OLD.frozen_at IS NOT NULL) EXECUTE FUNCTION kept_row_refuses()",
    "CREATE OR REPLACE FUNCTION entry_of_frozen_report_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE wanted integer; BEGIN"
    " IF TG_OP = 'INSERT' THEN wanted := NEW.report_id; ELSE wanted := OLD.report_id; END IF;"
    f" IF (SELECT frozen_at FROM quality_report WHERE id = wanted) IS NOT NULL THEN {_RAISE}; END IF;"
    " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER entry_of_a_frozen_report_is_kept BEFORE INSERT OR UPDATE OR DELETE ON quality_entry"
    " FOR EACH ROW EXECUTE FUNCTION entry_of_frozen_report_refuses()",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx(NEW, bind_refs=False, bind_backrefs=False):
        db.create_tables(NEW, safe=False)
    for statement in SQLITE if isinstance(db, SqliteDatabase) else POSTGRESQL:
        db.execute_sql(statement)
