"""Evaluation: reads the inbox by a cursor, runs the alarm rules, opens or joins tickets (monitoring §2).

The cursor moves in the same transaction as its effects, so a crash at any step repeats or skips nothing. Readings ask for
no rule in this version: a run of them costs one query, and the cursor passes over them with the next message or tick.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import structlog
from peewee import InterfaceError, OperationalError

from app.core import clock, db, live
from app.core.crash_points import crash_point
from app.core.prepared import Prepared
from app.core.types import system
from app.machines import profiles, terminals
from app.machines.models import Machine
from app.machines.profiles import Opening
from app.machines.queries import profile_documents
from app.monitoring import alarms, signals
from app.monitoring.alarms import Raised, Reach, Subject
from app.monitoring.models import Alarm, Episode, EvaluationCursor, FeedPosition, InboxKind, InboxMessage, Terminal
from app.monitoring.silence import Silence
from app.tickets import faults
from app.tickets.models import Priority
from app.tickets.reasons import AlarmReason

log = structlog.get_logger()

CURSOR = "alarms"
INBOX = "inbox"
ACTOR = system("monitoring")
MAX_ERROR = 500


class Evaluator:
    """The one reader of the inbox in this process. ``now`` gives the time at which tickets are opened."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._passed = 0  # up to here only readings lie behind the stored cursor
        self._silence = Silence()

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
            if not InboxMessage.select().where(InboxMessage.position > start, InboxMessage.position <= top).exists():
                self._passed = top
                return top - start
        with db.transaction():
            end = self._evaluate(max(start, _cursor(lock=True)), top, limit)
            crash_point("evaluation_before_commit")
        crash_point("evaluation_after_commit")
        self._passed = end
        return end - start

    def _evaluate(self, start: int, top: int, limit: int) -> int:
        messages = _messages(start, top, limit)
        if messages:
            _apply(messages, self._now())
        end = messages[-1].position if len(messages) == limit else top
        EvaluationCursor.update(position=end).where(EvaluationCursor.name == CURSOR).execute()
        return end

    def tick(self, now_ms: int) -> None:
        """Mark terminals late and silent by their last message, and store how far readings were passed over."""
        self._silence.tick(clock.from_ms(now_ms))
        with db.available():
            db.connect()
            if self._passed > _cursor():
                EvaluationCursor.update(position=self._passed).where(
                    EvaluationCursor.name == CURSOR, EvaluationCursor.position < self._passed
                ).execute()


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


def _apply(messages: list[InboxMessage], now: datetime) -> None:
    """The whole batch at once; if a rule raises, message by message, and the one that raised is marked."""
    try:
        _in_savepoint(messages, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        for message in messages:
            _apply_alone(message, now)


def _apply_alone(message: InboxMessage, now: datetime) -> None:
    try:
        _in_savepoint([message], now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("rule_raised", position=message.position)
        words = f"{type(error).__name__}: {error}"[:MAX_ERROR]
        InboxMessage.update(error=words).where(InboxMessage.position == message.position).execute()


def _in_savepoint(messages: list[InboxMessage], now: datetime) -> None:
    entries = db.current().entries
    already = len(entries)
    try:
        with db.database.atomic():
            _take_in(messages, now)
    except Exception:
        del entries[already:]  # what was rolled back leaves no history
        raise


def _take_in(messages: list[InboxMessage], now: datetime) -> None:
    for owner, part in _by_owner(messages):
        _take_in_part(part, _machines(part) if owner is None else _machine_of_all(part, owner), now)
    if any(message.kind == InboxKind.STATE for message in messages):
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


def _take_in_part(messages: list[InboxMessage], machines: dict[int, Machine], now: datetime) -> None:
    usable = [message for message in messages if message.terminal_id in machines]
    found = signals.streams(usable, _known_codes(usable, machines))
    standing = alarms.load({machine.id for machine in machines.values()}, {code for _terminal, code in found})
    last_states = _last_states(usable)
    heard = signals.heard_before(messages[0].position, [key for key in found if (machines[key[0]].id, key[1]) not in standing])
    documents = profile_documents() if found else {}
    raised: list[Raised] = []
    for (terminal_id, code), stream in sorted(found.items()):
        machine = machines[terminal_id]
        reach = Reach(messages[-1].position, last_states.get(terminal_id), (terminal_id, code) in heard)
        policy = profiles.code(documents.get(machine.profile_id), code)
        raised += alarms.advance(Subject(machine, policy), stream, standing.get((machine.id, code)), reach)
    for one in sorted(raised, key=lambda one: one.episode.started_at):
        _find_ticket(one, now)


def _machines(messages: Iterable[InboxMessage]) -> dict[int, Machine]:
    """Machines by terminal id; a device that lost its machine since intake has none."""
    terminals = {message.terminal.device: message.terminal_id for message in messages}
    found = Machine.select().where(Machine.device.in_(list(terminals)))
    return {terminals[machine.device]: machine for machine in found}


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


def _last_states(messages: list[InboxMessage]) -> dict[int, datetime]:
    """When each terminal last spoke about its state before these messages."""
    last = (
        InboxMessage.select(InboxMessage.at)
        .where(
            InboxMessage.terminal == Terminal.id,
            InboxMessage.kind == InboxKind.STATE,
            InboxMessage.position < min((message.position for message in messages), default=0),
        )
        .order_by(InboxMessage.at.desc())
        .limit(1)
    )
    terminals = {message.terminal_id for message in messages}
    query = Terminal.select(Terminal.id, last.alias("last_state_at")).where(Terminal.id.in_(terminals)).tuples()
    return {terminal_id: clock.from_ms(at_ms) for terminal_id, at_ms in query if at_ms is not None}


def _find_ticket(raised: Raised, now: datetime) -> None:
    """Open or join the ticket of an episode whose policy wants one (monitoring §4)."""
    episode, machine, policy = raised.episode, raised.subject.machine, raised.subject.policy
    if policy.ticket.opening == Opening.NONE:
        return
    found = faults.for_fault(
        by=ACTOR,
        machine=machine,
        family=policy.family,
        priority=Priority(policy.severity),
        title=f"{episode.code} {policy.name_zh}" if policy.is_in_profile else episode.code,
        reason=AlarmReason(
            code=episode.code,
            name_zh=policy.name_zh,
            name_en=policy.name_en,
            at=episode.started_at,
            count=_how_many(episode.alarm_id),
            device=machine.device or "",
            severity=policy.severity,
            text=episode.text,
        ),
        at=now,
    )
    episode.ticket = found.ticket
    episode.save(only=[Episode.ticket])
    live.touch("alarms")


def _how_many(alarm_id: int) -> int:
    return Episode.select().where(Episode.alarm == alarm_id).count()
