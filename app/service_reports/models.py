"""The tables of service reports: what was found and done, parts, readings, photos, the signature that freezes it, amendments."""

from enum import StrEnum

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, FixedCharField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import User
from app.core.db import BaseModel, InstantField, one_of
from app.core.files import StoredFile
from app.machines.models import Machine
from app.work_orders.models import WorkOrder


class ReportStatus(StrEnum):
    """States of a service report: written, signed (or closed without a signature, with the reason), filed by the clerk."""

    DRAFT = "draft"
    SIGNED = "signed"
    FILED = "filed"


class FaultCause(StrEnum):
    """Why it broke: the cause codes of the report, for the statistics of the quality department."""

    WEAR = "wear"
    PART_DEFECT = "part_defect"
    DESIGN = "design"
    MANUFACTURE = "manufacture"
    INSTALLATION = "installation"
    MAINTENANCE = "maintenance"
    MISUSE = "misuse"
    FOREIGN_MATTER = "foreign_matter"
    ELECTRIC_SUPPLY = "electric_supply"
    ENVIRONMENT = "environment"
    NO_FAULT = "no_fault"
    OTHER = "other"


class SignatureWay(StrEnum):
    """How a report was closed on the customer's side."""

    DRAWN = "drawn"
    REMOTE = "remote"
    ABSENT = "absent"
    REFUSED = "refused"
    PAPER = "paper"


class PhotoKind(StrEnum):
    """What a photo of a report shows."""

    BEFORE = "before"
    AFTER = "after"
    PART = "part"
    PLATE = "plate"
    SITE = "site"
    PAPER = "paper"


class ServiceReport(BaseModel):
    """The report of one work order. ``client_id`` is made where it is written, so that what is sent three times is stored once.

    Times are minutes, the distance whole kilometres, money hundredths of a yuan (taken on site). ``sign_token`` is the
    address of the link for signing on the customer's own phone.
    Triggers refuse every change of what was signed.
    """

    number = CharField(20, unique=True)
    order = ForeignKeyField(WorkOrder, unique=True, backref="report_rows", on_delete="RESTRICT")
    client_id = CharField(40, unique=True)
    status = CharField(10, constraints=[one_of("status", ReportStatus)])
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)
    by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    finding = TextField(default="")
    cause = CharField(20, null=True, constraints=[one_of("cause", FaultCause)])
    cause_text = CharField(500, default="")
    action = TextField(default="")
    component = CharField(80, default="")
    labour_minutes = IntegerField(null=True, constraints=[Check("labour_minutes >= 0", name="labour_is_not_negative")])
    travel_minutes = IntegerField(null=True, constraints=[Check("travel_minutes >= 0", name="travel_is_not_negative")])
    distance_km = IntegerField(null=True, constraints=[Check("distance_km >= 0", name="distance_is_not_negative")])
    money_fen = BigIntegerField(default=0, constraints=[Check("money_fen >= 0", name="money_is_not_negative")])
    assistant_name = CharField(60, default="")
    customer_remark = TextField(default="")
    is_solved = BooleanField(default=True)
    sign_token = CharField(32, null=True, unique=True)
    sign_token_until = InstantField(null=True)
    created_at = InstantField()
    changed_at = InstantField()
    signed_at = InstantField(null=True)
    filed_at = InstantField(null=True)
    filed_by_name = CharField(60, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [Check("(status = 'draft') = (signed_at IS NULL)", name="signed_report_has_its_time")]


ServiceReport.add_index(
    ServiceReport.index(
        ServiceReport.machine,
        ServiceReport.signed_at.desc(),
        ServiceReport.id.desc(),
        where=SQL("signed_at IS NOT NULL"),
        name="service_report_of_machine",
    )
)
ServiceReport.add_index(ServiceReport.index(ServiceReport.signed_at, where=SQL("status = 'signed'"), name="service_report_not_filed"))


class ReportPart(BaseModel):
    """A part that came off or went on, or both; ``machine`` is the report's, for "what is on the machine now"."""

    report = ForeignKeyField(ServiceReport, backref="parts", on_delete="RESTRICT")
    position = IntegerField()
    name = CharField(120, constraints=[Check("name <> ''", name="part_name_is_given")])
    part_number = CharField(60, default="")
    quantity = IntegerField(default=1, constraints=[Check("quantity > 0", name="part_quantity_is_positive")])
    serial_off = CharField(60, default="")
    serial_on = CharField(60, default="")
    is_old_kept = BooleanField(default=False)  # the old part goes back to the factory
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT")


class ReportReading(BaseModel):
    """A value that was read on site."""

    report = ForeignKeyField(ServiceReport, backref="readings", on_delete="RESTRICT")
    position = IntegerField()
    name = CharField(60, constraints=[Check("name <> ''", name="reading_name_is_given")])
    before = CharField(40, default="")
    after = CharField(40, default="")
    unit = CharField(20, default="")


class ReportPhoto(BaseModel):
    """A photo of a report; the bytes are those that were signed over (``StoredFile.digest``)."""

    report = ForeignKeyField(ServiceReport, backref="photos", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    kind = CharField(10, constraints=[one_of("kind", PhotoKind)])
    caption = CharField(200, default="")
    at = InstantField()
    client_id = CharField(40, null=True, unique=True)


class ReportSignature(BaseModel):
    """What freezes a report: ``content`` is the canonical JSON that was signed, ``digest`` its SHA-256 (security §7). Never changed.

    ``strokes`` is JSON: lists of points [x, y, ms]. Without strokes ``reason`` says why, and ``photo`` shows the site or the stamped paper.
    """

    report = ForeignKeyField(ServiceReport, unique=True, backref="signatures", on_delete="RESTRICT")
    way = CharField(10, constraints=[one_of("way", SignatureWay)])
    signer_name = CharField(60, default="")
    strokes = TextField(default="")
    reason = CharField(500, default="")
    photo = ForeignKeyField(ReportPhoto, null=True, on_delete="RESTRICT", index=False)
    content = TextField()
    digest = FixedCharField(64)
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    ip = CharField(45, default="")

    class Meta:
        constraints = [
            Check("(way IN ('drawn', 'remote')) = (strokes <> '')", name="drawn_signature_has_strokes"),
            Check("way NOT IN ('drawn', 'remote') OR signer_name <> ''", name="signature_names_who_signed"),
            Check("way NOT IN ('absent', 'refused') OR reason <> ''", name="missing_signature_has_a_reason"),
            Check("way NOT IN ('absent', 'refused', 'paper') OR photo_id IS NOT NULL", name="missing_signature_has_a_photo"),
        ]


class ReportAmendment(BaseModel):
    """A later correction of a signed report: what it says instead, and why; the report and every amendment are kept (security §7)."""

    report = ForeignKeyField(ServiceReport, backref="amendments", on_delete="RESTRICT", index=False)
    number = IntegerField()
    at = InstantField()
    by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    reason = TextField(constraints=[Check("reason <> ''", name="amendment_reason_is_given")])
    signer_name = CharField(60, default="")
    strokes = TextField(default="")
    content = TextField()
    digest = FixedCharField(64)

    class Meta:
        constraints = [Check("(strokes = '') = (signer_name = '')", name="amendment_signature_names_who_signed")]
        indexes = ((("report", "number"), True),)
