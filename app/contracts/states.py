"""The states of a contract and the ways between them (workflows, Off-warranty contract); pure."""

from app.contracts.models import ContractStatus

S = ContractStatus
TRANSITIONS: dict[ContractStatus, tuple[ContractStatus, ...]] = {
    S.DRAFT: (S.SUBMITTED, S.VOID),
    # A draft again: taken back, or changed; what was decided is forgotten.
    S.SUBMITTED: (S.APPROVED, S.REJECTED, S.DRAFT, S.VOID),
    S.APPROVED: (S.SIGNED, S.DRAFT, S.VOID),
    S.REJECTED: (S.DRAFT, S.VOID),
    S.SIGNED: (S.IN_EXECUTION, S.COMPLETED, S.VOID),
    # Signed again: the order that had begun was called off.
    S.IN_EXECUTION: (S.COMPLETED, S.SIGNED),
    # In execution again: finishing was taken back.
    S.COMPLETED: (S.INVOICED, S.IN_EXECUTION),
    # Back: the invoice was taken back by a red one, the payment was void.
    S.INVOICED: (S.SETTLED, S.COMPLETED),
    S.SETTLED: (S.INVOICED,),
    S.VOID: (),
}
# Lines and text may be changed; what was submitted goes back to a draft first.
CHANGEABLE = (S.DRAFT, S.REJECTED)
# What the manager or deputy agreed to: only they put an end to it.
DECIDED = (S.APPROVED, S.SIGNED)
# Approved and not begun: it still covers whatever order it was made for.
NOT_BEGUN = (S.SIGNED,)


def may_go(present: ContractStatus, target: ContractStatus) -> bool:
    """Whether the way exists."""
    return target in TRANSITIONS[present]
