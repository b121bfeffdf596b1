"""One batch of the feed, stored in one transaction (monitoring §2, intake).

Small and constant: no business rule runs here. Every object that came is counted once as stored,
duplicate, rejected or quarantined.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import chain

import msgspec
from peewee import EXCLUDED, IntegrityError

from app.core import bulk, clock, db, live
from app.core.crash_points import crash_point
from app.core.prepared import PreparedWrite
from app.monitoring.intake.leases import Lease, prove
from app.monitoring.intake.terminals import TerminalFacts, load_terminals, save_terminals
from app.monitoring.intake.tracking import Boot, Tracking, known_ranges
from app.monitoring.messages import MAX_PAYLOAD, Fault, Message, Reason, Rejected, State, Telemetry, Usable, digest
from app.monitoring.models import (
    FeedCounter,
    FeedPosition,
    InboxKind,
    InboxMessage,
    MessageKey,
    QuarantinedMessage,
    Reading,
    RejectedMessage,
)
from app.monitoring.sequences import Run

_READING = ("position", "terminal", "at", "received_at", "metrics")
_INBOX = (
    "position", "terminal", "kind", "at", "received_at", "has_device_time", "is_retained", "boot", "seq", "code", "is_active", "payload",
)  # fmt: skip
_REJECTED = ("topic", "device", "payload", "size", "sha256", "reason", "detail", "received_at")


@dataclass(slots=True)
class Outcome:
    """What became of a batch, in objects; ``boots`` are the (device, boot) pairs that want a receipt, ``births`` those just born.

    ``has_events``: faults or states were stored, which evaluation should hear of at once.
    """

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    quarantined: int = 0
    has_events: bool = False
    boots: set[tuple[str, str]] = field(default_factory=set)
    births: set[tuple[str, str]] = field(default_factory=set)

    def add(self, other: "Outcome") -> None:
        """Take in what became of another batch."""
        for name, number in other.counts().items():
            setattr(self, name, getattr(self, name) + number)
        self.has_events |= other.has_events
        self.boots |= other.boots
        self.births |= other.births

    def counts(self) -> dict[str, int]:
        """The counters by name."""
        return {name: getattr(self, name) for name in ("received", "stored", "duplicates", "rejected", "quarantined")}


def store(batch: Sequence[Message], *, lease: Lease | None = None, is_calm: bool = False, at_ms: int | None = None) -> Outcome:
    """Store ``batch`` in one transaction; when this returns it is on disk.

    ``is_calm`` says that nothing had waited on the way (see ``TerminalFacts.note``). Raises ``LeaseLost`` when
    ``lease`` is no longer the holder's and ``Unavailable`` when the database does not answer: nothing was stored.
    """
    crash_point("before_insert")
    try:
        return _store(batch, lease, is_calm, at_ms)
    except IntegrityError:
        if db.is_sqlite():
            raise
        return _store(batch, lease, is_calm, at_ms)  # another intake has just stored one of these: now it is known as a duplicate


def _store(batch: Sequence[Message], lease: Lease | None, is_calm: bool, at_ms: int | None) -> Outcome:
    with db.transaction():
        now_ms = clock.now_ms() if at_ms is None else at_ms
        if lease is not None:
            prove(lease, now_ms)
        sorting = _Sorting(batch, now_ms, is_calm)
        sorting.sort()
        sorting.write()
        crash_point("before_commit")
    crash_point("after_commit")
    return sorting.outcome


class _Sorting:
    """Decides for each message of a batch what becomes of it, then writes all of it."""

    def __init__(self, batch: Sequence[Message], now_ms: int, is_calm: bool) -> None:
        self.batch = batch
        self.now_ms = now_ms
        self.is_calm = is_calm
        self.outcome = Outcome(received=len(batch))
        self.terminals = load_terminals(_devices(batch), now_ms)
        self.keys = {bytes(key): bytes(content) for key, content in _known_keys(batch)}
        self.tracking = Tracking(known_ranges(self._spans()), now_ms)
        self.new_keys: list[tuple[bytes, bytes, int]] = []
        self.stored: list[tuple[Usable, TerminalFacts, int, bool]] = []
        self.quarantined: list[tuple[str, str, bytes, bytes, int]] = []
        self.rejected: list[tuple] = []

    def _spans(self) -> dict[Boot, Run]:
        spans: dict[Boot, Run] = {}
        for message in self.batch:
            if message.device is not None and message.seq is not None and message.boot is not None:
                boot = (self.terminals[message.device].id, message.boot)
                span = spans.get(boot)
                spans[boot] = Run(min(span[0], message.seq), max(span[1], message.seq)) if span else Run(message.seq, message.seq)
        return spans

    def sort(self) -> None:
        """Go through the batch in the order it came."""
        for message in self.batch:
            if self._is_news(message):
                if isinstance(message, Rejected):
                    self._reject(message)
                else:
                    self._take(message)

    def _is_news(self, message: Message) -> bool:
        """Whether ``message`` is neither a duplicate nor in conflict with what came first under its key; counts it if so."""
        key = message.key
        if key is None:
            return True
        if message.device is not None and message.boot is not None and message.seq is not None:
            self.outcome.boots.add((message.device, message.boot))
        elif isinstance(message, Rejected) and not message.is_redelivered:  # the same poison may well be sent twice
            if key not in self.keys:
                self._remember(key, message)
            return True
        before = self.keys.get(key)
        if before is None and not self._was_purged(message):
            self._remember(key, message)
            return True
        if before is None or before == message.content:
            self.outcome.duplicates += 1
        else:
            self._conflict(message)
        return False

    def _was_purged(self, message: Message) -> bool:
        if message.device is None or message.boot is None or message.seq is None:
            return False
        known = self.tracking.known.get((self.terminals[message.device].id, message.boot))
        return known is not None and known.has(message.seq)

    def _remember(self, key: bytes, message: Message) -> None:
        self.keys[key] = message.content
        self.new_keys.append((key, message.content, message.received_ms))
        if message.device is not None and message.seq is not None and message.boot is not None:
            self.tracking.add((self.terminals[message.device].id, message.boot), message.seq)

    def _take(self, message: Usable) -> None:
        terminal = self.terminals[message.device]
        self.tracking.quiet_since.setdefault(terminal.id, terminal.last_received_ms)
        at_ms, has_device_time = terminal.note(message, self.is_calm)
        if isinstance(message, State) and message.boot is not None and message.is_online:
            self._take_birth(message, (terminal.id, message.boot))
        if terminal.speaks_for_a_machine(at_ms):
            self.stored.append((message, terminal, at_ms, has_device_time))
            if not isinstance(message, Telemetry):
                self.outcome.has_events = True
        else:
            self._quarantine(message)

    def _take_birth(self, birth: State, boot: Boot) -> None:
        self.outcome.births.add((birth.device, boot[1]))
        if birth.lost_below is not None:
            self.tracking.lost_below[boot] = birth.lost_below

    def _quarantine(self, message: Usable) -> None:
        payload = msgspec.json.encode(message)
        key = message.key or digest(payload)
        self.quarantined.append((message.device, message.topic, payload, key, message.received_ms))

    def _reject(self, message: Rejected) -> None:
        self.outcome.rejected += 1
        self.rejected.append(
            (
                message.topic,
                message.device,
                message.payload,
                message.size,
                message.sha256,
                message.reason,
                message.detail,
                message.received_ms,
            )
        )

    def _conflict(self, message: Message) -> None:
        if isinstance(message, Rejected):
            self._reject(message)
            return
        self.outcome.rejected += 1
        payload = _words(message)
        self.rejected.append(
            (message.topic, message.device, payload[:MAX_PAYLOAD], len(payload), sha256(payload).digest(), Reason.KEY_CONFLICT, "",
             message.received_ms)
        )  # fmt: skip

    def write(self) -> None:
        """Write everything, in an order that is the same for all writers."""
        bulk.insert(MessageKey, ("key", "content", "received_at"), sorted(self.new_keys))
        self._write_quarantined()
        write_stored(self.stored)
        self.outcome.stored += len(self.stored)
        bulk.insert(RejectedMessage, _REJECTED, self.rejected)
        self.tracking.write()
        save_terminals(self.terminals.values())
        count(self.outcome.counts())
        if self.rejected or self.quarantined:
            live.touch("feed")

    def _write_quarantined(self) -> None:
        if not self.quarantined:
            return
        keys = [row[3] for row in self.quarantined]
        known = {bytes(key) for (key,) in bulk.lookup(QuarantinedMessage, ("key",), "key", keys)}
        fresh = {row[3]: row for row in self.quarantined if row[3] not in known}
        bulk.insert(QuarantinedMessage, ("device", "topic", "payload", "key", "received_at"), list(fresh.values()))
        self.outcome.quarantined += len(fresh)
        self.outcome.duplicates += len(self.quarantined) - len(fresh)


def write_stored(messages: Sequence[tuple[Usable, TerminalFacts, int, bool]]) -> None:
    """Append messages (with terminal, time and whose time it is) to inbox and readings, in this order of positions."""
    if not messages:
        return
    readings, inbox = [], []
    for position, (message, terminal, at_ms, has_device_time) in enumerate(messages, _take_positions(len(messages))):
        if isinstance(message, Telemetry):
            readings.append((position, terminal.id, at_ms, message.received_ms, message.metrics))
        else:
            inbox.append(_inbox_row(position, terminal.id, at_ms, has_device_time, message))
    bulk.insert(Reading, _READING, readings)
    bulk.insert(InboxMessage, _INBOX, inbox)


def _inbox_row(position: int, terminal_id: int, at_ms: int, has_device_time: bool, message: Fault | State) -> tuple:
    kind, code, is_active = (
        (InboxKind.FAULT, message.code, message.is_active) if isinstance(message, Fault) else (InboxKind.STATE, None, None)
    )
    return (
        position, terminal_id, kind, at_ms, message.received_ms, has_device_time, message.is_retained, message.boot, message.seq, code,
        is_active, message.payload,
    )  # fmt: skip


def _take_positions(count: int) -> int:
    """The first of ``count`` positions; the row stays locked until commit, so that positions become visible in order."""
    after = _move_position.value(count)
    if after is None:  # the first message ever
        FeedPosition.insert(name="inbox", value=1).on_conflict_ignore().execute()
        after = _move_position.value(count)
    return int(after) - count


_move_position = PreparedWrite(
    lambda count: FeedPosition.update(value=FeedPosition.value + count).where(FeedPosition.name == "inbox").returning(FeedPosition.value)
)


def count(counts: dict[str, int]) -> None:
    """Add to the counters of the feed, in the running transaction."""
    more = [(name, number) for name, number in sorted(counts.items()) if number]  # in one order for all writers
    if more:
        _add(len(more)).count(*chain.from_iterable(more))


@cache
def _add(count: int) -> PreparedWrite:
    return PreparedWrite(
        lambda *values: (
            FeedCounter.insert_many([{"name": name, "value": number} for name, number in zip(values[::2], values[1::2], strict=True)])
            .on_conflict(conflict_target=[FeedCounter.name], update={FeedCounter.value: FeedCounter.value + EXCLUDED.value})
            .as_rowcount()
        ),
        2 * count,
    )


def as_unstorable(message: Message, detail: str) -> Rejected:
    """What is kept of a message that the database itself refused."""
    words = message.payload if isinstance(message, Rejected) else _words(message)
    return Rejected(
        topic=message.topic, received_ms=message.received_ms, key=message.key, content=message.content, boot=message.boot, seq=message.seq,
        device=message.device, payload=words[:MAX_PAYLOAD], size=len(words), sha256=sha256(words).digest(), reason=Reason.UNSTORABLE,
        detail=detail[:500].replace("\0", ""),
    )  # fmt: skip


def _devices(batch: Sequence[Message]) -> set[str]:
    return {
        message.device for message in batch if message.device is not None and (not isinstance(message, Rejected) or message.seq is not None)
    }


def _known_keys(batch: Sequence[Message]) -> list:
    return bulk.lookup(MessageKey, ("key", "content"), "key", [message.key for message in batch if message.key is not None])


def _words(message: Usable) -> bytes:
    return (message.metrics if isinstance(message, Telemetry) else message.payload).encode()
