"""Requisitions: asked for, approved by another, issued into the van, used or brought back, closed."""

from decimal import Decimal

import pytest
from peewee import Database

from app.core import db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.parts import ledger
from app.parts.models import PlaceKind
from app.supply import requisitions, vans
from app.supply.models import Requisition, RequisitionLine, RequisitionStatus
from app.supply.writing import Wanted
from tests import factories, money_factories
from tests.personas import People, actor_of, people


def present(row: Requisition) -> Requisition:
    found: Requisition = Requisition.get_by_id(row.id)
    return found


def approved(who: People, *, asked: object = 2, held: object = 10) -> Requisition:
    part = money_factories.stocked(quantity=held)
    row = money_factories.requisition(technician=who.li, lines=[Wanted(part, Decimal(str(asked)))])
    requisitions.approve(by=actor_of(who.zhao), requisition=row, version=row.version)
    return row


def issued(who: People, *, asked: object = 2) -> tuple[Requisition, RequisitionLine]:
    row = approved(who, asked=asked)
    line = requisitions.lines_of(row)[0]
    requisitions.issue(by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: line.asked})
    return row, requisitions.lines_of(row)[0]


def test_it_works(database: Database) -> None:
    who = people()
    row, line = issued(who)
    van = vans.find(who.li)
    assert van is not None
    assert (ledger.held(van, line.part), ledger.held(ledger.place_of(PlaceKind.MAIN), line.part)) == (2, 8)
    requisitions.give_back(by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: Decimal(2)})
    assert present(row).status == RequisitionStatus.CLOSED
    assert ledger.held(van, line.part) == 0
    assert ledger.differences() == []


def test_who_asked_does_not_approve(database: Database) -> None:
    who = people()
    row = money_factories.requisition(technician=who.zhao)
    with pytest.raises(NotAllowed, match="somebody else"):
        requisitions.approve(by=actor_of(who.zhao), requisition=row, version=row.version)
    with pytest.raises(NotAllowed):
        requisitions.approve(by=actor_of(who.chen), requisition=row, version=row.version)
    requisitions.approve(by=actor_of(who.liu), requisition=row, version=row.version)


def test_nothing_is_issued_before_it_is_approved_or_twice(database: Database) -> None:
    who = people()
    row = money_factories.requisition(technician=who.li)
    line = requisitions.lines_of(row)[0]
    with pytest.raises(Conflict):
        requisitions.issue(by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: Decimal(1)})
    requisitions.approve(by=actor_of(who.zhao), requisition=row, version=row.version)
    seen = present(row)
    requisitions.issue(by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: Decimal(1)})
    with pytest.raises(Conflict):
        requisitions.issue(by=actor_of(who.chen), requisition=seen, version=seen.version, quantities={line.id: Decimal(1)})


def test_no_more_is_issued_than_was_asked_for_or_is_there(database: Database) -> None:
    who = people()
    row = approved(who, asked=5, held=3)
    line = requisitions.lines_of(row)[0]
    for quantity in (6, 4):
        with pytest.raises(Invalid):
            requisitions.issue(by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: Decimal(quantity)})
        row = present(row)
        assert row.status == RequisitionStatus.APPROVED
    requisitions.issue(by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: Decimal(3)})


def test_no_more_comes_back_than_is_left(database: Database) -> None:
    who = people()
    row, line = issued(who)
    with pytest.raises(Invalid):
        requisitions.give_back(by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: Decimal(3)})
    with db.transaction():
        RequisitionLine.update(used=1).where(RequisitionLine.id == line.id).execute()
    with pytest.raises(Invalid):
        requisitions.give_back(by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: Decimal(2)})


def test_a_form_sent_twice_asks_once(database: Database) -> None:
    who = people()
    part = money_factories.stocked()
    rows = [money_factories.requisition(technician=who.li, lines=[Wanted(part, Decimal(1))], form_token="one") for _ in range(2)]
    assert rows[0] == rows[1]
    assert Requisition.select().count() == 1


def test_a_technician_asks_for_the_own_van_only(database: Database) -> None:
    who = people()
    line = Wanted(money_factories.stocked(), Decimal(1))
    with pytest.raises(NotAllowed):
        requisitions.ask(by=actor_of(who.li), technician=who.wang, from_place=ledger.place_of(PlaceKind.MAIN), lines=[line])


def test_serial_numbers_go_along_one_for_each_piece(database: Database) -> None:
    who = people()
    row = approved(who, asked=2)
    line = requisitions.lines_of(row)[0]
    with pytest.raises(Invalid):
        requisitions.issue(
            by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: Decimal(2)}, serials={line.id: ("A", "A")}
        )
    row = present(row)
    requisitions.issue(
        by=actor_of(who.chen), requisition=row, version=row.version, quantities={line.id: Decimal(2)}, serials={line.id: ("A", "B")}
    )
    assert {unit.place for unit in line.part.units} == {row.to_place}


def test_turning_down_needs_a_reason_and_withdrawing_its_asker(database: Database) -> None:
    who = people()
    row = money_factories.requisition(technician=who.li, order=factories.work_order(lead=who.li))
    with pytest.raises(Invalid):
        requisitions.reject(by=actor_of(who.zhao), requisition=row, version=row.version, reason=" ")
    with pytest.raises(NotAllowed):
        requisitions.withdraw(by=actor_of(who.wang), requisition=row, version=row.version)
    requisitions.withdraw(by=actor_of(who.li), requisition=row, version=row.version)
    with pytest.raises(Conflict):
        requisitions.reject(by=actor_of(who.zhao), requisition=row, version=row.version, reason="不需要")
