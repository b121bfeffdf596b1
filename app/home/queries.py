"""What waits for the person who looks: overdue first, then what is urgent, then the oldest; and the figures above it."""

from dataclasses import dataclass

from app.core import clock
from app.core.types import Actor
from app.home.items import Item
from app.home.of_call_backs import of_call_backs
from app.home.of_contracts import of_contracts
from app.home.of_dunning import of_dunning
from app.home.of_informing import of_informing
from app.home.of_invoices import of_invoices
from app.home.of_orders import of_orders, tickets_of_orders
from app.home.of_payments import of_payments
from app.home.of_returns import of_returns
from app.home.of_shifts import of_shifts
from app.home.of_stock import of_stock
from app.home.of_supply import of_supply
from app.home.of_tickets import of_alarms, of_tickets, steps_of
from app.monitoring import queries as monitoring
from app.returns import nonconformities
from app.tickets import complaint_register, hotline_queries, inbox
from app.tickets import queries as tickets
from app.tickets.models import TicketStatus
from app.tickets.queries import TicketFilter, TicketRow

SHOWN = 50
MOST_ORDERS = 2_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What the top of the page counts; ``None`` for what this person does not see."""

    open_tickets: tuple[int, bool] | None
    to_verify: tuple[int, bool] | None
    standing_alarms: int
    unsigned_calls: tuple[int, bool] | None
    overdue: tuple[int, bool] | None = None
    own_complaints: int = 0
    mails: int = 0


def waiting(actor: Actor) -> list[Item]:
    """What waits for ``actor``, at most ``SHOWN``."""
    now = clock.now()
    items = of_tickets(actor, now, SHOWN, besides=_spoken_for(actor))
    shown = frozenset(item.ticket.id for item in items if item.ticket)
    items += of_alarms(actor, SHOWN, shown) + of_orders(actor, now, SHOWN) + of_call_backs(actor, now, SHOWN)
    items += of_invoices(actor, now)
    items += of_payments(actor, now)
    items += of_contracts(actor, now, SHOWN)
    items += of_shifts(actor, SHOWN)
    items += of_informing(actor, SHOWN)
    items += of_returns(actor, now, SHOWN)
    items += of_supply(actor, now)
    items += of_stock(actor, now, SHOWN)
    items += of_dunning(actor, now)
    return sorted(items, key=lambda item: item.place)[:SHOWN]


def _spoken_for(actor: Actor) -> frozenset[int]:
    return tickets_of_orders(MOST_ORDERS) if has_steps(actor) else frozenset()


def has_steps(actor: Actor) -> bool:
    """Whether things can wait for this person at all; the others see the open tickets."""
    return bool(steps_of(actor)) or actor.may(nonconformities.DECIDE)


def open_tickets(actor: Actor) -> list[TicketRow]:
    """The open tickets this person may see, gravest first, for those who move none."""
    return list(tickets.page(actor, TicketFilter(sort="priority")).rows)


def figures(actor: Actor) -> Figures:
    """The figures of the top line."""
    reads = actor.may("tickets.read")
    return Figures(
        open_tickets=tickets.count(actor, tickets.OPEN) if reads else None,
        to_verify=tickets.count(actor, TicketStatus.TO_VERIFY) if reads else None,
        overdue=tickets.count_overdue(actor) if reads else None,
        unsigned_calls=hotline_queries.waiting(actor) if actor.may("hotline.sign") else None,
        own_complaints=complaint_register.count_waiting_for(actor) if reads else 0,
        mails=inbox.waiting() if actor.may("mail.read") else 0,
        standing_alarms=monitoring.visible(actor).where(monitoring.is_standing).count(),
    )
