"""Stock counts: counted blind, approved by another, differences booked; what moves meanwhile is taken into account."""

from decimal import Decimal

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.parts import counting, ledger
from app.parts.counting import Said
from app.parts.models import CountStatus, Part, PartUnit, PlaceKind, StockCount, StockCountLine, StockMovement, StockPlace
from tests import money_factories
from tests.personas import actor_of, make_user


def main() -> StockPlace:
    return ledger.place_of(PlaceKind.MAIN)


def clerk() -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


def deputy() -> Actor:
    return actor_of(make_user(Role.DEPUTY, name="赵副经理"))


def counted(count: StockCount, numbers: dict[Part, object], remark: str = "") -> None:
    """Enter ``numbers`` and hand them in."""
    lines = {line.part_id: line.id for line in StockCountLine.select().where(StockCountLine.count == count)}
    said = {lines[part.id]: Said(Decimal(str(number)), remark) for part, number in numbers.items()}
    counting.enter(by=clerk(), count=count, said=said)
    counting.submit(by=clerk(), count=count)


def fresh(count: StockCount) -> StockCount:
    found: StockCount = StockCount.get_by_id(count.id)
    return found


def test_it_works(database: Database) -> None:
    short, more, right = (money_factories.part() for _ in range(3))
    for part in (short, more, right):
        money_factories.stock(part, 5)
    count = money_factories.stock_count()
    counted(count, {short: 3, more: "6.5", right: 5})
    counting.approve(by=deputy(), count=count, version=fresh(count).version)
    assert [ledger.held(main(), part) for part in (short, more, right)] == [3, Decimal("6.5"), 5]
    assert {(row.part_id, row.quantity) for row in StockMovement.select().where(StockMovement.about == count.number)} == {
        (short.id, Decimal(2)),
        (more.id, Decimal("1.5")),
    }
    assert ledger.differences() == []


def test_what_moves_while_one_counts_and_until_the_approval_is_no_difference(database: Database) -> None:
    part = money_factories.part()
    money_factories.stock(part, 10)
    count = money_factories.stock_count()
    money_factories.stock(part, 2)  # arrived while one counted: 12 stand there
    counted(count, {part: 11})  # one is missing
    money_factories.stock(part, 4)  # arrived after the numbers were handed in
    counting.approve(by=deputy(), count=count, version=fresh(count).version)
    assert ledger.held(main(), part) == 15
    assert StockMovement.get(StockMovement.about == count.number).quantity == 1


def test_who_counted_does_not_approve(database: Database) -> None:
    part = money_factories.part()
    money_factories.stock(part, 5)
    me = deputy()
    count = counting.start(by=me, place=main())
    counted(count, {part: 4})
    with pytest.raises(NotAllowed):
        counting.approve(by=me, count=fresh(count), version=fresh(count).version)
    with pytest.raises(NotAllowed):
        counting.approve(by=clerk(), count=fresh(count), version=fresh(count).version)
    assert ledger.held(main(), part) == 5


def test_every_line_is_counted_before_it_is_handed_in(database: Database) -> None:
    part = money_factories.part()
    money_factories.stock(part, 5)
    count = money_factories.stock_count()
    with pytest.raises(Invalid):
        counting.submit(by=clerk(), count=count)
    assert fresh(count).status == CountStatus.COUNTING


def test_a_store_has_one_open_count(database: Database) -> None:
    money_factories.stock_count()
    with pytest.raises(Conflict):
        money_factories.stock_count()


def test_a_count_that_was_turned_down_is_counted_again(database: Database) -> None:
    part = money_factories.part()
    money_factories.stock(part, 5)
    count = money_factories.stock_count()
    counted(count, {part: 50})
    with pytest.raises(Invalid):
        counting.reject(by=deputy(), count=count, version=fresh(count).version, remark="")
    counting.reject(by=deputy(), count=count, version=fresh(count).version, remark="多了一个零")
    with pytest.raises(Conflict):
        counting.approve(by=deputy(), count=count, version=fresh(count).version)
    counting.count_again(by=clerk(), count=count, version=fresh(count).version)
    counted(count, {part: 5})
    counting.approve(by=deputy(), count=count, version=fresh(count).version)
    assert ledger.held(main(), part) == 5


def test_two_approvals_book_once(database: Database) -> None:
    part = money_factories.part()
    money_factories.stock(part, 5)
    count = money_factories.stock_count()
    counted(count, {part: 4})
    version = fresh(count).version
    counting.approve(by=deputy(), count=count, version=version)
    with pytest.raises(Conflict):
        counting.approve(by=deputy(), count=count, version=version)
    assert ledger.held(main(), part) == 4


def test_missing_and_extra_pieces_are_named_by_their_serial_numbers(database: Database) -> None:
    part = money_factories.part(has_serials=True)
    for serial in ("A1", "A2"):
        money_factories.stock(part, 1, serial=serial)
    count = money_factories.stock_count()
    with pytest.raises(Invalid):
        counted(count, {part: 1})
    counted(count, {part: 1}, "A2")
    counting.approve(by=deputy(), count=count, version=fresh(count).version)
    assert {unit.serial: unit.place.kind for unit in PartUnit.select()} == {"A1": PlaceKind.MAIN, "A2": PlaceKind.DIFFERENCE}
    found = money_factories.stock_count()
    counted(found, {part: 3}, "A2 A3")
    counting.approve(by=deputy(), count=found, version=fresh(found).version)
    assert {unit.place.kind for unit in PartUnit.select()} == {PlaceKind.MAIN}


def test_a_piece_that_the_books_have_elsewhere_is_not_found_twice(database: Database) -> None:
    part = money_factories.part(has_serials=True)
    money_factories.stock(part, 1, serial="A1")
    money_factories.stock(part, 1, ledger.place_of(PlaceKind.SMALL), serial="B1")
    count = money_factories.stock_count()
    counted(count, {part: 2}, "B1")
    with pytest.raises(Conflict):
        counting.approve(by=deputy(), count=count, version=fresh(count).version)
    assert ledger.held(main(), part) == 1
