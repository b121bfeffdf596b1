"""Running the evaluation beside the intake: woken after each commit, and by a short tick."""

import threading
import time
from typing import Protocol

import structlog

from app.core.clock import ProcessClock
from app.core.errors import Unavailable
from mqtt import figures

TICK_S = 0.5
STEP = 500
MAX_BACK_OFF_S = 30.0

log = structlog.get_logger()


class Evaluates(Protocol):
    """What the loop asks of an evaluator."""

    def evaluate_pending(self, limit: int = ...) -> int:
        """Advance by up to ``limit`` positions; returns how many."""

    def tick(self, now_ms: int) -> None:
        """Look at what silence means by ``now_ms``."""


class EvaluationLoop:
    """Calls the evaluator; a failure is logged and tried again later, intake goes on meanwhile."""

    def __init__(self, evaluator: Evaluates, clock: ProcessClock) -> None:
        self.evaluator = evaluator
        self.clock = clock
        self.is_stopping = threading.Event()
        self._work = threading.Event()

    def wake(self) -> None:
        """Something was committed."""
        self._work.set()

    def run(self) -> None:
        """Go on until ``is_stopping``."""
        back_off_s, ticked_at = TICK_S, 0.0
        while not self.is_stopping.is_set():
            try:
                if time.monotonic() - ticked_at >= TICK_S:
                    ticked_at = time.monotonic()
                    self.evaluator.tick(self.clock.now_ms())
                is_behind = self._step()
                back_off_s = TICK_S
            except Unavailable as error:
                log.warning("evaluation_waits", error=str(error.__cause__ or error))
                back_off_s = self._back_off(back_off_s)
                continue
            except Exception:  # whatever a rule does, the next try comes
                log.exception("evaluation_failed")
                back_off_s = self._back_off(back_off_s)
                continue
            if not is_behind:
                self._work.wait(TICK_S)
                self._work.clear()

    def _step(self) -> bool:
        started = time.perf_counter()
        advanced = self.evaluator.evaluate_pending(STEP)
        if advanced:
            figures.EVALUATION_S.observe(time.perf_counter() - started)
        return advanced > 0

    def _back_off(self, wait_s: float) -> float:
        self.is_stopping.wait(wait_s)
        return min(MAX_BACK_OFF_S, wait_s * 2)
