"""Sending what is to be announced: a notice is one message to one channel, and several notices share one (monitoring §4).

Critical ones leave one by one while they are few, else together; the others leave gathered, one message a minute to each role. What
guards people below a storm leaves as the critical ones do.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import Role, User
from app.core import clock, db
from app.core.prepared import Prepared
from app.customers.models import Customer
from app.machines.models import Machine
from app.machines.profiles import Profile
from app.machines.queries import profile_documents
from app.monitoring.alarm_machine.state import STANDING
from app.monitoring.announcing import floods, guarding, wording
from app.monitoring.announcing.notices import GATHERED_FOR
from app.monitoring.announcing.wording import Tone
from app.monitoring.models import Alarm, AlarmNotice, Episode, FeedOutage, NoticeKind, TicketStorm
from app.roster import calendars, telling
from app.roster.queries import on_duty
from app.tickets.models import Priority, Ticket

MINUTE = timedelta(minutes=1)
SINGLY_A_MINUTE = 15
# Above that the critical ones share a message; so long lies between two of those.
SHARED_EVERY = timedelta(seconds=15)
AT_ONCE = 1_000
STEPS = (Role.CLERK, Role.DEPUTY, Role.MANAGER)

Gathered = dict[tuple[Role, Tone], list[AlarmNotice]]


def look(at: datetime) -> str:
    """Send what is due at ``at``; says in a few words what it did."""
    with db.available():
        db.connect()
        if _first_due.first(clock.to_ms(at)) is None:
            return ""
    with db.transaction():
        documents = profile_documents()
        waiting = _live(_waiting(), documents, at)
        _raise_to_critical([one for one in waiting if guarding.is_told_beside_parent(one, documents)])
        critical = [notice for notice in waiting if notice.severity == Priority.CRITICAL]
        others = [notice for notice in waiting if notice.severity != Priority.CRITICAL]
        messages = _send_critical(critical, at) + _send_gathered(others, at)
    return f"{messages} messages" if messages else ""


def mark_sent(notices: Iterable[AlarmNotice], at: datetime) -> None:
    """Note that these have left, in the running transaction."""
    AlarmNotice.update(sent_at=at).where(AlarmNotice.id.in_([notice.id for notice in notices])).execute()


_first_due = Prepared(
    lambda at_ms: (
        AlarmNotice.select(AlarmNotice.id)
        .where(AlarmNotice.sent_at.is_null(), AlarmNotice.withdrawn_at.is_null(), AlarmNotice.due_at <= at_ms)
        .limit(1)
    )
)


def _waiting() -> list[AlarmNotice]:
    """The notices that have neither left nor were withdrawn, oldest first; those that another worker sends just now are left to it."""
    query = AlarmNotice.select(AlarmNotice.id).where(AlarmNotice.sent_at.is_null(), AlarmNotice.withdrawn_at.is_null())
    query = query.order_by(AlarmNotice.due_at, AlarmNotice.id).limit(AT_ONCE).tuples()
    ids = [notice_id for (notice_id,) in (query if db.is_sqlite() else query.for_update("FOR UPDATE SKIP LOCKED"))]
    return list(with_subjects(AlarmNotice.select()).where(AlarmNotice.id.in_(ids)).order_by(AlarmNotice.due_at, AlarmNotice.id))


def with_subjects(query: ModelSelect) -> ModelSelect:
    """With what each notice is about: the episode's alarm, machine, customer and ticket, or the storm and its ticket, or the outage."""
    of_storm, above = Ticket.alias("storm_ticket"), Ticket.alias("parent_ticket")
    return (
        query.select(AlarmNotice, Episode, Alarm, Machine, Customer, Ticket, above, TicketStorm, of_storm, FeedOutage)
        .join_from(AlarmNotice, Episode, JOIN.LEFT_OUTER)
        .join_from(Episode, Alarm, JOIN.LEFT_OUTER)
        .join_from(Episode, Machine, JOIN.LEFT_OUTER)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Episode, Ticket, JOIN.LEFT_OUTER)
        .join_from(Ticket, above, JOIN.LEFT_OUTER, on=Ticket.parent == above.id, attr="parent")
        .join_from(AlarmNotice, TicketStorm, JOIN.LEFT_OUTER)
        .join_from(TicketStorm, of_storm, JOIN.LEFT_OUTER)
        .join_from(AlarmNotice, FeedOutage, JOIN.LEFT_OUTER)
    )


def _live(notices: list[AlarmNotice], documents: dict[int, Profile], at: datetime) -> list[AlarmNotice]:
    """Those that are still to be said; the others are withdrawn."""
    over = [notice for notice in notices if is_over(notice, documents, at)]
    if over:
        AlarmNotice.update(withdrawn_at=at).where(AlarmNotice.id.in_([notice.id for notice in over])).execute()
    gone = {notice.id for notice in over}
    return [notice for notice in notices if notice.id not in gone]


def _raise_to_critical(notices: list[AlarmNotice]) -> None:
    """What guards people below a storm is told, counted and handed on as a critical alarm, whatever the severity of its code."""
    graver = [notice for notice in notices if notice.severity != Priority.CRITICAL]
    if graver:
        AlarmNotice.update(severity=Priority.CRITICAL).where(AlarmNotice.id.in_([notice.id for notice in graver])).execute()
    for notice in graver:
        notice.severity = Priority.CRITICAL


def is_over(notice: AlarmNotice, documents: dict[int, Profile], at: datetime) -> bool:
    """Whether there is nothing to say any more: acknowledged, gone, inhibited, or a storm or the end of an outage stands for it.

    ``documents`` are the profiles by their id.
    """
    if notice.outage_id is not None:
        return notice.outage.ended_at is not None
    if notice.storm_id is not None:
        return not notice.storm.ticket.is_open
    episode, alarm = notice.episode, notice.episode.alarm
    is_gone = episode.ended_at is not None or alarm.condition not in STANDING
    is_inhibited = bool(alarm.suppressed_by) or (alarm.shelved_until is not None and at < alarm.shelved_until)
    return is_gone or alarm.is_acknowledged or is_inhibited or guarding.is_told_by_parent(episode, documents)


def _send_critical(notices: list[AlarmNotice], at: datetime) -> int:
    due = [notice for notice in notices if notice.due_at <= at]
    if not due:
        return 0
    lately, last_at = _critical_lately(at)
    if len(due) + lately <= SINGLY_A_MINUTE:
        return sum(_send(_by_role([notice], at), at) for notice in due)
    if last_at is not None and at - last_at < SHARED_EVERY:
        return 0
    return _send(_by_role(due, at), at)


def _critical_lately(at: datetime) -> tuple[int, datetime | None]:
    """How many critical notices left in the last minute, and when the last one did."""
    query = AlarmNotice.select(fn.COUNT(AlarmNotice.id), fn.MAX(AlarmNotice.sent_at)).where(
        AlarmNotice.sent_at.is_null(False), AlarmNotice.sent_at > at - MINUTE, AlarmNotice.severity == Priority.CRITICAL
    )
    count, last = query.tuples().get()
    return count, last


def _send_gathered(notices: list[AlarmNotice], at: datetime) -> int:
    """All that waits as soon as one was gathered for its time, so that what comes in a row leaves together; the next ones wait for a minute
    of their own."""
    if not any(max(notice.due_at, notice.created_at + GATHERED_FOR) <= at for notice in notices):
        return 0
    is_flood = floods.running() is not None
    sent = _send(_by_role(notices, at, Tone.FLOOD if is_flood else None), at)
    if is_flood:
        floods.count_digests(sent)
    return sent


def _by_role(notices: list[AlarmNotice], at: datetime, tone: Tone | None = None) -> Gathered:
    """Who is to be told what: each notice stands with the role of its step, at night a critical one with the deputy, too."""
    found: Gathered = defaultdict(list)
    for notice in notices:
        for role in _roles(notice, at):
            found[role, tone or wording.tone_of(notice)].append(notice)
    return found


def _roles(notice: AlarmNotice, at: datetime) -> Sequence[Role]:
    if notice.kind in (NoticeKind.ESCALATED, NoticeKind.REPEATED):
        return (STEPS[min(notice.step, len(STEPS) - 1)],)
    is_night = notice.severity == Priority.CRITICAL and not is_worked(at)
    return (Role.CLERK, Role.DEPUTY) if is_night else (Role.CLERK,)


def is_worked(at: datetime) -> bool:
    """Whether ``at`` lies within the working hours; outside of them nobody watches the screens."""
    return bool(calendars.present().worked(at - MINUTE, at))


def _send(gathered: Gathered, at: datetime) -> int:
    """One message for each tone and set of notices to all who are told the same; returns how many."""
    same: dict[tuple[Tone, tuple[int, ...]], set[int]] = defaultdict(set)
    by_id = {notice.id: notice for notices in gathered.values() for notice in notices}
    for (role, tone), notices in gathered.items():
        same[tone, tuple(notice.id for notice in notices)] |= {user.id for user in on_duty(role, at)}
    for (tone, ids), people in same.items():
        tell(people, tone, [by_id[notice_id] for notice_id in ids], at)
    mark_sent(by_id.values(), at)
    return len(same)


def tell(people: Iterable[int], tone: Tone, notices: Sequence[AlarmNotice], at: datetime, key: str = "") -> None:
    """Tell ``people`` of ``notices`` in one message, each in the own language; in the running transaction, once for ``key``."""
    is_urgent = any(notice.severity == Priority.CRITICAL for notice in notices)
    for locale, some in _by_locale(people).items():
        said = wording.said(tone, notices, locale, at)
        told: dict[str, Any] = {"href": said.href, "is_urgent": is_urgent, "key": key or said.key, "at": at}
        telling.tell(some, said.message, in_full=partial(_same, said.in_full), **told, **said.params)


def _same(text: str, _locale: str | None) -> str:
    return text


def _by_locale(people: Iterable[int]) -> dict[str | None, list[int]]:
    found: dict[str | None, list[int]] = defaultdict(list)
    for user_id, locale in User.select(User.id, User.locale).where(User.id.in_(list(people))).order_by(User.id).tuples():
        found[locale].append(user_id)
    return found
