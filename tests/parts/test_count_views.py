"""The screens of stock counts, as people use them."""

import io
from decimal import Decimal

import openpyxl
import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.parts import ledger
from app.parts.models import PlaceKind, StockCount, StockCountLine, StockPlace
from tests import money_factories
from tests.personas import make_user, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def main() -> StockPlace:
    return ledger.place_of(PlaceKind.MAIN)


def test_it_works(client: FlaskClient) -> None:
    part, other = money_factories.part(number="HX-1", cost=Decimal(10)), money_factories.part(number="HX-2")
    money_factories.stock(part, 5)
    desk = sign_in(client, make_user(Role.CLERK))
    answer = desk.post("/stock/counts/new", data={"place": main().id, "form_token": "t1"})
    assert answer.status_code == 303
    assert desk.post("/stock/counts/new", data={"place": main().id, "form_token": "t1"}).location == answer.location
    page = desk.get(answer.location).text
    assert "HX-1" in page
    assert '<td class="number">5' not in page  # blind
    line = StockCountLine.get()
    form = {f"counted-{line.id}": "4", f"remark-{line.id}": "少一件", "more-part": "HX-2", "more-counted": "2", "submit": "1"}
    assert desk.post(f"{answer.location}/numbers", data=form | {f"counted-{line.id}": "x"}).status_code == 422
    assert desk.post(f"{answer.location}/numbers", data=form).status_code == 303
    assert desk.post(f"{answer.location}/decision", data={"version": 9}).status_code == 403
    assert "-1" in desk.get(answer.location).text
    manager = sign_in(client, make_user(Role.MANAGER))
    assert "-¥10.00" in manager.get(answer.location).text
    assert manager.post(f"{answer.location}/decision", data={"version": StockCount.get().version}).status_code == 303
    assert (ledger.held(main(), part), ledger.held(main(), other)) == (4, 2)
    assert StockCount.get().number in manager.get("/stock/counts?status=approved").text
    assert StockCount.get().number in manager.get("/stock/counts.csv").text
    assert "HX-1" in manager.get(f"{answer.location}/sheet").text


def test_the_sheet_is_filled_in_as_a_table(client: FlaskClient) -> None:
    part = money_factories.part(number="HX-1")
    money_factories.stock(part, 5)
    count = money_factories.stock_count()
    desk = sign_in(client, make_user(Role.CLERK))
    sheet = desk.get(f"/stock/counts/{count.number}/sheet.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(sheet.data))
    book.active["E2"] = 7
    filled = io.BytesIO()
    book.save(filled)
    answer = desk.post(f"/stock/counts/{count.number}/table", data={"file": (io.BytesIO(filled.getvalue()), "sheet.xlsx")})
    assert answer.status_code == 303, answer.text
    assert StockCountLine.get().counted == 7
    bad = "配件编号,实盘数量\nHX-1,3\nHX-9,1\nHX-1,-2\n".encode()
    answer = desk.post(f"/stock/counts/{count.number}/table", data={"file": (io.BytesIO(bad), "sheet.csv")})
    assert answer.status_code == 422
    assert StockCountLine.get().counted == 7
