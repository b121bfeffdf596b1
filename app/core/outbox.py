"""What is told to the outside: a row in the transaction of what it tells, sent by the worker (architecture §3, outside effects)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from peewee import SQL, CharField, IntegerField, ModelSelect, TextField

from app.core import clock, db, history
from app.core.db import BaseModel, InstantField, one_of
from app.core.errors import N_, Conflict
from app.core.types import Actor

log = structlog.get_logger()


class Channel(StrEnum):
    """How a message leaves."""

    EMAIL = "email"
    WECOM = "wecom"


class OutboxState(StrEnum):
    """Where a message stands; follows from its columns."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


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

    @property
    def state(self) -> OutboxState:
        """Where it stands."""
        if self.sent_at:
            return OutboxState.SENT
        return OutboxState.FAILED if self.failed_at else OutboxState.WAITING


OutboxMessage.add_index(
    OutboxMessage.index(OutboxMessage.next_try_at, where=SQL("sent_at IS NULL AND failed_at IS NULL"), name="outbox_message_waiting")
)

_WAITS = OutboxMessage.sent_at.is_null() & OutboxMessage.failed_at.is_null()
# How long a worker may take for a message before another one tries it.
CLAIMED_FOR = timedelta(minutes=5)
# After the n-th try that went wrong; then it has failed.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480))


class Undeliverable(Exception):
    """The other side refused the message for good; the words say why."""


class Undelivered(Exception):
    """It did not work this time; the words say why."""


def queue_email(*, to: str, subject: str, body: str, about: str = "", key: str | None = None, at: datetime | None = None) -> None:
    """Queue an e-mail in the running transaction; with a ``key`` that was used before nothing happens.

    Raises ``RuntimeError`` outside a transaction.
    """
    db.current()
    now = at or clock.now()
    OutboxMessage.insert(
        channel=Channel.EMAIL, recipient=to, subject=subject[:200], body=body, about=about, key=key, created_at=now, next_try_at=now
    ).on_conflict_ignore().execute()


def due(channel: Channel, at: datetime, limit: int) -> list[OutboxMessage]:
    """What waits to be sent now, oldest try first."""
    query = OutboxMessage.select().where(_WAITS, OutboxMessage.channel == channel, OutboxMessage.next_try_at <= at)
    return list(query.order_by(OutboxMessage.next_try_at, OutboxMessage.id).limit(limit))


def attempt(message: OutboxMessage, send: Callable[[OutboxMessage], None], at: datetime) -> OutboxState | None:
    """Claim ``message``, ``send`` it outside of any transaction, and note what came of it; None when another worker has it.

    Killed between sending and noting, the message goes out again after ``CLAIMED_FOR``: better twice than never.
    """
    if not _claim(message, at):
        return None
    try:
        send(message)
    except Undeliverable as error:
        return _settle(message, failed_at=at, last_error=str(error))
    except Undelivered as error:
        return _put_off(message, at, str(error))
    except Exception as error:  # one message that breaks the program must not hold up those behind it
        log.exception("message_unsendable", message=message.id)
        return _put_off(message, at, f"{type(error).__name__}: {error}")
    return _settle(message, sent_at=at, last_error="")


def _claim(message: OutboxMessage, at: datetime) -> bool:
    is_mine = _WAITS & (OutboxMessage.id == message.id) & (OutboxMessage.next_try_at == message.next_try_at)
    with db.transaction():
        query = OutboxMessage.update(next_try_at=at + CLAIMED_FOR, tries=OutboxMessage.tries + 1).where(is_mine)
        is_claimed = query.execute() == 1
    message.tries += is_claimed
    return is_claimed


def _put_off(message: OutboxMessage, at: datetime, words: str) -> OutboxState:
    if message.tries > len(PAUSES):
        return _settle(message, failed_at=at, last_error=words)
    return _settle(message, next_try_at=at + PAUSES[message.tries - 1], last_error=words)


def _settle(message: OutboxMessage, **changes: object) -> OutboxState:
    with db.transaction():
        OutboxMessage.update(**changes).where(OutboxMessage.id == message.id).execute()
    for name, value in changes.items():
        setattr(message, name, value)
    return message.state


def retry(*, by: Actor, message: OutboxMessage, at: datetime) -> None:
    """Try a failed message anew. Raises ``Conflict`` when it has not failed; the caller checked that ``by`` may."""
    with db.transaction():
        anew = {"failed_at": None, "tries": 0, "next_try_at": at}
        has_failed = (OutboxMessage.id == message.id) & OutboxMessage.failed_at.is_null(False)
        if OutboxMessage.update(**anew).where(has_failed).execute() != 1:
            raise Conflict(N_("This message has not failed; it was sent or is being sent."))
        history.record(by, "outbox.retried", "outbox", message.id, after={"about": message.about})


def in_state(state: OutboxState | None) -> ModelSelect:
    """The messages in ``state``; all of them for None."""
    where = {OutboxState.WAITING: _WAITS, OutboxState.SENT: OutboxMessage.sent_at.is_null(False)}
    where[OutboxState.FAILED] = OutboxMessage.failed_at.is_null(False)
    return OutboxMessage.select() if state is None else OutboxMessage.select().where(where[state])
