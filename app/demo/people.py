"""Who works in the demo world: three areas, one person per role, and technicians in every area."""

from dataclasses import dataclass
from datetime import datetime

from app.accounts import operations
from app.accounts.models import Area, Role, User, UserArea
from app.accounts.permissions import permissions_of, sees_every_area
from app.core.types import Actor

AREAS = ("东部区域", "西部区域", "北部区域")
# user name, name, role, areas
STAFF = (
    ("clerk", "陈晓燕", Role.CLERK, ()),
    ("technician", "李建国", Role.TECHNICIAN, ("东部区域",)),
    ("deputy", "赵志强", Role.DEPUTY, ()),
    ("manager", "刘敏", Role.MANAGER, ()),
    ("area_manager", "何军", Role.AREA_MANAGER, ("东部区域",)),
    ("quality", "孙丽", Role.QUALITY, ()),
    ("admin", "周宁", Role.ADMIN, ()),
    ("technician2", "王海涛", Role.TECHNICIAN, ("西部区域",)),
    ("technician3", "周志明", Role.TECHNICIAN, ("东部区域",)),
    ("technician4", "吴国庆", Role.TECHNICIAN, ("北部区域",)),
    ("technician5", "郑文静", Role.TECHNICIAN, ("西部区域",)),
)


@dataclass(frozen=True, slots=True)
class Staff:
    """The people as actors, by user name, and the areas by name."""

    actors: dict[str, Actor]
    areas: dict[str, Area]

    def __getitem__(self, username: str) -> Actor:
        return self.actors[username]


def engage(by: Actor, password: str, at: datetime) -> Staff:
    """Make areas and people; everybody signs in with ``password``. Raises ``Invalid`` when it is too easily guessed."""
    areas = {name: operations.create_area(by=by, name=name) for name in AREAS}
    actors = {}
    for username, name, role, works_in in STAFF:
        area_ids = [areas[area].id for area in works_in]
        user = operations.create_user(
            by=by, username=username, name=name, password=password, roles=[role], area_ids=area_ids, must_change_password=False, at=at
        )
        seen = None if sees_every_area(frozenset({role})) else frozenset(area_ids)
        actors[username] = Actor(user.id, name, frozenset({role}), permissions_of(frozenset({role})), seen)
    return Staff(actors, areas)


def acting(user: User) -> Actor:
    """A technician as an actor."""
    roles = frozenset({Role.TECHNICIAN})
    areas = frozenset(row.area_id for row in UserArea.select().where(UserArea.user == user))
    return Actor(user.id, user.name, roles, permissions_of(roles), areas)
