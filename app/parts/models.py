"""The tables of parts: catalogue, places and their ledger, and the papers that move parts: requisitions, purchases, orders, shipments."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, CompositeKey, DateField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import Area, Department, User
from app.core.db import BaseModel, InstantField, one_of
from app.core.files import StoredFile
from app.core.money import MoneyField, QuantityField, RateField
from app.customers.models import Contact, Customer
from app.machines.models import Machine, MachineModel
from app.tickets.models import Ticket
from app.work_orders.models import WorkOrder


class Supplier(BaseModel):
    """Who parts are bought from."""

    name = CharField(120, unique=True, constraints=[Check("name <> ''", name="supplier_name_is_given")])
    contact = CharField(60, default="")
    phone = CharField(30, default="")
    email = CharField(120, default="")
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)


class Part(BaseModel):
    """A part of the catalogue (配件). ``is_returned``: the old part goes back to the factory; ``warranty_months``: its own term, if any."""

    number = CharField(60, unique=True, constraints=[Check("number <> ''", name="part_number_is_given")])
    name = CharField(120, constraints=[Check("name <> ''", name="catalogue_name_is_given")])
    drawing_number = CharField(60, default="")
    unit = CharField(10, default="件")
    supplier = ForeignKeyField(Supplier, null=True, backref="parts", on_delete="RESTRICT")
    is_wear = BooleanField(default=False)
    is_returned = BooleanField(default=False)
    has_serials = BooleanField(default=False)
    warranty_months = IntegerField(null=True, constraints=[Check("warranty_months >= 0", name="part_warranty_is_not_negative")])
    price = MoneyField(null=True, constraints=[Check("price >= 0", name="part_price_is_not_negative")])
    cost = MoneyField(null=True, constraints=[Check("cost >= 0", name="part_cost_is_not_negative")])
    is_active = BooleanField(default=True)
    created_at = InstantField()
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("name",), False), (("drawing_number",), False))


class PartModel(BaseModel):
    """A model that a part fits."""

    part = ForeignKeyField(Part, backref="fits", on_delete="RESTRICT", index=False)
    model = ForeignKeyField(MachineModel, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("part", "model")


class PlaceKind(StrEnum):
    """What a place of the ledger is. Stores hold stock; the others are where parts come from and go to, so that all sums to zero."""

    MAIN = "main"
    SMALL = "small"
    VAN = "van"
    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    FACTORY = "factory"
    SCRAP = "scrap"
    OPENING = "opening"
    DIFFERENCE = "difference"


STORE_KINDS = (PlaceKind.MAIN, PlaceKind.SMALL, PlaceKind.VAN)
_STORES = ", ".join(f"'{kind}'" for kind in STORE_KINDS)


class StockPlace(BaseModel):
    """A store (main, small, a technician's van), or one of the places outside. ``is_store`` follows from ``kind``."""

    name = CharField(60, unique=True, constraints=[Check("name <> ''", name="place_name_is_given")])
    kind = CharField(12, constraints=[one_of("kind", PlaceKind)])
    is_store = BooleanField()
    keeper = ForeignKeyField(User, null=True, on_delete="RESTRICT")  # of a van: its technician
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check(f"is_store = (kind IN ({_STORES}))", name="place_is_store_follows_kind"),
            Check("(kind = 'van') = (keeper_id IS NOT NULL)", name="van_has_its_technician"),
        ]


class StockBalance(BaseModel):
    """How much of a part a place holds: the sum of its movements, kept. No store ever holds less than nothing."""

    place = ForeignKeyField(StockPlace, on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT")
    is_store = BooleanField()
    quantity = QuantityField(default=0)
    minimum = QuantityField(default=0, constraints=[Check("minimum >= 0", name="minimum_is_not_negative")])

    class Meta:
        primary_key = CompositeKey("place", "part")
        constraints = [Check("quantity >= 0 OR NOT is_store", name="no_store_holds_less_than_nothing")]


StockBalance.add_index(
    StockBalance.index(StockBalance.place, where=SQL("is_store AND minimum > 0 AND quantity < minimum"), name="stock_below_minimum")
)


class MovementKind(StrEnum):
    """Why parts moved."""

    OPENING = "opening"
    RECEIPT = "receipt"
    ISSUE = "issue"
    RETURN = "return"
    USED = "used"
    SHIPPED = "shipped"
    REPAIR_OUT = "repair_out"
    REPAIR_BACK = "repair_back"
    COUNT = "count"
    SCRAPPED = "scrapped"
    TRANSFER = "transfer"


class PartUnit(BaseModel):
    """A part with a serial number: in one place of the ledger or on one machine, never both."""

    part = ForeignKeyField(Part, backref="units", on_delete="RESTRICT", index=False)
    serial = CharField(60, constraints=[Check("serial <> ''", name="unit_serial_is_given")])
    place = ForeignKeyField(StockPlace, null=True, on_delete="RESTRICT")
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT")
    changed_at = InstantField()
    version = IntegerField(default=1)

    class Meta:
        constraints = [Check("(place_id IS NULL) <> (machine_id IS NULL)", name="a_part_is_in_one_place")]
        indexes = ((("part", "serial"), True),)


class StockMovement(BaseModel):
    """One entry of the ledger: a quantity of a part went from one place to another. Never changed. ``about`` names the paper."""

    at = InstantField()
    recorded_at = InstantField()
    kind = CharField(12, constraints=[one_of("kind", MovementKind)])
    part = ForeignKeyField(Part, on_delete="RESTRICT", index=False)
    quantity = QuantityField(constraints=[Check("quantity > 0", name="movement_is_positive")])
    from_place = ForeignKeyField(StockPlace, on_delete="RESTRICT", index=False)
    to_place = ForeignKeyField(StockPlace, on_delete="RESTRICT", index=False)
    unit = ForeignKeyField(PartUnit, null=True, on_delete="RESTRICT")
    machine = ForeignKeyField(Machine, null=True, on_delete="RESTRICT", index=False)
    about = CharField(40, default="", index=True)
    cost = MoneyField(null=True)
    remark = CharField(200, default="")
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)

    class Meta:
        constraints = [Check("from_place_id <> to_place_id", name="movement_goes_somewhere")]


for _column, _name in (
    (StockMovement.part, "stock_movement_of_part"),
    (StockMovement.from_place, "stock_movement_out"),
    (StockMovement.to_place, "stock_movement_in"),
):
    StockMovement.add_index(StockMovement.index(_column, StockMovement.at.desc(), StockMovement.id.desc(), name=_name))
StockMovement.add_index(
    StockMovement.index(
        StockMovement.machine,
        StockMovement.at.desc(),
        StockMovement.id.desc(),
        where=SQL("machine_id IS NOT NULL"),
        name="stock_movement_of_machine",
    )
)


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


class CountStatus(StrEnum):
    """States of a stock count (盘点)."""

    COUNTING = "counting"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


class StockCount(BaseModel):
    """A count of one store; its differences are booked when somebody else approves them."""

    number = CharField(20, unique=True)
    status = CharField(10, constraints=[one_of("status", CountStatus)])
    place = ForeignKeyField(StockPlace, on_delete="RESTRICT")
    started_at = InstantField()
    by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    submitted_at = InstantField(null=True)
    decided_at = InstantField(null=True)
    decided_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    decided_by_name = CharField(60, default="")
    remark = CharField(300, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [Check("decided_by_id IS NULL OR decided_by_id <> by_id", name="count_is_approved_by_another")]


StockCount.add_index(
    StockCount.index(StockCount.place, unique=True, where=SQL("status IN ('counting', 'submitted')"), name="one_open_count_of_a_store")
)


class StockCountLine(BaseModel):
    """What the books said of a part and what was counted."""

    count = ForeignKeyField(StockCount, backref="lines", on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT", index=False)
    booked = QuantityField()
    counted = QuantityField(null=True, constraints=[Check("counted >= 0", name="counted_is_not_negative")])
    remark = CharField(200, default="")

    class Meta:
        indexes = ((("count", "part"), True),)


class ReturnStatus(StrEnum):
    """States of a defective part on its way back (返司旧件)."""

    DUE = "due"
    TAGGED = "tagged"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    REPORTED = "reported"
    DECIDED = "decided"
    CLOSED = "closed"
    WAIVED = "waived"


class DefectiveReturn(BaseModel):
    """A part that came off in warranty and goes back to the factory, or is waived with a reason (2A-17)."""

    number = CharField(20, unique=True)
    qr_token = CharField(32, unique=True)
    status = CharField(12, constraints=[one_of("status", ReturnStatus)])
    part = ForeignKeyField(Part, null=True, on_delete="RESTRICT")
    part_name = CharField(120, constraints=[Check("part_name <> ''", name="returned_part_is_named")])
    part_number = CharField(60, default="")
    serial = CharField(60, default="")
    batch = CharField(40, default="")
    quantity = QuantityField(constraints=[Check("quantity > 0", name="returned_is_positive")])
    machine = ForeignKeyField(Machine, on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="returns", on_delete="RESTRICT")
    technician = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    opened_at = InstantField()
    due_on = DateField()
    tagged_at = InstantField(null=True)
    sent_at = InstantField(null=True)
    carrier = CharField(60, default="")
    waybill = CharField(60, default="")
    received_at = InstantField(null=True)
    received_by_name = CharField(60, default="")
    closed_at = InstantField(null=True)
    waived_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    waived_by_name = CharField(60, default="")
    waived_reason = CharField(300, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [Check("(status = 'waived') = (waived_reason <> '')", name="waived_return_has_a_reason")]
        indexes = ((("status", "due_on"), False), (("technician", "status"), False))


class NonconformityStatus(StrEnum):
    """States of a nonconformity report (不合格处理单): the clerk prepares, the manager submits, quality decides (product.md, 8)."""

    PREPARED = "prepared"
    SUBMITTED = "submitted"
    DECIDED = "decided"
    CLOSED = "closed"


class DefectCause(StrEnum):
    """Cause classes of a nonconformity (facts, Other forms)."""

    DESIGN = "design"
    PURCHASE = "purchase"
    MANUFACTURE = "manufacture"
    INSTALLATION = "installation"
    USE = "use"


class Disposition(StrEnum):
    """What is done with a nonconforming part."""

    REWORK = "rework"
    REPAIR = "repair"
    CONCESSION = "concession"
    SCRAP = "scrap"
    RETURN_TO_SUPPLIER = "return_to_supplier"


class Nonconformity(BaseModel):
    """The nonconformity report of a returned part (F-17)."""

    number = CharField(20, unique=True)
    returned = ForeignKeyField(DefectiveReturn, unique=True, backref="reports", on_delete="RESTRICT")
    status = CharField(10, constraints=[one_of("status", NonconformityStatus)])
    on_date = DateField()
    found_where = CharField(120, default="")
    description = TextField(constraints=[Check("description <> ''", name="nonconformity_is_described")])
    prepared_at = InstantField()
    prepared_by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    prepared_by_name = CharField(60)
    submitted_at = InstantField(null=True)
    submitted_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    submitted_by_name = CharField(60, default="")
    decided_at = InstantField(null=True)
    decided_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    decided_by_name = CharField(60, default="")
    cause = CharField(12, null=True, constraints=[one_of("cause", DefectCause)])
    disposition = CharField(20, null=True, constraints=[one_of("disposition", Disposition)])
    quality_opinion = TextField(default="")
    engineering_opinion = TextField(default="")
    purchasing_opinion = TextField(default="")
    responsibility = CharField(200, default="")
    cost = MoneyField(null=True)
    closed_at = InstantField(null=True)
    closed_by_name = CharField(60, default="")
    closing_check = CharField(300, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check(
                "(status IN ('decided', 'closed')) = (cause IS NOT NULL AND disposition IS NOT NULL AND decided_at IS NOT NULL)",
                name="verdict_is_whole",
            ),
            Check("submitted_by_id IS NULL OR submitted_by_id <> prepared_by_id", name="nonconformity_is_submitted_by_another"),
        ]
        indexes = ((("status", "prepared_at"), False),)


class NonconformityPhoto(BaseModel):
    """A photo of a nonconforming part."""

    nonconformity = ForeignKeyField(Nonconformity, backref="photos", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    at = InstantField()


class EightD(BaseModel):
    """An 8D report for serious or repeated nonconformities; each discipline has its words (facts, Other forms)."""

    nonconformity = ForeignKeyField(Nonconformity, unique=True, backref="eight_d", on_delete="RESTRICT")
    d0 = TextField(default="")
    d1 = TextField(default="")
    d2 = TextField(default="")
    d3 = TextField(default="")
    d4 = TextField(default="")
    d5 = TextField(default="")
    d6 = TextField(default="")
    d7 = TextField(default="")
    d8 = TextField(default="")
    opened_at = InstantField()
    owner = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    due_on = DateField(null=True)
    closed_at = InstantField(null=True)
    version = IntegerField(default=1)
