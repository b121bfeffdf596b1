"""The asset register: one row per serial number (2E-23), the model it is, the profile it is monitored by."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, DateField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import Area, User
from app.core.db import BaseModel, InstantField, one_of
from app.core.files import StoredFile
from app.customers.models import Customer, Project, Site


class FormType(StrEnum):
    """What a filed document is: the paper forms of the trade (duties, list F), and what else hangs on a machine or model."""

    SALES_CONTRACT = "sales_contract"
    PIT_GUIDANCE = "pit_guidance"
    PIT_SURVEY = "pit_survey"
    DELIVERY_ACCEPTANCE = "delivery_acceptance"
    INSTALLATION_CHECK = "installation_check"
    SPOT_CHECK = "spot_check"
    TRAINING_ACCEPTANCE = "training_acceptance"
    DISPATCH_SHEET = "dispatch_sheet"
    SERVICE_REPORT = "service_report"
    INSPECTION = "inspection"
    MAINTENANCE = "maintenance"
    CALL_BACK = "call_back"
    HOTLINE_RECORD = "hotline_record"
    REPAIR_CONTRACT = "repair_contract"
    INVOICE = "invoice"
    NONCONFORMITY = "nonconformity"
    RETROFIT = "retrofit"
    PHOTO = "photo"
    SCHEMATIC = "schematic"
    MANUAL = "manual"
    PARTS_LIST = "parts_list"
    OTHER = "other"


class MachineModel(BaseModel):
    """A model (机型) of the manufacturer's range; ``warranty_months`` is the usual term from acceptance."""

    name = CharField(80, unique=True)
    description = TextField(default="", constraints=[SQL("DEFAULT ''")])
    warranty_months = IntegerField(
        default=12, constraints=[SQL("DEFAULT 12"), Check("warranty_months >= 0", name="model_warranty_is_not_negative")]
    )
    is_active = BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")])
    version = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])


class DeviceProfile(BaseModel):
    """A monitoring profile (监控模板): metrics, codes and rules as one checked document (monitoring §5)."""

    name = CharField(64, unique=True)
    title_zh = CharField(80)
    title_en = CharField(80)
    document = TextField()
    version = IntegerField(default=1)
    updated_at = InstantField()


class DeviceProfileVersion(BaseModel):
    """Every version a profile ever had."""

    profile = ForeignKeyField(DeviceProfile, backref="versions", on_delete="RESTRICT")
    version = IntegerField()
    document = TextField()
    created_at = InstantField()
    created_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    reason = CharField(200, default="", constraints=[SQL("DEFAULT ''")])

    class Meta:
        indexes = ((("profile", "version"), True),)


class Machine(BaseModel):
    """A machine in the field; ``device`` is the device code of its EVC terminal, if it has one."""

    serial = CharField(40, unique=True, constraints=[Check("serial <> ''", name="serial_is_given")])
    device = CharField(64, null=True, unique=True)
    model = ForeignKeyField(MachineModel, on_delete="RESTRICT")
    profile = ForeignKeyField(DeviceProfile, null=True, on_delete="RESTRICT")
    customer = ForeignKeyField(Customer, null=True, backref="machines", on_delete="RESTRICT")
    site = ForeignKeyField(Site, null=True, backref="machines", on_delete="RESTRICT")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")
    gateway = CharField(64, default="")
    accepted_on = DateField(null=True)
    shipped_on = DateField(null=True)
    warranty_months = IntegerField(default=12, constraints=[Check("warranty_months >= 0", name="warranty_is_not_negative")])
    batch = CharField(40, default="")
    version = IntegerField(default=1)
    created_at = InstantField()
    project = ForeignKeyField(Project, null=True, backref="machines", on_delete="RESTRICT")
    qr_token = CharField(32, null=True, unique=True)
    sim_number = CharField(30, default="", constraints=[SQL("DEFAULT ''")])
    sim_expires_on = DateField(null=True)
    photo = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    retired_on = DateField(null=True)


class MachineMove(BaseModel):
    """A machine that went to another customer or site; what happened before stays with the earlier one.

    ``at`` is when it went, ``recorded_at`` when somebody wrote that down.
    """

    machine = ForeignKeyField(Machine, backref="moves", on_delete="RESTRICT")
    at = InstantField()
    from_customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    from_site = ForeignKeyField(Site, null=True, on_delete="RESTRICT", index=False)
    to_customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    to_site = ForeignKeyField(Site, null=True, on_delete="RESTRICT", index=False)
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    reason = CharField(200, default="")
    recorded_at = InstantField(constraints=[SQL("DEFAULT 0")])


class TerminalChange(BaseModel):
    """An EVC terminal that was fitted, replaced or taken off; the machine's history stays (workflows, Machine file).

    What a device said before ``at`` belongs to the machine that it was taken off then (see ``app.machines.terminals``).
    """

    machine = ForeignKeyField(Machine, backref="terminal_changes", on_delete="RESTRICT")
    at = InstantField()
    old_device = CharField(64, null=True)
    new_device = CharField(64, null=True)
    sim_number = CharField(30, default="")
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    reason = CharField(200, default="")

    class Meta:
        indexes = ((("old_device", "at"), False),)


class Document(BaseModel):
    """A document of a machine, a model or a project: a scan, a file, or paper in a box. ``about`` is the number of the ticket or order.

    Filed (已归档) means that ``cabinet`` and ``box`` say where the paper lies, or that there is no paper.
    """

    machine = ForeignKeyField(Machine, null=True, backref="documents", on_delete="RESTRICT", index=False)
    model = ForeignKeyField(MachineModel, null=True, backref="documents", on_delete="RESTRICT")
    project = ForeignKeyField(Project, null=True, backref="documents", on_delete="RESTRICT")
    form_type = CharField(30, constraints=[one_of("form_type", FormType)])
    title = CharField(200, default="")
    document_on = DateField(null=True)
    about = CharField(40, default="", index=True)
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    has_paper = BooleanField(default=False)
    cabinet = CharField(40, default="")
    box = CharField(40, default="")
    created_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    filed_at = InstantField(null=True)
    removed_at = InstantField(null=True)
    removed_by_name = CharField(60, default="")
    removal_reason = CharField(200, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check(
                "(machine_id IS NOT NULL AND model_id IS NULL AND project_id IS NULL)"
                " OR (machine_id IS NULL AND model_id IS NOT NULL AND project_id IS NULL)"
                " OR (machine_id IS NULL AND model_id IS NULL AND project_id IS NOT NULL)",
                name="document_hangs_on_one_thing",
            ),
            Check("file_id IS NOT NULL OR has_paper", name="document_is_a_file_or_paper"),
        ]
        indexes = ((("machine", "created_at"), False),)


Document.add_index(Document.index(Document.created_at, where=SQL("filed_at IS NULL AND removed_at IS NULL"), name="document_not_filed"))

Document.add_index(
    Document.index(
        Document.machine, Document.form_type, Document.created_at.desc(), where=SQL("removed_at IS NULL"), name="document_by_form"
    )
)


class DocumentRequest(BaseModel):
    """A form that ``technician`` has yet to hand in for a machine (未交)."""

    machine = ForeignKeyField(Machine, on_delete="RESTRICT")
    form_type = CharField(30, constraints=[one_of("form_type", FormType)])
    technician = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    about = CharField(40, default="")
    asked_at = InstantField()
    asked_by_name = CharField(60)
    due_on = DateField(null=True)
    document = ForeignKeyField(Document, null=True, on_delete="RESTRICT")
    waived_at = InstantField(null=True)
    waived_by_name = CharField(60, default="")
    waived_reason = CharField(200, default="")

    class Meta:
        constraints = [Check("waived_at IS NULL OR document_id IS NULL", name="request_is_met_or_waived")]


DocumentRequest.add_index(
    DocumentRequest.index(
        DocumentRequest.machine,
        DocumentRequest.form_type,
        DocumentRequest.about,
        unique=True,
        where=SQL("document_id IS NULL AND waived_at IS NULL"),
        name="one_open_request_per_form",
    )
)
