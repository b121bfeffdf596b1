"""Which terminals are on the feed: births and wills, and the silence of those that say nothing (monitoring §3)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from peewee import JOIN

from app.core import db, live
from app.machines.models import Machine
from app.machines.profiles import DEFAULT_INTERVAL_S
from app.machines.queries import profile_documents
from app.monitoring import signals
from app.monitoring.models import InboxMessage, Terminal

SHORTEST_LATE = timedelta(seconds=180)
LATE_INTERVALS = 3
SILENT_AFTER_LATE = timedelta(seconds=600)
START_UP_GRACE = timedelta(minutes=5)
DEFAULT_INTERVAL = timedelta(seconds=DEFAULT_INTERVAL_S)


def take_in(states: Iterable[InboxMessage]) -> None:
    """Note births and wills on their terminals, in order of event time; faults are never cleared by silence."""
    for message in sorted(states, key=lambda state: (state.terminal_id, signals.event_time(state), state.position)):
        payload = signals.content(message)
        is_online = payload.get("online") is True
        if _is_outdated(message, is_online):
            continue
        changed = Terminal.update(is_online=is_online, online_changed_at=signals.event_time(message)).where(
            Terminal.id == message.terminal_id, Terminal.is_online.is_null() | (Terminal.is_online != is_online)
        )
        if changed.execute():
            live.touch("alarms")


def _is_outdated(message: InboxMessage, is_online: bool) -> bool:
    """Whether a later state is known already: a will of an earlier boot, or anything older than the last change (FI-24)."""
    terminal = Terminal.get_by_id(message.terminal_id)
    if not is_online and message.boot is not None and terminal.boot is not None and message.boot != terminal.boot:
        return True
    return terminal.online_changed_at is not None and signals.event_time(message) < terminal.online_changed_at


def late_after(expected_interval: timedelta) -> timedelta:
    """How long a terminal may say nothing before it counts as late."""
    return max(LATE_INTERVALS * expected_interval, SHORTEST_LATE)


def silent_after(expected_interval: timedelta) -> timedelta:
    """How long a terminal may say nothing before it counts as silent."""
    return late_after(expected_interval) + SILENT_AFTER_LATE


class Silence:
    """Looks now and then which terminals fell silent or spoke again; the first five minutes after a start it only watches."""

    def __init__(self) -> None:
        self._started_at: datetime | None = None

    def tick(self, now: datetime) -> None:
        """Bring ``Terminal.is_silent`` in step with the last messages. Raises ``Unavailable`` like every write."""
        self._started_at = self._started_at or now
        with db.available():
            db.connect()
            documents = profile_documents()
            intervals = {key: timedelta(seconds=profile.expected_interval_s) for key, profile in documents.items()}
            changed = [
                (terminal, is_silent)
                for terminal in _terminals_of_machines()
                if (is_silent := _is_silent(terminal, intervals, now)) != terminal.is_silent
                and not (is_silent and now - self._started_at < START_UP_GRACE)
            ]
        if not changed:
            return
        with db.transaction():
            for terminal, is_silent in changed:
                since = terminal.last_received_at if is_silent else None
                Terminal.update(is_silent=is_silent, silent_since=since).where(Terminal.id == terminal.id).execute()
            live.touch("alarms")


def _terminals_of_machines() -> list[Terminal]:
    query = Terminal.select(Terminal, Machine).join(Machine, JOIN.INNER, on=(Machine.device == Terminal.device), attr="machine")
    return list(query.order_by(Terminal.id))


def _is_silent(terminal: Terminal, intervals: dict[int, timedelta], now: datetime) -> bool:
    interval = intervals.get(terminal.machine.profile_id, DEFAULT_INTERVAL)
    return now - terminal.last_received_at > silent_after(interval)
