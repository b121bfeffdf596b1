"""The tables of the quality reports."""

from enum import StrEnum

from peewee import CharField, Check, DateField, FixedCharField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import User
from app.core.db import BaseModel, InstantField, one_of
from app.tickets.models import Priority


class ReportKind(StrEnum):
    """What a report is about."""

    DAILY = "daily"
    MONTHLY = "monthly"


class FaultClass(StrEnum):
    """To which part of the machine, or to what else, a fault is put down (归类)."""

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
    """The report of a day, or of a month (``day`` is its first). ``content`` is its canonical JSON when frozen, ``digest`` the SHA-256."""

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
    """One fault in a daily report, as it was when the report was frozen. ``episode_number`` is its row of the fault register, which may
    go when late messages arrive; each stands in one report only.
    """

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
