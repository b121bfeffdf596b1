"""The tables of parts: catalogue, places and their ledger, and stock counts."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, CompositeKey, ForeignKeyField, IntegerField

from app.accounts.models import Area, User
from app.core.db import BaseModel, InstantField, one_of
from app.core.money import MoneyField, QuantityField
from app.machines.models import Machine, MachineModel


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
