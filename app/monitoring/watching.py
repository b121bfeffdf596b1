"""Readings against the rules of their machines' profiles: where each value stands is kept in memory, so that most readings cost nothing.

What is kept is only a copy: it is put together again from the stored alarms and readings when a machine is met for the first time, when its
profile has changed, and after ``forget``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from app.core import bulk, db
from app.core.clock import from_ms, to_ms
from app.core.prepared import Prepared
from app.machines.models import TerminalChange
from app.machines.profiles import Profile
from app.monitoring import conditions, last_readings, late_readings
from app.monitoring.alarm_machine.state import DEVICE, Signal, SignalKind
from app.monitoring.conditions import Watch
from app.monitoring.last_readings import Said
from app.monitoring.late import HORIZON
from app.monitoring.models import Alarm, Terminal
from app.monitoring.signals import Stream, decode_metrics

SOON_MS = 60_000  # what comes late comes so soon nearly always: then the windows know its neighbours

Row = tuple[int, int, int, str]  # position, terminal, time in ms, metrics as JSON


@dataclass(slots=True)
class _Watched:
    """A machine and its rules; ``left_over`` are rules that raised something and are no longer in the profile, each with its code."""

    machine_id: int
    profile: Profile | None
    by_metric: dict[str, list[Watch]]
    since_ms: int  # when the terminal began to speak for this machine
    newest_ms: int
    left_over: list[tuple[str, str]]
    late: list[tuple[int, str]] = field(default_factory=list)

    @property
    def with_window(self) -> list[Watch]:
        """The rules to which a reading matters for a while."""
        return [watch for watches in self.by_metric.values() for watch in watches if watch.within_ms]

    @property
    def widest_ms(self) -> int:
        """The longest window of its rules."""
        return max((watch.within_ms for watch in self.with_window), default=0)


class Watching:
    """What the rules say to the readings of all machines, reading by reading."""

    def __init__(self) -> None:
        self._by_terminal: dict[int, _Watched | None] = {}

    def forget(self) -> None:
        """Keep nothing: what was taken in last was not stored."""
        self._by_terminal.clear()

    def take(self, rows: list[Row], documents: Mapping[int, Profile]) -> list[Stream]:
        """The streams that ``rows`` bring, readings in the order of their positions; none when every value stays on its side."""
        if not rows:
            return []
        self._meet({terminal_id for _position, terminal_id, _at, _metrics in rows}, rows[0][0], documents)
        streams: dict[tuple[int, str], Stream] = {}
        for position, terminal_id, at_ms, metrics in rows:
            watched = self._by_terminal[terminal_id]
            if watched is None or at_ms < watched.since_ms:
                continue
            if at_ms < watched.newest_ms:
                watched.late.append((at_ms, metrics))
                continue
            watched.newest_ms = at_ms
            for code, signal in conditions.heard(position, at_ms, decode_metrics(metrics), watched.by_metric):
                _stream(streams, terminal_id, code).signals.append(signal)
            if watched.left_over:
                _end_left_over(streams, terminal_id, watched, position, at_ms)
        self._add_late(streams, rows[-1][0])
        return list(streams.values())

    def _meet(self, terminal_ids: set[int], first_position: int, documents: Mapping[int, Profile]) -> None:
        """Know every terminal of a batch with the machine and the profile that it has now."""
        owners = _owners(terminal_ids)
        unknown = []
        for terminal_id in terminal_ids:
            machine_id, profile_id = owners.get(terminal_id, (None, None))
            profile = None if profile_id is None else documents.get(profile_id)
            known = self._by_terminal.get(terminal_id)
            if machine_id is None:
                self._by_terminal[terminal_id] = None
            elif known is None or known.machine_id != machine_id or known.profile is not profile:
                unknown.append((terminal_id, machine_id, profile))
        held = _held([machine_id for _terminal, machine_id, _profile in unknown])
        met = {}
        for terminal_id, machine_id, profile in unknown:
            met[terminal_id] = _remembered(terminal_id, machine_id, profile, held.get(machine_id, {}), first_position)
        _look_back(met, first_position)
        self._by_terminal |= met

    def _add_late(self, streams: dict[tuple[int, str], Stream], upto_position: int) -> None:
        """Readings that came behind newer ones: the codes whose course they may change hear of their times."""
        behind = {terminal_id: watched for terminal_id, watched in self._by_terminal.items() if watched is not None and watched.late}
        for terminal_id, watched in behind.items():
            oldest_ms = watched.newest_ms - HORIZON // timedelta(milliseconds=1)
            late = [(at_ms, decode_metrics(metrics)) for at_ms, metrics in watched.late if at_ms >= oldest_ms]
            watched.late = []
            if not late:
                continue
            spoken = {code for terminal, code in streams if terminal == terminal_id}
            spoken |= late_readings.codes_with_episode(watched.machine_id, late)
            around = late_readings.Around(terminal_id, watched.since_ms, watched.newest_ms, upto_position, late, watched.widest_ms)
            concerned = late_readings.concerned(watched.by_metric, spoken, around)
            for code, times in concerned.items():
                _stream(streams, terminal_id, code).late += times
            if concerned:
                del self._by_terminal[terminal_id]  # where its values stand is told by the alarms that are computed now
            else:
                late_readings.insert(watched.by_metric, late)


def _stream(streams: dict[tuple[int, str], Stream], terminal_id: int, code: str) -> Stream:
    return streams.setdefault((terminal_id, code), Stream(terminal_id, code))


def _owners(terminal_ids: Iterable[int]) -> dict[int, tuple[int, int | None]]:
    """Machine and profile by terminal."""
    wanted, parameters = bulk.table(("id bigint",), [(one,) for one in terminal_ids])
    sql = f"""
        SELECT t.id, m.id, m.profile_id FROM {wanted} JOIN terminal t ON t.id = wanted.id JOIN machine m ON m.device = t.device
    """
    return {terminal_id: (machine_id, profile_id) for terminal_id, machine_id, profile_id in db.database.execute_sql(sql, parameters)}


def _held(machine_ids: list[int]) -> dict[int, dict[str, tuple[str, int]]]:
    """What rules hold in the stored alarms of machines: by the rule's name its code and level."""
    found: dict[int, dict[str, tuple[str, int]]] = {}
    query = Alarm.select(Alarm.machine, Alarm.code, Alarm.memory).where(Alarm.machine.in_(machine_ids), Alarm.memory != "")
    for machine_id, code, memory in query.tuples() if machine_ids else ():
        for source, level, _since in json.loads(memory).get("held", ()):
            if source != DEVICE:
                held = found.setdefault(machine_id, {})
                held[source] = (code, max(level, held.get(source, (code, level))[1]))
    return found


def _remembered(
    terminal_id: int, machine_id: int, profile: Profile | None, held: dict[str, tuple[str, int]], first_position: int
) -> _Watched | None:
    watches = conditions.watches(profile)
    if not watches and not held:
        return None
    for watch in watches:
        _code, watch.level = held.pop(watch.source, ("", conditions.OFF))
    newest_ms = last_readings.newest_ms(terminal_id, first_position)
    left_over = [(source, code) for source, (code, _level) in held.items()]
    return _Watched(machine_id, profile, conditions.by_metric(watches), _since_ms(terminal_id), newest_ms, left_over)


def _since_ms(terminal_id: int) -> int:
    """When the terminal was last taken off another machine; what it said before is history only."""
    last = _taken_off.first(terminal_id)
    return to_ms(last.at) if last else 0


_taken_off = Prepared(
    lambda terminal_id: (
        TerminalChange.select(TerminalChange.at)
        .join(Terminal, on=(Terminal.device == TerminalChange.old_device))
        .where(Terminal.id == terminal_id)
        .order_by(TerminalChange.at.desc())
        .limit(1)
    )
)


def _look_back(met: Mapping[int, _Watched | None], first_position: int) -> None:
    """Fill the windows of rules that have one with the last readings."""
    said: dict[int, Said] = {}
    for terminal_id, watched in met.items():
        if watched is not None and watched.newest_ms >= 0 and (within_ms := watched.widest_ms):
            since_ms = max(watched.since_ms, watched.newest_ms - within_ms - min(within_ms, SOON_MS))
            said[terminal_id] = Said(since_ms, {watch.metric: [] for watch in watched.with_window})
    last_readings.fill(said, first_position)
    for terminal_id, one in said.items():
        watched = met[terminal_id]
        for watch in watched.with_window if watched is not None else ():
            watch.look_back(one.times, one.values[watch.metric], one.since_ms)


def _end_left_over(streams: dict[tuple[int, str], Stream], terminal_id: int, watched: _Watched, position: int, at_ms: int) -> None:
    """A rule that is no longer in the profile holds nothing any more."""
    for source, code in watched.left_over:
        signal = Signal(from_ms(at_ms), "", -1, position, SignalKind.CLEARED, source=source)
        _stream(streams, terminal_id, code).signals.append(signal)
    watched.left_over = []
