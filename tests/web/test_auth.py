"""Signing in over HTTP, and the session between browser and server."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from app.accounts import operations
from app.accounts.models import Role, User, UserSession
from app.core.types import system
from tests.personas import PASSWORD, make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def chen(app: Flask) -> User:
    return make_user(Role.CLERK, username="chen")


def log_in(client: FlaskClient, password: str = PASSWORD, path: str = "/login") -> int:
    return client.post(path, data={"username": "chen", "password": password}).status_code


def token_of(client: FlaskClient) -> str | None:
    with client.session_transaction() as session:
        return session.get("_user_id")


def test_it_works(client: FlaskClient, chen: User) -> None:
    asked = client.get("/account")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/login?next=/account")
    answer = client.post(asked.headers["Location"], data={"username": "chen", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "User" in client.get("/account").text
    assert client.post("/logout").status_code == 303
    assert client.get("/account").status_code == 303


def test_a_wrong_password_is_answered_on_the_form_and_the_name_stays(client: FlaskClient, chen: User) -> None:
    answer = client.post("/login", data={"username": "chen", "password": "wrong password"})
    assert answer.status_code == 422
    assert 'value="chen"' in answer.text
    assert "wrong password" not in answer.text
    assert client.post("/login", data={"username": ""}).status_code == 422


def test_too_many_failures_say_when_to_try_again(client: FlaskClient, chen: User) -> None:
    for _ in range(5):
        assert log_in(client, "wrong password") == 422
    answer = client.post("/login", data={"username": "chen", "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 61


def test_signing_in_makes_a_new_session(client: FlaskClient, chen: User) -> None:
    """A session planted before the sign-in (fixation) is worth nothing after it."""
    sign_in(client, make_user(Role.QUALITY))
    planted = token_of(client)
    assert log_in(client) == 303
    assert token_of(client) not in (None, planted)
    assert UserSession.select().where(UserSession.revoked_at.is_null()).count() == 1


def test_a_token_that_was_made_up_opens_nothing(client: FlaskClient, chen: User) -> None:
    with client.session_transaction() as session:
        session["_user_id"] = "' OR '1'='1"
    assert client.get("/account").status_code == 303


def test_a_revoked_session_is_out_at_its_next_request(client: FlaskClient, chen: User) -> None:
    sign_in(client, chen)
    assert client.get("/account").status_code == 200
    operations.revoke_sessions(by=system("test"), user_id=chen.id)
    assert client.get("/account").status_code == 303


def test_another_role_holds_from_the_next_request_on(client: FlaskClient) -> None:
    both = make_user(Role.CLERK, Role.ADMIN, username="both")
    make_user(Role.ADMIN)
    sign_in(client, both)
    assert client.get("/users").status_code == 200
    operations.change_user(by=system("test"), user_id=both.id, version=1, name="Both", roles=["clerk"], area_ids=[make_area().id])
    assert client.get("/users").status_code == 303  # the session has ended
    sign_in(client, both)
    assert client.get("/users").status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%0d%0aSet-Cookie:x=1\r\n"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(client: FlaskClient, chen: User, target: str) -> None:
    answer = client.post("/login", query_string={"next": target}, data={"username": "chen", "password": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_the_first_password_must_be_changed_before_anything_else(client: FlaskClient, app: Flask) -> None:
    make_user(Role.CLERK, username="old")
    operations.create_user(by=system("test"), username="chen", name="Chen", password="blue pit door", roles=["clerk"])
    assert log_in(client, "blue pit door") == 303
    for path in ("/", "/account", "/tickets"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account/password")
    assert client.post("/account/password", data={"current": "x", "new": "green pit door"}).status_code == 422
    assert client.post("/account/password", data={"current": "blue pit door", "new": "green pit door"}).status_code == 303
    assert client.get("/account").status_code == 200


def test_a_poll_does_not_keep_a_session_alive(client: FlaskClient, chen: User) -> None:
    sign_in(client, chen)
    with_past = UserSession.update(last_seen_at=UserSession.last_seen_at - 120_000)
    with_past.execute()
    before = UserSession.get().last_seen_at
    client.get("/account", headers={"HX-PTag": "1"})
    assert UserSession.get().last_seen_at == before
    client.get("/account")
    assert UserSession.get().last_seen_at > before


def test_what_was_typed_survives_a_session_that_ended(client: FlaskClient) -> None:
    typed = 'pump "3" <b>leaks</b>'
    answer = client.post("/tickets", data={"text": typed, "password": "never shown", "csrf_token": "t"})
    assert answer.status_code == 401
    assert f'value="{escape(typed)}"' in answer.text
    assert "never shown" not in answer.text
    fragment = client.post("/tickets", data={"text": typed}, headers=HTMX)
    assert fragment.status_code == 401
    assert 'hx-swap-oob="beforeend:#toasts"' in fragment.text
