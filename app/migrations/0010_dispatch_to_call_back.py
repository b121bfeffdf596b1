"""Work orders with visits and guidance, service reports with signatures, call-backs and return visits; vehicles, authorities, choices.

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


class Area(BaseModel):
    pass


class User(BaseModel):
    class Meta:
        table_name = "person"


class Customer(BaseModel):
    pass


class Site(BaseModel):
    pass


class Contact(BaseModel):
    pass


class Project(BaseModel):
    pass


class Machine(BaseModel):
    pass


class MachineModel(BaseModel):
    pass


class StoredFile(BaseModel):
    id = CharField(32, primary_key=True)


class Ticket(BaseModel):
    open_orders = IntegerField(
        default=0,
        constraints=[SQL("DEFAULT 0"), Check("open_orders = 0 OR (is_open AND open_orders > 0)", name="orders_are_out_for_open_tickets")],
    )


# What is new.


class MessageChoice(BaseModel):
    user = ForeignKeyField(User, primary_key=True, on_delete="RESTRICT")
    takes_email = BooleanField(default=True)
    takes_wecom = BooleanField(default=True)
    has_quiet_hours = BooleanField(default=True)


class Authority(BaseModel):
    giver = ForeignKeyField(User, on_delete="RESTRICT")
    holder = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    permission = CharField(60)
    from_at = InstantField()
    until_at = InstantField()
    reason = CharField(200, default="")
    given_at = InstantField()
    revoked_at = InstantField(null=True)

    class Meta:
        constraints = [
            Check("until_at > from_at", name="authority_ends_after_it_starts"),
            Check("giver_id <> holder_id", name="authority_goes_to_another"),
        ]
        indexes = ((("holder", "permission", "until_at"), False),)


class Vehicle(BaseModel):
    plate = CharField(20, unique=True, constraints=[Check("plate <> ''", name="plate_is_given")])
    name = CharField(60, default="")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)


class OrderKind(StrEnum):
    REPAIR = "repair"
    DIAGNOSIS = "diagnosis"
    INSPECTION = "inspection"
    MAINTENANCE = "maintenance"
    ACCEPTANCE = "acceptance"
    INSTALLATION_CHECK = "installation_check"
    PIT_GUIDANCE = "pit_guidance"
    PIT_SURVEY = "pit_survey"
    TRAINING = "training"
    RETROFIT = "retrofit"
    SPOT_CHECK = "spot_check"
    PARTS_DELIVERY = "parts_delivery"


class OrderStatus(StrEnum):
    DRAFT = "draft"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    TRAVELLING = "travelling"
    ON_SITE = "on_site"
    WAITING_PARTS = "waiting_parts"
    FINISHED = "finished"
    FILED = "filed"
    ARCHIVED = "archived"
    DECLINED = "declined"
    CANCELLED = "cancelled"


# Nobody is assigned: it waits in the dispatch queue.
QUEUED_STATUSES = (OrderStatus.DRAFT, OrderStatus.DECLINED)
# Somebody is assigned and has not finished.
OUT_STATUSES = (
    OrderStatus.DISPATCHED,
    OrderStatus.ACCEPTED,
    OrderStatus.TRAVELLING,
    OrderStatus.ON_SITE,
    OrderStatus.WAITING_PARTS,
)
# The work is done.
DONE_STATUSES = (OrderStatus.FINISHED, OrderStatus.FILED, OrderStatus.ARCHIVED)


def _among(statuses: tuple[OrderStatus, ...]) -> str:
    return "status IN (" + ", ".join(f"'{status}'" for status in statuses) + ")"


class WorkOrder(BaseModel):
    number = CharField(20, unique=True)
    kind = CharField(20, constraints=[one_of("kind", OrderKind)])
    status = CharField(20, constraints=[one_of("status", OrderStatus)])
    is_out = BooleanField()
    ticket = ForeignKeyField(Ticket, null=True, backref="orders", on_delete="RESTRICT")
    machine = ForeignKeyField(Machine, null=True, backref="orders", on_delete="RESTRICT", index=False)
    project = ForeignKeyField(Project, null=True, backref="orders", on_delete="RESTRICT")
    customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    site = ForeignKeyField(Site, null=True, on_delete="RESTRICT", index=False)
    contact = ForeignKeyField(Contact, null=True, on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    priority = CharField(10, constraints=[one_of("priority", ("critical", "high", "low"))])
    title = CharField(200, constraints=[Check("title <> ''", name="order_title_is_given")])
    instructions = TextField(default="")
    bring = TextField(default="")
    component = CharField(80, default="")
    warranty = CharField(10, constraints=[one_of("warranty", ("in", "off", "unknown"))])
    warranty_reason = CharField(200, default="")
    rework_of = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    is_pit = BooleanField(default=False)  # work in a pit: the safety words stand on it, a watching person and the gas reading are asked for
    is_stop = BooleanField(default=False)  # one of the codes that must be confirmed before anybody goes down
    lead = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    wanted_at = InstantField(null=True)
    accept_by = InstantField(null=True)
    reminded_at = InstantField(null=True)
    dispatched_at = InstantField(null=True)
    dispatched_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    dispatched_by_name = CharField(60, default="")
    agreed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)  # who agreed by phone to a provisional dispatch
    ratified_at = InstantField(null=True)
    ratified_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    ratified_by_name = CharField(60, default="")
    help_wanted_at = InstantField(null=True)
    finished_at = InstantField(null=True)
    filed_at = InstantField(null=True)
    filed_by_name = CharField(60, default="")
    archived_at = InstantField(null=True)
    call_back_due_at = InstantField(null=True)
    called_back_at = InstantField(null=True)
    call_back_archived_at = InstantField(null=True)
    created_at = InstantField()
    created_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    created_by_name = CharField(60)
    changed_at = InstantField()
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check(f"is_out = ({_among(OUT_STATUSES)})", name="order_is_out_follows_status"),
            Check("machine_id IS NOT NULL OR project_id IS NOT NULL OR ticket_id IS NOT NULL", name="order_hangs_on_something"),
            Check(f"(lead_id IS NOT NULL) OR ({_among((*QUEUED_STATUSES, OrderStatus.CANCELLED))})", name="order_in_work_has_a_lead"),
            Check(f"(finished_at IS NOT NULL) = ({_among(DONE_STATUSES)})", name="done_order_has_its_time"),
            Check("status <> 'archived' OR call_back_archived_at IS NOT NULL", name="no_order_rests_before_its_call_back"),
            Check("agreed_by_id IS NULL OR dispatched_by_id IS NULL OR agreed_by_id <> dispatched_by_id", name="agreement_is_anothers"),
            Check(
                "ratified_by_id IS NULL OR dispatched_by_id IS NULL OR ratified_by_id <> dispatched_by_id",
                name="dispatch_is_ratified_by_another",
            ),
        ]


WorkOrder.add_index(WorkOrder.index(WorkOrder.created_at.desc(), WorkOrder.id.desc(), name="work_order_by_creation"))
WorkOrder.add_index(WorkOrder.index(WorkOrder.priority, WorkOrder.created_at, where=SQL(_among(QUEUED_STATUSES)), name="work_order_queued"))
WorkOrder.add_index(WorkOrder.index(WorkOrder.lead, where=SQL("is_out"), name="work_order_out_of_lead"))
WorkOrder.add_index(WorkOrder.index(WorkOrder.lead, WorkOrder.finished_at.desc(), name="work_order_done_by_lead"))
WorkOrder.add_index(WorkOrder.index(WorkOrder.machine, WorkOrder.created_at.desc(), WorkOrder.id.desc(), name="work_order_by_machine"))
WorkOrder.add_index(WorkOrder.index(WorkOrder.area, WorkOrder.created_at.desc(), WorkOrder.id.desc(), name="work_order_by_area"))
WorkOrder.add_index(WorkOrder.index(WorkOrder.customer, WorkOrder.created_at.desc(), WorkOrder.id.desc(), name="work_order_by_customer"))
WorkOrder.add_index(WorkOrder.index(WorkOrder.status, WorkOrder.created_at.desc(), WorkOrder.id.desc(), name="work_order_by_status"))
WorkOrder.add_index(WorkOrder.index(WorkOrder.accept_by, where=SQL("status = 'dispatched'"), name="work_order_unaccepted"))
WorkOrder.add_index(
    WorkOrder.index(WorkOrder.dispatched_at, where=SQL("agreed_by_id IS NOT NULL AND ratified_at IS NULL"), name="work_order_unratified")
)
WorkOrder.add_index(WorkOrder.index(WorkOrder.help_wanted_at, where=SQL("help_wanted_at IS NOT NULL"), name="work_order_wants_help"))
WorkOrder.add_index(WorkOrder.index(WorkOrder.finished_at, where=SQL("status = 'finished'"), name="work_order_not_filed"))
WorkOrder.add_index(
    WorkOrder.index(
        WorkOrder.call_back_due_at,
        WorkOrder.id,
        where=SQL("call_back_due_at IS NOT NULL AND called_back_at IS NULL"),
        name="work_order_call_back_due",
    )
)
WorkOrder.add_index(WorkOrder.index(WorkOrder.finished_at, where=SQL("finished_at IS NOT NULL"), name="work_order_by_finish"))


class OrderStep(BaseModel):
    order = ForeignKeyField(WorkOrder, backref="steps", on_delete="RESTRICT")
    at = InstantField()
    recorded_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    from_status = CharField(20, null=True)
    to_status = CharField(20, constraints=[one_of("to_status", OrderStatus)])
    lead = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)  # whose it was after the step
    reason = TextField(default="")
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)


OrderStep.add_index(
    OrderStep.index(
        OrderStep.machine, OrderStep.at.desc(), OrderStep.id.desc(), where=SQL("machine_id IS NOT NULL"), name="order_step_of_machine"
    )
)


class Visit(BaseModel):
    order = ForeignKeyField(WorkOrder, backref="visits", on_delete="RESTRICT", index=False)
    number = IntegerField(constraints=[Check("number > 0", name="visit_number_is_positive")])
    lead = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    vehicle = ForeignKeyField(Vehicle, null=True, on_delete="RESTRICT", index=False)
    planned_from = InstantField()
    planned_until = InstantField()
    departed_at = InstantField(null=True)
    arrived_at = InstantField(null=True)
    left_at = InstantField(null=True)
    is_entered_later = BooleanField(default=False)
    watcher = CharField(60, default="")
    gas_reading = CharField(120, default="")
    stop_confirmed_at = InstantField(null=True)
    dropped_at = InstantField(null=True)  # planned, but nobody went

    class Meta:
        constraints = [
            Check("planned_until > planned_from", name="visit_ends_after_it_starts"),
            Check("arrived_at IS NULL OR departed_at IS NULL OR arrived_at >= departed_at", name="arrival_follows_departure"),
            Check("left_at IS NULL OR (arrived_at IS NOT NULL AND left_at >= arrived_at)", name="leaving_follows_arrival"),
        ]
        indexes = ((("order", "number"), True),)


Visit.add_index(Visit.index(Visit.planned_from, where=SQL("dropped_at IS NULL"), name="visit_by_plan"))
Visit.add_index(Visit.index(Visit.lead, Visit.planned_from, where=SQL("dropped_at IS NULL"), name="visit_of_lead"))
Visit.add_index(
    Visit.index(Visit.vehicle, Visit.planned_from, where=SQL("vehicle_id IS NOT NULL AND dropped_at IS NULL"), name="visit_with_vehicle")
)
Visit.add_index(
    Visit.index(Visit.order, unique=True, where=SQL("left_at IS NULL AND dropped_at IS NULL"), name="one_visit_of_an_order_at_a_time")
)


class VisitAssistant(BaseModel):
    visit = ForeignKeyField(Visit, backref="assistants", on_delete="RESTRICT", index=False)
    user = ForeignKeyField(User, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("visit", "user")


class Guidance(BaseModel):
    order = ForeignKeyField(WorkOrder, backref="guidance", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    is_question = BooleanField()
    text = TextField(constraints=[Check("text <> ''", name="guidance_is_not_empty")])
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)


Guidance.add_index(
    Guidance.index(
        Guidance.machine, Guidance.at.desc(), Guidance.id.desc(), where=SQL("machine_id IS NOT NULL"), name="guidance_of_machine"
    )
)


class GateOverride(BaseModel):
    order = ForeignKeyField(WorkOrder, unique=True, on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    reason = TextField(constraints=[Check("reason <> ''", name="override_reason_is_given")])
    read_at = InstantField(null=True)
    read_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    read_by_name = CharField(60, default="")

    class Meta:
        constraints = [Check("read_by_id IS NULL OR by_id IS NULL OR read_by_id <> by_id", name="override_is_read_by_another")]


GateOverride.add_index(GateOverride.index(GateOverride.at, where=SQL("read_at IS NULL"), name="gate_override_unread"))


class Proposal(BaseModel):
    order = ForeignKeyField(WorkOrder, backref="proposals", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    planned_from = InstantField(null=True)
    text = CharField(500, default="")
    decided_at = InstantField(null=True)
    decided_by_name = CharField(60, default="")
    is_taken = BooleanField(null=True)
    answer = CharField(500, default="")

    class Meta:
        constraints = [
            Check("user_id IS NOT NULL OR planned_from IS NOT NULL OR text <> ''", name="proposal_says_something"),
            Check("(decided_at IS NULL) = (is_taken IS NULL)", name="proposal_is_decided_whole"),
        ]


Proposal.add_index(Proposal.index(Proposal.at, where=SQL("decided_at IS NULL"), name="proposal_undecided"))


class TechnicianGrade(BaseModel):
    user = ForeignKeyField(User, primary_key=True, on_delete="RESTRICT")
    grade = IntegerField(constraints=[Check("grade BETWEEN 1 AND 5", name="grade_is_known")])


class Qualification(BaseModel):
    user = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    model = ForeignKeyField(MachineModel, on_delete="RESTRICT")
    since_on = DateField(null=True)

    class Meta:
        primary_key = CompositeKey("user", "model")


class ReportPeriod(StrEnum):
    DAY = "day"
    MONTH = "month"


class TechnicianReport(BaseModel):
    user = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    period = CharField(10, constraints=[one_of("period", ReportPeriod)])
    starts_on = DateField()
    text = TextField(constraints=[Check("text <> ''", name="technician_report_is_not_empty")])
    sent_at = InstantField()
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("user", "period", "starts_on"), True), (("period", "starts_on"), False))


class ReportStatus(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"
    FILED = "filed"


class FaultCause(StrEnum):
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
    DRAWN = "drawn"
    REMOTE = "remote"
    ABSENT = "absent"
    REFUSED = "refused"
    PAPER = "paper"


class PhotoKind(StrEnum):
    BEFORE = "before"
    AFTER = "after"
    PART = "part"
    PLATE = "plate"
    SITE = "site"
    PAPER = "paper"


class ServiceReport(BaseModel):
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
    report = ForeignKeyField(ServiceReport, backref="readings", on_delete="RESTRICT")
    position = IntegerField()
    name = CharField(60, constraints=[Check("name <> ''", name="reading_name_is_given")])
    before = CharField(40, default="")
    after = CharField(40, default="")
    unit = CharField(20, default="")


class ReportPhoto(BaseModel):
    report = ForeignKeyField(ServiceReport, backref="photos", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    kind = CharField(10, constraints=[one_of("kind", PhotoKind)])
    caption = CharField(200, default="")
    at = InstantField()
    client_id = CharField(40, null=True, unique=True)


class ReportSignature(BaseModel):
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


class CallBackStatus(StrEnum):
    DUE = "due"
    RECORDED = "recorded"
    SIGNED = "signed"
    READ = "read"
    ARCHIVED = "archived"


class CallBackOutcome(StrEnum):
    REACHED = "reached"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class CallTry(BaseModel):
    order = ForeignKeyField(WorkOrder, backref="call_tries", on_delete="RESTRICT", index=False)
    at = InstantField()
    tried_on = DateField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    note = CharField(200, default="")
    again_at = InstantField(null=True)

    class Meta:
        indexes = ((("order", "at"), False),)


_SCORES = ("result", "attitude", "timeliness")
_SIGNED = "status IN ('signed', 'read', 'archived')"
_READ = "status IN ('read', 'archived')"


class CallBack(BaseModel):
    order = ForeignKeyField(WorkOrder, unique=True, backref="call_backs", on_delete="RESTRICT")
    status = CharField(10, constraints=[one_of("status", CallBackStatus), Check("status <> 'due'", name="call_back_is_no_longer_due")])
    outcome = CharField(20, constraints=[one_of("outcome", CallBackOutcome)])
    call = CharField(32, index=True)
    called_at = InstantField()
    contact_name = CharField(60, default="")
    contact_phone = CharField(30, default="")
    result_score = IntegerField(null=True, constraints=[Check("result_score BETWEEN 1 AND 5", name="result_score_is_known")])
    attitude_score = IntegerField(null=True, constraints=[Check("attitude_score BETWEEN 1 AND 5", name="attitude_score_is_known")])
    timeliness_score = IntegerField(null=True, constraints=[Check("timeliness_score BETWEEN 1 AND 5", name="timeliness_score_is_known")])
    is_hotline_told = BooleanField(default=False)
    is_poor = BooleanField(default=False)
    text = TextField(default="")
    technician = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    recorded_by_name = CharField(60)
    follow_up = TextField(default="")
    follow_up_owner = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    follow_up_due_on = DateField(null=True)
    follow_up_done_at = InstantField(null=True)
    follow_up_result = CharField(500, default="")
    signed_at = InstantField(null=True)
    signed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    signed_by_name = CharField(60, default="")
    signed_for_name = CharField(60, default="")
    read_at = InstantField(null=True)
    read_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    read_by_name = CharField(60, default="")
    read_for_name = CharField(60, default="")
    archived_at = InstantField(null=True)
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            *(Check(f"(outcome = 'reached') = ({name}_score IS NOT NULL)", name=f"{name}_score_when_reached") for name in _SCORES),
            Check(
                f"(signed_by_id IS NOT NULL) = ({_SIGNED}) AND (signed_at IS NOT NULL) = ({_SIGNED})", name="signed_call_back_has_signer"
            ),
            Check(f"(read_by_id IS NOT NULL) = ({_READ}) AND (read_at IS NOT NULL) = ({_READ})", name="read_call_back_has_reader"),
            Check("(archived_at IS NOT NULL) = (status = 'archived')", name="archived_call_back_has_its_time"),
            Check("signed_by_id IS NULL OR signed_by_id <> recorded_by_id", name="signer_is_not_who_called"),
            Check("read_by_id IS NULL OR (read_by_id <> recorded_by_id AND read_by_id <> signed_by_id)", name="reader_is_a_third_person"),
            Check(
                f"NOT is_poor OR NOT ({_SIGNED}) OR (follow_up <> '' AND follow_up_owner_id IS NOT NULL AND follow_up_due_on IS NOT NULL)",
                name="poor_score_has_a_follow_up",
            ),
        ]


CallBack.add_index(CallBack.index(CallBack.status, CallBack.is_poor.desc(), CallBack.recorded_at, CallBack.id, name="call_back_by_status"))
CallBack.add_index(CallBack.index(CallBack.recorded_at.desc(), CallBack.id.desc(), name="call_back_by_time"))
CallBack.add_index(CallBack.index(CallBack.technician, CallBack.recorded_at.desc(), name="call_back_of_technician"))
CallBack.add_index(CallBack.index(CallBack.area, CallBack.recorded_at.desc(), CallBack.id.desc(), name="call_back_by_area"))
CallBack.add_index(
    CallBack.index(
        CallBack.machine, CallBack.recorded_at.desc(), CallBack.id.desc(), where=SQL("machine_id IS NOT NULL"), name="call_back_of_machine"
    )
)
CallBack.add_index(
    CallBack.index(
        CallBack.follow_up_due_on, where=SQL("follow_up_owner_id IS NOT NULL AND follow_up_done_at IS NULL"), name="call_back_follow_up"
    )
)


class VisitDraw(BaseModel):
    area = ForeignKeyField(Area, on_delete="RESTRICT", index=False)
    year = IntegerField()
    quarter = IntegerField(constraints=[Check("quarter BETWEEN 1 AND 4", name="quarter_is_known")])
    cycle = IntegerField()
    turn = IntegerField(constraints=[Check("turn BETWEEN 1 AND 4", name="turn_is_known")])
    seed = CharField(64, constraints=[Check("seed <> ''", name="seed_is_given")])
    active = IntegerField()
    pool = TextField()
    drawn = TextField()
    digest = FixedCharField(64)
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)

    class Meta:
        indexes = ((("area", "year", "quarter"), True), (("area", "cycle", "turn"), True))


class ReturnVisitState(StrEnum):
    PLANNED = "planned"
    VISITED = "visited"
    SWAPPED = "swapped"
    RELEASED = "released"


class ReturnVisit(BaseModel):
    draw = ForeignKeyField(VisitDraw, backref="visits", on_delete="RESTRICT")
    customer = ForeignKeyField(Customer, on_delete="RESTRICT")
    area = ForeignKeyField(Area, on_delete="RESTRICT", index=False)
    cycle = IntegerField()
    state = CharField(10, constraints=[one_of("state", ReturnVisitState)])
    instead_of = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    reason = CharField(300, default="")
    visited_on = DateField(null=True)
    result = TextField(default="")
    score = IntegerField(null=True, constraints=[Check("score BETWEEN 1 AND 5", name="visit_score_is_known")])
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("(state = 'visited') = (visited_on IS NOT NULL)", name="visited_has_its_day"),
            Check("state NOT IN ('swapped', 'released') OR reason <> ''", name="swap_has_a_reason"),
        ]
        indexes = ((("area", "state"), False),)


ReturnVisit.add_index(
    ReturnVisit.index(
        ReturnVisit.cycle,
        ReturnVisit.customer,
        unique=True,
        where=SQL("state IN ('planned', 'visited')"),
        name="nobody_is_visited_twice_in_a_cycle",
    )
)


NEW = (
    MessageChoice,
    Authority,
    Vehicle,
    WorkOrder,
    OrderStep,
    Visit,
    VisitAssistant,
    Guidance,
    GateOverride,
    Proposal,
    TechnicianGrade,
    Qualification,
    TechnicianReport,
    ServiceReport,
    ReportPart,
    ReportReading,
    ReportPhoto,
    ReportSignature,
    ReportAmendment,
    CallTry,
    CallBack,
    VisitDraw,
    ReturnVisit,
)

# What hangs on an order and is read by its machine goes along when the order gets one (product.md, settled question 14).
_OF_ORDER = ("order_step", "guidance", "service_report", "call_back")
_PAPERS = " ".join(f"UPDATE {table} SET machine_id = NEW.machine_id WHERE order_id = NEW.id;" for table in _OF_ORDER) + (
    " UPDATE report_part SET machine_id = NEW.machine_id WHERE report_id IN (SELECT id FROM service_report WHERE order_id = NEW.id);"
)
# Of a signed report only its filing changes.
_SIGNED_COLUMNS = (
    "number, order_id, client_id, by_id, finding, cause, cause_text, action, component, labour_minutes, travel_minutes, distance_km,"
    " money_fen, assistant_name, customer_remark, is_solved, created_at, signed_at"
)
_PART_COLUMNS = {
    "report_part": "report_id, position, name, part_number, quantity, serial_off, serial_on, is_old_kept",
    "report_reading": "report_id, position, name, before, after, unit",
    "report_photo": "report_id, file_id, kind, caption, at",
}
# Of a signed call-back only reading, archiving and what became of the follow-up change.
_CALLED_COLUMNS = (
    "order_id, outcome, call, called_at, contact_name, contact_phone, result_score, attitude_score, timeliness_score, is_hotline_told,"
    " is_poor, text, technician_id, recorded_at, recorded_by_id, recorded_by_name, follow_up, signed_at, signed_by_id, signed_by_name,"
    " signed_for_name"
)
_STEP_COLUMNS = "order_id, at, recorded_at, by_id, by_name, from_status, to_status, lead_id, reason"
_KEPT = ("report_signature", "report_amendment")


def _refuses(name: str, when: str, condition: str = "") -> str:
    condition = f" WHEN {condition}" if condition else ""
    words = name.replace("_", " ")
    return f"CREATE TRIGGER {name} BEFORE {when}{condition} BEGIN SELECT RAISE(ABORT, '{words}'); END"


def _of_signed(row: str) -> str:
    return f"(SELECT status FROM service_report WHERE id = {row}.report_id) <> 'draft'"


SQLITE = (
    "CREATE TRIGGER work_order_takes_its_papers_along AFTER UPDATE OF machine_id ON work_order"
    f" WHEN NEW.machine_id IS NOT OLD.machine_id BEGIN {_PAPERS} END",
    _refuses(
        "service_report_is_signed_for_good",
        f"UPDATE OF {_SIGNED_COLUMNS} ON service_report",
        "OLD.status <> 'draft'",
    ),
    _refuses(
        "service_report_is_never_a_draft_again", "UPDATE OF status ON service_report", "OLD.status <> 'draft' AND NEW.status = 'draft'"
    ),
    _refuses("service_report_is_never_deleted", "DELETE ON service_report", "OLD.status <> 'draft'"),
    *(
        _refuses(f"{table}_is_signed_for_good_{verb}", when.format(table=table, columns=columns), _of_signed(row))
        for table, columns in _PART_COLUMNS.items()
        for verb, when, row in (
            ("added", "INSERT ON {table}", "NEW"),
            ("moved", "UPDATE OF report_id ON {table}", "NEW"),
            ("changed", "UPDATE OF {columns} ON {table}", "OLD"),
            ("removed", "DELETE ON {table}", "OLD"),
        )
    ),
    *(_refuses(f"{table}_is_never_changed", f"UPDATE ON {table}") for table in _KEPT),
    *(_refuses(f"{table}_is_never_deleted", f"DELETE ON {table}") for table in _KEPT),
    *(
        _refuses(f"{table}_is_never_replaced", f"INSERT ON {table}", f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id{also})")
        for table, also in (
            ("report_signature", " OR report_id = NEW.report_id"),
            ("report_amendment", " OR (report_id = NEW.report_id AND number = NEW.number)"),
            ("order_step", ""),
        )
    ),
    _refuses("service_report_is_filed_for_good", "UPDATE OF status ON service_report", "OLD.status = 'filed' AND NEW.status <> 'filed'"),
    _refuses("order_step_is_never_changed", f"UPDATE OF {_STEP_COLUMNS} ON order_step"),
    _refuses("order_step_is_never_deleted", "DELETE ON order_step"),
    _refuses("call_back_is_signed_for_good", f"UPDATE OF {_CALLED_COLUMNS} ON call_back", "OLD.status <> 'recorded'"),
    _refuses("call_back_is_never_deleted", "DELETE ON call_back"),
)
POSTGRESQL = (
    f"CREATE OR REPLACE FUNCTION work_order_takes_its_papers_along() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_PAPERS} RETURN NULL; END $$",
    "CREATE TRIGGER work_order_takes_its_papers_along AFTER UPDATE OF machine_id ON work_order"
    " FOR EACH ROW WHEN (NEW.machine_id IS DISTINCT FROM OLD.machine_id) EXECUTE FUNCTION work_order_takes_its_papers_along()",
    "CREATE OR REPLACE FUNCTION kept_row_refuses() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_NAME || ' refuses', ERRCODE = 'restrict_violation'; END $$",
    "CREATE OR REPLACE FUNCTION part_of_signed_report_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE wanted integer; BEGIN"
    " IF TG_OP = 'INSERT' THEN wanted := NEW.report_id; ELSE wanted := OLD.report_id; END IF;"
    " IF (SELECT status FROM service_report WHERE id = wanted) <> 'draft' THEN"
    " RAISE EXCEPTION USING MESSAGE = TG_NAME || ' refuses', ERRCODE = 'restrict_violation'; END IF;"
    " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;"
    " IF TG_OP = 'UPDATE' AND (SELECT status FROM service_report WHERE id = NEW.report_id) <> 'draft' THEN"
    " RAISE EXCEPTION USING MESSAGE = TG_NAME || ' refuses', ERRCODE = 'restrict_violation'; END IF;"
    " RETURN NEW; END $$",
    f"CREATE TRIGGER service_report_is_signed_for_good BEFORE UPDATE OF {_SIGNED_COLUMNS} ON service_report"
    " FOR EACH ROW WHEN (OLD.status <> 'draft') EXECUTE FUNCTION kept_row_refuses()",
    "CREATE TRIGGER service_report_is_never_a_draft_again BEFORE UPDATE OF status ON service_report"
    " FOR EACH ROW WHEN (OLD.status <> 'draft' AND NEW.status = 'draft') EXECUTE FUNCTION kept_row_refuses()",
    "CREATE TRIGGER service_report_is_filed_for_good BEFORE UPDATE OF status ON service_report"
    " FOR EACH ROW WHEN (OLD.status = 'filed' AND NEW.status <> 'filed') EXECUTE FUNCTION kept_row_refuses()",
    *(
        f"CREATE TRIGGER {table}_is_never_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION kept_row_refuses()"
        for table in (*_KEPT, "order_step", "service_report", "call_back")
    ),
    "CREATE TRIGGER service_report_is_never_deleted BEFORE DELETE ON service_report"
    " FOR EACH ROW WHEN (OLD.status <> 'draft') EXECUTE FUNCTION kept_row_refuses()",
    *(
        f"CREATE TRIGGER {table}_is_signed_for_good BEFORE INSERT OR UPDATE OF {columns} OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION part_of_signed_report_refuses()"
        for table, columns in _PART_COLUMNS.items()
    ),
    *(
        f"CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION kept_row_refuses()"
        for table in _KEPT
    ),
    f"CREATE TRIGGER order_step_is_never_changed BEFORE UPDATE OF {_STEP_COLUMNS} OR DELETE ON order_step"
    " FOR EACH ROW EXECUTE FUNCTION kept_row_refuses()",
    f"CREATE TRIGGER call_back_is_signed_for_good BEFORE UPDATE OF {_CALLED_COLUMNS} ON call_back"
    " FOR EACH ROW WHEN (OLD.status <> 'recorded') EXECUTE FUNCTION kept_row_refuses()",
    "CREATE TRIGGER call_back_is_never_deleted BEFORE DELETE ON call_back FOR EACH ROW EXECUTE FUNCTION kept_row_refuses()",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    with db.bind_ctx((Ticket, *NEW), bind_refs=False, bind_backrefs=False):
        db.create_tables(NEW, safe=False)
        context = Ticket._schema._create_context()
        context.literal('ALTER TABLE "ticket" ADD COLUMN ').sql(Ticket.open_orders.ddl(context))
        db.execute_sql(*context.query())
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        db.execute_sql(statement)
