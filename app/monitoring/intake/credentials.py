"""What the broker still has to be told of devices' credentials; the secret goes as soon as the broker has taken it (security §4)."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from app.core import clock, db
from app.monitoring.models import CredentialState, DeviceCredential


@dataclass(frozen=True, slots=True)
class CredentialTask:
    """One change for the broker: ``secret`` is None when the credential is to be withdrawn."""

    device: str
    secret: str | None


def credential_tasks(limit: int = 50) -> list[CredentialTask]:
    """The oldest changes that the broker has not confirmed."""
    with db.available():
        db.connect()
        rows = (
            DeviceCredential.select(DeviceCredential.device, DeviceCredential.state, DeviceCredential.secret)
            .where(DeviceCredential.state.in_((CredentialState.PENDING, CredentialState.REVOKING)))
            .order_by(DeviceCredential.changed_at)
            .limit(limit)
            .tuples()
        )
        return [
            CredentialTask(device, None if state == CredentialState.REVOKING else secret)
            for device, state, secret in rows
            if state == CredentialState.REVOKING or secret is not None
        ]


def confirm_credential(task: CredentialTask) -> None:
    """The broker has done ``task``; a change made since then stays to be done."""
    expected, done = _states(task)
    with db.transaction():
        DeviceCredential.update(state=done, secret=None, problem="", changed_at=clock.now()).where(
            (DeviceCredential.device == task.device) & (DeviceCredential.state == expected) & _same_secret(task)
        ).execute()


def refuse_credential(task: CredentialTask, problem: str) -> None:
    """The broker refused ``task``; its words are shown, and it is tried again."""
    expected, _ = _states(task)
    with db.transaction():
        DeviceCredential.update(problem=problem).where(
            (DeviceCredential.device == task.device) & (DeviceCredential.state == expected) & _same_secret(task)
        ).execute()


def secret_is_right(device: str, secret: str) -> bool:
    """Whether ``secret`` opens the feed for ``device`` (for a broker without credentials of its own)."""
    with db.available():
        db.connect()
        row = DeviceCredential.get_or_none(DeviceCredential.device == device)
    if row is None or row.state not in (CredentialState.PENDING, CredentialState.ACTIVE) or row.secret_hash is None:
        return False
    return hmac.compare_digest(bytes(row.secret_hash), sha256(secret.encode()).digest())


def _states(task: CredentialTask) -> tuple[CredentialState, CredentialState]:
    if task.secret is None:
        return CredentialState.REVOKING, CredentialState.REVOKED
    return CredentialState.PENDING, CredentialState.ACTIVE


def _same_secret(task: CredentialTask) -> Any:
    return DeviceCredential.device == task.device if task.secret is None else DeviceCredential.secret == task.secret
