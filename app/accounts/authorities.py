"""Signing in somebody's place (代签): who is away lets another do certain things for a time (product.md, settled question 16)."""

from dataclasses import dataclass
from datetime import datetime

from app.accounts.models import Authority, User
from app.core.errors import N_, NotAllowed
from app.core.types import Actor


@dataclass(frozen=True, slots=True)
class Standing:
    """By what right somebody does something: their own, or in the place of ``for_name`` (prints as "张 (代李) 签")."""

    for_id: int | None = None
    for_name: str = ""


OWN = Standing()


def standing(by: Actor, permission: str, at: datetime) -> Standing:
    """By what right ``by`` does what ``permission`` names at ``at``. Raises ``NotAllowed`` when there is none."""
    if by.may(permission):
        return OWN
    found = _given(by, permission, at)
    if found is None:
        raise NotAllowed(N_("Your role does not allow this."))
    return Standing(found.giver_id, found.giver.name)


def may_act(by: Actor, permission: str, at: datetime) -> bool:
    """Whether ``by`` may do what ``permission`` names at ``at``, by own right or in somebody's place."""
    return by.may(permission) or _given(by, permission, at) is not None


def _given(by: Actor, permission: str, at: datetime) -> Authority | None:
    return (
        Authority.select(Authority, User)
        .join(User, on=Authority.giver)
        .where(
            Authority.holder == by.user_id,
            Authority.permission == permission,
            Authority.from_at <= at,
            Authority.until_at > at,
            Authority.revoked_at.is_null(),
            User.is_active,
        )
        .order_by(Authority.id)
        .first()
    )
