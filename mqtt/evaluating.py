"""Running the evaluation beside the intake: woken after each commit, and by a short tick."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import structlog

from app.core.clock import ProcessClock
from app.core.errors import Unavailable
from mqtt import figures

WAIT_S = 0.5
WAIT_FOR_OTHERS_S = 0.05  # where other processes take messages in as well, nobody wakes this one
TICK_S = 1.0
STEP = 500
REST = 3  # while a backlog comes in, evaluation rests so many times as long as it worked: intake must not wait for it
LONGEST_REST_S = 0.3
MAX_BACK_OFF_S = 30.0

log = structlog.get_logger()


class Evaluates(Protocol):
    """What the loop asks of an evaluator."""

    def evaluate_pending(self, limit: int = ...) -> int:
        """Advance by up to ``limit`` positions; returns how many."""

    def tick(self, now_ms: int) -> None:
        """Run what is due by ``now_ms``, and look at what silence means by then."""

    def give_back(self) -> None:
        """Let another process evaluate at once."""


class EvaluationLoop:
    """Calls the evaluator; a failure is logged and tried again later, intake goes on meanwhile."""

    def __init__(self, evaluator: Evaluates, clock: ProcessClock, wait_s: float = WAIT_S) -> None:
        self.wait_s = wait_s
        self.evaluator = evaluator
        self.clock = clock
        self.is_intake_behind: Callable[[], bool] = lambda: False
        self.is_stopping = threading.Event()
        self._work = threading.Event()

    def wake(self) -> None:
        """Something was committed."""
        self._work.set()

    def run(self) -> None:
        """Go on until ``is_stopping``."""
        self._go_on()
        with suppress(Unavailable):  # then it lapses by itself
            self.evaluator.give_back()

    def _go_on(self) -> None:
        back_off_s, ticked_at = WAIT_S, 0.0
        while not self.is_stopping.is_set():
            try:
                if time.monotonic() - ticked_at >= TICK_S:
                    ticked_at = time.monotonic()
                    self.evaluator.tick(self.clock.now_ms())
                is_behind = self._step()
                back_off_s = WAIT_S
            except Unavailable as error:
                log.warning("evaluation_waits", error=str(error.__cause__ or error))
                back_off_s = self._back_off(back_off_s)
                continue
            except Exception:  # whatever a rule does, the next try comes
                log.exception("evaluation_failed")
                back_off_s = self._back_off(back_off_s)
                continue
            if not is_behind:
                self._work.wait(self.wait_s)
                self._work.clear()

    def _step(self) -> bool:
        started = time.perf_counter()
        advanced = self.evaluator.evaluate_pending(STEP)
        if not advanced:
            return False
        took_s = time.perf_counter() - started
        figures.EVALUATION_S.observe(took_s)
        if self.is_intake_behind():
            self.is_stopping.wait(min(LONGEST_REST_S, took_s * REST))
        return True

    def _back_off(self, wait_s: float) -> float:
        self.is_stopping.wait(wait_s)
        return min(MAX_BACK_OFF_S, wait_s * 2)
