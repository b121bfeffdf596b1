"""Tickets (受理单): states, notes, and the faults they were opened for."""

from enum import StrEnum
from typing import Any

from peewee import SQL, BooleanField, CharField, Check, ForeignKeyField, IntegerField, TextField

from app.accounts.models import Area, User
from app.core.db import BaseModel, InstantField, one_of
from app.customers.models import Contact, Customer
from app.machines.models import Machine


class TicketStatus(StrEnum):
    """States of a ticket (labels.md, workflows.md)."""

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
    """Where a ticket came from."""

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
    """What a ticket asks for; classification is mandatory."""

    FAULT_REPORT = "fault_report"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    ENQUIRY = "enquiry"
    PARTS_ORDER = "parts_order"


class Priority(StrEnum):
    """Priorities of tickets and severities of alarms (ISA-18.2)."""

    CRITICAL = "critical"
    HIGH = "high"
    LOW = "low"


class IntakeChannel(BaseModel):
    """A way by which requests come in (5-03): the list is the deployment's, ``source`` says which kind of way it is."""

    name_zh = CharField(40, unique=True)
    name_en = CharField(40)
    source = CharField(20, constraints=[one_of("source", TicketSource)])
    position = IntegerField(default=0)
    is_active = BooleanField(default=True)


class Ticket(BaseModel):
    """One request for service. ``is_open`` follows from ``status`` and the database checks that it does."""

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
    channel = ForeignKeyField(IntakeChannel, null=True, on_delete="RESTRICT", index=False)
    caller_name = CharField(60, default="", constraints=[SQL("DEFAULT ''")])
    caller_phone = CharField(30, default="", constraints=[SQL("DEFAULT ''")])
    is_major = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])  # difficult or major (疑难, 重大; 2B-07)
    urged_count = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    urged_at = InstantField(null=True)
    due_at = InstantField(null=True)  # the next deadline of its running clocks; None when none runs
    split_from = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    solution = TextField(default="", constraints=[SQL("DEFAULT ''")])  # what solved it, when nobody had to go there
    follow_token = CharField(32, null=True, unique=True)  # the address under which its reporter follows it
    call_again_at = InstantField(null=True)  # when to phone the customer again who was not reached (to verify)
    # How many work orders are out for it; while one is, only what becomes of the order moves the ticket.
    open_orders = IntegerField(
        default=0,
        constraints=[SQL("DEFAULT 0"), Check("open_orders = 0 OR (is_open AND open_orders > 0)", name="orders_are_out_for_open_tickets")],
    )
    # The ticket of a storm that stands for this one and others (monitoring §4).
    parent = ForeignKeyField(
        "self", null=True, on_delete="RESTRICT", index=False, constraints=[Check("parent_id <> id", name="ticket_is_not_its_own_parent")]
    )

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
    Ticket.index(
        Ticket.priority,
        Ticket.urged_count.desc(),
        Ticket.opened_at.desc(),
        Ticket.id.desc(),
        where=SQL("is_open"),
        name="ticket_open_by_priority",
    )
)

Ticket.add_index(Ticket.index(Ticket.machine, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_machine"))

Ticket.add_index(Ticket.index(Ticket.customer, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_customer"))

Ticket.add_index(Ticket.index(Ticket.area, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_area"))

Ticket.add_index(Ticket.index(Ticket.source, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_source"))

Ticket.add_index(Ticket.index(Ticket.priority, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_priority"))

Ticket.add_index(Ticket.index(Ticket.due_at, Ticket.id, where=SQL("is_open AND due_at IS NOT NULL"), name="ticket_open_by_due"))

Ticket.add_index(Ticket.index(Ticket.parent, Ticket.id, where=SQL("parent_id IS NOT NULL"), name="ticket_of_parent"))

Ticket.add_index(Ticket.index(Ticket.kind, Ticket.opened_at.desc(), Ticket.id.desc(), name="ticket_by_kind"))

# The timeline of a machine reads each kind of entry by its own index; what was imported as history is a kind of its own.
for _at, _condition, _name in (
    (Ticket.opened_at, "source <> 'import'", "ticket_opened_of_machine"),
    (Ticket.resolved_at, "resolved_at IS NOT NULL AND source <> 'import'", "ticket_resolved_of_machine"),
    (Ticket.closed_at, "closed_at IS NOT NULL AND source <> 'import'", "ticket_closed_of_machine"),
    (Ticket.opened_at, "source = 'import'", "ticket_past_of_machine"),
    (Ticket.opened_at, "kind = 'complaint'", "ticket_complaint_of_machine"),
):
    Ticket.add_index(Ticket.index(Ticket.machine, _at.desc(), Ticket.id.desc(), where=SQL(_condition), name=_name))


def add_index_by_machine(model: type[Any]) -> None:
    """Give ``model``, whose rows hang on tickets, the index that the timeline of the tickets' machine is read by."""
    name = f"{model._meta.table_name}_of_machine"
    model.add_index(model.index(model.machine, model.at.desc(), model.id.desc(), where=SQL("machine_id IS NOT NULL"), name=name))


class TicketFault(BaseModel):
    """A fault family of a machine that a ticket stands for; two open tickets for one family cannot exist (monitoring §4)."""

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
    """One change of state: who, when, why."""

    ticket = ForeignKeyField(Ticket, backref="transitions", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    by_name = CharField(60)
    from_status = CharField(20, null=True)
    to_status = CharField(20, constraints=[one_of("to_status", TicketStatus)])
    reason = TextField(default="")


class TicketNote(BaseModel):
    """Words that someone, or the monitoring, left on a ticket."""

    ticket = ForeignKeyField(Ticket, backref="notes", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    by_name = CharField(60)
    text = TextField(constraints=[Check("text <> ''", name="note_is_not_empty")])
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)  # the ticket's; kept by triggers


add_index_by_machine(TicketNote)
