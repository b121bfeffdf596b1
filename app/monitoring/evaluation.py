"""Evaluation: reads inbox and readings by a cursor, runs the alarm machines, opens or joins tickets (monitoring §2).

The cursor moves in the same transaction as its effects, so a crash at any step repeats or skips nothing. Readings that leave every value
on its side cost their reading and no write: the cursor passes over them with the next message or tick.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from peewee import InterfaceError, OperationalError

from app.core import clock, db, live
from app.core.crash_points import crash_point
from app.core.errors import Unavailable
from app.core.prepared import Prepared
from app.machines import terminals
from app.machines.models import Machine
from app.machines.profiles import Profile
from app.machines.queries import profile_documents
from app.monitoring import alarms, signals
from app.monitoring.alarms import Raised, Reach
from app.monitoring.models import Alarm, EvaluationCursor, FeedPosition, InboxKind, InboxMessage, Reading, Terminal
from app.monitoring.signals import Stream
from app.monitoring.silence import Silence
from app.monitoring.subjects import subject
from app.monitoring.ticketing import find_ticket
from app.monitoring.watching import Row, Watching

log = structlog.get_logger()

CURSOR = "alarms"
INBOX = "inbox"
MAX_ERROR = 500
_FAR = 2**62
READINGS_AT_ONCE = 2_000
TIMERS_AT_ONCE = 500
SILENCE_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is taken in at once, up to ``end``: messages, and the streams that readings make."""

    messages: list[InboxMessage]
    measured: list[Stream]
    end: int
    until: datetime | None  # how far timers may run


class Evaluator:
    """The one reader of the inbox in this process. ``now`` gives the time at which tickets are opened."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._passed = 0  # up to here only readings lie behind the stored cursor
        self._silence = Silence()
        self._silence_at: datetime | None = None
        self._watching = Watching()
        self._ticked_at: datetime | None = None

    def evaluate_pending(self, limit: int = 500) -> int:
        """Evaluate at most ``limit`` messages; returns by how many positions (readings too) it advanced.

        Raises ``Unavailable`` when the database does not answer: nothing was changed, and the next call begins where this one did.
        """
        with db.available():
            db.connect()
            top = _last_position()
            start = max(self._passed, _cursor())
            if top <= start:
                return 0
        try:
            return self._advance(start, top, limit)
        except BaseException:
            self._watching.forget()
            raise

    def _advance(self, start: int, top: int, limit: int) -> int:
        with db.available():
            batch = self._read(start, top, limit)
        if batch.messages or batch.measured:
            with db.transaction():
                if _cursor(lock=True) > start:  # another evaluator was faster
                    self._watching.forget()
                    return 0
                self._apply(batch)
                EvaluationCursor.update(position=batch.end).where(EvaluationCursor.name == CURSOR).execute()
                crash_point("evaluation_before_commit")
            crash_point("evaluation_after_commit")
        self._passed = batch.end
        return batch.end - start

    def _read(self, start: int, top: int, limit: int) -> _Batch:
        documents = profile_documents()
        messages, end = _messages(start, top, limit), top
        if len(messages) == limit:
            end = messages[-1].position
        rows = _readings(start, end) if any(profile.rules for profile in documents.values()) else []
        if len(rows) == READINGS_AT_ONCE:
            end = rows[-1][0]
            messages = [message for message in messages if message.position <= end]
        return _Batch(messages, self._measured(rows, documents), end, self._ticked_at if end == top else None)

    def _measured(self, rows: list[Row], documents: dict[int, Profile]) -> list[Stream]:
        """What the rules say to readings; if they raise, the alarms of the devices themselves must not wait for them."""
        try:
            return self._watching.take(rows, documents)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("rule_raised", first=rows[0][0], last=rows[-1][0])
            self._watching.forget()
            return []

    def _apply(self, batch: _Batch) -> None:
        """The whole batch at once; if a rule raises, message by message, and the one that raised is marked."""
        now = self._now()
        try:
            _in_savepoint(batch, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            self._watching.forget()
            for message in batch.messages:
                _apply_alone(message, now)
            for stream in batch.measured:
                _measure_alone(stream, batch, now)

    def tick(self, now_ms: int) -> None:
        """Run the timers of alarms that are due, mark terminals late and silent, and store how far readings were passed over."""
        now = self._ticked_at = clock.from_ms(now_ms)
        self.run_timers(now)
        if self._silence_at is None or not timedelta() <= now - self._silence_at < SILENCE_EVERY:
            self._silence_at = now
            self._silence.tick(now)
        with db.available():
            db.connect()
            if self._passed > _cursor():
                EvaluationCursor.update(position=self._passed).where(
                    EvaluationCursor.name == CURSOR, EvaluationCursor.position < self._passed
                ).execute()

    def run_timers(self, now: datetime) -> int:
        """Advance every alarm with a timer due by ``now``, each in its own transaction; returns how many.

        While messages wait to be read nothing is done: they may speak about what the timers wait for. A timer that raises is logged
        and tried again with the next tick. Raises ``Unavailable``.
        """
        with db.available():
            db.connect()
            due = _due(now)
            if not due or _last_position() > max(self._passed, _cursor()):
                return 0
            documents = profile_documents()
        for alarm_id in due:
            _run_timer(alarm_id, now, documents, self._now())
        return len(due)


def _due(now: datetime) -> list[int]:
    return [alarm_id for (alarm_id,) in _due_alarms.plain(clock.to_ms(now), TIMERS_AT_ONCE)]


_due_alarms = Prepared(
    lambda now_ms, most: (
        Alarm.select(Alarm.id).where(Alarm.due_at.is_null(False), Alarm.due_at <= now_ms).order_by(Alarm.due_at).limit(most).tuples()
    )
)


def _run_timer(alarm_id: int, until: datetime, documents: dict[int, Profile], now: datetime) -> None:
    try:
        with db.transaction():
            known = alarms.load_due(alarm_id, until)
            if known is None:
                return
            machine = Machine.get_by_id(known.alarm.machine_id)
            about = subject(machine, documents.get(machine.profile_id), known.alarm.code)
            for raised in alarms.pass_time(about, known, until):
                find_ticket(raised, now)
    except (Unavailable, OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("timer_raised", alarm=alarm_id)


def _last_position() -> int:
    """The last position that intake has committed; positions commit in order."""
    return (FeedPosition.select(FeedPosition.value).where(FeedPosition.name == INBOX).scalar() or 1) - 1


def _cursor(lock: bool = False) -> int:
    query = EvaluationCursor.select().where(EvaluationCursor.name == CURSOR)
    row = (db.for_update(query) if lock else query).first()
    if row is None and lock:
        EvaluationCursor.insert(name=CURSOR, position=0).on_conflict_ignore().execute()
        return _cursor(lock=True)
    return row.position if row else 0


def _messages(start: int, top: int, limit: int) -> list[InboxMessage]:
    return _between.rows(start, top, limit)


_between = Prepared(
    lambda start, top, limit: (
        InboxMessage.select(InboxMessage, Terminal)
        .join(Terminal)
        .where(InboxMessage.position > start, InboxMessage.position <= top)
        .order_by(InboxMessage.position)
        .limit(limit)
    )
)


def _readings(start: int, end: int) -> list[Row]:
    return _readings_between.plain(start, end, READINGS_AT_ONCE)


_readings_between = Prepared(
    lambda start, end, limit: (
        Reading.select(Reading.position, Reading.terminal, Reading.at, Reading.metrics)
        .where(Reading.position > start, Reading.position <= end)
        .order_by(Reading.position)
        .limit(limit)
        .tuples()
    )
)


def _apply_alone(message: InboxMessage, now: datetime) -> None:
    try:
        _in_savepoint(_Batch([message], [], message.position, None), now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("rule_raised", position=message.position)
        words = f"{type(error).__name__}: {error}"[:MAX_ERROR]
        InboxMessage.update(error=words).where(InboxMessage.position == message.position).execute()


def _measure_alone(stream: Stream, batch: _Batch, now: datetime) -> None:
    try:
        _in_savepoint(_Batch([], [stream], batch.end, None), now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("rule_raised", terminal=stream.terminal_id, code=stream.code)


def _in_savepoint(batch: _Batch, now: datetime) -> None:
    entries = db.current().entries
    already = len(entries)
    try:
        with db.database.atomic():
            _take_in(batch, now)
    except Exception:
        del entries[already:]  # what was rolled back leaves no history
        raise


def _take_in(batch: _Batch, now: datetime) -> None:
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


def _take_in_part(part: _Part, measured: dict[tuple[int, str], Stream], batch: _Batch, now: datetime) -> None:
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
    documents = profile_documents()
    raised: list[Raised] = []
    for (terminal_id, code), stream in sorted(found.items()):
        machine = machines[terminal_id]
        reach = Reach(batch.end, last_states.get(terminal_id), (terminal_id, code) in heard, now, batch.until)
        about = subject(machine, documents.get(machine.profile_id), code)
        raised += alarms.advance(about, stream, standing.get((machine.id, code)), reach)
    for one in sorted(raised, key=lambda one: one.episode.started_at):
        find_ticket(one, now)


def _machines(terminal_ids: set[int]) -> dict[int, Machine]:
    """Machines by terminal id; a device that lost its machine since intake has none."""
    if not terminal_ids:
        return {}
    query = Machine.select(Machine, Terminal.id.alias("terminal_id")).join(Terminal, on=(Terminal.device == Machine.device))
    return {machine.terminal_id: machine for machine in query.where(Terminal.id.in_(list(terminal_ids))).objects()}


def _machine_of_all(messages: Iterable[InboxMessage], machine_id: int) -> dict[int, Machine]:
    machine = Machine.get_by_id(machine_id)
    return dict.fromkeys({message.terminal_id for message in messages}, machine)


def _known_codes(messages: list[InboxMessage], machines: dict[int, Machine]) -> dict[int, set[str]]:
    """Codes that a birth in ``messages`` speaks about without naming them: all alarms its machine ever had."""
    terminals = {machines[message.terminal_id].id: message.terminal_id for message in messages if message.kind == InboxKind.STATE}
    known: dict[int, set[str]] = {}
    for machine_id, code in Alarm.select(Alarm.machine, Alarm.code).where(Alarm.machine.in_(list(terminals))).tuples() if terminals else ():
        known.setdefault(terminals[machine_id], set()).add(code)
    return known


def _last_states(terminals: set[int], messages: list[InboxMessage]) -> dict[int, datetime]:
    """When each terminal last spoke about its state before these messages."""
    last = (
        InboxMessage.select(InboxMessage.at)
        .where(
            InboxMessage.terminal == Terminal.id,
            InboxMessage.kind == InboxKind.STATE,
            InboxMessage.position < min((message.position for message in messages), default=_FAR),
        )
        .order_by(InboxMessage.at.desc())
        .limit(1)
    )
    query = Terminal.select(Terminal.id, last.alias("last_state_at")).where(Terminal.id.in_(terminals)).tuples()
    return {terminal_id: clock.from_ms(at_ms) for terminal_id, at_ms in query if at_ms is not None}
