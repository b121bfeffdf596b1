"""The alarms of a month in figures (monitoring §6), counted by hand here."""

import csv
import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Area, Role
from app.core import clock
from app.core.months import Month, month_of
from app.machines.models import Machine
from app.monitoring.figures import counting, month
from app.monitoring.figures.counting import Durations, Span
from app.monitoring.models import AlarmFlood, Condition, Episode
from app.tickets.models import Priority, TicketSource, TicketStatus
from tests import factories
from tests.personas import actor_of, make_user, sign_in

NOVEMBER = Month(2026, 11)
SHANGHAI = ZoneInfo("Asia/Shanghai")
START, END = datetime(2026, 11, 1, tzinfo=SHANGHAI), datetime(2026, 12, 1, tzinfo=SHANGHAI)
AT = START + timedelta(days=22, hours=8)
SPAN = Span(START, END)
CODES = iter(range(10_000))


def episode(machine: Machine, started_at: datetime, *, minutes: float | None = 30, **values: object) -> Episode:
    """One alarm of a code of its own, unless one is given; it lasts so many minutes, or still stands."""
    code = values.pop("code", f"T{next(CODES)}")
    severity = values.pop("severity", Priority.LOW)
    condition = Condition.ACTIVE if minutes is None else Condition.NORMAL
    alarm = factories.alarm(machine=machine, code=code, severity=severity, condition=condition, started_at=started_at)
    ended_at = None if minutes is None else started_at + timedelta(minutes=minutes)
    Episode.update(ended_at=ended_at, **values).where(Episode.alarm == alarm).execute()
    return Episode.get(Episode.alarm == alarm)


@pytest.fixture
def machine(database: Database) -> Machine:
    return factories.machine(serial="YS-1", device="EVC-1")


def count(span: Span = SPAN, now: datetime = AT) -> counting.Counted:
    return counting.count(span, now)


def test_it_works(machine: Machine) -> None:
    episode(machine, AT - timedelta(days=3), severity=Priority.CRITICAL, code="E01")
    episode(machine, AT - timedelta(days=3), minutes=90)
    found = count()
    assert (found.alarms, found.machines, found.by_severity["critical"]) == (2, 1, 1)
    assert found.per_machine_and_day == pytest.approx(2 / found.days)
    assert [(top.key, top.count) for top in found.top_machines] == [("YS-1", 2)]


def test_only_what_began_in_the_month_counts(machine: Machine) -> None:
    for moment in (START - timedelta(milliseconds=1), START, END - timedelta(milliseconds=1), END):
        episode(machine, moment)
    assert count(now=END).alarms == 2


def test_each_alarm_stands_on_its_day(machine: Machine) -> None:
    episode(machine, START, severity=Priority.HIGH)
    episode(machine, START + timedelta(days=1) - timedelta(milliseconds=1))
    episode(machine, START + timedelta(days=1))
    days = count(now=END).by_day
    assert [day.alarms for day in days[:3]] == [2, 1, 0]
    assert (len(days), days[0].high, days[0].low) == (30, 1, 1)


@pytest.mark.parametrize(("alarms", "crowded"), [(10, 0), (11, 1)])
def test_a_window_is_crowded_by_more_than_ten(machine: Machine, alarms: int, crowded: int) -> None:
    for number in range(alarms):
        episode(machine, START + timedelta(minutes=10, seconds=number))
    assert count().crowded_windows == crowded


def test_windows_are_those_that_have_been(machine: Machine) -> None:
    assert count(now=START + timedelta(hours=1)).windows == 6


def test_median_and_nine_of_ten_of_how_long_it_took(machine: Machine) -> None:
    for minutes in (1, 2, 3, 4, 5, 6, 7, 8, 9, 100):
        episode(machine, AT - timedelta(days=2), minutes=minutes, acknowledged_at=AT - timedelta(days=2) + timedelta(minutes=minutes))
    found = count()
    assert found.restored == found.acknowledged == Durations(10, 5, 9)


def test_nothing_known_is_no_time_at_all(machine: Machine) -> None:
    episode(machine, AT, minutes=None)
    assert count().restored == Durations(0, None, None)


def test_stale_is_what_stood_for_more_than_a_day(machine: Machine) -> None:
    day = 24 * 60
    episode(machine, AT - timedelta(days=5), minutes=day)
    episode(machine, AT - timedelta(days=5), minutes=day + 1)
    episode(machine, AT - timedelta(days=2), minutes=None)
    episode(machine, AT - timedelta(hours=2), minutes=None)
    assert count().stale == 2


def test_false_are_the_cancelled_among_the_verified(machine: Machine) -> None:
    for status in (TicketStatus.TO_VERIFY, TicketStatus.CANCELLED, TicketStatus.IN_WORK, TicketStatus.CLOSED):
        factories.ticket(machine=machine, source=TicketSource.MONITORING, status=status, opened_at=AT)
    factories.ticket(machine=machine, source=TicketSource.HOTLINE, opened_at=AT)
    found = count()
    assert (found.tickets, found.from_monitoring, found.decided, found.false) == (5, 4, 3, 1)


def test_known_before_is_a_ticket_of_monitoring_or_one_with_an_alarm_in_the_day_before(machine: Machine) -> None:
    other = factories.machine(device="EVC-2")
    episode(machine, AT - timedelta(hours=23))
    episode(other, AT - timedelta(hours=25))
    for one in (machine, other, factories.machine(device=None)):
        factories.ticket(machine=one, source=TicketSource.HOTLINE, opened_at=AT)
    factories.ticket(machine=other, source=TicketSource.MONITORING, opened_at=AT)
    found = count()
    assert (found.faults, found.known_before) == (3, 2)


def test_floods_are_counted_with_how_long_they_lasted(database: Database) -> None:
    AlarmFlood.create(started_at=AT - timedelta(hours=2), ended_at=AT - timedelta(hours=1), clerks=1)
    AlarmFlood.create(started_at=AT - timedelta(minutes=15), clerks=1)
    found = count()
    assert (found.floods, found.flood_minutes) == (2, 75)


def test_who_is_bound_to_an_area_counts_that_area(machine: Machine) -> None:
    north, south = (Area.create(name=name) for name in ("north", "south"))
    for area, device in ((north, "EVC-N"), (south, "EVC-S")):
        episode(factories.machine(area=area, device=device), AT)
    bound = actor_of(make_user(Role.AREA_MANAGER, areas=[north]))
    now = AT + timedelta(days=1)
    assert month.figures(bound, NOVEMBER, None, now).now.alarms == 1
    assert month.figures(bound, NOVEMBER, south.id, now).now.alarms == 0
    assert month.figures(actor_of(make_user(Role.CLERK)), NOVEMBER, None, now).now.alarms == 2


def test_the_month_before_stands_beside_it(machine: Machine) -> None:
    episode(machine, START - timedelta(days=1))
    found = month.figures(actor_of(make_user(Role.CLERK)), NOVEMBER, None, AT)
    assert (found.now.alarms, found.before.alarms) == (0, 1)


def test_the_page_and_the_file_say_the_same(sqlite_database: Database, client: FlaskClient) -> None:
    today = clock.today()
    episode(factories.machine(serial="YS-9", device="EVC-9"), clock.now(), code="E04")
    sign_in(client, make_user(Role.CLERK))
    page = client.get("/monitoring/figures").text
    assert f"?month={month_of(today).previous.code}" in page
    assert 'href="/faults?code=E04' in page
    rows = list(csv.DictReader(io.StringIO(client.get("/monitoring/figures.csv").get_data().decode("utf-8-sig"))))
    assert next(row["value"] for row in rows if row["figure"] in ("Alarms", "报警")) == "1"
    assert client.get("/monitoring/figures.xlsx").status_code == client.get("/monitoring/figures/print").status_code == 200


def test_a_month_that_is_none_is_refused_in_words(sqlite_database: Database, client: FlaskClient) -> None:
    sign_in(client, make_user(Role.CLERK))
    assert client.get("/monitoring/figures?month=2026-13").status_code == 422


def test_a_month_without_anything_says_so(sqlite_database: Database, client: FlaskClient) -> None:
    sign_in(client, make_user(Role.CLERK))
    assert client.get("/monitoring/figures?month=2020-02").status_code == 200
