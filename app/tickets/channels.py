"""The ways by which requests come in, as the deployment lists them (5-03)."""

from app.core.errors import N_, Invalid
from app.core.prepared import Prepared
from app.tickets.models import IntakeChannel, TicketSource
from app.tickets.writing import MISSING

_active = Prepared(lambda: IntakeChannel.select().where(IntakeChannel.is_active).order_by(IntakeChannel.position, IntakeChannel.id))


def active() -> list[IntakeChannel]:
    """The channels that may be chosen, in their order; the first is the usual one."""
    return _active.rows()


def first_of(source: TicketSource) -> IntakeChannel | None:
    """The first active channel of a kind."""
    return next((row for row in active() if row.source == source), None)


def by_id(channel_id: int) -> IntakeChannel:
    """An active channel. Raises ``Invalid`` with a word beside the field."""
    found = next((row for row in active() if row.id == channel_id), None)
    if found is None:
        raise Invalid(MISSING, fields={"channel": N_("This way of coming in is no longer used. Choose another one.")})
    return found
