"""Who comes on duty outside of the working hours learns which critical alarms nobody has acknowledged yet; once for each shift."""

from datetime import datetime, timedelta

from app.accounts.models import Notice, Role
from app.core import db
from app.machines.queries import profile_documents
from app.monitoring.announcing import sending
from app.monitoring.announcing.wording import Tone
from app.monitoring.models import AlarmNotice, NoticeKind
from app.roster.models import DutyShift
from app.tickets.models import Priority

ROLES = (Role.CLERK, Role.DEPUTY)
# So long after its beginning a shift is told; alarms older than that many hours are no news.
COMES_WITHIN, FRESH = timedelta(minutes=30), timedelta(hours=24)
MOST = 200


def look(at: datetime) -> str:
    """Tell those whose shift has begun of what was announced before it; says in a few words what it did."""
    if sending.is_worked(at):
        return ""
    begun = DutyShift.select().where(
        DutyShift.role.in_(ROLES), DutyShift.starts_at <= at, DutyShift.starts_at > at - COMES_WITHIN, DutyShift.ends_at > at
    )
    told = 0
    for shift in begun.order_by(DutyShift.id):
        key = f"alarms-relief:{shift.id}"
        if Notice.select().where(Notice.key == f"{key}:{shift.user_id}").exists():
            continue
        waiting = _unacknowledged(shift.starts_at, at)
        if waiting:
            with db.transaction():
                sending.tell([shift.user_id], Tone.RELIEF, waiting, at, key=key)
            told += 1
    return f"{told} told" if told else ""


def _unacknowledged(before: datetime, at: datetime) -> list[AlarmNotice]:
    """The critical alarms announced before the shift began that stand and that nobody has acknowledged."""
    sent = AlarmNotice.sent_at.is_null(False) & (AlarmNotice.sent_at > at - FRESH) & (AlarmNotice.sent_at <= before)
    query = sending.with_subjects(AlarmNotice.select()).where(
        sent, AlarmNotice.severity == Priority.CRITICAL, AlarmNotice.kind.in_((NoticeKind.RAISED, NoticeKind.GRAVER))
    )
    found = query.order_by(AlarmNotice.sent_at.desc()).limit(MOST)
    documents = profile_documents()
    by_episode = {notice.episode_id: notice for notice in found if not sending.is_over(notice, documents, at)}
    return list(by_episode.values())
