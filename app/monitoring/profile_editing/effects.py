"""What a change of a profile would do: which codes and machines it concerns, which standing alarms lose their meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peewee import fn

from app.machines.models import DeviceProfile, Machine
from app.machines.profiles import Profile, Remark
from app.monitoring.alarm_machine.state import STANDING
from app.monitoring.models import Alarm


@dataclass(frozen=True, slots=True)
class Changed:
    """Entries of one part that would be new, other or gone."""

    part: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effects:
    """What saving would do."""

    machine_count: int
    parts: tuple[Changed, ...]
    orphaned: tuple[tuple[str, int], ...]  # codes that would no longer be described, each with its standing alarms
    remarks: tuple[Remark, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the profile would mean the same as before."""
        return not self.parts


def of_change(row: DeviceProfile | None, before: Profile | None, after: Profile) -> Effects:
    """The effects of ``after`` in place of ``before`` (None for a profile that is not there or cannot be read)."""
    known = _meanings(before) if before else {}
    parts = [_compared(part, known.get(part, {}), entries) for part, entries in _meanings(after).items()]
    gone = sorted((before.codes.keys() if before else set()) - after.codes.keys())
    standing = standing_alarms(row, gone) if row else {}
    orphaned = tuple((code, standing.get(code, 0)) for code in gone)
    found = tuple(one for one in parts if one.added or one.changed or one.removed)
    return Effects(machine_count(row) if row else 0, found, orphaned, after.remarks)


def machine_count(row: DeviceProfile) -> int:
    """How many machines are monitored by the profile."""
    return Machine.select().where(Machine.profile == row.id).count()


def standing_alarms(row: DeviceProfile, codes: list[str]) -> dict[str, int]:
    """How many alarms of each of ``codes`` stand at machines of the profile."""
    if not codes:
        return {}
    query = Alarm.select(Alarm.code, fn.COUNT(Alarm.id)).join(Machine).where(Machine.profile == row.id, Alarm.code.in_(codes))
    return dict(query.where(Alarm.condition.in_(list(STANDING))).group_by(Alarm.code).tuples())


def _meanings(profile: Profile) -> dict[str, dict[str, Any]]:
    rules: dict[str, Any] = {}
    for rule in profile.rules:
        name = f"{rule.code} · {rule.metric}"
        rules[name] = (*rules.get(name, ()), rule)
    return {
        "general": {"name": profile.title, "expected_interval_s": profile.expected_interval_s},
        "codes": dict(profile.codes),
        "rules": rules,
        "metrics": dict(profile.metrics),
        "combinations": {one.code: one for one in profile.combinations},
        "suppress": {one.parent: one for one in profile.suppress},
    }


def _compared(part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Changed:
    return Changed(
        part,
        tuple(name for name in after if name not in before),
        tuple(name for name in after if name in before and after[name] != before[name]),
        tuple(name for name in before if name not in after),
    )
