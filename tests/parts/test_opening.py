"""The opening stock as a table: twice is once, all or nothing, taken back by movements the other way."""

from functools import partial

import pytest
from peewee import Database

from app.core.import_runs import ImportKind, ImportRun, ImportState
from app.imports import operations
from app.imports.work import Worker
from app.parts import books, ledger
from app.parts.models import MovementKind, Part, PartUnit, PlaceKind, StockMovement, StockPlace
from tests import money_factories, taking_in

take_in = partial(taking_in.take_in, ImportKind.OPENING_STOCK)
reasons = partial(taking_in.reasons, ImportKind.OPENING_STOCK)
TABLE = "仓库,配件编号,数量,序列号,单件成本\n主仓库,A1,12,,2.50\n售后小仓库,A1,3,,\n主仓库,B1,1,S-1,\n主仓库,B1,1,S-2,\n"


@pytest.fixture(autouse=True)
def catalogue(database: Database) -> None:
    money_factories.part(number="A1")
    money_factories.part(number="B1", has_serials=True)


def held(kind: PlaceKind = PlaceKind.MAIN, number: str = "A1") -> object:
    place: StockPlace = ledger.place_of(kind)
    return ledger.held(place, Part.get(Part.number == number))


def undo(run: ImportRun) -> ImportRun:
    operations.ask_undo(by=taking_in.BY, run=run, version=run.version)
    assert Worker("tests").work_on(run.id)
    found: ImportRun = ImportRun.get_by_id(run.id)
    return found


def test_it_works() -> None:
    assert take_in(TABLE).added == 4
    assert (held(), held(PlaceKind.SMALL), held(number="B1")) == (12, 3, 2)
    assert {unit.serial for unit in PartUnit.select()} == {"S-1", "S-2"}
    assert StockMovement.get(StockMovement.quantity == 12).cost == 30
    assert books.problems() == []


def test_twice_is_once() -> None:
    take_in(TABLE)
    again = take_in(TABLE)
    assert (again.added, again.unchanged) == (0, 4)
    assert held() == 12


def test_one_bad_line_refuses_the_whole_file() -> None:
    lines = ("主仓库,A1,12,,", "主仓库,A1,1,,", "没有,A1,1,,", "主仓库,Z9,1,,", "小仓库,A1,-1,,", "主仓库,B1,2,S-1,", "主仓库,B1,1,,")
    assert {number for number, _words in reasons("place,part,quantity,serial,cost\n" + "\n".join(lines))} == {3, 4, 5, 6, 7, 8}
    assert not StockMovement.select().exists()


def test_another_quantity_for_the_same_opening_is_refused() -> None:
    take_in(TABLE)
    assert reasons("place,part,quantity\n主仓库,A1,13\n")
    assert held() == 12


def test_an_opening_is_taken_back_and_can_be_taken_in_anew() -> None:
    run = taking_in.imported(ImportKind.OPENING_STOCK, TABLE)
    assert undo(run).state == ImportState.UNDONE
    assert (held(), held(PlaceKind.SMALL), held(number="B1")) == (0, 0, 0)
    assert StockMovement.select().count() == 8
    assert ledger.differences() == []
    assert take_in(TABLE).added == 4
    assert held() == 12


def test_an_opening_that_was_used_since_is_not_taken_back() -> None:
    run = taking_in.imported(ImportKind.OPENING_STOCK, TABLE)
    part = StockMovement.get().part
    main, scrap = ledger.place_of(PlaceKind.MAIN), ledger.place_of(PlaceKind.SCRAP)
    money_factories.stock(part, 5, scrap, from_place=main, kind=MovementKind.SCRAPPED)
    assert undo(run).state == ImportState.DONE
    assert held() == 7
