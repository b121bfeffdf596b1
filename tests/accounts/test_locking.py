"""A desk with the board open is locked after half an hour, not signed out; what opens it, and what does not."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts import locking, operations, passwords, queries, sessions
from app.accounts import sign_in as accounts
from app.accounts.models import Role, SessionKind, User, UserSession
from app.core import clock
from app.core.errors import Invalid, TooManyAttempts
from app.core.history import HistoryEntry
from app.core.types import Actor
from tests.personas import PASSWORD, actor_of, make_user, sign_in

PIN = "4711"
POLL = {"HX-Request": "true", "HX-PTag": "none"}


@pytest.fixture
def chen(database: Database) -> User:
    return make_user(Role.CLERK, username="chen")


def by(user: User) -> Actor:
    return Actor(user.id, user.name, ip="192.0.2.1")


def idle(minutes: float, board_minutes: float | None = None) -> None:
    """Nobody has used any session for so long, and its board was seen then, if it was."""
    now = clock.now()
    board_at = None if board_minutes is None else now - timedelta(minutes=board_minutes)
    UserSession.update(last_seen_at=now - timedelta(minutes=minutes), board_seen_at=board_at).execute()


def token_of(kind: SessionKind = SessionKind.DESK) -> str:
    return accounts.sign_in(username="chen", password=PASSWORD, ip="192.0.2.1", user_agent="test", kind=kind)


class TestTheRule:
    """Which sessions live on, and as what."""

    @pytest.mark.parametrize(
        ("minutes", "board_minutes", "is_alive", "is_locked"),
        [
            (29, None, True, False),
            (31, None, False, False),
            (31, 5, True, True),
            (31, 11, False, False),  # the board was closed
            (29, 5, True, False),
            (11 * 60, 1, True, True),
        ],
    )
    def test_a_desk(self, chen: User, minutes: int, board_minutes: int | None, is_alive: bool, is_locked: bool) -> None:
        token = token_of()
        idle(minutes, board_minutes)
        found = sessions.load(token, clock.now())
        assert (found is not None) == is_alive
        assert found is None or found.is_locked == is_locked
        assert len(queries.live_sessions(chen.id, clock.now())) == is_alive  # what lives can be ended by hand

    def test_at_last_it_ends_anyway(self, chen: User) -> None:
        token = token_of()
        idle(31, 1)
        UserSession.update(expires_at=clock.now()).execute()
        assert sessions.load(token, clock.now()) is None

    def test_a_board_in_use_is_not_noted(self, chen: User) -> None:
        token = token_of()
        for minutes, is_noted in ((5, False), (19, False), (21, True)):
            idle(minutes)
            found = sessions.load(token, clock.now())
            assert found is not None
            sessions.note_board(found, clock.now())
            assert (UserSession.get().board_seen_at is not None) == is_noted

    def test_a_tablet_has_no_such_board(self, chen: User) -> None:
        token = token_of(SessionKind.TABLET)
        idle(13 * 60, 1)
        assert sessions.load(token, clock.now()) is None


class TestUnlocking:
    """PIN and password."""

    def test_by_pin_and_by_password(self, chen: User) -> None:
        token = token_of()
        locking.set_pin(by=by(chen), password=PASSWORD, pin=PIN)
        for typed in (PIN, PASSWORD):
            idle(40, 1)
            locking.unlock(by=by(chen), session_id=sessions.session_id(token), typed=typed)
            found = sessions.load(token, clock.now())
            assert found is not None
            assert not found.is_locked
        assert HistoryEntry.select().where(HistoryEntry.action == "session.unlock").count() == 2

    def test_five_wrong_ones_end_the_session(self, chen: User) -> None:
        token = token_of()
        locking.set_pin(by=by(chen), password=PASSWORD, pin=PIN)
        idle(40, 1)
        for _ in range(5):
            with pytest.raises(Invalid):
                locking.unlock(by=by(chen), session_id=sessions.session_id(token), typed="0815")
        with pytest.raises(TooManyAttempts):
            locking.unlock(by=by(chen), session_id=sessions.session_id(token), typed=PIN)
        assert sessions.load(token, clock.now()) is None

    @pytest.mark.parametrize("pin", ["123", "123456789", "12a4", "0000", "1234", "9876"])
    def test_what_anybody_would_try_is_no_pin(self, chen: User, pin: str) -> None:
        with pytest.raises(Invalid) as refused:
            locking.set_pin(by=by(chen), password=PASSWORD, pin=pin)
        assert "pin" in refused.value.fields
        assert not queries.has_pin(chen.id)

    def test_only_with_the_password_and_kept_as_a_hash(self, chen: User) -> None:
        with pytest.raises(Invalid):
            locking.set_pin(by=by(chen), password="wrong", pin=PIN)
        locking.set_pin(by=by(chen), password=PASSWORD, pin=PIN)
        kept = User.get_by_id(chen.id).pin_hash
        assert PIN not in kept
        assert passwords.matches(PIN, kept)
        locking.set_pin(by=by(chen), password=PASSWORD, pin="")
        assert not queries.has_pin(chen.id)

    @pytest.mark.parametrize("must_change", [True, False])
    def test_a_password_given_by_somebody_else_takes_the_pin_away(self, chen: User, must_change: bool) -> None:
        locking.set_pin(by=by(chen), password=PASSWORD, pin=PIN)
        new = "a quiet green harbour"
        operations.change_own_password(by=by(chen), current=PASSWORD, new=new)
        assert queries.has_pin(chen.id)
        admin = actor_of(make_user(Role.ADMIN))
        operations.set_password(by=admin, user_id=chen.id, password="another quiet harbour", must_change_password=must_change)
        assert not queries.has_pin(chen.id)


class TestOnScreen:
    """What a locked desk shows."""

    @pytest.fixture
    def database(self, sqlite_database: Database) -> Database:
        return sqlite_database

    @pytest.fixture(autouse=True)
    def desk(self, client: FlaskClient, chen: User) -> None:
        sign_in(client, chen)
        idle(40, 1)

    def test_the_board_goes_on_and_nothing_else(self, client: FlaskClient) -> None:
        board = client.get("/monitoring")
        assert board.status_code == 200
        assert "/account/unlock?next=/monitoring" in board.text
        assert client.get("/monitoring", headers=POLL).status_code == 200
        assert client.get("/notices/bell?after=0", headers=POLL).status_code in (200, 304)
        assert client.get("/tickets").headers["Location"] == "/account/unlock?next=/tickets"
        assert client.get("/tickets", headers=POLL).status_code == 204
        assert sessions_are_locked()

    def test_what_was_typed_comes_back(self, client: FlaskClient) -> None:
        answer = client.post("/tickets", data={"title": "油温高"})
        assert answer.status_code == 401
        assert "油温高" in answer.text
        assert "/account/unlock" in answer.text
        fragment = client.post("/tickets", data={"title": "油温高"}, headers={"HX-Request": "true"})
        assert fragment.status_code == 401
        assert "/account/unlock" in fragment.text

    def test_unlocked_it_acts_again(self, client: FlaskClient) -> None:
        assert "chen" in client.get("/account/unlock").text
        assert client.post("/account/unlock", data={"secret": "no"}).status_code == 422
        answer = client.post("/account/unlock?next=/tickets", data={"secret": PASSWORD})
        assert answer.headers["Location"] == "/tickets"
        assert client.get("/tickets").status_code == 200
        assert client.get("/account/unlock").headers["Location"] == "/"

    def test_a_pin_is_chosen_on_the_account_page(self, client: FlaskClient, chen: User) -> None:
        client.post("/account/unlock", data={"secret": PASSWORD})
        assert client.post("/account/pin", data={"pin": "1111", "password": PASSWORD}).status_code == 422
        assert client.post("/account/pin", data={"pin": PIN, "password": PASSWORD}).status_code == 303
        assert queries.has_pin(chen.id)


def sessions_are_locked() -> bool:
    """Looking at the board has unlocked nothing."""
    row = UserSession.get()
    return clock.now() - row.last_seen_at > timedelta(minutes=30)
