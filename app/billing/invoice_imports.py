"""The tax platform's spreadsheet of issued invoices (发票基础信息): one line per invoice, each of a customer that is known."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from app.billing import contract_progress, invoice_numbers, invoices, taking_back
from app.billing.invoices import Basis, InvoiceDetails, LineDetails
from app.billing.models import CustomerBillingData, Invoice, InvoiceKind
from app.contracts.models import IN_FORCE, Contract
from app.core import clock
from app.core.errors import N_, Invalid
from app.core.importing import Column, Effect, Kind, Line, Made, Options, Reasons, date_in, fen_in, reasons_of, too_long
from app.core.money import FEN, MILLI, rounded
from app.core.spoken import say
from app.core.types import Actor
from app.customers import tax_numbers
from app.customers.models import Customer
from app.work_orders.models import WorkOrder

COLUMNS = (
    Column("number", N_("Invoice number"), "数电发票号码", ("数电票号码", "发票号", "全电发票号码"),
           hint=N_("20 digits; it tells invoices apart."),
           example="26532000000000000018"),
    Column("old_number", N_("Number of an older invoice"), "发票号码", (), hint=N_("8 digits; only where there is no number of 20.")),
    Column("code", N_("Invoice code"), "发票代码", (), hint=N_("Only the older kinds have one: 10 or 12 digits.")),
    Column("kind", N_("Kind of invoice"), "发票票种", ("票种", "发票类型", "发票种类"), example="数电发票（增值税专用发票）"),
    Column("issued_on", N_("Date of the invoice"), "开票日期", ("开具日期", "日期"), is_required=True, example="2026-11-23"),
    Column("buyer_name", N_("Buyer"), "购买方名称", ("购方名称", "购货方名称", "客户名称", "抬头"), is_required=True,
           example="云岭市环境卫生管理中心"),
    Column("buyer_tax_number", N_("Tax number of the buyer"), "购方识别号",
           ("购买方纳税人识别号", "购买方识别号", "购方税号", "购买方税号")),
    Column("seller_name", N_("Seller"), "销方名称", ("销售方名称",)),
    Column("seller_tax_number", N_("Tax number of the seller"), "销方识别号", ("销售方纳税人识别号", "销方税号", "销售方识别号")),
    Column("name", N_("Goods or service"), "货物或应税劳务名称", ("货物名称", "项目名称", "货物或服务名称"),
           example="*修理修配劳务*维修费"),
    Column("amount", N_("Amount without tax"), "金额", ("合计金额", "不含税金额"), is_required=True, example="1000.00"),
    Column("tax_rate", N_("Tax rate (%)"), "税率", (), example="13%"),
    Column("tax", N_("Tax amount"), "税额", ("合计税额",), is_required=True, example="130.00"),
    Column("total", N_("Total with tax"), "价税合计", ("含税金额",), is_required=True, example="1130.00"),
    Column("status", N_("State"), "发票状态", ("状态",), hint=N_("Void ones are not taken in."), example="正常"),
    Column("issuer", N_("Issued by"), "开票人", ()),
    Column("remark", N_("Remark on the invoice"), "备注", ("发票备注",), hint=N_("Of a red invoice it names the number of the blue one.")),
    Column("customer", N_("Customer"), "客户", ("所属客户",), hint=N_("Only where the buyer is called otherwise than the customer.")),
    Column("contract", N_("Contract"), "合同号", ("合同编号", "维修合同号")),
    Column("order", N_("Work order"), "派工单号", ("派工单", "工单号")),
)  # fmt: skip
_MOST = {"buyer_name": 120, "seller_name": 120, "seller_tax_number": 20, "name": 120, "issuer": 60, "remark": 500}
_BLUE = re.compile(r"号码[:：]?\s*([0-9]{20}|[0-9]{8})")
_LINE_IS_BAD = N_("The line cannot be used.")
_IMPORTED = N_("As in the tax platform's table")
_Key = tuple[str, str]


def _key(line: Line) -> _Key:
    """Code and number; a fully digital invoice has no code."""
    number = invoice_numbers.normal(line.get("number"))
    if number:
        return "", number
    return invoice_numbers.normal(line.get("code")), invoice_numbers.normal(line.get("old_number"))


class InvoicesImporter:
    """Remembers which invoices the file had already."""

    def __init__(self, _options: Options) -> None:
        self.seen: set[_Key] = set()

    def plan(self, lines: Sequence[Line]) -> "_InvoicesPlan":
        """What these lines ask for."""
        return _InvoicesPlan(self, lines)

    def skip(self, lines: Sequence[Line]) -> None:
        """Remember lines that were written already."""
        self.seen |= {_key(line) for line in lines}


class _InvoicesPlan:
    def __init__(self, importer: InvoicesImporter, lines: Sequence[Line]) -> None:
        self.importer, self.today = importer, clock.today()
        numbers = {_key(line)[1] for line in lines} | {_blue_of(line) for line in lines} - {""}
        self.present = {(row.code, row.number) for row in Invoice.select().where(Invoice.number.in_(numbers))}
        self.here = {_key(line)[1] for line in lines}
        self.wanted: list[tuple[Line, Customer, InvoiceDetails]] = []
        self.judgements: list[Effect | Reasons] = [self._judged(line) for line in lines]

    def _judged(self, line: Line) -> Effect | Reasons:
        try:
            return self._take(line)
        except Invalid as error:
            return reasons_of(error)

    def _take(self, line: Line) -> Effect:
        key = _key(line)
        if "作废" in line.get("status"):
            raise Invalid(_LINE_IS_BAD, fields={"status": N_("this invoice is void")})
        if key in self.importer.seen:
            raise Invalid(_LINE_IS_BAD, fields={"number": N_("it stands in this file already; take the sheet with one line per invoice")})
        if key in self.present:
            self.importer.seen.add(key)
            return Effect.UNCHANGED
        details, customer = _details(line, key), _customer_of(line)
        wrong = too_long(line, _MOST) | self._mistakes(line, customer, details)
        if wrong:
            raise Invalid(_LINE_IS_BAD, fields=wrong)
        self.importer.seen.add(key)
        self.wanted.append((line, customer, details))
        return Effect.ADDED

    def _mistakes(self, line: Line, customer: Customer, details: InvoiceDetails) -> dict[str, str]:
        wrong = invoice_numbers.number_mistakes(details.kind, details.code, details.number, details.issued_on, self.today)
        if (details.amount or 0) + (details.tax or 0) != details.total:
            wrong["total"] = N_("Amount and tax together are not this total.")
        if details.total == 0:
            wrong["total"] = N_("An invoice is of more than nothing.")
        wrong |= invoices.number_wrong(customer, details.buyer_tax_number, details.tax_number_reason, "buyer_tax_number")
        blue = _blue_of(line)
        if (details.total or 0) < 0 and blue not in self.here | {number for _code, number in self.present | self.importer.seen}:
            wrong["remark"] = N_("the invoice that this red one takes back is not registered")
        return wrong | _unknown(line, customer)

    def write(self, by: Actor) -> list[Made]:
        """Write what is new, the blue ones of a file before the red ones."""
        made = []
        for line, customer, details in sorted(self.wanted, key=lambda one: (one[2].total or 0) < 0):
            invoice = _red(by, line, details) if (details.total or 0) < 0 else _blue(by, line, customer, details)
            made.append(Made(line.number, "invoice", invoice.id))
        return made


def _blue(by: Actor, line: Line, customer: Customer, details: InvoiceDetails) -> Invoice:
    now, basis = clock.now(), _basis(line)
    fields = invoices.checked(customer, details, now)
    invoice = invoices.enter(by=by, customer=customer, fields=fields, details=details, basis=basis, at=now)
    invoices.open_receivable(invoice, details, basis, now)
    contract_progress.keep_in_step(by, invoice, now)
    return invoice


def _red(by: Actor, line: Line, details: InvoiceDetails) -> Invoice:
    now, blue = clock.now(), Invoice.get(Invoice.number == _blue_of(line))
    fields = invoices.checked(blue.customer, details, now, is_red=True)
    taking_back.check_blue(blue)
    basis = invoices.basis_of(blue)
    red = invoices.enter(by=by, customer=blue.customer, fields=fields, details=details, basis=basis, at=now, red_of=blue)
    taking_back.take_off(blue, red, by, now)
    return red


# --- one line -------------------------------------------------------------------


def _details(line: Line, key: _Key) -> InvoiceDetails:
    amount, tax, total = (_amount(line, column) for column in ("amount", "tax", "total"))
    number, rate = tax_numbers.normal(line.get("buyer_tax_number")), _rate(line, amount, tax)
    is_odd = not number or not tax_numbers.is_check_right(number)
    printed = LineDetails(name=line.get("name") or say(None, N_("As printed on the invoice")), amount=amount, tax_rate=rate, tax=tax)
    return InvoiceDetails(
        kind=_kind(line, key), code=key[0], number=key[1], issued_on=_day(line), buyer_name=line.get("buyer_name"), buyer_tax_number=number,
        tax_number_reason=say(None, _IMPORTED) if is_odd else "", seller_name=line.get("seller_name"),
        seller_tax_number=line.get("seller_tax_number"), lines=[printed], amount=amount, tax=tax, total=total, issuer=line.get("issuer"),
        remark=line.get("remark"),
    )  # fmt: skip


def _amount(line: Line, column: str) -> Decimal:
    fen = fen_in(line, column)
    if fen is None:
        raise Invalid(_LINE_IS_BAD, fields={column: N_("an amount such as 1234.50 is needed")})
    return fen * FEN


def _day(line: Line) -> date | None:
    """The day of a cell that may have a time behind it."""
    return date_in(Line(line.number, {"issued_on": line.get("issued_on").partition(" ")[0]}), "issued_on")


def _rate(line: Line, amount: Decimal, tax: Decimal) -> Decimal:
    """The rate of the cell; of several on one invoice what the sums come to."""
    try:
        return (Decimal(line.get("tax_rate").rstrip("%％")) / (100 if "%" in line.get("tax_rate").replace("％", "%") else 1)).quantize(
            MILLI
        )
    except InvalidOperation:
        return rounded(tax / amount) if amount else Decimal(0)


def _kind(line: Line, key: _Key) -> InvoiceKind:
    """The platform's words, else what the number says."""
    words = line.get("kind")
    is_special = "专" in words or "special" in words
    if len(key[1]) == 20:
        return InvoiceKind.DIGITAL_SPECIAL if is_special else InvoiceKind.DIGITAL_ORDINARY
    if "电子" in words or "electronic" in words:
        return InvoiceKind.ELECTRONIC_SPECIAL if is_special else InvoiceKind.ELECTRONIC_ORDINARY
    return InvoiceKind.PAPER_SPECIAL if is_special else InvoiceKind.PAPER_ORDINARY


def _blue_of(line: Line) -> str:
    """The number of the invoice that a red one takes back, as the platform writes it into the remark; empty without one."""
    found = _BLUE.search(line.get("remark")) if "红" in line.get("remark") or "对应" in line.get("remark") else None
    return found[1] if found else ""


def _customer_of(line: Line) -> Customer:
    """Whom the invoice is for: by name where one is given, else by the buyer's tax number or name. Raises ``Invalid``."""
    found: Customer | None
    if line.get("customer"):
        found = Customer.get_or_none((Customer.name == line.get("customer")) | (Customer.short_name == line.get("customer")))
    else:
        number = tax_numbers.normal(line.get("buyer_tax_number"))
        noted = CustomerBillingData.select(CustomerBillingData.customer)
        by_number = (Customer.tax_number == number) | Customer.id.in_(noted.where(CustomerBillingData.tax_number == number))
        found = Customer.select().where(by_number).order_by(Customer.id).first() if number else None
        if found is None:
            by_title = noted.where(CustomerBillingData.title == line.get("buyer_name"))
            found = (
                Customer.select().where((Customer.name == line.get("buyer_name")) | Customer.id.in_(by_title)).order_by(Customer.id).first()
            )
    if found is None:
        raise Invalid(
            _LINE_IS_BAD, fields={"buyer_name": N_("no customer has this name or tax number; make one first, or name it in its column")}
        )
    return found


def _basis(line: Line) -> Basis:
    contract = Contract.get_or_none(Contract.number == line.get("contract")) if line.get("contract") else None
    return Basis(contract=contract, order=WorkOrder.get_or_none(WorkOrder.number == line.get("order")) if line.get("order") else None)


def _unknown(line: Line, customer: Customer) -> dict[str, str]:
    """Contracts and orders that are not there, not signed, or another customer's."""
    basis, wrong = _basis(line), {}
    for name, row in (("contract", basis.contract), ("order", basis.order)):
        if line.get(name) and (row is None or row.customer_id != customer.id):
            wrong[name] = N_("this customer has none of this number")
    if basis.contract is not None and basis.contract.status not in IN_FORCE:
        wrong["contract"] = N_("this contract is not signed by the customer")
    return wrong


INVOICES = Kind("invoices", COLUMNS, InvoicesImporter, batch=50)
