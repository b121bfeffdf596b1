"""What the feed leaves behind: inbox and readings, what was refused, terminals, alarms and their episodes."""

from enum import StrEnum

from peewee import SQL, BigIntegerField, BlobField, BooleanField, CharField, Check, ForeignKeyField, IntegerField, TextField

from app.accounts.models import User
from app.core.db import BaseModel, InstantField, one_of
from app.machines.models import Machine
from app.monitoring.alarm_machine.state import Condition
from app.tickets.models import Priority, Ticket


class InboxKind(StrEnum):
    """What an inbox message says."""

    FAULT = "fault"
    STATE = "state"


class CredentialState(StrEnum):
    """How far a device's credential has reached the broker."""

    PENDING = "pending"
    ACTIVE = "active"
    REVOKING = "revoking"
    REVOKED = "revoked"


class GapState(StrEnum):
    """What became of a hole in the sequence numbers."""

    OPEN = "open"
    FILLED = "filled"
    LOST = "lost"
    SEEN = "seen"  # a possible gap that somebody has taken note of


# --- intake ---------------------------------------------------------------


class IntakeLease(BaseModel):
    """Who may write the inbox: holder and fencing number (monitoring rule 9)."""

    name = CharField(80, primary_key=True)
    holder = CharField(120)
    number = BigIntegerField()
    renewed_at = InstantField()


class FeedPosition(BaseModel):
    """The next position to give out; handed out inside the intake's transaction, so positions commit in order."""

    name = CharField(20, primary_key=True)
    value = BigIntegerField()


class Terminal(BaseModel):
    """What is known of a device code on the feed, with or without a machine."""

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
    """A fault or state exactly as it came; ``position`` is shared with ``Reading`` and orders the evaluation."""

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
    """One telemetry message: all metrics of a device at one moment, stored once (JSON object)."""

    position = BigIntegerField(primary_key=True)
    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    at = InstantField()
    received_at = InstantField()
    metrics = TextField()

    class Meta:
        indexes = ((("terminal", "at"), False),)


class MessageKey(BaseModel):
    """Identity of a message, 16 bytes of blake2b, kept 8 days (monitoring rule 7)."""

    key = BlobField(primary_key=True)
    content = BlobField()
    received_at = InstantField()

    class Meta:
        without_rowid = True


class SeqRange(BaseModel):
    """Unbroken run of sequence numbers taken in from one boot of a device; what stays when the keys are gone."""

    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    boot = CharField(32)
    first = BigIntegerField()
    last = BigIntegerField()

    class Meta:
        indexes = ((("terminal", "boot", "first"), True),)
        constraints = [Check('"first" <= "last"', name="range_runs_forward")]


class Gap(BaseModel):
    """A hole in the sequence numbers of a device, or (``terminal`` empty) a time in which the broker may have lost messages."""

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
    """A message that could not be used: topic, the first 64 KiB, why."""

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
    """A message of a device that has a credential but no machine (monitoring rule 5)."""

    device = CharField(64)
    topic = TextField()
    payload = BlobField()
    key = BlobField(unique=True)
    received_at = InstantField()
    released_at = InstantField(null=True)

    class Meta:
        indexes = ((("device", "received_at"), False),)


class FeedCounter(BaseModel):
    """What the feed has counted since the first message."""

    name = CharField(30, primary_key=True)
    value = BigIntegerField()


class FeedStatus(BaseModel):
    """One row per subscriber: heartbeat and what it knows of its broker."""

    instance = CharField(120, primary_key=True)
    heartbeat_at = InstantField()
    is_connected = BooleanField()
    connected_at = InstantField(null=True)
    last_message_at = InstantField(null=True)
    queue_length = IntegerField(default=0)
    delivery = CharField(10)  # "full" or "trial" (monitoring rule 14)
    problem = TextField(default="")


class ClockStep(BaseModel):
    """A step of the subscriber host's clock (monitoring rule 12)."""

    at = InstantField()
    step_ms = BigIntegerField()


class DeviceCredential(BaseModel):
    """A device's right to speak on the feed. ``secret`` is held only until the broker has taken it."""

    device = CharField(64, unique=True)
    state = CharField(10, constraints=[one_of("state", CredentialState)])
    secret = TextField(null=True)
    secret_hash = BlobField(null=True)
    created_at = InstantField()
    changed_at = InstantField()
    problem = TextField(default="")


# --- evaluation -----------------------------------------------------------


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
