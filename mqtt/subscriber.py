"""The subscriber: standby until it holds the lease, then network, intake, evaluation and upkeep, each in a thread of its own."""

import threading
import time
from collections.abc import Callable

import structlog

from app.core.clock import ProcessClock
from app.core.errors import Unavailable
from app.monitoring import intake
from mqtt import figures
from mqtt.broker_check import BrokerCheck
from mqtt.client import FeedClient
from mqtt.credentials import CredentialLoop
from mqtt.evaluating import Evaluates, EvaluationLoop
from mqtt.intake_loop import BATCH, IntakeLoop
from mqtt.lease import LeaseKeeper
from mqtt.queue import FeedQueue
from mqtt.receipts import Receipts
from mqtt.settings import Settings
from mqtt.watchdog import Watchdog

HEARTBEAT_S = 2.0
STOP_S = 4.0

log = structlog.get_logger()


class Subscriber:
    """One intake of the feed."""

    def __init__(self, settings: Settings, evaluator: Evaluates) -> None:
        self.settings = settings
        self.clock = ProcessClock()
        self.queue = FeedQueue()
        self.client = FeedClient(settings, self.queue, self.clock)
        self.lease = LeaseKeeper(settings.client_id, settings.instance, self.clock)
        self.intake = IntakeLoop(settings, self.queue, self.client, self.lease, self.clock)
        self.evaluation = EvaluationLoop(evaluator, self.clock)
        self.credentials = CredentialLoop(settings, lambda: self.lease.current is not None and self.client.is_connected)
        self.watchdog = Watchdog(self.client)
        self.broker = BrokerCheck(settings)
        self.receipts = Receipts(self.client, settings.root)
        self._is_stopping = threading.Event()
        self._last_contact_ms: int | None = None
        self._wire()

    def _wire(self) -> None:
        self.intake.on_stored = self._stored
        self.evaluation.is_intake_behind = lambda: len(self.queue) >= BATCH
        self.intake.on_lease_lost = self._stand_by
        self.client.on_session = self._session_opened
        self.client.on_taken_over = self._taken_over

    def run(self) -> None:
        """Serve until ``stop`` is called."""
        threads = [
            threading.Thread(target=self.intake.run, name="intake", daemon=True),
            threading.Thread(target=self.evaluation.run, name="evaluation", daemon=True),
            threading.Thread(target=self.credentials.run, name="credentials", daemon=True),
        ]
        self.client.start()
        for thread in threads:
            thread.start()
        self._keep_up()
        self._shut_down(threads)

    def stop(self) -> None:
        """Drain, acknowledge and end ``run``."""
        self._is_stopping.set()

    def _keep_up(self) -> None:
        beat_at = 0.0
        while not self._is_stopping.wait(0.25):
            self._try(self._hold_lease)
            self._try(self.receipts.publish_due)
            if time.monotonic() - beat_at >= HEARTBEAT_S:
                beat_at = time.monotonic()
                self._try(self._beat)
                self._try(self.intake.noise.settle)
                self._try(self._check_clock)
                self.watchdog.check()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Unavailable as error:
            log.warning("upkeep_waits", step=step.__name__, error=str(error.__cause__ or error))
        except Exception:  # upkeep must go on
            log.exception("upkeep_failed", step=step.__name__)

    def _hold_lease(self) -> None:
        if self.lease.current is not None:
            try:
                self.lease.renew()
            except intake.LeaseLost:
                self._stand_by()
        elif self.lease.take():
            self._last_contact_ms = intake.last_contact_ms()
            self.client.connect()

    def _stand_by(self) -> None:
        log.warning("lease_lost")
        self.lease.drop()
        self.client.disconnect()

    def _taken_over(self) -> None:
        if not self.lease.is_mine():
            self._stand_by()

    def _session_opened(self, is_present: bool) -> None:
        if self.settings.delivery == "full":
            self.broker.begin()
        since, self._last_contact_ms = self._last_contact_ms, self.clock.now_ms()
        if not is_present and since is not None and self.settings.delivery == "full":
            log.warning("session_lost", since_ms=since)
            intake.note_possible_gap(since, self.clock.now_ms())

    def _stored(self, outcome: intake.Outcome) -> None:
        self.receipts.note(outcome)
        if outcome.has_events:  # evaluation passes over readings with its next turn
            self.evaluation.wake()

    def _beat(self) -> None:
        figures.QUEUE_LENGTH.set(len(self.queue))
        figures.IS_CONNECTED.set(self.client.is_connected)
        if self.client.is_connected:
            self._last_contact_ms = self.clock.now_ms()
        intake.beat(
            intake.Heartbeat(
                instance=self.settings.instance,
                heartbeat_ms=self.clock.now_ms(),
                is_connected=self.client.is_connected,
                connected_ms=self.client.connected_ms,
                last_message_ms=self.client.last_message_ms,
                queue_length=len(self.queue),
                delivery=self.settings.delivery,
                problem=self._problem(),
            )
        )

    def _problem(self) -> str:
        """One "code: detail" a line, told in words by the screens."""
        problems = (
            self.client.problem, self.intake.problem, self.watchdog.problem, self.intake.disk_warning(), *self.client.shortcomings,
            self.broker.problem,
        )  # fmt: skip
        return "\n".join(problem.replace("\n", " ") for problem in problems if problem)

    def _check_clock(self) -> None:
        step_ms = self.clock.check()
        if step_ms:
            log.warning("clock_stepped", step_ms=step_ms)
            intake.note_clock_step(self.clock.now_ms(), step_ms)

    def _shut_down(self, threads: list[threading.Thread]) -> None:
        deadline = time.monotonic() + STOP_S
        self.client.pause()
        self.intake.is_stopping.set()
        self.evaluation.is_stopping.set()
        self.credentials.is_stopping.set()
        self.queue.wake()
        self.evaluation.wake()
        for thread in threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        self._try(self.receipts.publish_due)
        self.client.stop(max(0.2, deadline - time.monotonic()))
        self.lease.release()
        log.info("stopped")
