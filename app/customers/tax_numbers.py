"""Unified social credit codes (统一社会信用代码, GB 32100-2015) and the older tax numbers; pure."""

import re

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE = re.compile(f"[{_ALPHABET}]{{18}}")
_OLD = re.compile(r"[0-9A-Z]{15}|[0-9A-Z]{20}")


def normal(text: str) -> str:
    """The number without blanks, in capitals."""
    return re.sub(r"\s", "", text).upper()


def is_well_formed(number: str) -> bool:
    """Whether ``number`` has the characters of a credit code, or 15 or 20 as older numbers had."""
    return bool(_CODE.fullmatch(number) or _OLD.fullmatch(number))


def is_check_right(number: str) -> bool:
    """Whether the last character of a credit code fits the others; older numbers have none. Some early codes in real use fail."""
    if len(number) != 18:
        return True
    total = sum(_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(number[:17]))
    return _ALPHABET.index(number[17]) == -total % 31
