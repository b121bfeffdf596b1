"""The first schema: accounts, customers, machines, tickets, monitoring, history.

Frozen copies of the models as they were; later migrations change what stands here.
"""
# ruff: noqa: E501

from enum import StrEnum
from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BlobField,
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


class HistoryEntry(BaseModel):
    id = BigIntegerField(primary_key=True)
    at = InstantField()
    actor_id = IntegerField(null=True)
    actor_name = CharField(120)
    role = CharField(120)
    ip = CharField(45, null=True)
    action = CharField(60)
    object_type = CharField(40)
    object_id = CharField(80)
    before = TextField(null=True)
    after = TextField(null=True)
    prev_hash = BlobField()
    hash = BlobField()

    class Meta:
        indexes = ((("object_type", "object_id", "id"), False), (("actor_id", "id"), False), (("action", "id"), False))


class HistoryHead(BaseModel):
    id = IntegerField(primary_key=True, constraints=[Check("id = 1", name="only_one_head")])
    entry_id = BigIntegerField()
    hash = BlobField()


class HistoryPersonal(BaseModel):
    entry = ForeignKeyField(HistoryEntry, on_delete="RESTRICT")
    field = CharField(60)
    value = TextField()

    class Meta:
        primary_key = CompositeKey("entry", "field")


class Sequence(BaseModel):
    name = CharField(40, primary_key=True)
    value = IntegerField()


class LiveVersion(BaseModel):
    name = CharField(40, primary_key=True)
    value = BigIntegerField()


class JobRun(BaseModel):
    name = CharField(40, primary_key=True)
    next_at = InstantField()
    last_at = InstantField(null=True)
    last_result = TextField(default="")


class FormSubmission(BaseModel):
    token = CharField(64, primary_key=True)
    result = CharField(80, default="")
    at = InstantField()


class Role(StrEnum):
    CLERK = "clerk"
    TECHNICIAN = "technician"
    DEPUTY = "deputy"
    MANAGER = "manager"
    AREA_MANAGER = "area_manager"
    QUALITY = "quality"
    ADMIN = "admin"


class SessionKind(StrEnum):
    DESK = "desk"
    TABLET = "tablet"


class Area(BaseModel):
    name = CharField(60, unique=True)


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

    class Meta:
        table_name = "person"  # "user" is a reserved word in PostgreSQL


class UserRole(BaseModel):
    user = ForeignKeyField(User, backref="role_rows", on_delete="RESTRICT", index=False)
    role = CharField(20, constraints=[one_of("role", Role)])

    class Meta:
        primary_key = CompositeKey("user", "role")


class UserArea(BaseModel):
    user = ForeignKeyField(User, backref="area_rows", on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("user", "area")


class UserSession(BaseModel):
    id = FixedCharField(64, primary_key=True)
    user = ForeignKeyField(User, on_delete="RESTRICT")
    kind = CharField(10, constraints=[one_of("kind", SessionKind)])
    created_at = InstantField()
    last_seen_at = InstantField()
    expires_at = InstantField()
    revoked_at = InstantField(null=True)
    ip = CharField(45)
    user_agent = CharField(200)

    class Meta:
        indexes = ((("expires_at",), False),)


class SignInAttempt(BaseModel):
    username = CharField(40)
    ip = CharField(45)
    at = InstantField()

    class Meta:
        indexes = ((("username", "ip", "at"), False), (("ip", "at"), False))


class CustomerKind(StrEnum):
    PUBLIC_BODY = "public_body"
    COMPANY = "company"
    PERSON = "person"


class ContactRole(StrEnum):
    STATION_HEAD = "station_head"
    OPERATOR = "operator"
    FINANCE = "finance"
    PURCHASING = "purchasing"
    OTHER = "other"


class Customer(BaseModel):
    name = CharField(120, unique=True, constraints=[Check("name <> ''", name="customer_name_is_given")])
    short_name = CharField(40, default="")
    tax_number = CharField(20, null=True, unique=True)
    kind = CharField(20, default=CustomerKind.COMPANY, constraints=[one_of("kind", CustomerKind)])
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")
    version = IntegerField(default=1)
    created_at = InstantField()


class Site(BaseModel):
    customer = ForeignKeyField(Customer, backref="sites", on_delete="RESTRICT")
    name = CharField(120)
    address = CharField(200, default="")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")

    class Meta:
        indexes = ((("customer", "name"), True),)


class Contact(BaseModel):
    customer = ForeignKeyField(Customer, backref="contacts", on_delete="RESTRICT")
    site = ForeignKeyField(Site, null=True, on_delete="RESTRICT")
    name = CharField(60)
    phone = CharField(30, default="")
    email = CharField(120, default="")
    role = CharField(20, default=ContactRole.OTHER, constraints=[one_of("role", ContactRole)])

    class Meta:
        indexes = ((("phone",), False), (("customer", "name", "phone"), True))


class MachineModel(BaseModel):
    name = CharField(80, unique=True)


class DeviceProfile(BaseModel):
    name = CharField(64, unique=True)
    title_zh = CharField(80)
    title_en = CharField(80)
    document = TextField()
    version = IntegerField(default=1)
    updated_at = InstantField()


class DeviceProfileVersion(BaseModel):
    profile = ForeignKeyField(DeviceProfile, backref="versions", on_delete="RESTRICT")
    version = IntegerField()
    document = TextField()
    created_at = InstantField()
    created_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")

    class Meta:
        indexes = ((("profile", "version"), True),)


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
    reason = TextField(default="")  # JSON: why the ticket exists, for people (monitoring §4)
    is_recurring = BooleanField(default=False)
    repeat_of = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    merged_into = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    opened_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    changed_at = InstantField()
    resolved_at = InstantField(null=True)
    closed_at = InstantField(null=True)
    version = IntegerField(default=1)

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
Ticket.add_index(Ticket.index(Ticket.kind, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_kind"))


class TicketFault(BaseModel):
    ticket = ForeignKeyField(Ticket, backref="faults", on_delete="RESTRICT", index=False)
    machine = ForeignKeyField(Machine, on_delete="RESTRICT", index=False)
    family = CharField(64)
    is_open = BooleanField()

    class Meta:
        indexes = ((("ticket", "machine", "family"), True),)


TicketFault.add_index(
    TicketFault.index(TicketFault.machine, TicketFault.family, unique=True, where=SQL("is_open"), name="one_open_ticket_per_family")
)
TicketFault.add_index(TicketFault.index(TicketFault.machine, TicketFault.family, TicketFault.ticket, name="ticket_fault_by_family"))


class TicketTransition(BaseModel):
    ticket = ForeignKeyField(Ticket, backref="transitions", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    by_name = CharField(60)
    from_status = CharField(20, null=True)
    to_status = CharField(20, constraints=[one_of("to_status", TicketStatus)])
    reason = TextField(default="")


class TicketNote(BaseModel):
    ticket = ForeignKeyField(Ticket, backref="notes", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    by_name = CharField(60)
    text = TextField(constraints=[Check("text <> ''", name="note_is_not_empty")])


class InboxKind(StrEnum):
    FAULT = "fault"
    STATE = "state"


class CredentialState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    REVOKING = "revoking"
    REVOKED = "revoked"


class Condition(StrEnum):
    NORMAL = "normal"
    PENDING = "pending"
    ACTIVE = "active"
    CLEARING = "clearing"
    LATCHED = "latched"


class GapState(StrEnum):
    OPEN = "open"
    FILLED = "filled"
    LOST = "lost"
    SEEN = "seen"  # a possible gap that somebody has taken note of


class IntakeLease(BaseModel):
    name = CharField(80, primary_key=True)
    holder = CharField(120)
    number = BigIntegerField()
    renewed_at = InstantField()


class FeedPosition(BaseModel):
    name = CharField(20, primary_key=True)
    value = BigIntegerField()


class Terminal(BaseModel):
    device = CharField(64, unique=True)
    first_seen_at = InstantField()
    last_received_at = InstantField()
    last_seen_at = InstantField(null=True)  # device time, never from a stamp > 10 min ahead
    is_online = BooleanField(null=True)
    online_changed_at = InstantField(null=True)
    boot = CharField(32, null=True)
    firmware = CharField(64, null=True)
    skew_ms = BigIntegerField(null=True)
    is_clock_trusted = BooleanField(default=True)
    is_noisy = BooleanField(default=False)
    is_silent = BooleanField(default=False)
    silent_since = InstantField(null=True)


class InboxMessage(BaseModel):
    position = BigIntegerField(primary_key=True)
    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    kind = CharField(10, constraints=[one_of("kind", InboxKind)])
    at = InstantField()
    received_at = InstantField()
    has_device_time = BooleanField()
    is_retained = BooleanField(default=False)
    boot = CharField(32, null=True)
    seq = BigIntegerField(null=True)
    code = CharField(64, null=True)
    is_active = BooleanField(null=True)
    payload = TextField()
    error = TextField(null=True)  # why evaluation could not use it

    class Meta:
        constraints = [Check("kind <> 'fault' OR (code IS NOT NULL AND is_active IS NOT NULL)", name="fault_has_code_and_direction")]


InboxMessage.add_index(
    InboxMessage.index(InboxMessage.terminal, InboxMessage.code, InboxMessage.at, where=SQL("kind = 'fault'"), name="inbox_fault_by_code")
)
InboxMessage.add_index(InboxMessage.index(InboxMessage.terminal, InboxMessage.at, where=SQL("kind = 'state'"), name="inbox_state_by_time"))


class Reading(BaseModel):
    position = BigIntegerField(primary_key=True)
    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    at = InstantField()
    received_at = InstantField()
    metrics = TextField()

    class Meta:
        indexes = ((("terminal", "at"), False),)


class MessageKey(BaseModel):
    key = BlobField(primary_key=True)
    content = BlobField()
    received_at = InstantField()

    class Meta:
        without_rowid = True


class SeqRange(BaseModel):
    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    boot = CharField(32)
    first = BigIntegerField()
    last = BigIntegerField()

    class Meta:
        indexes = ((("terminal", "boot", "first"), True),)
        constraints = [Check('"first" <= "last"', name="range_runs_forward")]


class Gap(BaseModel):
    terminal = ForeignKeyField(Terminal, null=True, on_delete="RESTRICT")
    boot = CharField(32, null=True)
    first = BigIntegerField(null=True)
    last = BigIntegerField(null=True)
    from_at = InstantField()
    to_at = InstantField(null=True)
    state = CharField(10, default=GapState.OPEN, constraints=[one_of("state", GapState)])
    closed_at = InstantField(null=True)

    class Meta:
        indexes = ((("state", "from_at"), False),)


class RejectedMessage(BaseModel):
    topic = TextField()
    device = CharField(64, null=True)
    payload = BlobField()
    size = BigIntegerField()
    sha256 = BlobField()
    reason = CharField(40)
    detail = TextField(default="")
    received_at = InstantField()

    class Meta:
        indexes = ((("received_at",), False),)


class QuarantinedMessage(BaseModel):
    device = CharField(64)
    topic = TextField()
    payload = BlobField()
    key = BlobField(unique=True)
    received_at = InstantField()
    released_at = InstantField(null=True)

    class Meta:
        indexes = ((("device", "received_at"), False),)


class FeedCounter(BaseModel):
    name = CharField(30, primary_key=True)
    value = BigIntegerField()


class FeedStatus(BaseModel):
    instance = CharField(120, primary_key=True)
    heartbeat_at = InstantField()
    is_connected = BooleanField()
    connected_at = InstantField(null=True)
    last_message_at = InstantField(null=True)
    queue_length = IntegerField(default=0)
    delivery = CharField(10)  # "full" or "trial" (monitoring rule 14)
    problem = TextField(default="")


class ClockStep(BaseModel):
    at = InstantField()
    step_ms = BigIntegerField()


class DeviceCredential(BaseModel):
    device = CharField(64, unique=True)
    state = CharField(10, constraints=[one_of("state", CredentialState)])
    secret = TextField(null=True)
    secret_hash = BlobField(null=True)
    created_at = InstantField()
    changed_at = InstantField()
    problem = TextField(default="")


class EvaluationCursor(BaseModel):
    name = CharField(20, primary_key=True)
    position = BigIntegerField()


class Alarm(BaseModel):
    machine = ForeignKeyField(Machine, on_delete="RESTRICT", index=False)
    code = CharField(64)
    condition = CharField(10, constraints=[one_of("condition", Condition)])
    is_acknowledged = BooleanField(default=True)
    severity = CharField(10, constraints=[one_of("severity", Priority)])
    last_event_at = InstantField()
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("machine", "code"), True),)


Alarm.add_index(
    Alarm.index(
        Alarm.severity, Alarm.last_event_at.desc(), where=SQL("condition <> 'normal' OR NOT is_acknowledged"), name="alarm_standing"
    )
)


class Episode(BaseModel):
    alarm = ForeignKeyField(Alarm, backref="episodes", on_delete="RESTRICT", index=False)
    machine = ForeignKeyField(Machine, on_delete="RESTRICT", index=False)
    code = CharField(64)
    severity = CharField(10, constraints=[one_of("severity", Priority)])
    started_at = InstantField()
    ended_at = InstantField(null=True)
    last_raised_at = InstantField()
    count = IntegerField(default=1, constraints=[Check("count >= 1", name="episode_was_raised")])
    text = TextField(default="")
    is_late = BooleanField(default=False)
    acknowledged_at = InstantField(null=True)
    acknowledged_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    ticket = ForeignKeyField(Ticket, null=True, backref="episodes", on_delete="RESTRICT")

    class Meta:
        indexes = ((("alarm", "started_at"), True), (("machine", "started_at"), False), (("started_at",), False))
        constraints = [Check("ended_at IS NULL OR ended_at >= started_at", name="episode_ends_after_its_start")]


Episode.add_index(Episode.index(Episode.alarm, unique=True, where=SQL("ended_at IS NULL"), name="one_open_episode_per_alarm"))


TABLES = (
    HistoryEntry,
    HistoryHead,
    HistoryPersonal,
    Sequence,
    LiveVersion,
    JobRun,
    FormSubmission,
    Area,
    User,
    UserRole,
    UserArea,
    UserSession,
    SignInAttempt,
    Customer,
    Site,
    Contact,
    MachineModel,
    DeviceProfile,
    DeviceProfileVersion,
    Machine,
    Ticket,
    TicketFault,
    TicketTransition,
    TicketNote,
    IntakeLease,
    FeedPosition,
    Terminal,
    InboxMessage,
    Reading,
    MessageKey,
    SeqRange,
    Gap,
    RejectedMessage,
    QuarantinedMessage,
    FeedCounter,
    FeedStatus,
    ClockStep,
    DeviceCredential,
    EvaluationCursor,
    Alarm,
    Episode,
)

SQLITE_GUARDS = (
    "CREATE TRIGGER history_entry_is_never_updated BEFORE UPDATE ON history_entry BEGIN SELECT RAISE(ABORT, 'history cannot be changed'); END",
    "CREATE TRIGGER history_entry_is_never_deleted BEFORE DELETE ON history_entry BEGIN SELECT RAISE(ABORT, 'history cannot be deleted'); END",
    "CREATE TRIGGER history_entry_is_never_replaced BEFORE INSERT ON history_entry WHEN EXISTS (SELECT 1 FROM history_entry WHERE id = NEW.id)"
    " BEGIN SELECT RAISE(ABORT, 'history cannot be replaced'); END",
    "CREATE TRIGGER history_head_is_never_deleted BEFORE DELETE ON history_head BEGIN SELECT RAISE(ABORT, 'the head of the history cannot be deleted'); END",
    "CREATE TRIGGER history_head_is_never_replaced BEFORE INSERT ON history_head WHEN EXISTS (SELECT 1 FROM history_head)"
    " BEGIN SELECT RAISE(ABORT, 'the history has one head'); END",
    "CREATE VIRTUAL TABLE ticket_search USING fts5(tokens, content='', contentless_delete=1, detail=none, prefix='1 2 3 4 5')",
)

POSTGRESQL_GUARDS = (
    "CREATE FUNCTION history_refuses() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'history cannot be changed or removed' USING ERRCODE = 'restrict_violation'; END $$",
    "CREATE TRIGGER history_entry_is_never_changed BEFORE UPDATE OR DELETE ON history_entry FOR EACH ROW EXECUTE FUNCTION history_refuses()",
    "CREATE TRIGGER history_entry_is_never_truncated BEFORE TRUNCATE ON history_entry FOR EACH STATEMENT EXECUTE FUNCTION history_refuses()",
    "CREATE TRIGGER history_head_is_never_deleted BEFORE DELETE ON history_head FOR EACH ROW EXECUTE FUNCTION history_refuses()",
    "CREATE TRIGGER history_head_is_never_truncated BEFORE TRUNCATE ON history_head FOR EACH STATEMENT EXECUTE FUNCTION history_refuses()",
    "CREATE TABLE ticket_search (ticket_id INTEGER PRIMARY KEY REFERENCES ticket (id) ON DELETE CASCADE, tokens tsvector NOT NULL)",
    "CREATE INDEX ticket_search_tokens ON ticket_search USING gin (tokens)",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    MessageKey._meta.without_rowid = is_sqlite
    with db.bind_ctx(TABLES, bind_refs=False, bind_backrefs=False):
        db.create_tables(TABLES, safe=False)
        HistoryHead.insert(id=1, entry_id=0, hash=b"\0" * 32).execute()
    for statement in SQLITE_GUARDS if is_sqlite else POSTGRESQL_GUARDS:
        db.execute_sql(statement)
