"""Screens of documents: lists and exports, handing in, filing, taking out and putting back; forms asked for and waived."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from app.accounts.models import Role
from app.core import files
from app.machines.models import Document, DocumentRequest, FormType, Machine
from tests import factories
from tests.personas import make_area, make_user, sign_in


@pytest.fixture
def clerk(client: FlaskClient, app: Flask) -> FlaskClient:
    files.configure(app.config["CENTRE"].data_dir / "files")
    return sign_in(client, make_user(Role.CLERK, name="陈文员"))


def hand_in(client: FlaskClient, machine: Machine, count: int = 1, **fields: str) -> int:
    """Hand in so many pictures; gives the status of the answer."""
    given = {"form_type": "delivery_acceptance", "form_token": "", "has_paper": "1"} | fields
    scans = [(io.BytesIO(factories.picture()), f"scan{number}.png") for number in range(count)]
    path = f"/machines/{machine.serial}/documents/new"
    return client.post(path, data=given | ({"files": scans} if count else {}), content_type="multipart/form-data").status_code


def test_it_works(clerk: FlaskClient) -> None:
    machine = factories.machine()
    assert hand_in(clerk, machine, 2, title="验收单", about="T2611-0001") == 303
    page = clerk.get("/documents").text
    assert page.count("验收单") == Document.select().count() == 2
    document = Document.get()
    assert clerk.get(f"/documents/{document.id}/file").mimetype == "image/png"
    assert "nosniff" in clerk.get(f"/documents/{document.id}/file").headers["X-Content-Type-Options"]
    assert clerk.get(f"/documents/{document.id}").status_code == 200


def test_the_list_is_the_fragment_at_the_same_address(clerk: FlaskClient) -> None:
    hand_in(clerk, factories.machine())
    fragment = clerk.get("/documents?form=delivery_acceptance", headers={"HX-Request": "true"}).text
    assert fragment.strip().startswith('<section id="document-list"')
    assert "1" in fragment
    assert "没有符合条件的文档" in clerk.get("/documents?form=invoice").text


def test_sent_twice_it_is_one_document(clerk: FlaskClient) -> None:
    machine = factories.machine()
    for _ in range(2):
        assert hand_in(clerk, machine, form_token="the same form") == 303
    assert Document.select().count() == 1


def test_what_was_typed_stays_when_something_is_missing(clerk: FlaskClient) -> None:
    machine = factories.machine()
    path = f"/machines/{machine.serial}/documents/new"
    answer = clerk.post(path, data={"form_type": "inspection", "title": "巡检单 3 月", "cabinet": "7"})
    assert answer.status_code == 422
    assert "巡检单 3 月" in answer.text
    assert 'aria-describedby="box-error' in answer.text


def test_a_good_file_is_not_chosen_twice_when_another_was_refused(clerk: FlaskClient) -> None:
    machine = factories.machine()
    scans = [(io.BytesIO(factories.picture()), "good.png"), (io.BytesIO(b"MZ not a document"), "bad.exe")]
    answer = clerk.post(f"/machines/{machine.serial}/documents/new", data={"form_type": "other", "files": scans})
    assert answer.status_code == 422
    assert "good.png" in answer.text
    assert "bad.exe" in answer.text
    assert Document.select().count() == 0


def test_filing_says_where_and_a_stale_page_is_refused_with_what_was_typed(clerk: FlaskClient) -> None:
    hand_in(clerk, factories.machine())
    document = Document.get()
    path = f"/documents/{document.id}"
    assert (
        clerk.post(f"{path}/filing", data={"version": "1", "cabinet": "3", "box": "12", "back": "list"}).location == "/documents/not-filed"
    )
    answer = clerk.post(f"{path}/filing", data={"version": "1", "cabinet": "8", "box": "99"})
    assert answer.status_code == 409
    assert 'value="99"' in answer.text
    assert clerk.get("/documents/not-filed").text.count('<tr id="document-') == 0


def test_a_document_is_taken_out_with_a_reason_and_put_back(clerk: FlaskClient) -> None:
    hand_in(clerk, factories.machine())
    document = Document.get()
    path = f"/documents/{document.id}"
    assert clerk.post(f"{path}/removal", data={"version": "1", "reason": " "}).status_code == 422
    assert clerk.post(f"{path}/removal", data={"version": "1", "reason": "属于另一台设备"}).status_code == 303
    assert "属于另一台设备" in clerk.get(path).text
    assert clerk.get("/documents").text.count('<tr id="document-') == 0
    assert clerk.get("/documents?state=removed").text.count('<tr id="document-') == 1
    assert clerk.post(f"{path}/restoration", data={"version": "2"}).status_code == 303
    assert clerk.get("/documents").text.count('<tr id="document-') == 1


def test_exports_carry_no_formula_and_the_filters_of_the_list(clerk: FlaskClient) -> None:
    machine = factories.machine()
    hand_in(clerk, machine, title="=HYPERLINK(1)")
    hand_in(clerk, machine, title="other", form_type="invoice")
    text = clerk.get("/documents.csv?form=delivery_acceptance").data.decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert "other" not in text
    book = load_workbook(io.BytesIO(clerk.get("/documents.xlsx").data))
    assert book.active is not None
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=HYPERLINK(1)"] == ["s"]
    for path in ("/documents/not-filed", "/documents/not-handed-in", "/documents/not-handed-in?of=machines"):
        for kind in (".csv", ".xlsx"):
            assert clerk.get(path.replace("?", f"{kind}?") if "?" in path else path + kind).status_code == 200


def test_a_form_is_asked_for_waived_and_asked_for_again(clerk: FlaskClient) -> None:
    machine, technician = factories.machine(), make_user(Role.TECHNICIAN, name="李师傅")
    form = {"form_type": "inspection", "technician": str(technician.id), "due_on": "2020-01-01"}
    assert clerk.post(f"/machines/{machine.serial}/document-requests/new", data=form).status_code == 303
    page = clerk.get("/documents/not-handed-in").text
    assert "李师傅" in page
    assert "逾期" in page
    request = DocumentRequest.get()
    assert clerk.post(f"/document-requests/{request.id}/waiver", data={"reason": ""}).status_code == 422
    assert clerk.post(f"/document-requests/{request.id}/waiver", data={"reason": "客户未留存"}).status_code == 303
    assert "客户未留存" in clerk.get(f"/document-requests/{request.id}").text
    assert clerk.post(f"/document-requests/{request.id}/waiver", data={"reason": "again"}).status_code == 409
    assert clerk.post(f"/document-requests/{request.id}/renewal").status_code == 303
    assert hand_in(clerk, machine, form_type="inspection") == 303
    assert DocumentRequest.get().document_id == Document.get().id


def test_machines_without_the_form_their_state_calls_for_are_listed(clerk: FlaskClient) -> None:
    machine = factories.machine(shipped_on="2026-03-01")
    page = clerk.get("/documents/not-handed-in?of=machines").text
    assert f"/machines/{machine.serial}/documents/new?form=pit_guidance" in page
    assert "pit_guidance" in clerk.get("/documents/not-handed-in.csv?of=machines").data.decode("utf-8-sig")
    hand_in(clerk, machine, form_type="pit_guidance")
    assert machine.serial not in clerk.get("/documents/not-handed-in?of=machines").text.partition("<main")[2]


def test_a_photo_becomes_the_machines_picture_and_not_any_more(clerk: FlaskClient) -> None:
    machine = factories.machine()
    hand_in(clerk, machine, form_type="photo")
    document = Document.get()
    for shown in (document.file_id, None):
        assert clerk.post(f"/documents/{document.id}/as-picture").status_code == 303
        assert Machine.get_by_id(machine.id).photo_id == shown
    assert clerk.get(f"/machines/{machine.serial}/picture?preview=1").mimetype == "image/jpeg"


def test_a_document_of_another_area_has_no_file_for_a_stranger(clerk: FlaskClient, app: Flask) -> None:
    hand_in(clerk, factories.machine(area=make_area()), title="SECRET")
    document = Document.get()
    stranger = sign_in(app.test_client(), make_user(Role.TECHNICIAN, areas=(make_area(),)))
    for path in (f"/documents/{document.id}", f"/documents/{document.id}/file", f"/documents/{document.id}/file?preview=1"):
        assert stranger.get(path).status_code == 404
    for path in ("/documents", "/documents.csv", "/documents/not-filed"):
        assert "SECRET" not in stranger.get(path).text


def test_a_kind_that_is_none_is_refused(clerk: FlaskClient) -> None:
    assert clerk.get("/documents?form=nonsense").status_code == 422
    assert clerk.get("/documents?from=never").status_code == 422
    assert FormType.PHOTO in set(FormType)
