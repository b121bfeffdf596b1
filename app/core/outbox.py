"""What is told to the outside: a row in the transaction of what it tells, sent by the worker (architecture §3, outside effects)."""

from datetime import datetime
from enum import StrEnum

from peewee import SQL, CharField, IntegerField, TextField

from app.core import clock, db
from app.core.db import BaseModel, InstantField, one_of


class Channel(StrEnum):
    """How a message leaves."""

    EMAIL = "email"
    WECOM = "wecom"


class OutboxMessage(BaseModel):
    """A message to be sent; ``about`` names the record it is about, ``key`` (if given) makes queueing it twice harmless."""

    channel = CharField(10, constraints=[one_of("channel", Channel)])
    recipient = CharField(200)
    subject = CharField(200, default="")
    body = TextField()
    about = CharField(80, default="", index=True)
    key = CharField(120, null=True, unique=True)
    created_at = InstantField()
    next_try_at = InstantField()
    tries = IntegerField(default=0)
    sent_at = InstantField(null=True)
    failed_at = InstantField(null=True)
    last_error = TextField(default="")


OutboxMessage.add_index(
    OutboxMessage.index(OutboxMessage.next_try_at, where=SQL("sent_at IS NULL AND failed_at IS NULL"), name="outbox_message_waiting")
)


def queue_email(*, to: str, subject: str, body: str, about: str = "", key: str | None = None, at: datetime | None = None) -> None:
    """Queue an e-mail in the running transaction; with a ``key`` that was used before nothing happens.

    Raises ``RuntimeError`` outside a transaction.
    """
    db.current()
    now = at or clock.now()
    OutboxMessage.insert(
        channel=Channel.EMAIL, recipient=to, subject=subject[:200], body=body, about=about, key=key, created_at=now, next_try_at=now
    ).on_conflict_ignore().execute()
