"""The approval (批复, 2A-08): the manager's of contracts, the deputy's of quote confirmations below a limit; never by who wrote it.

A deployment with a single approver may switch on an exception that demands a reason and shows on the contract, its print and the
history (product.md, settled question 3).
"""

from datetime import datetime
from decimal import Decimal

from app.accounts import authorities
from app.accounts.authorities import Standing
from app.accounts.models import Role, User
from app.contracts import queries
from app.contracts.models import Contract, ContractKind, ContractStatus, ContractStep
from app.contracts.writing import APPROVE, CONFIRM, MAX_REMARK, MISSING, move, need_reason, stale, told_under
from app.core import clock, db, known_settings
from app.core.errors import N_, Conflict, Invalid
from app.core.known_settings import KnownSetting, SettingKind
from app.core.strokes import digest
from app.core.types import Actor
from app.roster.queries import on_duty
from app.roster.telling import tell

SINGLE = known_settings.register(
    KnownSetting(
        "contract_single_signature", N_("Whoever wrote a contract may approve it"), False, SettingKind.SWITCH,
        hint=N_("Only where there is nobody else: it asks for a reason, which stands on the contract, its print and in the history."),
    )
)  # fmt: skip
DISCOUNT_LIMIT = known_settings.register(
    KnownSetting(
        "contract_discount_limit", N_("Discount of a contract, in per cent, above which its approval needs a reason"), 10,
        SettingKind.WHOLE, most=100,
    )
)  # fmt: skip
QUOTE_LIMIT = known_settings.register(
    KnownSetting(
        "quote_limit", N_("Yuan from which a quote confirmation is too little and a contract is needed"), 3_000, SettingKind.WHOLE,
        most=1_000_000, hint=N_("Below it the deputy approves; a contract is the manager's."),
    )
)  # fmt: skip


def right_for(contract: Contract) -> str:
    """The permission that approving ``contract`` takes."""
    return CONFIRM if contract.kind == ContractKind.QUOTE else APPROVE


def may_approve_any(by: Actor, at: datetime) -> bool:
    """Whether ``by`` approves contracts or quote confirmations, by own right or in somebody's place."""
    return any(authorities.may_act(by, right, at) for right in (APPROVE, CONFIRM))


def kinds_for(by: Actor, at: datetime) -> list[ContractKind]:
    """The kinds of contracts that ``by`` may approve."""
    rights = {right for right in (APPROVE, CONFIRM) if authorities.may_act(by, right, at)}
    return [kind for kind in ContractKind if (CONFIRM if kind is ContractKind.QUOTE else APPROVE) in rights]


def writers_of(contract: Contract) -> set[int]:
    """Who wrote what stands in the contract: drafted, changed or handed it in."""
    written = (ContractStatus.DRAFT, ContractStatus.SUBMITTED)
    steps = ContractStep.select(ContractStep.by).where(ContractStep.contract == contract, ContractStep.to_status.in_(written))
    return {contract.author_id} | {user_id for (user_id,) in steps.tuples() if user_id is not None}


def is_own(by: Actor, contract: Contract, at: datetime) -> bool:
    """Whether ``by``, or in whose place ``by`` would approve, wrote the contract."""
    writers, stands = writers_of(contract), authorities.standing(by, right_for(contract), at)
    return by.user_id in writers or stands.for_id in writers


def is_single_allowed() -> bool:
    """Whether the exception is switched on."""
    return bool(SINGLE.value())


def needs_discount_reason(contract: Contract) -> bool:
    """Whether more is given away than may be without a reason."""
    found = queries.reckoned(contract, queries.lines_of(contract)).discount
    return found > Decimal(DISCOUNT_LIMIT.value()) / 100


def check_quote(contract: Contract) -> None:
    """Raise ``Invalid`` for a quote confirmation of so much that it takes a contract (workflows, gate, c)."""
    if contract.kind == ContractKind.QUOTE and contract.total >= Decimal(QUOTE_LIMIT.value()):
        limit = f"{QUOTE_LIMIT.value():,}"
        raise Invalid(N_("From ¥%(limit)s on a quote confirmation is not enough: make it a repair contract."), limit=limit)


def approve(
    *,
    by: Actor,
    contract: Contract,
    version: int,
    remark: str = "",
    discount_reason: str = "",
    single_reason: str = "",
    at: datetime | None = None,
) -> None:
    """Approve what was handed in, by own right or in somebody's place; its text is frozen and its author told.

    Raises ``Conflict`` when somebody else decided meanwhile or when one wrote it oneself, ``Invalid`` without a reason that is needed,
    ``NotAllowed``.
    """
    now = at or clock.now()
    stands = authorities.standing(by, right_for(contract), now)
    _check_open(contract, version)
    check_quote(contract)
    single = _single_reason(by, contract, single_reason, now)
    discount = need_reason(discount_reason, "discount_reason") if needs_discount_reason(contract) else ""
    _check_remark(remark)
    with db.transaction():
        text = queries.text_of(contract)
        _decide(
            by, contract, ContractStatus.APPROVED, version, stands=stands, remark=remark, now=now,
            single_reason=single, discount_reason=discount, content=text, digest=digest(text),
        )  # fmt: skip
        _tell_author(by, contract, N_("%(who)s approved %(number)s (%(title)s): the customer can sign it."), now)


def reject(*, by: Actor, contract: Contract, version: int, remark: str, at: datetime | None = None) -> None:
    """Turn down what was handed in; its author is told why. Raises as ``approve`` does, ``Invalid`` without a remark."""
    now = at or clock.now()
    stands = authorities.standing(by, right_for(contract), now)
    _check_open(contract, version)
    if not remark.strip():
        raise Invalid(N_("Say why, in a few words."), fields={"remark": N_("A reason is needed here.")})
    if is_own(by, contract, now):
        raise Conflict(N_("You wrote this contract yourself: take it back instead."))
    _check_remark(remark)
    with db.transaction():
        _decide(by, contract, ContractStatus.REJECTED, version, stands=stands, remark=remark, now=now)
        _tell_author(by, contract, N_("%(who)s turned down %(number)s (%(title)s): %(remark)s"), now)


def _check_open(contract: Contract, version: int) -> None:
    if contract.status != ContractStatus.SUBMITTED or contract.version != version:
        raise stale(contract.id)


def _check_remark(remark: str) -> None:
    if len(remark.strip()) > MAX_REMARK:
        raise Invalid(MISSING, fields={"remark": N_("This is too long for the field.")})


def _single_reason(by: Actor, contract: Contract, reason: str, now: datetime) -> str:
    """The reason why one person had to do for two; empty when there are two."""
    if not is_own(by, contract, now):
        return ""
    if not is_single_allowed():
        raise Conflict(N_("You wrote this contract yourself: somebody else approves it."))
    return need_reason(reason, "single_reason")


def _decide(
    by: Actor, contract: Contract, to: ContractStatus, version: int, *, stands: Standing, remark: str, now: datetime, **fields: str
) -> None:
    reasons = {name: fields[name] for name in ("single_reason", "discount_reason") if fields.get(name)}
    move(
        by, contract, to, version, at=now, note="; ".join(filter(None, (remark.strip(), *reasons.values()))), remark=remark.strip(),
        decided_at=now, decided_by=by.user_id, decided_by_name=by.name, decided_for_name=stands.for_name, **fields,
    )  # fmt: skip


def _tell_author(by: Actor, contract: Contract, message: str, now: datetime) -> None:
    if contract.author_id == by.user_id:
        return
    tell(
        [contract.author_id], message, href=address(contract), is_urgent=True, is_theirs=True, at=now,
        key=told_under(contract, contract.version), who=by.name, number=contract.number, title=contract.title,
        **({"remark": contract.remark} if contract.remark else {}),
    )  # fmt: skip


def address(contract: Contract) -> str:
    """Where its author goes on with it: a technician on the job, the desk on the contract's page."""
    order = contract.order if contract.order_id else None
    is_job = order is not None and order.is_out and order.lead_id == contract.author_id
    return f"/my/jobs/{order.number}/contract" if order is not None and is_job else f"/contracts/{contract.number}"


def approvers(contract: Contract, at: datetime) -> list[User]:
    """Who answers for approving ``contract`` now: deputies for quote confirmations, managers, and who acts in their place."""
    is_quote = contract.kind == ContractKind.QUOTE
    present = (on_duty(Role.DEPUTY, at) if is_quote else []) or on_duty(Role.MANAGER, at)
    lent = authorities.standing_in(right_for(contract), at)
    return list({user.id: user for user in (*present, *User.select().where(User.id.in_(lent)))}.values())


def tell_approvers(by: Actor, contract: Contract, at: datetime) -> None:
    """Tell at once who can approve it, in the running transaction; somebody may be waiting on site."""
    people = [user.id for user in approvers(contract, at) if user.id != by.user_id]
    message = N_("%(who)s waits for the approval of %(number)s (%(customer)s, %(total)s yuan): %(title)s")
    tell(
        people, message, href=f"/approvals?contract={contract.number}", is_urgent=True, at=at,
        key=told_under(contract, contract.version), who=by.name, number=contract.number,
        customer=contract.customer.short_name or contract.customer.name, total=f"{contract.total:,.2f}", title=contract.title,
    )  # fmt: skip
