"""A batch against the alarm machines and into tickets, in the running transaction; a rule that raises holds up nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import structlog
from peewee import InterfaceError, OperationalError

from app.core import clock, db, live
from app.core.prepared import Prepared
from app.machines import terminals
from app.machines.models import Machine
from app.machines.profiles import Profile
from app.monitoring import alarms, signals
from app.monitoring.alarms import Raised, Reach
from app.monitoring.models import Alarm, InboxKind, InboxMessage, Terminal
from app.monitoring.signals import Stream
from app.monitoring.silence.witness import OWN_CODES
from app.monitoring.subjects import subject
from app.monitoring.ticketing import find_ticket

log = structlog.get_logger()

MAX_ERROR = 500
_FAR = 2**62
FEW = 4  # so many terminals in a batch, as nearly always outside of a backlog: the SQL is kept ready


@dataclass(frozen=True, slots=True)
class Batch:
    """What is taken in at once, up to ``end``: messages, and the streams that readings make, by profiles as they stood when it was read."""

    messages: list[InboxMessage]
    measured: list[Stream]
    end: int
    until: datetime | None  # how far timers may run
    profiles: dict[int, Profile]
    is_behind: bool = False  # more waits to be read behind it


def apply(batch: Batch, now: datetime) -> bool:
    """Take in the whole batch at once; if a rule raises, message by message, and the one that raised is marked: then it returns False."""
    try:
        _in_savepoint(batch, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        for message in batch.messages:
            _apply_alone(message, batch, now)
        for stream in batch.measured:
            _measure_alone(stream, batch, now)
        return False
    return True


def _apply_alone(message: InboxMessage, batch: Batch, now: datetime) -> None:
    try:
        _in_savepoint(replace(batch, messages=[message], measured=[], end=message.position, until=None), now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("rule_raised", position=message.position)
        words = f"{type(error).__name__}: {error}"[:MAX_ERROR]
        InboxMessage.update(error=words).where(InboxMessage.position == message.position).execute()


def _measure_alone(stream: Stream, batch: Batch, now: datetime) -> None:
    try:
        _in_savepoint(replace(batch, messages=[], measured=[stream], until=None), now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("rule_raised", terminal=stream.terminal_id, code=stream.code)


def _in_savepoint(batch: Batch, now: datetime) -> None:
    with db.savepoint():
        _take_in(batch, now)


def _take_in(batch: Batch, now: datetime) -> None:
    measured = {(stream.terminal_id, stream.code): stream for stream in batch.measured}
    for owner, part in _by_owner(batch.messages):
        usable = _usable(part, _machines({message.terminal_id for message in part}) if owner is None else _machine_of_all(part, owner))
        _take_in_part(usable, measured if owner is None else {}, batch, now)
        measured = measured if owner is not None else {}
    if measured:
        _take_in_part(_Part([], _machines({terminal_id for terminal_id, _code in measured})), measured, batch, now)
    if any(message.kind == InboxKind.STATE for message in batch.messages):
        live.touch("alarms")  # a terminal went on or off the feed


def _by_owner(messages: list[InboxMessage]) -> Iterator[tuple[int | None, list[InboxMessage]]]:
    """What terminals said before they were taken off a machine, with that machine, terminal by terminal; then all the rest.

    Nearly always there is only the rest.
    """
    taken_off = terminals.removals({message.terminal.device for message in messages})
    parts: dict[tuple[int, int], list[InboxMessage]] = {}
    rest: list[InboxMessage] = []
    for message in messages:
        removals = taken_off.get(message.terminal.device)
        owner = removals.owner_at(message.at) if removals else None
        (rest if owner is None else parts.setdefault((owner, message.terminal_id), [])).append(message)
    yield from ((owner, part) for (owner, _terminal), part in sorted(parts.items()))
    if rest:
        yield None, rest


@dataclass(frozen=True, slots=True)
class _Part:
    """Messages of terminals that have a machine, with the machines by terminal id."""

    messages: list[InboxMessage]
    machines: dict[int, Machine]


def _usable(messages: list[InboxMessage], machines: dict[int, Machine]) -> _Part:
    return _Part([message for message in messages if message.terminal_id in machines], machines)


def _take_in_part(part: _Part, measured: dict[tuple[int, str], Stream], batch: Batch, now: datetime) -> None:
    machines = part.machines | _machines({terminal_id for terminal_id, _code in measured} - part.machines.keys())
    found = signals.streams(part.messages, _known_codes(part.messages, machines))
    for key, stream in measured.items():
        if key[0] in machines:
            found.setdefault(key, Stream(*key)).add(stream)
    if not found:
        return
    standing = alarms.load({machines[terminal_id].id for terminal_id, _code in found}, {code for _terminal, code in found})
    last_states = _last_states({terminal_id for terminal_id, _code in found}, part.messages)
    unheard = [key for key in found if (machines[key[0]].id, key[1]) not in standing]
    heard = signals.heard_before(part.messages[0].position if part.messages else batch.end, unheard)
    raised: list[Raised] = []
    for (terminal_id, code), stream in sorted(found.items()):
        machine = machines[terminal_id]
        reach = Reach(batch.end, last_states.get(terminal_id), (terminal_id, code) in heard, now, batch.until, batch.is_behind)
        about = subject(machine, batch.profiles.get(machine.profile_id), code)
        raised += alarms.advance(about, stream, standing.get((machine.id, code)), reach)
    for one in sorted(raised, key=lambda one: one.episode.started_at):
        find_ticket(one, now)


def _machines(terminal_ids: set[int]) -> dict[int, Machine]:
    """Machines by terminal id; a device that lost its machine since intake has none."""
    if not terminal_ids:
        return {}
    known = tuple(terminal_ids)
    found = _few_machines(len(known)).rows(*known) if len(known) <= FEW else _machines_of(known)
    return {machine.terminal_id: machine for machine in found}


@cache
def _few_machines(count: int) -> Prepared:
    return Prepared(lambda *ids: _machines_of(ids), count)


def _machines_of(terminal_ids: tuple[Any, ...]) -> Any:
    query = Machine.select(Machine, Terminal.id.alias("terminal_id")).join(Terminal, on=(Terminal.device == Machine.device))
    return query.where(Terminal.id.in_(terminal_ids)).objects()


def _machine_of_all(messages: Iterable[InboxMessage], machine_id: int) -> dict[int, Machine]:
    machine = Machine.get_by_id(machine_id)
    return dict.fromkeys({message.terminal_id for message in messages}, machine)


def _known_codes(messages: list[InboxMessage], machines: dict[int, Machine]) -> dict[int, set[str]]:
    """Codes that a birth in ``messages`` speaks about without naming them: all alarms its machine ever had, but for the portal's own."""
    terminals = {machines[message.terminal_id].id: message.terminal_id for message in messages if message.kind == InboxKind.STATE}
    known: dict[int, set[str]] = {}
    of_devices = Alarm.select(Alarm.machine, Alarm.code).where(Alarm.machine.in_(list(terminals)), Alarm.code.not_in(OWN_CODES))
    for machine_id, code in of_devices.tuples() if terminals else ():
        known.setdefault(terminals[machine_id], set()).add(code)
    return known


def _last_states(terminals: set[int], messages: list[InboxMessage]) -> dict[int, datetime]:
    """When each terminal last spoke about its state before these messages."""
    known, before = tuple(terminals), min((message.position for message in messages), default=_FAR)
    found = _few_last_states(len(known)).plain(before, *known) if len(known) <= FEW else _last_states_of(before, known)
    return {terminal_id: clock.from_ms(at_ms) for terminal_id, at_ms in found if at_ms is not None}


@cache
def _few_last_states(count: int) -> Prepared:
    return Prepared(lambda before, *ids: _last_states_of(before, ids), count + 1)


def _last_states_of(before: Any, terminal_ids: tuple[Any, ...]) -> Any:
    last = (
        InboxMessage.select(InboxMessage.at)
        .where(InboxMessage.terminal == Terminal.id, InboxMessage.kind == InboxKind.STATE, InboxMessage.position < before)
        .order_by(InboxMessage.at.desc())
        .limit(1)
    )
    return Terminal.select(Terminal.id, last.alias("last_state_at")).where(Terminal.id.in_(terminal_ids)).tuples()
