"""What screens want to know of the models of the range."""

from dataclasses import dataclass

from peewee import ModelSelect, fn

from app.core import paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.machines.models import Machine, MachineModel
from app.machines.queries import visible

SORTS = {
    "name": Sort(MachineModel.name, lambda model: model.name),
    "warranty_months": Sort(MachineModel.warranty_months, lambda model: model.warranty_months),
}
DEFAULT_SORT = "name"


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """What the list is narrowed to; ``state`` is ``active``, ``retired`` or empty for both."""

    q: str = ""
    state: str = ""


def listed(actor: Actor, wanted: ModelFilter) -> ModelSelect:
    """The models of the list, each with ``machine_count``: the machines that ``actor`` may see."""
    machines = visible(actor).select(fn.COUNT(Machine.id)).where(Machine.model == MachineModel.id)
    query = MachineModel.select(MachineModel, machines.alias("machine_count"))
    if wanted.q:
        query = query.where(MachineModel.name.contains(wanted.q) | MachineModel.description.contains(wanted.q))
    return query.where(MachineModel.is_active == (wanted.state == "active")) if wanted.state else query


def page(actor: Actor, wanted: ModelFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[MachineModel]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted), SORTS, sort, after=after, before=before)


def by_id(actor: Actor, model_id: int) -> MachineModel:
    """The model with ``machine_count``. Raises ``NotFound``."""
    found = listed(actor, ModelFilter()).where(MachineModel.id == model_id).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such model."))
    return found
