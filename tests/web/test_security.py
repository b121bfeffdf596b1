"""Headers, cookies, forgery, and what people type (security.md §1)."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from app.accounts.models import Role, User
from app.core import db
from app.core.config import Config
from app.factory import create_app
from app.web.security import CONTENT_SECURITY_POLICY, behind_proxies
from tests import factories
from tests.personas import PASSWORD, make_area, make_user, sign_in

MARKER = '"><img src=x onerror=alert(1) hx-get=/x onload=x><script>alert(1)</script>'


@pytest.fixture
def guarded(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of the portal with its form tokens on."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    make_user(Role.ADMIN, username="root")
    return app.test_client()


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def test_it_works(guarded: FlaskClient) -> None:
    token = token_in(guarded.get("/login").text)
    answer = guarded.post(
        "/login", data={"username": "root", "password": PASSWORD, "csrf_token": token}, headers={"Origin": "http://localhost"}
    )
    assert answer.status_code == 303


@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/nowhere", "/static/icons/sprite.svg", "/metrics", "/users"])
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Request-Id"]
    assert "Server" not in headers


def test_the_policy_lets_no_inline_script_or_style_run() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    for directive in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in CONTENT_SECURITY_POLICY


def test_pages_are_not_kept_by_anyone(client: FlaskClient) -> None:
    sign_in(client, make_user(Role.CLERK))
    assert client.get("/account").headers["Cache-Control"] == "no-store"


def test_over_https_the_cookie_and_the_transport_are_locked(config: Config, app: Flask) -> None:
    database = db.database.obj
    secure = create_app(replace(config, is_plain_http=False))
    db.database.initialize(database)
    answer = secure.test_client().get("/login", base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("token", [None, "", "made up"])
def test_a_form_without_its_token_is_refused_in_words(guarded: FlaskClient, token: str | None) -> None:
    data = {"username": "root", "password": PASSWORD} | ({} if token is None else {"csrf_token": token})
    answer = guarded.post("/login", data=data)
    assert answer.status_code == 400
    assert "未作任何改动" in answer.text


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)
def test_a_form_from_elsewhere_is_refused_even_with_a_token(guarded: FlaskClient, headers: dict[str, str]) -> None:
    token = token_in(guarded.get("/login").text)
    answer = guarded.post("/login", data={"username": "root", "password": PASSWORD, "csrf_token": token}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("trick", [{"_method": "DELETE"}, {"X-HTTP-Method-Override": "POST"}])
def test_a_get_is_never_taken_for_something_else(client: FlaskClient, trick: dict[str, str]) -> None:
    assert client.get("/logout", query_string=trick, headers=trick).status_code == 405
    assert client.open("/account", method="DELETE").status_code == 405


def test_who_asks_is_believed_only_from_trusted_proxies() -> None:
    app = Flask("address")
    app.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.host}")
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example"}

    def asked(peer: str) -> str:
        return app.test_client().get("/", headers=forwarded, environ_base={"REMOTE_ADDR": peer}).text

    assert asked("192.0.2.1") == "192.0.2.1 localhost"
    app.wsgi_app = behind_proxies(app.wsgi_app, ("10.0.0.0/8",))  # type: ignore[method-assign]
    assert asked("192.0.2.1") == "192.0.2.1 localhost"
    assert asked("10.1.2.3") == "203.0.113.9 evil.example"


def test_what_people_typed_is_shown_but_never_runs(client: FlaskClient) -> None:
    """The marker stands in every text that a page shows; each page shows it escaped only."""
    area = make_area(f"a{MARKER}"[:60])
    customer = factories.customer(name=MARKER, short_name=MARKER[:40], area=area)
    site = factories.site(customer=customer, name=MARKER, address=MARKER)
    factories.contact(customer=customer, name=MARKER[:60])
    machine = factories.machine(customer=customer, site=site, gateway=MARKER[:64], batch=MARKER[:40], area=area)
    ticket = factories.ticket(machine=machine, title=MARKER, text=MARKER)
    marked: User = make_user(Role.CLERK, Role.ADMIN, Role.MANAGER, name=MARKER[:60], areas=(area,))
    sign_in(client, marked)
    ticket_page, machine_page = f"/tickets/{ticket.number}", f"/machines/{machine.serial}"
    lists = ["/", "/account", "/users", "/areas", "/history", "/customers", "/machines", "/tickets", "/monitoring", "/faults"]
    records = [
        f"/users/{marked.id}",
        f"/areas/{area.id}",
        f"/customers/{customer.id}",
        machine_page,
        f"/monitoring/machines/{machine.device}",
    ]
    paths = [*lists, f"/tickets?q={MARKER}", *records, ticket_page, f"{ticket_page}/print", f"{ticket_page}/edit"]
    shown = 0
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "<img src=x" not in answer.text, path
        assert "<script>alert" not in answer.text, path
        shown += "&lt;img src=x" in answer.text
    assert shown >= 12


def test_no_pickle_anywhere() -> None:
    root = Path(__file__).parents[2]
    unsafe = re.compile(r"^\s*(import|from) (pickle|marshal|shelve)\b|yaml\.(load|unsafe_load)\(|\|safe\b", re.MULTILINE)
    sources = [*root.glob("app/**/*.py"), *root.glob("mqtt/**/*.py"), *root.glob("templates/**/*.html")]
    assert [str(path) for path in sources if unsafe.search(path.read_text(encoding="utf8"))] == []


@pytest.mark.parametrize("path", ["/work-orders/%00", "/tickets/T%001", "/tickets?q=%00", "/machines?q=a%00b"])
def test_a_character_that_cannot_be_stored_is_a_bad_request(client: FlaskClient, path: str) -> None:
    sign_in(client, make_user(Role.CLERK))
    assert client.get(path).status_code == 400
    assert client.post("/tickets/new", data={"title": "a\0b"}).status_code == 400
