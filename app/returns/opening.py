"""Opening a return: a part came off in warranty and its old one goes back to the factory (2A-17, workflows, Parts).

A signed report opens it by itself; for a report on paper somebody opens it by hand and says why.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.accounts.models import User
from app.accounts.notices import notify
from app.core import clock, db, history, known_settings, live, numbering, submissions
from app.core.errors import N_, Invalid
from app.core.known_settings import KnownSetting, SettingKind
from app.core.types import Actor
from app.machines.models import Machine
from app.parts import catalogue
from app.parts.models import Part
from app.returns.models import DefectiveReturn, ReturnStatus
from app.work_orders.models import WorkOrder
from app.work_orders.writing import MISSING

OPEN = "returns.open"
LIVE = "returns"
NUMBER_PREFIX = "J"
TOKEN_BYTES = 16
OPENED = "return.opened"
MAX_NAME, MAX_SERIAL, MAX_REASON = 120, 60, 300

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
        _tell(order.lead_id, opened, at)
    return opened


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What somebody writes down about an old part that goes back; the part as its number or in words, ``technician`` who has it."""

    machine: Machine
    part: str
    quantity: Decimal | None
    reason: str
    serial: str = ""
    order: WorkOrder | None = None
    technician: User | None = None


def open_by_hand(*, by: Actor, wanted: ByHand, form_token: str | None = None, at: datetime | None = None) -> DefectiveReturn:
    """Open the return of an old part that no signed report tells of. A form sent again opens no second one.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    by.require(OPEN)
    part, reason, now = catalogue.named(wanted.part), wanted.reason.strip(), at or clock.now()
    _check(wanted, reason)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return DefectiveReturn.get(DefectiveReturn.number == submissions.result_of(form_token))
        name, number = (part.name, part.number) if part is not None else (wanted.part.strip(), "")
        removed = Removed(name=name, number=number, serial=wanted.serial.strip(), quantity=wanted.quantity or Decimal(1))
        row = _write(by, removed, part, now, machine=wanted.machine, order=wanted.order, technician=wanted.technician, reason=reason)
        if row.technician_id is not None:
            _tell(row.technician_id, [row], now)
        if form_token:
            submissions.settle(form_token, row.number)
    return row


def _check(wanted: ByHand, reason: str) -> None:
    wrong = {}
    for name, text, most in (
        ("part", wanted.part.strip(), MAX_NAME),
        ("reason", reason, MAX_REASON),
        ("serial", wanted.serial, MAX_SERIAL),
    ):
        if len(text) > most:
            wrong[name] = N_("This is too long for the field.")
    if not wanted.part.strip():
        wrong["part"] = N_("Which part came off?")
    if not reason:
        wrong["reason"] = N_("A reason is needed here.")
    if wanted.quantity is None or wanted.quantity <= 0:
        wrong["quantity"] = N_("How many?")
    if wanted.order is not None and wanted.order.machine_id != wanted.machine.id:
        wrong["machine"] = N_("This work order is about another machine.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _tell(technician_id: int, opened: Sequence[DefectiveReturn], at: datetime) -> None:
    first = opened[0]
    about = first.order.number if first.order_id is not None else first.machine.serial
    notify(
        [technician_id], N_("%(count)d old parts of %(order)s go back to the factory by %(due)s."), href="/my/returns",
        key=f"returns-opened:{first.order_id or 0}:{first.id}", at=at, count=len(opened), order=about, due=first.due_on,
    )  # fmt: skip


def _open(by: Actor, order: WorkOrder, removed: Removed, part: Part | None, at: datetime) -> DefectiveReturn:
    return _write(by, removed, part, at, machine=order.machine_id, order=order, technician=order.lead_id)


def _write(by: Actor, removed: Removed, part: Part | None, at: datetime, *, reason: str = "", **whose: Any) -> DefectiveReturn:
    row: DefectiveReturn = DefectiveReturn.create(
        number=numbering.next_number(NUMBER_PREFIX, at), qr_token=secrets.token_urlsafe(TOKEN_BYTES), status=ReturnStatus.DUE, part=part,
        part_name=removed.name, part_number=removed.number, serial=removed.serial, quantity=removed.quantity, opened_at=at,
        due_on=clock.day_of(at) + timedelta(days=int(DUE_DAYS.value())), **whose,
    )  # fmt: skip
    order = row.order.number if row.order_id is not None else ""
    after = {"order": order, "part": removed.name, "serial": removed.serial, "due_on": str(row.due_on)}
    history.record(by, OPENED, "return", row.number, after=after | ({"reason": reason} if reason else {}))
    live.touch(LIVE)
    return row
