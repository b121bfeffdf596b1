"""Reminding technicians of old parts that are due back (2A-17)."""

from datetime import date, datetime, timedelta

from app.accounts.notices import notify
from app.core import clock, db
from app.core.errors import N_
from app.returns.models import DefectiveReturn
from app.returns.returning import OUTSTANDING

BEFORE = timedelta(days=3)
AGAIN_AFTER_DAYS = 7


def remind(at: datetime) -> str:
    """Tell technicians of parts due within three days, and of late ones once a week; each once. Says how many there are."""
    today = clock.day_of(at)
    due = (DefectiveReturn.due_on <= today + BEFORE) & DefectiveReturn.status.in_(OUTSTANDING) & DefectiveReturn.technician.is_null(False)
    found = list(DefectiveReturn.select().where(due).order_by(DefectiveReturn.id))
    for one in found:
        with db.transaction():
            _remind(one, today, at)
    return f"{len(found)} due" if found else ""


def _remind(one: DefectiveReturn, today: date, at: datetime) -> None:
    late = (today - one.due_on).days
    words = N_("Overdue: the old part %(part)s (%(number)s) was due back on %(due)s.")
    if late <= 0:
        words = N_("The old part %(part)s (%(number)s) is due back on %(due)s.")
    key = f"return-due:{one.id}:{one.due_on}:{-1 if late <= 0 else late // AGAIN_AFTER_DAYS}"
    notify([one.technician_id], words, href="/my/returns", key=key, at=at, part=one.part_name, number=one.number, due=one.due_on)
