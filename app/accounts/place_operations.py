"""What is done to stations of resident technicians (驻点) and to departments outside the centre. The only writer of these."""

from dataclasses import dataclass
from typing import Any

from app.accounts.models import Area, Department, Station
from app.core import db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor

EDIT_STATIONS = "users.manage"
EDIT_DEPARTMENTS = "departments.edit"
LIVE = "places"
_CHECK_FIELDS = N_("Please check the marked fields.")
_STALE = N_("Somebody else changed this meanwhile. Look at the present state, then decide again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDetails:
    """What is written of a station; one that is not in use is offered nowhere any more."""

    name: str
    area: Area | None
    address: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentDetails:
    """What is written of a department; ``email`` is where work slips and copies go."""

    name: str
    email: str = ""
    is_active: bool = True


def create_station(*, by: Actor, details: StationDetails, form_token: str | None = None) -> Station:
    """Add a station; a form sent again answers with the station of the first sending. Raises ``Invalid``, ``NotAllowed``."""
    by.require(EDIT_STATIONS)
    return _create(by, Station, "station.created", _checked_station(details), form_token)


def edit_station(*, by: Actor, station: Station, version: int, details: StationDetails) -> None:
    """Change a station or take it out of use. Raises ``Invalid``, ``Conflict``, ``NotAllowed``."""
    by.require(EDIT_STATIONS)
    _edit(by, station, "station.edited", version, _checked_station(details))


def create_department(*, by: Actor, details: DepartmentDetails, form_token: str | None = None) -> Department:
    """Add a department; a form sent again answers with the department of the first sending. Raises ``Invalid``, ``NotAllowed``."""
    by.require(EDIT_DEPARTMENTS)
    return _create(by, Department, "department.created", _checked_department(details), form_token)


def edit_department(*, by: Actor, department: Department, version: int, details: DepartmentDetails) -> None:
    """Change a department or take it out of use. Raises ``Invalid``, ``Conflict``, ``NotAllowed``."""
    by.require(EDIT_DEPARTMENTS)
    _edit(by, department, "department.edited", version, _checked_department(details))


def _create(by: Actor, model: Any, action: str, fields: dict[str, Any], form_token: str | None) -> Any:
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return model.get_by_id(int(submissions.result_of(form_token)))
        _refuse_taken(model, fields["name"], None)
        row = model.create(**fields)
        if form_token:
            submissions.settle(form_token, row.id)
        history.record(by, action, action.partition(".")[0], row.id, after=_shown(fields))
        live.touch(LIVE)
    return row


def _edit(by: Actor, row: Any, action: str, version: int, fields: dict[str, Any]) -> None:
    model = type(row)
    with db.transaction():
        _refuse_taken(model, fields["name"], row)
        before = _shown({name: getattr(row, name) for name in fields})
        same = (model.id == row.id) & (model.version == version)
        if model.update(version=model.version + 1, **fields).where(same).execute() != 1:
            raise Conflict(_STALE)
        if before != _shown(fields):
            history.record(by, action, action.partition(".")[0], row.id, before=before, after=_shown(fields))
        live.touch(LIVE)


def _refuse_taken(model: Any, name: str, but: Any) -> None:
    query = model.select().where(model.name == name)
    if (query.where(model.id != but.id) if but else query).exists():
        raise Invalid(_CHECK_FIELDS, fields={"name": N_("This name is taken.")})


def _checked_station(details: StationDetails) -> dict[str, Any]:
    wrong = _wrong_name(details.name)
    if details.area is None:
        wrong["area"] = N_("Please choose the area.")
    if len(details.address.strip()) > 200:
        wrong["address"] = N_("This is too long.")
    if wrong:
        raise Invalid(_CHECK_FIELDS, fields=wrong)
    return {"name": details.name.strip(), "area": details.area, "address": details.address.strip(), "is_active": details.is_active}


def _checked_department(details: DepartmentDetails) -> dict[str, Any]:
    wrong = _wrong_name(details.name)
    email = details.email.strip()
    if email and ("@" not in email.strip("@") or " " in email or len(email) > 120):
        wrong["email"] = N_("An e-mail address looks like name@example.com.")
    if wrong:
        raise Invalid(_CHECK_FIELDS, fields=wrong)
    return {"name": details.name.strip(), "email": email, "is_active": details.is_active}


def _wrong_name(name: str) -> dict[str, str]:
    return {} if 1 <= len(name.strip()) <= 60 else {"name": N_("Please enter a name of at most 60 characters.")}


def _shown(fields: dict[str, Any]) -> dict[str, Any]:
    return {("area_id" if isinstance(value, Area) else name): getattr(value, "id", value) for name, value in fields.items()}
