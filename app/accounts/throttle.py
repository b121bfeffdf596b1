"""Slowing down guesses at passwords, counted in the database so that every portal process knows (ASVS 6.3.1).

The delay belongs to an account *and* an address: strangers who guess at the hotline's account from
elsewhere cannot keep the hotline's desk from signing in.
"""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from peewee import fn

from app.accounts.models import SignInAttempt
from app.core import db
from app.core.errors import N_, TooManyAttempts
from app.core.rate_limits import address_key

FREE_FAILURES = 5
LONGEST_DELAY_MIN = 15
ADDRESS_LIMIT = 30
ADDRESS_WINDOW = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(days=1)
_WORDS = N_("Too many failed sign-ins. Please try again in %(minutes)d min.")


def account_key(username: str) -> str:
    """A digest of what was typed as the user name: people type their passwords there by mistake."""
    return hmac.new(b"sign-in attempt", username.encode(), sha256).hexdigest()[:40]


def begin(username: str, ip: str, at: datetime) -> None:
    """Count one attempt as failed before its password is looked at, so that attempts sent at once are all counted.

    Raises ``TooManyAttempts`` while the account and address, or the address, must wait; that attempt is not counted.
    """
    account, address = account_key(username), address_key(ip)
    with db.transaction():
        wait = max(_account_wait(account, address, at), _address_wait(address, at))
        if wait > timedelta(0):
            seconds = int(wait.total_seconds()) + 1
            raise TooManyAttempts(_WORDS, retry_after_s=seconds, minutes=-(-seconds // 60))
        SignInAttempt.insert(username=account, ip=address, at=at).execute()


def succeed(username: str, ip: str) -> None:
    """Forget the failures of this account at this address; takes part in the running transaction."""
    SignInAttempt.delete().where((SignInAttempt.username == account_key(username)) & (SignInAttempt.ip == address_key(ip))).execute()


def purge(at: datetime) -> int:
    """Delete attempts that no longer count; returns how many."""
    with db.transaction():
        return SignInAttempt.delete().where(SignInAttempt.at < at - FORGOTTEN_AFTER).execute()


def _account_wait(account: str, address: str, at: datetime) -> timedelta:
    failures, last = (
        SignInAttempt.select(fn.COUNT(SignInAttempt.id), fn.MAX(SignInAttempt.at))
        .where((SignInAttempt.username == account) & (SignInAttempt.ip == address) & (SignInAttempt.at > at - FORGOTTEN_AFTER))
        .tuples()
        .get()
    )
    if failures < FREE_FAILURES:
        return timedelta(0)
    return last + timedelta(minutes=min(2 ** (failures - FREE_FAILURES), LONGEST_DELAY_MIN)) - at


def _address_wait(address: str, at: datetime) -> timedelta:
    failures, first = (
        SignInAttempt.select(fn.COUNT(SignInAttempt.id), fn.MIN(SignInAttempt.at))
        .where((SignInAttempt.ip == address) & (SignInAttempt.at > at - ADDRESS_WINDOW))
        .tuples()
        .get()
    )
    return first + ADDRESS_WINDOW - at if failures >= ADDRESS_LIMIT else timedelta(0)
