"""Who may write the inbox: one holder per client id, told from earlier ones by a fencing number (monitoring rule 9).

A lease is valid as long as its number stands in the row; time decides only whether another may take it.
"""

from dataclasses import dataclass, field

from peewee import IntegrityError

from app.core import clock, db
from app.core.errors import N_, Conflict
from app.core.prepared import PreparedWrite
from app.monitoring.models import IntakeLease

LEASE_TTL_MS = 6_000


@dataclass(frozen=True, slots=True)
class Lease:
    """What a holder shows with every batch; ``before_ms`` is when its earlier holder last renewed it, if that is known."""

    name: str
    number: int
    before_ms: int | None = field(default=None, compare=False)


class LeaseLost(Conflict):
    """Another subscriber has taken over; nothing was stored."""


def take_lease(name: str, holder: str, now_ms: int, ttl_ms: int = LEASE_TTL_MS) -> Lease | None:
    """The lease ``name`` if it is free, has lapsed (``ttl_ms``) or was this holder's own, else None.

    Its own earlier life is fenced off at once by the next number.
    """
    with db.transaction():
        row = IntakeLease.get_or_none(IntakeLease.name == name)
        if row is None:
            return _first_lease(name, holder, now_ms)
        before_ms = clock.to_ms(row.renewed_at)
        age_ms = now_ms - before_ms
        if row.holder != holder and age_ms < ttl_ms:
            return None
        taken = (
            IntakeLease.update(holder=holder, number=row.number + 1, renewed_at=now_ms)
            .where((IntakeLease.name == name) & (IntakeLease.number == row.number))
            .execute()
        )
        return Lease(name, row.number + 1, before_ms or None) if taken else None


def _first_lease(name: str, holder: str, now_ms: int) -> Lease | None:
    try:
        with db.database.atomic():
            IntakeLease.insert(name=name, holder=holder, number=1, renewed_at=now_ms).execute()
    except IntegrityError:
        return None
    return Lease(name, 1)


def prove(lease: Lease, now_ms: int) -> None:
    """Renew ``lease`` in the running transaction. Raises ``LeaseLost`` when its number is no longer the row's."""
    if not _renew.count(now_ms, lease.name, lease.number):
        raise LeaseLost(N_("Another subscriber has taken over the feed."))


_renew = PreparedWrite(
    lambda now_ms, name, number: IntakeLease.update(renewed_at=now_ms).where(IntakeLease.name == name, IntakeLease.number == number)
)


def renew_lease(lease: Lease, now_ms: int) -> None:
    """Renew ``lease`` by itself. Raises ``LeaseLost``."""
    with db.transaction():
        prove(lease, now_ms)


def is_valid(lease: Lease) -> bool:
    """Whether the number of ``lease`` is still the row's."""
    with db.available():
        db.connect()
        return IntakeLease.select().where((IntakeLease.name == lease.name) & (IntakeLease.number == lease.number)).exists()


def release_lease(lease: Lease) -> None:
    """Let the next one in without waiting for the lease to lapse."""
    with db.transaction():
        IntakeLease.update(renewed_at=0).where((IntakeLease.name == lease.name) & (IntakeLease.number == lease.number)).execute()
