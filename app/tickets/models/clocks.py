"""The clocks of tickets and how long they may run."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, CompositeKey, ForeignKeyField, IntegerField

from app.core.db import BaseModel, InstantField, one_of
from app.tickets.models.ticket import Priority, Ticket, TicketKind


class ClockKind(StrEnum):
    """The clocks of a ticket (workflows, Clocks); the last two run on complaints alone."""

    ANSWER = "answer"
    DISPATCH = "dispatch"
    ARRIVAL = "arrival"
    REPAIR = "repair"
    INTERNAL_ANSWER = "internal_answer"
    CUSTOMER_ANSWER = "customer_answer"


class ClockTarget(BaseModel):
    """How long a clock may run where it differs from the default; ``minutes`` is None where it does not run at all."""

    ticket_kind = CharField(20, constraints=[one_of("ticket_kind", TicketKind)])
    priority = CharField(10, constraints=[one_of("priority", Priority)])
    clock = CharField(20, constraints=[one_of("clock", ClockKind)])
    minutes = IntegerField(null=True, constraints=[Check("minutes > 0", name="target_is_positive")])
    is_round_the_clock = BooleanField()

    class Meta:
        primary_key = CompositeKey("ticket_kind", "priority", "clock")


class TicketClock(BaseModel):
    """One clock of a ticket. ``due_at`` is computed from calendar and pauses; ``next_look_at`` is when something may have to be said.

    It has ended when it was met (the thing was done) or stopped (it no longer matters).
    """

    ticket = ForeignKeyField(Ticket, backref="clocks", on_delete="RESTRICT", index=False)
    kind = CharField(20, constraints=[one_of("kind", ClockKind)])
    started_at = InstantField()
    target_minutes = IntegerField(constraints=[Check("target_minutes > 0", name="clock_target_is_positive")])
    is_round_the_clock = BooleanField()
    due_at = InstantField(null=True)
    next_look_at = InstantField(null=True)
    met_at = InstantField(null=True)
    stopped_at = InstantField(null=True)
    warned_at = InstantField(null=True)
    breached_at = InstantField(null=True)
    escalated = IntegerField(default=0)

    class Meta:
        constraints = [Check("met_at IS NULL OR stopped_at IS NULL", name="clock_ends_one_way")]
        indexes = ((("ticket", "kind"), False),)


TicketClock.add_index(
    TicketClock.index(
        TicketClock.ticket,
        TicketClock.kind,
        unique=True,
        where=SQL("met_at IS NULL AND stopped_at IS NULL"),
        name="one_running_clock_of_a_kind",
    )
)

TicketClock.add_index(
    TicketClock.index(
        TicketClock.next_look_at,
        where=SQL("met_at IS NULL AND stopped_at IS NULL AND next_look_at IS NOT NULL"),
        name="ticket_clock_to_look_at",
    )
)
