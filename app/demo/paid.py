"""Money in the demo world: a transfer that pays a part, cash that a technician took, and what is owed from before."""

from datetime import datetime, timedelta
from decimal import Decimal

from app.billing import accounts, cash, payments
from app.billing.models import Receivable, ReceivableKind
from app.billing.payments import PaymentDetails
from app.core import clock
from app.demo.people import Staff, acting
from app.machines.warranty import WarrantyState
from app.work_orders.models import WorkOrder

HALF = Decimal("0.5")


def pay(staff: Staff, now: datetime) -> None:
    """A customer pays half of its invoice, another one owes since spring, a technician has cash in the pocket."""
    today = clock.day_of(now)
    owed = list(Receivable.select().where(Receivable.is_open, Receivable.kind == ReceivableKind.INVOICE).order_by(Receivable.id).limit(2))
    if owed:
        half = (owed[0].amount * HALF).quantize(Decimal(1))
        customer, since = owed[0].customer, now - timedelta(hours=20)
        details = PaymentDetails(
            way="transfer", amount=half, received_on=clock.day_of(since), payer_name=customer.name,
            bank_reference="N26112500317", remark="维修费部分付款",
        )  # fmt: skip
        payments.record(by=staff["clerk"], customer=customer, details=details, wishes=[(owed[0], half)], at=since)
    for row in owed[1:]:
        since_on = today - timedelta(days=240)
        accounts.owe(
            kind=ReceivableKind.OPENING, customer=row.customer, amount=Decimal("12800.00"), since_on=since_on,
            due_on=since_on + timedelta(days=30), at=now, about="26370218", area=row.customer.area_id,
        )  # fmt: skip
    _take_cash(now)


def _take_cash(now: datetime) -> None:
    done = WorkOrder.finished_at.is_null(False) & (WorkOrder.warranty == WarrantyState.OFF) & WorkOrder.lead.is_null(False)
    order = WorkOrder.select().where(done, WorkOrder.customer.is_null(False)).order_by(WorkOrder.finished_at.desc()).first()
    if order is not None:
        on = clock.day_of(order.finished_at)
        details = PaymentDetails(way="cash", amount=Decimal(350), received_on=on, remark="上门维修费")
        cash.take(by=acting(order.lead), order=order, details=details, at=min(now, order.finished_at + timedelta(minutes=20)))
