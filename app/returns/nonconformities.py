"""The nonconformity report of a returned part (不合格处理单, F-17): the clerk prepares it, the manager submits, quality decides (2A-17).

Preparer and submitter are two persons (product.md, 8). The verdict tells the preparer; the closing check ends report and return.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.accounts.models import Role, User, UserRole
from app.accounts.notices import notify
from app.core import clock, db, files, history, live, numbering
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.files import Incoming
from app.core.types import Actor
from app.returns import returning
from app.returns.models import (
    DefectCause,
    DefectiveReturn,
    Disposition,
    Nonconformity,
    NonconformityPhoto,
    NonconformityStatus,
    ReturnStatus,
)
from app.returns.opening import LIVE
from app.work_orders.writing import MISSING

READ, PREPARE, SUBMIT, DECIDE = "nonconformities.read", "nonconformities.prepare", "nonconformities.submit", "nonconformities.decide"
NUMBER_PREFIX = "B"
MOST_PHOTOS = 20
LONGEST = {
    "found_where": 120, "description": 4_000, "batch": 40, "quality_opinion": 4_000, "engineering_opinion": 4_000,
    "purchasing_opinion": 4_000, "responsibility": 200, "closing_check": 300,
}  # fmt: skip
S = NonconformityStatus
_LONG = N_("This is too long for the field.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What the clerk writes down: where it was found, what is wrong, and the batch that is stamped on the part."""

    found_where: str = ""
    description: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What quality decides; ``cost`` is in yuan."""

    cause: DefectCause | None
    disposition: Disposition | None
    quality_opinion: str = ""
    engineering_opinion: str = ""
    purchasing_opinion: str = ""
    responsibility: str = ""
    cost: Decimal | None = None


def prepare(
    *, by: Actor, returned: DefectiveReturn, said: Described, photos: Sequence[Incoming] = (), at: datetime | None = None
) -> Nonconformity:
    """Prepare the report of a part that is back. Raises ``Conflict`` when somebody did already, ``Invalid``, ``NotAllowed``."""
    by.require(PREPARE)
    _check_described(said)
    now = at or clock.now()
    with db.transaction():
        returning.step(by, returned, ReturnStatus.REPORTED, now, batch=said.batch.strip())
        row: Nonconformity = Nonconformity.create(
            number=numbering.next_number(NUMBER_PREFIX, now), returned=returned, status=S.PREPARED,
            on_date=clock.day_of(now), found_where=said.found_where.strip(), description=said.description.strip(),
            prepared_at=now, prepared_by=by.user_id, prepared_by_name=by.name,
        )  # fmt: skip
        _keep(by, row, photos, now)
        history.record(by, "nonconformity.prepared", "nonconformity", row.number, after={"return": returned.number})
    return row


def revise(
    *, by: Actor, report: Nonconformity, version: int, said: Described, photos: Sequence[Incoming] = (), at: datetime | None = None
) -> None:
    """Put a report right that is not submitted yet. Raises ``Conflict``, ``Invalid``, ``NotAllowed``."""
    by.require(PREPARE)
    _check_described(said)
    now = at or clock.now()
    with db.transaction():
        values = {"found_where": said.found_where.strip(), "description": said.description.strip()}
        _step(by, report, S.PREPARED, S.PREPARED, version, **values)
        DefectiveReturn.update(batch=said.batch.strip()).where(DefectiveReturn.id == report.returned_id).execute()
        _keep(by, report, photos, now)


def submit(*, by: Actor, report: Nonconformity, version: int, at: datetime | None = None) -> None:
    """Hand the report to quality. Raises ``Conflict``, ``NotAllowed`` for who prepared it."""
    by.require(SUBMIT)
    if by.user_id is not None and by.user_id == report.prepared_by_id:
        raise NotAllowed(N_("You prepared this report yourself: somebody else submits it."))
    now = at or clock.now()
    with db.transaction():
        _step(by, report, S.PREPARED, S.SUBMITTED, version, submitted_at=now, submitted_by=by.user_id, submitted_by_name=by.name)
        words = N_("%(number)s waits for your verdict: %(part)s")
        quality = [user_id for (user_id,) in _active(Role.QUALITY)]
        notify(quality, words, href=href(report), key=f"nonconformity:{report.id}", at=now, number=report.number, part=_part(report))


def decide(*, by: Actor, report: Nonconformity, version: int, verdict: Verdict, at: datetime | None = None) -> None:
    """Quality's verdict; the preparer is told. Raises ``Invalid`` with the words beside each field, ``Conflict``, ``NotAllowed``."""
    by.require(DECIDE)
    _check_verdict(verdict)
    now = at or clock.now()
    values = {name: value.strip() if isinstance(value, str) else value for name, value in asdict(verdict).items()}
    with db.transaction():
        _step(by, report, S.SUBMITTED, S.DECIDED, version, decided_at=now, decided_by=by.user_id, decided_by_name=by.name, **values)
        returning.step(by, report.returned, ReturnStatus.DECIDED, now)
        words = N_("Quality has decided %(number)s: %(part)s")
        notify(
            [report.prepared_by_id], words, href=href(report), key=f"verdict:{report.id}", at=now, number=report.number, part=_part(report)
        )


def close(*, by: Actor, report: Nonconformity, version: int, check: str, at: datetime | None = None) -> None:
    """The disposition was carried out, as ``check`` says; the return ends with it. Raises ``Conflict``, ``Invalid``, ``NotAllowed``."""
    by.require(DECIDE)
    words = check.strip()
    if not words:
        raise Invalid(MISSING, fields={"closing_check": N_("Say how it was checked that this is done.")})
    _check_lengths({"closing_check": words})
    now = at or clock.now()
    with db.transaction():
        _step(by, report, S.DECIDED, S.CLOSED, version, closed_at=now, closed_by_name=by.name, closing_check=words)
        returning.step(by, report.returned, ReturnStatus.CLOSED, now, closed_at=now)


def href(report: Nonconformity) -> str:
    """Where the report stands."""
    return f"/nonconformities/{report.number}"


def _part(report: Nonconformity) -> str:
    return str(report.returned.part_name)


def _active(role: Role) -> Any:
    return User.select(User.id).join(UserRole).where(User.is_active, UserRole.role == role).tuples()


def _check_described(said: Described) -> None:
    if not said.description.strip():
        raise Invalid(MISSING, fields={"description": N_("What is wrong with the part?")})
    _check_lengths(asdict(said))


def _check_verdict(verdict: Verdict) -> None:
    wrong = {}
    if verdict.cause is None:
        wrong["cause"] = N_("Choose one of the causes.")
    if verdict.disposition is None:
        wrong["disposition"] = N_("What happens with the part?")
    if not verdict.quality_opinion.strip():
        wrong["quality_opinion"] = N_("Why does quality decide so?")
    if verdict.cost is not None and verdict.cost < 0:
        wrong["cost"] = N_("This cannot be.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    _check_lengths({name: value for name, value in asdict(verdict).items() if name in LONGEST})


def _check_lengths(texts: dict[str, str]) -> None:
    wrong = {name: _LONG for name, text in texts.items() if len(text) > LONGEST[name]}
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _keep(by: Actor, report: Nonconformity, photos: Sequence[Incoming], at: datetime) -> None:
    if NonconformityPhoto.select().where(NonconformityPhoto.nonconformity == report).count() + len(photos) > MOST_PHOTOS:
        raise Invalid(N_("At most %(most)d photos, please."), most=MOST_PHOTOS)
    for one in photos:
        NonconformityPhoto.create(nonconformity=report, file=files.keep(by=by, incoming=one, at=at), at=at)


def _step(by: Actor, report: Nonconformity, present: S, to: S, version: int, **fields: Any) -> None:
    is_fit = (Nonconformity.id == report.id) & (Nonconformity.status == present) & (Nonconformity.version == version)
    changed = Nonconformity.update({"status": to, "version": Nonconformity.version + 1} | fields).where(is_fit).execute()
    if changed != 1:
        raise Conflict(N_("%(number)s has changed meanwhile. Look at its present state, then decide again."), number=report.number)
    for name, value in fields.items():
        setattr(report, name, value)
    report.status, report.version = to, version + 1
    after = {"status": to} | {name: str(value) for name, value in fields.items() if not name.endswith("_at")}
    history.record(by, "nonconformity.changed", "nonconformity", report.number, before={"status": present}, after=after)
    live.touch(LIVE)
