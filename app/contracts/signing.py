"""The customer signs an approved contract: on the tablet, or on paper whose scan is handed in (2A-07, F-08)."""

from dataclasses import dataclass
from datetime import datetime

from app.contracts import queries
from app.contracts.models import Contract, ContractStatus
from app.contracts.writing import MISSING, SIGN, move, stale
from app.core import clock, db, files
from app.core.errors import N_, Conflict, Invalid
from app.core.files import Incoming, StoredFile
from app.core.strokes import digest, strokes_in, text_of
from app.core.types import Actor
from app.machines import documents
from app.machines.documents import DocumentDetails
from app.machines.models import FormType

MAX_NAME = 60
_CHANGED = N_("The contract is not what was approved any more: take it back and have it approved anew.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A signature as the device sends it: ``seen`` is the digest of the contract that was shown."""

    signer: str
    strokes: str
    seen: str


def sign(*, by: Actor, contract: Contract, drawn: Drawn, at: datetime | None = None) -> None:
    """The customer signs on the device of ``by``.

    Raises ``Conflict`` when it is not approved, was signed or changed meanwhile, ``Invalid`` without a name or ink, ``NotAllowed``.
    """
    by.require(SIGN)
    now, signer = at or clock.now(), _signer(drawn.signer)
    _check_approved(contract)
    strokes = strokes_in(drawn.strokes)
    if drawn.seen != contract.digest:
        raise Conflict(_CHANGED)
    with db.transaction():
        _sign(by, contract, now, signer_name=signer, strokes=text_of(strokes))


def sign_on_paper(*, by: Actor, contract: Contract, signer: str, incoming: Incoming | None, at: datetime | None = None) -> None:
    """The customer signed the paper: its scan is kept, and filed in the machine's file. Raises as ``sign`` does."""
    by.require(SIGN)
    now = at or clock.now()
    _check_approved(contract)
    name = _signer(signer)
    if incoming is None:
        raise Invalid(MISSING, fields={"scan": N_("Choose the scan or photo of the signed contract.")})
    with db.transaction():
        _sign(by, contract, now, signer_name=name, scan=_keep(by, contract, incoming, now))


def _signer(text: str) -> str:
    signer = " ".join(text.split())
    if not signer:
        raise Invalid(MISSING, fields={"signer": N_("Who signs? The name, please.")})
    if len(signer) > MAX_NAME:
        raise Invalid(MISSING, fields={"signer": N_("This is too long for the field.")})
    return signer


def _check_approved(contract: Contract) -> None:
    if contract.status in (ContractStatus.DRAFT, ContractStatus.SUBMITTED, ContractStatus.REJECTED):
        raise Conflict(N_("This contract is not approved yet: nobody signs it before."))
    if contract.status != ContractStatus.APPROVED:
        raise stale(contract.id)


def _sign(by: Actor, contract: Contract, now: datetime, **fields: object) -> None:
    if digest(queries.text_of(contract)) != contract.digest:
        raise Conflict(_CHANGED)
    move(by, contract, ContractStatus.SIGNED, contract.version, at=now, note=str(fields["signer_name"]), signed_at=now, **fields)


def _keep(by: Actor, contract: Contract, incoming: Incoming, now: datetime) -> StoredFile:
    machine = contract.machine if contract.machine_id else None
    if machine is None or not by.may("documents.file") or (by.area_ids is not None and machine.area_id not in by.area_ids):
        return files.keep(by=by, incoming=incoming, at=now)
    details = DocumentDetails(form_type=FormType.REPAIR_CONTRACT, title=contract.title[:100], about=contract.number, has_paper=True)
    kept: StoredFile = documents.hand_in(by=by, onto=machine, details=details, incoming=[incoming], at=now)[0].file
    return kept
