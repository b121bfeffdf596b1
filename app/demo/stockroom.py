"""The catalogue of parts and the stores of the demo world: suppliers, openings, a few movements, a count that waits."""

from datetime import datetime, timedelta
from decimal import Decimal

from app.accounts.models import User
from app.demo.people import Staff
from app.machines.models import MachineModel
from app.parts import counting, keeping, ledger, moving
from app.parts.counting import Said
from app.parts.keeping import PartDetails, SupplierDetails
from app.parts.models import Part, PlaceKind, StockCountLine, StockPlace
from app.parts.moving import Load, Way

SUPPLIERS = (
    SupplierDetails(name="长河液压件厂", contact="刘工", phone="0571-55501234"),
    SupplierDetails(name="东岭电控", contact="孙经理", phone="025-55505678"),
)
# Number, name, drawing, unit, supplier, price, cost, how many in the main and in the small store, minimum in the main store.
PARTS = (
    ("HX-250", "回油滤芯", "YJ-02-118", "件", 0, "350.00", "210.00", 14, 4, 6),
    ("GB3452-28", "O 形圈", "GB/T 3452.1", "件", 0, "3.50", "1.20", 260, 60, 100),
    ("MF-12", "控制柜密封垫", "YJ-05-032", "条", 1, "28.00", "12.50", 18, 6, 0),
    ("XL-05", "传感器线缆 5 m", "YJ-06-207", "根", 1, "165.00", "88.00", 3, 2, 5),
    ("DCF-3", "电磁换向阀", "YJ-02-041", "件", 0, "1280.00", "860.00", 2, 1, 3),
    ("JG-18", "接近开关", "YJ-06-115", "件", 1, "240.00", "132.00", 11, 3, 4),
)
PUMP, PUMP_SERIALS = "YB-63", ("YB63-2408-011", "YB63-2408-012", "YB63-2409-003")
WEAR = frozenset({"HX-250", "GB3452-28", "MF-12"})


def fill(staff: Staff, now: datetime) -> None:
    """Keep a catalogue, fill the stores, load two vans, leave one count to be approved."""
    clerk, begun = staff["clerk"], now - timedelta(days=27)
    suppliers = [keeping.create_supplier(by=clerk, details=one).id for one in SUPPLIERS]
    models = frozenset(row.id for row in MachineModel.select())
    main, small = ledger.place_of(PlaceKind.MAIN), ledger.place_of(PlaceKind.SMALL)
    parts: dict[str, Part] = {}
    for number, name, drawing, unit, supplier, price, cost, in_main, in_small, minimum in PARTS:
        details = PartDetails(
            number=number, name=name, drawing_number=drawing, unit=unit, supplier_id=suppliers[supplier], price=Decimal(price),
            cost=Decimal(cost), is_wear=number in WEAR, is_returned=number not in WEAR, model_ids=models,
        )  # fmt: skip
        parts[number] = keeping.create_part(by=clerk, details=details, at=begun)
        for place, held in ((main, in_main), (small, in_small)):
            moving.carry(by=clerk, way=Way.RECEIPT, place=place, loads=[Load(parts[number], Decimal(held))], at=begun)
        if minimum:
            moving.set_minimum(by=clerk, place=main, part=parts[number], minimum=Decimal(minimum))
    _pumps(staff, main, suppliers[0], begun)
    _vans(staff, main, parts, now - timedelta(days=9))
    _count(staff, small, now - timedelta(days=1))


def _pumps(staff: Staff, main: StockPlace, supplier_id: int, at: datetime) -> None:
    details = PartDetails(
        number=PUMP, name="液压油泵", drawing_number="YJ-02-003", unit="台", supplier_id=supplier_id, price=Decimal(4_600),
        cost=Decimal(3_150), is_returned=True, has_serials=True, warranty_months=12,
    )  # fmt: skip
    pump = keeping.create_part(by=staff["clerk"], details=details, at=at)
    load = Load(pump, Decimal(len(PUMP_SERIALS)), PUMP_SERIALS)
    moving.carry(by=staff["clerk"], way=Way.RECEIPT, place=main, loads=[load], remark="首批到货", at=at)
    back = Load(pump, Decimal(1), PUMP_SERIALS[:1])
    moving.carry(by=staff["clerk"], way=Way.REPAIR_OUT, place=main, loads=[back], remark="压力不稳，返厂检修", at=at + timedelta(days=12))


def _vans(staff: Staff, main: StockPlace, parts: dict[str, Part], at: datetime) -> None:
    loads = [Load(parts["HX-250"], Decimal(2)), Load(parts["GB3452-28"], Decimal(30)), Load(parts["JG-18"], Decimal(1))]
    for technician in User.select().where(User.username.in_(("technician", "technician3"))):
        van = moving.make_van(by=staff["clerk"], technician=technician)
        moving.carry(by=staff["clerk"], way=Way.TRANSFER, place=main, target=van, loads=loads, at=at)


def _count(staff: Staff, small: StockPlace, at: datetime) -> None:
    """The clerk counted the small store: one sealing ring was lost."""
    count = counting.start(by=staff["clerk"], place=small, at=at)
    said = {
        line.id: Said(line.booked - (1 if line.part.number == "MF-12" else 0), "少一条，已找过" if line.part.number == "MF-12" else "")
        for line in StockCountLine.select().where(StockCountLine.count == count)
    }
    counting.enter(by=staff["clerk"], count=count, said=said)
    counting.submit(by=staff["clerk"], count=count, at=at + timedelta(hours=2))
