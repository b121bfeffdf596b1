"""Taking in the feed: everything the broker delivered is stored once, in one transaction, before it is acknowledged (monitoring §2)."""

from app.monitoring.intake.credentials import CredentialTask, confirm_credential, credential_tasks, refuse_credential, secret_is_right
from app.monitoring.intake.leases import LEASE_TTL_MS, Lease, LeaseLost, is_valid, release_lease, renew_lease, take_lease
from app.monitoring.intake.noise import RateGuard, mark_noise, noisy_devices
from app.monitoring.intake.purging import purge_keys
from app.monitoring.intake.quarantine import release_quarantine
from app.monitoring.intake.receipts import Receipt, receipts
from app.monitoring.intake.sharing import Instances, Share, instances, lease_names
from app.monitoring.intake.status import Heartbeat, beat, last_contact_ms, note_clock_step, note_possible_gap
from app.monitoring.intake.storing import Outcome, as_unstorable, store

__all__ = [
    "LEASE_TTL_MS",
    "CredentialTask",
    "Heartbeat",
    "Instances",
    "Lease",
    "LeaseLost",
    "Outcome",
    "RateGuard",
    "Receipt",
    "Share",
    "as_unstorable",
    "beat",
    "confirm_credential",
    "credential_tasks",
    "instances",
    "is_valid",
    "last_contact_ms",
    "lease_names",
    "mark_noise",
    "noisy_devices",
    "note_clock_step",
    "note_possible_gap",
    "purge_keys",
    "receipts",
    "refuse_credential",
    "release_lease",
    "release_quarantine",
    "renew_lease",
    "secret_is_right",
    "store",
    "take_lease",
]
