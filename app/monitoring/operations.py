"""What people do to alarms, devices and their credentials; the only writer besides intake and evaluation."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.types import Actor
from app.customers.models import Customer
from app.machines import move_operations
from app.machines import queries as machine_queries
from app.machines.models import DeviceProfile, Machine
from app.machines.move_operations import TerminalDetails
from app.machines.operations import DEVICE, MachineDetails, create_machine, edit_machine, written
from app.monitoring import announcing, intake
from app.monitoring.models import Alarm, CredentialState, DeviceCredential, Episode, Gap, GapState

# 24 random bytes are 192 bits; security §4 asks for at least 128.
SECRET_BYTES = 24


def acknowledge(*, by: Actor, alarm: Alarm, version: int, at: datetime | None = None) -> None:
    """Say "I have seen it" (T6, T11): the alarm and its episodes not yet acknowledged. The condition is another matter.

    Raises ``Conflict`` when the alarm is no longer as it was at ``version``: cleared, raised anew or acknowledged by someone else.
    """
    by.require("alarms.acknowledge")
    acknowledged_at = at or clock.now()
    with db.transaction():
        claimed = (
            Alarm.update(is_acknowledged=True, version=Alarm.version + 1)
            .where(Alarm.id == alarm.id, Alarm.version == version, ~Alarm.is_acknowledged)
            .execute()
        )
        if claimed != 1:
            raise Conflict(N_("This alarm has changed meanwhile. Its present state is shown; look, then decide again."))
        Episode.update(acknowledged_at=acknowledged_at, acknowledged_by=by.user_id).where(
            Episode.alarm == alarm.id, Episode.acknowledged_at.is_null()
        ).execute()
        announcing.acknowledged(alarm, acknowledged_at)
        history.record(by, "alarm.acknowledged", "alarm", alarm.id, after={"machine": alarm.machine.serial, "code": alarm.code})
        live.touch("alarms")


def acknowledge_all(*, by: Actor, seen: Iterable[tuple[Alarm, int]], at: datetime | None = None) -> list[Alarm]:
    """Acknowledge several alarms, each as it was at its version; returns those that were no longer so, which are left alone."""
    by.require("alarms.acknowledge")
    stale = []
    with db.transaction():
        for alarm, version in seen:
            try:
                acknowledge(by=by, alarm=alarm, version=version, at=at)
            except Conflict:
                stale.append(alarm)
    return stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The machine behind a device in quarantine: an existing one by its serial number, or a new one."""

    serial: str
    model: str = ""
    customer: Customer | None = None
    profile: DeviceProfile | None = None


def register_device(*, by: Actor, device: str, registration: Registration, at: datetime | None = None) -> tuple[Machine, int]:
    """Give ``device`` a machine and take in what it sent meanwhile; returns the machine and how many messages that was.

    A machine of that serial number that has no device yet gets this one, else a new machine is entered. Raises ``Invalid`` with the
    words beside each field, ``Conflict`` when the machine has another device already, ``NotAllowed``.
    """
    by.require("feed.register")
    registrar = replace(by, permissions=by.permissions | {"machines.edit"})
    with db.transaction():
        machine = machine_queries.visible(by).where(Machine.serial == registration.serial.strip()).get_or_none()
        if machine is None:
            machine = create_machine(by=registrar, details=_new(device, registration), at=at)
        else:
            _link(registrar, machine, device)
        released = intake.release_quarantine(device, by)
        live.touch("feed")
        live.touch("alarms")
    return machine, released


def _new(device: str, registration: Registration) -> MachineDetails:
    return MachineDetails(
        serial=registration.serial,
        model=registration.model,
        device=device,
        profile=registration.profile,
        customer=registration.customer,
    )


def _link(by: Actor, machine: Machine, device: str) -> None:
    if machine.device == device:
        return
    if machine.device:
        raise Conflict(
            N_("This machine has another device code already: %(device)s. Change it in the register first."), device=machine.device
        )
    details = replace(written(machine), device=device)
    edit_machine(by=by, machine=machine, version=machine.version, details=details)


def fit_terminal(*, by: Actor, machine: Machine, version: int, details: TerminalDetails) -> int:
    """Replace the terminal of ``machine`` and take in what waits of the new one; returns how many messages that was.

    Raises as ``move_operations.replace_terminal``.
    """
    with db.transaction():
        move_operations.replace_terminal(by=by, machine=machine, version=version, details=details)
        released = intake.release_quarantine(details.device.strip(), by) if details.device.strip() else 0
        live.touch("feed")
        live.touch("alarms")
    return released


def note_gap(*, by: Actor, gap: Gap, at: datetime | None = None) -> None:
    """Say "I have seen it" of a possible gap, which no message can fill (monitoring rule 8). Raises ``Conflict`` when it is closed."""
    by.require("feed.register")
    with db.transaction():
        closed = (
            Gap.update(state=GapState.SEEN, closed_at=at or clock.now())
            .where(Gap.id == gap.id, Gap.terminal.is_null(), Gap.state == GapState.OPEN)
            .execute()
        )
        if closed != 1:
            raise Conflict(N_("This gap is closed already."))
        history.record(by, "gap.seen", "gap", gap.id, before={"state": GapState.OPEN}, after={"state": GapState.SEEN})
        live.touch("feed")


def create_credential(*, by: Actor, device: str, at: datetime | None = None) -> str:
    """Give ``device`` the right to speak on the feed; returns the secret, which is never shown again.

    Raises ``Invalid`` for a code that no device can have and ``Conflict`` when it has a credential already.
    """
    by.require("credentials.manage")
    if not re.fullmatch(DEVICE, device):
        message = N_("A device code has 1 to 64 letters, digits, dots, hyphens or underscores.")
        raise Invalid(message, fields={"device": message})
    with db.transaction():
        row = _credential(device)
        if row is not None and row.state in (CredentialState.PENDING, CredentialState.ACTIVE):
            raise Conflict(N_("This device has a credential already. Rotate it to get a new secret."))
        return _issue(by, "created", device, at or clock.now())


def rotate_credential(*, by: Actor, device: str, at: datetime | None = None) -> str:
    """A new secret for ``device``; the old one ends as soon as the broker has the new one. Raises ``NotFound`` without one."""
    by.require("credentials.manage")
    with db.transaction():
        _valid_credential(device)
        return _issue(by, "rotated", device, at or clock.now())


def revoke_credential(*, by: Actor, device: str, at: datetime | None = None) -> None:
    """Withdraw the right of ``device`` to speak on the feed. Raises ``NotFound`` when it has none."""
    by.require("credentials.manage")
    with db.transaction():
        _valid_credential(device)
        DeviceCredential.update(
            state=CredentialState.REVOKING, secret=None, secret_hash=None, changed_at=at or clock.now(), problem=""
        ).where(DeviceCredential.device == device).execute()
        history.record(by, "credential.revoked", "device", device)


def _issue(by: Actor, action: str, device: str, at: datetime) -> str:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    values = {
        "state": CredentialState.PENDING,
        "secret": secret,
        "secret_hash": sha256(secret.encode()).digest(),
        "changed_at": at,
        "problem": "",
    }
    DeviceCredential.insert(device=device, created_at=at, **values).on_conflict(
        conflict_target=[DeviceCredential.device], update=values
    ).execute()
    history.record(by, f"credential.{action}", "device", device)
    return secret


def _credential(device: str) -> DeviceCredential | None:
    return db.for_update(DeviceCredential.select().where(DeviceCredential.device == device)).first()


def _valid_credential(device: str) -> DeviceCredential:
    row = _credential(device)
    if row is None or row.state in (CredentialState.REVOKING, CredentialState.REVOKED):
        raise NotFound(N_("This device has no valid credential."))
    return row
