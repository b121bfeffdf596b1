"""The duty roster of the demo world: this week and the next, with a night shift; somebody travels."""

from datetime import datetime, time, timedelta

from app.accounts.models import Role
from app.core import clock
from app.core.types import Actor
from app.demo.people import Staff
from app.roster import operations
from app.roster.models import PresenceState
from app.roster.operations import ShiftPattern

# user name, role, first and last day of the week, from, to, note
SHIFTS = (
    ("clerk", Role.CLERK, 0, 4, time(8, 30), time(17, 30), ""),
    ("deputy", Role.DEPUTY, 0, 5, time(8, 30), time(17, 30), ""),
    ("manager", Role.MANAGER, 0, 6, time(0), time(0), "电话值班"),
    ("technician", Role.TECHNICIAN, 0, 4, time(8, 30), time(17, 30), ""),
    ("technician2", Role.TECHNICIAN, 0, 6, time(20), time(8), "夜班"),
    ("technician3", Role.TECHNICIAN, 0, 5, time(8, 30), time(17, 30), ""),
    ("technician4", Role.TECHNICIAN, 0, 6, time(8, 30), time(17, 30), ""),
)
WEEKS = 2


def arrange(by: Actor, staff: Staff, now: datetime) -> None:
    """Put everybody on the roster."""
    today = clock.day_of(now)
    for week in range(WEEKS):
        monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * week)
        for username, role, first, last, start, end, note in SHIFTS:
            user_id = staff[username].user_id
            assert user_id is not None
            days = {"first": monday + timedelta(days=first), "last": monday + timedelta(days=last)}
            operations.add_shifts(by=by, pattern=ShiftPattern(user_id=user_id, role=role, start=start, end=end, note=note, **days))
    traveller = staff["technician2"]
    assert traveller.user_id is not None
    operations.set_presence(
        by=traveller, user_id=traveller.user_id, state=PresenceState.TRAVELLING, note="西部巡检", at=now - timedelta(hours=20)
    )
