"""What every change of a contract goes through: claimed at its version and state, its step written, the history kept in step."""

from datetime import datetime
from typing import Any

from app.accounts import notices
from app.contracts import states
from app.contracts.models import Contract, ContractStatus, ContractStep
from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.types import Actor

LIVE = "contracts"
READ, DRAFT, SIGN = "contracts.read", "contracts.draft", "contracts.sign"
APPROVE, CONFIRM = "contracts.approve", "contracts.confirm_quote"
MISSING = N_("Something is missing or wrong. See the words beside the fields.")
MAX_REMARK, MAX_REASON = 500, 300
# What is forgotten when a contract becomes a draft again: nobody has agreed to what it will say.
UNDECIDED: dict[str, Any] = {
    "submitted_at": None, "decided_at": None, "decided_by": None, "decided_by_name": "", "decided_for_name": "", "remark": "",
    "single_reason": "", "discount_reason": "", "content": "", "digest": None,
}  # fmt: skip


def claim(contract: Contract, version: int, **fields: Any) -> None:
    """Set ``fields`` if the contract still has ``version``, in the running transaction. Raises ``Conflict`` when it has not."""
    db.current()
    present = (Contract.id == contract.id) & (Contract.version == version)
    if Contract.update(version=Contract.version + 1, **fields).where(present).execute() != 1:
        raise stale(contract.id)
    notices.settle(told_under(contract, version), fields.get("changed_at") or clock.now())
    for name, value in fields.items():
        setattr(contract, name, value)
    contract.version = version + 1


def told_under(contract: Contract, version: int) -> str:
    """The key of what people are told about this version of the contract; it is over with the next change."""
    return f"contract:{contract.id}:{version}"


def move(by: Actor, contract: Contract, to: ContractStatus, version: int, *, at: datetime, note: str = "", **fields: Any) -> None:
    """Put the contract into ``to`` with ``fields``, in the running transaction; ``note`` is kept with the step.

    Raises ``Conflict`` for another ``version`` or when the way does not exist.
    """
    present = ContractStatus(contract.status)
    if contract.version != version or not states.may_go(present, to):
        raise stale(contract.id)
    claim(contract, version, status=to, changed_at=at, **fields)
    note_step(by, contract, present, at=at, note=note)
    record(by, to, contract, before={"status": present}, after={"status": to, "note": note, "total": contract.total})


def note_step(by: Actor, contract: Contract, present: ContractStatus | None, *, at: datetime, note: str = "") -> None:
    """Write the step from ``present`` to the state the contract has now."""
    ContractStep.create(
        contract=contract, at=at, by=by.user_id, by_name=by.name, from_status=present, to_status=contract.status,
        remark=note.strip()[:MAX_REMARK],
    )  # fmt: skip


def record(
    by: Actor, action: str, contract: Contract, *, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> None:
    """Note the change in the history and tell the live screens."""
    history.record(by, f"contract.{action}", "contract", contract.number, before=_plain(before), after=_plain(after))
    live.touch(LIVE)


def _plain(values: dict[str, Any] | None) -> dict[str, Any] | None:
    return values and {name: value for name, value in values.items() if value not in (None, "")}


def stale(contract_id: int) -> Exception:
    """The refusal of a request made for a state that is over: who did what meanwhile."""
    present = Contract.get_or_none(Contract.id == contract_id)
    if present is None:
        return NotFound(N_("There is no contract of this number, or it is not for you to see."))
    last = ContractStep.select().where(ContractStep.contract == contract_id).order_by(ContractStep.id.desc()).first()
    if last is None:
        return Conflict(N_("This contract has changed meanwhile. Look at its present state, then decide again."))
    words = {
        ContractStatus.APPROVED: N_("%(who)s has approved %(number)s already. Nothing was changed."),
        ContractStatus.REJECTED: N_("%(who)s has turned down %(number)s already. Nothing was changed."),
        ContractStatus.SIGNED: N_("%(number)s is signed already. Nothing was changed."),
    }
    usual = N_("%(who)s has changed %(number)s meanwhile. Look at its present state, then decide again.")
    return Conflict(words.get(present.status, usual), who=last.by_name, number=present.number)


def need_reason(reason: str, field: str = "reason") -> str:
    """``reason`` without blanks around it. Raises ``Invalid`` when there is none or too much."""
    words = reason.strip()
    if not words:
        raise Invalid(N_("Say why, in a few words."), fields={field: N_("A reason is needed here.")})
    if len(words) > MAX_REASON:
        raise Invalid(MISSING, fields={field: N_("This is too long for the field.")})
    return words
