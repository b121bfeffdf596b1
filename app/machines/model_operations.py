"""What is done to models of the range (机型)."""

from dataclasses import dataclass
from typing import Any

from app.core import db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.machines import searching
from app.machines.models import Machine, MachineModel
from app.machines.operations import MAX_WARRANTY_MONTHS

EDIT = "models.edit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetails:
    """What is written of a model; one that is retired is not offered for new machines any more."""

    name: str
    description: str = ""
    warranty_months: int = 12
    is_active: bool = True


def create_model(*, by: Actor, details: ModelDetails, form_token: str | None = None) -> MachineModel:
    """Add a model; a form sent again answers with the model of the first sending. Raises ``Invalid``, ``NotAllowed``."""
    by.require(EDIT)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return MachineModel.get_by_id(int(submissions.result_of(form_token)))
        model = MachineModel.create(**_checked(details, None))
        if form_token:
            submissions.settle(form_token, model.id)
        history.record(by, "model.created", "model", model.id, after=_shown(model))
        live.touch("machines")
    return model


def edit_model(*, by: Actor, model: MachineModel, version: int, details: ModelDetails) -> None:
    """Change or retire a model; the warranty of machines that are there stays as it is written of them.

    Raises ``Invalid``, ``Conflict`` when ``version`` is no longer the present one, ``NotAllowed``.
    """
    by.require(EDIT)
    with db.transaction():
        fields, before = _checked(details, model), _shown(model)
        same = (MachineModel.id == model.id) & (MachineModel.version == version)
        if MachineModel.update(version=MachineModel.version + 1, **fields).where(same).execute() != 1:
            raise Conflict(N_("Somebody else changed this model meanwhile. Look at the present state, then decide again."))
        after = _shown(MachineModel.get_by_id(model.id))
        if before != after:
            history.record(by, "model.edited", "model", model.id, before=before, after=after)
            live.touch("machines")
        if before["name"] != after["name"]:  # machines are found by the name of their model
            searching.stale(key for (key,) in Machine.select(Machine.id).where(Machine.model == model.id).tuples())


def _checked(details: ModelDetails, model: MachineModel | None) -> dict[str, Any]:
    name, wrong = details.name.strip(), {}
    taken = MachineModel.select().where(MachineModel.name == name)
    if not 1 <= len(name) <= 80:
        wrong["name"] = N_("Please give the name.")
    elif (taken.where(MachineModel.id != model.id) if model else taken).exists():
        wrong["name"] = N_("This name is taken.")
    if not 0 <= details.warranty_months <= MAX_WARRANTY_MONTHS:
        wrong["warranty_months"] = N_("The warranty is 0 to 240 months.")
    if len(details.description) > 4_000:
        wrong["description"] = N_("This is too long.")
    if wrong:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=wrong)
    return {
        "name": name,
        "description": details.description.strip(),
        "warranty_months": details.warranty_months,
        "is_active": details.is_active,
    }


def _shown(model: MachineModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in ("name", "description", "warranty_months", "is_active")}
