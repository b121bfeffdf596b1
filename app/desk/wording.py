"""A ticket put into words to be read aloud or pasted into a chat, in the language of ``locale``."""

from datetime import datetime, timedelta
from typing import Any

from app.core import clock
from app.core.errors import N_
from app.core.spoken import say
from app.tickets import reasons
from app.tickets import sentence as spoken_sentence
from app.tickets.models import Ticket, TicketStatus
from app.tickets.sentence import Going, Phrase, Somebody, Standing
from app.web.labels import LABELS
from app.work_orders import queries as orders
from app.work_orders.models import OrderStatus
from app.work_orders.queries import OrderLine

# When to try again whom nobody answered at, from now.
AGAIN = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=3))
_LINES = (
    ("head", N_("[Ticket] %(number)s %(title)s")),
    ("state", N_("State: %(state)s")),
    ("customer", N_("Customer: %(customer)s")),
    ("person", N_("Contact: %(person)s")),
    ("machine", N_("Machine: %(machine)s")),
    ("place", N_("Address: %(place)s")),
    ("said", N_("What was said: %(said)s")),
    ("now", N_("Now: %(now)s")),
)


def sentence(ticket: Ticket, moved_at: datetime, now: datetime, locale: str) -> str:
    """What to tell the customer who asks how far it is."""
    standing = Standing(
        number=ticket.number,
        status=TicketStatus(ticket.status),
        opened_at=_local(ticket.opened_at),
        moved_at=_local(moved_at),
        now=_local(now),
        due_at=_local(ticket.due_at) if ticket.due_at else None,
        urged_count=ticket.urged_count,
        call_again_at=_local(ticket.call_again_at) if ticket.call_again_at else None,
        solution=ticket.solution,
        merged_into=ticket.merged_into.number if ticket.merged_into_id else "",
        somebody=somebody_sent(ticket),
    )
    blank = "" if locale.startswith("zh") else " "
    return blank.join(_said(phrase, standing.now, locale) for phrase in spoken_sentence.phrases(standing))


def expected(ticket: Ticket, now: datetime, locale: str) -> str:
    """When somebody is expected at the machine, for whoever follows the report; empty once they are there, or while nobody was sent."""
    sent = somebody_sent(ticket)
    here_now = _local(now)
    return " ".join(_said(phrase, here_now, locale) for phrase in spoken_sentence.expected(sent, here_now)) if sent else ""


def somebody_sent(ticket: Ticket) -> Somebody | None:
    """Who was sent for the ticket; of several the one who is furthest, then who is expected first."""
    if not ticket.open_orders:
        return None
    out = [line for line in orders.of_ticket(ticket) if line.order.is_out and line.order.dispatched_at is not None]
    if not out:
        return None
    order, visit = (line := max(out, key=_how_far)).order, line.visit
    return Somebody(
        name=order.lead.name,
        sent_at=_local(order.dispatched_at),
        going=_GOING[order.status],
        expected_at=_local(visit.planned_from) if visit and visit.arrived_at is None else None,
        arrived_at=_local(visit.arrived_at) if visit and visit.arrived_at else None,
    )


_GOING = {
    OrderStatus.DISPATCHED: Going.SENT,
    OrderStatus.ACCEPTED: Going.SENT,
    OrderStatus.TRAVELLING: Going.ON_THE_WAY,
    OrderStatus.WAITING_PARTS: Going.WAITS_FOR_PARTS,
    OrderStatus.ON_SITE: Going.THERE,
}


def _how_far(line: OrderLine) -> tuple[int, float]:
    far = [Going.WAITS_FOR_PARTS, Going.SENT, Going.ON_THE_WAY, Going.THERE].index(_GOING[line.order.status])
    return far, -line.visit.planned_from.timestamp() if line.visit else 0.0


def _said(phrase: Phrase, now: datetime, locale: str) -> str:
    def in_words(value: Any) -> Any:
        if isinstance(value, datetime):
            moment = spoken_sentence.when(value, now)
            return say(locale, moment.message, **moment.params)
        return value

    return say(locale, phrase.message, **{name: in_words(value) for name, value in phrase.params.items()})


def wechat_text(ticket: Ticket, said: str, locale: str) -> str:
    """The whole ticket as lines for a chat; what is not known has no line."""
    machine, contact = ticket.machine, ticket.contact
    site = machine.site if machine else None
    caller = " ".join(filter(None, (ticket.caller_name, ticket.caller_phone)))
    known: dict[str, dict[str, str]] = {
        "head": {"number": ticket.number, "title": reasons.title_in(ticket.title, ticket.reason, locale)},
        "state": {"state": say(locale, LABELS["TicketStatus"][ticket.status])},
        "customer": {"customer": ticket.customer.name if ticket.customer else ""},
        "person": {"person": f"{contact.name} {contact.phone}".strip() if contact else caller},
        "machine": {"machine": f"{machine.serial} {machine.model.name}" if machine else ""},
        "place": {"place": f"{site.name} {site.address}".strip() if site else ""},
        "said": {"said": ticket.text},
        "now": {"now": said},
    }
    return "\n".join(say(locale, message, **known[name]) for name, message in _LINES if all(known[name].values()))


_MANY_FAILED = N_(
    "Hello, this is the customer centre. Our monitoring shows that several of your machines have failed at about the same time"
    " since %(at)s. Has something happened on site, the power for instance? Are they standing still? May we send somebody?"
)
_MANY_SILENT = N_(
    "Hello, this is the customer centre. Since %(at)s several of your machines have not been heard by our monitoring."
    " Has something happened on site, the power or the network for instance? Do the machines run?"
)


def call_suggestion(ticket: Ticket, locale: str) -> str:
    """What to say when phoning a customer about an alarm that nobody called about yet; empty for other tickets."""
    why = reasons.from_json(ticket.reason)
    if ticket.status != TicketStatus.TO_VERIFY or not why:
        return ""
    first = why[0]
    if ticket.title in reasons.OF_PARENTS:
        return say(locale, _MANY_FAILED if ticket.title == reasons.MANY_FAILED else _MANY_SILENT, at=f"{_local(first.at):%H:%M}")
    machine = ticket.machine.serial if ticket.machine else ""
    place = ticket.machine.site.name if ticket.machine and ticket.machine.site else ""
    fault = first.name(locale) or first.code
    message = N_(
        "Hello, this is the customer centre. Our monitoring shows “%(fault)s” on your machine %(machine)s%(place)s since %(at)s."
        " Is it standing still? Do you see it too? May we send somebody?"
    )
    place_words = f" ({place})" if place and not locale.startswith("zh") else f"（{place}）" if place else ""
    return say(locale, message, fault=fault, machine=machine, place=place_words, at=f"{_local(first.at):%H:%M}")


def again_choices(now: datetime) -> list[str]:
    """When one may try again, as a form's field takes it: soon, in an hour, in three, and tomorrow morning."""
    here_now = _local(now)
    tomorrow = (here_now + timedelta(days=1)).replace(hour=9, minute=0)
    return [f"{one:%Y-%m-%dT%H:%M}" for one in (*(here_now + step for step in AGAIN), tomorrow)]


def _local(at: datetime) -> datetime:
    return at.astimezone(clock.zone())
