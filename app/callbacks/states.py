"""The states of a call-back and the ways between them (workflows, Call-back; sign-off chain 1); pure.

``due`` is a finished order without a record. Reading archives by itself, so that nothing stays ``read``.
"""

from app.callbacks.models import CallBackStatus

S = CallBackStatus
TRANSITIONS: dict[CallBackStatus, tuple[CallBackStatus, ...]] = {
    S.DUE: (S.RECORDED,),
    S.RECORDED: (S.SIGNED,),
    S.SIGNED: (S.READ,),
    S.READ: (S.ARCHIVED,),
    S.ARCHIVED: (),
}
# A record says "unreachable" only after calls on so many different days.
DAYS_TRIED = 3


def may_go(present: CallBackStatus | str, target: CallBackStatus) -> bool:
    """Whether the way exists."""
    return target in TRANSITIONS[CallBackStatus(present)]
