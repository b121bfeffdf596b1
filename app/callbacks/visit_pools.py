"""Who is to be visited again, who is left to draw in a cycle, and the proof of a draw (回访计划; 1F-09, N-05)."""

import json
from dataclasses import dataclass
from datetime import datetime

from peewee import ModelSelect

from app.accounts.models import Area
from app.callbacks import sampler
from app.callbacks.models import ReturnVisit, ReturnVisitState, VisitDraw
from app.callbacks.sampler import Turn
from app.core import clock
from app.core.errors import N_, Invalid
from app.customers.models import Customer
from app.machines.models import Machine

PLANNED, VISITED = ReturnVisitState.PLANNED, ReturnVisitState.VISITED
# The customer was or is to be visited.
TAKEN = (PLANNED, VISITED)
LISTED_WITHOUT_AREA = 20
_IN_SERVICE = Machine.retired_on.is_null() & Machine.customer.is_null(False)
# The number of a draw's quarter, as a column.
quarter_number = VisitDraw.year * 4 + VisitDraw.quarter - 1


def number_at(at: datetime) -> int:
    """The number (``sampler.number_of``) of the quarter that ``at`` lies in, by the deployment's calendar."""
    day = at.astimezone(clock.zone())
    return sampler.number_of(day.year, (day.month - 1) // 3 + 1)


def number_of(draw: VisitDraw) -> int:
    """The number of the draw's quarter."""
    return sampler.number_of(draw.year, draw.quarter)


def quarter_code(number: int) -> str:
    """2026-Q4."""
    year, quarter = sampler.quarter_of(number)
    return f"{year}-Q{quarter}"


def number_from(text: str) -> int:
    """The quarter written as 2026-Q4. Raises ``Invalid``."""
    year, _, quarter = text.partition("-Q")
    if not (len(year) == 4 and year.isdecimal() and year.isascii() and quarter in ("1", "2", "3", "4")):
        raise Invalid(N_("That is not a quarter; write it like 2026-Q4."))
    return sampler.number_of(int(year), int(quarter))


def active() -> ModelSelect:
    """The customers to be visited: those with a machine in service. Their own area is where they are visited, wherever machines stand."""
    return Customer.select().where(Customer.id.in_(Machine.select(Machine.customer).where(_IN_SERVICE)))


def active_customers(area: Area | int) -> list[int]:
    """The ids of the active customers of ``area``, smallest first."""
    return [key for (key,) in active().select(Customer.id).where(Customer.area == area).order_by(Customer.id).tuples()]


def is_active(visit: ReturnVisit) -> bool:
    """Whether the customer of ``visit`` is still to be visited in its area."""
    found: bool = active().where(Customer.id == visit.customer_id, Customer.area == visit.area_id).exists()
    return found


def without_area(limit: int = LISTED_WITHOUT_AREA) -> tuple[list[Customer], int]:
    """The first active customers that no draw can reach because they have no area, by name, and how many there are."""
    query = active().where(Customer.area.is_null())
    return list(query.order_by(Customer.name).limit(limit)), query.count()


@dataclass(frozen=True, slots=True)
class Pool:
    """What a draw starts from: its turn, how many are active, and who is left, smallest id first."""

    turn: Turn
    active: int
    waiting: list[int]

    @property
    def size(self) -> int:
        """How many would be drawn."""
        return sampler.size(self.active, len(self.waiting), self.turn.turn)


def pool(area: Area | int, number: int) -> Pool:
    """The pool of ``area`` for quarter ``number``; when everybody was visited a new cycle begins with everybody."""
    turn = sampler.next_turn(_last_turn(area), number)
    found = active_customers(area)
    left = _left(found, turn)
    if found and not left:
        turn = Turn(number, 1)
        left = _left(found, turn)
    return Pool(turn, len(found), left)


def _left(found: list[int], turn: Turn) -> list[int]:
    taken = taken_since(turn.cycle)
    return [customer_id for customer_id in found if customer_id not in taken]


def _last_turn(area: Area | int) -> Turn | None:
    last = last_draw(area)
    return Turn(last.cycle, last.turn) if last else None


def last_draw(area: Area | int) -> VisitDraw | None:
    """The latest draw of ``area``."""
    return VisitDraw.select().where(VisitDraw.area == area).order_by(VisitDraw.year.desc(), VisitDraw.quarter.desc()).first()


def taken_since(cycle: int) -> set[int]:
    """Who was or is to be visited by a draw since that quarter, in whatever area they were then."""
    query = ReturnVisit.select(ReturnVisit.customer).join(VisitDraw).where(quarter_number >= cycle, ReturnVisit.state.in_(TAKEN))
    return {key for (key,) in query.tuples()}


@dataclass(frozen=True, slots=True)
class Lot:
    """A customer of the pool with the lot that the seed gave it; ``is_drawn`` as the draw says."""

    customer_id: int
    name: str
    lot: str
    is_drawn: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """A draw repeated from its seed and pool: the lots in their order, and whether all comes out as it was recorded."""

    lots: list[Lot]
    drawn: list[int]
    digest: str
    is_same: bool


def repeated(draw: VisitDraw) -> Proof:
    """Repeat ``draw`` from what was recorded of it."""
    waiting, recorded = json.loads(draw.pool), json.loads(draw.drawn)
    drawn = sampler.draw(draw.seed, waiting, draw.active, draw.turn)
    names = dict(Customer.select(Customer.id, Customer.name).where(Customer.id.in_(waiting)).tuples())
    digest = sampler.digest(draw.seed, waiting, draw.active, drawn)
    lots = [Lot(key, names.get(key, "–"), sampler.lot(draw.seed, key), key in recorded) for key in sampler.in_order(draw.seed, waiting)]
    return Proof(lots, drawn, digest, drawn == recorded and digest == draw.digest)


def successor(visit: ReturnVisit) -> Customer | None:
    """Who takes the place of ``visit`` when it is swapped: the next lot of its draw that is active and not taken, if any."""
    draw = visit.draw
    gone = {key for (key,) in ReturnVisit.select(ReturnVisit.customer).where(ReturnVisit.draw == draw).tuples()}
    free = set(active_customers(visit.area_id)) - taken_since(draw.cycle) - gone
    following = next((key for key in sampler.in_order(draw.seed, json.loads(draw.pool)) if key in free), None)
    return Customer.get_by_id(following) if following is not None else None
