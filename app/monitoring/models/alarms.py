"""Alarms, their episodes, and what people do to them."""

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField, TextField

from app.accounts.models import User
from app.core.db import BaseModel, InstantField, one_of
from app.customers.models import Customer
from app.machines.models import DeviceProfile, Machine
from app.monitoring.alarm_machine.state import Condition
from app.tickets.models import Priority, Ticket


class EvaluationCursor(BaseModel):
    """How far evaluation has read; moves in the same transaction as its effects."""

    name = CharField(20, primary_key=True)
    position = BigIntegerField()


class Alarm(BaseModel):
    """The state machine of one code of one machine; ``memory`` is what only the machine needs, ``due_at`` its next timer."""

    machine = ForeignKeyField(Machine, on_delete="RESTRICT", index=False)
    code = CharField(64)
    condition = CharField(10, constraints=[one_of("condition", Condition)])
    is_acknowledged = BooleanField(default=True)
    severity = CharField(10, constraints=[one_of("severity", Priority)])
    last_event_at = InstantField()
    version = IntegerField(default=1)
    pending_since = InstantField(
        null=True, constraints=[Check("(condition = 'pending') = (pending_since IS NOT NULL)", name="alarm_is_pending_since")]
    )
    clearing_since = InstantField(
        null=True,
        constraints=[Check("(condition IN ('clearing', 'latched')) = (clearing_since IS NOT NULL)", name="alarm_is_gone_since")],
    )
    due_at = InstantField(
        null=True,
        constraints=[Check("condition NOT IN ('pending', 'clearing') OR due_at IS NOT NULL", name="alarm_that_waits_has_a_timer")],
    )
    fleeting_count = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    is_chattering = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    memory = TextField(default="", constraints=[SQL("DEFAULT ''")])
    shelved_until = InstantField(null=True)
    suppressed_by = CharField(64, null=True)  # the parent's code, or "service"
    escalation = IntegerField(default=0, constraints=[SQL("DEFAULT 0"), Check("escalation >= 0", name="escalation_is_a_step")])
    announce_at = InstantField(null=True)  # when it escalates or is announced again (T15), if nobody does anything

    class Meta:
        indexes = ((("machine", "code"), True),)


Alarm.add_index(
    Alarm.index(
        Alarm.severity,
        Alarm.last_event_at.desc(),
        where=SQL("(condition <> 'normal' AND condition <> 'pending') OR NOT is_acknowledged"),
        name="alarm_standing",
    )
)
Alarm.add_index(Alarm.index(Alarm.due_at, where=SQL("due_at IS NOT NULL"), name="alarm_due"))
Alarm.add_index(Alarm.index(Alarm.announce_at, where=SQL("announce_at IS NOT NULL"), name="alarm_to_announce"))


class Episode(BaseModel):
    """One occurrence of an alarm, from its first raise to its end; a row of the fault register (2E-16)."""

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
    chatter_count = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])  # how often it came back while it was clearing
    is_chattering = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])

    class Meta:
        indexes = ((("alarm", "started_at"), True), (("machine", "started_at"), False), (("started_at",), False))
        constraints = [Check("ended_at IS NULL OR ended_at >= started_at", name="episode_ends_after_its_start")]


Episode.add_index(Episode.index(Episode.alarm, unique=True, where=SQL("ended_at IS NULL"), name="one_open_episode_per_alarm"))


class AlarmReset(BaseModel):
    """Somebody has reset an alarm that was gone but latched (T10)."""

    alarm = ForeignKeyField(Alarm, on_delete="RESTRICT", index=False)
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    reason = CharField(200, constraints=[Check("reason <> ''", name="reset_has_a_reason")])

    class Meta:
        indexes = ((("alarm", "at"), True),)


class AlarmShelving(BaseModel):
    """Somebody has laid an alarm aside for a time: it is evaluated and logged, but announces nothing (T13)."""

    alarm = ForeignKeyField(Alarm, on_delete="RESTRICT", index=False)
    at = InstantField()
    until_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    reason = CharField(200, constraints=[Check("reason <> ''", name="shelving_has_a_reason")])
    ended_at = InstantField(null=True)

    class Meta:
        indexes = ((("alarm", "at"), False),)
        constraints = [Check("until_at > at", name="shelving_ends_after_it_starts")]


AlarmShelving.add_index(
    AlarmShelving.index(AlarmShelving.alarm, unique=True, where=SQL("ended_at IS NULL"), name="one_running_shelving_per_alarm")
)


class CodeNote(BaseModel):
    """What the desk wants to remember of a code of a profile, shown wherever it stands (monitoring §6)."""

    profile = ForeignKeyField(DeviceProfile, on_delete="RESTRICT", index=False)
    code = CharField(64)
    text = CharField(500, constraints=[Check("text <> ''", name="code_note_is_not_empty")])
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("profile", "code"), True),)


class CustomerTelling(BaseModel):
    """Something that the customer is to be told, no repair: a full bin for instance (monitoring §5, facts: E18)."""

    episode = ForeignKeyField(Episode, unique=True, on_delete="RESTRICT")
    machine = ForeignKeyField(Machine, on_delete="RESTRICT")
    customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT", index=False)
    at = InstantField()
    told_at = InstantField(null=True)
    told_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    told_by_name = CharField(60, default="")
    words = CharField(200, default="")
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("told_at", "at"), False),)
        constraints = [Check("(told_at IS NULL) = (told_by_name = '')", name="telling_says_who_told")]


CustomerTelling.add_index(CustomerTelling.index(CustomerTelling.at, where=SQL("told_at IS NULL"), name="customer_to_be_told"))
