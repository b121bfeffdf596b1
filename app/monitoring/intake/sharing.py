"""Sharing leases among the processes that are alive: each its fair part, what a dead one held goes to the others (monitoring rule 10)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core import db
from app.core.prepared import Prepared
from app.monitoring.intake.leases import LEASE_TTL_MS, Lease, release_lease, take_lease
from app.monitoring.models import FeedStatus, IntakeLease

ALIVE_MS = LEASE_TTL_MS


@dataclass(frozen=True, slots=True)
class Instances:
    """Subscribers whose heartbeat is fresh, and those of them that have a connection to the broker."""

    alive: frozenset[str]
    connected: frozenset[str]


def lease_names(prefix: str) -> list[str]:
    """The leases there are whose names begin with ``prefix``. Raises ``Unavailable``."""
    with db.available():
        db.connect()
        return [name for name, _holder, _renewed in _leases.plain() if name.startswith(prefix)]


def instances(now_ms: int) -> Instances:
    """Who beats at ``now_ms``. Raises ``Unavailable``."""
    with db.available():
        db.connect()
        rows = _beating.plain(now_ms - ALIVE_MS)
    return Instances(frozenset(name for name, _ in rows), frozenset(name for name, is_connected in rows if is_connected))


class Share:
    """The leases that ``holder`` has of some that are to be shared; a lease lapses after ``ttl_ms``, ``release`` gives one back."""

    def __init__(self, holder: str, ttl_ms: int = LEASE_TTL_MS, release: Callable[[Lease], None] = release_lease) -> None:
        self.holder = holder
        self.ttl_ms = ttl_ms
        self.release = release
        self.held: list[Lease] = []

    def look(self, names: Sequence[str], among: frozenset[str], now_ms: int) -> list[Lease]:
        """What it holds of ``names`` from now on, ``among`` being all who take part. Raises ``Unavailable``.

        It takes what is free while none of the others holds less, and gives one back when another holds two less; who takes no part
        gives back everything. Its own earlier life is fenced off at once.
        """
        with db.available():
            db.connect()
            rows = {name: (holder, renewed_ms) for name, holder, renewed_ms in _leases.plain() if name in names}
        self.held = [lease for lease in self.held if lease.name in rows and rows[lease.name][0] == self.holder]
        if self.holder not in among:
            self.give_back()
            return []
        fresh = Counter(holder for holder, renewed_ms in rows.values() if now_ms - renewed_ms < self.ttl_ms)
        least = min((fresh[other] for other in among if other != self.holder), default=len(names))
        if len(self.held) - least >= 2:
            self.release(self.held.pop())
        else:
            self._take(names, least, now_ms)
        return self.held

    def _take(self, names: Sequence[str], least: int, now_ms: int) -> None:
        known = {lease.name for lease in self.held}
        for name in names:
            if name not in known and len(self.held) <= least:
                lease = take_lease(name, self.holder, now_ms, self.ttl_ms)
                self.held += [lease] if lease is not None else []

    def give_back(self) -> None:
        """Let others in at once."""
        while self.held:
            self.release(self.held.pop())


_beating = Prepared(
    lambda since_ms: FeedStatus.select(FeedStatus.instance, FeedStatus.is_connected).where(FeedStatus.heartbeat_at > since_ms).tuples()
)
_leases = Prepared(
    lambda: IntakeLease.select(IntakeLease.name, IntakeLease.holder, IntakeLease.renewed_at).order_by(IntakeLease.name).tuples()
)
