"""Alarms that come together: storms of tickets, floods of alarms, and the notices that are gathered meanwhile."""

from enum import StrEnum

from peewee import SQL, CharField, Check, ForeignKeyField, IntegerField

from app.core.db import BaseModel, InstantField, one_of
from app.monitoring.models.alarms import Episode
from app.monitoring.models.feed import FeedOutage
from app.tickets.models import Priority, Ticket


class StormCause(StrEnum):
    """What the machines of a storm have in common (monitoring §4, and §3 for their silence)."""

    CUSTOMER = "customer"
    REST = "rest"
    GATEWAY = "gateway"
    AREA = "area"


class TicketStorm(BaseModel):
    """Many machines in a short time: one parent ticket stands for all. ``name`` is the customer's or area's id, or the gateway."""

    cause = CharField(10, constraints=[one_of("cause", StormCause)])
    name = CharField(64, default="")
    ticket = ForeignKeyField(Ticket, on_delete="RESTRICT")
    started_at = InstantField()
    last_at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        indexes = ((("started_at",), False),)
        constraints = [Check("last_at >= started_at AND (ended_at IS NULL OR ended_at >= started_at)", name="storm_runs_forward")]


TicketStorm.add_index(
    TicketStorm.index(TicketStorm.cause, TicketStorm.name, unique=True, where=SQL("ended_at IS NULL"), name="one_running_storm_of_a_cause")
)


class NoticeKind(StrEnum):
    """Why something is announced."""

    RAISED = "raised"
    GRAVER = "graver"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    STORM = "storm"
    OUTAGE = "outage"


class AlarmNotice(BaseModel):
    """One thing to announce, once: of an episode, a storm or an outage of the feed. Several leave gathered in one message (§4)."""

    episode = ForeignKeyField(Episode, null=True, on_delete="CASCADE", index=False)
    storm = ForeignKeyField(TicketStorm, null=True, on_delete="RESTRICT")
    outage = ForeignKeyField(FeedOutage, null=True, on_delete="RESTRICT")
    kind = CharField(10, constraints=[one_of("kind", NoticeKind)])
    step = IntegerField(default=0)
    severity = CharField(10, constraints=[one_of("severity", Priority)])
    created_at = InstantField()
    due_at = InstantField()
    sent_at = InstantField(null=True)
    withdrawn_at = InstantField(null=True)

    class Meta:
        indexes = ((("episode", "kind", "step"), True),)
        constraints = [
            Check(
                "(episode_id IS NOT NULL AND storm_id IS NULL AND outage_id IS NULL)"
                " OR (episode_id IS NULL AND storm_id IS NOT NULL AND outage_id IS NULL)"
                " OR (episode_id IS NULL AND storm_id IS NULL AND outage_id IS NOT NULL)",
                name="notice_is_about_one_thing",
            ),
            Check("sent_at IS NULL OR withdrawn_at IS NULL", name="notice_is_sent_or_withdrawn"),
        ]


AlarmNotice.add_index(
    AlarmNotice.index(AlarmNotice.due_at, where=SQL("sent_at IS NULL AND withdrawn_at IS NULL"), name="alarm_notice_waiting")
)
AlarmNotice.add_index(AlarmNotice.index(AlarmNotice.sent_at, where=SQL("sent_at IS NOT NULL"), name="alarm_notice_sent"))


class AlarmFlood(BaseModel):
    """A time with more new alarms than the desk can deal with one by one (monitoring §3; EEMUA 191, ISA-18.2)."""

    desk = CharField(20, default="desk")
    started_at = InstantField()
    ended_at = InstantField(null=True)
    clerks = IntegerField(constraints=[Check("clerks >= 1", name="flood_counts_a_clerk")])
    alarms = IntegerField(default=0)
    most = IntegerField(default=0)  # in ten minutes
    digests = IntegerField(default=0)

    class Meta:
        indexes = ((("started_at",), False),)
        constraints = [Check("ended_at IS NULL OR ended_at >= started_at", name="flood_ends_after_its_start")]


AlarmFlood.add_index(AlarmFlood.index(AlarmFlood.desk, unique=True, where=SQL("ended_at IS NULL"), name="one_running_flood_per_desk"))
