"""The page for makers of devices and the files that go with it."""

import json

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.monitoring.views.makers import FILES
from tests.personas import make_user, sign_in

pytestmark = pytest.mark.usefixtures("sqlite_database")


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_it_works(clerk: FlaskClient) -> None:
    page = clerk.get("/monitoring/feed/contract")
    assert page.status_code == 200
    assert "evc/&lt;device&gt;/telemetry" in page.text
    assert "mosquitto_will_set" in page.text


@pytest.mark.parametrize("name", FILES)
def test_each_file_can_be_taken_away(clerk: FlaskClient, name: str) -> None:
    answer = clerk.get(f"/monitoring/feed/contract/{name}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "evc/" in answer.text


@pytest.mark.parametrize("name", ["..%2Fconfig", "app.css", "device.exe"])
def test_nothing_else_can_be_taken_away(clerk: FlaskClient, name: str) -> None:
    assert clerk.get(f"/monitoring/feed/contract/{name}").status_code == 404


def test_topics_are_those_of_this_installation(clerk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    config = clerk.application.config
    monkeypatch.setitem(config, "CENTRE", replace(config["CENTRE"], topic_root="works"))
    found = json.loads(clerk.get("/monitoring/feed/contract/asyncapi.json").text)
    assert found["channels"]["state"]["address"] == "works/{device}/state"
