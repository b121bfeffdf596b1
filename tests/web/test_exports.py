"""Exports: no formula gets through, workbooks are in the reader's words, dates and numbers are what they are."""

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.models import Role
from app.core.clock import UTC
from app.web import exports
from tests import factories
from tests.conventions.access import ACCESS, make_world, values_for
from tests.personas import make_user, sign_in

# Lists; a template for an import has its own words.
WORKBOOKS = sorted(endpoint for endpoint in ACCESS if endpoint.endswith("xlsx") and "template" not in endpoint)
AT = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)


def sheet_of(content: bytes) -> Any:
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert len(book.sheetnames) == 1
    return book.active


def export(app: Flask, headings: tuple[str, ...], row: list[Any], **words: Any) -> Any:
    with app.test_request_context():
        response = exports.xlsx_response("tests", "Machines", headings, [row], **words)
        response.direct_passthrough = False
        return sheet_of(response.get_data())


def test_it_works(app: Flask) -> None:
    sheet = export(app, ("serial", "kind", "count"), ["YJ-1", "company", 3], labels={"kind": "CustomerKind"})
    assert sheet.title == "设备"
    assert [cell.value for cell in sheet[1]] == ["序列号", "类别", "次数"]
    assert [cell.value for cell in sheet[2]] == ["YJ-1", "企业", 3]


def test_dates_are_dates_times_are_local_and_numbers_are_numbers(app: Flask) -> None:
    sheet = export(app, ("shipped_on", "created_at", "count", "active"), [date(2026, 11, 23), AT, 12.5, True])
    shipped, created, count, active = sheet[2]
    assert (shipped.value.date(), shipped.number_format) == (date(2026, 11, 23), "yyyy-mm-dd")
    assert created.value.isoformat() == "2026-11-24T00:30:00"
    assert (count.value, count.data_type) == (12.5, "n")
    assert active.value == "是"
    (amount,) = export(app, ("count",), [Decimal("-2260.10")])[2]
    assert (amount.value, amount.data_type) == (-2260.1, "n")


def test_columns_are_as_wide_as_what_stands_in_them_and_no_wider_than_a_screen(app: Flask) -> None:
    sheet = export(app, ("name", "address"), ["云岭市环境卫生管理中心", "x" * 300])
    assert sheet.column_dimensions["A"].width >= 22
    assert sheet.column_dimensions["B"].width <= 61


def test_lists_and_tables_of_words(app: Flask) -> None:
    sheet = export(app, ("roles", "action"), [["clerk", "deputy"], "sign_in"], labels={"roles": "Role", "action": {"sign_in": "Sign-in"}})
    assert [cell.value for cell in sheet[2]] == ["文员、技术副经理", "登录"]


def test_a_sheet_may_be_called_anything(app: Flask) -> None:
    with app.test_request_context():
        response = exports.xlsx_response("tests", "a/b:[c]*?\\" + "x" * 40, ("name",), [["1"]])
        response.direct_passthrough = False
        assert len(sheet_of(response.get_data()).title) <= 31


@given(st.text(min_size=1, max_size=20))
def test_no_cell_of_a_csv_begins_like_a_formula(text: str) -> None:
    lines = b"".join(exports._csv_lines(["name"], [[text]])).decode("utf-8-sig")
    cell = list(csv.reader(io.StringIO(lines)))[1:]
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for row in cell for value in row)


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "http://example.com"])
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(app: Flask, text: str) -> None:
    with app.test_request_context():
        response = exports.xlsx_response("tests", "Machines", ("name",), [[text]])
        response.direct_passthrough = False
        content = response.get_data()
    cell = sheet_of(content)["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)
    assert b"<f>" not in ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("endpoint", WORKBOOKS)
def test_every_workbook_has_its_title_and_headings_in_chinese_and_in_english(app: Flask, endpoint: str) -> None:
    """No code of a column is left; what stands in both languages alike (IP) is said to be so here."""
    world = make_world()
    client = sign_in(app.test_client(), make_user(*Role))
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    path = app.url_map.bind("localhost").build(endpoint, values_for(endpoint, set(rule.arguments), world.north))
    as_csv = client.get(path.replace(".xlsx", ".csv"))
    for locale in ("zh_CN", "en"):
        client.set_cookie("locale", locale)
        sheet = sheet_of(client.get(path).data)
        headings = [str(cell.value) for cell in sheet[1]]
        if as_csv.status_code == 200:  # a sheet to be filled in is a workbook only
            assert len(headings) == len(next(csv.reader(io.StringIO(as_csv.data.decode("utf-8-sig")))))
        assert len(set(headings)) == len(headings), "two columns have one name"
        for words in (sheet.title, *headings):
            assert words[0].isupper() or words[0].isdigit() or not words[0].isascii(), words
            assert locale == "en" or words[0].isdigit() or any(ord(character) > 0x2E80 for character in words), words


def test_a_csv_keeps_codes_and_iso_times(client: FlaskClient) -> None:
    factories.machine(serial="YJ-1", accepted_on=date(2026, 1, 31))
    sign_in(client, make_user(Role.CLERK))
    rows = list(csv.DictReader(io.StringIO(client.get("/machines.csv").data.decode("utf-8-sig"))))
    assert rows[0]["accepted_on"] == "2026-01-31"
    assert rows[0]["warranty"] in ("in", "off")
