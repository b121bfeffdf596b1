"""Invoices are written down as printed, open what is owed, and are corrected, voided and taken back without losing a fen."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from peewee import Database

from app.accounts.models import Role
from app.billing import accounts, correcting, invoices, taking_back
from app.billing.invoices import Basis, InvoiceDetails, LineDetails
from app.billing.models import AccountBalance, Invoice, InvoiceKind, InvoiceStatus, Receivable
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.core.types import Actor
from app.customers.models import Customer, CustomerKind
from tests import factories, money_factories
from tests.personas import actor_of, make_user

NUMBER = "26532000000000000001"


@pytest.fixture
def clerk(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


def details(**values: Any) -> InvoiceDetails:
    day = values.get("issued_on", clock.today())
    given = {"kind": InvoiceKind.DIGITAL_SPECIAL, "number": f"{day.year % 100:02d}532000000000000001", "issued_on": day}
    given |= {"buyer_name": "云岭环卫", "buyer_tax_number": "91440300708461136T", "lines": [line("100", "13")]}
    return InvoiceDetails(**given | values)


def line(amount: str, tax: str, name: str = "*修理修配劳务*维修费") -> LineDetails:
    return LineDetails(name=name, amount=Decimal(amount), tax_rate=Decimal("0.13"), tax=Decimal(tax))


def owed(customer: Customer) -> Decimal:
    return AccountBalance.get(AccountBalance.customer == customer).owed


def register(clerk: Actor, customer: Customer | None = None, **values: Any) -> Invoice:
    return invoices.register(by=clerk, customer=customer or factories.customer(), details=details(**values))


def pay(invoice: Invoice, amount: str) -> None:
    payment = money_factories.payment(customer=invoice.customer, amount=Decimal(amount))
    with db.transaction():
        receivable = Receivable.get(Receivable.invoice == invoice)
        accounts.allocate(payment=payment, receivable=receivable, amount=Decimal(amount), at=clock.now(), by_name="陈文员")


def test_it_works(clerk: Actor) -> None:
    customer = factories.customer(kind=CustomerKind.PUBLIC_BODY)
    invoice = register(clerk, customer, payment_days=45)
    receivable = Receivable.get(Receivable.invoice == invoice)
    assert (invoice.status, invoice.total, receivable.amount) == (InvoiceStatus.ISSUED, Decimal(113), Decimal(113))
    assert receivable.due_on == clock.today() + timedelta(days=45)
    assert receivable.statutory_on == clock.today() + timedelta(days=30)
    assert owed(customer) == Decimal(113)
    assert HistoryEntry.get(HistoryEntry.action == "invoice.registered").object_id == str(invoice.id)
    assert accounts.differences() == []


def test_a_company_has_sixty_days_by_law_and_a_person_none(clerk: Actor) -> None:
    company, person = factories.customer(), factories.customer(kind=CustomerKind.PERSON)
    assert Receivable.get(Receivable.invoice == register(clerk, company)).statutory_on == clock.today() + timedelta(days=60)
    other = register(clerk, person, number=f"{clock.today().year % 100:02d}532000000000000002", buyer_tax_number="")
    assert Receivable.get(Receivable.invoice == other).statutory_on is None


def test_the_same_form_sent_twice_makes_one_invoice(clerk: Actor) -> None:
    customer = factories.customer()
    made = [invoices.register(by=clerk, customer=customer, details=details(), form_token="t" * 20) for _ in range(2)]
    assert made[0].id == made[1].id
    assert owed(customer) == Decimal(113)


def test_a_number_is_registered_once(clerk: Actor) -> None:
    register(clerk)
    with pytest.raises(Invalid) as refused:
        register(clerk)
    assert "number" in refused.value.fields


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [line("100", "13", name=" ")]}, "lines"),
        ({"total": Decimal(114)}, "total"),
        ({"amount": Decimal("100.02"), "total": Decimal("113.02")}, "amount"),
        ({"lines": [line("-100", "-13")]}, "total"),
        ({"buyer_name": " "}, "buyer_name"),
        ({"buyer_tax_number": ""}, "buyer_tax_number"),
        ({"buyer_tax_number": "91440300708461136X"}, "buyer_tax_number"),
        ({"buyer_tax_number": "12"}, "buyer_tax_number"),
        ({"issued_on": None, "number": NUMBER}, "issued_on"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(clerk: Actor, values: dict[str, Any], field: str) -> None:
    given = values if "issued_on" not in values else values | {"lines": [line("100", "13")]}
    with pytest.raises(Invalid) as refused:
        invoices.register(by=clerk, customer=factories.customer(), details=replace(details(), **given))
    assert field in refused.value.fields
    assert not Invoice.select().exists()


def test_an_odd_tax_number_is_taken_with_a_reason(clerk: Actor) -> None:
    invoice = register(clerk, buyer_tax_number="91440300708461136X", tax_number_reason="早期代码，税务局已确认")
    assert invoice.tax_number_reason


def test_sums_may_differ_from_the_lines_by_what_rounding_makes(clerk: Actor) -> None:
    lines = [line("33.33", "4.33"), line("33.33", "4.33"), line("33.33", "4.33")]
    invoice = register(clerk, lines=lines, amount=Decimal("100.00"), tax=Decimal("13.00"), total=Decimal("113.00"))
    assert invoice.total == Decimal(113)


def test_nobody_registers_without_the_right(database: Database) -> None:
    with pytest.raises(NotAllowed):
        register(actor_of(make_user(Role.TECHNICIAN)))


def test_what_it_is_for_belongs_to_the_same_customer(clerk: Actor) -> None:
    order = factories.work_order(status="finished", lead=make_user(Role.TECHNICIAN))
    with pytest.raises(Invalid):
        invoices.register(by=clerk, customer=factories.customer(), details=details(), basis=Basis(order=order))
    invoice = invoices.register(by=clerk, customer=order.customer, details=details(), basis=Basis(order=order))
    assert (invoice.order, invoice.person_id) == (order, order.lead_id)


# --- corrected ------------------------------------------------------------------


def test_a_correction_changes_what_is_owed(clerk: Actor) -> None:
    invoice = register(clerk)
    correcting.edit(by=clerk, invoice=invoice, version=1, details=details(lines=[line("200", "26")]))
    assert (Invoice.get().total, owed(invoice.customer)) == (Decimal(226), Decimal(226))
    assert accounts.differences() == []


def test_nothing_is_corrected_below_what_was_paid_or_behind_anothers_back(clerk: Actor) -> None:
    invoice = register(clerk)
    pay(invoice, "60")
    with pytest.raises(Conflict):
        correcting.edit(by=clerk, invoice=invoice, version=1, details=details(lines=[line("50", "6.50")]))
    with pytest.raises(Conflict):
        correcting.edit(by=clerk, invoice=Invoice.get(), version=7, details=details())
    correcting.edit(by=clerk, invoice=Invoice.get(), version=1, details=details(lines=[line("80", "10.40")]))
    assert owed(invoice.customer) == Decimal("30.40")
    assert accounts.differences() == []


# --- void and red ---------------------------------------------------------------


def test_nothing_is_owed_by_a_void_invoice(clerk: Actor) -> None:
    invoice = register(clerk)
    with pytest.raises(Invalid):
        taking_back.void(by=clerk, invoice=invoice, version=1, reason=" ")
    taking_back.void(by=clerk, invoice=invoice, version=1, reason="开错抬头")
    assert (Invoice.get().status, owed(invoice.customer)) == (InvoiceStatus.VOID, Decimal(0))
    assert accounts.differences() == []
    with pytest.raises(Conflict):
        taking_back.void(by=clerk, invoice=Invoice.get(), version=2, reason="again")


def test_a_paid_invoice_is_not_void(clerk: Actor) -> None:
    invoice = register(clerk)
    pay(invoice, "1")
    with pytest.raises(Conflict):
        taking_back.void(by=clerk, invoice=invoice, version=1, reason="开错")


def red(clerk: Actor, blue: Invoice, amount: str, tax: str, number: int = 9) -> Invoice:
    given = details(number=f"{clock.today().year % 100:02d}{number:018d}", lines=[line(amount, tax)])
    return taking_back.register_red(by=clerk, blue=Invoice.get_by_id(blue.id), details=given)


def test_a_red_invoice_takes_all_back(clerk: Actor) -> None:
    blue = register(clerk)
    row = red(clerk, blue, "-100", "-13")
    assert (row.red_of, Invoice.get_by_id(blue.id).status, owed(blue.customer)) == (blue, InvoiceStatus.RED, Decimal(0))
    assert not Receivable.get(Receivable.invoice == blue).is_open
    assert accounts.differences() == []
    with pytest.raises(Conflict):
        red(clerk, blue, "-1", "0", number=8)


def test_a_red_invoice_takes_a_part_back(clerk: Actor) -> None:
    blue = register(clerk)
    red(clerk, blue, "-40", "-5.20")
    assert (Invoice.get_by_id(blue.id).status, owed(blue.customer)) == (InvoiceStatus.ISSUED, Decimal("67.80"))
    assert accounts.differences() == []


def test_what_was_paid_of_what_is_taken_back_is_paid_ahead(clerk: Actor) -> None:
    blue = register(clerk)
    pay(blue, "60")
    pay(blue, "53")
    red(clerk, blue, "-50", "-6.50")
    account = AccountBalance.get()
    assert (account.owed, account.ahead) == (Decimal(0), Decimal("56.50"))
    assert Receivable.get().paid == Decimal("56.50")
    assert accounts.differences() == []


def test_no_more_is_taken_back_than_was_invoiced(clerk: Actor) -> None:
    blue = register(clerk)
    for amount, tax in (("-101", "-13"), ("1", "0.13")):
        with pytest.raises(Invalid):
            red(clerk, blue, amount, tax)
    assert owed(blue.customer) == Decimal(113)


def test_a_red_invoice_typed_wrongly_is_corrected_and_what_is_owed_follows(clerk: Actor) -> None:
    blue = register(clerk)
    row = red(clerk, blue, "-100", "-13")
    anew = details(number=row.number, lines=[line("-30", "-3.90")])
    correcting.edit(by=clerk, invoice=row, version=1, details=anew)
    assert (Invoice.get_by_id(blue.id).status, owed(blue.customer)) == (InvoiceStatus.ISSUED, Decimal("79.10"))
    with pytest.raises(Conflict):
        taking_back.void(by=clerk, invoice=Invoice.get_by_id(row.id), version=2, reason="x")
    assert accounts.differences() == []
