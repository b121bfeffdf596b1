"""Service vehicles (2B-15): entered, changed, taken out of use."""

from peewee import ModelSelect

from app.accounts.models import Area
from app.core import db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.types import Actor
from app.roster.models import Vehicle
from app.roster.operations import LIVE, WRONG

EDIT = "vehicles.edit"
MAX_PLATE, MAX_NAME = 20, 60


def listed(*, area: int | None = None, is_active: bool | None = None) -> ModelSelect:
    """The vehicles by plate; None does not narrow."""
    query = Vehicle.select().order_by(Vehicle.plate)
    if area is not None:
        query = query.where(Vehicle.area == area)
    return query if is_active is None else query.where(Vehicle.is_active == is_active)


def by_id(vehicle_id: int) -> Vehicle:
    """The vehicle. Raises ``NotFound``."""
    found: Vehicle | None = Vehicle.get_or_none(Vehicle.id == vehicle_id)
    if found is None:
        raise NotFound(N_("There is no such vehicle."))
    return found


def enter(*, by: Actor, plate: str, name: str = "", area: Area | None = None, form_token: str | None = None) -> Vehicle:
    """Enter a vehicle; a form sent again (``form_token``) answers with that of the first sending.

    Raises ``Invalid`` without a plate or for one that is there already, ``NotAllowed``.
    """
    by.require(EDIT)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return by_id(int(submissions.result_of(form_token)))
        values = _checked(plate, name, None)
        vehicle: Vehicle = Vehicle.create(area=area, **values)
        history.record(by, "vehicle.entered", "vehicle", vehicle.id, after=values | {"area_id": area and area.id})
        live.touch(LIVE)
        if form_token:
            submissions.settle(form_token, vehicle.id)
    return vehicle


def change(*, by: Actor, vehicle: Vehicle, version: int, plate: str, name: str, area: Area | None, is_active: bool) -> None:
    """Change a vehicle, or take it out of use; visits that are planned with it keep it.

    Raises ``Conflict`` when somebody changed it meanwhile, ``Invalid``, ``NotAllowed``.
    """
    by.require(EDIT)
    with db.transaction():
        values = _checked(plate, name, vehicle.id) | {"area": area.id if area else None, "is_active": is_active}
        before = {"plate": vehicle.plate, "name": vehicle.name, "area": vehicle.area_id, "is_active": vehicle.is_active}
        is_as_seen = (Vehicle.id == vehicle.id) & (Vehicle.version == version)
        if not Vehicle.update(version=Vehicle.version + 1, **values).where(is_as_seen).execute():
            raise Conflict(N_("Somebody else changed this vehicle meanwhile. Look at what stands there now, then save again."))
        history.record(by, "vehicle.changed", "vehicle", vehicle.id, before=before, after=values)
        live.touch(LIVE)


def _checked(plate: str, name: str, own_id: int | None) -> dict[str, str]:
    plate, name, fields = plate.strip().upper(), name.strip(), {}
    if not plate or len(plate) > MAX_PLATE:
        fields["plate"] = N_("Enter the plate, at most 20 characters.")
    elif Vehicle.select().where(Vehicle.plate == plate, Vehicle.id != (own_id or 0)).exists():
        fields["plate"] = N_("A vehicle with this plate is there already.")
    if len(name) > MAX_NAME:
        fields["name"] = N_("At most 60 characters.")
    if fields:
        raise Invalid(WRONG, fields=fields)
    return {"plate": plate, "name": name}
