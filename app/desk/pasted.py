"""What in a pasted message is a phone number and what may be the number on a machine's plate; pure.

Customers write as they like: ``138 0013 8000``, ``+86-138...``, full-width digits, a serial in the middle of a sentence.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

MAX_READ = 4_000
MAX_EACH = 5
# Longer than this, or with a line break, it is a message and not something to search for as it stands.
MESSAGE_FROM = 40

_MOBILE = re.compile(r"(?<![\dA-Za-z])(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)", re.ASCII)
_LANDLINE = re.compile(r"(?<![\dA-Za-z-])(0\d{2,3})[- )]{0,2}(\d{7,8})(?!\d)", re.ASCII)
_IDENTIFIER = re.compile(r"(?<![A-Za-z\d])(?=[A-Za-z\d_/.-]*\d)[A-Za-z\d]+(?:[-_/.][A-Za-z\d]+)*", re.ASCII)
_ONLY_DIGITS = re.compile(r"[\d./-]+", re.ASCII)
_MIN_IDENTIFIER, _MAX_IDENTIFIER = 4, 40
_MIN_DIGITS_ALONE = 5


@dataclass(frozen=True, slots=True)
class Recognised:
    """The numbers found, each once, in the order they stand: phones as digits alone, identifiers as written."""

    phones: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()


def is_message(text: str) -> bool:
    """Whether ``text`` is rather something that was said than something to search for."""
    return "\n" in text.strip() or len(text.strip()) > MESSAGE_FROM


def recognised(text: str) -> Recognised:
    """The phone numbers and likely serial numbers in ``text``."""
    plain = unicodedata.normalize("NFKC", text[:MAX_READ])
    phones = [(match.start(), "".join(match.groups())) for pattern in (_MOBILE, _LANDLINE) for match in pattern.finditer(plain)]
    rest = _LANDLINE.sub(" ", _MOBILE.sub(" ", plain))
    found = [match.group() for match in _IDENTIFIER.finditer(rest) if _may_be_serial(match.group())]
    return Recognised(_each_once(digits for _at, digits in sorted(phones)), _each_once(found))


def _may_be_serial(token: str) -> bool:
    if not _MIN_IDENTIFIER <= len(token) <= _MAX_IDENTIFIER:
        return False
    if _ONLY_DIGITS.fullmatch(token):  # times, dates and amounts are no serials; a long bare number may be one
        return token.isdigit() and len(token) >= _MIN_DIGITS_ALONE
    return True


def _each_once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MAX_EACH]


def phone_in(text: str) -> str:
    """``text`` as digits when it is one phone number and nothing else, empty otherwise."""
    found = recognised(text).phones
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    return found[0] if len(found) == 1 and digits.removeprefix("86") == found[0] and not re.search(r"[^\W\d_]", text) else ""
