"""Debts and demands of the demo world: old balances, calls, a promise that runs and one broken, a service stop, costs."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from app.billing import accounts, costs, dunning, ladder, stops
from app.billing.dunning import Demand
from app.billing.models import DunningAct, ReceivableKind
from app.core import clock, db
from app.customers.models import Customer
from app.demo.people import Staff
from app.work_orders.models import DONE_STATUSES, WorkOrder

# Days overdue, amount, what it is for.
DEBTS = (
    (4, "1280.00", "2026年第三季度保养"),
    (22, "6420.50", "泵站维修"),
    (38, "3980.00", "油缸密封更换"),
    (67, "18600.00", "年度维保合同尾款"),
    (950, "2400.00", "期初欠款"),
)


def press(staff: Staff, now: datetime) -> None:
    """Open old balances and press some of their debtors."""
    today = clock.day_of(now)
    debtors = list(Customer.select().order_by(Customer.id).limit(len(DEBTS)))
    for customer, (days, amount, about) in zip(debtors, DEBTS, strict=False):
        _owe(customer, today - timedelta(days=days), Decimal(amount), about, now)
    steps = {step.days: step for step in ladder.steps()}
    by, demands = staff["clerk"], (
        (1, 4, Demand(act=DunningAct.CALL, step=steps[1], result="财务出差，下周再联系。", next_on=today + timedelta(days=3))),
        (2, 9, Demand(act=DunningAct.CALL, step=steps[15], result="站长答应月底前付清。", promised_on=today - timedelta(days=2))),
        (3, 5, Demand(act=DunningAct.CALL, step=steps[30], result="已报区财政审批。", promised_on=today + timedelta(days=9))),
    )  # fmt: skip
    for number, days, wanted in demands:
        if number < len(debtors):
            dunning.demand(by=by, customer=debtors[number], wanted=wanted, at=now - timedelta(days=days))
    if len(debtors) > 3:
        stops.stop(by=staff["manager"], customer=debtors[3], reason="逾期 60 天以上，付清前暂停保外服务。", at=now - timedelta(days=2))
    _cost(staff, now, today)


def _owe(customer: Customer, due_on: date, amount: Decimal, about: str, at: datetime) -> None:
    with db.transaction():
        accounts.owe(
            kind=ReceivableKind.OPENING, customer=customer, amount=amount, since_on=due_on - timedelta(days=30), due_on=due_on,
            about=about, area=customer.area_id, at=at,
        )  # fmt: skip


def _cost(staff: Staff, now: datetime, today: date) -> None:
    """The costs of the past, and one that nothing else knows of."""
    costs.look(now)
    order = WorkOrder.select().where(WorkOrder.status.in_(DONE_STATUSES)).order_by(WorkOrder.finished_at.desc()).first()
    if order is not None:
        costs.add(by=staff["clerk"], order=order, kind="other", amount=Decimal(260), on_date=today, remark="山路，住宿一晚", at=now)
