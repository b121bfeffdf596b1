"""The tables of defective parts on their way back: returns, nonconformity reports, 8D reports."""

from enum import StrEnum

from peewee import CharField, Check, DateField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import User
from app.core.db import BaseModel, InstantField, one_of
from app.core.files import StoredFile
from app.core.money import MoneyField, QuantityField
from app.machines.models import Machine
from app.parts.models import Part
from app.work_orders.models import WorkOrder


class ReturnStatus(StrEnum):
    """States of a defective part on its way back (返司旧件)."""

    DUE = "due"
    TAGGED = "tagged"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    REPORTED = "reported"
    DECIDED = "decided"
    CLOSED = "closed"
    WAIVED = "waived"


class DefectiveReturn(BaseModel):
    """A part that came off in warranty and goes back to the factory, or is waived with a reason (2A-17)."""

    number = CharField(20, unique=True)
    qr_token = CharField(32, unique=True)
    status = CharField(12, constraints=[one_of("status", ReturnStatus)])
    part = ForeignKeyField(Part, null=True, on_delete="RESTRICT")
    part_name = CharField(120, constraints=[Check("part_name <> ''", name="returned_part_is_named")])
    part_number = CharField(60, default="")
    serial = CharField(60, default="")
    batch = CharField(40, default="")
    quantity = QuantityField(constraints=[Check("quantity > 0", name="returned_is_positive")])
    machine = ForeignKeyField(Machine, on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="returns", on_delete="RESTRICT")
    technician = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    opened_at = InstantField()
    due_on = DateField()
    tagged_at = InstantField(null=True)
    sent_at = InstantField(null=True)
    carrier = CharField(60, default="")
    waybill = CharField(60, default="")
    received_at = InstantField(null=True)
    received_by_name = CharField(60, default="")
    closed_at = InstantField(null=True)
    waived_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    waived_by_name = CharField(60, default="")
    waived_reason = CharField(300, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [Check("(status = 'waived') = (waived_reason <> '')", name="waived_return_has_a_reason")]
        indexes = ((("status", "due_on"), False), (("technician", "status"), False))


class NonconformityStatus(StrEnum):
    """States of a nonconformity report (不合格处理单): the clerk prepares, the manager submits, quality decides (product.md, 8)."""

    PREPARED = "prepared"
    SUBMITTED = "submitted"
    DECIDED = "decided"
    CLOSED = "closed"


class DefectCause(StrEnum):
    """Cause classes of a nonconformity (facts, Other forms)."""

    DESIGN = "design"
    PURCHASE = "purchase"
    MANUFACTURE = "manufacture"
    INSTALLATION = "installation"
    USE = "use"


class Disposition(StrEnum):
    """What is done with a nonconforming part."""

    REWORK = "rework"
    REPAIR = "repair"
    CONCESSION = "concession"
    SCRAP = "scrap"
    RETURN_TO_SUPPLIER = "return_to_supplier"


class Nonconformity(BaseModel):
    """The nonconformity report of a returned part (F-17)."""

    number = CharField(20, unique=True)
    returned = ForeignKeyField(DefectiveReturn, unique=True, backref="reports", on_delete="RESTRICT")
    status = CharField(10, constraints=[one_of("status", NonconformityStatus)])
    on_date = DateField()
    found_where = CharField(120, default="")
    description = TextField(constraints=[Check("description <> ''", name="nonconformity_is_described")])
    prepared_at = InstantField()
    prepared_by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    prepared_by_name = CharField(60)
    submitted_at = InstantField(null=True)
    submitted_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    submitted_by_name = CharField(60, default="")
    decided_at = InstantField(null=True)
    decided_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    decided_by_name = CharField(60, default="")
    cause = CharField(12, null=True, constraints=[one_of("cause", DefectCause)])
    disposition = CharField(20, null=True, constraints=[one_of("disposition", Disposition)])
    quality_opinion = TextField(default="")
    engineering_opinion = TextField(default="")
    purchasing_opinion = TextField(default="")
    responsibility = CharField(200, default="")
    cost = MoneyField(null=True)
    closed_at = InstantField(null=True)
    closed_by_name = CharField(60, default="")
    closing_check = CharField(300, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check(
                "(status IN ('decided', 'closed')) = (cause IS NOT NULL AND disposition IS NOT NULL AND decided_at IS NOT NULL)",
                name="verdict_is_whole",
            ),
            Check("submitted_by_id IS NULL OR submitted_by_id <> prepared_by_id", name="nonconformity_is_submitted_by_another"),
        ]
        indexes = ((("status", "prepared_at"), False),)


class NonconformityPhoto(BaseModel):
    """A photo of a nonconforming part."""

    nonconformity = ForeignKeyField(Nonconformity, backref="photos", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    at = InstantField()


class EightD(BaseModel):
    """An 8D report for serious or repeated nonconformities; each discipline has its words (facts, Other forms)."""

    nonconformity = ForeignKeyField(Nonconformity, unique=True, backref="eight_d", on_delete="RESTRICT")
    d0 = TextField(default="")
    d1 = TextField(default="")
    d2 = TextField(default="")
    d3 = TextField(default="")
    d4 = TextField(default="")
    d5 = TextField(default="")
    d6 = TextField(default="")
    d7 = TextField(default="")
    d8 = TextField(default="")
    opened_at = InstantField()
    owner = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    due_on = DateField(null=True)
    closed_at = InstantField(null=True)
    version = IntegerField(default=1)
