"""Whose word it was: which machine a device spoke for at a time.

Only the moments at which a terminal was taken off a machine matter: what a device said before such a moment belongs to that machine,
what it said after the last one to the machine that has its code now. So nothing that was said before a terminal was registered is
lost, and a code that is used again takes no history along.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.clock import UTC
from app.core.prepared import Prepared
from app.machines.models import Machine, TerminalChange

_FAR_OFF = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which ``device`` spoke for a machine: from ``from_at`` (None: ever since) up to before ``to_at`` (None: now)."""

    device: str
    from_at: datetime | None
    to_at: datetime | None

    def has(self, at: datetime) -> bool:
        """Whether ``at`` lies in it."""
        return (self.from_at is None or at >= self.from_at) and (self.to_at is None or at < self.to_at)


@dataclass(frozen=True, slots=True)
class Removals:
    """When a device was taken off which machine, in the order of time."""

    times: list[datetime]
    machine_ids: list[int]

    def owner_at(self, at: datetime) -> int | None:
        """The machine it was taken off next after ``at``; None when it was not taken off since: then it is the present owner's."""
        place = bisect_right(self.times, at)
        return self.machine_ids[place] if place < len(self.times) else None


def removals(devices: Collection[str]) -> dict[str, Removals]:
    """Those of ``devices`` that were ever taken off a machine; one query."""
    if not devices:
        return {}
    known = tuple(devices)
    found: dict[str, Removals] = defaultdict(lambda: Removals([], []))
    for device, at, machine_id in _one_removed.rows(*known) if len(known) == 1 else _removed(known):
        found[device].times.append(at)
        found[device].machine_ids.append(machine_id)
    return dict(found)


def _removed(devices: tuple[Any, ...]) -> Any:
    columns = (TerminalChange.old_device, TerminalChange.at, TerminalChange.machine)
    query = TerminalChange.select(*columns).where(TerminalChange.old_device.in_(devices))
    return query.order_by(TerminalChange.at, TerminalChange.id).tuples()


_one_removed = Prepared(lambda device: _removed((device,)))


def spans(machine: Machine) -> list[Span]:
    """The times in which devices spoke for ``machine``: its present terminal first, then those it had, the last first."""
    former = {device for (device,) in _former_devices.plain(machine.id)}
    devices = former | ({machine.device} if machine.device else set())
    taken_off = removals(devices)
    found = [span for device in devices for span in _spans_of(device, taken_off.get(device, Removals([], [])), machine)]
    return sorted(found, key=lambda span: span.to_at or _FAR_OFF, reverse=True)


_former_devices = Prepared(
    lambda machine_id: (
        TerminalChange.select(TerminalChange.old_device)
        .where(TerminalChange.machine == machine_id, TerminalChange.old_device.is_null(False))
        .distinct()
        .tuples()
    )
)


def _spans_of(device: str, taken_off: Removals, machine: Machine) -> list[Span]:
    ends: list[datetime | None] = [*taken_off.times, None]
    owners = [*taken_off.machine_ids, machine.id if machine.device == device else None]
    starts: list[datetime | None] = [None, *taken_off.times]
    return [Span(device, start, end) for start, end, owner in zip(starts, ends, owners, strict=True) if owner == machine.id]


def last_owner(device: str) -> int | None:
    """The machine that ``device`` was taken off last; None for one that never was."""
    row = (
        TerminalChange.select(TerminalChange.machine).where(TerminalChange.old_device == device).order_by(TerminalChange.at.desc()).first()
    )
    return row.machine_id if row else None


def changes_of(machine: Machine) -> list[TerminalChange]:
    """The changes of a machine's terminal, newest first."""
    return list(TerminalChange.select().where(TerminalChange.machine == machine).order_by(TerminalChange.at.desc()))
