"""Receipts for devices: how far one boot was taken in, and what is missing below (monitoring §1)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from app.core import bulk, db

MAX_MISSING = 20
_TOPS = """
    SELECT t.device, wanted.boot, (SELECT MAX(r."last") FROM seq_range r WHERE r.terminal_id = t.id AND r.boot = wanted.boot)
    FROM {wanted} JOIN terminal t ON t.device = wanted.device
"""
# SQLite reads what is cross joined in the order written: from the devices to their own gaps, not from all open gaps of the fleet.
_MISSING = """
    SELECT t.device, g.boot, g."first", g."last"
    FROM {wanted} CROSS JOIN terminal t CROSS JOIN gap g
    WHERE t.device = wanted.device AND g.terminal_id = t.id AND g.boot = wanted.boot AND g.state = 'open' ORDER BY g."first"
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Of ``boot`` everything up to ``upto`` is stored, except the closed ranges ``missing``."""

    device: str
    boot: str
    upto: int
    missing: tuple[tuple[int, int], ...]


def receipts(boots: Iterable[tuple[str, str]]) -> list[Receipt]:
    """The receipts of (device, boot) pairs, from what is committed."""
    wanted, params = bulk.table(("device text", "boot text"), sorted(boots))
    with db.available():
        db.connect()
        tops = db.database.execute_sql(_TOPS.format(wanted=wanted), params).fetchall()
        missing = defaultdict(list)
        for device, boot, first, last in db.database.execute_sql(_MISSING.format(wanted=wanted), params):
            missing[device, boot].append((first, last))
    return [_receipt(device, boot, upto, missing[device, boot]) for device, boot, upto in tops if upto is not None]


def _receipt(device: str, boot: str, upto: int, missing: list[tuple[int, int]]) -> Receipt:
    if len(missing) > MAX_MISSING:  # what cannot be listed must not be forgotten by the device
        upto = missing[MAX_MISSING][0] - 1
    return Receipt(device, boot, upto, tuple(missing[:MAX_MISSING]))
