"""The register on screen: an invoice is registered, sent, taken back; nothing typed is lost; people of an area see their own."""

import io
import zipfile
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role, User
from app.billing.models import CustomerBillingData, Invoice, InvoiceDelivery, InvoiceFile, InvoiceStatus
from app.core import clock
from tests import factories, money_factories
from tests.factories import STROKES
from tests.personas import make_area, make_user, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens do not depend on the database."""
    return sqlite_database


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK, name="陈文员"))


def typed(**values: str) -> dict[str, str]:
    day = clock.today()
    given = {
        "form_token": "t" * 24, "customer": "云岭环卫", "kind": "digital_special", "number": f"{day.year % 100:02d}532000000000000007",
        "issued_on": day.isoformat(), "buyer_name": "云岭环卫", "buyer_tax_number": "91440300708461136T", "line-0-name": "*修理*维修费",
        "line-0-quantity": "2", "line-0-price": "1,000", "line-0-rate": "13",
    }  # fmt: skip
    return given | values


def test_it_works(clerk: FlaskClient) -> None:
    factories.customer(name="云岭环卫")
    assert clerk.get("/invoices/new").status_code == 200
    answer = clerk.post("/invoices/new", data=typed())
    invoice = Invoice.get()
    assert (answer.status_code, answer.location) == (303, f"/invoices/{invoice.id}")
    assert (invoice.amount, invoice.tax, invoice.total) == (Decimal(2000), Decimal(260), Decimal(2260))
    clerk.post("/invoices/new", data=typed())
    assert Invoice.select().count() == 1
    page = clerk.get(f"/invoices/{invoice.id}").text
    assert "¥2,260.00" in page
    assert "贰仟贰佰陆拾元整" in page
    assert invoice.number in clerk.get("/invoices").text


def test_nothing_typed_is_lost_when_it_is_refused(clerk: FlaskClient) -> None:
    factories.customer(name="云岭环卫")
    answer = clerk.post("/invoices/new", data=typed(number="123", **{"line-0-price": "viel", "line-1-name": "*配件*滤芯"}))
    assert answer.status_code == 422
    for words in ('value="123"', 'value="viel"', 'value="*配件*滤芯"'):
        assert words in answer.text
    assert not Invoice.select().exists()


def test_more_lines_are_shown_and_one_is_taken_out(clerk: FlaskClient) -> None:
    page = clerk.post("/invoices/new", data=typed(more="1")).text
    assert "line-8-name" in page
    page = clerk.post("/invoices/new", data=typed(drop="line-0")).text
    assert "*修理*维修费" not in page
    assert not Invoice.select().exists()


def test_the_form_is_filled_with_the_order_and_what_the_customer_wants(clerk: FlaskClient) -> None:
    order = factories.work_order(lead=make_user(Role.TECHNICIAN), status="finished", warranty="off")
    wanted = {"title": "云岭环卫（总部）", "tax_number": "91440300708461136T", "version": "0"}
    assert clerk.post(f"/customers/{order.customer_id}/billing-data", data=wanted).status_code == 303
    page = clerk.get(f"/invoices/new?order={order.number}").text
    assert "云岭环卫（总部）" in page
    assert "91440300708461136T" in page
    assert clerk.get("/invoices/new?order=D0000-0000").status_code == 404


@pytest.mark.parametrize("path", ["/invoices", "/invoices/deliveries", "/invoices/uninvoiced-orders", "/invoices/uninvoiced-shipments"])
def test_every_list_is_exported(clerk: FlaskClient, path: str) -> None:
    invoice = money_factories.invoice()
    clerk.post(f"/invoices/{invoice.id}/deliveries", data={"version": 1, "way": "courier", "carrier": "=1+1", "waybill": "SF1"})
    order = factories.work_order(lead=make_user(Role.TECHNICIAN), status="finished", warranty="off")
    factories.gate_override(order=order)
    for suffix, kind in ((".csv", "text/csv"), (".xlsx", "application/vnd")):
        answer = clerk.get(f"{path}{suffix}")
        assert (answer.status_code, answer.mimetype.startswith(kind)) == (200, True)
        assert b"\n=1+1" not in answer.data
        assert b",=1+1" not in answer.data


def test_the_list_is_filtered(clerk: FlaskClient) -> None:
    one, two = money_factories.invoice(remark="甲"), money_factories.invoice(status="posted", kind="paper_ordinary", number="00000001")
    for query, is_one, is_two in (
        ("q=甲", True, False), ("status=posted", False, True), ("status=underway", True, True), ("kind=paper_ordinary", False, True),
        ("paid=unpaid", True, True), ("paid=paid", False, False), ("paid=overdue", False, False),
        (f"customer={two.customer_id}", False, True),
        ("to=2020-01-01", False, False), ("sort=total", True, True), ("sort=-number", True, True),
    ):  # fmt: skip
        page = clerk.get(f"/invoices?{query}").text
        assert (f'invoice-{one.id}"' in page, f'invoice-{two.id}"' in page) == (is_one, is_two), query
    for query in ("status=x", "kind=x", "paid=x", "customer=x", "from=x", "sort=x"):
        assert clerk.get(f"/invoices?{query}").status_code == 422


def test_pages_by_total_neither_skip_nor_repeat(clerk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.paging.PAGE_SIZE", 2)
    ids = {money_factories.invoice().id for _ in range(5)}
    seen: list[int] = []
    path: str | None = "/invoices?sort=total"
    while path:
        page = clerk.get(path).text
        seen += [number for number in ids if f'id="invoice-{number}"' in page]
        _before, _mark, rest = page.partition('rel="next" href="')
        path = rest.partition('"')[0].replace("&amp;", "&") if rest else None
    assert sorted(seen) == sorted(ids)


def test_an_invoice_is_sent_and_received(clerk: FlaskClient) -> None:
    invoice = money_factories.invoice()
    refused = clerk.post(f"/invoices/{invoice.id}/deliveries", data={"version": 1, "way": "courier", "carrier": "顺丰"})
    assert refused.status_code == 422
    assert 'value="顺丰"' in refused.text
    assert clerk.post(f"/invoices/{invoice.id}/deliveries", data={"version": 1, "way": "balloon"}).status_code == 422
    clerk.post(f"/invoices/{invoice.id}/deliveries", data={"version": 1, "way": "courier", "carrier": "顺丰", "waybill": "SF1"})
    assert "SF1" in clerk.get("/invoices/deliveries?state=open&way=courier&q=SF1").text
    assert clerk.post(f"/invoices/{invoice.id}/receipt", data={"version": 2, "name": "张会计"}).status_code == 303
    assert "张会计" in clerk.get(f"/invoices/{invoice.id}").text
    assert clerk.post(f"/invoices/{invoice.id}/receipt", data={"version": 2}).status_code == 409


def test_an_invoice_is_corrected_voided_and_taken_back(clerk: FlaskClient) -> None:
    invoice = money_factories.invoice()
    page = clerk.get(f"/invoices/{invoice.id}/edit").text
    assert invoice.number in page
    answer = clerk.post(f"/invoices/{invoice.id}/edit", data=typed(number=invoice.number, version="1", customer=invoice.customer.name))
    assert (answer.status_code, Invoice.get().total) == (303, Decimal(2260))
    assert "-2000.00" in clerk.get(f"/invoices/{invoice.id}/red").text
    red = {"line-0-quantity": "-1", "customer": invoice.customer.name}
    assert clerk.post(f"/invoices/{invoice.id}/red", data=typed(**red)).status_code == 303
    assert Invoice.get(Invoice.red_of == invoice).total == Decimal(-1130)
    other = money_factories.invoice()
    assert clerk.post(f"/invoices/{other.id}/voiding", data={"version": 1, "reason": ""}).status_code == 422
    clerk.post(f"/invoices/{other.id}/voiding", data={"version": 1, "reason": "开错抬头"})
    assert "开错抬头" in clerk.get(f"/invoices/{other.id}").text
    assert clerk.get(f"/invoices/{other.id}/edit").status_code == 409


def test_its_files_are_kept_once_and_sent(clerk: FlaskClient) -> None:
    invoice = money_factories.invoice()
    ofd = io.BytesIO()
    with zipfile.ZipFile(ofd, "w") as archive:
        archive.writestr("OFD.xml", "<ofd:OFD/>")
    sent = [(ofd.getvalue(), "发票.ofd"), (b"<?xml version='1.0'?>\n<EInvoice><a/></EInvoice>", "发票.xml")]
    for _twice in range(2):
        files = [(io.BytesIO(content), name) for content, name in sent]
        assert clerk.post(f"/invoices/{invoice.id}/files", data={"files": files}).status_code == 303
    assert sorted(row.file.media_type for row in InvoiceFile.select()) == ["application/ofd", "application/xml"]
    for row in InvoiceFile.select():
        answer = clerk.get(f"/invoices/{invoice.id}/files/{row.id}")
        assert answer.headers["Content-Disposition"].startswith("attachment")
    for content in (b"<?xml version='1.0'?><html><script>1</script></html>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><EInvoice/>"):
        refused = clerk.post(f"/invoices/{invoice.id}/files", data={"files": [(io.BytesIO(content), "x.xml")]})
        assert refused.status_code == 422
    assert clerk.post(f"/invoices/{invoice.id}/files", data={}).status_code == 422


def test_the_register_is_printed(clerk: FlaskClient) -> None:
    invoice = money_factories.invoice()
    assert invoice.number in clerk.get("/invoices/print").text


# --- on the phone ---------------------------------------------------------------


def technician(area: str = "north") -> User:
    return make_user(Role.TECHNICIAN, name="李师傅", areas=(make_area(area),))


def test_a_technician_hands_over_and_the_receiver_signs(client: FlaskClient) -> None:
    li = technician()
    order = factories.work_order(lead=li, machine=factories.machine(area=make_area("north")))
    invoice = money_factories.invoice(customer=order.customer)
    sign_in(client, li)
    assert f"/my/invoices/{invoice.id}" in client.get("/my/invoices").text
    assert f"/my/invoices/{invoice.id}" in client.get(f"/my/jobs/{order.number}").text
    assert client.post(f"/my/invoices/{invoice.id}", data={"version": 1, "signer": "张会计", "strokes": ""}).status_code == 422
    assert client.post(f"/my/invoices/{invoice.id}", data={"version": 1, "signer": "张会计", "strokes": STROKES}).status_code == 303
    assert (Invoice.get().status, InvoiceDelivery.get().by_name) == (InvoiceStatus.RECEIVED, "李师傅")
    assert "张会计" in client.get(f"/my/invoices/{invoice.id}").text
    assert str(invoice.number) not in client.get("/my/invoices").text


def test_a_technician_sees_own_jobs_and_own_area_and_nothing_else(client: FlaskClient) -> None:
    li, elsewhere = technician(), factories.customer(area=make_area("south"))
    foreign = money_factories.invoice(customer=elsewhere)
    order = factories.work_order(lead=li, machine=factories.machine(customer=elsewhere, area=make_area("south")))
    own = money_factories.invoice(customer=elsewhere, order=order)
    sign_in(client, li)
    assert client.get(f"/invoices/{foreign.id}").status_code == 404
    assert client.get(f"/invoices/{own.id}").status_code == 200
    page = client.get("/invoices").text
    assert (own.number in page, foreign.number in page) == (True, False)
    assert foreign.number not in client.get("/invoices.csv").text
    assert client.get(f"/my/invoices/{foreign.id}").status_code == 404
    assert client.get("/invoices/new").status_code == 403


def test_the_customers_wishes_are_typed_on_the_tablet(client: FlaskClient) -> None:
    li = technician()
    order = factories.work_order(lead=li)
    sign_in(client, li)
    path = f"/my/jobs/{order.number}/billing-data"
    assert client.get(path).status_code == 200
    refused = client.post(path, data={"title": "", "bank": "农商行", "version": 0})
    assert refused.status_code == 422
    assert 'value="农商行"' in refused.text
    good = {"title": "云岭环卫", "tax_number": "91440300708461136t", "account": "6200 1", "version": 0}
    assert client.post(path, data=good).status_code == 303
    assert CustomerBillingData.get().tax_number == "91440300708461136T"
    assert client.post(path, data=good).status_code == 409
