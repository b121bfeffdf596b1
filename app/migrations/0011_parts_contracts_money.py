"""Parts with their ledger and papers; contracts; invoices, receivables, payments, dunning, costs.

Frozen copies of the models as they were; later migrations change what stands here.
"""
# ruff: noqa: E501

from enum import StrEnum
from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Database,
    DateField,
    FixedCharField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)
from playhouse.migrations import SchemaMigrator


class BaseModel(Model):
    class Meta:
        legacy_table_names = False


class InstantField(BigIntegerField):
    pass


class MoneyField(BigIntegerField):
    pass


class QuantityField(BigIntegerField):
    pass


class RateField(BigIntegerField):
    pass


def one_of(column: str, values: Any) -> Check:
    allowed = ", ".join(f"'{value}'" for value in values)
    return Check(f"{column} IN ({allowed})", name=f"{column}_is_known")


# What stands already and is only referred to here.


class Area(BaseModel):
    pass


class Department(BaseModel):
    pass


class User(BaseModel):
    class Meta:
        table_name = "person"


class Customer(BaseModel):
    service_stopped_at = InstantField(null=True)


class Contact(BaseModel):
    pass


class Machine(BaseModel):
    pass


class MachineModel(BaseModel):
    pass


class StoredFile(BaseModel):
    id = CharField(32, primary_key=True)


class Ticket(BaseModel):
    pass


class WorkOrder(BaseModel):
    pass


# What is new.


class Supplier(BaseModel):
    name = CharField(120, unique=True, constraints=[Check("name <> ''", name="supplier_name_is_given")])
    contact = CharField(60, default="")
    phone = CharField(30, default="")
    email = CharField(120, default="")
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)


class Part(BaseModel):
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
    part = ForeignKeyField(Part, backref="fits", on_delete="RESTRICT", index=False)
    model = ForeignKeyField(MachineModel, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("part", "model")


class PlaceKind(StrEnum):
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
    REQUESTED = "requested"
    APPROVED = "approved"
    ISSUED = "issued"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Requisition(BaseModel):
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
    DRAFT = "draft"
    SENT = "sent"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class PurchaseRequest(BaseModel):
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
    request = ForeignKeyField(PurchaseRequest, backref="lines", on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT")
    asked = QuantityField(constraints=[Check("asked > 0", name="purchase_is_positive")])
    received = QuantityField(default=0, constraints=[Check("received >= 0", name="received_is_not_negative")])
    cost = MoneyField(null=True)

    class Meta:
        indexes = ((("request", "part"), True),)


class PartsOrderStatus(StrEnum):
    QUOTE = "quote"
    PAID = "paid"
    CREDIT_APPROVED = "credit_approved"
    SHIPPED = "shipped"
    RECEIVED = "received"
    INVOICED = "invoiced"
    CANCELLED = "cancelled"


class PartsOrder(BaseModel):
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
    order = ForeignKeyField(PartsOrder, backref="lines", on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT", index=False)
    quantity = QuantityField(constraints=[Check("quantity > 0", name="ordered_is_positive")])
    price = MoneyField(constraints=[Check("price >= 0", name="ordered_price_is_not_negative")])
    tax_rate = RateField(default=0)
    amount = MoneyField(default=0)

    class Meta:
        indexes = ((("order", "part"), True),)


class Route(StrEnum):
    INSIDE = "inside"
    OUTSIDE = "outside"


class Shipment(BaseModel):
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
    shipment = ForeignKeyField(Shipment, backref="lines", on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT", index=False)
    quantity = QuantityField(constraints=[Check("quantity > 0", name="shipped_is_positive")])
    unit = ForeignKeyField(PartUnit, null=True, on_delete="RESTRICT", index=False)


ShipmentLine.add_index(ShipmentLine.index(ShipmentLine.shipment, ShipmentLine.part, name="shipment_line_of_shipment"))


class CountStatus(StrEnum):
    COUNTING = "counting"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


class StockCount(BaseModel):
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
    count = ForeignKeyField(StockCount, backref="lines", on_delete="RESTRICT", index=False)
    part = ForeignKeyField(Part, on_delete="RESTRICT", index=False)
    booked = QuantityField()
    counted = QuantityField(null=True, constraints=[Check("counted >= 0", name="counted_is_not_negative")])
    remark = CharField(200, default="")

    class Meta:
        indexes = ((("count", "part"), True),)


class ReturnStatus(StrEnum):
    DUE = "due"
    TAGGED = "tagged"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    REPORTED = "reported"
    DECIDED = "decided"
    CLOSED = "closed"
    WAIVED = "waived"


class DefectiveReturn(BaseModel):
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
    PREPARED = "prepared"
    SUBMITTED = "submitted"
    DECIDED = "decided"
    CLOSED = "closed"


class DefectCause(StrEnum):
    DESIGN = "design"
    PURCHASE = "purchase"
    MANUFACTURE = "manufacture"
    INSTALLATION = "installation"
    USE = "use"


class Disposition(StrEnum):
    REWORK = "rework"
    REPAIR = "repair"
    CONCESSION = "concession"
    SCRAP = "scrap"
    RETURN_TO_SUPPLIER = "return_to_supplier"


class Nonconformity(BaseModel):
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
    nonconformity = ForeignKeyField(Nonconformity, backref="photos", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    at = InstantField()


class EightD(BaseModel):
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


class ContractKind(StrEnum):
    REPAIR = "repair"
    AGREEMENT = "agreement"
    QUOTE = "quote"


class ContractStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    SIGNED = "signed"
    IN_EXECUTION = "in_execution"
    COMPLETED = "completed"
    INVOICED = "invoiced"
    SETTLED = "settled"
    VOID = "void"


# Signed by the customer and not ended: what it says may be done.
IN_FORCE = (ContractStatus.SIGNED, ContractStatus.IN_EXECUTION, ContractStatus.COMPLETED, ContractStatus.INVOICED, ContractStatus.SETTLED)
_DECIDED = "status IN ('approved', 'signed', 'in_execution', 'completed', 'invoiced', 'settled')"


class TaxRate(BaseModel):
    name_zh = CharField(60)
    name_en = CharField(60)
    rate = RateField(constraints=[Check("rate >= 0", name="tax_rate_is_not_negative")])
    valid_from = DateField()

    class Meta:
        indexes = ((("name_zh", "valid_from"), True),)


class ContractTemplate(BaseModel):
    kind = CharField(12, constraints=[one_of("kind", ContractKind)])
    name = CharField(80, unique=True)
    text = TextField()
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)


class Contract(BaseModel):
    number = CharField(20, unique=True)
    kind = CharField(12, constraints=[one_of("kind", ContractKind)])
    status = CharField(14, constraints=[one_of("status", ContractStatus)])
    customer = ForeignKeyField(Customer, backref="contracts", on_delete="RESTRICT", index=False)
    contact = ForeignKeyField(Contact, null=True, on_delete="RESTRICT", index=False)
    machine = ForeignKeyField(Machine, null=True, backref="contracts", on_delete="RESTRICT", index=False)
    ticket = ForeignKeyField(Ticket, null=True, on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="contracts", on_delete="RESTRICT")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    amends = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    title = CharField(200, constraints=[Check("title <> ''", name="contract_title_is_given")])
    text = TextField(default="")
    valid_from = DateField(null=True)
    valid_until = DateField(null=True)
    payment_days = IntegerField(default=30, constraints=[Check("payment_days >= 0", name="payment_days_are_not_negative")])
    retention_rate = RateField(
        default=0, constraints=[Check("retention_rate >= 0 AND retention_rate <= 10000", name="retention_is_a_share")]
    )
    total = MoneyField(default=0, constraints=[Check("total >= 0", name="contract_total_is_not_negative")])
    cost = MoneyField(null=True)
    discount_reason = CharField(300, default="")
    author = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    author_name = CharField(60)
    created_at = InstantField()
    changed_at = InstantField()
    submitted_at = InstantField(null=True)
    decided_at = InstantField(null=True)
    decided_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    decided_by_name = CharField(60, default="")
    decided_for_name = CharField(60, default="")
    remark = CharField(500, default="")
    single_reason = CharField(300, default="")
    content = TextField(default="")
    digest = FixedCharField(64, null=True)
    signed_at = InstantField(null=True)
    signer_name = CharField(60, default="")
    strokes = TextField(default="")
    scan = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    completed_at = InstantField(null=True)
    void_reason = CharField(300, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("decided_by_id IS NULL OR decided_by_id <> author_id OR single_reason <> ''", name="contract_is_approved_by_another"),
            Check(f"NOT ({_DECIDED}) OR (decided_at IS NOT NULL AND digest IS NOT NULL)", name="approved_contract_has_its_content"),
            Check(
                "status NOT IN ('signed', 'in_execution', 'completed', 'invoiced', 'settled')"
                " OR (signed_at IS NOT NULL AND (strokes <> '' OR scan_id IS NOT NULL))",
                name="signed_contract_has_its_signature",
            ),
            Check("(status = 'void') = (void_reason <> '')", name="void_contract_has_a_reason"),
            Check(
                "kind <> 'agreement' OR (valid_from IS NOT NULL AND valid_until IS NOT NULL AND valid_until >= valid_from)",
                name="agreement_has_its_term",
            ),
        ]


Contract.add_index(Contract.index(Contract.status, Contract.changed_at.desc(), Contract.id.desc(), name="contract_by_status"))
Contract.add_index(Contract.index(Contract.created_at.desc(), Contract.id.desc(), name="contract_by_creation"))
Contract.add_index(Contract.index(Contract.customer, Contract.created_at.desc(), name="contract_of_customer"))
Contract.add_index(
    Contract.index(
        Contract.machine, Contract.created_at.desc(), Contract.id.desc(), where=SQL("machine_id IS NOT NULL"), name="contract_of_machine"
    )
)


class ContractLine(BaseModel):
    contract = ForeignKeyField(Contract, backref="lines", on_delete="RESTRICT", index=False)
    position = IntegerField()
    text = CharField(200, constraints=[Check("text <> ''", name="contract_line_is_named")])
    part = ForeignKeyField(Part, null=True, on_delete="RESTRICT", index=False)
    quantity = QuantityField(constraints=[Check("quantity > 0", name="contract_quantity_is_positive")])
    unit = CharField(10, default="")
    price = MoneyField(constraints=[Check("price >= 0", name="contract_price_is_not_negative")])
    discount = RateField(default=0, constraints=[Check("discount >= 0 AND discount <= 10000", name="discount_is_a_share")])
    tax_rate = RateField(default=0)
    amount = MoneyField(default=0)
    tax = MoneyField(default=0)
    cost = MoneyField(null=True)
    is_in_warranty = BooleanField(default=False)

    class Meta:
        constraints = [Check("NOT is_in_warranty OR amount = 0", name="warranty_line_costs_nothing")]
        indexes = ((("contract", "position"), True),)


class ContractMachine(BaseModel):
    contract = ForeignKeyField(Contract, backref="machines", on_delete="RESTRICT", index=False)
    machine = ForeignKeyField(Machine, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("contract", "machine")


class ContractStep(BaseModel):
    contract = ForeignKeyField(Contract, backref="steps", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    from_status = CharField(14, null=True)
    to_status = CharField(14, constraints=[one_of("to_status", ContractStatus)])
    remark = CharField(500, default="")


class WarrantyExtension(BaseModel):
    machine = ForeignKeyField(Machine, backref="extensions", on_delete="RESTRICT")
    until_on = DateField()
    reason = CharField(300, constraints=[Check("reason <> ''", name="extension_has_a_reason")])
    contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    revoked_at = InstantField(null=True)


class WarrantyRuling(BaseModel):
    order = ForeignKeyField(WorkOrder, backref="rulings", on_delete="RESTRICT")
    part_name = CharField(120, default="")
    state = CharField(10, constraints=[one_of("state", ("in", "off", "unknown"))])
    reason = CharField(300, constraints=[Check("reason <> ''", name="ruling_has_a_reason")])
    at = InstantField()
    by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    by_name = CharField(60)


class InvoiceKind(StrEnum):
    DIGITAL_SPECIAL = "digital_special"
    DIGITAL_ORDINARY = "digital_ordinary"
    ELECTRONIC_SPECIAL = "electronic_special"
    ELECTRONIC_ORDINARY = "electronic_ordinary"
    PAPER_SPECIAL = "paper_special"
    PAPER_ORDINARY = "paper_ordinary"


class InvoiceStatus(StrEnum):
    ISSUED = "issued"
    POSTED = "posted"
    DELIVERED = "delivered"
    RECEIVED = "received"
    RED = "red"
    VOID = "void"


class CustomerBillingData(BaseModel):
    customer = ForeignKeyField(Customer, unique=True, backref="billing_rows", on_delete="RESTRICT")
    title = CharField(120, constraints=[Check("title <> ''", name="invoice_title_is_given")])
    tax_number = CharField(20, default="")
    tax_number_reason = CharField(200, default="")
    address = CharField(200, default="")
    phone = CharField(30, default="")
    bank = CharField(120, default="")
    account = CharField(40, default="")
    email = CharField(120, default="")
    changed_at = InstantField()
    by_name = CharField(60)
    version = IntegerField(default=1)


class Invoice(BaseModel):
    code = CharField(12, default="")
    number = CharField(20, constraints=[Check("number <> ''", name="invoice_number_is_given")])
    kind = CharField(20, constraints=[one_of("kind", InvoiceKind)])
    status = CharField(10, constraints=[one_of("status", InvoiceStatus)])
    issued_on = DateField()
    customer = ForeignKeyField(Customer, backref="invoices", on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    buyer_name = CharField(120)
    buyer_tax_number = CharField(20, default="")
    tax_number_reason = CharField(200, default="")
    seller_name = CharField(120, default="")
    seller_tax_number = CharField(20, default="")
    amount = MoneyField()
    tax = MoneyField()
    total = MoneyField(constraints=[Check("total = amount + tax", name="invoice_sums_up")])
    remark = CharField(500, default="")
    issuer = CharField(60, default="")
    person = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    contract = ForeignKeyField(Contract, null=True, backref="invoices", on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="invoices", on_delete="RESTRICT")
    parts_order = ForeignKeyField(PartsOrder, null=True, backref="invoices", on_delete="RESTRICT")
    shipment = ForeignKeyField(Shipment, null=True, backref="invoices", on_delete="RESTRICT")
    red_of = ForeignKeyField("self", null=True, unique=True, on_delete="RESTRICT")
    registered_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    void_reason = CharField(200, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("(red_of_id IS NULL AND total >= 0) OR (red_of_id IS NOT NULL AND total <= 0)", name="red_invoice_takes_back"),
            Check("(status = 'void') = (void_reason <> '')", name="void_invoice_has_a_reason"),
        ]
        indexes = ((("code", "number"), True),)


Invoice.add_index(Invoice.index(Invoice.issued_on.desc(), Invoice.id.desc(), name="invoice_by_date"))
Invoice.add_index(Invoice.index(Invoice.customer, Invoice.issued_on.desc(), Invoice.id.desc(), name="invoice_of_customer"))
# With the amount, so that the sum of a state is read from the index alone.
Invoice.add_index(Invoice.index(Invoice.status, Invoice.issued_on.desc(), Invoice.id.desc(), Invoice.total, name="invoice_by_status"))


class InvoiceLine(BaseModel):
    invoice = ForeignKeyField(Invoice, backref="lines", on_delete="RESTRICT", index=False)
    position = IntegerField()
    name = CharField(120, constraints=[Check("name <> ''", name="invoice_line_is_named")])
    model = CharField(60, default="")
    unit = CharField(10, default="")
    quantity = QuantityField(null=True)
    price = MoneyField(null=True)
    amount = MoneyField()
    tax_rate = RateField(default=0)
    tax = MoneyField(default=0)

    class Meta:
        indexes = ((("invoice", "position"), True),)


class DeliveryWay(StrEnum):
    COURIER = "courier"
    HANDED = "handed"
    EMAIL = "email"
    WECHAT = "wechat"
    QR = "qr"


class InvoiceDelivery(BaseModel):
    invoice = ForeignKeyField(Invoice, backref="deliveries", on_delete="RESTRICT")
    way = CharField(10, constraints=[one_of("way", DeliveryWay)])
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    carrier = CharField(60, default="")
    waybill = CharField(60, default="")
    receiver = CharField(60, default="")
    strokes = TextField(default="")
    address = CharField(200, default="")
    confirmed_at = InstantField(null=True)
    confirmed_by_name = CharField(60, default="")

    class Meta:
        constraints = [Check("way <> 'courier' OR waybill <> ''", name="posted_invoice_has_its_waybill")]


class InvoiceFile(BaseModel):
    invoice = ForeignKeyField(Invoice, backref="files", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    at = InstantField()


class ReceivableKind(StrEnum):
    INVOICE = "invoice"
    OPENING = "opening"
    RETENTION = "retention"
    UNINVOICED = "uninvoiced"


class Receivable(BaseModel):
    kind = CharField(12, constraints=[one_of("kind", ReceivableKind)])
    customer = ForeignKeyField(Customer, backref="receivables", on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    person = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    invoice = ForeignKeyField(Invoice, null=True, unique=True, backref="receivable_rows", on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, on_delete="RESTRICT")
    contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT")
    about = CharField(120, default="")
    amount = MoneyField(constraints=[Check("amount > 0", name="receivable_is_positive")])
    paid = MoneyField(default=0)
    since_on = DateField()
    due_on = DateField()
    statutory_on = DateField(null=True)
    demanded_on = DateField(null=True)
    is_open = BooleanField(default=True)
    written_off_at = InstantField(null=True)
    written_off_reason = CharField(300, default="")
    created_at = InstantField()
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("paid >= 0 AND paid <= amount", name="no_more_is_paid_than_owed"),
            Check("is_open = (paid < amount AND written_off_at IS NULL)", name="receivable_is_open_until_paid"),
            Check("(written_off_at IS NULL) = (written_off_reason = '')", name="write_off_has_a_reason"),
        ]


# With what the sums by age are made of, so that they are read from the index alone.
Receivable.add_index(
    Receivable.index(
        Receivable.due_on,
        Receivable.id,
        Receivable.is_open,
        Receivable.amount,
        Receivable.paid,
        where=SQL("is_open"),
        name="receivable_open_by_due",
    )
)
Receivable.add_index(
    Receivable.index(Receivable.customer, Receivable.due_on, Receivable.id, where=SQL("is_open"), name="receivable_open_of_customer")
)
Receivable.add_index(Receivable.index(Receivable.customer, Receivable.since_on.desc(), Receivable.id.desc(), name="receivable_of_customer"))


class AccountBalance(BaseModel):
    customer = ForeignKeyField(Customer, primary_key=True, on_delete="RESTRICT")
    owed = MoneyField(default=0, constraints=[Check("owed >= 0", name="owed_is_not_negative")])
    ahead = MoneyField(default=0, constraints=[Check("ahead >= 0", name="ahead_is_not_negative")])


class PaymentWay(StrEnum):
    TRANSFER = "transfer"
    CODE = "code"
    CASH = "cash"
    ACCEPTANCE = "acceptance"


class Payment(BaseModel):
    number = CharField(20, unique=True)
    customer = ForeignKeyField(Customer, backref="payments", on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    way = CharField(12, constraints=[one_of("way", PaymentWay)])
    amount = MoneyField(constraints=[Check("amount > 0", name="payment_is_positive")])
    allocated = MoneyField(default=0)
    received_on = DateField()
    payer_name = CharField(120, default="")
    bank_reference = CharField(80, null=True, unique=True)
    bill_number = CharField(40, default="")
    bill_due_on = DateField(null=True)
    proof = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="payments", on_delete="RESTRICT")
    technician = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    remark = CharField(300, default="")
    recorded_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    confirmed_at = InstantField(null=True)
    confirmed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    confirmed_by_name = CharField(60, default="")
    settled_at = InstantField(null=True)
    settled_by_name = CharField(60, default="")
    void_at = InstantField(null=True)
    void_reason = CharField(300, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("allocated >= 0 AND allocated <= amount", name="no_more_is_allocated_than_paid"),
            Check("(way = 'acceptance') = (bill_due_on IS NOT NULL)", name="acceptance_bill_has_its_date"),
            Check("(void_at IS NULL) = (void_reason = '')", name="void_payment_has_a_reason"),
            Check("void_at IS NULL OR allocated = 0", name="void_payment_pays_nothing"),
            Check(
                "confirmed_by_id IS NULL OR technician_id IS NULL OR confirmed_by_id <> technician_id", name="cash_is_confirmed_by_another"
            ),
        ]


Payment.add_index(Payment.index(Payment.received_on.desc(), Payment.id.desc(), name="payment_by_date"))
Payment.add_index(Payment.index(Payment.customer, Payment.received_on.desc(), Payment.id.desc(), name="payment_of_customer"))
Payment.add_index(
    Payment.index(
        Payment.received_on.desc(),
        Payment.id.desc(),
        where=SQL("confirmed_at IS NOT NULL AND void_at IS NULL AND allocated < amount"),
        name="payment_left",
    )
)
Payment.add_index(
    Payment.index(
        Payment.received_on.desc(),
        Payment.id.desc(),
        where=SQL("technician_id IS NOT NULL AND void_at IS NULL AND confirmed_at IS NULL"),
        name="payment_unconfirmed",
    )
)
Payment.add_index(
    Payment.index(
        Payment.technician, where=SQL("technician_id IS NOT NULL AND settled_at IS NULL AND void_at IS NULL"), name="payment_unsettled"
    )
)


class Allocation(BaseModel):
    payment = ForeignKeyField(Payment, backref="allocations", on_delete="RESTRICT", index=False)
    receivable = ForeignKeyField(Receivable, backref="allocations", on_delete="RESTRICT")
    amount = MoneyField(constraints=[Check("amount > 0", name="allocation_is_positive")])
    at = InstantField()
    by_name = CharField(60)

    class Meta:
        indexes = ((("payment", "receivable"), True),)


class DunningAct(StrEnum):
    REMINDER = "reminder"
    CALL = "call"
    LETTER = "letter"
    VISIT = "visit"
    LAWYER = "lawyer"


class DunningStep(BaseModel):
    days = IntegerField(unique=True)
    act = CharField(10, constraints=[one_of("act", DunningAct)])
    role = CharField(20, default="clerk", constraints=[one_of("role", ("clerk", "technician", "area_manager", "manager"))])
    name_zh = CharField(60)
    name_en = CharField(60)
    letter = TextField(default="")
    stops_service = BooleanField(default=False)


class DunningRecord(BaseModel):
    customer = ForeignKeyField(Customer, backref="dunning", on_delete="RESTRICT")
    receivable = ForeignKeyField(Receivable, null=True, backref="dunning", on_delete="RESTRICT")
    step = ForeignKeyField(DunningStep, null=True, on_delete="RESTRICT", index=False)
    act = CharField(10, constraints=[one_of("act", DunningAct)])
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    result = CharField(500, default="")
    promised_on = DateField(null=True)
    promised = MoneyField(null=True)
    next_on = DateField(null=True)
    letter = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")


DunningRecord.add_index(DunningRecord.index(DunningRecord.promised_on, where=SQL("promised_on IS NOT NULL"), name="dunning_promised"))


class ServiceStop(BaseModel):
    customer = ForeignKeyField(Customer, backref="stops", on_delete="RESTRICT", index=False)
    at = InstantField()
    by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    reason = CharField(300, constraints=[Check("reason <> ''", name="stop_has_a_reason")])
    lifted_at = InstantField(null=True)
    lifted_by_name = CharField(60, default="")
    lifted_reason = CharField(300, default="")


ServiceStop.add_index(ServiceStop.index(ServiceStop.customer, unique=True, where=SQL("lifted_at IS NULL"), name="one_stop_of_a_customer"))


class CostKind(StrEnum):
    LABOUR = "labour"
    TRAVEL = "travel"
    PARTS = "parts"
    FREIGHT = "freight"
    OTHER = "other"


class JobCost(BaseModel):
    order = ForeignKeyField(WorkOrder, backref="costs", on_delete="RESTRICT")
    kind = CharField(10, constraints=[one_of("kind", CostKind)])
    amount = MoneyField(constraints=[Check("amount >= 0", name="cost_is_not_negative")])
    on_date = DateField()
    is_computed = BooleanField()
    remark = CharField(200, default="")
    at = InstantField()
    by_name = CharField(60)


JobCost.add_index(JobCost.index(JobCost.order, JobCost.kind, unique=True, where=SQL("is_computed"), name="one_computed_cost_of_a_kind"))


NEW = (
    Supplier,
    Part,
    PartModel,
    StockPlace,
    StockBalance,
    PartUnit,
    StockMovement,
    Requisition,
    RequisitionLine,
    PurchaseRequest,
    PurchaseLine,
    PartsOrder,
    PartsOrderLine,
    Shipment,
    ShipmentLine,
    StockCount,
    StockCountLine,
    DefectiveReturn,
    Nonconformity,
    NonconformityPhoto,
    EightD,
    TaxRate,
    ContractTemplate,
    Contract,
    ContractLine,
    ContractMachine,
    ContractStep,
    WarrantyExtension,
    WarrantyRuling,
    CustomerBillingData,
    Invoice,
    InvoiceLine,
    InvoiceDelivery,
    InvoiceFile,
    Receivable,
    AccountBalance,
    Payment,
    Allocation,
    DunningStep,
    DunningRecord,
    ServiceStop,
    JobCost,
)

# Rows that are written once: the ledger, the steps of contracts.
KEPT = ("stock_movement", "contract_step")
# What an approved contract says stays; changed lines are a new approval.
_APPROVED = "(SELECT status FROM contract WHERE id = {row}.contract_id) NOT IN ('draft', 'rejected')"


def _refuses(name: str, when: str, condition: str = "") -> str:
    condition = f" WHEN {condition}" if condition else ""
    words = name.replace("_", " ")
    return f"CREATE TRIGGER {name} BEFORE {when}{condition} BEGIN SELECT RAISE(ABORT, '{words}'); END"


SQLITE = (
    *(_refuses(f"{table}_is_never_changed", f"UPDATE ON {table}") for table in KEPT),
    *(_refuses(f"{table}_is_never_deleted", f"DELETE ON {table}") for table in KEPT),
    *(_refuses(f"{table}_is_never_replaced", f"INSERT ON {table}", f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)") for table in KEPT),
    *(
        _refuses(f"contract_line_of_a_submitted_one_is_not_{verb}", f"{when} ON contract_line", _APPROVED.format(row=row))
        for verb, when, row in (("added", "INSERT", "NEW"), ("changed", "UPDATE", "OLD"), ("removed", "DELETE", "OLD"))
    ),
)
POSTGRESQL = (
    *(
        f"CREATE TRIGGER {table}_is_never_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION kept_row_refuses()"
        for table in KEPT
    ),
    *(
        f"CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION kept_row_refuses()"
        for table in KEPT
    ),
    "CREATE OR REPLACE FUNCTION line_of_submitted_contract_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE wanted integer; BEGIN"
    " IF TG_OP = 'INSERT' THEN wanted := NEW.contract_id; ELSE wanted := OLD.contract_id; END IF;"
    " IF (SELECT status FROM contract WHERE id = wanted) NOT IN ('draft', 'rejected') THEN"
    " RAISE EXCEPTION USING MESSAGE = TG_NAME || ' refuses', ERRCODE = 'restrict_violation'; END IF;"
    " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER contract_line_of_a_submitted_one_is_kept BEFORE INSERT OR UPDATE OR DELETE ON contract_line"
    " FOR EACH ROW EXECUTE FUNCTION line_of_submitted_contract_refuses()",
)
PLACES = (
    ("主仓库", "main"),
    ("售后小仓库", "small"),
    ("供应商", "supplier"),
    ("客户", "customer"),
    ("工厂返修", "factory"),
    ("报废", "scrap"),
    ("期初", "opening"),
    ("盘点差异", "difference"),
)
TAX_RATES = (
    ("货物及修理修配 13%", "Goods and repair 13 %", 1300),
    ("安装 9%", "Installation 9 %", 900),
    ("维护保养服务 6%", "Maintenance service 6 %", 600),
    ("简易计税 3%", "Simple method 3 %", 300),
    ("免税 0%", "Exempt 0 %", 0),
)
LADDER = (
    (-7, "reminder", "clerk", "到期前提醒", "Reminder before it is due"),
    (1, "call", "clerk", "电话催款", "Phone call"),
    (15, "letter", "clerk", "第一次催款函", "First letter"),
    (30, "letter", "area_manager", "第二次催款函，区域经理跟进", "Second letter, area manager"),
    (60, "visit", "manager", "经理上门，暂停非紧急保外服务", "Manager's visit, no non-urgent off-warranty work"),
    (90, "lawyer", "manager", "律师函", "Lawyer's letter"),
)


IMPORT_KINDS = ("customers", "contacts", "machines", "history", "parts", "opening_stock", "opening_receivables", "invoices")


def _import_more_kinds(db: Database, is_sqlite: bool) -> None:
    check = "CHECK (kind IN ({}))".format(", ".join(f"'{kind}'" for kind in IMPORT_KINDS))
    if not is_sqlite:
        db.execute_sql("ALTER TABLE import_run DROP CONSTRAINT kind_is_known")
        db.execute_sql(f"ALTER TABLE import_run ADD CONSTRAINT kind_is_known {check}")
        return
    # SQLite cannot alter a CHECK; its text may be replaced where the rows fit the new one as well.
    old = "CHECK (kind IN ('customers', 'contacts', 'machines', 'history'))"
    schema_version = db.execute_sql("PRAGMA schema_version").fetchone()[0]
    db.execute_sql("PRAGMA writable_schema = ON")
    db.execute_sql("UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'import_run'", (old, check))
    db.execute_sql(f"PRAGMA schema_version = {schema_version + 1}")
    db.execute_sql("PRAGMA writable_schema = OFF")


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    _import_more_kinds(db, is_sqlite)
    with db.bind_ctx((Customer, *NEW), bind_refs=False, bind_backrefs=False):
        db.create_tables(NEW, safe=False)
        context = Customer._schema._create_context()
        context.literal('ALTER TABLE "customer" ADD COLUMN ').sql(Customer.service_stopped_at.ddl(context))
        db.execute_sql(*context.query())
        for name, kind in PLACES:
            StockPlace.insert(name=name, kind=kind, is_store=kind in ("main", "small")).execute()
        for name_zh, name_en, rate in TAX_RATES:
            TaxRate.insert(name_zh=name_zh, name_en=name_en, rate=rate, valid_from="2019-04-01").execute()
        for days, act, role, name_zh, name_en in LADDER:
            DunningStep.insert(days=days, act=act, role=role, name_zh=name_zh, name_en=name_en, stops_service=days == 60).execute()
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        db.execute_sql(statement)
