"""An order put into words for a chat (派工文本), in the language of ``locale``; without Flask."""

from datetime import datetime

from app.core import clock
from app.core.errors import N_
from app.core.spoken import DEFAULT_LOCALE, say
from app.machines.warranty import WarrantyState
from app.tickets import reasons
from app.work_orders.models import Visit, WorkOrder

# What stands on every job in a pit, and what is added for a code that is a safety stop (workflows, Work order and dispatch).
PIT_SAFETY = N_(
    "Confined space: ventilate first, then measure, then work; power off, tagged and locked; with somebody who watches,"
    " nobody goes down alone."
)
STOP_SAFETY = N_("Safety stop: confirm that the machine stands still before anybody goes down.")
# The words of ``app.web.labels``.
WARRANTY_WORDS = {WarrantyState.IN: N_("In warranty"), WarrantyState.OFF: N_("Off warranty"), WarrantyState.UNKNOWN: N_("Warranty unknown")}
_LINES = (
    ("number", N_("[Dispatch] Number: %(number)s")),
    ("customer", N_("Customer: %(customer)s")),
    ("place", N_("Address: %(place)s")),
    ("person", N_("Contact and phone: %(person)s")),
    ("machine", N_("Machine: %(machine)s")),
    ("fault", N_("Fault: %(fault)s")),
    ("warranty", N_("Warranty: %(warranty)s")),
    ("wanted", N_("To be there: %(wanted)s")),
    ("bring", N_("Bring: %(bring)s")),
    ("safety", N_("Safety: %(safety)s")),
)
# Only these may be shortened where there is little room, the longest of them first.
_MAY_BE_SHORTENED = ("fault", "bring", "place", "customer")
SHORTEST = 20


def dispatch_text(order: WorkOrder, visit: Visit | None, locale: str = DEFAULT_LOCALE, *, most_bytes: int | None = None) -> str:
    """What the technician needs to know, one line each; what is not known has no line.

    With ``most_bytes`` (of UTF-8) long words of fault, parts and place are shortened, so that the safety words are never cut off.
    """
    known = {
        "number": order.number,
        "customer": order.customer.name if order.customer else "",
        "place": _place(order),
        "person": _person(order),
        "machine": _machine(order),
        "fault": _fault(order, locale),
        "warranty": say(locale, WARRANTY_WORDS[WarrantyState(order.warranty)]),
        "wanted": _wanted(order, visit, locale),
        "bring": " ".join(order.bring.split()),
        "safety": safety(order, locale),
    }
    text = _lines(known, locale)
    while most_bytes is not None and len(text.encode()) > most_bytes and _shorten(known):
        text = _lines(known, locale)
    return text


def safety(order: WorkOrder, locale: str) -> str:
    """The safety words of the job; empty for one outside of any pit without a safety stop."""
    words = [PIT_SAFETY] * order.is_pit + [STOP_SAFETY] * order.is_stop
    return ("" if locale.startswith("zh") else " ").join(say(locale, one) for one in words)


def _lines(known: dict[str, str], locale: str) -> str:
    return "\n".join(say(locale, message, **{name: known[name]}) for name, message in _LINES if known[name])


def _shorten(known: dict[str, str]) -> bool:
    """Take a quarter off the longest; False when nothing is left that may be shortened."""
    name = max(_MAY_BE_SHORTENED, key=lambda one: len(known[one].encode()))
    length = len(known[name]) * 3 // 4
    known[name] = known[name][:length].rstrip(" …") + "…"
    return length > SHORTEST


def _place(order: WorkOrder) -> str:
    site = order.site
    return " ".join(filter(None, (site.name, site.address))) if site else ""


def _person(order: WorkOrder) -> str:
    """Whom to phone there: the contact of the order, else who called."""
    if order.contact:
        return f"{order.contact.name} {order.contact.phone}".strip()
    return f"{order.ticket.caller_name} {order.ticket.caller_phone}".strip() if order.ticket else ""


def _machine(order: WorkOrder) -> str:
    if order.machine:
        return f"{order.machine.serial} {order.machine.model.name}"
    return order.project.name if order.project else ""


def _fault(order: WorkOrder, locale: str) -> str:
    title = reasons.title_in(order.title, order.ticket.reason, locale) if order.ticket else order.title
    more = " ".join(order.instructions.split())
    return title if not more or more in title else f"{title} | {more}"


def _wanted(order: WorkOrder, visit: Visit | None, locale: str) -> str:
    """When the customer was promised somebody, and when the visit is planned; one of them when only one is known."""
    planned = _when(visit.planned_from) if visit else ""
    if order.wanted_at is None:
        return planned
    if not planned:
        return say(locale, N_("by %(time)s"), time=_when(order.wanted_at))
    return say(locale, N_("by %(time)s (planned %(planned)s)"), time=_when(order.wanted_at), planned=planned)


def _when(at: datetime) -> str:
    return f"{at.astimezone(clock.zone()):%m-%d %H:%M}"
