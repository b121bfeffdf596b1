"""How readings are kept when they are thinned: a block is the hour of a terminal minute by minute, or its day hour by hour.

By metric a block has a list with a place for each step; a place that nothing was said in holds null, trailing ones are left out. What a
step holds is as short as it can be, because it is kept for years: ``v`` one reading, ``[n, v]`` n readings that said the same,
``[n, least, greatest, mean, last]`` all others. Switches count as 1 and 0; texts are not thinned. Pure: no database.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
# One message has at most 200 metrics; more names than this in one hour are no measurement any more.
MOST_METRICS = 400
_DIGITS = 7

_decode = msgspec.json.Decoder(dict[str, list[Any]]).decode
_decode_list = msgspec.json.Decoder(list[Any]).decode


@dataclass(slots=True)
class Step:
    """What was said of one metric in one minute or hour: how often, least, greatest, mean and last."""

    count: int
    least: float
    greatest: float
    mean: float
    last: float

    def take(self, value: float) -> None:
        """Add a reading, later than those before."""
        self.join(Step(1, value, value, value, value))

    def join(self, other: "Step") -> None:
        """Add another step, later than this one."""
        count = self.count + other.count
        self.mean += (other.mean - self.mean) * other.count / count
        self.count = count
        self.least = min(self.least, other.least)
        self.greatest = max(self.greatest, other.greatest)
        self.last = other.last


Block = dict[str, list[Step | None]]


def minutes_of(readings: Iterable[tuple[int, Mapping[str, Any]]], start_ms: int) -> Block:
    """The hour from ``start_ms`` minute by minute, from its readings (time in ms, metrics), oldest first."""
    block: Block = {}
    for at_ms, metrics in readings:
        place = (at_ms - start_ms) // MINUTE_MS
        for metric, value in metrics.items():
            if not isinstance(value, int | float) or not math.isfinite(value):
                continue
            steps = block.get(metric)
            if steps is None:
                if len(block) >= MOST_METRICS:
                    continue
                steps = block[metric] = [None] * 60
            _take(steps, place, float(value))
    return block


def _take(steps: list[Step | None], place: int, value: float) -> None:
    step = steps[place]
    if step is None:
        steps[place] = Step(1, value, value, value, value)
    else:
        step.take(value)


def joined(earlier: Block, later: Block) -> Block:
    """Both blocks in one, place by place."""
    return {
        metric: [_both(one, other) for one, other in _pairs(earlier.get(metric, []), later.get(metric, []))]
        for metric in {**earlier, **later}
    }


def _pairs(earlier: list[Step | None], later: list[Step | None]) -> Iterable[tuple[Step | None, Step | None]]:
    length = max(len(earlier), len(later))
    return zip(earlier + [None] * (length - len(earlier)), later + [None] * (length - len(later)), strict=True)


def _both(earlier: Step | None, later: Step | None) -> Step | None:
    if earlier is None or later is None:
        return earlier or later
    earlier.join(later)
    return earlier


def whole(block: Block) -> dict[str, Step]:
    """All steps of each metric in one."""
    found: dict[str, Step] = {}
    for metric, steps in block.items():
        for step in filter(None, steps):
            if metric in found:
                found[metric].join(step)
            else:
                found[metric] = Step(step.count, step.least, step.greatest, step.mean, step.last)
    return found


def at_place(block: Block, place: int) -> dict[str, Step]:
    """What ``block`` holds at ``place``, by metric."""
    found = {metric: steps[place] for metric, steps in block.items() if place < len(steps)}
    return {metric: step for metric, step in found.items() if step is not None}


def together(earlier: dict[str, Step], later: dict[str, Step]) -> dict[str, Step]:
    """The steps of both."""
    return whole({metric: [steps.get(metric) for steps in (earlier, later)] for metric in {**earlier, **later}})


def put(block: Block, place: int, steps: Mapping[str, Step]) -> None:
    """Make ``steps`` what ``block`` holds at ``place``, instead of what stood there."""
    for metric in {**block, **steps}:
        held = block.setdefault(metric, [])
        held += [None] * (place + 1 - len(held))
        held[place] = steps.get(metric)


def written(block: Block) -> str:
    """The text of a block."""
    return msgspec.json.encode({metric: _entries(steps) for metric, steps in block.items() if any(steps)}).decode()


def _entries(steps: list[Step | None]) -> list[Any]:
    entries = [None if step is None else _entry(step) for step in steps]
    while entries and entries[-1] is None:
        entries.pop()
    return entries


def _entry(step: Step) -> Any:
    if step.least == step.greatest:
        return _short(step.last) if step.count == 1 else [step.count, _short(step.last)]
    return [step.count, _short(step.least), _short(step.greatest), _short(float(f"{step.mean:.{_DIGITS}g}")), _short(step.last)]


def _short(value: float) -> float:
    return int(value) if abs(value) < 1e15 and value == int(value) else value


def read(text: str) -> Block:
    """The block of a text."""
    return {metric: [_step(entry) for entry in entries] for metric, entries in _decode(text).items()}


def read_metric(text: str) -> list[Step | None]:
    """The steps of one metric of a block, from its part of the text."""
    return [_step(entry) for entry in _decode_list(text)]


def _step(entry: Any) -> Step | None:
    if entry is None:
        return None
    if not isinstance(entry, list):
        return Step(1, entry, entry, entry, entry)
    if len(entry) == 2:
        count, value = entry
        return Step(count, value, value, value, value)
    return Step(*entry)
