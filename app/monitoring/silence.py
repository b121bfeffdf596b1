"""The silence of terminals that should speak: late, then silent (monitoring §3). Births and wills are noted by intake."""

from datetime import datetime, timedelta

from peewee import JOIN

from app.core import db, live
from app.machines.models import Machine
from app.machines.profiles import DEFAULT_INTERVAL_S
from app.machines.queries import profile_documents
from app.monitoring.models import Terminal

SHORTEST_LATE = timedelta(seconds=180)
LATE_INTERVALS = 3
SILENT_AFTER_LATE = timedelta(seconds=600)
START_UP_GRACE = timedelta(minutes=5)
DEFAULT_INTERVAL = timedelta(seconds=DEFAULT_INTERVAL_S)


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
