"""Search over everything: what is shown, how Enter leads straight to a number, and that nobody sees too much."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core.types import system
from app.tickets import operations
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource
from tests import factories
from tests.conventions.access import World, make_world
from tests.personas import make_user, sign_in

HX = {"HX-Request": "true"}


@pytest.fixture
def world(client: FlaskClient) -> World:
    made = make_world()
    sign_in(client, made.people.chen)
    return made


def opened(title: str, **more: object) -> Ticket:
    kind, source = TicketKind.FAULT_REPORT, TicketSource.MONITORING
    return operations.open_ticket(by=system("tests"), source=source, kind=kind, priority=Priority.LOW, title=title, **more)  # type: ignore[arg-type]


def test_it_works(client: FlaskClient, world: World) -> None:
    answer = client.get("/search", query_string={"q": world.north.machine.serial[1:]})
    assert answer.status_code == 200
    assert f'href="/machines/{world.north.machine.serial}"' in answer.text
    assert "<html" in answer.text


def test_an_htmx_request_gets_the_results_alone(client: FlaskClient, world: World) -> None:
    answer = client.get("/search", query_string={"q": world.north.machine.serial}, headers=HX)
    assert answer.text.strip().startswith('<div id="search-results"')
    assert "HX-Request" in answer.headers["Vary"]


def test_enter_on_an_exact_number_goes_straight_there(client: FlaskClient, world: World) -> None:
    ticket = opened("漏油")
    for typed, place in (
        (ticket.number, f"/tickets/{ticket.number}"),
        (world.north.machine.serial.lower(), f"/machines/{world.north.machine.serial}"),
    ):
        answer = client.get("/search", query_string={"q": typed, "go": "1"})
        assert (answer.status_code, answer.location) == (303, place)
        assert client.get("/search", query_string={"q": typed}).status_code == 200


def test_enter_on_a_number_of_several_shows_them(client: FlaskClient, world: World) -> None:
    for _ in range(3):
        factories.contact(phone="13712345678")
    answer = client.get("/search", query_string={"q": "13712345678", "go": "1"})
    assert answer.status_code == 200
    assert answer.text.count("137****5678") == 3


def test_more_tickets_than_shown_lead_to_the_list(client: FlaskClient, world: World) -> None:
    for _ in range(8):
        opened("异响")
    text = client.get("/search", query_string={"q": "异响"}, headers=HX).text
    assert 'href="/tickets?q=%E5%BC%82%E5%93%8D"' in text
    assert "查看全部 8 张受理单" in text


def test_nothing_found_says_what_to_do(client: FlaskClient, world: World) -> None:
    assert "少输几个词" in client.get("/search?q=没有这个东西").text
    assert "要找什么" in client.get("/search").text


def test_a_serial_with_one_slip_is_asked_about(client: FlaskClient, world: World) -> None:
    machine = factories.machine(serial="YZ-48213")
    for typed in ("YZ-48231", "YZ-4813", "YZ-482133", "YZ-48218", "ZY-48213"):
        text = client.get("/search", query_string={"q": typed}).text
        assert f'href="/machines/{machine.serial}"' in text, typed
        assert "是否想找" in text


@pytest.mark.parametrize("typed", ["'", '"', "%", "_", "\\", "NEAR(a b)", "a* OR b", "-", "<b>", "a" * 10_000, "漏" * 500])
def test_nothing_typed_breaks_it(client: FlaskClient, world: World, typed: str) -> None:
    for address in ("/search", "/tickets", "/machines", "/customers"):
        assert client.get(address, query_string={"q": typed, "go": "1"}).status_code == 200, address


def test_who_works_in_one_area_finds_nothing_of_another(client: FlaskClient, world: World) -> None:
    factories.contact(customer=world.south.customer, name="丙丁戊")
    ticket = opened("丙丁戊", machine=world.south.machine)
    there = (f"/machines/{world.south.machine.serial}", f"/customers/{world.south.customer.id}", f"/tickets/{ticket.number}")
    for words in ("丙丁戊", world.south.machine.serial, world.south.customer.name, world.south.site.name):
        for person, is_found in ((world.people.li, False), (world.people.wang, True)):
            sign_in(client, person)
            text = client.get("/search", query_string={"q": words}, headers=HX).text
            assert any(f'href="{place}' in text for place in there) == is_found, words


def test_an_administrator_finds_machines_and_nothing_of_customers_or_tickets(client: FlaskClient, world: World) -> None:
    opened(world.north.customer.name, machine=world.north.machine)
    sign_in(client, make_user(Role.ADMIN))
    text = client.get("/search", query_string={"q": world.north.customer.name}, headers=HX).text
    assert f'href="/machines/{world.north.machine.serial}"' in text
    assert 'href="/customers/' not in text
    assert 'href="/tickets/' not in text
