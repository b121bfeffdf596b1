"""Opening a return: a part came off in warranty and its old one goes back to the factory (2A-17, workflows, Parts)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.accounts.notices import notify
from app.core import clock, db, history, known_settings, live, numbering
from app.core.errors import N_
from app.core.known_settings import KnownSetting, SettingKind
from app.core.types import Actor
from app.parts.models import Part
from app.returns.models import DefectiveReturn, ReturnStatus
from app.work_orders.models import WorkOrder

LIVE = "returns"
NUMBER_PREFIX = "J"
TOKEN_BYTES = 16

DUE_DAYS = known_settings.register(
    KnownSetting("return_due_days", N_("Days until a replaced part must be back at the factory"), 15, SettingKind.WHOLE, least=1, most=180)
)
WORTH_RETURNING = known_settings.register(
    KnownSetting(
        "return_from_price", N_("From this price on an old part goes back to the factory (yuan)"), 500, SettingKind.WHOLE, most=1_000_000,
        hint=N_("Cheaper ones go back only when the catalogue or the technician says so."),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A part that came off in warranty. ``is_kept``: the technician says that it goes back."""

    name: str
    number: str = ""
    serial: str = ""
    quantity: Decimal = Decimal(1)
    is_kept: bool = False


def is_due_back(removed: Removed, part: Part | None) -> bool:
    """Whether the old part goes back: the technician or the catalogue says so, or it is worth it."""
    if removed.is_kept or (part is not None and part.is_returned):
        return True
    return part is not None and part.price is not None and part.price >= int(WORTH_RETURNING.value())


def open_for(by: Actor, order: WorkOrder, removed: Sequence[Removed], at: datetime) -> list[DefectiveReturn]:
    """Open a return for each part of ``removed`` that goes back, in the running transaction, due after ``DUE_DAYS``.

    The technician of the order is told. An order without a machine has none.
    """
    db.current()
    if order.machine_id is None:
        return []
    parts = {part.number: part for part in Part.select().where(Part.number.in_([one.number for one in removed if one.number]))}
    opened = [_open(by, order, one, parts.get(one.number), at) for one in removed if is_due_back(one, parts.get(one.number))]
    if opened and order.lead_id is not None:
        notify(
            [order.lead_id], N_("%(count)d old parts of %(order)s go back to the factory by %(due)s."), href="/my/returns",
            key=f"returns-opened:{order.id}:{opened[0].id}", at=at, count=len(opened), order=order.number, due=opened[0].due_on,
        )  # fmt: skip
    return opened


def _open(by: Actor, order: WorkOrder, removed: Removed, part: Part | None, at: datetime) -> DefectiveReturn:
    row: DefectiveReturn = DefectiveReturn.create(
        number=numbering.next_number(NUMBER_PREFIX, at), qr_token=secrets.token_urlsafe(TOKEN_BYTES), status=ReturnStatus.DUE, part=part,
        part_name=removed.name, part_number=removed.number, serial=removed.serial, quantity=removed.quantity, machine=order.machine_id,
        order=order, technician=order.lead_id, opened_at=at,
        due_on=at.astimezone(clock.zone()).date() + timedelta(days=int(DUE_DAYS.value())),
    )  # fmt: skip
    after = {"order": order.number, "part": removed.name, "serial": removed.serial, "due_on": str(row.due_on)}
    history.record(by, "return.opened", "return", row.number, after=after)
    live.touch(LIVE)
    return row
