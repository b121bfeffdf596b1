"""What tickets tell of a machine: opened, resolved, closed; notes, attachments, urgings, complaints; and the work of the years before."""

from typing import Any

from peewee import JOIN, SQL, ModelSelect

from app.accounts.models import User
from app.core import textsearch
from app.core.errors import N_
from app.core.files import StoredFile
from app.machine_files.timeline import EntryKind, Rows, Scope
from app.tickets import searching
from app.tickets.models import Complaint, PastWork, Ticket, TicketAttachment, TicketNote, TicketUrging

READ = "tickets.read"
# Written out, so that the partial indexes of these conditions are used.
_is_new = Ticket.source != SQL("'import'")
_is_past = Ticket.source == SQL("'import'")
_is_complaint = Ticket.kind == SQL("'complaint'")
_COLUMNS = (
    Ticket.id, Ticket.number, Ticket.title, Ticket.reason, Ticket.text, Ticket.kind, Ticket.source, Ticket.status, Ticket.priority,
    Ticket.opened_at, Ticket.resolved_at, Ticket.closed_at, Ticket.solution, Ticket.is_recurring, Ticket.is_major, Ticket.caller_name,
    Ticket.customer,
)  # fmt: skip


def _tickets(machine_id: Any) -> ModelSelect:
    return Ticket.select(*_COLUMNS, User.name).join(User, JOIN.LEFT_OUTER, on=Ticket.opened_by).where(Ticket.machine == machine_id)


def _past(machine_id: Any) -> ModelSelect:
    query = Ticket.select(*_COLUMNS, PastWork).join(PastWork, JOIN.LEFT_OUTER, on=(PastWork.ticket == Ticket.id), attr="past_work")
    return query.where(Ticket.machine == machine_id, _is_past)


def _complaints(machine_id: Any) -> ModelSelect:
    query = Ticket.select(*_COLUMNS, Complaint, User.name).join(Complaint, on=(Complaint.ticket == Ticket.id), attr="complaint")
    return query.join(User, JOIN.LEFT_OUTER, on=Complaint.responsible).where(Ticket.machine == machine_id, _is_complaint)


def _found(scope: Scope) -> Any:
    """The tickets of the machine in whose search document all words stand."""
    search = textsearch.source(searching.TABLE)
    wanted = [textsearch.terms(word) for word in scope.words]
    if not all(wanted):
        return SQL("1 = 0")
    clauses = [[terms] for terms in wanted] + [searching.is_one_of(searching.MACHINE, [scope.machine.id])]
    key = textsearch.key_of(search)
    return Ticket.id.in_(search.select(key).where(textsearch.matches(search, clauses)))


def _on_ticket(model: Any, *joined: Any) -> Any:
    def query(machine_id: Any) -> ModelSelect:
        columns = (Ticket.id, Ticket.number, Ticket.title, Ticket.reason, Ticket.area, Ticket.customer)
        found = model.select(model, *columns, *joined).join_from(model, Ticket)
        for other in joined:
            found = found.join_from(model, other)
        return found.where(model.machine == machine_id)

    return query


def _attachments(machine_id: Any) -> ModelSelect:
    return _on_ticket(TicketAttachment, StoredFile)(machine_id).where(TicketAttachment.removed_at.is_null())


def _href(ticket: Ticket) -> str:
    return f"/tickets/{ticket.number}"


def _href_of_its(record: Any) -> str:
    return f"/tickets/{record.ticket.number}"


def _opened_by(ticket: Ticket) -> str:
    return ticket.opened_by.name if ticket.opened_by_id or getattr(ticket, "opened_by", None) else ""


def _tone(ticket: Ticket) -> str:
    return "strong" if ticket.is_major else "plain"


def _rows(name: str, at: Any, **more: Any) -> Rows:
    def query(machine_id: Any) -> ModelSelect:
        found = _tickets(machine_id).where(_is_new)
        return found if at is Ticket.opened_at else found.where(at.is_null(False))

    return Rows(name=name, query=query, at=at, id=Ticket.id, searched=_found, area=Ticket.area, **more)


TICKETS = EntryKind(
    name="ticket",
    label=N_("Tickets"),
    icon="ticket",
    permission=READ,
    template="machine_files/entries/ticket.html",
    sources=(
        _rows("ticket_opened", Ticket.opened_at),
        _rows("ticket_resolved", Ticket.resolved_at, is_counted=False),
        _rows("ticket_closed", Ticket.closed_at, is_counted=False),
    ),
    who=_opened_by,
    href=_href,
    tone=_tone,
)
PAST_WORK = EntryKind(
    name="past_work",
    label=N_("Past work"),
    icon="history",
    permission=READ,
    template="machine_files/entries/ticket.html",
    sources=(Rows(name="past_work", query=_past, at=Ticket.opened_at, id=Ticket.id, searched=_found, area=Ticket.area),),
    who=lambda ticket: (getattr(ticket, "past_work", None) and ticket.past_work.technician_name) or "",
    href=_href,
)
COMPLAINTS = EntryKind(
    name="complaint",
    label=N_("Complaints"),
    icon="alert-triangle",
    permission=READ,
    template="machine_files/entries/ticket.html",
    sources=(Rows(name="complaint", query=_complaints, at=Ticket.opened_at, id=Ticket.id, searched=_found, area=Ticket.area),),
    who=lambda ticket: "",
    href=_href,
    is_for_customers=lambda _ticket: False,
)
NOTES = EntryKind(
    name="note",
    label=N_("Notes"),
    icon="message",
    permission=READ,
    template="machine_files/entries/on_ticket.html",
    sources=(
        Rows(
            name="note",
            query=_on_ticket(TicketNote),
            at=TicketNote.at,
            id=TicketNote.id,
            searched=(TicketNote.text, Ticket.number, TicketNote.by_name),
            area=Ticket.area,
        ),
    ),
    href=_href_of_its,
    is_for_customers=lambda _note: False,
)
ATTACHMENTS = EntryKind(
    name="attachment",
    label=N_("Attachments"),
    icon="photo",
    permission=READ,
    template="machine_files/entries/on_ticket.html",
    sources=(
        Rows(
            name="attachment",
            query=_attachments,
            at=TicketAttachment.at,
            id=TicketAttachment.id,
            searched=(TicketAttachment.caption, StoredFile.name, Ticket.number, TicketAttachment.by_name),
            area=Ticket.area,
        ),
    ),
    href=_href_of_its,
    is_for_customers=lambda attachment: attachment.note_id is None,
    picture=lambda attachment: f"/tickets/{attachment.ticket.number}/attachments/{attachment.id}?preview=1",
)
URGINGS = EntryKind(
    name="urging",
    label=N_("Urgings"),
    icon="bell",
    permission=READ,
    template="machine_files/entries/on_ticket.html",
    sources=(
        Rows(
            name="urging",
            query=_on_ticket(TicketUrging),
            at=TicketUrging.at,
            id=TicketUrging.id,
            searched=(TicketUrging.text, Ticket.number, TicketUrging.by_name),
            area=Ticket.area,
        ),
    ),
    href=_href_of_its,
)
