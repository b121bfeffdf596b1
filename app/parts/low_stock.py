"""Deputy and manager are told each morning what is below its minimum (2A-14)."""

from datetime import datetime

from app.accounts.models import Role, User, UserRole
from app.accounts.notices import notify
from app.core import clock, db
from app.core.errors import N_
from app.parts.stock import below_minimum

FROM_HOUR = 8
HREF = "/stock?only=below"


def look(at: datetime) -> str:
    """Tell them once a day, from ``FROM_HOUR`` on, while something is below its minimum; says how many parts that are."""
    here = at.astimezone(clock.zone())
    low = below_minimum() if here.hour >= FROM_HOUR else []
    if not low:
        return ""
    held = UserRole.select(UserRole.user).where(UserRole.role.in_((Role.DEPUTY, Role.MANAGER)))
    people = [user.id for user in User.select(User.id).where(User.id.in_(held), User.is_active)]
    first = low[0]
    key = f"low-stock:{here:%Y-%m-%d}"
    with db.transaction():
        if len(low) == 1:
            words = N_("%(part)s is below its minimum in %(place)s.")
            told = notify(people, words, href=HREF, key=key, at=at, part=first.part.name, place=first.place.name)
        else:
            words = N_("%(number)s parts are below their minimum, among them %(part)s.")
            told = notify(people, words, href=HREF, key=key, at=at, number=len(low), part=first.part.name)
    return f"{len(low)} below their minimum" if told else ""
