"""From every state of a contract, by every operation on it: only what the table of states allows happens; all else is refused in words
and changes no row.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest
from peewee import Database, Model

from app.accounts.models import Role
from app.accounts.notices import Notice
from app.contracts import approval, operations, progress, signing, states, writing
from app.contracts.models import Contract, ContractLine, ContractStatus, ContractStep
from app.core import clock, db
from app.core.history import HistoryEntry
from app.core.outbox import OutboxMessage
from app.core.types import Actor, system
from tests import jumps, money_factories
from tests.money_factories import contract_terms, drawn
from tests.personas import actor_of, make_user

S = ContractStatus
WATCHED: tuple[type[Model], ...] = (Contract, ContractLine, ContractStep, HistoryEntry, Notice, OutboxMessage)
BILLING = system("billing")
PAIRS = [(present, target) for present in S for target in S if target not in states.TRANSITIONS[present]]


@pytest.fixture(autouse=True)
def here(sqlite_database: Database) -> None:
    pass


@pytest.fixture
def liu() -> Actor:
    return actor_of(make_user(Role.MANAGER, name="刘经理"))


def carried(made: Contract, target: ContractStatus, version: int) -> None:
    """As the order does that carries it out, or its invoice or payment."""
    with db.transaction():
        writing.move(BILLING, made, target, version, at=clock.now())


Way = Callable[[Actor, Contract, int], object]
# Every operation that people have: where it leads, and from where it is open.
WAYS: dict[str, tuple[Way, ContractStatus, tuple[ContractStatus, ...]]] = {
    "change": (
        lambda by, made, version: operations.change(by=by, contract=made, version=version, terms=contract_terms(price=Decimal(900))),
        S.DRAFT,
        states.CHANGEABLE,
    ),
    "submit": (lambda by, made, version: operations.submit(by=by, contract=made, version=version), S.SUBMITTED, (S.DRAFT,)),
    "take_back": (
        lambda by, made, version: operations.take_back(by=by, contract=made, version=version, reason="x"),
        S.DRAFT,
        (S.SUBMITTED, S.APPROVED, S.REJECTED),
    ),
    "approve": (lambda by, made, version: approval.approve(by=by, contract=made, version=version), S.APPROVED, (S.SUBMITTED,)),
    "reject": (
        lambda by, made, version: approval.reject(by=by, contract=made, version=version, remark="x"),
        S.REJECTED,
        (S.SUBMITTED,),
    ),
    "sign": (lambda by, made, _version: signing.sign(by=by, contract=made, drawn=drawn(made)), S.SIGNED, (S.APPROVED,)),
    "void": (
        lambda by, made, version: operations.void(by=by, contract=made, version=version, reason="x"),
        S.VOID,
        (S.DRAFT, S.SUBMITTED, S.REJECTED, S.APPROVED, S.SIGNED),
    ),
    "complete": (
        lambda by, made, version: progress.complete(by=by, contract=made, version=version),
        S.COMPLETED,
        (S.SIGNED, S.IN_EXECUTION),
    ),
}
FOLLOWING = {
    progress.invoiced: (S.COMPLETED, S.INVOICED),
    progress.not_invoiced: (S.INVOICED, S.COMPLETED),
    progress.settled: (S.INVOICED, S.SETTLED),
    progress.not_settled: (S.SETTLED, S.INVOICED),
}
# What a contract goes through after it was signed.
AFTER_SIGNING = (S.IN_EXECUTION, S.COMPLETED, S.INVOICED, S.SETTLED)


def brought_to(status: ContractStatus) -> Contract:
    """A contract in ``status``, brought there the way people bring it."""
    if status == S.VOID:
        made = money_factories.contract(S.APPROVED)
        operations.void(by=actor_of(make_user(Role.MANAGER)), contract=made, version=made.version, reason="x")
    else:
        made = money_factories.contract(S.SIGNED if status in AFTER_SIGNING else status)
        for target in AFTER_SIGNING[: AFTER_SIGNING.index(status) + 1] if status in AFTER_SIGNING else ():
            carried(made, target, made.version)
    assert Contract.get_by_id(made.id).status == status
    return Contract.get_by_id(made.id)


def test_it_works() -> None:
    """No operation goes a way that the table does not have."""
    ways = {(start, target) for _way, target, starts in WAYS.values() for start in starts} | set(FOLLOWING.values())
    assert {(start, target) for start, target in ways if target not in states.TRANSITIONS[start]} == {(S.DRAFT, S.DRAFT)}


@pytest.mark.parametrize("present", S)
@pytest.mark.parametrize("name", WAYS)
def test_an_operation_does_what_the_table_allows_and_changes_nothing_else(liu: Actor, present: ContractStatus, name: str) -> None:
    made = brought_to(present)
    act, target, starts = WAYS[name]
    if present in starts:
        act(liu, made, made.version)
        stored = Contract.get_by_id(made.id)
        assert (stored.status, stored.version) == (target, made.version)
        assert made.steps.order_by(ContractStep.id.desc()).first().from_status == present
    else:
        jumps.is_refused(WATCHED, lambda: act(liu, made, made.version))


@pytest.mark.parametrize(("present", "target"), PAIRS)
def test_a_way_that_the_table_does_not_have_is_shut(present: ContractStatus, target: ContractStatus) -> None:
    made = brought_to(present)
    jumps.is_refused(WATCHED, lambda: carried(made, target, made.version))


@pytest.mark.parametrize("present", S)
def test_invoice_and_payment_move_only_a_contract_that_waits_for_them(present: ContractStatus) -> None:
    for follow, (start, target) in FOLLOWING.items():
        made, before = brought_to(present), jumps.rows(WATCHED)
        assert follow(by=BILLING, contract=made, at=clock.now()) is (present == start)
        assert Contract.get_by_id(made.id).status == (target if present == start else present)
        assert present == start or jumps.rows(WATCHED) == before


@pytest.mark.parametrize("name", [name for name in WAYS if name != "sign"])
def test_who_saw_an_older_version_changes_nothing(liu: Actor, name: str) -> None:
    act, _target, starts = WAYS[name]
    made = brought_to(starts[0])
    jumps.is_refused(WATCHED, lambda: act(liu, made, made.version - 1))
