"""What the feed leaves behind: inbox and readings, what was refused, terminals and their silence, who may speak."""

from enum import StrEnum

from peewee import SQL, BigIntegerField, BlobField, BooleanField, CharField, Check, ForeignKeyField, IntegerField, TextField

from app.accounts.models import User
from app.core.db import BaseModel, InstantField, one_of


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
    is_late = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])


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
    """One row per subscriber: heartbeat and what it knows of its broker; ``connected_at`` without a connection: when there last was one."""

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


class TerminalSilence(BaseModel):
    """A time in which a terminal said nothing although it should have; times of receipt. ``noticed_at`` is when it was long enough."""

    terminal = ForeignKeyField(Terminal, on_delete="RESTRICT", index=False)
    from_at = InstantField()
    noticed_at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        indexes = ((("terminal", "from_at"), True),)
        constraints = [Check("noticed_at >= from_at AND (ended_at IS NULL OR ended_at >= from_at)", name="silence_runs_forward")]


TerminalSilence.add_index(
    TerminalSilence.index(TerminalSilence.terminal, unique=True, where=SQL("ended_at IS NULL"), name="one_running_silence_per_terminal")
)
TerminalSilence.add_index(TerminalSilence.index(TerminalSilence.noticed_at, name="silence_by_time"))


class FeedOutage(BaseModel):
    """A time in which nothing at all came in: one alarm of its own; the silence of single machines then says nothing (monitoring §3)."""

    feed = CharField(20, default="evc")
    from_at = InstantField()
    noticed_at = InstantField()
    ended_at = InstantField(null=True)
    acknowledged_at = InstantField(null=True)
    acknowledged_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)

    class Meta:
        indexes = ((("from_at",), False),)
        constraints = [Check("noticed_at >= from_at AND (ended_at IS NULL OR ended_at >= from_at)", name="outage_runs_forward")]


FeedOutage.add_index(FeedOutage.index(FeedOutage.feed, unique=True, where=SQL("ended_at IS NULL"), name="one_running_outage_per_feed"))
