"""From alarm to ticket (monitoring §4)."""

from datetime import datetime

from app.core import live
from app.core.types import system
from app.machines.profiles import Opening
from app.monitoring.alarms import Raised
from app.monitoring.models import Episode
from app.tickets import faults
from app.tickets.models import Priority
from app.tickets.reasons import AlarmReason

ACTOR = system("monitoring")


def find_ticket(raised: Raised, now: datetime) -> None:
    """Open, join or open again the ticket of an episode whose policy wants one; one that has become graver raises its priority (T5)."""
    episode, subject = raised.episode, raised.subject
    machine, policy = subject.machine, subject.policy
    if policy.ticket.opening == Opening.NONE:
        return
    found = faults.for_fault(
        by=ACTOR,
        machine=machine,
        family=policy.family,
        priority=Priority(episode.severity),
        title=f"{episode.code} {policy.name_zh}" if policy.is_in_profile else episode.code,
        reason=AlarmReason(
            code=episode.code,
            name_zh=policy.name_zh,
            name_en=policy.name_en,
            at=episode.started_at,
            count=_how_many(episode.alarm_id),
            device=machine.device or "",
            severity=episode.severity,
            text=episode.text,
        ),
        reopen_within=subject.parameters.reopen_within,
        at=now,
    )
    episode.ticket = found.ticket
    episode.save(only=[Episode.ticket])
    live.touch("alarms")


def _how_many(alarm_id: int) -> int:
    return Episode.select().where(Episode.alarm == alarm_id).count()
