"""Removing a profile with what the desk noted of its codes."""

from app.core import db
from app.core.types import Actor
from app.machines import profile_operations
from app.machines.models import DeviceProfile
from app.monitoring.models import CodeNote


def remove_profile(*, by: Actor, row: DeviceProfile, seen: int) -> None:
    """Remove a profile that no machine uses, and the notes on its codes. Raises ``Conflict``, ``NotAllowed``."""
    with db.transaction():
        CodeNote.delete().where(CodeNote.profile == row.id).execute()
        profile_operations.remove_profile(by=by, row=row, seen=seen)
