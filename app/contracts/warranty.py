"""In warranty or not: for a machine, a part, a day and a cause, at the time of the fault, with the reason (facts, Warranty; 2A-17).

``judged`` is the rule and pure; ``decide`` and ``of_order`` gather what it needs. A part that was replaced has the rest of the machine's
term or its own months (6 unless the catalogue says otherwise), whichever is longer; wear parts and misuse are excluded.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from peewee import fn

from app.contracts.models import WarrantyExtension, WarrantyRuling
from app.core import clock, known_settings
from app.core.errors import N_
from app.core.known_settings import KnownSetting, SettingKind
from app.core.prepared import Prepared
from app.machines import terms
from app.machines.models import Machine
from app.machines.warranty import WarrantyState, last_day
from app.parts.models import MovementKind, Part, StockMovement
from app.work_orders.models import WorkOrder

MISUSE = "misuse"  # a cause code of service reports, which stand above
REPLACED_MONTHS = known_settings.register(
    KnownSetting("replaced_part_months", N_("Months of warranty on a replaced part at least"), 6, SettingKind.WHOLE, most=60)
)


class Ground(StrEnum):
    """What decides: a term that covers or is over, an exclusion, somebody's ruling, or that nothing is dated."""

    ACCEPTANCE = "acceptance"
    DELIVERY = "delivery"
    EXTENSION = "extension"
    REPLACEMENT = "replacement"
    WEAR = "wear"
    MISUSE = "misuse"
    RULING = "ruling"
    NO_DATE = "no_date"


MACHINE_TERMS = (Ground.ACCEPTANCE, Ground.DELIVERY)


@dataclass(frozen=True, slots=True)
class Term:
    """One term that was looked at: its last day, what it is counted from and for how many months; ``about`` names the part or reason."""

    ground: Ground
    last_on: date
    from_on: date | None = None
    months: int = 0
    about: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on ``on``, what decides it, until when, every term that was looked at, and whose words it is if somebody ruled."""

    state: WarrantyState
    ground: Ground
    on: date
    last_on: date | None = None
    looked_at: tuple[Term, ...] = ()
    said_by: str = ""
    reason: str = ""

    def counts(self, term: Term) -> bool:
        """Whether this term is the one that decides."""
        return term.ground == self.ground and term.last_on == self.last_on


def judged(on: date, looked_at: Iterable[Term], *, is_wear: bool = False, is_misuse: bool = False) -> Verdict:
    """The rule: exclusions first; of acceptance and delivery the earlier end counts, of that and all others the latest."""
    found = tuple(looked_at)
    if is_misuse or is_wear:
        return Verdict(WarrantyState.OFF, Ground.MISUSE if is_misuse else Ground.WEAR, on, looked_at=found)
    contractual = min((term for term in found if term.ground in MACHINE_TERMS), key=lambda term: term.last_on, default=None)
    others = [term for term in found if term.ground not in MACHINE_TERMS]
    counting = max([*([contractual] if contractual else []), *others], key=lambda term: term.last_on, default=None)
    if counting is None:
        return Verdict(WarrantyState.UNKNOWN, Ground.NO_DATE, on)
    state = WarrantyState.IN if on <= counting.last_on else WarrantyState.OFF
    return Verdict(state, counting.ground, on, counting.last_on, found)


def decide(machine: Machine, on: date, part: Part | None = None, cause: str | None = None, component: str = "") -> Verdict:
    """The verdict for ``machine`` on the day ``on``, for a ``part`` of it (or the replaced part that ``component`` names) and a cause."""
    looked_at = [*_of_machine(machine), *_extended(machine), *_replaced(machine, on, part, component)]
    return judged(on, looked_at, is_wear=part is not None and part.is_wear, is_misuse=cause == MISUSE)


def _of_machine(machine: Machine) -> list[Term]:
    months = machine.warranty_months
    dated = (
        (Ground.ACCEPTANCE, machine.accepted_on, months),
        (Ground.DELIVERY, machine.shipped_on, months + months // 2),
    )
    return [Term(ground, last_day(from_on, length), from_on, length) for ground, from_on, length in dated if from_on is not None]


def _extended(machine: Machine) -> list[Term]:
    return [Term(Ground.EXTENSION, one.until_on, about=one.reason) for one in extensions_of(machine) if one.revoked_at is None]


def _replaced(machine: Machine, on: date, part: Part | None, component: str) -> list[Term]:
    """The term of each such part from the last time that it was put on before the end of ``on``."""
    if part is None and not component.strip():
        return []
    which = StockMovement.part == part if part is not None else Part.name == component.strip()
    put_on = (StockMovement.machine == machine) & (StockMovement.kind == MovementKind.USED) & (StockMovement.at < clock.end_of(on))
    last = StockMovement.select(StockMovement.part, fn.MAX(StockMovement.at).coerce(False)).join(Part)
    rows = list(last.where(which, put_on, ~Part.is_wear).group_by(StockMovement.part).tuples())
    parts = {one.id: one for one in Part.select().where(Part.id.in_([part_id for part_id, _at in rows]))}
    return [_term_of(parts[part_id], fitted) for part_id, fitted in rows]


def _term_of(part: Part, fitted_ms: int) -> Term:
    from_on = clock.day_of(clock.from_ms(int(fitted_ms)))
    months = int(REPLACED_MONTHS.value()) if part.warranty_months is None else part.warranty_months
    return Term(Ground.REPLACEMENT, last_day(from_on, months), from_on, months, part.name)


def fault_day(order: WorkOrder) -> date:
    """The day of the fault: when the ticket was opened, else when the order was made."""
    at = order.ticket.opened_at if order.ticket_id is not None else order.created_at
    day: date = clock.day_of(at)
    return day


def of_order(order: WorkOrder, part: Part | None = None, part_name: str = "", cause: str | None = None) -> Verdict | None:
    """How an order, or one part of it, stands: as somebody ruled, as it was said at dispatch, else by the terms. None without a machine."""
    if order.machine_id is None:
        return None
    found = decide(order.machine, fault_day(order), part, cause, "" if part else order.component)
    ruling = _ruling(order, {part_name, part.name} if part is not None and part_name else {part.name if part is not None else part_name})
    if ruling is not None:
        return _ruled(found, WarrantyState(ruling.state), ruling.by_name, ruling.reason)
    is_whole = part is None and not part_name
    if is_whole and order.warranty_reason and order.warranty != found.state:
        return _ruled(found, WarrantyState(order.warranty), "", order.warranty_reason)
    return found


def _ruled(found: Verdict, state: WarrantyState, said_by: str, reason: str) -> Verdict:
    return Verdict(state, Ground.RULING, found.on, None, found.looked_at, said_by, reason)


def covers_part(order: WorkOrder, part: Part | None, name: str, cause: str | None) -> bool:
    """Whether one part of ``order`` is in warranty: ruled so, or not excluded while the order or the part's own term is."""
    found = of_order(order, part, name, cause)
    if found is None:
        return False
    if found.ground in (Ground.RULING, Ground.WEAR, Ground.MISUSE):
        return found.state is WarrantyState.IN
    return order.warranty == WarrantyState.IN or found.state is WarrantyState.IN


def _ruling(order: WorkOrder, names: set[str]) -> WarrantyRuling | None:
    """The last ruling on the part of ``order`` that has one of these names, or on the whole of it for an empty one."""
    about = (WarrantyRuling.order == order) & WarrantyRuling.part_name.in_(sorted(names))
    return WarrantyRuling.select().where(about).order_by(WarrantyRuling.id.desc()).first()


def rulings_of(order: WorkOrder) -> list[WarrantyRuling]:
    """What was ruled on ``order`` and its parts, the newest first."""
    return list(WarrantyRuling.select().where(WarrantyRuling.order == order).order_by(WarrantyRuling.id.desc()))


def extensions_of(machine: Machine) -> list[WarrantyExtension]:
    """The extensions of ``machine``, revoked ones too, the newest first."""
    return list(WarrantyExtension.select().where(WarrantyExtension.machine == machine).order_by(WarrantyExtension.id.desc()))


_every_extension = Prepared(
    lambda: (
        WarrantyExtension.select(WarrantyExtension.machine, fn.MAX(WarrantyExtension.until_on))
        .where(WarrantyExtension.revoked_at.is_null())
        .group_by(WarrantyExtension.machine)
        .tuples()
    )
)


def extended(machine_ids: Collection[int] | None) -> dict[int, date]:
    """The last day of each extended warranty, of these machines or of all (``machines.terms.LONGER``)."""
    if machine_ids is None:
        rows = _every_extension.rows()
    else:
        query = WarrantyExtension.select(WarrantyExtension.machine, fn.MAX(WarrantyExtension.until_on))
        mine = WarrantyExtension.machine.in_(list(machine_ids)) & WarrantyExtension.revoked_at.is_null()
        rows = query.where(mine).group_by(WarrantyExtension.machine).tuples()
    return {machine_id: _day(until) for machine_id, until in rows}


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


terms.LONGER.append(extended)
