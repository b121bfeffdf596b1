"""Where the messages of a machine stand: its terminal's, and those of the terminals it had, each in its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from peewee import Expression

from app.core.clock import to_ms
from app.core.prepared import Prepared
from app.machines import terminals
from app.machines.models import Machine
from app.monitoring.models import Terminal

FOREVER_MS = 2**62


@dataclass(frozen=True, slots=True)
class Source:
    """The messages of one terminal from ``from_ms`` up to before ``to_ms``; the last ones of a machine come first in a list."""

    terminal_id: int
    from_ms: int
    to_ms: int

    def within(self, from_ms: int, to_ms: int) -> "Source":
        """The part of it in that time; empty (``from_ms`` ≥ ``to_ms``) when there is none."""
        return Source(self.terminal_id, max(self.from_ms, from_ms), min(self.to_ms, to_ms))

    @property
    def is_empty(self) -> bool:
        """Whether no message can lie in it."""
        return self.from_ms >= self.to_ms


def sources(machine: Machine) -> list[Source]:
    """Those of ``machine``, its present terminal first; empty when none of its terminals has said anything."""
    spans = terminals.spans(machine)
    devices = tuple({span.device for span in spans})
    ids = dict(_one_id.plain(*devices) if len(devices) == 1 else _ids_of(devices))
    return [
        Source(ids[span.device], to_ms(span.from_at) if span.from_at else 0, to_ms(span.to_at) if span.to_at else FOREVER_MS)
        for span in spans
        if span.device in ids
    ]


def _ids_of(devices: tuple[Any, ...]) -> Any:
    return Terminal.select(Terminal.device, Terminal.id).where(Terminal.device.in_(devices)).tuples()


_one_id = Prepared(lambda device: _ids_of((device,)))


def within(found: Sequence[Source], from_ms: int, to_ms: int) -> list[Source]:
    """The parts of ``found`` in that time."""
    parts = [source.within(from_ms, to_ms) for source in found]
    return [part for part in parts if not part.is_empty]


def are_of(found: Sequence[Source], terminal: Any, at: Any) -> Expression:
    """The condition that a row with the columns ``terminal`` and ``at`` lies in one of ``found``, of which there is at least one."""
    return reduce(or_, [(terminal == one.terminal_id) & (at >= one.from_ms) & (at < one.to_ms) for one in found])
