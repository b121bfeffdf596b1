"""Done but not invoiced, shipped but not invoiced: nothing that is to be paid falls silent (2E-12)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from peewee import Database

from app.accounts.models import Role
from app.billing import accounts, invoices, taking_back, uninvoiced
from app.billing.invoice_drafts import for_basis
from app.billing.invoices import Basis
from app.billing.models import Invoice, Receivable
from app.billing.uninvoiced import UninvoicedFilter
from app.contracts.models import Contract, ContractStatus, WarrantyRuling
from app.core import clock, db
from app.core.errors import Invalid
from app.core.types import Actor
from app.parts.models import StockPlace
from app.supply.models import PartsOrder, PartsOrderLine, Shipment, ShipmentLine
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories, money_factories
from tests.billing.test_invoices import details
from tests.personas import actor_of, make_area, make_user

ALL = UninvoicedFilter()


@pytest.fixture
def clerk(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


def done(**values: Any) -> WorkOrder:
    """A finished order off warranty that was let through in an emergency."""
    order = factories.work_order(lead=make_user(Role.TECHNICIAN), **{"status": OrderStatus.FINISHED, "warranty": "off"} | values)
    factories.gate_override(order=order)
    return order


def jobs(actor: Actor) -> list[int]:
    return [order.id for order in uninvoiced.jobs_page(actor, ALL, sort="finished_at").rows]


def test_it_works(clerk: Actor) -> None:
    order = done()
    assert jobs(clerk) == [order.id]
    invoice = money_factories.invoice(order=order)
    assert jobs(clerk) == []
    taking_back.void(by=clerk, invoice=invoice, version=1, reason="开错")
    assert jobs(clerk) == [order.id]


def test_what_nobody_pays_for_is_not_waited_for(clerk: Actor) -> None:
    done(warranty="in")
    done(rework_of=factories.work_order(lead=make_user(Role.TECHNICIAN)))
    factories.work_order(lead=make_user(Role.TECHNICIAN), status=OrderStatus.FINISHED, warranty="off")  # a diagnosis, nothing was repaired
    factories.work_order(lead=make_user(Role.TECHNICIAN), warranty="off")
    ruled = done()
    with db.transaction():
        WarrantyRuling.create(order=ruled, state="in", reason="优惠", at=clock.now(), by=clerk.user_id, by_name=clerk.name)
    assert jobs(clerk) == []


def test_a_job_by_contract_is_invoiced_by_its_contract(clerk: Actor) -> None:
    order = factories.work_order(lead=make_user(Role.TECHNICIAN), warranty="off")
    contract = money_factories.contract(ContractStatus.SIGNED, order=order)
    with db.transaction():
        Contract.update(order=order).where(Contract.id == contract.id).execute()
        WorkOrder.update(status="finished", is_out=False, finished_at=clock.now(), call_back_due_at=clock.now()).where(
            WorkOrder.id == order.id
        ).execute()
    (row,) = uninvoiced.jobs_page(clerk, ALL, sort="finished_at").rows
    assert uninvoiced.contract_of(row) == contract
    money_factories.invoice(customer=order.customer, contract=contract, order=order)
    assert jobs(clerk) == [order.id]  # only a part of it
    rest = contract.total - Decimal(113)
    money_factories.invoice(customer=order.customer, contract=contract, amount=rest, tax=Decimal(0), total=rest)
    assert jobs(clerk) == []


def test_people_of_an_area_see_their_own(clerk: Actor) -> None:
    north, south = make_area("north"), make_area("south")
    order = done(machine=factories.machine(area=north))
    assert jobs(actor_of(make_user(Role.AREA_MANAGER, areas=(north,)))) == [order.id]
    assert jobs(actor_of(make_user(Role.AREA_MANAGER, areas=(south,)))) == []


def shipment(clerk: Actor, **values: Any) -> Shipment:
    customer = factories.customer()
    now = clock.now()
    with db.transaction():
        places = [
            StockPlace.create(name=f"{kind} {now.timestamp()}", kind=kind, is_store=kind == "small") for kind in ("small", "customer")
        ]
        sold = PartsOrder.create(
            number=f"P-{now.timestamp()}", status="quote", customer=customer, total=Decimal(226), created_at=now,
            by=clerk.user_id, by_name="陈",
        )  # fmt: skip
        part = money_factories.part(price=Decimal(113))
        PartsOrderLine.create(
            order=sold, part=part, quantity=Decimal(2), price=Decimal(113), tax_rate=Decimal("0.13"), amount=Decimal(226)
        )  # fmt: skip
        given = {
            "number": f"F-{now.timestamp()}", "parts_order": sold, "from_place": places[0], "to_place": places[1], "customer": customer,
            "route": "inside", "is_chargeable": True, "sent_at": now - timedelta(days=3), "by_name": "陈",
        }  # fmt: skip
        row = Shipment.create(**given | values)
        ShipmentLine.create(shipment=row, part=part, quantity=Decimal(1))
    return row


def shipments(actor: Actor) -> list[int]:
    return [row.id for row in uninvoiced.shipments_page(actor, ALL, sort="sent_at").rows]


def test_parts_shipped_off_warranty_wait_for_their_invoice(clerk: Actor) -> None:
    sent = shipment(clerk)
    shipment(clerk, is_chargeable=False)
    assert shipments(clerk) == [sent.id]
    money_factories.invoice(customer=sent.customer, parts_order=sent.parts_order)
    assert shipments(clerk) == []


def test_an_invoice_of_a_shipment_is_filled_with_what_was_shipped(clerk: Actor) -> None:
    sent = shipment(clerk)
    draft = for_basis(Basis(shipment=sent), None, clock.now().date())
    assert draft.customer == sent.customer
    assert [(line.quantity, line.amount, line.tax) for line in draft.details.lines] == [(Decimal(1), Decimal(100), Decimal(13))]


def test_a_contract_is_invoiced_once_all_of_it_is_and_settled_once_it_is_paid(clerk: Actor) -> None:
    order = factories.work_order(lead=make_user(Role.TECHNICIAN), warranty="off")
    contract = money_factories.contract(ContractStatus.SIGNED, order=order)
    with db.transaction():
        Contract.update(status=ContractStatus.COMPLETED, completed_at=clock.now()).where(Contract.id == contract.id).execute()
    draft = for_basis(Basis(contract=Contract.get()), None, clock.now().date()).details
    assert sum(line.amount + line.tax for line in draft.lines) == contract.total
    made = invoices.register(
        by=clerk, customer=order.customer, details=details(lines=draft.lines), basis=Basis(contract=Contract.get())
    )  # fmt: skip
    assert (Contract.get().status, made.total) == (ContractStatus.INVOICED, contract.total)
    payment = money_factories.payment(customer=order.customer, amount=contract.total)
    with db.transaction():
        paid = accounts.allocate(payment=payment, receivable=Receivable.get(), amount=contract.total, at=clock.now(), by_name="陈")
    assert Contract.get().status == ContractStatus.SETTLED
    with db.transaction():
        accounts.release(allocation=paid, at=clock.now())
    assert Contract.get().status == ContractStatus.INVOICED
    taking_back.void(by=clerk, invoice=Invoice.get(), version=1, reason="开错")
    assert Contract.get().status == ContractStatus.COMPLETED


def test_a_parts_order_is_invoiced_with_its_shipment(clerk: Actor) -> None:
    sent = shipment(clerk)
    with db.transaction():
        PartsOrder.update(status="shipped", released_at=clock.now(), shipped_at=clock.now()).execute()
    basis = Basis(shipment=Shipment.get(), parts_order=PartsOrder.get())
    invoice = invoices.register(by=clerk, customer=sent.customer, details=details(), basis=basis)
    assert PartsOrder.get().status == "invoiced"
    taking_back.void(by=clerk, invoice=invoice, version=1, reason="开错")
    assert PartsOrder.get().status == "shipped"


def test_no_invoice_precedes_approval_and_signature_an_unsigned_contract_waits(clerk: Actor) -> None:
    contract = money_factories.contract(ContractStatus.APPROVED)
    with pytest.raises(Invalid):
        invoices.register(by=clerk, customer=contract.customer, details=details(), basis=Basis(contract=contract))
    assert not Invoice.select().exists()
