"""Rows of the fault register and the occurrences of the alarm machine: each made of the other."""

from collections.abc import Sequence
from datetime import timedelta

from app.core import live
from app.core.prepared import PreparedInsert
from app.machines.models import Machine
from app.machines.profiles import Opening, TicketPolicy
from app.monitoring.alarm_machine.parameters import RANK, SEVERITY
from app.monitoring.alarm_machine.reconciliation import reconcile
from app.monitoring.alarm_machine.state import Occurrence
from app.monitoring.informing import listing
from app.monitoring.models import Alarm, Episode

_WRITTEN = (
    Episode.is_late, Episode.severity, Episode.started_at, Episode.ended_at, Episode.last_raised_at, Episode.count, Episode.text,
    Episode.chatter_count, Episode.is_chattering,
)  # fmt: skip


def occurrence(row: Episode) -> Occurrence:
    """What ``row`` says, in the words of the alarm machine."""
    return Occurrence(
        row.started_at,
        row.last_raised_at,
        row.count,
        row.text,
        row.ended_at,
        RANK[row.severity],
        row.chatter_count,
        row.is_chattering,
    )


def write(
    alarm: Alarm, machine: Machine, rows: Sequence[Episode], computed: Sequence[Occurrence], *, is_late: bool
) -> tuple[list[Episode], list[Episode]]:
    """Make ``rows`` what was computed; returns those that stay and those that are new."""
    plan = reconcile([occurrence(row) for row in rows], computed)
    for index, heir in plan.removed:
        _remove(rows[index], next((rows[kept] for kept, one in plan.kept if one == heir), None))
    kept = [_update(rows[index], one, is_late=is_late) for index, one in plan.kept]
    return kept, [_insert(alarm, machine, one, is_late=is_late) for one in plan.added]


def has_come_often(policy: TicketPolicy, row: Episode) -> bool:
    """Whether a code that counts only when it comes often has come often enough with ``row``; every other code has."""
    if policy.opening != Opening.COUNT or policy.count is None:
        return True
    since = row.started_at - timedelta(seconds=policy.within_s or 0)
    return Episode.select().where(Episode.alarm == row.alarm_id, Episode.started_at >= since).count() >= policy.count


def _update(row: Episode, one: Occurrence, *, is_late: bool) -> Episode:
    if occurrence(row) == one:
        return row
    row.is_late = row.is_late or is_late
    row.severity = SEVERITY[one.rank]
    row.started_at, row.ended_at = one.started_at, one.ended_at
    row.last_raised_at, row.count, row.text = one.last_raised_at, one.count, one.text
    row.chatter_count, row.is_chattering = one.chatter, one.is_chattering
    row.save(only=_WRITTEN)
    if row.ended_at is not None and row.ticket_id is not None:
        live.touch("tickets")  # its page shows the episode
    return row


def _insert(alarm: Alarm, machine: Machine, one: Occurrence, *, is_late: bool) -> Episode:
    return _episodes.add(
        Episode(
            alarm=alarm,
            machine=machine,
            code=alarm.code,
            severity=SEVERITY[one.rank],
            started_at=one.started_at,
            ended_at=one.ended_at,
            last_raised_at=one.last_raised_at,
            count=one.count,
            text=one.text,
            is_late=is_late,
            chatter_count=one.chatter,
            is_chattering=one.is_chattering,
        )
    )


_episodes = PreparedInsert(Episode)


def _remove(row: Episode, heir: Episode | None) -> None:
    """An episode that turns out to be part of another; its acknowledgement and ticket go over to that one."""
    listing.hand_over(row, heir)
    if heir is not None:
        heir.ticket = heir.ticket_id or row.ticket_id
        heir.acknowledged_at = heir.acknowledged_at or row.acknowledged_at
        heir.acknowledged_by = heir.acknowledged_by_id or row.acknowledged_by_id
        heir.save(only=[Episode.ticket, Episode.acknowledged_at, Episode.acknowledged_by])
    row.delete_instance()
