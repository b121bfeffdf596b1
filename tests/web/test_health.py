"""Health, readiness, figures and the access log: useful to whoever is on call, silent about customers."""

import json
from datetime import timedelta

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.core.migrating import MIGRATIONS
from app.monitoring.models import FeedCounter, FeedStatus
from app.web import health
from tests import factories


def heartbeat(age_s: int = 0, is_connected: bool = True) -> None:
    at = clock.now() - timedelta(seconds=age_s)
    FeedStatus.delete().execute()
    FeedStatus.insert(instance="test", heartbeat_at=at, is_connected=is_connected, delivery="full", queue_length=3).execute()


def test_it_works(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}


def test_ready_says_what_is_well(client: FlaskClient) -> None:
    heartbeat()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert {"database", "migrations", "subscriber"} <= {name for name, state in answer.json["checks"].items() if state == "ok"}


@pytest.mark.parametrize(("age_s", "is_connected", "words"), [(300, True, "silent since"), (0, False, "no connection")])
def test_a_silent_subscriber_degrades_but_keeps_the_portal_in_service(
    client: FlaskClient, age_s: int, is_connected: bool, words: str
) -> None:
    heartbeat(age_s, is_connected)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert any(words in reason for reason in answer.json["reasons"])


def test_a_missing_migration_takes_the_portal_out_of_service(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(MIGRATIONS.glob("0*.py")).stem
    monkeypatch.setattr(health.migrating, "pending", lambda: [name])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert any(name in reason for reason in answer.json["reasons"])


def test_figures_count_pages_and_messages(client: FlaskClient) -> None:
    heartbeat()
    FeedCounter.insert(name="received", value=7).on_conflict(conflict_target=[FeedCounter.name], update={FeedCounter.value: 7}).execute()
    client.get("/healthz")
    text = client.get("/metrics").text
    assert "centre_messages_received_total 7.0" in text
    assert "centre_subscriber_queue_length 3.0" in text
    assert 'centre_page_seconds_bucket{endpoint="health.healthz"' in text


def test_figures_show_no_customer(client: FlaskClient) -> None:
    factories.ticket(machine=factories.machine(customer=factories.customer(name="CANARY Ltd"), serial="CANARY1"))
    client.get("/machines?q=CANARY")
    assert "CANARY" not in client.get("/metrics").text + client.get("/readyz").text


def test_figures_are_for_this_host_or_for_the_token(client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403
    monkeypatch.setitem(app.config, "CENTRE", replace(app.config["CENTRE"], metrics_token="a token"))
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    allowed = client.get("/metrics", headers={"Authorization": "Bearer a token"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert allowed.status_code == 200


def test_the_access_log_names_the_route_and_nothing_that_was_searched(client: FlaskClient) -> None:
    with structlog.testing.capture_logs() as lines:
        client.get("/tickets/T2611-0042?q=13812345678", headers={"User-Agent": "somebody"})
        client.get("/nowhere/13812345678")
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["route"] for line in requests] == ["/tickets/<number>", None]
    assert requests[0]["status"] == 303
    assert not {"13812345678", "somebody", "T2611-0042", "127.0.0.1"} & {str(value) for line in requests for value in line.values()}
    assert "13812345678" not in json.dumps(requests)
