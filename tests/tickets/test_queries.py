"""The list shows what was asked for and no more than one may see, whichever index answers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import clock, db
from app.core.errors import NotFound
from app.core.types import Actor
from app.customers.operations import CustomerDetails, edit_customer
from app.tickets import moving, operations, queries, searching
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource, TicketStatus
from app.tickets.queries import TicketFilter
from tests import factories
from tests.personas import actor_of, make_area, make_user

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def chen() -> Actor:
    return actor_of(make_user(Role.CLERK))


def ticket(**values: Any) -> Ticket:
    """A ticket with its search document."""
    made = factories.ticket(**values)
    with db.transaction():
        searching.index(made)
    return made


def listed(actor: Actor, **wanted: Any) -> list[str]:
    return [row.number for row in queries.page(actor, TicketFilter(**wanted)).rows]


def test_it_works(chen: Actor) -> None:
    made = ticket()
    assert listed(chen) == [made.number]


def test_finished_tickets_are_shown_when_asked_for(chen: Actor) -> None:
    closed = ticket(status=TicketStatus.CLOSED)
    assert listed(chen) == []
    assert listed(chen, status="any") == listed(chen, status="closed") == [closed.number]


FACETS = {
    "kind": TicketKind.COMPLAINT,
    "priority": Priority.CRITICAL,
    "source": TicketSource.QR,
    "status": TicketStatus.IN_WORK,
}


@pytest.mark.parametrize("first", FACETS)
@pytest.mark.parametrize("second", FACETS)
def test_filters_narrow_alone_and_together(chen: Actor, first: str, second: str) -> None:
    wanted = {name: FACETS[name] for name in {first, second}}
    match = ticket(**wanted)
    for name in wanted:
        ticket(**{other: value for other, value in wanted.items() if other != name})
    assert listed(chen, **({"status": "any"} | wanted)) == [match.number]


@pytest.mark.parametrize(
    "q", ["T2611-0001", "T2611-00", "t26110001", "YZ-0012", "0012", "EVC7", "城北", "环卫", "13800138000", "漏油", "油"]
)
def test_a_ticket_is_found_by_number_machine_customer_phone_and_words(chen: Actor, q: str) -> None:
    customer = factories.customer(name="城北区环卫所", short_name="城北")
    factories.contact(customer=customer, phone="13800138000")
    machine = factories.machine(customer=customer, serial="YZ-0012", device="EVC7")
    made = ticket(number="T2611-0001", title="液压站漏油", machine=machine)
    ticket(number="T2612-0099", title="黑屏", machine=factories.machine(serial="YZ-9999", device="EVC9"))
    assert listed(chen, q=q, status="any") == [made.number]


def test_a_renamed_customer_is_found_by_the_new_name(chen: Actor) -> None:
    made = ticket(customer=factories.customer(name="城北区环卫所"))
    details = CustomerDetails(name="城南区环卫所")
    edit_customer(by=chen, customer=made.customer, version=made.customer.version, details=details)
    assert (listed(chen, q="城南"), listed(chen, q="城北")) == ([made.number], [])


def test_notes_are_found_too(chen: Actor) -> None:
    made = ticket()
    operations.add_note(by=chen, ticket=made, text="需带滤芯")
    assert listed(chen, q="滤芯", status="any") == [made.number]


def test_a_ticket_that_was_finished_is_no_longer_found_among_the_open_ones(chen: Actor) -> None:
    made = ticket(title="漏油")
    moving.change_status(by=chen, ticket=made, to=TicketStatus.RESOLVED, version=1)
    assert (listed(chen, q="漏油", status="open"), listed(chen, q="漏油", status="any")) == ([], [made.number])
    operations.add_note(by=chen, ticket=made, text="其实没好")  # writes its document anew, without the mark of an open one
    moving.undo(by=chen, ticket=made, version=2)
    assert listed(chen, q="漏油", status="open") == [made.number]


def test_signs_that_nothing_can_match_find_nothing(chen: Actor) -> None:
    ticket()
    page = queries.page(chen, TicketFilter(q="!!", status="any"))
    assert (list(page.rows), page.total) == ([], 0)


@pytest.mark.parametrize("wanted", [{}, {"status": "any"}, {"q": "漏油", "status": "any"}, {"kind": TicketKind.FAULT_REPORT}])
def test_one_sees_the_tickets_of_ones_own_areas_alone(wanted: dict[str, Any]) -> None:
    north, south, west = make_area(), make_area(), make_area()
    for area in (north, south, west):
        ticket(title="漏油", area=area, number=f"T2611-{area.id:04d}")
    one = actor_of(make_user(Role.TECHNICIAN, areas=(north,)))
    two = actor_of(make_user(Role.TECHNICIAN, areas=(north, south)))
    none = actor_of(make_user(Role.TECHNICIAN))
    assert len(listed(one, **wanted)) == 1
    assert len(listed(two, **wanted)) == 2
    assert listed(none, **wanted) == []
    assert listed(one, **wanted, area=south.id) == []


def test_a_ticket_of_another_area_is_not_there() -> None:
    made = ticket(area=make_area())
    with pytest.raises(NotFound):
        queries.by_number(actor_of(make_user(Role.TECHNICIAN, areas=(make_area(),))), made.number)


def test_days_are_those_of_the_deployment(chen: Actor) -> None:
    made = ticket(opened_at=datetime(2026, 11, 22, 16, 30, tzinfo=UTC))  # half past midnight of the 23rd in Shanghai
    assert listed(chen, from_on=date(2026, 11, 23), to_on=date(2026, 11, 23)) == [made.number]
    assert listed(chen, to_on=date(2026, 11, 22)) == []


def test_the_gravest_come_first_when_sorted_so(chen: Actor) -> None:
    made = {level: ticket(priority=level).number for level in (Priority.LOW, Priority.CRITICAL, Priority.HIGH)}
    assert listed(chen, sort="priority") == [made["critical"], made["high"], made["low"]]


@pytest.mark.parametrize("wanted", [{}, {"q": "漏油", "status": "any"}, {"sort": "opened_at"}, {"sort": "priority"}])
def test_pages_show_every_ticket_once(chen: Actor, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any]) -> None:
    monkeypatch.setattr("app.core.paging.PAGE_SIZE", 3)
    now = clock.now()
    made = {ticket(title="漏油", opened_at=now + timedelta(seconds=n // 2)).number for n in range(8)}
    rows = [row.number for row in queries.every(chen, TicketFilter(**wanted), queries.COLUMNS, queries.TicketRow)]
    assert len(rows) == 8
    assert set(rows) == made


def test_the_count_says_when_there_are_more(chen: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        ticket()
    page = queries.page(chen, TicketFilter())
    assert (page.total, page.is_total_capped) == (3, False)


def test_the_list_asks_the_database_twice_however_long_it_is(sqlite_list: list[str], chen: Actor) -> None:
    machine = factories.machine()
    for _ in range(20):
        ticket(machine=machine)
    sqlite_list.clear()
    queries.page(chen, TicketFilter())
    assert len(sqlite_list) == 2


@pytest.fixture
def sqlite_list(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that runs."""
    statements: list[str] = []
    execute = database.execute_sql

    def noted(sql: str, params: Any = None) -> Any:
        statements.append(sql)
        return execute(sql, params)

    monkeypatch.setattr(database, "execute_sql", noted)
    return statements
