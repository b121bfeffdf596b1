"""A bank's file of what came in, read line by line, each with the customer and amounts it is likely meant for; pure but for its reads.

Banks name their columns differently; headings are known by their words. A line whose bank reference is recorded already is known.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.billing import suggestions
from app.billing.models import AccountBalance, CustomerBillingData, Invoice, Payment, Receivable
from app.core.errors import N_, Invalid, InvalidFile
from app.core.importing import Line, Row, Table, date_in, fen_in, open_table
from app.core.money import FEN, ZERO
from app.customers.models import Customer

MOST_LINES = 500
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "on": ("交易日期", "入账日期", "记账日期", "交易时间", "日期", "date"),
    "amount": ("贷方发生额", "贷方金额", "收入金额", "收入", "贷方", "入账金额", "交易金额", "金额", "amount"),
    "payer": ("对方户名", "对方账户名称", "付款人名称", "对方名称", "付款人", "付款方", "户名", "payer"),
    "reference": ("交易流水号", "流水号", "核心流水号", "凭证号", "交易序号", "reference"),
    "remark": ("摘要", "用途", "附言", "备注", "remark"),
}
NO_COLUMNS = N_("The columns for day, amount and payer were not found. The first line must name them: 交易日期, 贷方发生额, 对方户名.")
TOO_LONG = N_("At most 500 lines are taken in at once. Send the file in parts.")


@dataclass(slots=True)
class BankLine:
    """One line of the bank; ``shares`` says how much of which receivable (id) it likely pays, ``problem`` why it cannot be taken."""

    number: int
    on: date | None
    amount: Decimal
    payer: str
    reference: str
    remark: str
    customer: Customer | None = None
    owed: list[Receivable] = field(default_factory=list)
    shares: dict[int, Decimal] = field(default_factory=dict)
    is_known: bool = False
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it can be taken in."""
        return not self.problem and not self.is_known


def read(content: bytes) -> list[BankLine]:
    """The lines of the file (GB18030 or UTF-8 CSV, or XLSX) in which money came in, with what they are likely meant for.

    Raises ``Invalid`` for a file that cannot be read.
    """
    try:
        table = open_table(content)
        places = _places(table)
        found = [line for row in table.rows() if (line := _line(row, places)) is not None]
    except InvalidFile as error:
        _number, message, params = error.lines[0]
        raise Invalid(message, **params) from None
    if len(found) > MOST_LINES:
        raise Invalid(TOO_LONG)
    _recognise(found)
    return found


def _places(table: Table) -> dict[str, int]:
    headings = ["".join(heading.split()).lower() for heading in table.headings]
    places: dict[str, int] = {}
    for column, words in _HEADINGS.items():
        exact = [headings.index(word) for word in words if word in headings]
        near = [place for word in words for place, heading in enumerate(headings) if heading.startswith(word)]
        if exact or near:
            places[column] = (exact or near)[0]
    if not {"on", "amount", "payer"} <= set(places):
        raise Invalid(NO_COLUMNS)
    return places


def _line(row: Row, places: Mapping[str, int]) -> BankLine | None:
    """The line, None for one in which nothing came in (an outgoing one, a sum)."""
    cells = {column: row.cells[place].strip() if place < len(row.cells) else "" for column, place in places.items()}
    line, problem = Line(row.number, cells), ""
    amount, on = ZERO, None
    try:
        amount = (fen_in(line, "amount") or 0) * FEN
        on = _day(cells["on"])
    except Invalid as error:
        problem = error.message
    if not problem and amount <= 0:
        return None
    if not problem and on is None:
        problem = N_("a date such as 2026-11-23 is needed")
    payer, remark = cells["payer"][:120], cells.get("remark", "")[:300]
    reference = cells.get("reference", "")[:80] or _made_up(on, amount, payer, remark)
    return BankLine(row.number, on, amount, payer, reference, remark, problem=problem)


def _day(text: str) -> date | None:
    """A bank writes 20261126, 2026-11-26 or either with the time."""
    plain = text.split(" ", maxsplit=1)[0].split("T", maxsplit=1)[0]
    if plain.isdecimal() and len(plain) >= 8:
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:8]}"
    return date_in(Line(0, {"on": plain}), "on")


def _made_up(on: date | None, amount: Decimal, payer: str, remark: str) -> str:
    """What tells a line apart whose bank gives it no number."""
    return "~" + hashlib.sha256(f"{on}|{amount}|{payer}|{remark}".encode()).hexdigest()[:20]


def _recognise(lines: Sequence[BankLine]) -> None:
    known = Payment.select(Payment.bank_reference).where(Payment.bank_reference.in_([line.reference for line in lines]))
    seen = {reference for (reference,) in known.tuples()}
    by_name = _customers_called({line.payer for line in lines} - {""})
    for line in lines:
        line.is_known = line.reference in seen
        seen.add(line.reference)
        if line.is_good:
            line.customer = by_name.get(line.payer) or _customer_of_invoice(line.remark) or _customer_owing(line.amount)
            propose(line)


def propose(line: BankLine) -> None:
    """Fill in what the line's customer owes and how much of it the line likely pays."""
    line.owed = suggestions.open_of(line.customer) if line.customer is not None else []
    line.shares = suggestions.proposed(line.amount, line.owed, line.remark)


def _customers_called(names: Iterable[str]) -> dict[str, Customer]:
    asked = list(names)
    found = {row.title: row.customer for row in CustomerBillingData.select().where(CustomerBillingData.title.in_(asked))}
    return found | {row.name: row for row in Customer.select().where(Customer.name.in_(asked))}


def _customer_of_invoice(remark: str) -> Customer | None:
    """Whose invoice is named in the remark by its whole number."""
    numbers = [part for part in "".join(one if one.isdigit() else " " for one in remark).split() if len(part) >= 8]
    found = list(Invoice.select().where(Invoice.number.in_(numbers)).limit(2)) if numbers else []
    return found[0].customer if len(found) == 1 else None


def _customer_owing(amount: Decimal) -> Customer | None:
    """The only customer who owes exactly this sum, in all or by one receivable."""
    by_one = Receivable.select(Receivable.customer).where(Receivable.is_open, (Receivable.amount - Receivable.paid) == amount)
    in_all = AccountBalance.select(AccountBalance.customer).where(AccountBalance.owed == amount)
    found = {row for (row,) in (*by_one.distinct().limit(2).tuples(), *in_all.limit(2).tuples())}
    return Customer.get_by_id(found.pop()) if len(found) == 1 else None
