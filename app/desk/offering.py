"""What the intake offers for the words typed so far: machines, customers, contacts; and always a way on for a caller whom nobody knows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.types import Actor
from app.desk import card, finding, pasted
from app.desk.finding import Match, MatchKind
from app.tickets import channels
from app.tickets.drafts import TYPED, Content
from app.tickets.models import InboundMail, TicketSource

LIMIT = 8
MAX_NAME, MAX_PHONE = 60, 30
_QR = re.compile(r"/m/([A-Za-z0-9_-]{16,32})(?![A-Za-z0-9_-])")
KINDS = ("machine", "customer", "contact", "site")


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to choose; ``value`` is what choosing sends, ``match`` what was found, None for a caller nobody knows."""

    kind: str
    value: str
    title: str
    match: Match | None = None


def offers(actor: Actor, typed: str) -> list[Offer]:
    """What to choose from for ``typed``: of a message what its numbers lead to, otherwise what fits the words; last the unknown caller."""
    words = typed.strip()
    if not words:
        return []
    if scanned := _scanned(actor, words):
        return [scanned]
    if not pasted.is_message(words):
        return _matching(actor, words) + _unknown(words, pasted.phone_in(words))
    numbers = pasted.recognised(words)
    found: dict[str, Offer] = {}
    for one in (*numbers.identifiers, *numbers.phones):
        found |= {offer.value: offer for offer in _matching(actor, one)}
    return list(found.values())[:LIMIT] + [offer for phone in numbers.phones[:1] for offer in _unknown("", phone)]


def _scanned(actor: Actor, words: str) -> Offer | None:
    """The machine whose QR code was read with a scanner."""
    code = _QR.search(words)
    machine = card.machine_with_token(actor, code[1]) if code else None
    if machine is None:
        return None
    customer = machine.customer.name if machine.customer else ""
    match = Match(
        kind=MatchKind.MACHINE, title=machine.serial, detail=customer, machine_id=machine.id, serial=machine.serial, customer=customer
    )
    return Offer("machine", f"machine:{machine.id}", machine.serial, match)


def _matching(actor: Actor, words: str) -> list[Offer]:
    return [
        Offer(match.kind, f"{match.kind}:{_key(match)}", match.title, match)
        for match in finding.matches(actor, words, LIMIT)
        if match.kind in KINDS
    ]


def _key(match: Match) -> int | None:
    return {"machine": match.machine_id, "contact": match.contact_id}.get(match.kind, match.customer_id)


def _unknown(words: str, phone: str) -> list[Offer]:
    if phone:
        return [Offer("caller", f"phone:{phone}", phone)]
    return [Offer("caller", f"name:{words[:MAX_NAME]}", words[:MAX_NAME])] if words and not words.isdigit() else []


def chosen(actor: Actor, value: str) -> Content:
    """What choosing ``value`` writes into the form; nothing for what ``actor`` may not see."""
    kind, _colon, key = value.partition(":")
    if kind == "phone":
        return {"caller_phone": key[:MAX_PHONE], "q": ""}
    if kind == "name":
        return {"caller_name": key[:MAX_NAME], "q": ""}
    if not (key.isascii() and key.isdigit() and len(key) < 10):
        return {}
    return _of_record(actor, kind, int(key)) | {"q": ""}


def _of_record(actor: Actor, kind: str, key: int) -> Content:
    if kind == "machine":
        machine = card.machine_by_id(actor, key)
        return {} if machine is None else {"machine": machine.serial, "customer": machine.customer.name if machine.customer else ""}
    if kind == "contact":
        contact = card.contact_of(actor, key)
        return {} if contact is None else _of_contact(contact)
    customer = card.customer_by_id(actor, key)
    return {} if customer is None else {"customer": customer.name}


def _of_contact(contact: card.Contact) -> Content:
    return {
        "customer": contact.customer.name, "contact_id": str(contact.id), "caller_name": contact.name, "caller_phone": contact.phone,
    }  # fmt: skip


def content_for(actor: Actor, query: Mapping[str, str]) -> Content:
    """What the address fills in: ``?phone=`` of a telephone system, ``?machine=``, ``?customer=``, ``?q=``, ``?mail=``, any typed field."""
    found: Content = {name: query[name].strip()[:200] for name in TYPED if query.get(name, "").strip()}
    if found.get("customer", "").isdigit():
        found |= chosen(actor, f"customer:{found['customer']}")
    if machine := found.get("machine") and card.machine_named(actor, found["machine"]):
        found |= chosen(actor, f"machine:{machine.id}")
    if phone := query.get("phone", "").strip()[:MAX_PHONE]:
        found |= _of_phone(actor, phone)
    if mail := query.get("mail", ""):
        found |= _of_mail(actor, mail)
    return found


def _of_phone(actor: Actor, phone: str) -> Content:
    """Who calls from ``phone``: the one contact with that number; of several the clerk chooses."""
    number = pasted.phone_in(phone) or phone
    known = card.sharing(actor, number)
    if len(known) == 1:
        return _of_contact(known[0])
    return {"caller_phone": number, "q": number}


def _of_mail(actor: Actor, key: str) -> Content:
    mail = InboundMail.get_or_none(InboundMail.id == int(key)) if key.isascii() and key.isdigit() and actor.may("mail.read") else None
    if mail is None:
        return {}
    channel = channels.first_of(TicketSource.EMAIL)
    found = {"mail": str(mail.id), "title": mail.subject[:200], "text": mail.text[:8000], "caller_name": mail.from_name[:MAX_NAME]}
    sender = card.contact_with_email(actor, mail.from_address)
    if sender is not None:
        found |= _of_contact(sender)
    return found | ({"channel": str(channel.id)} if channel else {})
