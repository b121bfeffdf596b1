"""Recorded messages straight into intake and evaluation, without a broker: backfilling history, scoring rules (interfaces.md).

The file is NDJSON of ``{"topic": …, "payload": …}``; a payload is the JSON object or array itself, or its text as a string.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from app.core import clock
from app.core.config import Config
from app.monitoring import intake
from app.monitoring.evaluation import whole
from app.monitoring.messages import Message, Rejected, Telemetry
from mqtt import payloads
from mqtt.payloads import Received

BATCH = 500
REPORT_EVERY = 20_000


class _Line(msgspec.Struct):
    topic: str
    payload: msgspec.Raw


class BadLine(Exception):
    """A line of the file is not ``{"topic": …, "payload": …}``."""


def run(config: Config, file: Path, *, by_device_clock: bool) -> int:
    """Replay ``file`` and print what became of its messages as JSON; returns the exit status.

    ``by_device_clock`` lets every rule, delay and ticket run as if each message had arrived at its ``ts``.
    """
    replay = Replay(config.topic_root, by_device_clock=by_device_clock)
    try:
        with file.open("rb") as lines:
            replay.take(lines)
    except (OSError, BadLine) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(replay.counts) + "\n")
    return 0


class Replay:
    """Stores and evaluates in the order of the file."""

    def __init__(self, root: str, *, by_device_clock: bool) -> None:
        self.counts = {"received": 0, "stored": 0, "duplicates": 0, "rejected": 0, "quarantined": 0}
        self._root = root
        self._by_device_clock = by_device_clock
        self._now_ms = 0
        self._evaluators = whole(self._now)

    def take(self, lines: Iterable[bytes]) -> None:
        """Replay ``lines``. Raises ``BadLine``; whole batches before it are stored, and the mended file can be replayed again."""
        for batch in self._batches(lines):
            for name, number in intake.store(batch, at_ms=self._now_ms).counts().items():
                self.counts[name] += number
            while sum(one.evaluate_pending() for one in self._evaluators):
                pass
            for one in self._evaluators:
                one.run_timers(self._now())
            if self.counts["received"] // REPORT_EVERY != (self.counts["received"] - len(batch)) // REPORT_EVERY:
                sys.stderr.write(f"{self.counts['received']} messages\n")

    def _now(self) -> datetime:
        return clock.from_ms(self._now_ms)

    def _batches(self, lines: Iterable[bytes]) -> Iterator[list[Message]]:
        """Telemetry in batches; by the device's clock each fault and state by itself, so that it is judged at its own time."""
        batch: list[Message] = []
        for message in self._messages(lines):
            if self._by_device_clock and not isinstance(message, Telemetry):
                if batch:
                    yield batch
                self._now_ms, batch = message.received_ms, []
                yield [message]
                continue
            self._now_ms = message.received_ms
            batch.append(message)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _messages(self, lines: Iterable[bytes]) -> Iterator[Message]:
        last_ms = clock.now_ms()
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            topic, payload = _read_line(number, line)
            for message in payloads.read(Received(topic, payload, clock.now_ms()), self._root):
                if self._by_device_clock:
                    own_ms = None if isinstance(message, Rejected) else message.at_ms
                    last_ms = own_ms if own_ms is not None else last_ms
                    yield msgspec.structs.replace(message, received_ms=last_ms)
                else:
                    yield message


def _read_line(number: int, line: bytes) -> tuple[str, bytes]:
    try:
        found = msgspec.json.decode(line, type=_Line)
        payload = bytes(found.payload)
        return found.topic, msgspec.json.decode(payload, type=str).encode() if payload[:1] == b'"' else payload
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise BadLine(f"line {number}: {error}") from None
