"""A 400 record is signed once, by the deputy, by reading or by dispatching; a signed one cannot be changed."""

import pytest
from peewee import Database, DatabaseError

from app.accounts.models import Role
from app.core import clock, db
from app.core.errors import Conflict, NotAllowed
from app.core.types import Actor
from app.tickets import hotline, hotline_queries, operations, orders
from app.tickets.hotline_queries import RecordFilter
from app.tickets.models import HotlineRecord, Priority, Ticket, TicketKind, TicketSource
from tests import factories
from tests.personas import actor_of, make_area, make_user

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def chen() -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


@pytest.fixture
def zhao() -> Actor:
    return actor_of(make_user(Role.DEPUTY, name="赵副经理"))


def called(by: Actor, **values: object) -> HotlineRecord:
    about = {"customer": factories.customer()} if "machine" not in values else {}
    kinds = {"source": TicketSource.HOTLINE, "kind": TicketKind.FAULT_REPORT, "priority": Priority.HIGH, "title": "漏油"}
    ticket = operations.open_ticket(by=by, **(kinds | about | values))
    return HotlineRecord.get(HotlineRecord.ticket == ticket)


def fresh(record: HotlineRecord) -> HotlineRecord:
    return HotlineRecord.get_by_id(record.id)


def test_it_works(chen: Actor, zhao: Actor) -> None:
    record = called(chen)
    hotline.sign(by=zhao, record_id=record.id, remark="已阅")
    assert (fresh(record).signed_by_name, fresh(record).remark, fresh(record).is_signed_by_dispatch) == ("赵副经理", "已阅", False)


def test_a_signed_record_cannot_be_signed_again(chen: Actor, zhao: Actor) -> None:
    record, other = called(chen), actor_of(make_user(Role.DEPUTY, name="另一位"))
    hotline.sign(by=zhao, record_id=record.id)
    with pytest.raises(Conflict, match="赵副经理"):
        hotline.sign(by=other, record_id=record.id)
    assert fresh(record).signed_by_name == "赵副经理"


@pytest.mark.parametrize("statement", ["UPDATE hotline_record SET remark = 'x'", "DELETE FROM hotline_record"])
def test_the_database_lets_nobody_change_a_signed_record(chen: Actor, zhao: Actor, database: Database, statement: str) -> None:
    record = called(chen)
    with db.transaction():
        database.execute_sql("UPDATE hotline_record SET remark = 'unsigned ones can be changed'")
    hotline.sign(by=zhao, record_id=record.id)
    with pytest.raises(DatabaseError, match="signed record"), database.atomic():
        database.execute_sql(statement)
    assert fresh(record).signed_by_name == "赵副经理"


def test_only_the_deputy_signs(chen: Actor) -> None:
    record = called(chen)
    for role in set(Role) - {Role.DEPUTY}:
        with pytest.raises(NotAllowed):
            hotline.sign(by=actor_of(make_user(role)), record_id=record.id)


def test_the_deputys_own_dispatch_signs_too(chen: Actor, zhao: Actor) -> None:
    record = called(chen, outcome="dispatch")
    with db.transaction():
        orders.went_out(by=zhao, ticket_id=record.ticket_id, at=clock.now())
    assert (fresh(record).signed_by_name, fresh(record).is_signed_by_dispatch) == ("赵副经理", True)


def test_somebody_elses_dispatch_waits_for_no_signature_and_gives_none(chen: Actor) -> None:
    record = called(chen, outcome="dispatch")
    with db.transaction():
        orders.went_out(by=chen, ticket_id=record.ticket_id, at=clock.now())
    assert (Ticket.get_by_id(record.ticket_id).status, fresh(record).signed_at) == ("in_work", None)


def test_a_dispatch_does_not_sign_over_a_signature(chen: Actor, zhao: Actor) -> None:
    record = called(chen, outcome="dispatch")
    hotline.sign(by=zhao, record_id=record.id)
    with db.transaction():
        orders.went_out(by=actor_of(make_user(Role.DEPUTY)), ticket_id=record.ticket_id, at=clock.now())
    assert (fresh(record).signed_by_name, fresh(record).is_signed_by_dispatch) == ("赵副经理", False)


def test_those_shown_are_signed_at_once_but_for_those_signed_already(chen: Actor, zhao: Actor) -> None:
    one, two, unseen = called(chen), called(chen), called(chen)
    hotline.sign(by=zhao, record_id=one.id)
    assert hotline.sign_shown(by=zhao, record_ids=[one.id, two.id]) == 1
    assert fresh(unseen).signed_at is None


def test_what_was_signed_stays_readable_when_the_ticket_changes(chen: Actor, zhao: Actor) -> None:
    record = called(chen, text="地上一大滩")
    hotline.sign(by=zhao, record_id=record.id)
    ticket = Ticket.get_by_id(record.ticket_id)
    operations.edit(by=chen, ticket=ticket, version=ticket.version, text="改过的话")
    assert hotline.content(fresh(record))["text"] == "地上一大滩"
    assert hotline.was_changed_since(fresh(record))


def test_what_waits_is_read_oldest_first(chen: Actor, zhao: Actor) -> None:
    records = [called(chen) for _ in range(3)]
    hotline.sign(by=zhao, record_id=records[1].id)
    page = hotline_queries.page(zhao, RecordFilter())
    assert ([row.id for row in page.rows], page.total) == ([records[0].id, records[2].id], 2)
    assert hotline_queries.waiting(zhao) == (2, False)


def test_technicians_see_the_records_of_their_area(chen: Actor) -> None:
    north, south = make_area(), make_area()
    mine = called(chen, machine=factories.machine(area=north))
    called(chen, machine=factories.machine(area=south))
    li = actor_of(make_user(Role.TECHNICIAN, areas=(north,)))
    assert [row.id for row in hotline_queries.page(li, RecordFilter()).rows] == [mine.id]
