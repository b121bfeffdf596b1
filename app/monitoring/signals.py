"""From stored messages to signals: what each fault and each birth says about a code, in event time."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from app.core import bulk, db
from app.core.clock import to_ms
from app.core.prepared import Prepared
from app.monitoring import conditions
from app.monitoring.alarm_machine.state import Signal, SignalKind
from app.monitoring.conditions import Watch
from app.monitoring.models import InboxKind, InboxMessage, Reading
from app.monitoring.silence import witness
from app.monitoring.sources import FOREVER_MS, Source, within

LONGEST_TEXT = 500
decode_metrics = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(slots=True)
class Stream:
    """The signals of one code of one terminal that a batch brought; ``late`` are the times of readings that came behind newer ones."""

    terminal_id: int
    code: str
    signals: list[Signal] = field(default_factory=list)
    late: list[datetime] = field(default_factory=list)

    def add(self, other: "Stream") -> None:
        """Take in what readings say about the same."""
        self.signals += other.signals
        self.late += other.late

    @property
    def times(self) -> list[datetime]:
        """When something was said about the code."""
        return [*(signal.at for signal in self.signals), *self.late]


def content(message: InboxMessage) -> dict[str, Any]:
    """The payload object of a stored message."""
    return json.loads(message.payload)


def is_birth(message: InboxMessage) -> bool:
    """Whether this state says which faults are there; a retained one without a time of its own may be long outdated."""
    if message.kind != InboxKind.STATE or (message.is_retained and not message.has_device_time):
        return False
    payload = content(message)
    return payload.get("online") is True and "faults" in payload


def streams(messages: Iterable[InboxMessage], known_codes: dict[int, set[str]]) -> dict[tuple[int, str], Stream]:
    """The signals of ``messages`` by terminal and code; births speak about every code in ``known_codes`` of their terminal.

    ``known_codes`` (codes by terminal id) is completed by the codes that the messages themselves name. A fault that the broker kept and
    played again says nothing: it was an event, nobody knows what came after it, and births say what is there.
    """
    messages = list(messages)
    births = [message for message in messages if is_birth(message)]
    for message in messages:
        if message.kind == InboxKind.FAULT:
            known_codes.setdefault(message.terminal_id, set()).add(message.code)
    for birth in births:
        known_codes.setdefault(birth.terminal_id, set()).update(content(birth)["faults"])
    found: dict[tuple[int, str], Stream] = {}
    for code, signal, terminal_id in _signals(messages, births, known_codes):
        found.setdefault((terminal_id, code), Stream(terminal_id, code)).signals.append(signal)
    return found


def _signals(
    messages: list[InboxMessage], births: list[InboxMessage], known_codes: dict[int, set[str]]
) -> Iterator[tuple[str, Signal, int]]:
    for message in messages:
        if message.kind == InboxKind.FAULT and not message.is_retained:
            yield message.code, of_fault(message), message.terminal_id
    for birth in births:
        for code in sorted(known_codes[birth.terminal_id]):
            yield code, of_birth(birth, code), birth.terminal_id


def of_fault(message: InboxMessage) -> Signal:
    """The signal of a fault message; one without any identity only sets the state (monitoring §1)."""
    has_identity = message.seq is not None or message.has_device_time
    if message.is_active:
        kind = SignalKind.RAISED if has_identity else SignalKind.PRESENT
        return _signal(message, kind, str(content(message).get("text") or "")[:LONGEST_TEXT])
    return _signal(message, SignalKind.CLEARED if has_identity else SignalKind.ABSENT)


def of_birth(message: InboxMessage, code: str) -> Signal:
    """What a birth says about ``code``."""
    return _signal(message, SignalKind.PRESENT if code in content(message)["faults"] else SignalKind.ABSENT)


def _signal(message: InboxMessage, kind: SignalKind, text: str = "") -> Signal:
    seq = -1 if message.seq is None else message.seq
    return Signal(message.at, message.boot or "", seq, message.position, kind, text)


def stored(
    found: Sequence[Source],
    code: str,
    upto_position: int,
    *,
    machine_id: int,
    since: datetime,
    until: datetime | None = None,
    watched: Sequence[Watch] = (),
) -> list[Signal]:
    """All signals about ``code`` from ``since`` on (and before ``until``) that evaluation has reached, read again from what is stored.

    ``found`` are the machine's terminals, each in its time; ``watched`` are the rules that raise the code, all off.
    """
    if not found:
        return []
    until_ms = FOREVER_MS if until is None else to_ms(until)
    of_devices = _said(within(found, to_ms(since), until_ms), code, upto_position)
    of_devices += _measured(found, to_ms(since), upto_position, until_ms, watched)
    return of_devices + witness.stored(found, machine_id, code, since, until)


def _measured(found: Sequence[Source], since_ms: int, upto_position: int, until_ms: int, watched: Sequence[Watch]) -> list[Signal]:
    """What readings say to ``watched``; those with a window look at what came before ``since_ms``, too."""
    if not watched:
        return []
    before_ms = since_ms - max(watch.within_ms for watch in watched)
    parts = within(found, before_ms, until_ms)
    rows = [row for one in parts for row in _readings.plain(one.terminal_id, one.from_ms, one.to_ms, upto_position)]
    readings = [(at_ms, position, decode_metrics(metrics)) for at_ms, position, metrics in (sorted(rows) if len(parts) > 1 else rows)]
    earlier = [(at_ms, values) for at_ms, _position, values in readings if at_ms < since_ms]
    for watch in watched:
        watch.look_back([at_ms for at_ms, _values in earlier], [values.get(watch.metric) for _at, values in earlier], before_ms)
    by_metric = conditions.by_metric(watched)
    return [
        signal
        for at_ms, position, values in readings[len(earlier) :]
        for _code, signal in conditions.heard(position, at_ms, values, by_metric)
    ]


_readings = Prepared(
    lambda terminal_id, from_ms, to_ms, upto: (
        Reading.select(Reading.at, Reading.position, Reading.metrics)
        .where(Reading.terminal == terminal_id, Reading.at >= from_ms, Reading.at < to_ms, Reading.position <= upto)
        .order_by(Reading.at, Reading.position)
        .tuples()
    )
)


def _said(parts: Sequence[Source], code: str, upto_position: int) -> list[Signal]:
    faults = [one for part in parts for one in _faults.rows(part.terminal_id, part.from_ms, part.to_ms, upto_position, code)]
    states = [one for part in parts for one in _states.rows(part.terminal_id, part.from_ms, part.to_ms, upto_position)]
    return [of_fault(message) for message in faults] + [of_birth(state, code) for state in states if is_birth(state)]


def _usable(terminal_id: Any, from_ms: Any, to_ms: Any, upto: Any) -> Any:
    return InboxMessage.select().where(
        InboxMessage.terminal == terminal_id,
        InboxMessage.at >= from_ms,
        InboxMessage.at < to_ms,
        InboxMessage.position <= upto,
        InboxMessage.error.is_null(),
    )


_faults = Prepared(
    lambda terminal_id, from_ms, to_ms, upto, code: _usable(terminal_id, from_ms, to_ms, upto).where(
        InboxMessage.kind == InboxKind.FAULT, InboxMessage.code == code, ~InboxMessage.is_retained
    )
)
_states = Prepared(
    lambda terminal_id, from_ms, to_ms, upto: _usable(terminal_id, from_ms, to_ms, upto).where(InboxMessage.kind == InboxKind.STATE)
)


def heard_before(position: int, pairs: list[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those ``pairs`` of terminal and code about which a fault message came before ``position``."""
    if not pairs:
        return set()
    wanted, parameters = bulk.table(("terminal bigint", "code text"), pairs)
    sql = f"""
        SELECT wanted.terminal, wanted.code FROM {wanted} WHERE EXISTS (
            SELECT 1 FROM inbox_message m
            WHERE m.kind = 'fault' AND m.terminal_id = wanted.terminal AND m.code = wanted.code AND m.position < {db.database.param}
        )
    """
    return {(terminal, code) for terminal, code in db.database.execute_sql(sql, (*parameters, position)).fetchall()}
