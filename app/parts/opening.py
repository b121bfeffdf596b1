"""opening-stock.csv: what a store holds when the books begin; one line per store and part, or per piece with a serial number."""

from collections.abc import Sequence
from decimal import Decimal

from peewee import IntegrityError, fn

from app.core import clock
from app.core.amounts import NO_QUANTITY, number_in
from app.core.errors import N_, DomainError, Invalid
from app.core.importing import Column, Effect, Kind, Line, Made, Options, Reasons, fen_in, reasons_of, too_long
from app.core.types import Actor
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, Part, PartUnit, PlaceKind, StockMovement, StockPlace
from app.parts.moving import Load, Trip, put, serial_problem

COLUMNS = (
    Column("place", N_("Store"), "仓库", ("库房", "仓库名称", "存放地点"), is_required=True, hint=N_("Its name, as under Stores."),
           example="售后小仓库"),
    Column("part", N_("Number of the part"), "配件编号", ("编号", "物料编码", "料号", "配件号", "number"), is_required=True,
           hint=N_("It is in the catalogue already."), example="HX-250"),
    Column("quantity", N_("Quantity"), "数量", ("期初数量", "库存数量", "结存", "结存数量"), is_required=True, example="12"),
    Column("serial", N_("Serial number"), "序列号", ("sn",), hint=N_("Then the line is one piece.")),
    Column("cost", N_("Unit cost"), "单件成本", ("成本", "成本价", "单价"), hint=N_("Empty: that of the catalogue."), example="210.00"),
)  # fmt: skip
_Key = tuple[str, str, str]
_BAD = N_("The line cannot be used.")


class OpeningImporter:
    """Remembers which store, part and piece of the file had their line."""

    def __init__(self, _options: Options) -> None:
        self.seen: set[_Key] = set()

    def plan(self, lines: Sequence[Line]) -> "_OpeningPlan":
        """What these lines ask for."""
        return _OpeningPlan(self, lines)

    def skip(self, lines: Sequence[Line]) -> None:
        """Remember lines that were written already."""
        self.seen.update(_key(line) for line in lines)


def _key(line: Line) -> _Key:
    return line.get("place"), line.get("part"), line.get("serial")


class _OpeningPlan:
    def __init__(self, seen: OpeningImporter, lines: Sequence[Line]) -> None:
        self.seen = seen
        self.places: dict[str, StockPlace] = {place.name: place for place in StockPlace.select().where(StockPlace.is_store)}
        numbers = [line.get("part") for line in lines]
        self.parts: dict[str, Part] = {part.number: part for part in Part.select().where(Part.number.in_(numbers))}
        self.outside = ledger.place_of(PlaceKind.OPENING)
        self.wanted: list[tuple[Line, StockPlace, Load]] = []
        self.judgements: list[Effect | Reasons] = [self._judged(line) for line in lines]

    def _judged(self, line: Line) -> Effect | Reasons:
        try:
            return self._take(line)
        except Invalid as error:
            return reasons_of(error)

    def _take(self, line: Line) -> Effect:
        place, part, wrong = self.places.get(line.get("place")), self.parts.get(line.get("part")), too_long(line, {"serial": 60})
        if place is None:
            wrong["place"] = N_("there is no store of this name")
        if part is None:
            wrong["part"] = N_("There is no such part in the catalogue.")
        if _key(line) in self.seen.seen:
            wrong["part"] = N_("an earlier line of this file is about the same store and part")
        quantity, cost = _quantity(line), fen_in(line, "cost")
        if wrong or place is None or part is None:
            raise Invalid(_BAD, fields=wrong)
        load = Load(part, quantity, (line.get("serial"),) if line.get("serial") else (), None if cost is None else Decimal(cost) / 100)
        if words := serial_problem(load):
            raise Invalid(_BAD, fields={"serial": words})
        self.seen.seen.add(_key(line))
        if self._is_there(place, load):
            return Effect.UNCHANGED
        self.wanted.append((line, place, load))
        return Effect.ADDED

    def _is_there(self, place: StockPlace, load: Load) -> bool:
        """Whether the books hold this opening already. Raises ``Invalid`` when they hold another one."""
        if load.serials:
            unit = PartUnit.get_or_none(PartUnit.part == load.part, PartUnit.serial == load.serials[0])
            if unit is not None and unit.place_id != self.outside.id:
                if unit.place_id == place.id:
                    return True
                raise Invalid(_BAD, fields={"serial": N_("this piece is in the books elsewhere")})
            return False
        there = _opened(place, load.part)
        if there and there != load.quantity:
            raise Invalid(_BAD, fields={"quantity": N_("the opening stock is in the books already, with another quantity")})
        return bool(there)

    def write(self, by: Actor) -> list[Made]:
        """Write the movements."""
        made = []
        for line, place, load in self.wanted:
            trip = Trip(kind=MovementKind.OPENING, source=self.outside, goal=place, at=clock.now())
            made += [Made(line.number, "stock_movement", row.id) for row in put(by, load, trip)]
        return made


def _quantity(line: Line) -> Decimal:
    text = line.get("quantity")
    try:
        quantity = number_in(text, 3)
    except ValueError:
        quantity = None
    if quantity is None or quantity <= 0:
        raise Invalid(_BAD, fields={"quantity": NO_QUANTITY})
    return quantity


def _opened(place: StockPlace, part: Part) -> Decimal:
    """How much of ``part`` the books of ``place`` began with: openings less those taken back."""

    def total(column: object) -> int:
        mine = (column == place) & (StockMovement.part == part) & (StockMovement.kind == MovementKind.OPENING)
        return int(StockMovement.select(fn.SUM(StockMovement.quantity).coerce(False)).where(mine).scalar() or 0)

    return Decimal(total(StockMovement.to_place) - total(StockMovement.from_place)) / 1000


def take_back(*, by: Actor, ids: Sequence[int]) -> None:
    """Take openings back by movements the other way, in the running transaction; the ledger itself is never changed.

    Raises ``IntegrityError`` when a store holds less by now or a piece went elsewhere.
    """
    for row in StockMovement.select().where(StockMovement.id.in_(ids)).order_by(StockMovement.id):
        back = Move(
            kind=MovementKind.OPENING, part=row.part, quantity=row.quantity, from_place=row.to_place, to_place=row.from_place,
            serial=row.unit.serial if row.unit_id else "", cost=row.cost,
        )  # fmt: skip
        try:
            ledger.move(by, back, clock.now())
        except DomainError as error:
            raise IntegrityError(str(error)) from error


OPENING = Kind("opening_stock", COLUMNS, OpeningImporter)
