"""What returned parts tell of a machine: what came off it and went back to the factory, and what quality found in it."""

from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import User
from app.core.errors import N_
from app.machine_files.timeline import EntryKind, Rows
from app.machines.models import Machine
from app.returns.models import DefectiveReturn, Nonconformity
from app.work_orders.models import WorkOrder

_PART = (DefectiveReturn.number, DefectiveReturn.part_name, DefectiveReturn.part_number, DefectiveReturn.serial)
_AREA = fn.COALESCE(WorkOrder.area, Machine.area)  # a return that was opened by hand may have no order


def _opened(machine_id: Any) -> ModelSelect:
    query = DefectiveReturn.select(DefectiveReturn, User).join_from(DefectiveReturn, User, JOIN.LEFT_OUTER, on=DefectiveReturn.technician)
    return _with_area(query).where(DefectiveReturn.machine == machine_id)


def _decided(machine_id: Any) -> ModelSelect:
    query = _with_area(Nonconformity.select(Nonconformity, DefectiveReturn).join_from(Nonconformity, DefectiveReturn))
    return query.where(DefectiveReturn.machine == machine_id, Nonconformity.decided_at.is_null(False))


def _with_area(query: ModelSelect) -> ModelSelect:
    return query.join_from(DefectiveReturn, Machine).join_from(DefectiveReturn, WorkOrder, JOIN.LEFT_OUTER)


RETURNS = EntryKind(
    name="return",
    label=N_("Returned parts"),
    icon="refresh",
    permission="returns.read",
    template="machine_files/entries/return.html",
    sources=(
        Rows(
            name="return_opened", query=_opened, at=DefectiveReturn.opened_at, id=DefectiveReturn.id,
            searched=(*_PART, DefectiveReturn.batch, DefectiveReturn.waybill), area=_AREA,
        ),
    ),
    who=lambda returned: returned.technician.name if returned.technician_id else "",
    href=lambda returned: f"/returns/{returned.number}",
)  # fmt: skip
VERDICTS = EntryKind(
    name="verdict",
    label=N_("Quality verdicts"),
    icon="alert-triangle",
    permission="nonconformities.read",
    template="machine_files/entries/return.html",
    sources=(
        Rows(
            name="verdict", query=_decided, at=Nonconformity.decided_at, id=Nonconformity.id,
            searched=(Nonconformity.number, Nonconformity.description, Nonconformity.quality_opinion, *_PART), area=_AREA,
        ),
    ),
    who=lambda report: report.decided_by_name,
    href=lambda report: f"/nonconformities/{report.number}",
    tone=lambda _report: "strong",
    is_for_customers=lambda _report: False,  # who is to blame is the factory's own affair
)  # fmt: skip
