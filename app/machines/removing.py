"""Taking back what an import did to machines and models; never for anything else: machines are retired, not deleted."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.core import history, live, textsearch
from app.core.types import Actor
from app.machines import moves, operations
from app.machines.models import Machine, MachineModel, MachineMove, TerminalChange
from app.machines.moves import Occasion, Was

_DAYS = ("accepted_on", "shipped_on")


def remove_machines(*, by: Actor, ids: Sequence[int]) -> None:
    """Remove machines, in the running transaction. Raises ``IntegrityError`` when something is known of one."""
    for machine in Machine.select().where(Machine.id.in_(ids)):
        history.record(by, "machine.import_undone", "machine", machine.serial)
    Machine.delete().where(Machine.id.in_(ids)).execute()
    textsearch.remove("machine_search", ids)
    live.touch("machines")


def remove_models(*, by: Actor, ids: Sequence[int]) -> None:
    """Remove models, in the running transaction. Raises ``IntegrityError`` when a machine is of one."""
    for model in MachineModel.select().where(MachineModel.id.in_(ids)):
        history.record(by, "model.import_undone", "machine_model", model.id, before={"name": model.name})
    MachineModel.delete().where(MachineModel.id.in_(ids)).execute()


def put_back_machine(*, by: Actor, machine: Machine, fields: dict[str, Any]) -> None:
    """Give a machine ``fields`` (as ``customers.imports.stored`` has them) again, in the running transaction."""
    was, noted = Machine(**machine.__data__), moves.was(machine)
    for name, value in fields.items():
        setattr(was, name, date.fromisoformat(value) if name in _DAYS and value else value)
    details = operations.written(was)
    model = MachineModel.get_by_id(was.model_id)
    occasion = Occasion(action="import_undone", is_noted=False)
    operations.renew(by=by, machine=machine, version=machine.version, details=details, model=model, occasion=occasion)
    _forget(machine, noted)


def _forget(machine: Machine, noted: Was) -> None:
    """Take what the import noted of the machine's moves out of its log: it never stood there."""
    here = (MachineMove.to_customer.is_null() if noted.customer_id is None else MachineMove.to_customer == noted.customer_id) & (
        MachineMove.to_site.is_null() if noted.site_id is None else MachineMove.to_site == noted.site_id
    )
    for model, is_meant in ((MachineMove, here), (TerminalChange, TerminalChange.new_device == noted.device)):
        last = model.select().where(model.machine == machine).order_by(model.id.desc()).first()
        if last is not None:
            model.delete().where((model.id == last.id) & is_meant).execute()
