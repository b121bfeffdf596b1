"""The table of targets: how long each clock may run where a deployment wants it otherwise than delivered."""

import re
from collections.abc import Mapping
from typing import Any

from app.core import db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.tickets import clocks, sla
from app.tickets.models import ClockKind, ClockTarget, Priority, TicketKind
from app.tickets.sla import Target

EDIT = "clocks.edit"
_WRITTEN = re.compile(r"(?:(\d{1,5})\s*(?:h|小时|时))?\s*(?:(\d{1,6})\s*(?:min|m|分钟|分)?)?", re.IGNORECASE)

Cell = tuple[Priority, ClockKind]


def editable(kind: TicketKind) -> tuple[ClockKind, ...]:
    """The clocks of ``kind`` whose targets may be changed."""
    return tuple(clock for clock in ClockKind if clock not in sla.COMPLAINT_CLOCKS)


def present(kind: TicketKind) -> dict[Cell, Target]:
    """The targets of ``kind`` as they are; a clock that is not there does not run."""
    return {(priority, clock): target for (of, priority, clock), target in clocks.present_targets().items() if of == kind}


def defaults(kind: TicketKind) -> dict[Cell, Target]:
    """The targets of ``kind`` as they were delivered."""
    return {(priority, clock): target for (of, priority, clock), target in sla.DEFAULTS.items() if of == kind}


def version() -> int:
    """Grows with each change; a form that was read before the last change is stale."""
    return live.version(clocks.TARGETS)


def minutes_from(text: str) -> int | None:
    """Minutes as people write them: 30, 4h, 1 h 30 min, 4小时; None for nothing. Raises ``ValueError``."""
    if not text.strip():
        return None
    matched = _WRITTEN.fullmatch(text.strip())
    if matched is None:
        raise ValueError(text)
    minutes = int(matched[1] or 0) * 60 + int(matched[2] or 0)
    if not 0 < minutes <= sla.MAX_MINUTES:
        raise ValueError(text)
    return minutes


def change(*, by: Actor, kind: TicketKind, targets: Mapping[Cell, Target | None], version: int) -> int:
    """Set the targets of ``kind``, None for a clock that does not run; they hold for tickets opened from now on.

    Returns how many changed. Raises ``Conflict`` when somebody else changed the table since ``version``, ``Invalid``, ``NotAllowed``.
    """
    by.require(EDIT)
    if any(clock not in editable(kind) for _priority, clock in targets):
        raise Invalid(N_("The two answers to a complaint are due within 24 hours; that cannot be changed."))
    with db.transaction():
        before = present(kind)
        changed = {cell: target for cell, target in targets.items() if before.get(cell) != target}
        if not changed:
            return 0
        if version != live.version(clocks.TARGETS):
            raise Conflict(N_("Somebody else changed the targets meanwhile. Look at their present state, then decide again."))
        for cell, target in changed.items():
            _write(kind, cell, target)
        before_json = _as_json({cell: before.get(cell) for cell in changed})
        history.record(by, "clocks.targets", "clocks", kind, before=before_json, after=_as_json(changed))
        live.touch(clocks.TARGETS)
    return len(changed)


def reset(*, by: Actor, kind: TicketKind, version: int) -> int:
    """Give ``kind`` the targets as they were delivered; returns how many changed. Raises as ``change`` does."""
    wanted = {(priority, clock): defaults(kind).get((priority, clock)) for priority in Priority for clock in editable(kind)}
    return change(by=by, kind=kind, targets=wanted, version=version)


def _write(kind: TicketKind, cell: Cell, target: Target | None) -> None:
    priority, clock = cell
    ClockTarget.delete().where(ClockTarget.ticket_kind == kind, ClockTarget.priority == priority, ClockTarget.clock == clock).execute()
    if target != defaults(kind).get(cell):
        ClockTarget.create(
            ticket_kind=kind,
            priority=priority,
            clock=clock,
            minutes=target.minutes if target else None,
            is_round_the_clock=bool(target and target.is_round_the_clock),
        )


def _as_json(cells: Mapping[Cell, Target | None]) -> dict[str, Any]:
    return {f"{priority} {clock}": list(target) if target else None for (priority, clock), target in cells.items()}
