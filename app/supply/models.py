"""The tables of the papers that move parts: requisitions, purchase requests, customers' orders of parts, shipments."""

from enum import StrEnum

from peewee import BooleanField, CharField, Check, DateField, ForeignKeyField, IntegerField

from app.accounts.models import Area, Department, User
from app.core.db import BaseModel, InstantField, one_of
from app.core.money import MoneyField, QuantityField, RateField
from app.customers.models import Contact, Customer
from app.machines.models import Machine
from app.parts.models import Part, PartUnit, StockPlace
from app.tickets.models import Ticket
from app.work_orders.models import WorkOrder


class RequisitionStatus(StrEnum):
    """States of a requisition (领料单): asked for, approved by the manager, issued, closed when all was used or returned."""

    REQUESTED = "requested"
    APPROVED = "approved"
    ISSUED = "issued"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Requisition(BaseModel):
    """A technician draws parts from a store into the van (2A-10, F-19)."""

    number = CharField(20, unique=True)
    status = CharField(12, constraints=[one_of("status", RequisitionStatus)])
    technician = ForeignKeyField(User, on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="requisitions", on_delete="RESTRICT")
    from_place = ForeignKeyField(StockPlace, on_delete="RESTRICT", index=False)
    to_place = ForeignKeyField(StockPlace, on_delete="RESTRICT", index=False)
    remark = CharField(300, default="")
    requested_at = InstantField()
    requested_by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    requested_by_name = CharField(60)
    decided_at = InstantField(null=True)
    decided_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    decided_by_name = CharField(60, default="")
    decision = CharField(300, default="")
    issued_at = InstantField(null=True)
    issued_by_name = CharField(60, default="")
    closed_at = InstantField(null=True)
    version = IntegerField(default=1)

    class Meta:
        constraints = [Check("decided_by_id IS NULL OR decided_by_id <> requested_by_id", name="requisition_is_decided_by_another")]
        indexes = ((("status", "requested_at"), False),)


class RequisitionLine(BaseModel):
    """One part of a requisition: asked for, issued, and what became of it."""

    requisition = ForeignKeyField(Requisition, backref="lines", on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT", index=False)
    asked = QuantityField(constraints=[Check("asked > 0", name="asked_is_positive")])
    issued = QuantityField(default=0)
    used = QuantityField(default=0)
    returned = QuantityField(default=0)

    class Meta:
        constraints = [
            Check("issued >= 0 AND issued <= asked", name="no_more_is_issued_than_asked"),
            Check("used >= 0 AND returned >= 0 AND used + returned <= issued", name="no_more_is_used_than_issued"),
        ]
        indexes = ((("requisition", "part"), True),)


class PurchaseStatus(StrEnum):
    """States of a purchase request (采购单)."""

    DRAFT = "draft"
    SENT = "sent"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class PurchaseRequest(BaseModel):
    """What the purchasing office is asked to buy (2A-13, F-18)."""

    number = CharField(20, unique=True)
    status = CharField(16, constraints=[one_of("status", PurchaseStatus)])
    department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", index=False)
    to_place = ForeignKeyField(StockPlace, on_delete="RESTRICT", index=False)
    order = ForeignKeyField(WorkOrder, null=True, on_delete="RESTRICT")  # the order that waits for these parts
    wanted_on = DateField(null=True)
    remark = CharField(300, default="")
    created_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    sent_at = InstantField(null=True)
    received_at = InstantField(null=True)
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("status", "created_at"), False),)


class PurchaseLine(BaseModel):
    """One part of a purchase request."""

    request = ForeignKeyField(PurchaseRequest, backref="lines", on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT")
    asked = QuantityField(constraints=[Check("asked > 0", name="purchase_is_positive")])
    received = QuantityField(default=0, constraints=[Check("received >= 0", name="received_is_not_negative")])
    cost = MoneyField(null=True)

    class Meta:
        indexes = ((("request", "part"), True),)


class PartsOrderStatus(StrEnum):
    """States of a customer's order of parts (配件订单)."""

    QUOTE = "quote"
    PAID = "paid"
    CREDIT_APPROVED = "credit_approved"
    SHIPPED = "shipped"
    RECEIVED = "received"
    INVOICED = "invoiced"
    CANCELLED = "cancelled"


class PartsOrder(BaseModel):
    """A customer buys parts: quoted, paid first or credit approved, shipped, received, invoiced. ``total`` includes tax."""

    number = CharField(20, unique=True)
    status = CharField(16, constraints=[one_of("status", PartsOrderStatus)])
    customer = ForeignKeyField(Customer, on_delete="RESTRICT")
    contact = ForeignKeyField(Contact, null=True, on_delete="RESTRICT", index=False)
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT")
    ticket = ForeignKeyField(Ticket, null=True, on_delete="RESTRICT")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")
    address = CharField(200, default="")
    remark = CharField(300, default="")
    total = MoneyField(default=0)
    created_at = InstantField()
    by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    released_at = InstantField(null=True)  # when it was paid or the credit was approved
    released_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    released_by_name = CharField(60, default="")
    release_reason = CharField(300, default="")
    shipped_at = InstantField(null=True)
    received_at = InstantField(null=True)
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("status NOT IN ('shipped', 'received', 'invoiced') OR released_at IS NOT NULL", name="nothing_ships_unreleased"),
            Check(
                "status <> 'credit_approved' OR (released_by_id IS NOT NULL AND released_by_id <> by_id)",
                name="credit_is_approved_by_another",
            ),
        ]
        indexes = ((("status", "created_at"), False),)


class PartsOrderLine(BaseModel):
    """One part of a customer's order; ``amount`` includes tax."""

    order = ForeignKeyField(PartsOrder, backref="lines", on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT", index=False)
    quantity = QuantityField(constraints=[Check("quantity > 0", name="ordered_is_positive")])
    price = MoneyField(constraints=[Check("price >= 0", name="ordered_price_is_not_negative")])
    tax_rate = RateField(default=0)
    amount = MoneyField(default=0)

    class Meta:
        indexes = ((("order", "part"), True),)


class Route(StrEnum):
    """Where a shipment goes (2A-11, 2A-12)."""

    INSIDE = "inside"
    OUTSIDE = "outside"


class Shipment(BaseModel):
    """Parts on their way: carrier, waybill, receiver, when they arrived (发货). For a parts order, a work order, or factory repair."""

    number = CharField(20, unique=True)
    parts_order = ForeignKeyField(PartsOrder, null=True, backref="shipments", on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="shipments", on_delete="RESTRICT")
    from_place = ForeignKeyField(StockPlace, on_delete="RESTRICT", index=False)
    to_place = ForeignKeyField(StockPlace, on_delete="RESTRICT", index=False)
    customer = ForeignKeyField(Customer, null=True, on_delete="RESTRICT")
    route = CharField(10, constraints=[one_of("route", Route)])
    carrier = CharField(60, default="")
    waybill = CharField(60, default="")
    receiver = CharField(60, default="")
    phone = CharField(30, default="")
    address = CharField(200, default="")
    cost = MoneyField(null=True)
    is_chargeable = BooleanField(default=False)  # off warranty: it must be invoiced
    gate_way = CharField(20, default="")  # by which way it passed the warranty gate, and the proof
    gate_proof = CharField(200, default="")
    sent_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    received_at = InstantField(null=True)
    received_by_name = CharField(60, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [Check("NOT is_chargeable OR gate_way <> '' OR parts_order_id IS NOT NULL", name="shipment_passed_the_gate")]
        indexes = ((("sent_at",), False),)


class ShipmentLine(BaseModel):
    """One part of a shipment."""

    shipment = ForeignKeyField(Shipment, backref="lines", on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT", index=False)
    quantity = QuantityField(constraints=[Check("quantity > 0", name="shipped_is_positive")])
    unit = ForeignKeyField(PartUnit, null=True, on_delete="RESTRICT", index=False)


ShipmentLine.add_index(ShipmentLine.index(ShipmentLine.shipment, ShipmentLine.part, name="shipment_line_of_shipment"))
