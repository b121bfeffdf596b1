"""The tables of the shift log."""

from peewee import SQL, CharField, Check, ForeignKeyField, IntegerField, TextField

from app.accounts.models import User
from app.core.db import BaseModel, InstantField


class ShiftLog(BaseModel):
    """One shift of one clerk. ``handover`` is what was handed over, as JSON, written when the shift ends and kept as it is then."""

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
    """Something the clerk wrote down during the shift. Never changed."""

    log = ForeignKeyField(ShiftLog, backref="notes", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    text = TextField(constraints=[Check("text <> ''", name="shift_note_says_something")])
