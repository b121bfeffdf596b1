"""The tables of work orders: orders with their steps, visits with their people, guidance, overrides of the gate, technicians."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, CompositeKey, DateField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import Area, User
from app.core.db import BaseModel, InstantField, one_of
from app.customers.models import Contact, Customer, Project, Site
from app.machines.models import Machine, MachineModel
from app.machines.warranty import WarrantyState
from app.roster.models import Vehicle
from app.tickets.models import Priority, Ticket


class OrderKind(StrEnum):
    """What somebody goes there for (workflows, Work order and dispatch)."""

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
    """States of a work order (labels.md, workflows.md)."""

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
    """One dispatch (派工单): somebody is sent to a machine, or to a project while there is none yet.

    ``lead`` is who has it now; None in the queue. ``is_out`` follows from ``status``. ``wanted_at`` is when the customer was promised
    somebody, ``accept_by`` when an order that nobody accepted goes back to the queue. ``warranty`` is how it stood at the time of the
    fault, or as somebody said otherwise in ``warranty_reason``. Finishing sets ``call_back_due_at``, the
    call-back ``called_back_at`` and ``call_back_archived_at``.
    """

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
    priority = CharField(10, constraints=[one_of("priority", Priority)])
    title = CharField(200, constraints=[Check("title <> ''", name="order_title_is_given")])
    instructions = TextField(default="")
    bring = TextField(default="")
    component = CharField(80, default="")
    warranty = CharField(10, constraints=[one_of("warranty", WarrantyState)])
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
    """One change of state of an order: who, when, why. ``at`` is when it happened, ``recorded_at`` when it was written down.

    ``machine`` is the order's; it is what the machine's timeline is read by.
    """

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
    """One going there (上门): planned for a span, with its times as they were tapped or entered later.

    ``watcher`` and ``gas_reading`` are asked for in a pit; ``stop_confirmed_at`` is when the lead confirmed the safety stop.
    """

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
    """Who goes along on a visit."""

    visit = ForeignKeyField(Visit, backref="assistants", on_delete="RESTRICT", index=False)
    user = ForeignKeyField(User, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("visit", "user")


class Guidance(BaseModel):
    """One entry of the guidance log of a hard or major job (F-52): a question from the site, or what the deputy said."""

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
    """An emergency that opened the warranty gate: who said so and why; the manager reads it afterwards (workflows, gate, d)."""

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
    """What an area manager proposes for an order, another person or time; deputy or manager decide (product.md, Who uses it)."""

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
    """How far a technician is, 1 to 5; what dispatch weighs."""

    user = ForeignKeyField(User, primary_key=True, on_delete="RESTRICT")
    grade = IntegerField(constraints=[Check("grade BETWEEN 1 AND 5", name="grade_is_known")])


class Qualification(BaseModel):
    """A model that a technician has been trained on."""

    user = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    model = ForeignKeyField(MachineModel, on_delete="RESTRICT")
    since_on = DateField(null=True)

    class Meta:
        primary_key = CompositeKey("user", "model")


class ReportPeriod(StrEnum):
    """What a technician's own report covers."""

    DAY = "day"
    MONTH = "month"


class TechnicianReport(BaseModel):
    """A technician's daily or monthly report (日报, 月报; 2C-20, 2B-05, 2B-06) as it was sent; ``starts_on`` is its first day."""

    user = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    period = CharField(10, constraints=[one_of("period", ReportPeriod)])
    starts_on = DateField()
    text = TextField(constraints=[Check("text <> ''", name="technician_report_is_not_empty")])
    sent_at = InstantField()
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("user", "period", "starts_on"), True), (("period", "starts_on"), False))
