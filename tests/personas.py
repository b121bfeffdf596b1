"""The people of the tests. ``make_user`` writes a user with roles and areas; ``sign_in`` opens a session for a test client."""

import itertools
from dataclasses import dataclass

from flask.testing import FlaskClient

from app.accounts import passwords, sessions
from app.accounts.models import Area, Role, SessionKind, User, UserArea, UserRole
from app.accounts.permissions import permissions_of, sees_every_area
from app.core import clock, db
from app.core.types import Actor

PASSWORD = "a long enough test password"
_PASSWORD_HASH = passwords.hashed(PASSWORD)
_count = itertools.count(1)


def make_area(name: str | None = None) -> Area:
    """The area ``name``, made if it is not there; without a name a new one."""
    return Area.get_or_create(name=name or f"Area {next(_count)}")[0]


def make_user(
    *roles: Role | str, username: str | None = None, name: str | None = None, areas: tuple[Area, ...] = (), is_active: bool = True
) -> User:
    """A user holding ``roles`` who works in ``areas``; the password is ``PASSWORD``."""
    number = next(_count)
    with db.transaction():
        user = User.create(
            username=username or f"user{number}",
            name=name or f"User {number}",
            password_hash=_PASSWORD_HASH,
            is_active=is_active,
            created_at=clock.now(),
        )
        for role in roles:
            UserRole.create(user=user, role=Role(role))
        for area in areas:
            UserArea.create(user=user, area=area)
    return user


def actor_of(user: User) -> Actor:
    """The actor that ``user`` is when signed in."""
    roles = frozenset(row.role for row in UserRole.select().where(UserRole.user == user))
    areas = frozenset(row.area_id for row in UserArea.select().where(UserArea.user == user))
    return Actor(user.id, user.name, roles, permissions_of(roles), None if sees_every_area(roles) else areas, "127.0.0.1")


def sign_in(client: FlaskClient, user: User, kind: SessionKind = SessionKind.DESK) -> FlaskClient:
    """Give ``client`` a live session of ``user`` without the password form; returns the client."""
    with db.transaction():
        token = sessions.open_session(user, kind, "127.0.0.1", "test", clock.now())
    with client.session_transaction() as session:
        session.clear()
        session["_user_id"] = token
        session["_fresh"] = True
    return client


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who works here: two areas, and each role at least once."""

    north: Area
    south: Area
    chen: User
    li: User
    wang: User
    area_manager: User
    zhao: User
    liu: User
    sun: User
    admin: User
    disabled: User


def people() -> People:
    """Write all of ``People``: Li and the area manager work in the north, Wang in the south, the others are bound to no area."""
    north, south = make_area("North"), make_area("South")
    return People(
        north=north,
        south=south,
        chen=make_user(Role.CLERK, username="chen", name="陈文员"),
        li=make_user(Role.TECHNICIAN, username="li", name="李师傅", areas=(north,)),
        wang=make_user(Role.TECHNICIAN, username="wang", name="王师傅", areas=(south,)),
        area_manager=make_user(Role.AREA_MANAGER, username="he", name="何经理", areas=(north,)),
        zhao=make_user(Role.DEPUTY, username="zhao", name="赵副经理"),
        liu=make_user(Role.MANAGER, username="liu", name="刘经理"),
        sun=make_user(Role.QUALITY, username="sun", name="孙质检"),
        admin=make_user(Role.ADMIN, username="root", name="管理员"),
        disabled=make_user(Role.CLERK, username="gone", name="离职员工", is_active=False),
    )
