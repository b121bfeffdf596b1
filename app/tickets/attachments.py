"""Photos, films and documents on tickets: handed in, named, taken away and brought back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core import clock, db, files, submissions
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.files import Incoming, StoredFile
from app.core.prepared import Prepared
from app.core.types import Actor
from app.tickets import operations
from app.tickets.models import Ticket, TicketAttachment, TicketNote
from app.tickets.writing import record

MAX_CAPTION = 200
MOST_ON_A_TICKET = 500


@dataclass(frozen=True, slots=True)
class Attached:
    """What one sending brought: the note, when words came along, and the attachments."""

    note: TicketNote | None
    attachments: tuple[TicketAttachment, ...]


def attach(
    *,
    by: Actor,
    ticket: Ticket,
    incoming: Sequence[Incoming],
    text: str = "",
    note: TicketNote | None = None,
    form_token: str | None = None,
    at: datetime | None = None,
) -> Attached:
    """Put files on a ticket, in any state; ``text`` becomes a note that they belong to, unless they belong to ``note`` already.

    A form sent again (``form_token``) changes nothing. Raises ``Invalid`` when there is neither a file nor a word.
    """
    by.require("tickets.note")
    if not incoming and not text.strip():
        raise Invalid(
            N_("There is nothing to send yet."), fields={"files": N_("Choose a photo, a film or a document, or write something.")}
        )
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Attached(None, ())
        if _count(ticket) + len(incoming) > MOST_ON_A_TICKET:
            raise Invalid(N_("A ticket holds at most %(most)d files. Hand further ones into the machine's file."), most=MOST_ON_A_TICKET)
        if text.strip():
            note = operations.add_note(by=by, ticket=ticket, text=text, at=now)
        made = tuple(_write(by, ticket, note, one, now) for one in incoming)
        if form_token:
            submissions.settle(form_token, ticket.id)
        if made:
            names = [one.file.name for one in made]
            record(by, "attached", ticket, after={"files": names, "note": note.id if note else None})
    return Attached(note, made)


def _count(ticket: Ticket) -> int:
    return TicketAttachment.select().where(TicketAttachment.ticket == ticket).count()


def _write(by: Actor, ticket: Ticket, note: TicketNote | None, incoming: Incoming, at: datetime) -> TicketAttachment:
    file = files.keep(by=by, incoming=incoming, at=at)
    return TicketAttachment.create(ticket=ticket, file=file, note=note, at=at, by=by.user_id, by_name=by.name[:60])


def describe(*, by: Actor, attachment: TicketAttachment, caption: str) -> None:
    """Say in a few words what the attachment shows. Raises ``Invalid`` for more than ``MAX_CAPTION`` characters."""
    by.require("tickets.note")
    words = " ".join(caption.split())
    if len(words) > MAX_CAPTION:
        raise Invalid(N_("At most %(most)d characters, please."), most=MAX_CAPTION)
    if words == attachment.caption:
        return
    with db.transaction():
        TicketAttachment.update(caption=words).where(TicketAttachment.id == attachment.id).execute()
        shown = {"attachment": attachment.id}
        record(by, "described", attachment.ticket, before=shown | {"caption": attachment.caption}, after=shown | {"caption": words})
    attachment.caption = words


def remove(*, by: Actor, attachment: TicketAttachment, at: datetime | None = None) -> None:
    """Take an attachment off its ticket; ``restore`` brings it back. Raises ``Conflict`` when it is gone already."""
    by.require("tickets.note")
    _change(by, attachment, "removed", removed_at=at or clock.now(), removed_by_name=by.name[:60])


def restore(*, by: Actor, attachment: TicketAttachment) -> None:
    """Bring a removed attachment back. Raises ``Conflict`` when it is there already."""
    by.require("tickets.note")
    _change(by, attachment, "restored", removed_at=None, removed_by_name="")


def _change(by: Actor, attachment: TicketAttachment, verb: str, *, removed_at: datetime | None, removed_by_name: str) -> None:
    with db.transaction():
        is_as_expected = TicketAttachment.removed_at.is_null(removed_at is not None)
        query = TicketAttachment.update(removed_at=removed_at, removed_by_name=removed_by_name)
        if not query.where(TicketAttachment.id == attachment.id, is_as_expected).execute():
            raise Conflict(N_("Somebody else has done that already. The page now shows what is there."))
        record(by, f"attachment_{verb}", attachment.ticket, after={"attachment": attachment.id, "file": attachment.file.name})
    attachment.removed_at, attachment.removed_by_name = removed_at, removed_by_name


_of_ticket = Prepared(
    lambda ticket_id: (
        TicketAttachment.select(TicketAttachment, StoredFile)
        .join(StoredFile)
        .where(TicketAttachment.ticket == ticket_id)
        .order_by(TicketAttachment.id)
    )
)


def of_ticket(ticket: Ticket, *, removed: bool = False) -> list[TicketAttachment]:
    """The attachments of ``ticket`` with their files, oldest first; those that were taken off instead with ``removed``."""
    return [one for one in _of_ticket.rows(ticket.id) if (one.removed_at is not None) == removed]


def one_of(ticket: Ticket, attachment_id: int) -> TicketAttachment:
    """One attachment of ``ticket``, removed or not, with its file. Raises ``NotFound`` for another ticket's."""
    for one in _of_ticket.rows(ticket.id):
        if one.id == attachment_id:
            one.ticket = ticket
            return one
    raise NotFound(N_("This ticket has no such file."))
