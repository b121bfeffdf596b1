"""Passwords: how they are kept (argon2id) and which are refused (ASVS 6.2); no rule about kinds of characters."""

import re
import secrets
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.errors import N_

MIN_LENGTH = 8
MAX_LENGTH = 128
MEMORY_KIB = 19 * 1024
ROUNDS = 2
LANES = 1

COMMONEST = Path(__file__).parent / "common_passwords" / "passwords.txt"
# What anyone who knows the company would try first (ASVS 6.2.11).
COMPANY_WORDS = ("kehuzhongxin", "客户中心", "customercentre", "customercenter", "shouhou", "售后", "rexian", "hotline", "weixiu", "admin")
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_PHONE_OR_DATE = re.compile(r"1[3-9]\d{9}|(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TAIL = re.compile(r"[\d\W_]*$")

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


def generated() -> str:
    """A random password to be read from paper and typed once (100 bits, no look-alikes)."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def problem(password: str, username: str = "") -> str | None:
    """Why ``password`` is refused for ``username``, as a message id, or None when it is good."""
    if len(password) < MIN_LENGTH:
        return N_("At least 8 characters, please; a short sentence is easy to remember.")
    if len(password) > MAX_LENGTH:
        return N_("At most 128 characters, please.")
    plain = password.lower()
    if plain in _commonest() or _is_pattern(plain) or _PHONE_OR_DATE.fullmatch(plain):
        return N_("This is among the passwords that are tried first. Please choose another one, for example a short sentence.")
    if _is_made_of(plain, (*COMPANY_WORDS, username.lower())):
        return N_("A password made of the user name or of words of the company is guessed easily. Please choose another one.")
    return None


@cache
def _commonest() -> frozenset[str]:
    return frozenset(COMMONEST.read_text(encoding="utf8").split())


def _is_pattern(plain: str) -> bool:
    """A few characters repeated, or a row of the keyboard run along."""
    if len(set(plain)) <= 2:
        return True
    unit = next((plain[:n] for n in range(1, 5) if (plain[:n] * len(plain))[: len(plain)] == plain), None)
    return unit is not None or any(plain in row * 3 or plain in row[::-1] * 3 for row in _ROWS)


def _is_made_of(plain: str, words: tuple[str, ...]) -> bool:
    """One of ``words`` with nothing but digits and signs around it, as in ``Chen2026!``."""
    core = _TAIL.sub("", plain).lstrip("0123456789_-.@#!")
    return any(word and core in (word, word * 2) for word in words) or plain in words
