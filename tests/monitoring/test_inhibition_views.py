"""Screens on which an alarm is laid aside or reset (T10, T13)."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock
from app.machines.models import Machine
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, AlarmReset, AlarmShelving, Condition
from tests.monitoring.sender import Sender, ago, store
from tests.personas import make_user, sign_in


@pytest.fixture
def clerk(client: FlaskClient, machine: Machine) -> FlaskClient:
    """A clerk at the board."""
    return sign_in(client, make_user(Role.CLERK))


def evaluate() -> None:
    evaluator = Evaluator()
    evaluator.evaluate_pending()
    evaluator.run_timers(clock.now())


@pytest.fixture
def latched(device: Sender) -> Alarm:
    """An overload that has gone and waits for its reset."""
    store(device.fault("E02", ago(minutes=9)), device.fault("E02", ago(minutes=5), is_active=False))
    evaluate()
    return Alarm.get()


@pytest.fixture
def active(device: Sender) -> Alarm:
    """Oil that is hot."""
    store(device.fault("E04", ago(minutes=9)))
    evaluate()
    return Alarm.get()


def test_it_works(clerk: FlaskClient, latched: Alarm) -> None:
    page = f"/alarms/{latched.id}/reset"
    assert page in clerk.get("/monitoring").text
    assert "E02" in clerk.get(page).text
    answer = clerk.post(page, data={"version": latched.version, "reason": "已查看"})
    assert answer.status_code == 303
    assert Alarm.get().condition == Condition.NORMAL
    assert AlarmReset.get().reason == "已查看"


def test_a_reset_needs_a_reason_and_the_present_state(clerk: FlaskClient, latched: Alarm) -> None:
    page = f"/alarms/{latched.id}/reset"
    assert clerk.post(page, data={"version": latched.version, "reason": ""}).status_code == 422
    stale = clerk.post(page, data={"version": latched.version - 1, "reason": "已查看"})
    assert stale.status_code == 409
    assert "已查看" in stale.text
    assert Alarm.get().condition == Condition.LATCHED


def test_an_alarm_is_laid_aside_and_taken_up_again(clerk: FlaskClient, active: Alarm) -> None:
    page = f"/alarms/{active.id}/shelf"
    assert page in clerk.get("/monitoring").text
    assert '"72"' not in clerk.get(page).text  # that long only the manager may
    assert clerk.post(page, data={"version": active.version, "hours": "4", "reason": "在修"}).status_code == 303
    shelf = AlarmShelving.get()
    assert shelf.until_at - shelf.at == timedelta(hours=4)
    assert "已搁置" in clerk.get("/monitoring").text
    assert clerk.post(f"{page}/end").status_code == 303
    evaluate()
    assert Alarm.get().shelved_until is None


def test_what_was_typed_stays_when_the_reason_is_missing(clerk: FlaskClient, active: Alarm) -> None:
    answer = clerk.post(f"/alarms/{active.id}/shelf", data={"version": active.version, "hours": "8", "reason": ""})
    assert answer.status_code == 422
    assert 'selected value="8"' in answer.text
    assert AlarmShelving.select().count() == 0
