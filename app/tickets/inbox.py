"""The centre's inbox: each mail is taken in once, with its files, and becomes a ticket, a note, or is put aside."""

import io
from datetime import datetime
from typing import Any

import structlog
from peewee import JOIN, ModelSelect

from app.core import clock, db, files, history, imap, live
from app.core.errors import N_, Conflict, Invalid, NotFound, Unavailable
from app.core.spoken import say
from app.core.types import Actor, system
from app.tickets import mail_reading, operations
from app.tickets.models import InboundMail, InboundMailFile, MailState, Ticket, TicketAttachment

log = structlog.get_logger()

ROUND_MAILS = 20
# The live version that every change of the inbox moves.
LIVE = "mail"
TOO_LARGE = N_("The mail is larger than %(megabytes)d MB; only its headers were read. It is still in the mailbox.")
MAILBOX = system("mailbox")


def poll(url: str | None, at: datetime) -> str:
    """Take in what is new in the mailbox and say in a few words what came; nothing when there was nothing.

    A mail that cannot be read at all is logged and left unseen; the others come in all the same.
    """
    if url is None:
        return ""
    taken = failed = 0
    try:
        with imap.mailbox(url) as mailbox:
            for raw in mailbox.unseen(ROUND_MAILS):
                try:
                    taken += take_in(raw, at) is not None
                except Unavailable:
                    raise
                except Exception:
                    failed += 1
                    log.exception("mail_unreadable", uid=raw.uid.decode(errors="replace"))
                    continue
                mailbox.mark_seen(raw)
    except imap.MailboxUnavailable as error:
        log.warning("mailbox_unavailable", error=str(error))
        return f"mailbox unavailable, {taken} taken in"
    return f"{taken} taken in" + (f", {failed} unreadable" if failed else "") if taken or failed else ""


def take_in(raw: imap.RawMail, at: datetime) -> InboundMail | None:
    """Keep one mail; None when it was taken in before. Files that are refused are named with the reason."""
    mail = mail_reading.read(raw.content)
    if InboundMail.select().where(InboundMail.message_id == mail.message_id).exists():
        return None
    kept = [_file_of(file) for file in mail.files]
    with db.transaction():
        row: dict[str, Any] = {"message_id": mail.message_id, "from_name": mail.from_name, "from_address": mail.from_address}
        words = mail.text if raw.is_whole else say(None, TOO_LARGE, megabytes=imap.LARGEST >> 20)
        row |= {"subject": mail.subject, "text": words, "received_at": at, "state": MailState.NEW}
        if not InboundMail.insert(**row).on_conflict_ignore().as_rowcount().execute():
            return None  # another worker was quicker
        found = InboundMail.get(InboundMail.message_id == mail.message_id)
        for name, incoming, problem in kept:
            file = files.keep(by=MAILBOX, incoming=incoming, at=at) if incoming else None
            InboundMailFile.create(mail=found, file=file, name=name, problem=problem)
        history.record(MAILBOX, "mail.received", "mail", found.id, after={"files": len(kept)}, personal={"from": mail.from_address or "-"})
        live.touch(LIVE)
    return found


def _file_of(file: mail_reading.MailFile) -> tuple[str, files.Incoming | None, str]:
    name = files.shown_name(file.name)
    try:
        return name, files.take_in(name=file.name, stream=io.BytesIO(file.content)), ""
    except Invalid as error:
        return name, None, say(None, error.message, **error.params)[:200]


def listed(state: MailState | None, q: str = "") -> ModelSelect:
    """The mails in ``state`` (all for None) whose sender, subject or words hold ``q``, each with its ticket."""
    query = InboundMail.select(InboundMail, Ticket).join(Ticket, JOIN.LEFT_OUTER)
    if state is not None:
        query = query.where(InboundMail.state == state)
    if q:
        query = query.where(
            InboundMail.subject.contains(q) | InboundMail.from_name.contains(q) | InboundMail.from_address.contains(q)
            | InboundMail.text.contains(q)
        )  # fmt: skip
    return query


def waiting() -> int:
    """How many mails nobody has handled."""
    return InboundMail.select().where(InboundMail.state == MailState.NEW).count()


def by_id(mail_id: int) -> InboundMail:
    """One mail. Raises ``NotFound``."""
    mail = InboundMail.get_or_none(InboundMail.id == mail_id)
    if mail is None:
        raise NotFound(N_("There is no such mail."))
    return mail


def settle(*, by: Actor, mail: InboundMail, ticket: Ticket, at: datetime | None = None) -> None:
    """The mail became ``ticket``, whose opening is the running transaction or was before it; its files hang on the ticket then.

    Raises ``Conflict`` when somebody else has handled the mail.
    """
    by.require("mail.read")
    handled_at = at or clock.now()
    with db.transaction():
        _handle(by, mail, MailState.TICKETED, handled_at, ticket=ticket)
        _hand_over_files(by, mail, ticket, handled_at)


def add_to_ticket(*, by: Actor, mail: InboundMail, ticket: Ticket, at: datetime | None = None) -> None:
    """The mail belongs to ``ticket``: its words are a note there, its files hang on it. Raises ``Conflict``."""
    by.require("mail.read")
    handled_at = at or clock.now()
    with db.transaction():
        _handle(by, mail, MailState.TICKETED, handled_at, ticket=ticket)
        sender = f"{mail.from_name} <{mail.from_address}>" if mail.from_name else mail.from_address
        words = "\n".join(part for part in (sender, mail.subject, "", mail.text) if part or part == "")
        operations.add_note(by=by, ticket=ticket, text=words.strip(), at=handled_at)
        _hand_over_files(by, mail, ticket, handled_at)


def dismiss(*, by: Actor, mail: InboundMail, at: datetime | None = None) -> None:
    """Put the mail aside. Raises ``Conflict``."""
    by.require("mail.read")
    with db.transaction():
        _handle(by, mail, MailState.DISMISSED, at or clock.now())


def take_back(*, by: Actor, mail: InboundMail) -> None:
    """A mail that was put aside waits again. Raises ``Conflict`` when it is not aside."""
    by.require("mail.read")
    with db.transaction():
        is_aside = (InboundMail.id == mail.id) & (InboundMail.state == MailState.DISMISSED)
        anew = {"state": MailState.NEW, "handled_at": None, "handled_by_name": ""}
        if InboundMail.update(**anew).where(is_aside).execute() != 1:
            raise Conflict(N_("This mail is not put aside."))
        _record(by, "mail.taken_back", mail, {})


def _handle(by: Actor, mail: InboundMail, state: MailState, at: datetime, ticket: Ticket | None = None) -> None:
    is_new = (InboundMail.id == mail.id) & (InboundMail.state == MailState.NEW)
    changes = {"state": state, "ticket": ticket, "handled_at": at, "handled_by_name": by.name}
    if InboundMail.update(**changes).where(is_new).execute() != 1:
        present = by_id(mail.id)
        raise Conflict(N_("%(name)s has handled this mail already."), name=present.handled_by_name)
    _record(by, f"mail.{state}", mail, {"ticket": ticket.number} if ticket else {})


def _hand_over_files(by: Actor, mail: InboundMail, ticket: Ticket, at: datetime) -> None:
    for row in mail.files.where(InboundMailFile.file.is_null(False)):
        TicketAttachment.create(ticket=ticket, file=row.file_id, at=at, by=by.user_id, by_name=by.name)
    live.touch("tickets")


def _record(by: Actor, action: str, mail: InboundMail, after: dict[str, str]) -> None:
    history.record(by, action, "mail", mail.id, after=after)
    live.touch(LIVE)
