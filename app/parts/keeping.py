"""What is done to the catalogue of parts and to suppliers. The only writer of these."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core import clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.parts.catalogue import COSTS
from app.parts.models import Part, PartModel, StockMovement, Supplier

EDIT = "parts.edit"
LIVE = "parts"
LONGEST_WARRANTY = 240
MISSING = N_("Something is missing or wrong. See the words beside the fields.")
_CHANGED = N_("Somebody else changed this part meanwhile. What you typed is still here; compare it and save again.")
_SUPPLIER_CHANGED = N_("Somebody else changed this supplier meanwhile. What you typed is still here; compare it and save again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDetails:
    """What is written of a part; ``model_ids`` are the models it fits."""

    number: str
    name: str
    drawing_number: str = ""
    unit: str = "件"
    supplier_id: int | None = None
    is_wear: bool = False
    is_returned: bool = False
    has_serials: bool = False
    warranty_months: int | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    is_active: bool = True
    model_ids: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierDetails:
    """What is written of a supplier."""

    name: str
    contact: str = ""
    phone: str = ""
    email: str = ""
    is_active: bool = True


# What an address could not say of a part: ``/parts/<number>``, ``/parts/<number>/edit``.
_UNFIT = re.compile(r"^new$|/edit$|^/|/$|//|(^|/)\.{1,2}(/|$)")
_FIELDS = tuple(name for name in PartDetails.__dataclass_fields__ if name != "model_ids")


def create_part(*, by: Actor, details: PartDetails, form_token: str | None = None, at: datetime | None = None) -> Part:
    """Add a part to the catalogue. A form sent again (``form_token``) answers with the part of the first sending.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed`` for roles that do not keep the catalogue.
    """
    by.require(EDIT)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Part.get_by_id(int(submissions.result_of(form_token)))
        _refuse(problems(details, None))
        part: Part = Part.create(**_values(by, details, None), created_at=at or clock.now())
        _fit(part, details.model_ids)
        if form_token:
            submissions.settle(form_token, part.id)
        history.record(by, "part.created", "part", part.number, after=said(details))
        live.touch(LIVE)
    return part


def edit_part(*, by: Actor, part: Part, version: int, details: PartDetails) -> Part:
    """Change a part. Raises ``Conflict`` when somebody else was quicker, ``Invalid`` with the words beside each field."""
    by.require(EDIT)
    with db.transaction():
        _refuse(problems(details, part))
        before = said(details_of(part))
        values = _values(by, details, part) | {"version": Part.version + 1}
        if Part.update(values).where(Part.id == part.id, Part.version == version).execute() != 1:
            raise Conflict(_CHANGED)
        _fit(part, details.model_ids)
        present: Part = Part.get_by_id(part.id)
        _record_change(by, before, present)
    return present


def renew_part(by: Actor, part: Part, details: PartDetails) -> None:
    """Change a part whose ``details`` were checked, in the running transaction; for tables that are taken in and taken back."""
    before = said(details_of(part))
    Part.update(_values(by, details, part) | {"version": Part.version + 1}).where(Part.id == part.id).execute()
    _fit(part, details.model_ids)
    _record_change(by, before, Part.get_by_id(part.id))


def _record_change(by: Actor, before: dict[str, Any], part: Part) -> None:
    after = said(details_of(part))
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        shown = ({name: values[name] for name in changed} for values in (before, after))
        history.record(by, "part.changed", "part", part.number, before=next(shown), after=next(shown))
    live.touch(LIVE)


def enter_parts(by: Actor, details: Sequence[PartDetails], at: datetime) -> list[Part]:
    """Write new parts whose details were checked, in the running transaction."""
    parts = []
    for one in details:
        part = Part.create(**_values(by, one, None), created_at=at)
        _fit(part, one.model_ids)
        history.record(by, "part.created", "part", part.number, after=said(one))
        parts.append(part)
    live.touch(LIVE)
    return parts


def problems(details: PartDetails, part: Part | None) -> dict[str, str]:
    """What is wrong with ``details``, by field."""
    wrong: dict[str, str] = {}
    for name in ("number", "name", "unit"):
        if not getattr(details, name):
            wrong[name] = N_("Please fill this in.")
    if _UNFIT.search(details.number):
        wrong["number"] = N_("This cannot be a part number; addresses could not name it.")
    for name in ("price", "cost"):
        if (getattr(details, name) or 0) < 0:
            wrong[name] = N_("An amount cannot be less than nothing.")
    if not 0 <= (details.warranty_months or 0) <= LONGEST_WARRANTY:
        wrong["warranty_months"] = N_("From 0 to 240 months.")
    other = Part.get_or_none(Part.number == details.number)
    if other is not None and (part is None or other.id != part.id):
        wrong["number"] = N_("Another part has this number.")
    if part is not None and details.has_serials != part.has_serials and StockMovement.select().where(StockMovement.part == part).exists():
        wrong["has_serials"] = N_("Pieces have moved already; whether they have serial numbers stays as it is.")
    return wrong


def _refuse(wrong: dict[str, str]) -> None:
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _values(by: Actor, details: PartDetails, part: Part | None) -> dict[str, Any]:
    values = {name: getattr(details, name) for name in _FIELDS if name != "supplier_id"} | {"supplier": details.supplier_id}
    if not by.may(COSTS):  # who does not read what it costs does not change it either
        values["cost"] = part.cost if part is not None else None
    return values


def _fit(part: Part, model_ids: frozenset[int]) -> None:
    there = {row.model_id for row in PartModel.select().where(PartModel.part == part)}
    if gone := there - model_ids:
        PartModel.delete().where(PartModel.part == part, PartModel.model.in_(gone)).execute()
    for model_id in sorted(model_ids - there):
        PartModel.create(part=part, model=model_id)


def details_of(part: Part) -> PartDetails:
    """What is written of ``part`` now."""
    fits = frozenset(row.model_id for row in PartModel.select().where(PartModel.part == part))
    return PartDetails(**{name: getattr(part, name) for name in _FIELDS}, model_ids=fits)


def said(details: PartDetails) -> dict[str, Any]:
    """``details`` as the history keeps them."""
    values: dict[str, Any] = {name: getattr(details, name) for name in _FIELDS}
    return values | {"model_ids": sorted(details.model_ids)}


def remove_parts(*, by: Actor, ids: Sequence[int]) -> None:
    """Take back parts that an import added, in the running transaction. Raises ``IntegrityError`` when something refers to one."""
    for part in Part.select().where(Part.id.in_(ids)):
        history.record(by, "part.import_undone", "part", part.number)
    PartModel.delete().where(PartModel.part.in_(ids)).execute()
    Part.delete().where(Part.id.in_(ids)).execute()
    live.touch(LIVE)


def put_back_part(*, by: Actor, part: Part, fields: dict[str, Any]) -> None:
    """Give a part ``fields`` (amounts as texts) again, in the running transaction."""
    given: dict[str, Any] = {
        name: Decimal(value) if name in ("price", "cost") and value is not None else value for name, value in fields.items()
    }
    renew_part(by, part, replace(details_of(part), **given))


def remove_suppliers(*, by: Actor, ids: Sequence[int]) -> None:
    """Take back suppliers that an import added, in the running transaction. Raises ``IntegrityError`` when something refers to one."""
    for supplier in Supplier.select().where(Supplier.id.in_(ids)):
        history.record(by, "supplier.import_undone", "supplier", supplier.id, before={"name": supplier.name})
    Supplier.delete().where(Supplier.id.in_(ids)).execute()


# --- suppliers -------------------------------------------------------------------


def create_supplier(*, by: Actor, details: SupplierDetails, form_token: str | None = None) -> Supplier:
    """Register a supplier; the same form sent again leads to the same one. Raises ``Invalid``, ``NotAllowed``."""
    by.require(EDIT)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Supplier.get_by_id(int(submissions.result_of(form_token)))
        _refuse(_supplier_problems(details, None))
        supplier = enter_supplier(by, details)
        if form_token:
            submissions.settle(form_token, supplier.id)
    return supplier


def enter_supplier(by: Actor, details: SupplierDetails) -> Supplier:
    """Write a new supplier whose details were checked, in the running transaction."""
    supplier: Supplier = Supplier.create(**_supplier_values(details))
    history.record(by, "supplier.created", "supplier", supplier.id, after={"name": details.name}, personal=_personal(details))
    live.touch(LIVE)
    return supplier


def edit_supplier(*, by: Actor, supplier: Supplier, version: int, details: SupplierDetails) -> None:
    """Change a supplier. Raises ``Conflict`` when somebody else was quicker, ``Invalid``, ``NotAllowed``."""
    by.require(EDIT)
    with db.transaction():
        _refuse(_supplier_problems(details, supplier))
        values = _supplier_values(details) | {"version": Supplier.version + 1}
        if Supplier.update(values).where(Supplier.id == supplier.id, Supplier.version == version).execute() != 1:
            raise Conflict(_SUPPLIER_CHANGED)
        after = {"name": details.name, "is_active": details.is_active}
        before = {"name": supplier.name, "is_active": supplier.is_active}
        history.record(by, "supplier.changed", "supplier", supplier.id, before=before, after=after, personal=_personal(details))
        live.touch(LIVE)


def _supplier_values(details: SupplierDetails) -> dict[str, Any]:
    return {name: getattr(details, name) for name in SupplierDetails.__dataclass_fields__}


def _personal(details: SupplierDetails) -> dict[str, str]:
    given = {"contact": details.contact, "phone": details.phone, "email": details.email}
    return {name: value for name, value in given.items() if value}


def _supplier_problems(details: SupplierDetails, supplier: Supplier | None) -> dict[str, str]:
    if not details.name:
        return {"name": N_("Please give the name.")}
    other = Supplier.get_or_none(Supplier.name == details.name)
    is_taken = other is not None and (supplier is None or other.id != supplier.id)
    return {"name": N_("There is a supplier of this name already.")} if is_taken else {}
