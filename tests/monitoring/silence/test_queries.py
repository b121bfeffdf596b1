"""The list of silent machines, their SIM cards, the machine's silences and outages on the screens."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core import clock, db, live
from app.machines.models import Machine
from app.monitoring.models import Alarm, Episode, FeedOutage, FeedStatus, Terminal, TerminalSilence
from app.monitoring.silence import queries
from app.monitoring.silence.queries import Filters
from tests import factories
from tests.personas import actor_of, make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}


def silent(minutes: int, **values: object) -> Machine:
    """A machine that has been silent for so long."""
    machine = factories.machine(**values)
    at = clock.now() - timedelta(minutes=minutes)
    with db.transaction():
        row = Terminal.create(device=machine.device, first_seen_at=at, last_received_at=at, is_silent=True, silent_since=at)
        TerminalSilence.create(terminal=row, from_at=at, noticed_at=at + timedelta(minutes=13))
    return machine


@pytest.fixture
def clerk(sqlite_database: Database, client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def order(page: str, *serials: str) -> list[str]:
    return sorted(serials, key=page.index)


def test_it_works(clerk: FlaskClient) -> None:
    silent(30, serial="YS-B", device="B-1", gateway="GW-9", sim_number="144001", sim_expires_on=date(2020, 1, 1))
    silent(90, serial="YS-A", device="A-1")
    factories.machine(serial="YS-C", device="C-1")
    page = clerk.get("/monitoring/silent").text
    assert order(page, "YS-B", "YS-A") == ["YS-A", "YS-B"]
    assert "YS-C" not in page
    assert "144001" in page
    assert "2020年1月1日 已过期" in page
    assert clerk.get("/monitoring/silent", headers=HTMX).text.lstrip().startswith('<section id="silent"')


@pytest.mark.parametrize(("query", "found"), [("gateway=GW-9", "YS-B"), ("sim=expired", "YS-B"), ("q=A-", "YS-A"), ("sim=soon", "")])
def test_the_list_is_narrowed(clerk: FlaskClient, query: str, found: str) -> None:
    silent(30, serial="YS-B", device="B-1", gateway="GW-9", sim_expires_on=date(2020, 1, 1))
    silent(90, serial="YS-A", device="A-1")
    page = clerk.get(f"/monitoring/silent?{query}").text
    assert {serial for serial in ("YS-A", "YS-B") if serial in page} == ({found} if found else set())


def test_a_filter_that_is_none_is_told_in_words(clerk: FlaskClient) -> None:
    for query in ("level=x", "sim=x", "area=x", "sort=x", "after=x"):
        assert clerk.get(f"/monitoring/silent?{query}").status_code == 422, query


@pytest.mark.parametrize("query", ["q=滨河环卫", "q=滨河市", "q=东门", "q=1440", "q=GW-"])
def test_it_is_found_by_what_a_caller_says(clerk: FlaskClient, query: str) -> None:
    owner = factories.customer(name="滨河市环境卫生服务中心", short_name="滨河环卫")
    site = factories.site(customer=owner, name="东门压缩站")
    silent(30, serial="YS-B", device="B-1", customer=owner, site=site, gateway="GW-9", sim_number="144001")
    silent(90, serial="YS-A", device="A-1")
    page = clerk.get(f"/monitoring/silent?{query}").text
    assert {serial for serial in ("YS-A", "YS-B") if serial in page} == {"YS-B"}
    assert "东门压缩站" in page


@pytest.mark.parametrize("sort", ["since", "-since", "sim", "-sim", "machine", "-machine", "customer", "-customer"])
def test_each_order_goes_on_with_the_next_page_and_back(database: Database, sort: str) -> None:
    """More than one page of them: some cards have a date, some have none."""
    actor = actor_of(make_user(Role.CLERK))
    for number in range(60):
        expires_on = date(2026, 1, 1) + timedelta(days=number) if number % 2 else None
        silent(30 + number, serial=f"YS-{number:02}", device=f"D-{number:02}", sim_expires_on=expires_on)
    first = queries.page(actor, Filters(), sort=sort)
    second = queries.page(actor, Filters(), sort=sort, after=first.next_key)
    assert (len(first.rows), len(second.rows)) == (50, 10)
    assert [row.serial for row in (*first.rows, *second.rows)] == [row.serial for row in queries.whole(actor, Filters(), sort=sort)]
    assert queries.page(actor, Filters(), sort=sort, before=second.previous_key).rows == first.rows


def test_the_ticket_of_the_silence_stands_with_it(clerk: FlaskClient) -> None:
    """Of the one that lasts, not of one that is over."""
    machine = silent(30, serial="YS-B", device="B-1")
    over, lasting = factories.ticket(machine=machine), factories.ticket(machine=machine)
    now = clock.now()
    with db.transaction():
        about = {"machine": machine, "code": "COMM_LOST", "severity": "high"}
        alarm = Alarm.create(**about, condition="active", is_acknowledged=True, last_event_at=now)
        earlier = {"started_at": now - timedelta(days=2), "last_raised_at": now - timedelta(days=2), "ended_at": now - timedelta(days=1)}
        Episode.create(alarm=alarm, ticket=over, **about, **earlier)
        Episode.create(alarm=alarm, ticket=lasting, **about, started_at=now, last_raised_at=now)
    page = clerk.get("/monitoring/silent").text
    assert (lasting.number in page, over.number in page, page.count('id="silent-B-1"')) == (True, False, 1)
    (row,) = csv.DictReader(io.StringIO(clerk.get("/monitoring/silent.csv").data.decode("utf-8-sig")))
    assert row["ticket"] == lasting.number


def test_it_says_how_many_cards_have_expired(clerk: FlaskClient) -> None:
    silent(30, serial="YS-B", device="B-1", sim_expires_on=date(2020, 1, 1))
    silent(90, serial="YS-A", device="A-1")
    page = clerk.get("/monitoring/silent").text
    assert "其中 1 张 SIM 卡已过期" in page
    assert 'href="/monitoring/silent?sim=expired"' in page
    assert "其中" not in clerk.get("/monitoring/silent?sim=expired").text


def test_a_technician_sees_the_machines_of_the_own_area(sqlite_database: Database, client: FlaskClient) -> None:
    north, south = make_area("North"), make_area("South")
    silent(30, serial="YS-N", device="N-1", area=north)
    silent(30, serial="YS-S", device="S-1", area=south)
    page = sign_in(client, make_user(Role.TECHNICIAN, areas=(north,))).get("/monitoring/silent").text
    assert "YS-N" in page
    assert "YS-S" not in page


def test_the_export_is_that_of_the_filter(clerk: FlaskClient) -> None:
    silent(30, serial="YS-B", device="B-1", gateway="GW-9", sim_number="144001")
    silent(90, serial="YS-A", device="A-1")
    rows = list(csv.DictReader(io.StringIO(clerk.get("/monitoring/silent.csv?gateway=GW-9").data.decode("utf-8-sig"))))
    assert [(row["machine"], row["gateway"], row["sim_number"]) for row in rows] == [("YS-B", "GW-9", "144001")]
    assert clerk.get("/monitoring/silent.xlsx").data.startswith(b"PK")


def test_nothing_silent_says_so(clerk: FlaskClient) -> None:
    assert "没有失联的设备" in clerk.get("/monitoring/silent").text


def test_the_machine_tells_of_its_silences(clerk: FlaskClient) -> None:
    silent(30, serial="YS-B", device="B-1", gateway="GW-9", sim_number="144001", sim_expires_on=date(2020, 1, 1))
    page = clerk.get("/monitoring/machines/B-1").text
    assert f'id="silence-{TerminalSilence.get().id}"' in page
    assert "144001" in page
    assert "GW-9" in page


def test_the_tile_says_since_when_and_that_the_card_has_expired(clerk: FlaskClient) -> None:
    silent(30, serial="YS-B", device="B-1", sim_expires_on=date(2020, 1, 1))
    page = clerk.get("/monitoring").text
    assert "SIM 卡已过期" in page
    assert "自 <time datetime" in page


def outage(at: datetime, **values: object) -> FeedOutage:
    with db.transaction():
        FeedStatus.create(instance="one", heartbeat_at=clock.now(), is_connected=True, delivery="full")
        return FeedOutage.create(from_at=at, noticed_at=at, **values)


def test_an_outage_stands_above_the_pages_and_on_the_board_until_it_is_over_and_acknowledged(clerk: FlaskClient) -> None:
    row = outage(clock.now() - timedelta(minutes=9))
    page = clerk.get("/monitoring").text
    assert page.count("监控中断") == 2
    assert f'id="outage-{row.id}"' in page
    answer = clerk.post(f"/monitoring/outages/{row.id}/acknowledgement", data={"next": "/monitoring/feed/gaps"})
    assert (answer.status_code, answer.location) == (303, "/monitoring/feed/gaps")
    assert clerk.post(f"/monitoring/outages/{row.id}/acknowledgement").status_code == 409
    assert f'id="outage-{row.id}"' in clerk.get("/monitoring").text
    with db.transaction():
        FeedOutage.update(ended_at=clock.now()).execute()
        live.touch("alarms")
    assert "监控中断" not in clerk.get("/monitoring").text


def test_outages_are_listed_with_the_gaps(clerk: FlaskClient) -> None:
    row = outage(clock.now() - timedelta(hours=9), ended_at=clock.now() - timedelta(hours=7))
    page = clerk.get("/monitoring/feed/gaps").text
    assert f'id="outage-{row.id}"' in page
    assert "2 小时" in page


def test_an_outage_that_is_none_is_404(clerk: FlaskClient) -> None:
    assert clerk.post("/monitoring/outages/77/acknowledgement").status_code == 404
