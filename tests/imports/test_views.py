"""The screens of imports."""

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from peewee import Database
from werkzeug.test import TestResponse

from app.accounts.models import Role
from app.core.import_runs import ImportKind, ImportRun, ImportState
from app.core.importing import open_table
from app.customers.models import Customer
from app.imports import work
from app.imports.kinds import KINDS
from app.machines.models import Machine
from app.tickets.models import Ticket
from tests import factories
from tests.imports.test_reading import workbook
from tests.personas import make_user, sign_in
from tests.taking_in import hand_in, imported

CUSTOMERS = "客户名称,简称\n甲公司,甲\n乙公司,乙\n"


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """What a screen shows does not depend on the database."""
    return sqlite_database


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    client.set_cookie("locale", "en")
    return sign_in(client, make_user(Role.CLERK))


def send(clerk: FlaskClient, content: str | bytes, kind: str = "customers", name: str = "table.csv", **fields: str) -> TestResponse:
    raw = content if isinstance(content, bytes) else content.encode()
    return clerk.post("/imports/new", data={"kind": kind, "file": (io.BytesIO(raw), name), **fields})


def press(clerk: FlaskClient, what: str, **fields: str) -> TestResponse:
    run = ImportRun.get()
    return clerk.post(f"/imports/{run.id}/{what}", data={"version": str(run.version), **fields})


def test_it_works(clerk: FlaskClient) -> None:
    """Hand in, look, import, take back."""
    answer = send(clerk, CUSTOMERS)
    assert answer.status_code == 303
    preview = clerk.get(answer.location).text
    assert "Import 2 lines" in preview
    assert not Customer.select().exists()
    assert press(clerk, "start").status_code == 303
    assert Customer.select().count() == 2
    assert "Take this import back" in clerk.get(answer.location).text
    assert press(clerk, "undo").status_code == 303
    assert not Customer.select().exists()
    assert "Taken back" in clerk.get("/imports").text


def test_the_same_form_sent_twice_is_one_import(clerk: FlaskClient) -> None:
    first, second = (send(clerk, CUSTOMERS, form_token="once and again") for _ in range(2))
    assert first.location == second.location
    assert ImportRun.select().count() == 1


def test_unknown_headings_are_asked_about(clerk: FlaskClient) -> None:
    answer = send(clerk, "Asset,规格,备注\nS1,YJ-10,二楼\n", kind="machines")
    assert clerk.get(answer.location).location.endswith("/columns")
    page = clerk.get(f"{answer.location}/columns").text
    assert "二楼" in page
    assert re.search(r'<option value="serial" selected>', page)
    refused = press(clerk, "columns", **{"column-0": "serial", "column-1": "", "column-2": "-"})
    assert refused.status_code == 422
    assert "Say what it means, or that it is not read." in refused.text
    assert "The column Model is needed" in refused.text
    assert re.search(r'<option value="-" selected>', refused.text), "what was chosen is kept"
    assert press(clerk, "columns", **{"column-0": "serial", "column-1": "model", "column-2": "-"}).status_code == 303
    assert "Columns not read" in clerk.get(answer.location).text
    press(clerk, "start")
    assert Machine.get().model.name == "YJ-10"


def test_bad_lines_are_shown_with_reasons_and_can_be_left_out(clerk: FlaskClient) -> None:
    answer = send(clerk, CUSTOMERS + "丙公司,丙\n,丁\n")
    page = clerk.get(answer.location).text
    assert "Import 3 lines, leave out 1" in page
    assert "Customer name: Please give the name." in page
    assert press(clerk, "start").status_code == 422
    assert not Customer.select().exists()
    file = clerk.get(f"{answer.location}/bad-lines.csv")
    assert file.get_data().decode("utf-8-sig").splitlines() == ["line,客户名称,简称,reason", "5,,丁,Customer name: Please give the name."]
    assert press(clerk, "start", skips_bad_lines="1").status_code == 303
    assert Customer.select().count() == 3


def test_the_file_of_bad_lines_can_be_handed_in_again_once_corrected(clerk: FlaskClient) -> None:
    answer = send(clerk, CUSTOMERS + ",丁\n")
    file = clerk.get(f"{answer.location}/bad-lines.csv").get_data().decode("utf-8-sig")
    again = send(clerk, file.replace(",,丁", ",丁公司,丁"))
    assert "Import 1 lines" in clerk.get(again.location).text


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PK\x03\x04 nothing", b"name\n\xff\xff\xff\n", b"MZ program"])
def test_what_is_no_table_comes_back_in_words(clerk: FlaskClient, content: bytes) -> None:
    answer = send(clerk, content)
    assert answer.status_code == 422
    assert "form-errors" in answer.text
    assert not ImportRun.select().exists()


def test_merged_cells_are_named_on_the_form(clerk: FlaskClient) -> None:
    content = workbook(["name"], ["甲"], ["乙"], change=lambda book: book.active.merge_cells("A2:A3"))
    answer = send(clerk, content, name="table.xlsx")
    assert answer.status_code == 422
    assert "The cells A2:A3 are merged" in answer.text


def test_without_file_or_kind_the_form_says_what_is_missing(clerk: FlaskClient) -> None:
    answer = clerk.post("/imports/new", data={})
    assert answer.status_code == 422
    assert "Please choose a file." in answer.text
    assert "Please say what the file holds." in answer.text


def test_a_stale_page_gets_409_and_nothing_happens(clerk: FlaskClient) -> None:
    run = hand_in(ImportKind.CUSTOMERS, CUSTOMERS)
    assert clerk.post(f"/imports/{run.id}/start", data={"version": "0"}).status_code == 409
    assert not Customer.select().exists()


def test_what_depends_on_an_import_is_named_when_it_can_no_longer_be_taken_back(clerk: FlaskClient) -> None:
    run = imported(ImportKind.CUSTOMERS, "name\n甲公司\n")
    ticket = factories.ticket(customer=Customer.get())
    answer = press(clerk, "undo")
    assert answer.status_code == 409
    assert f"甲公司 is used by ticket {ticket.number}." in answer.text
    assert ImportRun.get_by_id(run.id).state == ImportState.DONE


@pytest.mark.usefixtures("still_clock")
def test_progress_is_shown_while_somebody_works_on_it(clerk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.imports.views.AT_ONCE_S", -1.0)
    answer = send(clerk, CUSTOMERS)
    page = clerk.get(answer.location)
    assert "The file is being checked" in page.text
    assert 'hx-trigger="every 1s"' in page.text
    unchanged = clerk.get(answer.location, headers={"HX-Request": "true", "HX-PTag": page.headers["HX-PTag"]})
    assert unchanged.status_code == 304
    work.work_off(work.Worker("worker"))
    assert "What would happen" in clerk.get(answer.location, headers={"HX-Request": "true"}).text


def test_old_records_can_register_their_machines(clerk: FlaskClient) -> None:
    send(clerk, "日期,序列号,内容\n2020-01-01,A,漏油\n", kind="history", creates_machines="y", source="旧台账")
    press(clerk, "start")
    assert (Ticket.get().machine.serial, ImportRun.get().source_name) == ("A", "旧台账")


def test_a_file_can_be_thrown_away(clerk: FlaskClient) -> None:
    send(clerk, CUSTOMERS)
    assert press(clerk, "discard").status_code == 303
    assert not ImportRun.select().exists()


def test_the_file_comes_back_as_it_was_handed_in(clerk: FlaskClient) -> None:
    answer = send(clerk, CUSTOMERS)
    file = clerk.get(f"{answer.location}/file")
    assert file.data.decode() == CUSTOMERS
    assert file.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("kind", list(ImportKind))
@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_a_template_is_understood_without_asking_and_its_example_is_not_taken(clerk: FlaskClient, kind: ImportKind, locale: str) -> None:
    clerk.set_cookie("locale", locale)
    for ending in ("xlsx", "csv"):
        answer = clerk.get(f"/imports/templates/{kind}.{ending}")
        table = open_table(answer.data)
        assert len(table.headings) == len(KINDS[kind].columns)
        run = hand_in(kind, answer.data)
        assert (run.mapping != "", run.lines, run.bad) == (True, 1, 1), "headings are known, the example is not taken"


def test_the_workbook_to_fill_in_explains_its_columns(clerk: FlaskClient) -> None:
    book = load_workbook(io.BytesIO(clerk.get("/imports/templates/machines.xlsx").data))
    assert book.sheetnames[0] == "Machines"
    assert "出厂编号" in str(book.worksheets[1]["C2"].value)


def test_the_list_filters_sorts_and_exports(clerk: FlaskClient, app: Flask) -> None:
    hand_in(ImportKind.CUSTOMERS, "name\n甲公司\n", name="first.csv")
    imported(ImportKind.MACHINES, "serial,model\nS1,M\n", name="second.csv")
    assert "second.csv" not in clerk.get("/imports?kind=customers").text
    assert "first.csv" not in clerk.get("/imports?state=done").text
    assert clerk.get("/imports?sort=file_name").text.index("first.csv") < clerk.get("/imports?sort=file_name").text.index("second.csv")
    assert "No import matches." in clerk.get("/imports?q=nothing").text
    rows = clerk.get("/imports.csv?state=done").get_data().decode("utf-8-sig").splitlines()
    assert [row.split(",")[2] for row in rows] == ["file_name", "second.csv"]
    assert clerk.get("/imports.xlsx").status_code == 200


def test_an_import_that_is_not_there_is_404(clerk: FlaskClient) -> None:
    assert clerk.get("/imports/99").status_code == 404
    assert clerk.get("/imports/templates/cows.csv").status_code == 404


def test_the_page_of_an_old_record_says_what_was_done_and_what_it_cost(clerk: FlaskClient, app: Flask) -> None:
    imported(ImportKind.HISTORY, "date,machine,text,type,cost,technician\n2020-01-01,A,漏油,PM01,183.05,李师傅\n", creates_machines=True)
    page = clerk.get(f"/tickets/{Ticket.get().number}").text
    for words in ("PM01", "李师傅", "¥183.05", "imported from old records"):
        assert words in page
    technician = sign_in(app.test_client(), make_user(Role.TECHNICIAN, Role.QUALITY))
    assert "183.05" not in technician.get(f"/tickets/{Ticket.get().number}").text
