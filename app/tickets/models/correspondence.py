"""How requests come in and what is said and handed in around them: calls, urgings, attachments, drafts, mails, old records."""

from enum import StrEnum

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, CompositeKey, ForeignKeyField, IntegerField, TextField

from app.accounts.models import User
from app.core.db import BaseModel, InstantField, one_of
from app.core.files import StoredFile
from app.machines.models import Machine
from app.tickets.models.ticket import Ticket, TicketNote, add_index_by_machine


class TicketAttachment(BaseModel):
    """A photo, film or document on a ticket; ``note`` is the note it came with."""

    ticket = ForeignKeyField(Ticket, backref="attachments", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    note = ForeignKeyField(TicketNote, null=True, on_delete="RESTRICT")
    caption = CharField(200, default="")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    removed_at = InstantField(null=True)
    removed_by_name = CharField(60, default="")
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)  # the ticket's; kept by triggers


add_index_by_machine(TicketAttachment)


class TicketWatch(BaseModel):
    """Someone who wants to be told what happens to a ticket."""

    ticket = ForeignKeyField(Ticket, on_delete="RESTRICT", index=False)
    user = ForeignKeyField(User, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("ticket", "user")


class TicketUrging(BaseModel):
    """One urging (催单) by the customer: when, by whom taken, what was said."""

    ticket = ForeignKeyField(Ticket, backref="urgings", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    text = CharField(500, default="")
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)  # the ticket's; kept by triggers


add_index_by_machine(TicketUrging)


class HotlineRecord(BaseModel):
    """The 400 record (F-02, F-03) of a ticket: when the call came; signed when the deputy has read it (sign-off chain 2)."""

    ticket = ForeignKeyField(Ticket, unique=True, on_delete="RESTRICT")
    called_at = InstantField()
    taken_by_name = CharField(60)
    signed_at = InstantField(null=True)
    signed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    signed_by_name = CharField(60, default="")
    is_signed_by_dispatch = BooleanField(default=False)
    remark = CharField(500, default="")
    content = TextField(default="", constraints=[SQL("DEFAULT ''")])  # JSON: what stood there when it was signed

    class Meta:
        constraints = [Check("(signed_at IS NULL) = (signed_by_name = '')", name="signature_has_time_and_name")]


HotlineRecord.add_index(HotlineRecord.index(HotlineRecord.called_at, where=SQL("signed_at IS NULL"), name="hotline_record_unsigned"))


class PastWork(BaseModel):
    """What the import of old records tells of a ticket beyond its words; ``cost_fen`` is in hundredths of a yuan."""

    ticket = ForeignKeyField(Ticket, unique=True, on_delete="RESTRICT")
    work_type = CharField(40, default="")
    cost_fen = BigIntegerField(null=True)
    technician_name = CharField(60, default="")


class IntakeDraft(BaseModel):
    """A call half typed in; ``content`` is the form as JSON. It stays until it became a ticket or was thrown away.

    ``page`` names the open page that wrote it last, ``turn`` counts that page's writings; ``discarded_at`` leaves an hour to take it back.
    """

    id = CharField(32, primary_key=True)
    user = ForeignKeyField(User, on_delete="RESTRICT")
    label = CharField(120, default="")
    content = TextField()
    is_parked = BooleanField(default=False)
    created_at = InstantField()
    updated_at = InstantField()
    page = CharField(32, default="", constraints=[SQL("DEFAULT ''")])
    turn = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    discarded_at = InstantField(null=True)


class IntakeDraftFile(BaseModel):
    """A screenshot, photo or film handed in while a call was being typed; it goes on to the ticket."""

    draft = ForeignKeyField(IntakeDraft, backref="files", on_delete="CASCADE")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    at = InstantField()


class MailState(StrEnum):
    """What became of a mail that came in."""

    NEW = "new"
    TICKETED = "ticketed"
    DISMISSED = "dismissed"


class InboundMail(BaseModel):
    """A mail from the centre's inbox."""

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
    """A file that came with a mail; ``problem`` says why it could not be kept."""

    mail = ForeignKeyField(InboundMail, backref="files", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    name = CharField(200)
    problem = CharField(200, default="")
