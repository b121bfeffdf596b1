"""Invoices of the demo world: customers' invoice data, some invoices on their way, one taken back in part."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.billing import billing_data, deliveries, invoice_drafts, invoices, taking_back
from app.billing.billing_data import BillingDetails
from app.billing.deliveries import Sending
from app.billing.invoices import Basis, InvoiceDetails, LineDetails
from app.billing.models import DeliveryWay, Invoice, InvoiceKind
from app.core import clock
from app.core.money import rounded
from app.demo.paperwork import STROKES
from app.demo.people import Staff
from app.machines.warranty import WarrantyState
from app.work_orders import gate
from app.work_orders.models import DONE_STATUSES, WorkOrder

SELLER, SELLER_TAX_NUMBER = "云岭环保装备有限公司", "91530100MA6K3XYZ0G"
ODD = "演示数据，非真实税号。"
LINES = (
    (("*修理修配劳务*维修费", "次", "1", "1800.00", "0.13"), ("*专用设备*回油滤芯", "件", "2", "345.13", "0.13")),
    (("*修理修配劳务*维修费", "次", "1", "2600.00", "0.13"), ("*专用设备*接近开关", "件", "1", "185.84", "0.13")),
    (("*现代服务*设备维护保养费", "次", "1", "4500.00", "0.06"),),
    (("*专用设备*油缸密封件", "套", "3", "212.39", "0.13"), ("*修理修配劳务*维修费", "次", "1", "1200.00", "0.13")),
)


def write_down(staff: Staff, now: datetime) -> None:
    """Register invoices of finished jobs off warranty and send some of them."""
    by, today = staff["clerk"], clock.day_of(now)
    query = WorkOrder.select().where(WorkOrder.status.in_(DONE_STATUSES), WorkOrder.customer.is_null(False))
    jobs = list(query.where(WorkOrder.warranty != WarrantyState.IN).order_by(WorkOrder.finished_at.desc()).limit(5))
    if jobs:
        gate.override(by=staff["deputy"], order=jobs[0], reason="站里停运，先修后补合同。", at=now - timedelta(hours=6))
    for number, order in enumerate(jobs[1:]):
        data = BillingDetails(
            title=order.customer.name, tax_number="91530000" + f"{order.customer_id:010d}", tax_number_reason=ODD,
            address=order.site.address if order.site else "", phone="0871-60000000", bank="云岭农商银行城东支行",
            account=f"6200 {order.customer_id:04d} 0000 1234",
        )  # fmt: skip
        if billing_data.of(order.customer) is None:
            billing_data.save(by=by, customer=order.customer, details=data, version=0, at=now)
        issued_on = max(today - timedelta(days=18 - 5 * number), clock.day_of(order.finished_at))
        invoice = _register(staff, order, number, issued_on, now)
        _send(staff, invoice, number, now)


def _register(staff: Staff, order: WorkOrder, number: int, issued_on: date, at: datetime) -> Invoice:
    lines = [_line(*texts) for texts in LINES[number % len(LINES)]]
    draft = invoice_drafts.for_basis(Basis(order=order), order.customer, issued_on).details
    details = InvoiceDetails(
        kind=InvoiceKind.DIGITAL_SPECIAL, number=f"{issued_on.year % 100:02d}532{number:015d}", issued_on=issued_on,
        buyer_name=draft.buyer_name, buyer_tax_number=draft.buyer_tax_number, tax_number_reason=draft.tax_number_reason or ODD,
        seller_name=SELLER, seller_tax_number=SELLER_TAX_NUMBER, lines=lines, issuer="陈晓燕",
    )  # fmt: skip
    return invoices.register(by=staff["clerk"], customer=order.customer, details=details, basis=Basis(order=order), at=at)


def _line(name: str, unit: str, quantity: str, price: str, rate: str) -> LineDetails:
    amount = rounded(Decimal(quantity) * Decimal(price))
    return LineDetails(
        name=name, unit=unit, quantity=Decimal(quantity), price=Decimal(price), amount=amount, tax_rate=Decimal(rate),
        tax=rounded(amount * Decimal(rate)),
    )  # fmt: skip


def _send(staff: Staff, invoice: Invoice, number: int, now: datetime) -> None:
    by = staff["clerk"]
    if number == 0:
        sending = Sending(way=DeliveryWay.COURIER, carrier="顺丰", waybill="SF1000200030004", receiver="财务科")
        deliveries.send(by=by, invoice=invoice, version=invoice.version, sending=sending, at=now - timedelta(days=9))
    elif number == 1:
        strokes = json.dumps(STROKES)
        deliveries.hand_over(
            by=by, invoice=invoice, version=invoice.version, receiver="张会计", strokes=strokes, at=now - timedelta(days=4)
        )
    elif number == 2:
        part = invoice_drafts.of_invoice(invoice, is_red=True)
        red = InvoiceDetails(
            kind=part.kind, number=f"{invoice.number[:2]}532{900 + number:015d}", issued_on=invoice.issued_on, buyer_name=part.buyer_name,
            buyer_tax_number=part.buyer_tax_number, tax_number_reason=part.tax_number_reason, seller_name=part.seller_name,
            seller_tax_number=part.seller_tax_number, lines=[_line("*现代服务*设备维护保养费", "次", "-1", "500.00", "0.06")],
        )  # fmt: skip
        taking_back.register_red(by=by, blue=invoice, details=red, at=now)
