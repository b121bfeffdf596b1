"""Rows of parts and money with valid defaults for tests."""

import io
import itertools
import json
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.accounts.models import Role, User, UserArea
from app.billing import accounts
from app.billing.models import DunningRecord, Invoice, InvoiceLine, JobCost, Payment, Receivable, ReceivableKind
from app.contracts import approval
from app.contracts import operations as contracts
from app.contracts import signing as contract_signing
from app.contracts.models import Contract, ContractKind, ContractStatus, WarrantyExtension
from app.contracts.operations import Line, Terms
from app.core import clock, db, files
from app.core.types import Actor, system
from app.customers.models import Customer
from app.parts import counting, ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, Part, PlaceKind, StockCount, StockMovement, StockPlace
from app.returns.models import DefectiveReturn, EightD, Nonconformity, NonconformityPhoto
from app.supply import requisitions
from app.supply.models import Requisition
from app.supply.writing import Wanted
from app.work_orders.models import WorkOrder
from tests import factories
from tests.personas import actor_of, make_user

_count = itertools.count(1)


def part(**values: Any) -> Part:
    """A part of the catalogue."""
    number = next(_count)
    with db.transaction():
        return Part.create(**{"number": f"P{number:05d}", "name": f"Part {number}", "created_at": clock.now()} | values)


def van(technician: User, **values: Any) -> StockPlace:
    """The van of a technician, with two pieces of a part on it."""
    with db.transaction():
        area = UserArea.select().where(UserArea.user == technician).first()
        place = StockPlace.create(
            **{"name": f"Van {next(_count)}", "kind": PlaceKind.VAN, "is_store": True, "keeper": technician, "area": area and area.area}
            | values
        )
    stock(part(), 2, place)
    return place


def stock_count(place: StockPlace | None = None) -> StockCount:
    """A count of the main store (or ``place``), begun by a clerk."""
    return counting.start(by=actor_of(make_user(Role.CLERK, name="陈文员")), place=place or ledger.place_of(PlaceKind.MAIN))


def stock(what: Part, quantity: object, place: StockPlace | None = None, **values: Any) -> StockMovement:
    """A receipt from the supplier: the main store (or ``place``) holds ``quantity`` more."""
    with db.transaction():
        target = place or ledger.place_of(PlaceKind.MAIN)
        wanted = {
            "kind": MovementKind.RECEIPT, "part": what, "quantity": Decimal(str(quantity)), "to_place": target,
            "from_place": ledger.place_of(PlaceKind.SUPPLIER),
        }  # fmt: skip
        return ledger.move(system("tests"), Move(**wanted | values), clock.now())


def payment(**values: Any) -> Payment:
    """A confirmed bank transfer of a customer (a new one unless given); it stands on the customer's account."""
    number, now = next(_count), clock.now()
    owner = values.pop("customer", None) or factories.customer()
    defaults = {
        "number": f"S9901-{number:04d}", "customer": owner, "way": "transfer", "amount": Decimal(100), "received_on": now.date(),
        "recorded_at": now, "by_name": "陈文员", "confirmed_at": now, "confirmed_by_name": "陈文员",
    }  # fmt: skip
    with db.transaction():
        row = Payment.create(**defaults | values)
        if row.confirmed_at is not None:
            accounts.paid_in(row)
    return row


def contract_terms(**values: Any) -> Terms:
    """What a repair contract of one line of 1,200 yuan says; ``price`` changes it."""
    line = Line(text="更换油缸密封", quantity=Decimal(1), unit="套", price=values.pop("price", Decimal(1200)), tax_rate=Decimal("0.13"))
    return Terms(**{"kind": ContractKind.REPAIR, "title": "更换油缸密封", "lines": [line]} | values)


def contract(status: ContractStatus = ContractStatus.DRAFT, **values: Any) -> Contract:
    """A repair contract on its way as far as ``status``: drafted by the clerk, approved by another; ``order`` or ``machine`` may be given.

    ``terms`` are those of ``contract_terms``, ``by`` its author.
    """
    author = values.pop("by", None) or actor_of(make_user(Role.CLERK, name="陈文员"))
    order, machine = values.pop("order", None), values.pop("machine", None)
    if order is not None:
        about = contracts.about_order(order)
    else:
        machine = machine or factories.machine()
        about = contracts.About(customer=machine.customer, machine=machine)
    made = contracts.draft(by=author, about=about, terms=contract_terms(**values))
    if status == ContractStatus.DRAFT:
        return made
    contracts.submit(by=author, contract=made, version=made.version)
    if status == ContractStatus.SUBMITTED:
        return made
    manager = actor_of(make_user(Role.MANAGER, name="刘经理"))
    if status == ContractStatus.REJECTED:
        approval.reject(by=manager, contract=made, version=made.version, remark="太贵")
        return made
    approval.approve(by=manager, contract=made, version=made.version)
    if status != ContractStatus.APPROVED:
        contract_signing.sign(by=author, contract=made, drawn=drawn(made))
    return made


def drawn(made: Contract, signer: str = "王站长") -> contract_signing.Drawn:
    """A signature of the customer under ``made``."""
    strokes = [[[150 + 20 * n, 220 + (n % 3) * 12, 40 * n] for n in range(16)]]
    return contract_signing.Drawn(signer=signer, strokes=json.dumps(strokes), seen=made.digest or "")


def invoice(**values: Any) -> Invoice:
    """A fully digital invoice of 113 with tax with one line, issued today and owed by its customer (a new one unless given)."""
    now, number = clock.now(), next(_count)
    order = values.get("order")
    owner = values.pop("customer", None) or (order.customer if order else factories.customer())
    today = clock.day_of(now)
    defaults = {
        "number": f"{today.year % 100:02d}{number:018d}", "kind": "digital_special", "status": "issued", "issued_on": today,
        "customer": owner, "area": owner.area_id, "buyer_name": owner.name, "amount": Decimal(100),
        "tax": Decimal(13), "total": Decimal(113), "registered_at": now, "by_name": "陈文员",
    }  # fmt: skip
    with db.transaction():
        row = Invoice.create(**defaults | values)
        InvoiceLine.create(invoice=row, position=1, name="*修理修配劳务*维修费", amount=row.amount, tax_rate=Decimal("0.13"), tax=row.tax)
        if row.total > 0:
            accounts.owe(
                kind=ReceivableKind.INVOICE, customer=owner, amount=row.total, since_on=row.issued_on, at=now, invoice=row,
                due_on=row.issued_on + timedelta(days=30), order=order, area=row.area_id,
            )  # fmt: skip
    return row


def stocked(place_kind: PlaceKind = PlaceKind.MAIN, quantity: object = 10, **values: Any) -> Part:
    """A part of which a store holds ``quantity``."""
    made, supplier = part(**values), ledger.place_of(PlaceKind.SUPPLIER)
    with db.transaction():
        wanted = Move(
            kind=MovementKind.RECEIPT, part=made, quantity=Decimal(str(quantity)), from_place=supplier, to_place=ledger.place_of(place_kind)
        )  # fmt: skip
        ledger.move(system("tests"), wanted, clock.now())
    return made


def requisition(*, technician: User, order: WorkOrder | None = None, lines: Sequence[Wanted] = (), **values: Any) -> Requisition:
    """A requisition from the main store that the technician asked for."""
    asker = Actor(technician.id, technician.name, permissions=frozenset({requisitions.ASK}), area_ids=None)
    wanted, store = lines or [Wanted(stocked(), Decimal(2))], ledger.place_of(PlaceKind.MAIN)
    return requisitions.ask(by=asker, technician=technician, order=order, from_place=store, lines=wanted, **values)


def returned(**values: Any) -> DefectiveReturn:
    """A part that is due back, of a finished order (a new one unless given)."""
    number, now = next(_count), clock.now()
    lead = values.get("technician") or make_user(Role.TECHNICIAN)
    order = values.pop("order", None) or factories.work_order(status="finished", lead=lead)
    defaults = {
        "number": f"J9901-{number:04d}", "qr_token": f"tag-{number}", "status": "due", "part_name": "油泵", "part_number": f"P-{number}",
        "quantity": Decimal(1), "machine": order.machine_id or factories.machine(), "order": order, "technician": order.lead_id,
        "opened_at": now, "due_on": now.date() + timedelta(days=15),
    }  # fmt: skip
    with db.transaction():
        return DefectiveReturn.create(**defaults | values)


def receivable(**values: Any) -> Receivable:
    """An opening balance of a customer (a new one unless given), due ``overdue`` days ago (in 30 days unless given)."""
    today = clock.today()
    due = today - timedelta(days=values.pop("overdue", -30))
    owner = values.pop("customer", None) or factories.customer()
    defaults = {
        "kind": ReceivableKind.OPENING, "customer": owner, "amount": Decimal(100), "since_on": min(due, today), "due_on": due,
        "at": clock.now(), "area": owner.area_id, "about": "期初",
    }  # fmt: skip
    with db.transaction():
        return accounts.owe(**defaults | values)


def account_of(customer: Customer, **values: Any) -> Payment:
    """A payment with its proof that pays half of what a customer owes; ``values`` are the payment's."""
    owed = receivable(customer=customer)
    with db.transaction():
        proof = files.store(by=system("tests"), name="proof.png", stream=io.BytesIO(factories.picture()))
    row = payment(customer=customer, area=customer.area_id, proof=proof, **values)
    with db.transaction():
        accounts.allocate(payment=row, receivable=owed, amount=Decimal(50), at=clock.now(), by_name="陈文员")
    return row


def demanded(**values: Any) -> DunningRecord:
    """A letter that a customer (a new one unless given) got."""
    owner = values.pop("customer", None) or factories.customer()
    defaults = {"customer": owner, "act": "letter", "at": clock.now(), "by_name": "陈文员", "result": "sent"}
    with db.transaction():
        return DunningRecord.create(**defaults | values)


def nonconformity(**values: Any) -> Nonconformity:
    """A prepared nonconformity report with a photo and an 8D report; of a returned part (a new one unless given)."""
    number, now = next(_count), clock.now()
    about = values.pop("returned", None) or returned(status="reported")
    defaults = {
        "number": f"B9901-{number:04d}", "returned": about, "status": "prepared", "on_date": now.date(), "description": "泵体裂纹",
        "prepared_at": now, "prepared_by_name": "陈文员",
    }  # fmt: skip
    if "prepared_by" not in values:
        values["prepared_by"] = make_user(Role.CLERK)
    with db.transaction():
        file = files.store(by=system("tests"), name="part.png", stream=io.BytesIO(factories.picture()))
        report = Nonconformity.create(**defaults | values)
        NonconformityPhoto.create(nonconformity=report, file=file, at=now)
        EightD.create(nonconformity=report, opened_at=now)
    return report


def extension(**values: Any) -> WarrantyExtension:
    """An extension of a machine's warranty (a new one unless given) that was over before anything of the tests."""
    about = values.pop("machine", None) or factories.machine()
    defaults = {"machine": about, "until_on": date(2001, 1, 1), "reason": "销售合同约定", "at": clock.now(), "by_name": "赵副经理"}
    with db.transaction():
        return WarrantyExtension.create(**defaults | values)


def cost(**values: Any) -> JobCost:
    """A hotel of 200 on a job (a new one unless given), today."""
    now = clock.now()
    job = values.pop("order", None) or factories.work_order(lead=make_user(Role.TECHNICIAN))
    day = clock.day_of(now)
    defaults = {"order": job, "kind": "other", "amount": Decimal(200), "on_date": day, "is_computed": False, "remark": "住宿", "at": now}
    with db.transaction():
        return JobCost.create(**defaults | {"by_name": "陈文员"} | values)
