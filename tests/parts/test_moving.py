"""Movements by hand: receipts, transfers, scrap, repair; minimum stock; vans."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core.errors import Conflict, Invalid, NotAllowed
from app.parts import ledger, moving, stock
from app.parts.models import Part, PartUnit, PlaceKind, StockMovement, StockPlace
from app.parts.moving import Load, Way
from tests import money_factories
from tests.personas import actor_of, make_area, make_user, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK, name="陈文员"))


def main() -> StockPlace:
    return ledger.place_of(PlaceKind.MAIN)


def carry(way: Way, *loads: Load, **values: object) -> list[StockMovement]:
    wanted = {"by": actor_of(make_user(Role.CLERK)), "way": way, "place": main(), "loads": loads} | values
    return moving.carry(**wanted)  # type: ignore[arg-type]


def test_it_works(clerk: FlaskClient) -> None:
    part = money_factories.part(cost=Decimal("2.50"))
    form = {"way": "receipt", "form_token": "t1", "line-0-part": part.number, "line-0-quantity": "4", "remark": "到货"}
    answer = clerk.post(f"/stock/{main().id}/move", data=form)
    assert answer.status_code == 303
    assert ledger.held(main(), part) == 4
    assert part.number in clerk.get(answer.location).text
    assert "¥10.00" in clerk.get("/stock").text
    assert "到货" in clerk.get("/stock/movements").text
    assert StockMovement.get().cost == 10


def test_a_form_sent_twice_moves_once(clerk: FlaskClient) -> None:
    part = money_factories.part()
    form = {"way": "receipt", "form_token": "t1", "line-0-part": part.number, "line-0-quantity": "4"}
    for _time in range(2):
        assert clerk.post(f"/stock/{main().id}/move", data=form).status_code == 303
    assert ledger.held(main(), part) == 4


def test_what_is_not_there_is_not_moved_and_the_words_stand_beside_the_line(clerk: FlaskClient) -> None:
    good, short = money_factories.part(), money_factories.part(name="油泵")
    money_factories.stock(good, 5)
    money_factories.stock(short, 1)
    small = ledger.place_of(PlaceKind.SMALL)
    lines = {"line-0-part": good.number, "line-0-quantity": "2", "line-1-part": short.number, "line-1-quantity": "3"}
    answer = clerk.post(f"/stock/{main().id}/move", data=lines | {"way": "transfer", "target": str(small.id), "form_token": "t1"})
    assert answer.status_code == 422
    assert 'id="line-1-quantity-error"' in answer.text
    assert ledger.held(main(), good) == 5
    assert ledger.held(small, good) == 0


@pytest.mark.parametrize(
    "wrong", [{"line-0-part": "?"}, {"line-0-quantity": "-1"}, {"line-0-quantity": ""}, {"way": "scrap"}, {"line-0-part": ""}]
)
def test_a_bad_line_comes_back_with_all_that_was_typed(clerk: FlaskClient, wrong: dict[str, str]) -> None:
    part = money_factories.part()
    money_factories.stock(part, 3)
    form = {"way": "receipt", "form_token": "t1", "line-0-part": part.number, "line-0-quantity": "2"} | wrong
    answer = clerk.post(f"/stock/{main().id}/move", data=form)
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert ledger.held(main(), part) == 3


def test_more_lines_are_shown_without_moving_anything(clerk: FlaskClient) -> None:
    part = money_factories.part()
    answer = clerk.post(
        f"/stock/{main().id}/move", data={"way": "receipt", "more": "1", "line-0-part": part.number, "line-0-quantity": "2"}
    )
    assert answer.status_code == 200
    assert "line-6-part" in answer.text
    assert not StockMovement.select().exists()


def test_each_piece_with_a_serial_number_is_named(clerk: FlaskClient) -> None:
    part = money_factories.part(has_serials=True)
    with pytest.raises(Invalid):
        carry(Way.RECEIPT, Load(part, Decimal(2), ("A1",)))
    carry(Way.RECEIPT, Load(part, Decimal(2), ("A1", "A2")))
    carry(Way.REPAIR_OUT, Load(part, Decimal(1), ("A1",)))
    places = {unit.serial: unit.place.kind for unit in PartUnit.select()}
    assert places == {"A1": PlaceKind.FACTORY, "A2": PlaceKind.MAIN}
    with pytest.raises(Conflict):
        carry(Way.SCRAP, Load(part, Decimal(1), ("A1",)), remark="坏")
    carry(Way.REPAIR_BACK, Load(part, Decimal(1), ("A1",)))
    assert ledger.held(main(), part) == 2
    assert "A2" in clerk.get(f"/parts/{part.number}").text
    plain = money_factories.part()
    with pytest.raises(Invalid):
        carry(Way.RECEIPT, Load(plain, Decimal(1), ("B1",)))


def test_only_the_desk_moves_stock_by_hand() -> None:
    part: Part = money_factories.part()
    for role in (Role.TECHNICIAN, Role.QUALITY, Role.AREA_MANAGER):
        with pytest.raises(NotAllowed):
            carry(Way.RECEIPT, Load(part, Decimal(1)), by=actor_of(make_user(role)))


def test_what_is_below_its_minimum_is_found(clerk: FlaskClient) -> None:
    part, other = money_factories.part(name="滤芯"), money_factories.part(name="油泵")
    money_factories.stock(part, 2)
    money_factories.stock(other, 2)
    answer = clerk.post(f"/stock/{main().id}/minimum", data={"part": part.number, "minimum": "5"})
    assert answer.status_code == 303
    page = clerk.get("/stock?only=below").text
    assert "滤芯" in page
    assert "油泵" not in page
    assert [(row.part.id, row.place.id) for row in stock.below_minimum()] == [(part.id, main().id)]
    money_factories.stock(part, 3)
    assert stock.below_minimum() == []
    assert clerk.post(f"/stock/{main().id}/minimum", data={"part": part.number, "minimum": "-5"}).status_code == 422
    assert clerk.post(f"/stock/{main().id}/minimum", data={"part": "?", "minimum": "5"}).status_code == 422


def test_a_technician_sees_the_own_van_and_none_of_another_area(client: FlaskClient) -> None:
    li, wang = (make_user(Role.TECHNICIAN, areas=(make_area(name),)) for name in ("东部", "南部"))
    mine, foreign = money_factories.van(li), money_factories.van(wang)
    secret = money_factories.part(number="SECRET", cost=Decimal("777.77"))
    money_factories.stock(secret, 1, foreign)
    money_factories.stock(secret, 1, mine)
    technician = sign_in(client, li)
    assert "SECRET" in technician.get("/my/van").text
    assert technician.get(f"/stock/{mine.id}").status_code == 200
    for address in (f"/stock/{foreign.id}", f"/stock?place={foreign.id}", f"/stock/movements?place={foreign.id}"):
        assert technician.get(address).status_code == 404
    for address in ("/stock", "/stock.csv", "/stock/stores", "/stock/movements", "/stock/movements.csv", f"/parts/{secret.number}"):
        answer = technician.get(address)
        assert answer.status_code == 200
        assert foreign.name not in answer.text, address
        assert "777.77" not in answer.text, address


def test_a_technician_gets_one_van(clerk: FlaskClient) -> None:
    technician = make_user(Role.TECHNICIAN, name="李技师")
    assert "李技师" in clerk.get("/stock/stores").text
    assert clerk.post("/stock/vans", data={"technician": technician.id}).status_code == 303
    assert clerk.post("/stock/vans", data={"technician": technician.id}).status_code == 422
    with pytest.raises(Conflict):
        moving.make_van(by=actor_of(make_user(Role.CLERK)), technician=technician)
    assert StockPlace.select().where(StockPlace.keeper == technician).count() == 1


def test_the_ledger_is_narrowed_and_exported(clerk: FlaskClient) -> None:
    part = money_factories.part(name="滤芯")
    money_factories.stock(part, 2, remark="第一批")
    money_factories.stock(money_factories.part(name="油泵"), 2)
    page = clerk.get(f"/stock/movements?part={part.number}&kind=receipt&place={main().id}").text
    assert "滤芯" in page
    assert "油泵" not in page
    assert "第一批" in clerk.get(f"/stock/movements.csv?part={part.number}").text
    for address in ("/stock.xlsx", "/stock/movements.xlsx", "/stock.csv?only=below", "/stock?sort=-name"):
        assert clerk.get(address).status_code == 200
    assert clerk.get("/stock/movements?from=yesterday").status_code == 422


def test_the_pages_of_a_store_hold_every_movement_once_in_order(database: Database) -> None:
    part, small = money_factories.part(), ledger.place_of(PlaceKind.SMALL)
    money_factories.stock(part, 500)
    for number in range(60):
        carry(Way.TRANSFER, Load(part, Decimal(1)), target=small)
        if number % 3 == 0:
            carry(Way.TRANSFER, Load(part, Decimal(1)), place=small, target=main())
    wanted, actor = stock.MovementFilter(place=main().id), actor_of(make_user(Role.CLERK))
    first = stock.movement_page(actor, wanted)
    second = stock.movement_page(actor, wanted, after=first.next_key)
    back = stock.movement_page(actor, wanted, before=second.previous_key)
    ids = [row.id for row in (*first.rows, *second.rows)]
    assert ids == sorted((row.id for row in StockMovement.select()), reverse=True)
    assert [row.id for row in back.rows] == [row.id for row in first.rows]
    assert (first.total, second.next_key) == (81, None)
