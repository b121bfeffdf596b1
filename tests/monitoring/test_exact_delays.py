"""FI-09, FI-29, FI-30: late messages, delays to the millisecond and restarts, through the real intake and evaluation."""

import os
import random
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock
from app.core.types import system
from app.machines.models import DeviceProfile, Machine
from app.machines.profile_operations import import_profile
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Condition, Episode
from app.monitoring.shelving import shelve
from app.tickets.models import Ticket
from tests import factories
from tests.monitoring.alarm_machine.reference import Said, Settings, Walk
from tests.monitoring.sender import Sender, ago, store
from tests.personas import actor_of, make_user, sign_in

MS, SECOND, HOUR = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(hours=1)
START = clock.now().replace(microsecond=0) - 9 * HOUR
SEEDS = 200 if os.environ.get("FAULTS") == "long" else 12
ON_MS, OFF_MS = 1_000, 2_000  # short, since the reference walks tick by tick
SETTINGS = Settings({"": [(ON_MS, 1)]}, {"": OFF_MS}, few=(3, 60_000), many=(10, 600_000), quiet=1_800_000)
PROFILE = """profile: exact_v1
name: {zh: 站, en: Station}
codes:
  X1: {name: {zh: 短, en: Short}, severity: high, on_delay_s: 1, off_delay_s: 2}
  L1: {name: {zh: 锁, en: Latched}, severity: high, on_delay_s: 0, latching: true}
"""


@pytest.fixture
def delays(profile: DeviceProfile) -> DeviceProfile:
    return import_profile(by=system("setup"), text=PROFILE).row


@pytest.fixture
def exact(delays: DeviceProfile) -> Machine:
    return factories.machine(serial="YS0001", device="EVC-1", profile=delays)


def at(seconds: float) -> datetime:
    return START + seconds * SECOND


def run(now: datetime) -> None:
    """As after a restart: an evaluator that remembers nothing reads what is stored and runs what is due."""
    evaluator = Evaluator(lambda: now)
    while evaluator.evaluate_pending():
        pass
    evaluator.tick(clock.to_ms(now))


def spans(code: str, machine: Machine) -> list[tuple[float, float | None, int]]:
    rows = Episode.select().where(Episode.code == code, Episode.machine == machine).order_by(Episode.started_at)
    return [((row.started_at - START) / MS, row.ended_at and (row.ended_at - START) / MS, row.count) for row in rows]


# --- late


@pytest.mark.parametrize("hours", [1, 24, 168])
def test_fi_09_late_messages_stand_right_in_the_register_and_open_nothing_for_what_is_over(
    machine: Machine, device: Sender, client: FlaskClient, hours: int
):
    now = clock.now()
    store(device.birth(ago(minutes=9)), device.fault("E04", ago(minutes=5)))
    run(now)
    came = now.replace(microsecond=123_000) - hours * HOUR
    store(device.fault("E04", came), device.fault("E04", came + 600 * SECOND, is_active=False))
    run(now)
    late = Episode.get(Episode.started_at == came)
    assert (late.ended_at, late.count, late.is_late, late.ticket_id) == (came + 600 * SECOND, 1, True, None)
    assert Episode.get(Episode.ended_at.is_null()).is_late is False
    assert Ticket.select().count() == 1
    assert Alarm.get(Alarm.code == "E04").condition == Condition.ACTIVE
    page = sign_in(client, make_user(Role.CLERK)).get("/faults").text
    assert page.partition("<tbody")[2].count("迟到") == 1


# --- to the millisecond


def test_fi_29_what_comes_and_goes_at_its_delays_equals_the_reference_to_the_millisecond(delays: DeviceProfile):
    """An evaluator that is new each time looks just before, at, and after each moment that matters."""
    seen = 0
    for seed in range(SEEDS):
        chance = random.Random(seed)
        device = Sender(f"EVC-{seed + 10}")
        machine = factories.machine(device=device.device, profile=delays)
        tick, said = 0, []
        for number in range(chance.randint(2, 9)):
            is_active = chance.random() < 0.5 if chance.random() < 0.2 else number % 2 == 0
            said.append(Said(tick, number, "raised" if is_active else "cleared"))
            store(device.fault("X1", at(0) + tick * MS, is_active=is_active))
            gap = chance.choice((ON_MS, OFF_MS, 4 * OFF_MS)) + chance.choice((-1, 0, 1))
            for moment in (tick, tick + gap - 1):
                if chance.random() < 0.6:
                    run(at(0) + moment * MS)
            tick += gap
        end = tick + 5 * OFF_MS
        run(at(0) + end * MS)
        expected = [(one.start, one.end, one.count) for one in Walk(SETTINGS).through(said, end).episodes]
        assert spans("X1", machine) == expected, seed
        seen += len(expected)
    assert seen > SEEDS


# --- restarts


def test_fi_30_a_restart_while_pending_or_clearing_waits_from_the_stored_time(exact: Machine):
    device = Sender("EVC-1")
    store(device.fault("X1", at(0)))
    for moment in (at(0.4), at(0.8), at(1) - MS):
        run(moment)
        assert (Alarm.get().condition, Alarm.get().pending_since, Alarm.get().due_at) == (Condition.PENDING, at(0), at(1))
    run(at(1))
    assert spans("X1", exact) == [(0, None, 1)]
    store(device.fault("X1", at(5), is_active=False))
    for moment in (at(5.5), at(6.9), at(7) - MS):
        run(moment)
        assert (Alarm.get().condition, Alarm.get().clearing_since, Alarm.get().due_at) == (Condition.CLEARING, at(5), at(7))
    run(at(7))
    assert spans("X1", exact) == [(0, 5_000, 1)]


def test_fi_30_a_restart_after_both_delays_ran_out_meanwhile_makes_up_for_them(exact: Machine):
    device = Sender("EVC-1")
    store(device.fault("X1", at(0)))
    run(at(0.5))
    store(device.fault("X1", at(3), is_active=False))
    run(at(600))
    assert spans("X1", exact) == [(0, 3_000, 1)]


def test_fi_30_a_restart_while_shelved_ends_the_shelf_at_its_stored_time(exact: Machine):
    device = Sender("EVC-1")
    store(device.fault("X1", at(0)))
    run(at(0.5))
    clerk = actor_of(make_user(Role.CLERK))
    found, until = Alarm.get(), at(3_600)
    shelve(by=clerk, alarm=found, version=found.version, until=until, reason="known", is_safety=False, at=at(0.6))
    for moment in (at(1), at(1_800), until - MS):
        run(moment)
        assert (Alarm.get().condition, Alarm.get().shelved_until, Ticket.select().count()) == (Condition.ACTIVE, until, 0)
    run(until)
    assert (Alarm.get().shelved_until, Ticket.select().count()) == (None, 1)
    assert spans("X1", exact) == [(0, None, 1)]


def test_fi_30_a_restart_while_latched_keeps_the_latch(exact: Machine):
    device = Sender("EVC-1")
    store(device.fault("L1", at(0)))
    run(at(1))
    store(device.fault("L1", at(5), is_active=False))
    for moment in (at(66), at(4_000), at(9_000)):
        run(moment)
        assert (Alarm.get().condition, spans("L1", exact)) == (Condition.LATCHED, [(0, None, 1)])
