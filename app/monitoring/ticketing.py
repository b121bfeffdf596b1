"""From alarm to ticket (monitoring §4): which ticket stands for what was raised."""

from collections.abc import Callable
from datetime import datetime, timedelta

from peewee import fn

from app.core import live
from app.core.prepared import Prepared, PreparedWrite
from app.core.types import Actor, system
from app.machines import profiles
from app.machines.profiles import COMM_LOST, CodePolicy, Combination, Opening, Profile
from app.monitoring import episodes, readings, storms
from app.monitoring.alarm_machine.state import STANDING
from app.monitoring.alarms import Raised
from app.monitoring.models import Alarm, Episode
from app.monitoring.silence import together
from app.monitoring.sources import sources
from app.monitoring.subjects import Subject
from app.tickets import faults, merging
from app.tickets.faults import FaultTicket, Outcome
from app.tickets.models import Priority, Ticket
from app.tickets.reasons import AlarmReason

ACTOR = system("monitoring")
MODE, SERVICE = "mode", "service"
LONGEST_SERVICE = timedelta(hours=12)
SERVICE_LOOK = timedelta(minutes=1)
# When somebody arrived who is at the machine now, None while nobody is: orders stand above monitoring, so they add it.
VISITS: list[Callable[[int], datetime | None]] = []


def find_ticket(raised: Raised, now: datetime) -> None:
    """Open, join or open again the ticket of an episode whose policy wants one; one that has become graver raises its priority (T5).

    While a parent of its code stands it opens nothing: it is listed on the parent's ticket, if there is one; while somebody works at the
    machine in service mode it opens nothing either, and is looked at again every minute (T14). What wants no ticket is suppressed alike.
    """
    episode, subject = raised.episode, raised.subject
    if _is_in_service(subject, episode, now):
        Alarm.update(suppressed_by=SERVICE, due_at=now + SERVICE_LOOK).where(Alarm.id == episode.alarm_id).execute()
        return
    if raised.alarm.suppressed_by == SERVICE:
        _service_is_over.count(episode.alarm_id)
    parent = _standing_parent(subject, episode)
    if parent is not None:
        Alarm.update(suppressed_by=parent.code).where(Alarm.id == episode.alarm_id, Alarm.suppressed_by.is_null()).execute()
        if parent.ticket_id is None or not parent.ticket.is_open:
            return
    if subject.policy.ticket.opening == Opening.NONE or not episodes.has_come_often(subject.policy.ticket, episode):
        return
    if episode.code == COMM_LOST and together.ticket_for(subject.machine, subject.policy, episode, now) is not None:
        live.touch("alarms")
        return
    combined = _combined(subject, episode)
    beside = parent.ticket if parent is not None else next((one.ticket for _combination, one in combined), None)
    beside = beside or storms.child_of(subject.machine, now)
    ticket = _ticket(subject, episode, subject.policy, beside, now)
    for combination, earlier in combined:
        ticket = _one_of_both(ticket, earlier.ticket, combination, now)
        policy = profiles.code(subject.profile, combination.code)
        if policy.ticket.opening != Opening.NONE:
            ticket = _ticket(subject, episode, policy, ticket, now)
    episode.ticket = ticket
    _stands_on.count(ticket.id, episode.id)
    live.touch("alarms")


_service_is_over = PreparedWrite(
    lambda alarm_id: Alarm.update(suppressed_by=None).where(Alarm.id == alarm_id, Alarm.suppressed_by == SERVICE)
)
_stands_on = PreparedWrite(lambda ticket_id, episode_id: Episode.update(ticket=ticket_id).where(Episode.id == episode_id))


def for_code(*, by: Actor, subject: Subject, episode: Episode, policy: CodePolicy, beside: Ticket | None, at: datetime) -> FaultTicket:
    """The ticket for ``policy``, which is the one of the episode's code or of a combination that it completes."""
    severity = episode.severity if policy.code == episode.code else policy.severity
    return faults.for_fault(
        by=by,
        machine=subject.machine,
        family=policy.family,
        priority=Priority(severity),
        title=f"{policy.code} {policy.name_zh}" if policy.is_in_profile else policy.code,
        reason=AlarmReason(
            code=policy.code,
            name_zh=policy.name_zh,
            name_en=policy.name_en,
            at=episode.started_at,
            count=_how_many(episode.alarm_id),
            device=subject.machine.device or "",
            severity=severity,
            text=episode.text,
        ),
        beside=beside,
        reopen_within=subject.parameters.reopen_within,
        at=at,
    )


def _ticket(subject: Subject, episode: Episode, policy: CodePolicy, beside: Ticket | None, now: datetime) -> Ticket:
    """As ``for_code``; it may be one that a storm begins with, or belong to one that runs."""
    found = for_code(by=ACTOR, subject=subject, episode=episode, policy=policy, beside=beside, at=now)
    if found.outcome == Outcome.OPENED:
        storms.opened(found.ticket, now)
    elif found.outcome == Outcome.REOPENED:
        storms.reopened(found.ticket, now)
    return found.ticket


def _one_of_both(ticket: Ticket, other: Ticket, combination: Combination, now: datetime) -> Ticket:
    """The ticket for codes that mean something together: the later goes into the earlier when both exist (§4).

    Somebody who is out for the later one goes on with it: then both stay.
    """
    earlier, later = sorted((ticket, other), key=lambda one: one.id)
    if merging.why_not(later, earlier) is not None:
        return ticket
    later = Ticket.get_by_id(later.id)
    merging.merge(by=ACTOR, ticket=later, into=earlier, version=later.version, reason=combination.code, at=now)
    Episode.update(ticket=earlier).where(Episode.ticket == later, Episode.ended_at.is_null()).execute()
    return earlier


def _how_many(alarm_id: int) -> int:
    return int(_episodes_of.plain(alarm_id)[0][0])


_episodes_of = Prepared(lambda alarm_id: Episode.select(fn.COUNT(Episode.id)).where(Episode.alarm == alarm_id).tuples())


def _is_in_service(subject: Subject, episode: Episode, now: datetime) -> bool:
    """Whether somebody works at the machine, by its own word or by a visit, for 12 hours at most; what guards people is announced all
    the same."""
    if subject.policy.safety:
        return False
    is_said = now - episode.started_at < LONGEST_SERVICE and _says_service(subject)
    return is_said or any(since is not None and now - since < LONGEST_SERVICE for since in (look(subject.machine.id) for look in VISITS))


def _says_service(subject: Subject) -> bool:
    metric = subject.profile.metrics.get(MODE) if subject.profile else None
    if metric is None or SERVICE not in metric.values:
        return False
    return any(one.metric == MODE and one.value == SERVICE for one in readings.latest(sources(subject.machine)))


def _standing_parent(subject: Subject, episode: Episode) -> Episode | None:
    """The episode of a code that suppresses this one and stands; one with an open ticket before one without."""
    parents = [one.parent for one in _suppressions(subject.profile) if episode.code in one.children]
    if not parents:
        return None
    query = Episode.select().join(Alarm).where(Episode.machine == subject.machine, Episode.code.in_(parents), Episode.ended_at.is_null())
    found = query.where(Alarm.condition.in_(list(STANDING)), Episode.id != episode.id).order_by(Episode.started_at)
    return min(found, key=lambda one: one.ticket_id is None, default=None)


def _suppressions(profile: Profile | None) -> tuple[profiles.Suppression, ...]:
    return profile.suppress if profile else ()


def _combined(subject: Subject, episode: Episode) -> list[tuple[Combination, Episode]]:
    """The combinations that this episode completes, each with the earliest of the others that has an open ticket."""
    found = []
    for combination in subject.profile.combinations if subject.profile else ():
        if episode.code not in combination.all_of:
            continue
        others = set(combination.all_of) - {episode.code}
        since = episode.started_at - timedelta(seconds=combination.within_s)
        rows = Episode.select().where(Episode.machine == subject.machine, Episode.code.in_(others), Episode.started_at >= since)
        near = list(rows.where(Episode.started_at <= episode.started_at).order_by(Episode.started_at))
        earliest = next((row for row in near if row.ticket_id is not None and row.ticket.is_open), None)
        if earliest is not None and {row.code for row in near} == others:
            found.append((combination, earliest))
    return found
