"""What leaves one place arrives at another; no store holds less than nothing; kept balances are the sums of the movements."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.core import clock, db
from app.core.errors import Conflict, DomainError, Invalid
from app.core.types import system
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, Part, PlaceKind, StockBalance, StockMovement, StockPlace
from tests import factories, money_factories

BY = system("tests")


def go(part: Part, quantity: object, source: StockPlace, target: StockPlace, **values: object) -> StockMovement:
    wanted = Move(
        **{"kind": MovementKind.TRANSFER, "part": part, "quantity": Decimal(str(quantity)), "from_place": source, "to_place": target}
        | values
    )
    with db.transaction():
        return ledger.move(BY, wanted, clock.now())


def place(kind: PlaceKind) -> StockPlace:
    return ledger.place_of(kind)


def test_it_works(database: Database) -> None:
    part = money_factories.part()
    go(part, 5, place(PlaceKind.SUPPLIER), place(PlaceKind.MAIN))
    go(part, "1.5", place(PlaceKind.MAIN), place(PlaceKind.SMALL))
    held = {kind: ledger.held(place(kind), part) for kind in (PlaceKind.SUPPLIER, PlaceKind.MAIN, PlaceKind.SMALL)}
    assert held == {PlaceKind.SUPPLIER: -5, PlaceKind.MAIN: Decimal("3.5"), PlaceKind.SMALL: Decimal("1.5")}
    assert ledger.differences() == []


def test_a_store_gives_no_more_than_it_holds_and_says_how_much_that_is(database: Database) -> None:
    part = money_factories.part(name="密封圈")
    go(part, 2, place(PlaceKind.SUPPLIER), place(PlaceKind.MAIN))
    with pytest.raises(Invalid, match="only 2 件 of 密封圈"):
        go(part, 3, place(PlaceKind.MAIN), place(PlaceKind.CUSTOMER))
    assert StockMovement.select().count() == 1


def test_a_unit_is_in_one_place_at_a_time(database: Database) -> None:
    part, machine = money_factories.part(), factories.machine()
    go(part, 1, place(PlaceKind.SUPPLIER), place(PlaceKind.MAIN), serial="A1")
    go(part, 1, place(PlaceKind.SUPPLIER), place(PlaceKind.SMALL), serial="A2")
    with pytest.raises(Conflict, match="elsewhere"):
        go(part, 1, place(PlaceKind.MAIN), place(PlaceKind.SCRAP), serial="A2")
    go(part, 1, place(PlaceKind.MAIN), place(PlaceKind.CUSTOMER), serial="A1", kind=MovementKind.USED, machine=machine)
    assert part.units.where(part.units.model.serial == "A1").get().machine == machine
    with pytest.raises(Conflict, match=machine.serial):
        go(part, 1, place(PlaceKind.SMALL), place(PlaceKind.SCRAP), serial="A1")


KINDS = list(PlaceKind)
STEP = st.tuples(st.sampled_from(KINDS[:2] + KINDS[3:]), st.sampled_from(KINDS[:2] + KINDS[3:]), st.integers(1, 9), st.integers(0, 1))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=25))
def test_all_places_together_hold_nothing_and_no_store_less(sqlite_database: Database, steps: list[tuple[str, str, int, int]]) -> None:
    parts = [money_factories.part(), money_factories.part()]
    for source, target, quantity, which in steps:
        if source != target:
            try:
                go(parts[which], quantity, place(source), place(target))
            except DomainError:
                continue
    for part in parts:
        rows = list(StockBalance.select().where(StockBalance.part == part))
        assert sum(row.quantity for row in rows) == 0
        assert all(row.quantity >= 0 for row in rows if row.is_store)
    assert ledger.differences() == []


def test_a_movement_is_never_changed(database: Database) -> None:
    part = money_factories.part()
    row = go(part, 1, place(PlaceKind.SUPPLIER), place(PlaceKind.MAIN))
    for query in (StockMovement.update(quantity=2), StockMovement.delete()):
        with pytest.raises(Exception, match=r"never|refuses"), database.atomic():
            query.where(StockMovement.id == row.id).execute()
