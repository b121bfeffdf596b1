"""Users, areas and sessions: what changes, who may, and what stays true."""

import pytest
from peewee import Database

from app.accounts import operations, passwords, queries, sessions
from app.accounts.models import Role, SessionKind, User, UserSession
from app.core import clock, db, history
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.types import system
from tests.personas import PASSWORD, actor_of, make_area, make_user

SYSTEM = system("test")


@pytest.fixture
def admin(database: Database) -> User:
    return make_user(Role.ADMIN, username="root")


def session_of(user: User) -> str:
    with db.transaction():
        return sessions.open_session(user, SessionKind.DESK, "192.0.2.1", "test", clock.now())


def is_alive(token: str) -> bool:
    return sessions.load(token, clock.now()) is not None


def last_entry() -> history.HistoryEntry:
    return history.HistoryEntry.select().order_by(history.HistoryEntry.id.desc()).get()


def test_it_works(admin: User) -> None:
    area = make_area()
    user = operations.create_user(
        by=actor_of(admin), username="Chen", name="陈文员", password="blue pit door", roles=["clerk"], area_ids=[area.id]
    )
    assert user.username == "chen"
    assert user.must_change_password
    assert queries.roles_of(user.id) == [Role.CLERK]
    assert queries.areas_of(user.id) == [area]
    assert last_entry().action == "user.create"
    assert "陈文员" not in (last_entry().after or "")  # the name stands in the chain as a digest only


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "x"}, "username"),
        ({"username": "has blank"}, "username"),
        ({"username": "root"}, "username"),
        ({"name": "  "}, "name"),
        ({"roles": []}, "roles"),
        ({"roles": ["emperor"]}, "roles"),
        ({"password": "12345678"}, "password"),
        ({"area_ids": [99]}, "area_ids"),
    ],
)
def test_a_user_with_something_wrong_is_refused_with_words_beside_the_field(admin: User, changes: dict, field: str) -> None:
    given = {"username": "chen", "name": "Chen", "password": "blue pit door", "roles": ["clerk"]} | changes
    with pytest.raises(Invalid) as refusal:
        operations.create_user(by=SYSTEM, **given)
    assert field in refusal.value.fields
    assert User.select().count() == 1


def test_only_administrators_manage_users(admin: User) -> None:
    liu = make_user(Role.MANAGER)
    by = actor_of(liu)
    for act in (
        lambda: operations.create_user(by=by, username="x1", name="X", password="blue pit door", roles=["clerk"]),
        lambda: operations.change_user(by=by, user_id=liu.id, version=1, name="Liu", roles=["admin"], area_ids=[]),
        lambda: operations.set_password(by=by, user_id=admin.id, password="blue pit door"),
        lambda: operations.disable_user(by=by, user_id=admin.id, version=1),
        lambda: operations.enable_user(by=by, user_id=admin.id, version=1),
        lambda: operations.revoke_sessions(by=by, user_id=admin.id),
        lambda: operations.create_area(by=by, name="East"),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_the_first_administrator_is_made_once(database: Database) -> None:
    password = operations.create_first_administrator()
    assert password is not None
    user = User.get()
    assert user.must_change_password
    assert passwords.matches(password, user.password_hash)
    assert operations.create_first_administrator() is None


def test_another_role_ends_the_sessions(admin: User) -> None:
    chen = make_user(Role.CLERK)
    token = session_of(chen)
    operations.change_user(by=actor_of(admin), user_id=chen.id, version=1, name="Chen", roles=["clerk"], area_ids=[])
    assert is_alive(token)
    operations.change_user(by=actor_of(admin), user_id=chen.id, version=2, name="Chen", roles=["quality"], area_ids=[])
    assert not is_alive(token)


def test_who_was_slower_is_told(admin: User) -> None:
    chen = make_user(Role.CLERK)
    operations.change_user(by=SYSTEM, user_id=chen.id, version=1, name="A", roles=["clerk"], area_ids=[])
    with pytest.raises(Conflict):
        operations.change_user(by=SYSTEM, user_id=chen.id, version=1, name="B", roles=["admin"], area_ids=[])
    assert queries.roles_of(chen.id) == [Role.CLERK]


def test_a_disabled_user_is_out_at_once_and_can_come_back(admin: User) -> None:
    chen = make_user(Role.CLERK)
    token = session_of(chen)
    operations.disable_user(by=actor_of(admin), user_id=chen.id, version=1)
    assert not is_alive(token)
    with pytest.raises(Conflict):
        operations.disable_user(by=actor_of(admin), user_id=chen.id, version=2)
    operations.enable_user(by=actor_of(admin), user_id=chen.id, version=2)
    assert queries.user(chen.id).is_active
    assert not is_alive(token)


def test_the_last_administrator_stays(admin: User) -> None:
    with pytest.raises(NotAllowed):
        operations.disable_user(by=actor_of(admin), user_id=admin.id, version=1)
    with pytest.raises(NotAllowed):
        operations.disable_user(by=SYSTEM, user_id=admin.id, version=1)
    with pytest.raises(NotAllowed):
        operations.change_user(by=actor_of(admin), user_id=admin.id, version=1, name="Root", roles=["clerk"], area_ids=[])
    assert queries.roles_of(admin.id) == [Role.ADMIN]
    assert queries.user(admin.id).is_active


def test_a_new_password_ends_every_session(admin: User) -> None:
    chen = make_user(Role.CLERK)
    token = session_of(chen)
    operations.set_password(by=actor_of(admin), user_id=chen.id, password="blue pit door")
    assert not is_alive(token)
    assert queries.user(chen.id).must_change_password


def test_changing_ones_own_password_keeps_only_this_session(database: Database) -> None:
    chen = make_user(Role.CLERK)
    here, there = session_of(chen), session_of(chen)
    by = actor_of(chen)
    with pytest.raises(Invalid) as refusal:
        operations.change_own_password(by=by, current="wrong password", new="blue pit door")
    assert "current" in refusal.value.fields
    for new in (PASSWORD, "12345678"):
        with pytest.raises(Invalid) as refusal:
            operations.change_own_password(by=by, current=PASSWORD, new=new)
        assert "new" in refusal.value.fields
    operations.change_own_password(by=by, current=PASSWORD, new="blue pit door", keep_session=sessions.session_id(here))
    assert is_alive(here)
    assert not is_alive(there)


def test_nobody_ends_the_session_of_another(admin: User) -> None:
    chen, li = make_user(Role.CLERK), make_user(Role.TECHNICIAN)
    token = session_of(li)
    with pytest.raises(NotFound):
        operations.revoke_session(by=actor_of(chen), session_id=sessions.session_id(token))
    assert is_alive(token)
    operations.revoke_session(by=actor_of(li), session_id=sessions.session_id(token))
    with pytest.raises(NotFound):
        operations.revoke_session(by=actor_of(li), session_id=sessions.session_id(token))
    assert UserSession.get().revoked_at is not None


def test_areas_have_names_of_their_own(admin: User) -> None:
    east = operations.create_area(by=actor_of(admin), name=" East ")
    operations.create_area(by=actor_of(admin), name="West")
    for act in (
        lambda: operations.create_area(by=SYSTEM, name="East"),
        lambda: operations.rename_area(by=SYSTEM, area_id=east.id, name="West"),
    ):
        with pytest.raises(Invalid):
            act()
    operations.rename_area(by=SYSTEM, area_id=east.id, name="Far East")
    assert [line.area.name for line in queries.areas()] == ["Far East", "West"]


def test_preferences_are_ones_own(database: Database) -> None:
    chen = make_user(Role.CLERK)
    operations.set_preferences(actor_of(chen), locale="en", theme="dark")
    operations.set_preferences(actor_of(chen), theme="auto")
    user = queries.user(chen.id)
    assert (user.locale, user.theme) == ("en", None)


def test_every_change_is_in_a_whole_chain(admin: User) -> None:
    chen = operations.create_user(by=actor_of(admin), username="chen", name="Chen", password="blue pit door", roles=["clerk"])
    operations.set_password(by=actor_of(admin), user_id=chen.id, password="green pit door")
    operations.disable_user(by=actor_of(admin), user_id=chen.id, version=1)
    page = queries.history_page(queries.HistoryFilter(object_type="user", object_id=str(chen.id)))
    assert [line.entry.action for line in page.rows] == ["user.disable", "user.password", "user.create"]
    assert page.rows[-1].personal == {"name": "Chen"}
    assert history.verify().problem is None
