"""The reader of one partition of the inbox; nearly always there is only one."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from peewee import InterfaceError, OperationalError

from app.core import clock, db
from app.core.crash_points import crash_point
from app.machines.profiles import Profile
from app.machines.queries import profile_documents
from app.monitoring.evaluation import inbox
from app.monitoring.evaluation.applying import Batch, apply
from app.monitoring.evaluation.inbox import Partition
from app.monitoring.evaluation.pace import Pace
from app.monitoring.evaluation.timers import due_alarms, run_timer
from app.monitoring.intake import Lease
from app.monitoring.signals import Stream
from app.monitoring.silence.watching import Silence
from app.monitoring.watching import Row, Watching

log = structlog.get_logger()

SILENCE_EVERY = timedelta(seconds=5)
WHOLE = Partition()


class Evaluator:
    """Evaluates ``partition``, proving ``lease`` with each batch. ``now`` gives the time at which tickets are opened."""

    def __init__(self, now: Callable[[], datetime] = clock.now, partition: Partition = WHOLE, lease: Lease | None = None) -> None:
        self.partition = partition
        self.lease = lease
        self._now = now
        self.pace: Pace | None = None  # bounds what one transaction takes, besides the limit it is asked for
        self.is_intake_behind: Callable[[], bool] = lambda: False  # what waits outside may say that an old fault is over
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
            top = inbox.last_position()
            start = self._start()
            if top <= start:
                return 0
        try:
            return self._advance(start, top, limit if self.pace is None else min(limit, self.pace.limit))
        except BaseException:
            self._watching.forget()
            raise

    def _start(self) -> int:
        stored = inbox.cursor(self.partition)
        if stored > self._passed:
            if self._passed:  # another evaluator read in between: what is remembered of the values is not the last any more
                self._watching.forget()
            self._passed = stored
        return self._passed

    def _advance(self, start: int, top: int, limit: int) -> int:
        with db.available():
            batch = self._read(start, top, limit)
        if batch.messages or batch.measured:
            with db.transaction():
                if inbox.locked_cursor(self.partition, self.lease) > start:  # another evaluator was faster
                    self._watching.forget()
                    return 0
                began = time.perf_counter()
                if not apply(batch, self._now()):
                    self._watching.forget()
                inbox.move_cursor(self.partition, batch.end)
                crash_point("evaluation_before_commit")
            crash_point("evaluation_after_commit")
            if self.pace is not None:
                self.pace.learn(len(batch.messages), time.perf_counter() - began)
        self._passed = batch.end
        return batch.end - start

    def _read(self, start: int, top: int, limit: int) -> Batch:
        documents = profile_documents()
        messages, end = inbox.messages(self.partition, start, top, limit), top
        if len(messages) == limit:
            end = messages[-1].position
        rows = inbox.readings(self.partition, start, end) if any(profile.rules for profile in documents.values()) else []
        if len(rows) == inbox.READINGS_AT_ONCE:
            end = rows[-1][0]
            messages = [message for message in messages if message.position <= end]
        return Batch(
            messages,
            self._measured(rows, documents),
            end,
            self._ticked_at if end == top else None,
            documents,
            is_behind=end < top or self.is_intake_behind(),
        )

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

    def tick(self, now_ms: int) -> None:
        """Run the timers of alarms that are due, mark terminals late and silent, and store how far readings were passed over."""
        now = self._ticked_at = clock.from_ms(now_ms)
        self.run_timers(now)
        if self.partition.number == 0 and (self._silence_at is None or not timedelta() <= now - self._silence_at < SILENCE_EVERY):
            self._silence_at = now
            self._silence.tick(now)
        with db.available():
            db.connect()
            if self._passed > inbox.cursor(self.partition):
                inbox.move_cursor(self.partition, self._passed)

    def run_timers(self, now: datetime) -> int:
        """Advance every alarm with a timer due by ``now``, each in its own transaction; returns how many.

        While messages wait to be read nothing is done: they may speak about what the timers wait for. A timer that raises is logged
        and tried again with the next tick. Raises ``Unavailable``.
        """
        with db.available():
            db.connect()
            due = due_alarms(self.partition, now)
            if not due or inbox.last_position() > self._start():
                return 0
            documents = profile_documents()
        for alarm_id in due:
            run_timer(alarm_id, now, documents, self._now(), is_behind=self.is_intake_behind())
        return len(due)
