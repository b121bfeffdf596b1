"""The deputy signs, the manager reads, the record is archived (2B-08, 2A-19, 2E-29): three different persons, whatever their roles.

Who signs in somebody's place (代签) is named with whose place it was. Good records may be signed and read together, poor ones singly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.accounts.authorities import Standing, standing
from app.accounts.models import User
from app.accounts.notices import notify
from app.callbacks.models import CallBack, CallBackStatus
from app.callbacks.writing import MISSING, READ, SIGN, check_way, move, record
from app.core import clock, db
from app.core.errors import N_, Invalid, NotAllowed
from app.core.types import Actor
from app.work_orders import progress
from app.work_orders.models import WorkOrder

MAX_FOLLOW_UP = 2_000
# A record as it stood on a page: its id and version.
Shown = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is done about a call, by whom, by when."""

    text: str = ""
    owner: User | None = None
    due_on: date | None = None

    @property
    def is_given(self) -> bool:
        """Whether anything of it was said."""
        return bool(self.text.strip() or self.owner or self.due_on)


def sign(*, by: Actor, call_back: CallBack, version: int, follow_up: FollowUp | None = None, at: datetime | None = None) -> None:
    """Sign a record; one with a poor score together with its follow-up, whose owner is told.

    Raises ``Conflict`` when it is signed already or was corrected meanwhile, ``Invalid`` without a needed follow-up, ``NotAllowed``
    for who recorded it, also in another role or in somebody's place.
    """
    now = at or clock.now()
    stands = _check_signer(by, call_back, now)
    wanted = follow_up or FollowUp()
    check_way(call_back, CallBackStatus.SIGNED, version)
    with db.transaction():
        if call_back.is_poor or wanted.is_given:
            _check_follow_up(wanted, now)
        _sign(by, call_back, version, stands, wanted, at=now)


def sign_shown(*, by: Actor, shown: Sequence[Shown], at: datetime | None = None) -> int:
    """Sign those of ``shown`` that are good, unchanged, unsigned and not one's own; returns how many. Raises ``NotAllowed``."""
    now = at or clock.now()
    stands = standing(by, SIGN, now)
    with db.transaction():
        fit = [one for one in _good(shown, CallBackStatus.RECORDED) if _refusal(by, stands, _before_signing(one)) is None]
        for one in fit:
            _sign(by, one, one.version, stands, FollowUp(), at=now)
    return len(fit)


def _sign(by: Actor, call_back: CallBack, version: int, stands: Standing, wanted: FollowUp, *, at: datetime) -> None:
    move(
        call_back, CallBackStatus.SIGNED, version,
        signed_at=at, signed_by=by.user_id, signed_by_name=by.name, signed_for_name=stands.for_name,
        follow_up=wanted.text.strip(), follow_up_owner=wanted.owner, follow_up_due_on=wanted.due_on,
    )  # fmt: skip
    after = {"signed_for": stands.for_name, "follow_up": wanted.text.strip(), "owner": wanted.owner and wanted.owner.name}
    record(by, "signed", call_back.order, after=after | {"due_on": wanted.due_on})
    if wanted.owner is not None and wanted.owner.id != by.user_id:
        message = N_("See to a call-back by %(due)s: %(number)s %(text)s")
        notify(
            [wanted.owner.id], message, href="/call-backs/follow-ups", key=f"follow-up:{call_back.id}", at=at,
            due=wanted.due_on, number=call_back.order.number, text=wanted.text.strip(),
        )  # fmt: skip


def _check_follow_up(wanted: FollowUp, now: datetime) -> None:
    wrong = {}
    if not wanted.text.strip() or len(wanted.text) > MAX_FOLLOW_UP:
        wrong["follow_up"] = N_("Say what is done about it, in at most 2,000 characters.")
    if wanted.owner is None or not wanted.owner.is_active:
        wrong["owner"] = N_("Choose who sees to it.")
    if wanted.due_on is None or wanted.due_on < clock.day_of(now):
        wrong["due_on"] = N_("Say by when: today or later.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def read(*, by: Actor, call_back: CallBack, version: int, at: datetime | None = None) -> None:
    """Read a signed record, which archives it; a filed order comes to rest with it.

    Raises ``Conflict`` when it is not signed yet or read already, ``NotAllowed`` for who recorded or signed it, also in another role
    or in somebody's place.
    """
    now = at or clock.now()
    stands = standing(by, READ, now)
    refusal = _refusal(by, stands, _before_reading(call_back))
    if refusal is not None:
        raise refusal
    check_way(call_back, CallBackStatus.READ, version)
    with db.transaction():
        _lock_orders([call_back])
        _read(by, call_back, version, stands, now)


def read_shown(*, by: Actor, shown: Sequence[Shown], at: datetime | None = None) -> int:
    """Read those of ``shown`` that are good, signed and neither recorded nor signed by oneself; returns how many."""
    now = at or clock.now()
    stands = standing(by, READ, now)
    with db.transaction():
        fit = [one for one in _good(shown, CallBackStatus.SIGNED) if _refusal(by, stands, _before_reading(one)) is None]
        _lock_orders(fit)
        for one in fit:
            _read(by, one, one.version, stands, now)
    return len(fit)


def _lock_orders(call_backs: Iterable[CallBack]) -> None:
    """Lock their orders, always before any ticket, so that nobody who files one waits in a circle with us."""
    wanted = WorkOrder.id.in_([one.order_id for one in call_backs])
    list(db.for_update(WorkOrder.select(WorkOrder.id).where(wanted).order_by(WorkOrder.id)).tuples())


def _read(by: Actor, call_back: CallBack, version: int, stands: Standing, now: datetime) -> None:
    move(
        call_back, CallBackStatus.READ, version,
        read_at=now, read_by=by.user_id, read_by_name=by.name, read_for_name=stands.for_name,
    )  # fmt: skip
    move(call_back, CallBackStatus.ARCHIVED, version + 1, archived_at=now)
    rest = {"call_back_archived_at": now, "version": WorkOrder.version + 1}
    WorkOrder.update(rest).where(WorkOrder.id == call_back.order_id).execute()
    record(by, "read", call_back.order, after={"read_for": stands.for_name})
    progress.archive_when_at_rest(by=by, order=WorkOrder.get_by_id(call_back.order_id), at=now)


def _good(shown: Sequence[Shown], status: CallBackStatus) -> list[CallBack]:
    """Those of ``shown`` that stand as they were shown, in ``status`` and without a poor score, locked."""
    query = CallBack.select().where(CallBack.id.in_([one for one, _version in shown]), CallBack.status == status, ~CallBack.is_poor)
    versions = dict(shown)
    return [one for one in db.for_update(query.order_by(CallBack.id)) if one.version == versions[one.id]]


# --- three different persons --------------------------------------------------


def _refusal(by: Actor, stands: Standing, earlier: Iterable[tuple[int, str]]) -> NotAllowed | None:
    """Why ``by`` may not be the next hand after ``earlier`` (id and words of each), None when nothing is against it."""
    for user_id, words in earlier:
        if by.user_id == user_id:
            return NotAllowed(words)
        if stands.for_id == user_id:
            return NotAllowed(N_("You would sign in the place of %(who)s, who had this record in hand before."), who=stands.for_name)
    return None


def _before_signing(call_back: CallBack) -> list[tuple[int, str]]:
    return [(call_back.recorded_by_id, N_("You recorded this call yourself; somebody else must sign and read it."))]


def _before_reading(call_back: CallBack) -> list[tuple[int, str]]:
    if call_back.signed_by_id is None:
        return _before_signing(call_back)
    signed = (call_back.signed_by_id, N_("You signed this record yourself; somebody else must read it."))
    return [*_before_signing(call_back), signed]


def _check_signer(by: Actor, call_back: CallBack, now: datetime) -> Standing:
    stands = standing(by, SIGN, now)
    refusal = _refusal(by, stands, _before_signing(call_back))
    if refusal is not None:
        raise refusal
    return stands


def what_hinders(by: Actor, call_back: CallBack, at: datetime) -> NotAllowed | None:
    """Why ``by`` may not take the next step of this record, None when they may; for the words on its page."""
    is_signing = call_back.status == CallBackStatus.RECORDED
    try:
        stands = standing(by, SIGN if is_signing else READ, at)
    except NotAllowed as refusal:
        return refusal
    return _refusal(by, stands, _before_signing(call_back) if is_signing else _before_reading(call_back))


@dataclass(frozen=True, slots=True)
class Hand:
    """One of the three hands a record goes through: who, in whose place, when; empty while it has not."""

    name: str
    for_name: str
    at: datetime | None


def hands(call_back: CallBack) -> tuple[Hand, Hand, Hand]:
    """Who recorded, signed and read."""
    return (
        Hand(call_back.recorded_by_name, "", call_back.recorded_at),
        Hand(call_back.signed_by_name, call_back.signed_for_name, call_back.signed_at),
        Hand(call_back.read_by_name, call_back.read_for_name, call_back.read_at),
    )
