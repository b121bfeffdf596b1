"""Who is on duty, and where people are."""

from collections.abc import Iterable
from datetime import datetime

from app.accounts.models import Role, User, UserRole
from app.roster.models import DutyShift, Presence, PresenceState


def on_duty(role: Role | str, at: datetime) -> list[User]:
    """Who answers for ``role`` at ``at``: those whose shift it is, else every active person who holds the role.

    Who is on leave is left out as long as somebody else holds the role, on shift or not; only when all of them are on
    leave are they named all the same. Empty when nobody holds the role.
    """
    holders = _holders(role)
    away = _on_leave([user.id for user in holders], at)
    on_shift = _on_shift(role, at)
    present = [user for user in holders if user.id not in away]
    return [user for user in present if user.id in on_shift] or present or holders


def _holders(role: Role | str) -> list[User]:
    query = User.select().join(UserRole, on=UserRole.user == User.id).where(UserRole.role == role, User.is_active)
    return list(query.order_by(User.id))


def _on_shift(role: Role | str, at: datetime) -> set[int]:
    query = DutyShift.select(DutyShift.user).where(DutyShift.role == role, DutyShift.starts_at <= at, DutyShift.ends_at > at)
    return {user_id for (user_id,) in query.tuples()}


def _on_leave(user_ids: Iterable[int], at: datetime) -> set[int]:
    return {user_id for user_id, row in presences(user_ids, at).items() if row.state == PresenceState.LEAVE}


def presences(user_ids: Iterable[int], at: datetime) -> dict[int, Presence]:
    """Where each of these people is at ``at``; who never said anything is not among them."""
    query = Presence.select().where(
        Presence.user.in_(list(user_ids)), Presence.from_at <= at, Presence.until_at.is_null() | (Presence.until_at > at)
    )
    return {row.user_id: row for row in query.order_by(Presence.id)}
