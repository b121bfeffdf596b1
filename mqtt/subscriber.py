"""The subscriber: standby until it holds a lease, then network and intake, evaluation and upkeep, each in threads of their own."""

import threading
import time
from collections.abc import Callable

import structlog

from app.core.clock import ProcessClock, now_ms
from app.core.errors import Unavailable
from app.monitoring import intake
from mqtt import figures
from mqtt.broker_check import BrokerCheck
from mqtt.credentials import CredentialLoop
from mqtt.evaluating import WAIT_FOR_OTHERS_S, WAIT_S, Evaluates, EvaluationLoop
from mqtt.intake_loop import BATCH
from mqtt.lines import Lines
from mqtt.receipts import Receipts
from mqtt.settings import Settings

HEARTBEAT_S = 2.0
STOP_S = 4.0
CALM_AFTER_S = 2.0

log = structlog.get_logger()


class Subscriber:
    """One process that takes in the feed: all of it, or its part."""

    def __init__(self, settings: Settings, evaluator: Evaluates) -> None:
        self.settings = settings
        self.clock = ProcessClock()
        self.lines = Lines(settings, self.clock, self._stored)
        self.evaluation = EvaluationLoop(evaluator, self.clock, WAIT_S if settings.intakes == 1 else WAIT_FOR_OTHERS_S)
        self.evaluation.is_intake_behind = lambda: self._queue_length() >= BATCH
        self.credentials = CredentialLoop(settings, lambda: self.lines.leads)
        self.broker = BrokerCheck(settings)
        self.receipts = Receipts(self.lines, settings.root, is_shared=settings.intakes > 1)
        self._is_stopping = threading.Event()

    @property
    def is_behind(self) -> bool:
        """Whether what waited for this process, here or at the broker, is still being taken in."""
        return any(line.queue.quiet_s() < CALM_AFTER_S for line in list(self.lines.held.values()))

    def run(self) -> None:
        """Serve until ``stop`` is called."""
        threads = [
            threading.Thread(target=self.evaluation.run, name="evaluation", daemon=True),
            threading.Thread(target=self.credentials.run, name="credentials", daemon=True),
        ]
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
            self._try(self.lines.hold)
            self._try(self.receipts.publish_due)
            if time.monotonic() - beat_at >= HEARTBEAT_S:
                beat_at = time.monotonic()
                self._try(self._beat)
                for line in self.lines.held.values():
                    self._try(line.intake.noise.settle)
                self._try(self._check_clock)

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Unavailable as error:
            log.warning("upkeep_waits", step=step.__name__, error=str(error.__cause__ or error))
        except Exception:  # upkeep must go on
            log.exception("upkeep_failed", step=step.__name__)

    def _stored(self, outcome: intake.Outcome) -> None:
        self.receipts.note(outcome)
        if outcome.has_events:  # evaluation passes over readings with its next turn
            self.evaluation.wake()

    def _queue_length(self) -> int:
        return sum(len(line.queue) for line in list(self.lines.held.values()))

    def _beat(self) -> None:
        lines = list(self.lines.held.values())
        for line in lines:
            line.beat()
        if self.lines.is_connected and self.settings.delivery == "full":
            self.broker.begin()
        figures.QUEUE_LENGTH.set(self._queue_length())
        figures.IS_CONNECTED.set(self.lines.is_connected)
        clients = [line.client for line in lines]
        intake.beat(
            intake.Heartbeat(
                instance=self.settings.instance,
                heartbeat_ms=now_ms(),
                is_connected=self.lines.is_connected,
                connected_ms=max((one.connected_ms for one in clients if one.connected_ms is not None), default=None),
                last_message_ms=max((one.last_message_ms for one in clients if one.last_message_ms is not None), default=None),
                queue_length=self._queue_length(),
                delivery=self.settings.delivery,
                problem=self._problem(),
            )
        )

    def _problem(self) -> str:
        """One "code: detail" a line, told in words by the screens."""
        problems = [problem for line in self.lines.held.values() for problem in line.problems()]
        return "\n".join(dict.fromkeys(problem.replace("\n", " ") for problem in (*problems, self.broker.problem) if problem))

    def _check_clock(self) -> None:
        step_ms = self.clock.check()
        if step_ms:
            log.warning("clock_stepped", step_ms=step_ms)
            intake.note_clock_step(self.clock.now_ms(), step_ms)

    def _shut_down(self, threads: list[threading.Thread]) -> None:
        deadline = time.monotonic() + STOP_S
        self.evaluation.is_stopping.set()
        self.credentials.is_stopping.set()
        self.evaluation.wake()
        self.lines.close(deadline)
        for thread in threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        self._try(self.receipts.publish_due)
        self.lines.disconnect(deadline)
        log.info("stopped")
