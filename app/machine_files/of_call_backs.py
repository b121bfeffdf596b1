"""What call-backs tell of a machine: what its customer said of the work on it."""

from typing import Any

from peewee import JOIN, ModelSelect

from app.accounts.models import User
from app.callbacks.models import CallBack
from app.core.errors import N_
from app.machine_files.timeline import EntryKind, Rows
from app.work_orders.models import WorkOrder


def _call_backs(machine_id: Any) -> ModelSelect:
    query = CallBack.select(CallBack, WorkOrder.id, WorkOrder.number, WorkOrder.title, WorkOrder.area, User.id, User.name)
    query = query.join_from(CallBack, WorkOrder).join_from(CallBack, User, JOIN.LEFT_OUTER, on=(CallBack.technician == User.id))
    return query.where(CallBack.machine == machine_id)


CALL_BACKS = EntryKind(
    name="call_back",
    label=N_("Call-backs"),
    icon="phone",
    permission="call_backs.list",
    template="machine_files/entries/call_back.html",
    sources=(
        Rows(
            name="call_back",
            query=_call_backs,
            at=CallBack.recorded_at,
            id=CallBack.id,
            searched=(CallBack.text, CallBack.follow_up, CallBack.recorded_by_name, WorkOrder.number),
            area=CallBack.area,
        ),
    ),
    who=lambda call_back: call_back.recorded_by_name,
    href=lambda call_back: f"/call-backs/{call_back.id}",
    tone=lambda call_back: "strong" if call_back.is_poor else "plain",
    is_for_customers=lambda _call_back: False,  # the scores are those of a person
)
