"""Keeps the processes of an installation alive: one that dies, however it dies, is started again."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

LOOK_EVERY_S = 0.2
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
# Whoever lived this long has recovered: its next death is a first one again.
RECOVERED_AFTER_S = 60.0
STOP_WITHIN_S = 8.0
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep alive; ``port`` is where it listens on 127.0.0.1, if those started after it must wait for that."""

    name: str
    command: Sequence[str]
    port: int | None = None


@dataclass(slots=True)
class _Running:
    child: Child
    popen: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    wait_s: float = FIRST_WAIT_S


def follow_parent() -> None:
    """Ask the kernel to stop this new process with SIGTERM when the supervisor is gone."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Supervisor:
    """Starts ``children`` in their order, each with its own log file in ``logs``, and stops them in the reverse order."""

    children: Sequence[Child]
    logs: Path
    environment: Mapping[str, str]
    _running: list[_Running] = field(default_factory=list)
    _is_stopping: bool = False

    def run(self, when_up: Callable[[], None] = lambda: None) -> None:
        """Run until SIGINT or SIGTERM; ``when_up`` is called once everything listens for the first time."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note_signal)
        try:
            self._start_all()
            if not self._is_stopping:
                when_up()
            while not self._is_stopping:
                self._look()
                time.sleep(LOOK_EVERY_S)
        finally:
            self._stop_all()

    def _note_signal(self, _number: int, _frame: object) -> None:
        self._is_stopping = True

    def _start_all(self) -> None:
        for child in self.children:
            self._running.append(_Running(child))
            self._start(self._running[-1])
            self._wait_until_it_listens(child)

    def _start(self, running: _Running) -> None:
        path = self.logs / f"{running.child.name}.log"
        with path.open("ab") as log:
            running.popen = subprocess.Popen(
                running.child.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,  # Ctrl-C reaches only the supervisor, which stops the children in order
                preexec_fn=follow_parent,
            )
        running.started = time.monotonic()
        self._say("started", running, pid=running.popen.pid)

    def _wait_until_it_listens(self, child: Child) -> None:
        deadline = time.monotonic() + LONGEST_WAIT_S
        while child.port and not listens(child.port) and not self._is_stopping and time.monotonic() < deadline:
            self._look()
            time.sleep(LOOK_EVERY_S)

    def _look(self) -> None:
        now = time.monotonic()
        for running in self._running:
            if running.popen is not None and running.popen.poll() is not None:
                self._note_death(running, now)
            if running.popen is None and now >= running.start_at:
                self._start(running)

    def _note_death(self, running: _Running, now: float) -> None:
        assert running.popen is not None
        if now - running.started >= RECOVERED_AFTER_S:
            running.wait_s = FIRST_WAIT_S
        self._say("died", running, pid=running.popen.pid, status=running.popen.returncode, again_in_s=running.wait_s)
        running.popen = None
        running.start_at = now + running.wait_s
        running.wait_s = min(running.wait_s * 2, LONGEST_WAIT_S)

    def _stop_all(self) -> None:
        deadline = time.monotonic() + STOP_WITHIN_S
        # What listens for devices goes last, so that those before it can still hand over what they hold.
        for group in (self._alive(self._running[1:]), self._alive(self._running[:1])):
            for popen in group:
                popen.terminate()
            for popen in group:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    popen.wait(max(0.1, deadline - time.monotonic()))
        for popen in self._alive(self._running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(popen.pid, signal.SIGKILL)
            popen.wait()
        self._write("stopped")

    @staticmethod
    def _alive(running: Iterable[_Running]) -> list[subprocess.Popen[bytes]]:
        return [one.popen for one in running if one.popen is not None and one.popen.poll() is None]

    def _say(self, event: str, running: _Running, **facts: object) -> None:
        self._write(event, child=running.child.name, **facts)

    def _write(self, event: str, **facts: object) -> None:
        line = json.dumps({"event": event, **facts, "at": datetime.now(UTC).isoformat(), "process": "supervisor"})
        with (self.logs / "supervisor.log").open("a", encoding="utf8") as log:
            log.write(line + "\n")
        print(line, file=sys.stderr, flush=True)


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections on ``port``."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
