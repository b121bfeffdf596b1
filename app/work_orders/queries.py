"""Work orders as people may see them: those of their areas, and those they work on themselves wherever that is."""

from typing import Any

from peewee import ModelSelect

from app.core.errors import N_, NotFound
from app.core.types import Actor
from app.work_orders.models import Visit, VisitAssistant, WorkOrder

THERE_IS_NONE = N_("There is no work order of this number, or it is not for you to see.")


def visible(actor: Actor) -> ModelSelect:
    """The orders that ``actor`` may see."""
    return within(WorkOrder.select(), actor)


def within(query: ModelSelect, actor: Actor) -> ModelSelect:
    """``query`` over orders, narrowed to what ``actor`` may see."""
    if actor.area_ids is None:
        return query
    return query.where(WorkOrder.area.in_(list(actor.area_ids)) | works_on(actor.user_id))


def works_on(user_id: int | None) -> Any:
    """Whose order it is: the lead's, and that of everybody who went along on a visit of it, or had it on a visit."""
    along = Visit.select(Visit.order).join(VisitAssistant).where(VisitAssistant.user == user_id)
    led = Visit.select(Visit.order).where(Visit.lead == user_id)
    return (WorkOrder.lead == user_id) | WorkOrder.id.in_(along) | WorkOrder.id.in_(led)


def by_number(actor: Actor, number: str) -> WorkOrder:
    """The order of this number. Raises ``NotFound`` for one that ``actor`` may not see."""
    order = visible(actor).where(WorkOrder.number == number).get_or_none()
    if order is None:
        raise NotFound(THERE_IS_NONE)
    return order


def own_by_number(actor: Actor, number: str) -> WorkOrder:
    """The order of this number that ``actor`` works on. Raises ``NotFound`` for any other."""
    order = WorkOrder.get_or_none((WorkOrder.number == number) & works_on(actor.user_id))
    if order is None:
        raise NotFound(THERE_IS_NONE)
    return order
