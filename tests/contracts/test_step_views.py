"""What is done with a contract on screen: handed in, taken back, signed on a tablet or on paper, amended, completed, void."""

import io

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.contracts.models import Contract, ContractStatus
from app.core import files
from app.machines.models import Document, FormType
from tests import factories
from tests.contracts.desk import typed
from tests.money_factories import contract, drawn
from tests.personas import People, actor_of, people, sign_in

S = ContractStatus


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def status() -> str:
    return str(Contract.select().order_by(Contract.id.desc()).get().status)


def test_it_works(client: FlaskClient, who: People) -> None:
    made = contract()
    page = f"/contracts/{made.number}"
    client.post(f"{page}/submission", data={"version": "1"})
    assert "刘经理" in client.get(page).text
    sign_in(client, who.liu)
    client.post(f"/approvals/{made.number}", data={"version": "2", "decision": "approve"})
    sign_in(client, who.chen)
    drawing = drawn(Contract.get())
    assert "data-pad" in client.get(f"{page}/signature").text
    sent = {"signer": " 王 站长 ", "strokes": drawing.strokes, "seen": drawing.seen}
    assert client.post(f"{page}/signature", data=sent).headers["Location"] == page
    assert Contract.get().signer_name == "王 站长"
    client.post(f"{page}/completion", data={"version": str(Contract.get().version)})
    assert status() == S.COMPLETED


def test_a_press_on_an_old_page_changes_nothing_and_says_so(client: FlaskClient, who: People) -> None:
    made = contract(S.SUBMITTED)
    assert client.post(f"/contracts/{made.number}/submission", data={"version": "1"}).status_code == 409
    assert client.post(f"/contracts/{made.number}/taking-back", data={"version": "x"}).status_code == 409
    assert status() == S.SUBMITTED


def test_the_scan_of_the_signed_paper_is_kept_and_filed_with_the_machine(client: FlaskClient, who: People) -> None:
    made = contract(S.APPROVED)
    page = f"/contracts/{made.number}"
    assert client.post(f"{page}/paper-signature", data={"paper_signer": "王站长"}).status_code == 422
    scan = (io.BytesIO(factories.picture()), "contract.png")
    sent = {"paper_signer": "王站长", "scan": scan}
    assert client.post(f"{page}/paper-signature", data=sent, content_type="multipart/form-data").status_code == 303
    stored, filed = Contract.get(), Document.get()
    assert (stored.status, stored.scan) == (S.SIGNED, filed.file)
    assert (filed.machine, filed.form_type, filed.about) == (made.machine, FormType.REPAIR_CONTRACT, made.number)
    assert files.is_unchanged(stored.scan)
    assert client.get(f"{page}/scan").mimetype == "image/png"


def test_nobody_signs_without_name_or_ink_or_what_is_not_approved(client: FlaskClient, who: People) -> None:
    made, early = contract(S.APPROVED), contract(S.SUBMITTED)
    good = drawn(made)
    for sent in ({"signer": "", "strokes": good.strokes}, {"signer": "王", "strokes": "[]"}, {"signer": "王", "strokes": "odd"}):
        assert client.post(f"/contracts/{made.number}/signature", data=sent | {"seen": good.seen}).status_code == 422
    other = {"signer": "王", "strokes": good.strokes, "seen": "0" * 64}
    assert client.post(f"/contracts/{made.number}/signature", data=other).status_code == 409
    assert client.post(f"/contracts/{early.number}/signature", data=other).status_code == 409
    assert {one.status for one in Contract.select()} == {S.APPROVED, S.SUBMITTED}


def test_the_technician_comes_back_to_the_job(client: FlaskClient, who: People) -> None:
    order = factories.work_order(warranty="off", kind="diagnosis", lead=who.li, status="on_site", area=who.north)
    made = contract(S.APPROVED, order=order)
    sign_in(client, who.li)
    drawing = drawn(made)
    sent = {"signer": "王站长", "strokes": drawing.strokes, "seen": drawing.seen}
    assert client.post(f"/contracts/{made.number}/signature", data=sent).headers["Location"] == f"/my/jobs/{order.number}"


def test_a_signed_contract_is_amended_by_another(client: FlaskClient, who: People) -> None:
    made = contract(S.SIGNED)
    assert made.number in client.get(f"/contracts/new?amends={made.number}").text
    client.post(f"/contracts/new?amends={made.number}", data=typed())
    amending = Contract.select().order_by(Contract.id.desc()).get()
    assert (amending.amends, amending.status) == (made, S.DRAFT)
    assert amending.number in client.get(f"/contracts/{made.number}").text
    assert client.get(f"/contracts/new?amends={amending.number}").status_code == 409


def test_void_needs_a_reason_and_after_the_approval_the_manager(client: FlaskClient, who: People) -> None:
    made = contract(S.APPROVED)
    sent = {"version": str(made.version), "void_reason": "客户取消"}
    assert client.post(f"/contracts/{made.number}/voiding", data=sent).status_code == 403
    sign_in(client, who.liu)
    assert client.post(f"/contracts/{made.number}/voiding", data=sent | {"void_reason": " "}).status_code == 422
    assert client.post(f"/contracts/{made.number}/voiding", data=sent).status_code == 303
    assert "客户取消" in client.get(f"/contracts/{made.number}").text


def test_a_colleague_in_the_field_changes_no_contract_of_others(client: FlaskClient, who: People) -> None:
    made = contract(machine=factories.machine(area=who.north))
    sign_in(client, who.li)
    assert client.get(f"/contracts/{made.number}/edit").status_code == 403
    assert client.post(f"/contracts/{made.number}/submission", data={"version": "1"}).status_code == 403
    own = contract(by=actor_of(who.li), machine=factories.machine(area=who.north))
    assert client.post(f"/contracts/{own.number}/submission", data={"version": "1"}).status_code == 303
