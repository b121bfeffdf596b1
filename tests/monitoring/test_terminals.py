"""A replaced terminal through the real intake: what the old and the new one said stands on the machine, and a code used again is new."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock
from app.core.types import system
from app.machines import move_operations
from app.machines.models import Machine
from app.machines.move_operations import TerminalDetails
from app.monitoring import readings
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Condition, Episode, InboxMessage, QuarantinedMessage, Reading
from app.monitoring.sources import sources
from tests import factories
from tests.monitoring.sender import Sender, ago, store
from tests.personas import make_user, sign_in

BY = system("tests")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def old(device: Sender) -> Sender:
    return device


@pytest.fixture
def new() -> Sender:
    return Sender("EVC-2")


def fit(machine: Machine, device: str, at: object) -> Machine:
    machine = Machine.get_by_id(machine.id)
    details = TerminalDetails(device=device, at=at, reason="broken")
    move_operations.replace_terminal(by=BY, machine=machine, version=machine.version, details=details)
    return Machine.get_by_id(machine.id)


def evaluate() -> None:
    evaluator = Evaluator()
    evaluator.evaluate_pending()
    evaluator.run_timers(clock.now())


def values(machine: Machine) -> list[float]:
    points = readings.series(machine, sources(machine), "oil_temp", ago(hours=9), clock.now()).points
    return [value for _at, value in points if value is not None]


def test_it_works(machine: Machine, old: Sender, new: Sender) -> None:
    """Readings and episodes of both terminals are the machine's."""
    store(old.reading(ago(hours=3), oil_temp=41), old.fault("E04", ago(hours=3)), old.fault("E04", ago(hours=2.9), is_active=False))
    evaluate()
    machine = fit(machine, "EVC-2", ago(hours=2))
    store(new.reading(ago(hours=1), oil_temp=42), new.fault("E04", ago(hours=1)))
    evaluate()
    assert values(machine) == [41, 42]
    assert [one.value for one in readings.latest(sources(machine))] == [42]
    episodes = list(Episode.select().order_by(Episode.started_at))
    assert [(episode.machine_id, episode.ended_at is None) for episode in episodes] == [(machine.id, False), (machine.id, True)]
    assert Alarm.select().count() == 1


def test_the_machines_page_draws_both_terminals_and_the_old_address_leads_there(
    machine: Machine, old: Sender, new: Sender, client: FlaskClient
) -> None:
    store(old.reading(ago(hours=3), oil_temp=41))
    machine = fit(machine, "EVC-2", ago(hours=2))
    store(new.reading(ago(hours=1), oil_temp=42))
    sign_in(client, make_user(Role.CLERK))
    assert client.get("/monitoring/machines/EVC-2/readings.json?metric=oil_temp&window=day").json["values"] == [41, 42]
    answer = client.get("/monitoring/machines/EVC-1?window=day")
    assert (answer.status_code, answer.location) == (302, "/monitoring/machines/EVC-2?window=day")


def test_a_machine_without_its_terminal_keeps_its_page(machine: Machine, old: Sender, client: FlaskClient) -> None:
    store(old.reading(ago(hours=3), oil_temp=41))
    fit(machine, "", ago(hours=2))
    sign_in(client, make_user(Role.CLERK))
    page = client.get("/monitoring/machines/EVC-1")
    assert page.status_code == 200
    assert machine.serial in page.text
    assert client.get("/monitoring/machines/EVC-1/readings.json?metric=oil_temp&window=day").json["values"] == [41]


def test_the_board_shows_the_alarm_of_a_machine_whose_terminal_was_taken_off(machine: Machine, old: Sender, client: FlaskClient) -> None:
    store(old.fault("E04", ago(hours=3)))
    evaluate()
    fit(machine, "", ago(hours=2))
    sign_in(client, make_user(Role.CLERK))
    assert f'href="/machines/{machine.serial}"' in client.get("/monitoring").text


def test_what_the_old_terminal_said_but_nobody_had_looked_at_yet_stays_with_the_machine(machine: Machine, old: Sender, new: Sender) -> None:
    store(old.fault("E04", ago(hours=3)))
    machine = fit(machine, "EVC-2", ago(hours=2))
    evaluate()
    assert Episode.get().machine_id == machine.id


def test_what_the_old_terminal_sent_before_and_came_after_stays_with_the_machine(machine: Machine, old: Sender) -> None:
    machine = fit(machine, "EVC-2", ago(hours=2))
    store(old.reading(ago(hours=3), oil_temp=41), old.fault("E04", ago(hours=3)))
    evaluate()
    assert not QuarantinedMessage.select().exists()
    assert values(machine) == [41]
    assert Episode.get().machine_id == machine.id


def test_what_a_terminal_says_after_it_was_taken_off_waits_for_a_machine(machine: Machine, old: Sender) -> None:
    fit(machine, "EVC-2", ago(hours=2))
    store(old.reading(ago(hours=1), oil_temp=41), old.fault("E04", ago(hours=1)))
    assert QuarantinedMessage.select().count() == 2
    assert not Reading.select().exists()
    assert not InboxMessage.select().exists()


def test_a_code_that_is_used_again_takes_no_history_along(machine: Machine, old: Sender) -> None:
    store(old.reading(ago(hours=5), oil_temp=41), old.fault("E04", ago(hours=5)), old.fault("E04", ago(hours=4.9), is_active=False))
    evaluate()
    machine = fit(machine, "EVC-2", ago(hours=4))
    other = fit(factories.machine(device=None, profile=machine.profile), "EVC-1", ago(hours=3))
    reborn = Sender("EVC-1", boot="b2")
    store(reborn.reading(ago(hours=1), oil_temp=42), reborn.fault("E04", ago(hours=1)))
    evaluate()
    assert values(machine) == [41]
    assert values(other) == [42]
    assert [(episode.machine_id, episode.ended_at is None) for episode in Episode.select().order_by(Episode.started_at)] == [
        (machine.id, False),
        (other.id, True),
    ]


def test_late_words_of_the_old_terminal_leave_the_episodes_of_the_new_one_alone(machine: Machine, old: Sender, new: Sender) -> None:
    """The neighbourhood of a late message is computed from all terminals of the machine, each in its time."""
    store(old.fault("E04", ago(hours=5)))
    evaluate()
    machine = fit(machine, "EVC-2", ago(hours=4))
    store(new.fault("E04", ago(hours=3.9), is_active=False), new.fault("E04", ago(hours=2)))
    evaluate()
    before = [(row.started_at, row.ended_at) for row in Episode.select().order_by(Episode.started_at)]
    store(old.fault("E04", ago(hours=4.5), text="again"))
    evaluate()
    after = list(Episode.select().order_by(Episode.started_at))
    assert [(row.started_at, row.ended_at) for row in after] == before
    assert [row.count for row in after] == [2, 1]
    assert Alarm.get().condition == Condition.ACTIVE


def test_both_terminals_in_one_batch(machine: Machine, old: Sender, new: Sender) -> None:
    fit(machine, "EVC-2", ago(hours=2))
    store(new.fault("E04", ago(hours=1)), old.fault("E04", ago(hours=3)), old.fault("E04", ago(hours=2.5), is_active=False))
    evaluate()
    assert [row.ended_at is None for row in Episode.select().order_by(Episode.started_at)] == [False, True]
