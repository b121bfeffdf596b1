"""Notices to many customers at once (5-04): one e-mail per address, sent by the outbox, never twice, and with a way out for each reader."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from peewee import ModelSelect, Table, fn

from app.core import bulk, clock, db, history, known_settings, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.known_settings import Group, KnownSetting, SettingKind, register
from app.core.outbox import Channel, OutboxMessage
from app.core.types import Actor
from app.customers import queries
from app.customers.models import BroadcastMessage, Contact, Customer, CustomerKind

SEND = "broadcasts.send"
MAX_SUBJECT, MAX_TEXT = 200, 4_000
WAY_OUT = register(
    KnownSetting(
        "broadcast_way_out", N_("How to receive no more broadcasts"), "如不希望再收到此类通知，请直接回复本邮件说明，我们将不再发送。",
        SettingKind.LINES, Group.MAIL, most=500, hint=N_("Stands below every broadcast."),
        problem=lambda given: None if given.strip() else N_("Every broadcast must say how to receive no more."),
    )
)  # fmt: skip

# The register of machines stands above this package; only these columns of it matter here.
_machine = Table("machine", ("id", "customer_id", "model_id", "retired_on"))


@dataclass(frozen=True, slots=True)
class Audience:
    """Which customers are meant; empty values do not narrow. ``model``: those with a machine of it in service."""

    area: int | None = None
    kind: str = ""
    model: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is sent to whom."""

    subject: str
    text: str
    audience: Audience


def recipients(actor: Actor, audience: Audience) -> list[Contact]:
    """The contacts that the notice goes to, with their customers: each address once, nobody who wants no broadcasts."""
    query = _contacts(actor, audience).where((Contact.email != "") & ~Contact.takes_no_broadcasts)
    found: dict[str, Contact] = {}
    for contact in query.order_by(Customer.name, Contact.id):
        found.setdefault(contact.email.lower(), contact)
    refused = {contact.email.lower() for contact in Contact.select(Contact.email).where(Contact.takes_no_broadcasts)}
    return [contact for address, contact in found.items() if address not in refused]


def without_address(actor: Actor, audience: Audience) -> int:
    """How many of the meant customers have no contact that the notice can go to."""
    reached = {contact.customer_id for contact in recipients(actor, audience)}
    return len({key for (key,) in _customers(actor, audience).select(Customer.id).tuples()} - reached)


def _contacts(actor: Actor, audience: Audience) -> ModelSelect:
    meant = _customers(actor, audience).select(Customer.id)
    return Contact.select(Contact, Customer).join(Customer).where(Contact.customer.in_(meant))


def _customers(actor: Actor, audience: Audience) -> ModelSelect:
    query = queries.visible(actor)
    if audience.area is not None:
        query = query.where(Customer.area == audience.area)
    if audience.kind:
        query = query.where(Customer.kind == audience.kind)
    if audience.model is not None:
        with_model = _machine.select(_machine.customer_id).where((_machine.model_id == audience.model) & _machine.retired_on.is_null())
        query = query.where(Customer.id.in_(with_model.where(_machine.customer_id.is_null(False))))
    return query


def seal(found: Sequence[Contact]) -> str:
    """A short text that changes with the list of recipients: who confirms it has seen this list."""
    return sha256("\n".join(f"{contact.id} {contact.email}" for contact in found).encode()).hexdigest()[:24]


def problems(notice: Notice) -> dict[str, str]:
    """What is wrong with ``notice``, beside which field."""
    wrong, subject, text = {}, notice.subject.strip(), notice.text.strip()
    if not 1 <= len(subject) <= MAX_SUBJECT or "\n" in subject or "\r" in subject:
        wrong["subject"] = N_("Please give a subject of one line, at most 200 characters.")
    if not 1 <= len(text) <= MAX_TEXT:
        wrong["text"] = N_("Please write the text, at most 4,000 characters.")
    if notice.audience.kind and notice.audience.kind not in list(CustomerKind):
        wrong["kind"] = N_("The list cannot be filtered that way.")
    return wrong


def send_broadcast(*, by: Actor, notice: Notice, seen: str, form_token: str, at: datetime | None = None) -> BroadcastMessage:
    """Queue one e-mail for each recipient. The same form sent again answers with the broadcast of the first sending.

    Raises ``Invalid`` with the words beside each field or when nobody would get it, ``Conflict`` when the recipients are no longer
    those that were ``seen``, ``NotAllowed``.
    """
    by.require(SEND)
    wrong = problems(notice)
    if wrong:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=wrong)
    with db.transaction():
        if not submissions.claim(form_token):
            return BroadcastMessage.get_by_id(int(submissions.result_of(form_token)))
        found, now = recipients(by, notice.audience), at or clock.now()
        if not found:
            raise Invalid(N_("Nobody would get this: no contact of these customers has an e-mail address."))
        if seal(found) != seen:
            raise Conflict(N_("The list of recipients has changed meanwhile. Look at it again, then send."))
        sent = BroadcastMessage.create(
            subject=notice.subject.strip(),
            text=notice.text.strip(),
            filters=json.dumps(asdict(notice.audience)),
            recipients=len(found),
            sent_at=now,
            by_name=by.name,
        )
        _queue(sent, found, now)
        submissions.settle(form_token, sent.id)
        history.record(by, "broadcast.sent", "broadcast", sent.id, after={"subject": sent.subject, "recipients": len(found)})
        live.touch("broadcasts")
    return sent


def about(broadcast_id: int) -> str:
    """What the outbox calls the e-mails of a broadcast."""
    return f"broadcast:{broadcast_id}"


def _queue(sent: BroadcastMessage, found: Sequence[Contact], now: datetime) -> None:
    body = known_settings.signed(f"{sent.text}\n\n{WAY_OUT.value()}")
    at_ms, name = clock.to_ms(now), about(sent.id)
    columns = ("channel", "recipient", "subject", "body", "about", "key", "created_at", "next_try_at", "tries", "last_error")
    rows = [(str(Channel.EMAIL), contact.email, sent.subject, body, name, f"{name}:{contact.id}", at_ms, at_ms, 0, "") for contact in found]
    bulk.insert(OutboxMessage, columns, rows)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the sending of a broadcast is."""

    sent: int
    failed: int
    waiting: int


def progress(ids: Sequence[int]) -> dict[int, Progress]:
    """How far each of these broadcasts is; one query."""
    names = {about(key): key for key in ids}
    query = (
        OutboxMessage.select(
            OutboxMessage.about, fn.COUNT(OutboxMessage.id), fn.COUNT(OutboxMessage.sent_at), fn.COUNT(OutboxMessage.failed_at)
        )
        .where(OutboxMessage.about.in_(list(names)))
        .group_by(OutboxMessage.about)
    )
    found = dict.fromkeys(ids, Progress(0, 0, 0))
    for name, total, sent, failed in query.tuples():
        found[names[name]] = Progress(sent, failed, total - sent - failed)
    return found
