"""Errors in words: as a page, as a fragment, with the database gone."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import Database, OperationalError

from app.accounts.models import Role
from app.core import db
from tests.personas import make_user, sign_in

HTMX = {"HX-Request": "true"}


def test_it_works(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "<!doctype html>" in answer.text
    assert "该页面不存在" in answer.text


def test_an_htmx_request_gets_a_message_beside_the_page(client: FlaskClient) -> None:
    answer = client.get("/nowhere", headers=HTMX)
    assert answer.status_code == 404
    assert "<!doctype html>" not in answer.text
    assert "#toasts" in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_a_boosted_request_gets_the_page(client: FlaskClient) -> None:
    assert "<!doctype html>" in client.get("/nowhere", headers=HTMX | {"HX-Boosted": "true"}).text


def test_errors_speak_the_language_of_the_reader(client: FlaskClient) -> None:
    client.set_cookie("locale", "en")
    assert "There is no such page" in client.get("/nowhere").text


def test_an_unexpected_error_tells_nothing_of_the_inside(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_values: object) -> None:
        raise ValueError("secret words of the inside")

    monkeypatch.setitem(app.view_functions, "health.healthz", broken)
    broken.policy = "public"  # type: ignore[attr-defined]
    answer = client.get("/healthz")
    assert answer.status_code == 500
    assert "secret words" not in answer.text
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/account", "/nowhere", "/tickets"])
def test_without_a_database_pages_say_so_and_come_back_by_themselves(
    client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    sign_in(client, make_user(Role.CLERK))
    before = client.get(path).status_code

    def gone(*_arguments: object, **_values: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as without:
        without.setattr(db.database.obj, "execute_sql", gone)
        answer = client.get(path)
        assert answer.status_code == (404 if path == "/nowhere" else 503)
        assert "<!doctype html>" in answer.text
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json["status"]) == (503, "failed")
    assert client.get(path).status_code == before
    assert client.get("/readyz").status_code == 200
