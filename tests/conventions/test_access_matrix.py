"""Nobody in where they don't belong: every route × every persona × own and foreign object, against one table (quality §3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import Database
from werkzeug.routing import Rule

from app.accounts import permissions
from app.accounts.models import Role, User
from app.core import db, history
from app.core.db import BaseModel
from app.web.auth import PUBLIC as PUBLIC_POLICY
from app.web.auth import policy_of
from tests.conventions.access import ACCESS, NOWHERE, Access, Side, World, make_world, values_for
from tests.personas import sign_in

REFUSED = frozenset({401, 403, 404, 405})
PERSONAS = ("anonymous", "chen", "li", "wang", "area_manager", "zhao", "liu", "sun", "admin", "disabled")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the matrix."""

    rule: Rule
    method: str
    side: Side
    path: str
    access: Access


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Who may what does not depend on the database."""
    return sqlite_database


def test_it_works(app: Flask) -> None:
    """Every route stands in the table, and the table names no route that is gone."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - set(ACCESS) == set(), "these routes have no line in tests/conventions/access.py"
    assert set(ACCESS) - endpoints == set(), "these lines of tests/conventions/access.py have no route"


def test_every_view_declares_the_policy_of_the_table(app: Flask) -> None:
    wrong = {}
    for endpoint, access in ACCESS.items():
        policy = policy_of(app, endpoint)
        declared = None if policy == PUBLIC_POLICY else frozenset(permissions.PERMISSIONS.get(policy or "", frozenset()))
        if declared != access.roles:
            wrong[endpoint] = (policy, sorted(declared or ()))
    assert wrong == {}


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_persona_gets_what_is_theirs_and_no_more(app: Flask, persona: str, request: pytest.FixtureRequest) -> None:
    if persona != "chen":  # one clerk gets real ones
        request.getfixturevalue("empty_pdfs")
    assert _problems(app, persona, "GET", "POST") == ""


@pytest.mark.usefixtures("empty_pdfs")
@pytest.mark.parametrize("persona", ["anonymous", "wang", "sun"])
def test_head_and_options_open_no_other_door(app: Flask, persona: str) -> None:
    assert _problems(app, persona, "HEAD", "OPTIONS") == ""


@pytest.mark.usefixtures("empty_pdfs")
def test_reading_twice_changes_nothing(app: Flask) -> None:
    world = make_world()
    before = None
    for persona in ("anonymous", "chen", "li", "admin"):
        client = _client(app, world, persona)
        before = _fingerprint()
        for _ in range(2):
            for asked in _requests(app, world, ("GET",)):
                client.get(asked.path)
        assert _fingerprint() == before, f"{persona} changed something by reading"


def _problems(app: Flask, persona: str, *methods: str) -> str:
    world = make_world()
    client = _client(app, world, persona)
    return "\n".join(problem for asked in _requests(app, world, methods) if (problem := _try(client, world, persona, asked)))


def _client(app: Flask, world: World, persona: str) -> FlaskClient:
    """A client that keeps sending the same cookie, whatever it is answered: signing out is one of the requests."""
    cookies = {}
    if persona != "anonymous":
        cookie = sign_in(app.test_client(), _user(world, persona)).get_cookie("session")
        assert cookie is not None
        cookies = {"HTTP_COOKIE": f"session={cookie.value}"}
    client = app.test_client(use_cookies=False)
    client.environ_base.update(cookies)
    return client


def _user(world: World, persona: str) -> User:
    return getattr(world.people, persona)


def _requests(app: Flask, world: World, methods: tuple[str, ...]) -> Iterator[Asked]:
    adapter = app.url_map.bind("localhost")
    for rule in (rule for rule in app.url_map.iter_rules() if rule.endpoint in ACCESS):
        sides = (world.north, world.south) if rule.arguments else (world.north,)
        for method in methods:
            if method in (rule.methods or ()):
                for side in sides:
                    values = values_for(rule.endpoint, set(rule.arguments), side)
                    path = adapter.build(rule.endpoint, values, method=method)
                    if adapter.match(path, method=method)[0] == rule.endpoint:  # OPTIONS has one answer for an address
                        yield Asked(rule, method, side, path, ACCESS[rule.endpoint])


def _try(client: FlaskClient, world: World, persona: str, asked: Asked) -> str | None:
    """Ask inside a transaction that is taken back, so that no request of the matrix spoils the next; None when all is well."""
    with client.application.app_context(), db.database.atomic() as attempt:
        headers = {} if asked.method != "POST" else {"Origin": "http://localhost"}
        response = client.open(asked.path, method=asked.method, headers=headers)
        attempt.rollback()
    status, expected = response.status_code, _expected(world, persona, asked)
    location = response.headers.get("Location", "")
    if expected == "sign in":
        is_right = status == 303 and location.startswith("/login")
    elif expected == "allowed":
        is_right = (status < 500 and status not in REFUSED) or status == NOWHERE.get(asked.rule.endpoint)
    else:
        is_right = status == expected
    return None if is_right else f"{asked.method} {asked.path} ({asked.rule.endpoint}): {status}, expected {expected}"


def _expected(world: World, persona: str, asked: Asked) -> int | str:
    access = asked.access
    if access.roles is None:
        return "allowed"
    if persona in ("anonymous", "disabled"):
        return "sign in"
    roles = _roles(world, persona)
    if not roles & access.roles:
        return 403
    if asked.method == "OPTIONS":  # says which methods there are, of any address, and touches no object
        return "allowed"
    is_theirs = asked.side is (world.south if persona == "wang" else world.north)
    if access.scoped and roles <= permissions.AREA_BOUND_ROLES and not is_theirs:
        return 404
    if access.own_only and not roles & access.also and _user(world, persona) != asked.side.technician:
        return 404
    return "allowed"


def _roles(world: World, persona: str) -> frozenset[Role]:
    return frozenset(Role(row.role) for row in _user(world, persona).role_rows)


# How often strangers ask is counted by asking, and when a session was last used is noted once a minute.
COUNTED_BY_READING = {"rate_hit", "user_session"}


def _fingerprint() -> str:
    """One hash over every row of every table."""
    found = sha256()
    models = [model for model in _models(BaseModel) if model._meta.table_name not in COUNTED_BY_READING]
    for model in sorted(models, key=lambda model: model._meta.table_name):
        rows = sorted(history.canonical([str(value) for value in row]) for row in model.select().tuples())
        found.update(f"{model._meta.table_name}{rows}".encode())
    return found.hexdigest()


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)
