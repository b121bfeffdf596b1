"""What contracts tell of a machine: what was agreed for it, and the service agreements that cover it."""

from typing import Any

from peewee import ModelSelect

from app.contracts.models import Contract, ContractKind, ContractMachine, ContractStatus
from app.core.errors import N_
from app.machine_files.timeline import EntryKind, Rows


def _made(machine_id: Any) -> ModelSelect:
    return Contract.select().where(Contract.machine == machine_id, Contract.kind != ContractKind.AGREEMENT)


def _agreements(machine_id: Any) -> ModelSelect:
    query = Contract.select().join(ContractMachine, on=ContractMachine.contract == Contract.id)
    return query.where(ContractMachine.machine == machine_id)


def _rows(name: str, query: Any) -> Rows:
    searched = (Contract.number, Contract.title, Contract.author_name)
    return Rows(name=name, query=query, at=Contract.created_at, id=Contract.id, searched=searched, area=Contract.area)


CONTRACTS = EntryKind(
    name="contract",
    label=N_("Contracts"),
    icon="file-text",
    permission="contracts.read",
    template="machine_files/entries/contract.html",
    sources=(_rows("contract_made", _made), _rows("agreement", _agreements)),
    who=lambda contract: contract.author_name,
    href=lambda contract: f"/contracts/{contract.number}",
    tone=lambda contract: "plain" if contract.status in (ContractStatus.DRAFT, ContractStatus.VOID) else "strong",
    is_for_customers=lambda contract: contract.signed_at is not None,
)
