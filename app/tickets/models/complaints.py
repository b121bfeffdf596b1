"""Complaints with their reply log, and the slips that ask other departments."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, DateField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import Department, User
from app.core.db import BaseModel, InstantField, one_of
from app.tickets.models.ticket import Ticket


class CauseClass(StrEnum):
    """Why a complaint arose (1A-27, 1E-03)."""

    PRODUCT_QUALITY = "product_quality"
    REPAIR_QUALITY = "repair_quality"
    RESPONSE_TIME = "response_time"
    ATTITUDE = "attitude"
    PARTS_SUPPLY = "parts_supply"
    CHARGES = "charges"
    CUSTOMER_USE = "customer_use"
    OTHER = "other"


class Complaint(BaseModel):
    """What a ticket of kind complaint has beyond others (1E-02, 5-07; sign-off, two clocks of 24 hours)."""

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
    """Whom a reply on a complaint is for."""

    CENTRE = "centre"
    CUSTOMER = "customer"


class ComplaintReply(BaseModel):
    """One entry of a complaint's reply log."""

    complaint = ForeignKeyField(Complaint, backref="replies", on_delete="RESTRICT")
    reply_to = CharField(10, constraints=[one_of("reply_to", ReplyTo)])
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    text = TextField(constraints=[Check("text <> ''", name="reply_is_not_empty")])


class WorkSlip(BaseModel):
    """A slip (工作单) that asks another department for something by a time (5-08)."""

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
