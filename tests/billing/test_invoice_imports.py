"""The tax platform's table comes in once, for customers that are known, and can be taken back (2E-09)."""

from decimal import Decimal

import pytest
from peewee import Database

from app.accounts.models import Role
from app.billing import accounts
from app.billing.models import AccountBalance, Invoice, InvoiceKind, InvoiceStatus, Receivable
from app.core import clock, db
from app.core.import_runs import ImportKind, ImportState
from app.imports import operations
from app.imports.work import Worker
from tests import factories, money_factories
from tests.personas import actor_of, make_user
from tests.taking_in import BY, counts, imported, reasons, take_in

HEAD = (
    "数电发票号码,发票号码,发票代码,发票票种,开票日期,购买方名称,购方识别号,货物或应税劳务名称,"
    "金额,税率,税额,价税合计,发票状态,开票人,备注\n"
)
KIND = ImportKind.INVOICES
YEAR = f"{clock.now().astimezone(clock.zone()).year % 100:02d}"
DAY = clock.today().isoformat()


def line(number: int, name: str = "云岭环卫", amount: str = "100.00", tax: str = "13.00", total: str = "113.00", **more: str) -> str:
    kind, status, remark = more.get("kind", "数电发票（增值税专用发票）"), more.get("status", "正常"), more.get("remark", "")
    buyer = f"{name},{more.get('tax_number', '')}"
    return f"{YEAR}{number:018d},,,{kind},{DAY} 10:11:12,{buyer},*修理*费,{amount},13%,{tax},{total},{status},陈,{remark}\n"


@pytest.fixture(autouse=True)
def customer(database: Database) -> object:
    return factories.customer(name="云岭环卫")


def test_it_works() -> None:
    content = HEAD + line(1) + line(2, total="1130.00元", amount="¥1000", tax="130")
    assert counts(take_in(KIND, content)) == (2, 0, 0)
    invoice = Invoice.get(Invoice.total == Decimal(1130))
    assert (invoice.kind, invoice.status, invoice.lines.get().tax_rate) == (
        InvoiceKind.DIGITAL_SPECIAL,
        InvoiceStatus.ISSUED,
        Decimal("0.13"),
    )
    assert AccountBalance.get().owed == Decimal(1243)
    assert counts(take_in(KIND, content)) == (0, 0, 2)
    assert accounts.differences() == []


def test_a_red_invoice_takes_its_blue_one_back_wherever_it_stands() -> None:
    red = line(3, amount="-100.00", tax="-13.00", total="-113.00", remark=f"被红冲蓝字数电票号码：{YEAR}{1:018d}")
    assert counts(take_in(KIND, HEAD + red + line(1))) == (2, 0, 0)
    assert Invoice.get(Invoice.red_of.is_null(False)).red_of.status == InvoiceStatus.RED
    assert AccountBalance.get().owed == Decimal(0)


def test_an_older_invoice_has_code_and_number() -> None:
    text = f",00912345,5300204130,增值税普通发票,{DAY},云岭环卫,,*修理*费,100,13%,13,113,正常,陈,\n"
    take_in(KIND, HEAD + text)
    invoice = Invoice.get()
    assert (invoice.code, invoice.number, invoice.kind) == ("5300204130", "00912345", InvoiceKind.PAPER_ORDINARY)


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (line(1, name="没有的客户"), "buyer_name"),
        (line(1, total="114.00"), "total"),
        (line(1, amount="abc"), "amount"),
        (line(1, status="已作废"), "status"),
        (line(1).replace(f"{YEAR}{1:018d}", "123"), "code"),
        (line(1, amount="-100", tax="-13", total="-113"), "remark"),
        (line(1) + line(1), "number"),
        (line(1, tax_number="12"), "buyer_tax_number"),
    ],
)
def test_a_bad_line_says_why_and_nothing_comes_in(bad: str, word: str) -> None:
    assert any(word in said for _line, said in reasons(KIND, HEAD + bad))
    assert not Invoice.select().exists()


def test_an_import_can_be_taken_back_while_nothing_is_paid() -> None:
    red = line(3, amount="-40.00", tax="-5.20", total="-45.20", remark=f"被红冲蓝字数电票号码：{YEAR}{1:018d}")
    run = imported(KIND, HEAD + line(1) + red)
    operations.ask_undo(by=BY, run=run, version=run.version)
    assert Worker("tests").work_on(run.id)
    assert not Invoice.select().exists()
    assert AccountBalance.get().owed == Decimal(0)
    assert accounts.differences() == []


def test_what_was_paid_of_keeps_its_invoice() -> None:
    run = imported(KIND, HEAD + line(1))
    invoice = Invoice.get()
    payment = money_factories.payment(customer=invoice.customer, amount=Decimal(113))
    with db.transaction():
        accounts.allocate(payment=payment, receivable=Receivable.get(), amount=Decimal(1), at=clock.now(), by_name="陈")
    operations.ask_undo(by=BY, run=run, version=run.version)
    Worker("tests").work_on(run.id)
    assert type(run).get_by_id(run.id).state == ImportState.DONE
    assert Invoice.select().exists()
    assert accounts.differences() == []


def test_the_contract_of_a_line_must_be_the_customers() -> None:
    head, text = HEAD.replace("备注", "派工单号"), line(1, remark="D0000-0001")
    assert any("order" in said for _line, said in reasons(KIND, head + text))
    order = factories.work_order(lead=make_user(Role.TECHNICIAN), machine=factories.machine(customer=Invoice.customer.rel_model.get()))
    take_in(KIND, head + line(1, remark=order.number))
    assert Invoice.get().order == order
    assert actor_of(make_user(Role.CLERK)).may("invoices.edit")
