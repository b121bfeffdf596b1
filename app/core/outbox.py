"""What is told to the outside: a row in the transaction of what it tells, sent by the worker (architecture §3, outside effects)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from peewee import SQL, CharField, IntegerField, ModelSelect, TextField

from app.core import clock, db, history
from app.core.db import BaseModel, InstantField, one_of
from app.core.errors import N_, Conflict
from app.core.prepared import Prepared
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

# Mentions of one message.
MENTIONS = 15
# What counts for a warning on every page.
LATELY, LOOKED_AT = timedelta(hours=1), 500


class Undeliverable(Exception):
    """The other side refused the message for good; the words say why."""


class Undelivered(Exception):
    """It did not work this time; the words say why."""


def queue_email(
    *,
    to: str,
    subject: str,
    body: str,
    about: str = "",
    key: str | None = None,
    at: datetime | None = None,
    send_at: datetime | None = None,
) -> None:
    """Queue an e-mail in the running transaction, for ``send_at`` if not for now; with a ``key`` that was used before nothing happens.

    Raises ``RuntimeError`` outside a transaction.
    """
    _queue(Channel.EMAIL, at or clock.now(), send_at, recipient=to, subject=subject[:200], body=body, about=about, key=key)


def queue_wecom(
    *,
    text: str,
    mobiles: Iterable[str] = (),
    about: str = "",
    key: str | None = None,
    at: datetime | None = None,
    send_at: datetime | None = None,
) -> None:
    """Queue a message to the group of the messenger robot that mentions ``mobiles`` (``MENTIONS`` at most), as ``queue_email`` does."""
    recipient = ",".join(mobiles)
    assert len(recipient) <= 200
    heading = text.partition("\n")[0][:200]
    _queue(Channel.WECOM, at or clock.now(), send_at, recipient=recipient, subject=heading, body=text, about=about, key=key)


def _queue(channel: Channel, at: datetime, send_at: datetime | None, **words: str | None) -> None:
    db.current()
    OutboxMessage.insert(channel=channel, created_at=at, next_try_at=send_at or at, **words).on_conflict_ignore().execute()


def due(channel: Channel, at: datetime, limit: int) -> list[OutboxMessage]:
    """What waits to be sent now, oldest try first."""
    query = OutboxMessage.select().where(_WAITS, OutboxMessage.channel == channel, OutboxMessage.next_try_at <= at)
    return list(query.order_by(OutboxMessage.next_try_at, OutboxMessage.id).limit(limit))


def due_in_order(channel: Channel, at: datetime, limit: int) -> list[OutboxMessage]:
    """What waits to be sent now, in the order in which it was queued; nothing while the channel rests after a try that went wrong."""
    waiting = OutboxMessage.select().where(_WAITS, OutboxMessage.channel == channel)
    went_wrong = (OutboxMessage.tries > 0) & (OutboxMessage.last_error != "")
    if waiting.where(went_wrong, OutboxMessage.next_try_at > at).exists():
        return []
    return list(waiting.where(OutboxMessage.next_try_at <= at).order_by(OutboxMessage.id).limit(limit))


def give_up(channel: Channel, before: datetime, words: str, at: datetime) -> int:
    """Mark as failed what should have gone out ``before`` and still waits; returns how much."""
    is_untried = (OutboxMessage.tries == 0) & (OutboxMessage.next_try_at < before)
    is_tried = (OutboxMessage.tries > 0) & (OutboxMessage.created_at < before)
    is_old = _WAITS & (OutboxMessage.channel == channel) & (is_untried | is_tried)
    if not OutboxMessage.select().where(is_old).exists():  # most of the time: no write transaction then
        return 0
    with db.transaction():
        return OutboxMessage.update(failed_at=at, last_error=words).where(is_old).execute()


def forget_unsent(*, before: datetime) -> int:
    """Delete what was written ``before`` and never tried, for a world whose past was made up just now; returns how much."""
    with db.transaction():
        is_unsent = _WAITS & (OutboxMessage.tries == 0) & (OutboxMessage.created_at < before) & (OutboxMessage.next_try_at < before)
        return OutboxMessage.delete().where(is_unsent).execute()


def usual_pause(tries: int, _error: Undelivered) -> timedelta | None:
    """How long to wait after the ``tries``-th try that went wrong; None: it has failed."""
    return PAUSES[tries - 1] if tries <= len(PAUSES) else None


def attempt(
    message: OutboxMessage,
    send: Callable[[OutboxMessage], None],
    at: datetime,
    pause: Callable[[int, Undelivered], timedelta | None] = usual_pause,
    count: Callable[[], None] | None = None,
) -> OutboxState | None:
    """Claim ``message``, ``send`` it outside of any transaction, and note what came of it; None when another worker has it.

    ``count`` runs with the claim, in its transaction: what it raises comes through, and nothing was claimed.
    Killed between sending and noting, the message goes out again after ``CLAIMED_FOR``: better twice than never.
    """
    if not _claim(message, at, count):
        return None
    try:
        send(message)
    except Undeliverable as error:
        return _settle(message, failed_at=at, last_error=str(error))
    except Undelivered as error:
        return _put_off(message, at, error, pause)
    except Exception as error:  # one message that breaks the program must not hold up those behind it
        log.exception("message_unsendable", message=message.id)
        return _put_off(message, at, Undelivered(f"{type(error).__name__}: {error}"), pause)
    return _settle(message, sent_at=at, last_error="")


def _claim(message: OutboxMessage, at: datetime, count: Callable[[], None] | None = None) -> bool:
    is_mine = _WAITS & (OutboxMessage.id == message.id) & (OutboxMessage.next_try_at == message.next_try_at)
    with db.transaction():
        query = OutboxMessage.update(next_try_at=at + CLAIMED_FOR, tries=OutboxMessage.tries + 1).where(is_mine)
        is_claimed = query.execute() == 1
        if is_claimed and count is not None:
            count()
    message.tries += is_claimed
    return is_claimed


def _put_off(
    message: OutboxMessage, at: datetime, error: Undelivered, pause: Callable[[int, Undelivered], timedelta | None]
) -> OutboxState:
    wait = pause(message.tries, error)
    if wait is None:
        return _settle(message, failed_at=at, last_error=str(error))
    return _settle(message, next_try_at=at + wait, last_error=str(error))


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


def in_state(state: OutboxState | None, channel: Channel | None = None) -> ModelSelect:
    """The messages in ``state`` of ``channel``; None is all of them."""
    where = {OutboxState.WAITING: _WAITS, OutboxState.SENT: OutboxMessage.sent_at.is_null(False)}
    where[OutboxState.FAILED] = OutboxMessage.failed_at.is_null(False)
    query = OutboxMessage.select() if state is None else OutboxMessage.select().where(where[state])
    return query if channel is None else query.where(OutboxMessage.channel == channel)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What does not go out: how many failed within the last hour, and whether the messenger takes nothing just now."""

    failed: int
    is_wecom_down: bool


_failed_lately = Prepared(
    lambda since, looked_at: OutboxMessage.select(OutboxMessage.id).where(
        OutboxMessage.id.in_(OutboxMessage.select(OutboxMessage.id).order_by(OutboxMessage.id.desc()).limit(looked_at)),
        OutboxMessage.failed_at >= since,
    )
)
_waits_after_trouble = Prepared(
    lambda: (
        OutboxMessage.select(OutboxMessage.id)
        .where(_WAITS, OutboxMessage.channel == Channel.WECOM, OutboxMessage.tries > 0, OutboxMessage.last_error != "")
        .limit(1)
    )
)


def trouble(at: datetime) -> Trouble:
    """What went wrong lately among the last ``LOOKED_AT`` messages; cheap enough for every page."""
    return Trouble(len(_failed_lately.rows(clock.to_ms(at - LATELY), LOOKED_AT)), bool(_waits_after_trouble.rows()))
