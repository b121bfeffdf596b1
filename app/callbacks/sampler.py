"""Who is visited again in a quarter (回访计划; 1F-09, N-05): drawn by lot, so that anybody can repeat and check it.

The lot of a customer is the SHA-256 over the seed and the customer's id; the smallest lots are drawn. A cycle has four turns, one for a
quarter, and visits everybody once: each turn draws a quarter of the active customers, or more where earlier turns drew too few.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

TURNS = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """A place in a cycle: ``cycle`` numbers the quarter in which the cycle began (see ``number_of``), ``turn`` is 1 to 4."""

    cycle: int
    turn: int


def number_of(year: int, quarter: int) -> int:
    """Quarters numbered through: four times the year, plus quarter less one."""
    return year * 4 + quarter - 1


def quarter_of(number: int) -> tuple[int, int]:
    """Year and quarter of ``number_of``."""
    return number // 4, number % 4 + 1


def next_turn(last: Turn | None, number: int) -> Turn:
    """The turn of quarter ``number`` while somebody is left to draw; ``last`` is the area's last draw.

    A quarter that nobody drew counts all the same, but a cycle ends only with its fourth turn: nobody is left out by drawing late.
    """
    if last is None or last.turn == TURNS:
        return Turn(number, 1)
    return Turn(last.cycle, min(number - last.cycle + 1, TURNS))


def size(active: int, waiting: int, turn: int) -> int:
    """How many are drawn: a quarter of the ``active``, at least the even share of the ``waiting``, and all of them in the last turn."""
    return min(max(_share(active, TURNS), _share(waiting, TURNS + 1 - turn)), waiting)


def lot(seed: str, customer_id: int) -> str:
    """The customer's lot under ``seed``."""
    return sha256(f"{seed}:{customer_id}".encode()).hexdigest()


def in_order(seed: str, pool: Iterable[int]) -> list[int]:
    """``pool`` in the order of its lots: as it is drawn, and as others take the place of who is swapped."""
    return sorted(pool, key=lambda customer_id: (lot(seed, customer_id), customer_id))


def draw(seed: str, pool: Sequence[int], active: int, turn: int) -> list[int]:
    """The customers of ``pool`` drawn in ``turn``, in the order of their lots; the same again whenever it is repeated."""
    return in_order(seed, pool)[: size(active, len(pool), turn)]


def digest(seed: str, pool: Sequence[int], active: int, drawn: Sequence[int]) -> str:
    """SHA-256 over what a draw started from and what came out."""
    lists = [",".join(map(str, ids)) for ids in (pool, drawn)]
    return sha256("\n".join([seed, str(active), *lists]).encode()).hexdigest()


def _share(number: int, parts: int) -> int:
    return -(-number // parts)
