"""What the ticket page shows beside the ticket itself: the sentence to read aloud, urgings, what was merged and split, whom to phone."""

from datetime import datetime
from typing import Any

from app.core.types import Actor
from app.customers.models import Contact
from app.desk import fault_context, wording
from app.machines import document_queries
from app.monitoring.silence import together
from app.supply import parts_order_register
from app.tickets import forms, hotline, mentions, reasons, watching
from app.tickets.merging import Relatives
from app.tickets.models import Ticket, TicketStatus, TicketTransition
from app.web.i18n import language
from app.work_orders import queries as orders

SHOWN_CONTACTS = 6


def of_ticket(by: Actor, ticket: Ticket, now: datetime, moved: TicketTransition | None, relatives: Relatives) -> dict[str, Any]:
    """The panels of ``ticket`` for ``by``; ``moved`` is its last change of state."""
    sentence = wording.sentence(ticket, moved.at if moved else ticket.opened_at, now, language())
    is_merged = ticket.status == TicketStatus.MERGED
    return {
        "sentence": sentence,
        "wechat_text": wording.wechat_text(ticket, sentence, language()),
        "urging_token": forms.new_token(),
        "merged": relatives.merged,
        "parts": relatives.parts,
        "can_take_out": is_merged and by.may("tickets.edit") and ticket.merged_into.is_open,
        "hotline_record": hotline.of_ticket(ticket),
        "is_watched": watching.is_watched(by, ticket),
        "to_phone": _to_phone(ticket) if ticket.status == TicketStatus.TO_VERIFY else [],
        "call_suggestion": wording.call_suggestion(ticket, language()),
        "again_choices": wording.again_choices(now),
        "pieces": lambda text: mentions.pieces(text, watching.people_for()) if mentions.has_sign(text) else [mentions.Piece(text, False)],
        "papers": document_queries.about(by, ticket.number) if by.may("documents.read") else [],
        "shows_phone": ticket.is_open and by.may("personal.unmask"),
        "parts_orders": parts_order_register.of_ticket(ticket) if by.may("parts_orders.edit") else [],
        "orders": orders.of_ticket(ticket) if by.may("orders.read") else [],
        "dispatch_path": _dispatch_path(by, ticket),
        "silent": together.silences_of(by, ticket) if ticket.machine_id is None and by.may("monitoring.read") else [],
        "fault_context": lambda: fault_context.of_ticket(by, ticket, reasons.from_json(ticket.reason)),
    }


def _dispatch_path(by: Actor, ticket: Ticket) -> str:
    """Where somebody is sent for the ticket; empty for who may not, and for tickets that nobody needs to go for."""
    path = f"/dispatch/tickets/{ticket.number}"
    may_send = by.may("orders.dispatch") or by.may("orders.dispatch_provisionally")
    return path if ticket.status in _SENT_FOR and may_send else ""


# Tickets that somebody may be sent for; one still to be verified is phoned about first.
_SENT_FOR = (
    TicketStatus.NEW, TicketStatus.TRIAGED, TicketStatus.WAITING_DISPATCH, TicketStatus.IN_WORK, TicketStatus.WAITING_CUSTOMER,
)  # fmt: skip


def _to_phone(ticket: Ticket) -> list[Contact]:
    """Whom to phone about a machine: those of its site first."""
    if ticket.customer_id is None:
        return []
    site_id = ticket.machine.site_id if ticket.machine else None
    people = Contact.select().where(Contact.customer == ticket.customer_id, Contact.phone != "").order_by(Contact.id)
    return sorted(people, key=lambda person: (person.site_id is None or person.site_id != site_id, person.id))[:SHOWN_CONTACTS]
