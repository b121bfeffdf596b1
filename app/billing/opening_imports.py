"""opening_receivables.csv: what customers owed before this program began, one line per amount (interfaces, Import columns)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from app.accounts.models import User
from app.billing import accounts
from app.billing.models import Receivable, ReceivableKind
from app.core import clock, history
from app.core.errors import N_, Invalid
from app.core.importing import Column, Effect, Kind, Line, Made, Options, Reasons, date_in, fen_in, reasons_of, too_long
from app.core.money import FEN
from app.core.types import Actor
from app.customers.models import Customer

COLUMNS = (
    Column(
        "customer", N_("Customer"), "客户名称", ("客户", "单位", "单位名称", "欠款单位", "购买方"),
        is_required=True, hint=N_("The full or the short name, as it is registered here."), example="云岭市环境卫生管理中心",
    ),
    Column(
        "about", N_("What for"), "款项", ("发票号", "发票号码", "单据号", "凭证号", "摘要", "合同号"),
        is_required=True, hint=N_("Invoice number or the like; with the customer it tells amounts apart."), example="24312000",
    ),
    Column("amount", N_("Still owed"), "未收金额", ("欠款", "欠款金额", "余额", "应收余额", "金额"), is_required=True, example="12800.00"),
    Column("due_on", N_("Due on"), "到期日", ("应收日期", "到期日期", "约定付款日"), is_required=True, example="2025-06-30"),
    Column("since_on", N_("Owed since"), "发生日期", ("开票日期", "日期", "业务日期"), example="2025-05-31"),
    Column("demanded_on", N_("Last demand"), "最近催收日期", ("催收日期", "最近催款日期"), hint=N_("The last demand that can be proved.")),
    Column("person", N_("Person in charge"), "责任人", ("业务员", "经办人", "负责人"), hint=N_("Name of somebody who works here.")),
)  # fmt: skip
_MOST = {"about": 120}
_LINE_IS_BAD = N_("The line cannot be used.")
_Key = tuple[int, str]


class OpeningImporter:
    """Remembers which amounts the file had already."""

    def __init__(self, _options: Options) -> None:
        self.seen: set[_Key] = set()

    def plan(self, lines: Sequence[Line]) -> "_OpeningPlan":
        """What these lines ask for."""
        return _OpeningPlan(self, lines)

    def skip(self, lines: Sequence[Line]) -> None:
        """Remember lines that were written already."""
        self.plan(lines)


class _OpeningPlan:
    def __init__(self, importer: OpeningImporter, lines: Sequence[Line]) -> None:
        self.importer = importer
        names = {line.get("customer") for line in lines} - {""}
        known = list(Customer.select().where(Customer.name.in_(names) | Customer.short_name.in_(names)))
        self.by_name = {row.name: row for row in known}
        self.by_short: dict[str, list[Customer]] = {}
        for row in known:
            self.by_short.setdefault(row.short_name, []).append(row)
        people = User.select().where(User.name.in_({line.get("person") for line in lines} - {""}))
        self.people = {user.name: user for user in people}
        opening = Receivable.select().where(Receivable.kind == ReceivableKind.OPENING, Receivable.customer.in_(known))
        self.present = {(row.customer_id, row.about) for row in opening.where(Receivable.about.in_({line.get("about") for line in lines}))}
        self.wanted: list[tuple[Line, Customer, Decimal]] = []
        self.judgements: list[Effect | Reasons] = [self._judged(line) for line in lines]

    def _judged(self, line: Line) -> Effect | Reasons:
        try:
            return self._take(line)
        except Invalid as error:
            return reasons_of(error)

    def _take(self, line: Line) -> Effect:
        wrong = too_long(line, _MOST)
        customer, amount, due_on = self._customer(line), (fen_in(line, "amount") or 0) * FEN, date_in(line, "due_on")
        since_on, _demanded_on = date_in(line, "since_on"), date_in(line, "demanded_on")
        if customer is None:
            wrong["customer"] = N_("no customer is called exactly that")
        if not line.get("about"):
            wrong["about"] = N_("an invoice number or the like is needed")
        if amount <= 0:
            wrong["amount"] = N_("An amount is more than nothing.")
        if due_on is None:
            wrong["due_on"] = N_("a date such as 2026-11-23 is needed")
        if since_on is not None and due_on is not None and since_on > due_on:
            wrong["since_on"] = N_("it is later than the due date")
        if line.get("person") and line.get("person") not in self.people:
            wrong["person"] = N_("nobody of this name works here")
        if wrong or customer is None:
            raise Invalid(_LINE_IS_BAD, fields=wrong)
        return self._effect(line, customer, amount)

    def _effect(self, line: Line, customer: Customer, amount: Decimal) -> Effect:
        key = (customer.id, line.get("about"))
        if key in self.importer.seen:
            raise Invalid(_LINE_IS_BAD, fields={"about": N_("it stands in this file already")})
        self.importer.seen.add(key)
        if key in self.present:
            return Effect.UNCHANGED
        self.wanted.append((line, customer, amount))
        return Effect.ADDED

    def _customer(self, line: Line) -> Customer | None:
        found = self.by_short.get(line.get("customer"), [])
        return self.by_name.get(line.get("customer")) or (found[0] if len(found) == 1 else None)

    def write(self, by: Actor) -> list[Made]:
        """Open what is new."""
        made, now = [], clock.now()
        for line, customer, amount in self.wanted:
            due_on: date = date_in(line, "due_on") or now.date()
            person = self.people.get(line.get("person"))
            row = accounts.owe(
                kind=ReceivableKind.OPENING, customer=customer, amount=amount, since_on=date_in(line, "since_on") or due_on, due_on=due_on,
                at=now, demanded_on=date_in(line, "demanded_on"), about=line.get("about"), area=customer.area_id, person=person,
            )  # fmt: skip
            history.record(by, "receivable.opened", "receivable", row.id, after={"customer": customer.name, "amount": amount})
            made.append(Made(line.number, "receivable", row.id))
        return made


def remove_receivables(*, by: Actor, ids: Sequence[int]) -> None:
    """Remove opening balances again, in the running transaction. Raises ``IntegrityError`` when money was paid of one."""
    for row in Receivable.select().where(Receivable.id.in_(ids)):
        history.record(by, "receivable.removed", "receivable", row.id, before={"customer": row.customer_id, "amount": row.amount})
        Receivable.delete().where(Receivable.id == row.id).execute()
        if row.is_open:
            accounts.no_longer_owed(row)


OPENING_RECEIVABLES = Kind("opening_receivables", COLUMNS, OpeningImporter)
