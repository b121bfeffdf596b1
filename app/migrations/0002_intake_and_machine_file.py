"""Intake and the machine file: projects, documents, roster, calendar, clocks, complaints, imports, files, outbox.

Frozen copies of the models as they were; later migrations change what stands here.
"""
# ruff: noqa: E501

from enum import StrEnum
from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Database,
    DateField,
    FixedCharField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class BaseModel(Model):
    class Meta:
        legacy_table_names = False


class InstantField(BigIntegerField):
    pass


def one_of(column: str, values: Any) -> Check:
    allowed = ", ".join(f"'{value}'" for value in values)
    return Check(f"{column} IN ({allowed})", name=f"{column}_is_known")


# What stands since the first schema and is only referred to here.


class Area(BaseModel):
    pass


class Customer(BaseModel):
    pass


class DeviceProfile(BaseModel):
    pass


class TicketNote(BaseModel):
    pass


class StoredFile(BaseModel):
    id = CharField(32, primary_key=True)
    digest = FixedCharField(64, index=True)
    name = CharField(200)
    media_type = CharField(80)
    size = IntegerField(constraints=[Check("size > 0", name="file_is_not_empty")])
    width = IntegerField(null=True)
    height = IntegerField(null=True)
    has_preview = BooleanField(default=False)
    created_at = InstantField(index=True)
    created_by_id = IntegerField(null=True)


class Channel(StrEnum):
    EMAIL = "email"
    WECOM = "wecom"


class OutboxMessage(BaseModel):
    channel = CharField(10, constraints=[one_of("channel", Channel)])
    recipient = CharField(200)
    subject = CharField(200, default="")
    body = TextField()
    about = CharField(80, default="", index=True)
    key = CharField(120, null=True, unique=True)
    created_at = InstantField()
    next_try_at = InstantField()
    tries = IntegerField(default=0)
    sent_at = InstantField(null=True)
    failed_at = InstantField(null=True)
    last_error = TextField(default="")


OutboxMessage.add_index(
    OutboxMessage.index(OutboxMessage.next_try_at, where=SQL("sent_at IS NULL AND failed_at IS NULL"), name="outbox_message_waiting")
)


class Setting(BaseModel):
    name = CharField(60, primary_key=True)
    value = TextField()
    changed_at = InstantField()
    changed_by_id = IntegerField(null=True)


class RateHit(BaseModel):
    key = CharField(100)
    at = InstantField(index=True)

    class Meta:
        indexes = ((("key", "at"), False),)


class ImportKind(StrEnum):
    CUSTOMERS = "customers"
    CONTACTS = "contacts"
    MACHINES = "machines"
    HISTORY = "history"


class ImportState(StrEnum):
    UPLOADED = "uploaded"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNDONE = "undone"


class ImportRun(BaseModel):
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


class Role(StrEnum):
    CLERK = "clerk"
    TECHNICIAN = "technician"
    DEPUTY = "deputy"
    MANAGER = "manager"
    AREA_MANAGER = "area_manager"
    QUALITY = "quality"
    ADMIN = "admin"


class Station(BaseModel):
    name = CharField(60, unique=True, constraints=[Check("name <> ''", name="station_name_is_given")])
    area = ForeignKeyField(Area, on_delete="RESTRICT")
    address = CharField(200, default="")
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)


class Department(BaseModel):
    name = CharField(60, unique=True, constraints=[Check("name <> ''", name="department_name_is_given")])
    email = CharField(120, default="")
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)


class User(BaseModel):
    username = CharField(40, unique=True, constraints=[Check("username = lower(username)", name="username_is_lower_case")])
    name = CharField(60)
    password_hash = CharField(200)
    must_change_password = BooleanField(default=False)
    is_active = BooleanField(default=True)
    locale = CharField(10, null=True)
    theme = CharField(10, null=True)
    version = IntegerField(default=1)
    created_at = InstantField()
    email = CharField(120, default="", constraints=[SQL("DEFAULT ''")])
    phone = CharField(30, default="", constraints=[SQL("DEFAULT ''")])
    station = ForeignKeyField(Station, null=True, on_delete="RESTRICT")

    class Meta:
        table_name = "person"


class Notice(BaseModel):
    user = ForeignKeyField(User, backref="notices", on_delete="RESTRICT", index=False)
    at = InstantField()
    message = CharField(200)
    params = TextField(default="")
    href = CharField(200, default="")
    is_urgent = BooleanField(default=False)
    seen_at = InstantField(null=True)
    key = CharField(120, null=True, unique=True)

    class Meta:
        indexes = ((("user", "id"), False),)


Notice.add_index(Notice.index(Notice.user, where=SQL("seen_at IS NULL"), name="notice_unseen"))


class DaySource(StrEnum):
    SEED = "seed"
    IMPORT = "import"
    HAND = "hand"


class PresenceState(StrEnum):
    ON_DUTY = "on_duty"
    TRAVELLING = "travelling"
    LEAVE = "leave"


class CalendarYear(BaseModel):
    year = IntegerField(primary_key=True)
    source = CharField(10, constraints=[one_of("source", DaySource)])
    known_at = InstantField()


class CalendarDay(BaseModel):
    day = DateField(primary_key=True)
    is_working = BooleanField()
    name = CharField(60, default="")
    source = CharField(10, constraints=[one_of("source", DaySource)])


class DutyShift(BaseModel):
    user = ForeignKeyField(User, on_delete="RESTRICT")
    role = CharField(20, constraints=[one_of("role", Role)])
    starts_at = InstantField()
    ends_at = InstantField()
    note = CharField(200, default="")

    class Meta:
        constraints = [Check("ends_at > starts_at", name="shift_ends_after_it_starts")]
        indexes = ((("role", "starts_at"), False),)


class Presence(BaseModel):
    user = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    state = CharField(20, constraints=[one_of("state", PresenceState)])
    from_at = InstantField()
    until_at = InstantField(null=True)
    note = CharField(200, default="")
    by_name = CharField(60)

    class Meta:
        constraints = [Check("until_at IS NULL OR until_at > from_at", name="presence_ends_after_it_starts")]
        indexes = ((("user", "from_at"), False),)


Presence.add_index(Presence.index(Presence.user, unique=True, where=SQL("until_at IS NULL"), name="one_open_presence_per_person"))


class ContactRole(StrEnum):
    STATION_HEAD = "station_head"
    OPERATOR = "operator"
    FINANCE = "finance"
    PURCHASING = "purchasing"
    OTHER = "other"


class Site(BaseModel):
    customer = ForeignKeyField(Customer, backref="sites", on_delete="RESTRICT")
    name = CharField(120)
    address = CharField(200, default="")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")
    station = ForeignKeyField(Station, null=True, on_delete="RESTRICT")

    class Meta:
        indexes = ((("customer", "name"), True),)


class Contact(BaseModel):
    customer = ForeignKeyField(Customer, backref="contacts", on_delete="RESTRICT")
    site = ForeignKeyField(Site, null=True, on_delete="RESTRICT")
    name = CharField(60)
    phone = CharField(30, default="")
    email = CharField(120, default="")
    role = CharField(20, default=ContactRole.OTHER, constraints=[one_of("role", ContactRole)])
    takes_no_broadcasts = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])

    class Meta:
        indexes = ((("phone",), False), (("customer", "name", "phone"), True))


class Project(BaseModel):
    contract_number = CharField(40, unique=True, constraints=[Check("contract_number <> ''", name="contract_number_is_given")])
    name = CharField(120)
    customer = ForeignKeyField(Customer, backref="projects", on_delete="RESTRICT")
    site = ForeignKeyField(Site, null=True, on_delete="RESTRICT")
    signed_on = DateField(null=True)
    remark = CharField(500, default="")
    version = IntegerField(default=1)
    created_at = InstantField()


class BroadcastMessage(BaseModel):
    subject = CharField(200)
    text = CharField(4000)
    filters = CharField(500, default="")
    recipients = IntegerField()
    sent_at = InstantField()
    by_name = CharField(60)


class FormType(StrEnum):
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
    name = CharField(80, unique=True)
    description = TextField(default="", constraints=[SQL("DEFAULT ''")])
    warranty_months = IntegerField(
        default=12, constraints=[SQL("DEFAULT 12"), Check("warranty_months >= 0", name="model_warranty_is_not_negative")]
    )
    is_active = BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")])
    version = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])


class Machine(BaseModel):
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
    machine = ForeignKeyField(Machine, backref="moves", on_delete="RESTRICT")
    at = InstantField()
    from_customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    from_site = ForeignKeyField(Site, null=True, on_delete="RESTRICT", index=False)
    to_customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    to_site = ForeignKeyField(Site, null=True, on_delete="RESTRICT", index=False)
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    reason = CharField(200, default="")


class TerminalChange(BaseModel):
    machine = ForeignKeyField(Machine, backref="terminal_changes", on_delete="RESTRICT")
    at = InstantField()
    old_device = CharField(64, null=True)
    new_device = CharField(64, null=True)
    sim_number = CharField(30, default="")
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    reason = CharField(200, default="")


class Document(BaseModel):
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


class DocumentRequest(BaseModel):
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


class TicketStatus(StrEnum):
    TO_VERIFY = "to_verify"
    NEW = "new"
    TRIAGED = "triaged"
    WAITING_DISPATCH = "waiting_dispatch"
    IN_WORK = "in_work"
    WAITING_CUSTOMER = "waiting_customer"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


OPEN_STATUSES = (
    TicketStatus.TO_VERIFY,
    TicketStatus.NEW,
    TicketStatus.TRIAGED,
    TicketStatus.WAITING_DISPATCH,
    TicketStatus.IN_WORK,
    TicketStatus.WAITING_CUSTOMER,
)


class TicketSource(StrEnum):
    MONITORING = "monitoring"
    HOTLINE = "hotline"
    QR = "qr"
    WECHAT = "wechat"
    EMAIL = "email"
    WALK_IN = "walk_in"
    INSPECTION = "inspection"
    IMPORT = "import"
    ONLINE = "online"


class TicketKind(StrEnum):
    FAULT_REPORT = "fault_report"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    ENQUIRY = "enquiry"
    PARTS_ORDER = "parts_order"


class Priority(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    LOW = "low"


class IntakeChannel(BaseModel):
    name_zh = CharField(40, unique=True)
    name_en = CharField(40)
    source = CharField(20, constraints=[one_of("source", TicketSource)])
    position = IntegerField(default=0)
    is_active = BooleanField(default=True)


class Ticket(BaseModel):
    number = CharField(20, unique=True)
    opened_at = InstantField()
    source = CharField(20, constraints=[one_of("source", TicketSource)])
    kind = CharField(20, constraints=[one_of("kind", TicketKind)])
    status = CharField(20, constraints=[one_of("status", TicketStatus)])
    is_open = BooleanField()
    priority = CharField(10, constraints=[one_of("priority", Priority)])
    title = CharField(200)
    text = TextField(default="")
    machine = ForeignKeyField(Machine, null=True, backref="tickets", on_delete="RESTRICT", index=False)
    customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    contact = ForeignKeyField(Contact, null=True, on_delete="RESTRICT")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    reason = TextField(default="")
    is_recurring = BooleanField(default=False)
    repeat_of = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    merged_into = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    opened_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    changed_at = InstantField()
    resolved_at = InstantField(null=True)
    closed_at = InstantField(null=True)
    version = IntegerField(default=1)
    channel = ForeignKeyField(IntakeChannel, null=True, on_delete="RESTRICT", index=False)
    caller_name = CharField(60, default="", constraints=[SQL("DEFAULT ''")])
    caller_phone = CharField(30, default="", constraints=[SQL("DEFAULT ''")])
    is_major = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    urged_count = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    urged_at = InstantField(null=True)
    due_at = InstantField(null=True)
    split_from = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    solution = TextField(default="", constraints=[SQL("DEFAULT ''")])
    follow_token = CharField(32, null=True, unique=True)

    class Meta:
        constraints = [
            Check(
                "is_open = (status IN (" + ", ".join(f"'{s}'" for s in OPEN_STATUSES) + "))",
                name="ticket_is_open_follows_status",
            ),
            Check("(status = 'merged') = (merged_into_id IS NOT NULL)", name="merged_names_its_target"),
        ]


Ticket.add_index(Ticket.index(Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_opening"))

Ticket.add_index(Ticket.index(Ticket.status, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_status"))

Ticket.add_index(Ticket.index(Ticket.opened_at.desc(), Ticket.id.desc(), where=SQL("is_open"), name="ticket_open_by_opening"))

Ticket.add_index(
    Ticket.index(Ticket.priority, Ticket.opened_at.desc(), Ticket.id.desc(), where=SQL("is_open"), name="ticket_open_by_priority")
)

Ticket.add_index(Ticket.index(Ticket.machine, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_machine"))

Ticket.add_index(Ticket.index(Ticket.customer, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_customer"))

Ticket.add_index(Ticket.index(Ticket.area, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_area"))

Ticket.add_index(Ticket.index(Ticket.source, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_source"))

Ticket.add_index(Ticket.index(Ticket.priority, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_priority"))

Ticket.add_index(Ticket.index(Ticket.due_at, Ticket.id, where=SQL("is_open AND due_at IS NOT NULL"), name="ticket_open_by_due"))

Ticket.add_index(Ticket.index(Ticket.kind, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_kind"))


class TicketAttachment(BaseModel):
    ticket = ForeignKeyField(Ticket, backref="attachments", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    note = ForeignKeyField(TicketNote, null=True, on_delete="RESTRICT")
    caption = CharField(200, default="")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    removed_at = InstantField(null=True)
    removed_by_name = CharField(60, default="")


class TicketWatch(BaseModel):
    ticket = ForeignKeyField(Ticket, on_delete="RESTRICT", index=False)
    user = ForeignKeyField(User, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("ticket", "user")


class TicketUrging(BaseModel):
    ticket = ForeignKeyField(Ticket, backref="urgings", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    text = CharField(500, default="")


class HotlineRecord(BaseModel):
    ticket = ForeignKeyField(Ticket, unique=True, on_delete="RESTRICT")
    called_at = InstantField()
    taken_by_name = CharField(60)
    signed_at = InstantField(null=True)
    signed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    signed_by_name = CharField(60, default="")
    is_signed_by_dispatch = BooleanField(default=False)
    remark = CharField(500, default="")

    class Meta:
        constraints = [Check("(signed_at IS NULL) = (signed_by_name = '')", name="signature_has_time_and_name")]


HotlineRecord.add_index(HotlineRecord.index(HotlineRecord.called_at, where=SQL("signed_at IS NULL"), name="hotline_record_unsigned"))


class ClockKind(StrEnum):
    ANSWER = "answer"
    DISPATCH = "dispatch"
    ARRIVAL = "arrival"
    REPAIR = "repair"
    INTERNAL_ANSWER = "internal_answer"
    CUSTOMER_ANSWER = "customer_answer"


class ClockTarget(BaseModel):
    ticket_kind = CharField(20, constraints=[one_of("ticket_kind", TicketKind)])
    priority = CharField(10, constraints=[one_of("priority", Priority)])
    clock = CharField(20, constraints=[one_of("clock", ClockKind)])
    minutes = IntegerField(null=True, constraints=[Check("minutes > 0", name="target_is_positive")])
    is_round_the_clock = BooleanField()

    class Meta:
        primary_key = CompositeKey("ticket_kind", "priority", "clock")


class TicketClock(BaseModel):
    ticket = ForeignKeyField(Ticket, backref="clocks", on_delete="RESTRICT", index=False)
    kind = CharField(20, constraints=[one_of("kind", ClockKind)])
    started_at = InstantField()
    target_minutes = IntegerField(constraints=[Check("target_minutes > 0", name="clock_target_is_positive")])
    is_round_the_clock = BooleanField()
    due_at = InstantField(null=True)
    next_look_at = InstantField(null=True)
    met_at = InstantField(null=True)
    stopped_at = InstantField(null=True)
    warned_at = InstantField(null=True)
    breached_at = InstantField(null=True)
    escalated = IntegerField(default=0)

    class Meta:
        constraints = [Check("met_at IS NULL OR stopped_at IS NULL", name="clock_ends_one_way")]
        indexes = ((("ticket", "kind"), False),)


TicketClock.add_index(
    TicketClock.index(
        TicketClock.ticket,
        TicketClock.kind,
        unique=True,
        where=SQL("met_at IS NULL AND stopped_at IS NULL"),
        name="one_running_clock_of_a_kind",
    )
)

TicketClock.add_index(
    TicketClock.index(
        TicketClock.next_look_at,
        where=SQL("met_at IS NULL AND stopped_at IS NULL AND next_look_at IS NOT NULL"),
        name="ticket_clock_to_look_at",
    )
)


class CauseClass(StrEnum):
    PRODUCT_QUALITY = "product_quality"
    REPAIR_QUALITY = "repair_quality"
    RESPONSE_TIME = "response_time"
    ATTITUDE = "attitude"
    PARTS_SUPPLY = "parts_supply"
    CHARGES = "charges"
    CUSTOMER_USE = "customer_use"
    OTHER = "other"


class Complaint(BaseModel):
    ticket = ForeignKeyField(Ticket, unique=True, on_delete="RESTRICT")
    responsible = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    forwarded_at = InstantField(null=True)
    cause = CharField(20, null=True, constraints=[one_of("cause", CauseClass)])
    cause_text = TextField(default="")
    is_justified = BooleanField(null=True)
    measure = TextField(default="")
    measure_owner = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    measure_due_on = DateField(null=True)
    measure_done_at = InstantField(null=True)
    answered_at = InstantField(null=True)
    customer_answered_at = InstantField(null=True)
    version = IntegerField(default=1)


class ReplyTo(StrEnum):
    CENTRE = "centre"
    CUSTOMER = "customer"


class ComplaintReply(BaseModel):
    complaint = ForeignKeyField(Complaint, backref="replies", on_delete="RESTRICT")
    reply_to = CharField(10, constraints=[one_of("reply_to", ReplyTo)])
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    text = TextField(constraints=[Check("text <> ''", name="reply_is_not_empty")])


class WorkSlip(BaseModel):
    number = CharField(20, unique=True)
    ticket = ForeignKeyField(Ticket, backref="work_slips", on_delete="RESTRICT")
    department = ForeignKeyField(Department, on_delete="RESTRICT")
    text = TextField(constraints=[Check("text <> ''", name="slip_is_not_empty")])
    due_at = InstantField()
    sent_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    reminded_at = InstantField(null=True)
    answered_at = InstantField(null=True)
    answer = TextField(default="")
    withdrawn_at = InstantField(null=True)


WorkSlip.add_index(WorkSlip.index(WorkSlip.due_at, where=SQL("answered_at IS NULL AND withdrawn_at IS NULL"), name="work_slip_open"))


class PastWork(BaseModel):
    ticket = ForeignKeyField(Ticket, unique=True, on_delete="RESTRICT")
    work_type = CharField(40, default="")
    cost_fen = BigIntegerField(null=True)
    technician_name = CharField(60, default="")


class IntakeDraft(BaseModel):
    id = CharField(32, primary_key=True)
    user = ForeignKeyField(User, on_delete="RESTRICT")
    label = CharField(120, default="")
    content = TextField()
    is_parked = BooleanField(default=False)
    created_at = InstantField()
    updated_at = InstantField()


class MailState(StrEnum):
    NEW = "new"
    TICKETED = "ticketed"
    DISMISSED = "dismissed"


class InboundMail(BaseModel):
    message_id = CharField(250, unique=True)
    from_name = CharField(120, default="")
    from_address = CharField(120)
    subject = CharField(250, default="")
    text = TextField(default="")
    received_at = InstantField()
    state = CharField(10, constraints=[one_of("state", MailState)])
    ticket = ForeignKeyField(Ticket, null=True, on_delete="RESTRICT")
    handled_at = InstantField(null=True)
    handled_by_name = CharField(60, default="")

    class Meta:
        indexes = ((("state", "received_at"), False),)


class InboundMailFile(BaseModel):
    mail = ForeignKeyField(InboundMail, backref="files", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    name = CharField(200)
    problem = CharField(200, default="")


NEW = (
    StoredFile,
    OutboxMessage,
    Setting,
    RateHit,
    ImportRun,
    ImportedRow,
    Station,
    Department,
    Notice,
    CalendarYear,
    CalendarDay,
    DutyShift,
    Presence,
    Project,
    BroadcastMessage,
    MachineMove,
    TerminalChange,
    Document,
    DocumentRequest,
    IntakeChannel,
    TicketAttachment,
    TicketWatch,
    TicketUrging,
    HotlineRecord,
    ClockTarget,
    TicketClock,
    Complaint,
    ComplaintReply,
    WorkSlip,
    PastWork,
    IntakeDraft,
    InboundMail,
    InboundMailFile,
)
# Their new columns stand last; see ``_widen``.
WIDENED = (User, Site, Contact, MachineModel, Machine, Ticket)

SQLITE_SEARCH = "CREATE VIRTUAL TABLE {table}_search USING fts5(tokens, content='', contentless_delete=1, detail=none, prefix='1 2 3 4 5')"
POSTGRESQL_SEARCH = (
    "CREATE TABLE {table}_search ({table}_id INTEGER PRIMARY KEY REFERENCES {table} (id) ON DELETE CASCADE, tokens tsvector NOT NULL)",
    "CREATE INDEX {table}_search_tokens ON {table}_search USING gin (tokens)",
)
SEARCHED = ("customer", "site", "contact", "machine")
CHANNELS = (
    ("400热线", "400 line", "hotline"),
    ("微信", "WeChat", "wechat"),
    ("邮件", "E-mail", "email"),
    ("来访", "Walk-in", "walk_in"),
    ("巡检发现", "Inspection", "inspection"),
    ("QQ", "QQ", "online"),
    ("微博", "Weibo", "online"),
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    with db.bind_ctx(NEW + WIDENED, bind_refs=False, bind_backrefs=False):
        db.create_tables(NEW, safe=False)
        for model in WIDENED:
            (_widen_sqlite if is_sqlite else _widen_postgresql)(db, model)
            _add_missing_indexes(db, model)
        for position, (name_zh, name_en, source) in enumerate(CHANNELS, start=1):
            IntakeChannel.insert(name_zh=name_zh, name_en=name_en, source=source, position=position).execute()
    for table in SEARCHED:
        for statement in (SQLITE_SEARCH,) if is_sqlite else POSTGRESQL_SEARCH:
            db.execute_sql(statement.format(table=table))


def _widen_sqlite(db: Database, model: type[Model]) -> None:
    """Give the table the definition of ``model``. Rows stay as they are: a row that ends early has the defaults of the columns behind.

    SQLite documents this way for changes that leave the content alone; ALTER TABLE could change no CHECK.
    """
    definition, params = model._schema._create_table(safe=False).query()
    assert not params
    db.execute_sql("PRAGMA writable_schema = ON")
    db.execute_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (definition, model._meta.table_name))
    db.execute_sql("PRAGMA writable_schema = RESET")


def _widen_postgresql(db: Database, model: type[Model]) -> None:
    table = model._meta.table_name
    present = {column.name for column in db.get_columns(table)}
    for field in model._meta.sorted_fields:
        if field.column_name in present:
            continue
        context = model._schema._create_context()
        context.literal(f'ALTER TABLE "{table}" ADD COLUMN ').sql(field.ddl(context))
        if isinstance(field, ForeignKeyField):
            context.literal(", ADD ").sql(field.foreign_key_constraint())
        db.execute_sql(*context.query())
    if model is Ticket:
        allowed = ", ".join(f"'{source}'" for source in TicketSource)
        db.execute_sql("ALTER TABLE ticket DROP CONSTRAINT source_is_known")
        db.execute_sql(f"ALTER TABLE ticket ADD CONSTRAINT source_is_known CHECK (source IN ({allowed}))")


def _add_missing_indexes(db: Database, model: type[Model]) -> None:
    present = {index.name for index in db.get_indexes(model._meta.table_name)}
    for index in model._meta.fields_to_index():
        if index._name not in present:
            db.execute_sql(*model._schema._create_index(index, safe=False).query())
