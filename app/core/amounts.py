"""Numbers as people type them, in a form or in a file: ¥12,345.60, 1.5, 13 %."""

import re
from decimal import Decimal

from app.core.errors import N_

NO_AMOUNT = N_("An amount like 350 or 350.50, please.")
NO_QUANTITY = N_("A quantity like 2 or 1.5, please.")
NO_SHARE = N_("A share like 13 or 6.5 (per cent), please.")
LONGEST = 15
_PLAIN = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)")
_IGNORED = str.maketrans("", "", ",，¥￥%％ \u3000")
_WIDE = str.maketrans("０１２３４５６７８９．－", "0123456789.-")


def number_in(text: str, places: int) -> Decimal | None:
    """The number in ``text``, with at most ``places`` decimals; None for an empty text.

    Full-width digits, thousands separators, ¥ and % are understood. Raises ``ValueError`` for what is no such number.
    """
    plain = text.translate(_WIDE).translate(_IGNORED)
    if not plain:
        return None
    if len(plain) > LONGEST or not _PLAIN.fullmatch(plain) or (value := Decimal(plain)) != round(value, places):
        raise ValueError(text)
    return round(value, places)
