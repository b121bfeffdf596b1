"""Passwords: how they are kept (argon2id) and which are refused (ASVS 6.2)."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 8
MAX_LENGTH = 128
MEMORY_KIB = 19 * 1024
ROUNDS = 2
LANES = 1

_hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)
# What nobody's password hashes to; unknown names are checked against it, so that they take as long as known ones.
_NOBODY = _hasher.hash(secrets.token_urlsafe(32))


def hashed(password: str) -> str:
    """The argon2id hash to store (19 MiB, two rounds, one lane)."""
    return _hasher.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Whether ``password`` is the one of ``password_hash``; takes the same time when there is no hash."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether ``password_hash`` was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)
