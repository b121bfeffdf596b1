"""How often strangers may ask: counted in the database, so that all processes count together (security §1, Brute force)."""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from peewee import CharField, fn

from app.core import clock, db
from app.core.db import BaseModel, InstantField
from app.core.errors import N_, TooManyAttempts
from app.core.prepared import Prepared

FORGOTTEN_AFTER = timedelta(days=1)
_WORDS = N_("That was asked very often just now. Please try again in %(minutes)d min.")


class RateHit(BaseModel):
    """One request that counts under ``key``."""

    key = CharField(100)
    at = InstantField(index=True)

    class Meta:
        indexes = ((("key", "at"), False),)


def address_key(ip: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 network that an IPv6 subscriber gets whole."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip[:45]
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


_counted = Prepared(
    lambda key, since: RateHit.select(fn.COUNT(RateHit.id).alias("hits"), fn.MIN(RateHit.at).alias("oldest")).where(
        RateHit.key == key, RateHit.at > since
    )
)


def hit(key: str, limit: int, per: timedelta, at: datetime) -> None:
    """Count one request under ``key`` (at most 100 characters); ``per`` is at most ``FORGOTTEN_AFTER``.

    Raises ``TooManyAttempts`` when ``limit`` were counted within ``per`` before ``at``: that one is neither counted nor written,
    so that a flood costs no more than reading.
    """
    assert per <= FORGOTTEN_AFTER
    key = key[:100]
    with db.available():
        db.connect()
        _check(key, limit, per, at)
    with db.transaction():
        _check(key, limit, per, at)  # of many at once only as many as are allowed come through
        RateHit.insert(key=key, at=at).execute()


def _check(key: str, limit: int, per: timedelta, at: datetime) -> None:
    found = _counted.first(key, clock.to_ms(at - per))
    if found is None or found.hits < limit:
        return
    seconds = int((found.oldest + per - at).total_seconds()) + 1
    raise TooManyAttempts(_WORDS, retry_after_s=max(seconds, 1), minutes=max(-(-seconds // 60), 1))


def purge(at: datetime) -> int:
    """Delete what no longer counts; returns how many."""
    with db.transaction():
        return RateHit.delete().where(RateHit.at < at - FORGOTTEN_AFTER).execute()
