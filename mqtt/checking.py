"""Judges what a device sends against the contract (monitoring §1), for its maker: pure, no broker, no database, no clock of its own."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.machines.profiles import Metric, MetricKind, Profile
from app.monitoring.messages import Fault, Message, Reason, Rejected, State, Telemetry
from mqtt import payloads, topics
from mqtt.check_words import KINDS, LABELS, LANGUAGES, NOTED, REFUSED

_SECOND_MS, _MINUTE_MS, _HOUR_MS = 1_000, 60_000, 3_600_000
FAST_BY_MS = 2 * _SECOND_MS
OLD_BY_MS = 5 * _MINUTE_MS
RAISED_AGAIN_WITHIN_MS = _MINUTE_MS
ZONES_ARE_MULTIPLES_OF_MS = 15 * _MINUTE_MS
ZONE_IS_MET_WITHIN_MS = _MINUTE_MS
FARTHEST_ZONE_MS = 14 * _HOUR_MS
SECONDS_BELOW_MS = 100_000_000_000  # 1973 as milliseconds: no device sends that, but seconds since 1970 look like it
MOST_MISSING = 1_000


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as it came; ``is_retained`` is the flag its publisher gave, None when that cannot be seen."""

    topic: str
    payload: bytes
    received_ms: int
    qos: int = 1
    is_retained: bool | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. ``key`` is one of ``NOTED`` or a reason of ``REFUSED``."""

    device: str
    key: str
    values: dict[str, Any]

    @property
    def is_error(self) -> bool:
        """Whether the message is refused or the promise does not hold for it."""
        return self.key not in NOTED or NOTED[self.key][0] == "error"

    def words(self, language: str) -> str:
        """The sentence for the maker."""
        number = LANGUAGES.index(language)
        text = NOTED[self.key][1 + number] if self.key in NOTED else REFUSED[Reason(self.key)][number]
        label = LABELS["error" if self.is_error else "hint"][number]
        values = self.values | ({"wanted": KINDS[self.values["wanted"]][number]} if "wanted" in self.values else {})
        return f"{self.device or '?'}  {label}  {text.format(**values)}"


@dataclass(slots=True)
class _Device:
    """What was seen of one device."""

    messages: int = 0
    has_state: bool = False
    boots: dict[str, dict[int, bytes]] = field(default_factory=dict)
    missing: dict[str, set[int]] = field(default_factory=dict)
    raised_ms: dict[str, int] = field(default_factory=dict)
    counts: Counter[bool] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Summary:
    """What one device came to."""

    device: str
    messages: int
    errors: int
    hints: int


class Check:
    """Looks at messages in the order in which they come. ``profile`` says which metrics and codes there are."""

    def __init__(self, root: str, profile: Profile | None = None) -> None:
        self._root = root
        self._profile = profile
        self._devices: dict[str, _Device] = {}

    def look(self, sent: Sent) -> list[Finding]:
        """What is to be said about ``sent``."""
        device, kind = topics.read(sent.topic, self._root)
        seen = self._devices.setdefault(device or "", _Device())
        messages = payloads.read(payloads.Received(sent.topic, sent.payload, sent.received_ms, bool(sent.is_retained)), self._root)
        found = [Finding(device or "", *remark) for remark in self._of_packet(sent, kind)]
        for message in messages:
            seen.messages += 1
            found += [Finding(device or "", *remark) for remark in self._of_message(seen, message, sent)]
        seen.counts.update(finding.is_error for finding in found)
        return found

    def end(self) -> list[Finding]:
        """What can only be said at the end: who never said that it is there."""
        if not self._devices:
            return [Finding("", "nothing", {})]
        silent = [Finding(name, "no_birth", {}) for name, seen in self._devices.items() if name and not seen.has_state]
        for finding in silent:
            self._devices[finding.device].counts[True] += 1
        return silent

    def summaries(self) -> list[Summary]:
        """Each device with its figures, in the order of their codes."""
        return [Summary(name or "?", seen.messages, seen.counts[True], seen.counts[False]) for name, seen in sorted(self._devices.items())]

    def _of_packet(self, sent: Sent, kind: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
        if sent.qos == 0:
            yield "qos_0", {}
        if sent.is_retained and kind in ("telemetry", "fault"):
            yield "retained", {"kind": kind}
        if sent.is_retained is False and kind == "state":
            yield "not_retained", {}

    def _of_message(self, seen: _Device, message: Message, sent: Sent) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(message, Rejected):
            yield message.reason, {"root": self._root, "detail": message.detail}
            return
        is_will = isinstance(message, State) and not message.is_online
        seen.has_state |= isinstance(message, State)
        if not is_will:  # a last will is written when the device connects and knows neither time nor number
            yield from _of_identity(message)
            yield from _of_time(message, sent.received_ms)
        if message.boot is not None and message.seq is not None:
            yield from _of_number(seen, message)
        yield from self._of_content(seen, message)

    def _of_content(self, seen: _Device, message: Telemetry | Fault | State) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(message, State):
            if message.is_online and "faults" not in json.loads(message.payload):
                yield "birth_without_faults", {}
        elif isinstance(message, Fault):
            yield from self._of_fault(seen, message)
        elif self._profile is not None:
            for name, value in json.loads(message.metrics).items():
                yield from _of_metric(self._profile.metrics.get(name), name, value)

    def _of_fault(self, seen: _Device, fault: Fault) -> Iterator[tuple[str, dict[str, Any]]]:
        if self._profile is not None and fault.code not in self._profile.codes:
            yield "unknown_code", {"code": fault.code}
        at_ms = fault.received_ms if fault.at_ms is None else fault.at_ms
        before_ms = seen.raised_ms.pop(fault.code, None)
        if fault.is_active:
            seen.raised_ms[fault.code] = at_ms
            if before_ms is not None and 0 <= at_ms - before_ms < RAISED_AGAIN_WITHIN_MS:
                yield "raised_again", {"code": fault.code, "seconds": (at_ms - before_ms) / _SECOND_MS}


def _of_identity(message: Telemetry | Fault | State) -> Iterator[tuple[str, dict[str, Any]]]:
    has_number = message.boot is not None and message.seq is not None
    if not has_number and message.at_ms is None:
        yield "no_identity", {}
    elif not has_number:
        yield "no_number", {}
    elif message.at_ms is None:
        yield "no_time", {}


def _of_time(message: Telemetry | Fault | State, received_ms: int) -> Iterator[tuple[str, dict[str, Any]]]:
    if message.at_ms is None:
        return
    ahead_ms = message.at_ms - received_ms
    if 0 < message.at_ms < SECONDS_BELOW_MS:
        yield "seconds", {"ts": message.at_ms}
    elif abs(ahead_ms) > OLD_BY_MS and _is_a_zone(ahead_ms):
        yield "other_zone", {"hours": ahead_ms / _HOUR_MS}
    elif ahead_ms > FAST_BY_MS:
        yield "ahead", {"seconds": ahead_ms / _SECOND_MS}
    elif -ahead_ms > OLD_BY_MS:
        yield "behind", {"seconds": -ahead_ms / _SECOND_MS}


def _is_a_zone(off_ms: int) -> bool:
    nearest = round(off_ms / ZONES_ARE_MULTIPLES_OF_MS) * ZONES_ARE_MULTIPLES_OF_MS
    return nearest != 0 and abs(off_ms - nearest) <= ZONE_IS_MET_WITHIN_MS and abs(off_ms) <= FARTHEST_ZONE_MS and abs(nearest) >= _HOUR_MS


def _of_number(seen: _Device, message: Telemetry | Fault | State) -> Iterator[tuple[str, dict[str, Any]]]:
    boot, seq = str(message.boot), message.seq or 0
    place = {"boot": boot, "seq": seq}
    numbers = seen.boots.get(boot)
    if numbers is None:
        # The first boot may have been running before anybody listened.
        if seen.boots and not (seq == 0 and isinstance(message, State)):
            yield "not_from_0", place | {"kind": type(message).__name__.lower()}
        seen.boots[boot] = {seq: message.content}
        return
    if seq in numbers:
        yield ("again" if numbers[seq] == message.content else Reason.KEY_CONFLICT), place
        return
    missing = seen.missing.setdefault(boot, set())
    if seq in missing:
        missing.discard(seq)
        yield "filled", place
    elif seq > max(numbers) + 1:
        first, last = max(numbers) + 1, seq - 1
        missing.update(range(first, min(last, first + MOST_MISSING) + 1))
        yield "missing", {"boot": boot, "first": first, "last": last}
    numbers[seq] = message.content


def _of_metric(metric: Metric | None, name: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if metric is None:
        yield "unknown_metric", {"metric": name}
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_right = {MetricKind.NUMBER: is_number, MetricKind.BOOLEAN: isinstance(value, bool), MetricKind.TEXT: isinstance(value, str)}
    if value is None:
        return
    if not is_right[metric.kind]:
        yield "wrong_kind", {"metric": name, "wanted": metric.kind, "value": json.dumps(value, ensure_ascii=False)}
    elif is_number and metric.limits is not None and not metric.limits[0] <= value <= metric.limits[1]:
        yield "out_of_range", {"metric": name, "value": value, "low": metric.limits[0], "high": metric.limits[1]}
