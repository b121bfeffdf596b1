"""Signing in: throttling, sessions that end, what a request costs."""

from datetime import datetime, timedelta
from statistics import median
from time import perf_counter

import pytest
from peewee import Database

from app.accounts import passwords, sessions, sign_in, throttle
from app.accounts.models import Role, SessionKind, SignInAttempt, User, UserRole, UserSession
from app.core import clock, db, history
from app.core.errors import Invalid, TooManyAttempts
from tests.personas import PASSWORD, make_area, make_user

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def attempt(
    username: str = "chen", password: str = PASSWORD, ip: str = HERE, at: datetime | None = None, kind: SessionKind = SessionKind.DESK
) -> str:
    return sign_in.sign_in(username=username, password=password, ip=ip, user_agent="test", kind=SessionKind(kind), at=at)


def fail(times: int, at: datetime, username: str = "chen", ip: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(Invalid):
            attempt(username, "wrong password", ip, at=at)


@pytest.fixture
def chen(database: Database) -> User:
    return make_user(Role.CLERK, username="chen")


def test_it_works(chen: User) -> None:
    token = attempt(" Chen ")
    user = sign_in.load_user(token)
    assert user is not None
    assert user.actor.user_id == chen.id
    assert user.actor.may("tickets.read")
    assert not user.actor.may("users.manage")


def test_the_table_holds_no_token(chen: User) -> None:
    token = attempt()
    assert len(token) >= 43  # 256 bits
    row = UserSession.get()
    assert token not in (row.id, row.user_agent)
    assert row.id == sessions.session_id(token)


@pytest.mark.parametrize(
    ("username", "password"), [("chen", "wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("' OR 1=1 --", "x")]
)
def test_every_refusal_sounds_the_same(chen: User, username: str, password: str) -> None:
    make_user(Role.CLERK, username="gone", is_active=False)
    with pytest.raises(Invalid) as refusal:
        attempt(username, password)
    assert refusal.value.message == "User name or password is wrong."
    assert not UserSession.select().exists()


def test_an_unknown_name_takes_as_long_as_a_known_one() -> None:
    def took(password_hash: str | None) -> float:
        def once() -> float:
            start = perf_counter()
            passwords.matches("a wrong password", password_hash)
            return perf_counter() - start

        return median(once() for _ in range(5))

    known, unknown = took(passwords.hashed(PASSWORD)), took(None)
    assert 0.33 < known / unknown < 3


def test_five_failures_cost_a_minute_then_two_then_four_up_to_fifteen(chen: User) -> None:
    at = clock.now()
    fail(5, at)
    waits = []
    for _ in range(6):
        with pytest.raises(TooManyAttempts) as refusal:
            attempt(at=at)
        waits.append(refusal.value.retry_after_s // 60)
        at += timedelta(seconds=refusal.value.retry_after_s)
        fail(1, at)
    assert waits == [1, 2, 4, 8, 15, 15]


def test_a_stranger_cannot_lock_the_hotline_desk(chen: User) -> None:
    at = clock.now()
    fail(5, at, ip=ELSEWHERE)
    with pytest.raises(TooManyAttempts):
        attempt(ip=ELSEWHERE, at=at)
    assert attempt(ip=HERE, at=at)


def test_thirty_failures_a_minute_are_the_most_of_one_address(chen: User) -> None:
    at = clock.now()
    for number in range(30):
        throttle.begin(f"user{number}", HERE, at)
    with pytest.raises(TooManyAttempts):
        attempt(at=at)
    assert attempt(at=at + timedelta(seconds=61))


def test_the_addresses_of_one_ipv6_subscriber_are_one(chen: User) -> None:
    assert throttle.address_key("2001:db8::1") == throttle.address_key("2001:db8::ffff:2")
    assert throttle.address_key("2001:db8:0:1::1") != throttle.address_key("2001:db8::1")


def test_success_forgets_the_failures(chen: User) -> None:
    at = clock.now()
    fail(4, at)
    attempt(at=at)
    fail(4, at)
    assert attempt(at=at)


def test_what_was_typed_as_a_name_is_not_kept(chen: User) -> None:
    fail(1, clock.now(), username="my secret password")
    assert "secret" not in str(list(SignInAttempt.select().dicts()))


def test_a_hash_with_old_parameters_is_renewed(chen: User) -> None:
    from argon2 import PasswordHasher

    User.update(password_hash=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)).execute()
    attempt()
    assert not passwords.is_outdated(User.get().password_hash)


@pytest.mark.parametrize(
    ("kind", "idle", "absolute"), [("desk", timedelta(minutes=30), timedelta(hours=12)), ("tablet", timedelta(hours=12), timedelta(days=7))]
)
def test_a_session_ends_by_idling_and_at_last_anyway(chen: User, kind: str, idle: timedelta, absolute: timedelta) -> None:
    start = clock.now()
    token = attempt(at=start, kind=kind)
    assert sessions.load(token, start + idle - timedelta(seconds=1)) is not None
    assert sessions.load(token, start + idle) is None
    at = start
    while at < start + absolute:
        loaded = sessions.load(token, at)
        assert loaded is not None
        sessions.note_seen(loaded, at)
        at += idle - timedelta(seconds=1)
    assert sessions.load(token, start + absolute) is None


def test_being_seen_is_written_at_most_once_a_minute(chen: User) -> None:
    start = clock.now()
    token = attempt(at=start)
    for seconds in (1, 59, 61, 90):
        loaded = sessions.load(token, start + timedelta(seconds=seconds))
        assert loaded is not None
        sessions.note_seen(loaded, start + timedelta(seconds=seconds))
    assert UserSession.get().last_seen_at == start + timedelta(seconds=61)


def test_loading_the_person_is_one_query(chen: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = attempt()
    asked: list[str] = []
    execute = db.database.obj.execute_sql
    monkeypatch.setattr(db.database.obj, "execute_sql", lambda sql, params=None: asked.append(sql) or execute(sql, params))
    assert sign_in.load_user(token) is not None
    assert len(asked) == 1


def test_roles_and_areas_are_those_of_this_moment(database: Database) -> None:
    li = make_user(Role.TECHNICIAN, Role.AREA_MANAGER, username="li", areas=(make_area("North"), make_area("South")))
    token = attempt("li")
    person = sign_in.load_user(token)
    assert person is not None
    assert person.actor.area_ids == {make_area("North").id, make_area("South").id}
    with db.transaction():
        UserRole.delete().where(UserRole.user == li).execute()
    person = sign_in.load_user(token)
    assert person is not None
    assert not person.actor.may("tickets.read")


def test_signing_out_ends_the_session_on_the_server(chen: User) -> None:
    token = attempt()
    person = sign_in.load_user(token)
    assert person is not None
    sign_in.sign_out(token, by=person.actor)
    assert sign_in.load_user(token) is None
    assert [entry.action for entry in history.HistoryEntry.select()] == ["sign_in", "sign_out"]


def test_old_sessions_and_attempts_are_purged(chen: User) -> None:
    at = clock.now()
    attempt(at=at)
    fail(1, at)
    later = at + timedelta(days=60)
    assert (sessions.purge(later), throttle.purge(later)) == (1, 1)
