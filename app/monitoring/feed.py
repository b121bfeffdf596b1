"""The health of the feed: subscriber, terminals, what was refused or waits, gaps, clocks, figures (monitoring §2)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import JOIN, ModelSelect, fn

from app.core import clock
from app.core.errors import N_, NotFound
from app.core.paging import Order, capped_count, page_of
from app.core.prepared import Prepared
from app.core.types import Page
from app.machines.models import Machine
from app.monitoring.alarm_machine.state import STANDING
from app.monitoring.models import (
    Alarm,
    ClockStep,
    DeviceCredential,
    Episode,
    FeedCounter,
    FeedStatus,
    Gap,
    QuarantinedMessage,
    RejectedMessage,
    Terminal,
)
from app.tickets.models import Ticket

HEARTBEAT_STALE = timedelta(seconds=15)
COUNTERS = ("received", "stored", "duplicates", "rejected", "quarantined")
MAX_ROWS = 100
PREVIEW_BYTES = 2_048
_BYTES_A_LINE = 16


@dataclass(frozen=True, slots=True)
class Health:
    """The subscriber as its heartbeat shows it; ``status`` is None when none was ever started here."""

    status: FeedStatus | None
    is_alive: bool

    @property
    def is_receiving(self) -> bool:
        """Whether messages can come in now."""
        return self.status is not None and self.is_alive and self.status.is_connected


def health(at: datetime | None = None) -> Health:
    """The subscriber that works: the connected one, else the one heard of last."""
    now = at or clock.now()
    rows = _last_heard_of.rows()
    alive = [row for row in rows if now - row.heartbeat_at <= HEARTBEAT_STALE]
    best = next((row for row in alive if row.is_connected), next(iter(alive or rows), None))
    return Health(best, best in alive)


_last_heard_of = Prepared(lambda: FeedStatus.select().order_by(FeedStatus.heartbeat_at.desc()).limit(10))


def counts() -> dict[str, int]:
    """What the feed has counted since the first message, and what stands open now."""
    counters = dict(FeedCounter.select(FeedCounter.name, FeedCounter.value).tuples())
    return {
        **{name: counters.get(name, 0) for name in COUNTERS},
        "episodes": Episode.select().count(),
        "open_alarms": Alarm.select().where(Alarm.condition.in_(list(STANDING))).count(),
        "open_tickets": Ticket.select().where(Ticket.is_open).count(),
    }


def stats() -> dict[str, int | str | None]:
    """The figures of ``flask monitoring stats`` (interfaces.md)."""
    last = Terminal.select(fn.MAX(Terminal.last_received_at)).scalar()
    status = health().status
    return {
        **counts(),
        "last_message_at": _instant(last).isoformat() if last is not None else None,
        "delivery": status.delivery if status else None,
    }


def _instant(value: int | datetime) -> datetime:
    return value if isinstance(value, datetime) else clock.from_ms(value)


_CONDITIONS = {
    "silent": Terminal.is_silent,
    "offline": ~Terminal.is_online,
    "clock": ~Terminal.is_clock_trusted,
    "noisy": Terminal.is_noisy,
}
TERMINAL_ORDER = Order((Terminal.last_received_at, Terminal.id), (True, True))


@dataclass(frozen=True, slots=True)
class TerminalRow:
    """A terminal and the machine behind it, if there is one."""

    device: str
    serial: str | None
    last_received_at: datetime
    last_seen_at: datetime | None
    is_online: bool | None
    boot: str | None
    firmware: str | None
    skew_ms: int | None
    is_clock_trusted: bool
    is_noisy: bool
    is_silent: bool
    silent_since: datetime | None


def terminals(*, q: str = "", only: str = "", after: str | None = None, before: str | None = None) -> Page[TerminalRow]:
    """Terminals by their last message, newest first; ``only`` is "silent", "clock", "noisy" or "offline"."""
    query = Terminal.select(Terminal.id).join(Machine, JOIN.LEFT_OUTER, on=(Machine.device == Terminal.device))
    if q:
        query = query.where(Terminal.device.startswith(q) | Machine.serial.startswith(q))
    query = _only(query, only)
    columns = (
        Terminal.device, Machine.serial, Terminal.last_received_at, Terminal.last_seen_at, Terminal.is_online, Terminal.boot,
        Terminal.firmware, Terminal.skew_ms, Terminal.is_clock_trusted, Terminal.is_noisy, Terminal.is_silent, Terminal.silent_since,
    )  # fmt: skip
    shown = query.select(*columns, *TERMINAL_ORDER.columns)
    return page_of(shown, TERMINAL_ORDER, row=lambda *row: TerminalRow(*row[:-2]), total=capped_count(query), after=after, before=before)


def _only(query: ModelSelect, only: str) -> ModelSelect:
    conditions = {
        "silent": Terminal.is_silent,
        "clock": ~Terminal.is_clock_trusted,
        "noisy": Terminal.is_noisy,
        "offline": ~Terminal.is_online,
    }
    return query.where(conditions[only]) if only in conditions else query


def terminal_counts() -> dict[str, int]:
    """How many terminals there are, and how many are silent, off the feed, with a bad clock, or too noisy."""
    return {name: _only(Terminal.select(Terminal.id), name).count() for name in ("", *_CONDITIONS)}


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A refused message in the list."""

    id: int
    received_at: datetime
    topic: str
    reason: str
    size: int


REJECTED_ORDER = Order((RejectedMessage.received_at, RejectedMessage.id), (True, True))


def rejected(*, after: str | None = None, before: str | None = None) -> Page[RejectedRow]:
    """Refused messages, newest first."""
    query = RejectedMessage.select(RejectedMessage.id)
    columns = (RejectedMessage.id, RejectedMessage.received_at, RejectedMessage.topic, RejectedMessage.reason, RejectedMessage.size)
    shown = query.select(*columns, *REJECTED_ORDER.columns)
    return page_of(shown, REJECTED_ORDER, row=lambda *row: RejectedRow(*row[:-2]), total=capped_count(query), after=after, before=before)


def rejected_by_id(message_id: int) -> RejectedMessage:
    """Raises ``NotFound``."""
    row = RejectedMessage.get_or_none(RejectedMessage.id == message_id)
    if row is None:
        raise NotFound(N_("There is no such message."))
    return row


def hex_lines(payload: bytes) -> list[tuple[int, str, str]]:
    """The beginning of ``payload`` as offset, hexadecimal and readable characters, 16 bytes a line."""
    shown = payload[:PREVIEW_BYTES]
    starts = range(0, len(shown), _BYTES_A_LINE)
    return [(start, shown[start : start + _BYTES_A_LINE].hex(" "), _readable(shown[start : start + _BYTES_A_LINE])) for start in starts]


def _readable(part: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)


def as_text(payload: bytes) -> str | None:
    """The beginning of ``payload`` as text; None when it is not UTF-8. Control characters become visible."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text[:PREVIEW_BYTES]
    )


def possible_gap(gap_id: int) -> Gap:
    """A time in which the broker may have lost messages. Raises ``NotFound``."""
    row = Gap.get_or_none((Gap.id == gap_id) & Gap.terminal.is_null())
    if row is None:
        raise NotFound(N_("There is no such gap."))
    return row


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device in quarantine: it has a credential but no machine (monitoring rule 5)."""

    device: str
    messages: int
    first_at: datetime
    last_at: datetime
    kinds: str


def quarantine() -> list[Waiting]:
    """Devices whose messages wait for a machine, longest waiting first."""
    query = (
        QuarantinedMessage.select(
            QuarantinedMessage.device,
            fn.COUNT(QuarantinedMessage.id),
            fn.MIN(QuarantinedMessage.received_at),
            fn.MAX(QuarantinedMessage.received_at),
        )
        .where(QuarantinedMessage.released_at.is_null())
        .group_by(QuarantinedMessage.device)
        .order_by(fn.MIN(QuarantinedMessage.received_at))
        .limit(MAX_ROWS)
    )
    return [Waiting(device, count, _instant(first), _instant(last), _kinds_of(device)) for device, count, first, last in query.tuples()]


def _kinds_of(device: str) -> str:
    query = QuarantinedMessage.select(QuarantinedMessage.topic).where(
        QuarantinedMessage.device == device, QuarantinedMessage.released_at.is_null()
    )
    return ", ".join(sorted({topic.rpartition("/")[2] for (topic,) in query.distinct().limit(10).tuples()}))


def quarantined(device: str) -> Waiting:
    """The quarantine of one device. Raises ``NotFound`` when nothing of it waits."""
    found = next((waiting for waiting in quarantine() if waiting.device == device), None)
    if found is None:
        raise NotFound(N_("Nothing of this device waits in quarantine."))
    return found


def quarantined_messages(device: str) -> list[tuple[datetime, str, str]]:
    """What waits of ``device``, newest first: time, topic, the beginning of the message."""
    query = QuarantinedMessage.select().where(QuarantinedMessage.device == device, QuarantinedMessage.released_at.is_null())
    rows = query.order_by(QuarantinedMessage.received_at.desc()).limit(20)
    return [(row.received_at, row.topic, _spoken(bytes(row.payload))) for row in rows]


def _spoken(payload: bytes) -> str:
    """What the device itself said, out of the kept message."""
    kept = json.loads(payload)
    return str(kept.get("metrics") or kept.get("payload") or "")[:PREVIEW_BYTES]


def gaps() -> Sequence[Gap]:
    """Holes in the numbering and times in which the broker may have lost messages, open ones first."""
    query = Gap.select(Gap, Terminal).join(Terminal, JOIN.LEFT_OUTER)
    return list(query.order_by(Gap.closed_at.is_null(False), Gap.from_at.desc()).limit(MAX_ROWS))


def clock_steps() -> Sequence[ClockStep]:
    """Steps of the subscriber host's clock, newest first."""
    return list(ClockStep.select().order_by(ClockStep.at.desc()).limit(20))


def credentials() -> Sequence[DeviceCredential]:
    """All device credentials by device; ``serial`` is that of the machine behind it, if any."""
    query = DeviceCredential.select(DeviceCredential, Machine.serial.alias("serial"))
    query = query.join(Machine, JOIN.LEFT_OUTER, on=(Machine.device == DeviceCredential.device))
    return list(query.order_by(DeviceCredential.device).objects())
