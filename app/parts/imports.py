"""parts.csv: one line per part; a known number is changed, suppliers that are not there yet are made (interfaces, Import columns)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.core import clock
from app.core.errors import N_, Invalid
from app.core.importing import Column, Effect, Kind, Line, Made, Options, Reasons, fen_in, reasons_of, too_long, whole_in
from app.core.types import Actor
from app.customers.imports import differing
from app.machines.models import MachineModel
from app.parts import keeping
from app.parts.keeping import PartDetails, SupplierDetails
from app.parts.models import Part, Supplier

COLUMNS = (
    Column(
        "number", N_("Number of the part"), "配件编号", ("编号", "物料编码", "料号", "配件号", "part number"), is_required=True,
        hint=N_("It tells parts apart; a known one is changed."), example="HX-250",
    ),
    Column("name", N_("Name of the part"), "配件名称", ("名称", "品名", "物料名称"), hint=N_("Needed for a new part."), example="回油滤芯"),
    Column("drawing_number", N_("Drawing number"), "图号", ("图纸号", "规格", "规格型号", "型号"), example="YJ-02-118"),
    Column("unit", N_("Unit"), "单位", ("计量单位",), example="件"),
    Column("models", N_("Fits these models"), "适用机型", ("机型",), hint=N_("Names of models, parted by 、 or comma."),
           example="YJ-10、YJ-15"),
    Column("supplier", N_("Supplier"), "供应商", ("供方", "厂家", "供货单位"), hint=N_("A new name makes a new supplier.")),
    Column("is_wear", N_("Wear part"), "易损件", ("是否易损", "易损"), hint=N_("yes or no"), example="是"),
    Column("is_returned", N_("Old part returned"), "旧件返司", ("返司", "是否返司"), hint=N_("yes or no"), example="否"),
    Column("has_serials", N_("Has serial numbers"), "按序列号管理", ("序列号管理",), hint=N_("yes or no"), example="否"),
    Column("warranty_months", N_("Own warranty in months"), "配件质保期（月）", ("质保月数", "质保期"), example="6"),
    Column("price", N_("Price with tax"), "含税单价", ("单价", "售价", "销售价"), example="350.00"),
    Column("cost", N_("Unit cost"), "单件成本", ("成本", "成本价", "采购价"), example="210.00"),
    Column("is_active", N_("In use"), "使用中", ("启用", "是否使用"), hint=N_("yes or no")),
)  # fmt: skip
_MOST = {"number": 60, "name": 120, "drawing_number": 60, "unit": 10, "supplier": 120}
_TICKS = ("is_wear", "is_returned", "has_serials", "is_active")
_TRUTH = {"1": True, "是": True, "yes": True, "true": True, "√": True, "0": False, "否": False, "no": False, "false": False}
_BAD = N_("The line cannot be used.")
_FEN = Decimal(100)


class PartsImporter:
    """Remembers the numbers of the file: one line per part."""

    def __init__(self, _options: Options) -> None:
        self.seen: set[str] = set()

    def plan(self, lines: Sequence[Line]) -> "_PartsPlan":
        """What these lines ask for."""
        return _PartsPlan(self, lines)

    def skip(self, lines: Sequence[Line]) -> None:
        """Remember lines that were written already."""
        self.seen.update(line.get("number") for line in lines)


class _PartsPlan:
    def __init__(self, seen: PartsImporter, lines: Sequence[Line]) -> None:
        self.seen = seen
        numbers = [line.get("number") for line in lines]
        self.present: dict[str, Part] = {part.number: part for part in Part.select().where(Part.number.in_(numbers))}
        self.models: dict[str, int] = {model.name: model.id for model in MachineModel.select()}
        self.suppliers: dict[str, int] = {supplier.name: supplier.id for supplier in Supplier.select()}
        self.wanted: list[tuple[Line, PartDetails]] = []
        self.judgements: list[Effect | Reasons] = [self._judged(line) for line in lines]

    def _judged(self, line: Line) -> Effect | Reasons:
        try:
            return self._take(line)
        except Invalid as error:
            return reasons_of(error)

    def _take(self, line: Line) -> Effect:
        part = self.present.get(line.get("number"))
        base = keeping.details_of(part) if part else PartDetails(number=line.get("number"), name="")
        details = self._details(line, base)
        wrong = too_long(line, _MOST) | keeping.problems(details, part)
        if line.get("number") in self.seen.seen:
            wrong["number"] = N_("an earlier line of this file has the same number")
        if wrong:
            raise Invalid(_BAD, fields=wrong)
        self.seen.seen.add(line.get("number"))
        has_new_supplier = bool(line.get("supplier")) and line.get("supplier") not in self.suppliers
        if part is not None and details == base and not has_new_supplier:
            return Effect.UNCHANGED
        self.wanted.append((line, details))
        return Effect.ADDED if part is None else Effect.CHANGED

    def _details(self, line: Line, base: PartDetails) -> PartDetails:
        months, price, cost = whole_in(line, "warranty_months"), fen_in(line, "price"), fen_in(line, "cost")
        ticks: dict[str, Any] = {name: _truth(line, name, getattr(base, name)) for name in _TICKS}
        return replace(
            base,
            name=line.get("name") or base.name,
            drawing_number=line.get("drawing_number") or base.drawing_number,
            unit=line.get("unit") or base.unit,
            supplier_id=self.suppliers.get(line.get("supplier"), base.supplier_id),
            warranty_months=base.warranty_months if months is None else months,
            price=base.price if price is None else price / _FEN,
            cost=base.cost if cost is None else cost / _FEN,
            model_ids=self._model_ids(line) or base.model_ids,
            **ticks,
        )

    def _model_ids(self, line: Line) -> frozenset[int]:
        names = [name.strip() for name in re.split(r"[、,，;；]", line.get("models")) if name.strip()]
        if any(name not in self.models for name in names):
            raise Invalid(_BAD, fields={"models": N_("there is no such model in the range")})
        return frozenset(self.models[name] for name in names)

    def write(self, by: Actor) -> list[Made]:
        """Write what is new or different."""
        made = self._new_suppliers(by)
        wanted = [
            (line, replace(details, supplier_id=self.suppliers.get(line.get("supplier"), details.supplier_id)))
            for line, details in self.wanted
        ]
        new = [(line, details) for line, details in wanted if details.number not in self.present]
        for line, details in wanted:
            if (part := self.present.get(details.number)) is not None:
                before = keeping.said(keeping.details_of(part))
                keeping.renew_part(by, part, details)
                changes = differing(_plain(before), _plain(keeping.said(keeping.details_of(Part.get_by_id(part.id)))))
                made += [Made(line.number, "part", part.id, changes)] if changes else []
        entered = keeping.enter_parts(by, [details for _line, details in new], clock.now())
        return made + [Made(line.number, "part", part.id) for (line, _details), part in zip(new, entered, strict=True)]

    def _new_suppliers(self, by: Actor) -> list[Made]:
        made = []
        for line, _details in self.wanted:
            name = line.get("supplier")
            if name and name not in self.suppliers:
                self.suppliers[name] = keeping.enter_supplier(by, SupplierDetails(name=name)).id
                made.append(Made(line.number, "supplier", self.suppliers[name]))
        return made


def _truth(line: Line, column: str, before: bool) -> bool:
    text = line.get(column).lower()
    if text and text not in _TRUTH:
        raise Invalid(_BAD, fields={column: N_("yes or no is needed")})
    return _TRUTH.get(text, before)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a part as ``stored`` has them; which models it fits is no field of it."""
    return {name: value if isinstance(value, int | None) else str(value) for name, value in values.items() if name != "model_ids"}


PARTS = Kind("parts", COLUMNS, PartsImporter)
