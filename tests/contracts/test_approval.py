"""Who approves, and what is never approved: one's own contract, a quote of too much, a discount without its reason."""

from datetime import timedelta
from decimal import Decimal

import pytest
from peewee import Database, IntegrityError

from app.accounts.models import Notice, Role
from app.contracts import approval, operations, signing
from app.contracts.models import Contract, ContractKind, ContractStatus, ContractStep
from app.contracts.operations import Line
from app.core import clock, db, settings
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.strokes import digest
from app.core.types import system
from tests import factories
from tests.money_factories import contract, contract_terms, drawn, part
from tests.personas import actor_of, make_user

S = ContractStatus


@pytest.fixture(autouse=True)
def here(database: Database) -> None:
    pass


def approve(made: Contract, *roles: Role, **reasons: str) -> None:
    approval.approve(by=actor_of(make_user(*roles or (Role.MANAGER,))), contract=made, version=made.version, **reasons)


def switch_on(name: str, value: object) -> None:
    with db.transaction():
        settings.put(by=system("tests"), name=name, value=value)


def test_it_works() -> None:
    manager = make_user(Role.MANAGER, name="刘经理")
    made = contract(S.SUBMITTED)
    assert [notice.user for notice in Notice.select().where(Notice.is_urgent)] == [manager]
    approval.approve(by=actor_of(manager), contract=made, version=made.version, remark="同意")
    stored = Contract.get()
    assert (stored.status, stored.decided_by, stored.remark) == (S.APPROVED, manager, "同意")
    assert stored.digest == digest(stored.content)
    assert [step.to_status for step in ContractStep.select()] == [S.DRAFT, S.SUBMITTED, S.APPROVED]
    assert Notice.select().where(Notice.user == made.author).exists()


def test_nobody_approves_what_they_wrote() -> None:
    liu = actor_of(make_user(Role.MANAGER, name="刘经理"))
    made = contract(S.SUBMITTED, by=liu)
    with pytest.raises(Conflict, match="somebody else approves"):
        approval.approve(by=liu, contract=made, version=made.version)
    approve(made)
    assert Contract.get().status == S.APPROVED


def test_nobody_approves_what_they_changed_or_handed_in() -> None:
    liu = actor_of(make_user(Role.MANAGER, name="刘经理"))
    changed, handed_in = contract(), contract()
    operations.change(by=liu, contract=changed, version=changed.version, terms=contract_terms(price=Decimal(9)))
    operations.submit(by=liu, contract=handed_in, version=handed_in.version)
    author = actor_of(changed.author)
    operations.submit(by=author, contract=changed, version=changed.version)
    for made in (changed, handed_in):
        with pytest.raises(Conflict, match="somebody else approves"):
            approval.approve(by=liu, contract=made, version=made.version)


def test_the_place_of_the_author_is_no_second_person() -> None:
    liu, zhao = make_user(Role.MANAGER, name="刘经理"), make_user(Role.DEPUTY, name="赵副经理")
    factories.authority(liu, zhao, "contracts.approve")
    own, other = contract(S.SUBMITTED, by=actor_of(liu)), contract(S.SUBMITTED)
    with pytest.raises(Conflict, match="somebody else approves"):
        approval.approve(by=actor_of(zhao), contract=own, version=own.version)
    approval.approve(by=actor_of(zhao), contract=other, version=other.version)
    assert (other.decided_by_name, other.decided_for_name) == ("赵副经理", "刘经理")


def test_the_exception_demands_a_reason_and_shows_it() -> None:
    liu = actor_of(make_user(Role.MANAGER))
    made = contract(S.SUBMITTED, by=liu)
    switch_on("contract_single_signature", True)
    with pytest.raises(Invalid):
        approval.approve(by=liu, contract=made, version=made.version)
    approval.approve(by=liu, contract=made, version=made.version, single_reason="只有一人值班")
    assert Contract.get().single_reason == "只有一人值班"
    assert "只有一人值班" in ContractStep.select().order_by(ContractStep.id.desc()).get().remark


def test_the_database_itself_refuses_one_person_without_a_reason() -> None:
    made = contract(S.SUBMITTED)
    with pytest.raises(IntegrityError, match="contract_is_approved_by_another"), db.transaction():
        values = {"status": S.APPROVED, "decided_by": made.author, "decided_at": clock.now(), "digest": "0" * 64}
        Contract.update(values).execute()


@pytest.mark.parametrize("role", [Role.CLERK, Role.TECHNICIAN, Role.DEPUTY, Role.AREA_MANAGER, Role.QUALITY, Role.ADMIN])
def test_only_the_manager_approves_contracts(role: Role) -> None:
    made = contract(S.SUBMITTED)
    with pytest.raises(NotAllowed):
        approve(made, role)


def test_the_deputy_approves_small_quotes_and_nobody_large_ones() -> None:
    small = contract(S.SUBMITTED, kind=ContractKind.QUOTE, price=Decimal("2999.99"))
    approve(small, Role.DEPUTY)
    large = contract(kind=ContractKind.QUOTE, price=Decimal(3000))
    with pytest.raises(Invalid, match="make it a repair contract"):
        operations.submit(by=actor_of(large.author), contract=large, version=large.version)
    grown = contract(S.SUBMITTED, kind=ContractKind.QUOTE)
    switch_on("quote_limit", 1_000)
    with pytest.raises(Invalid, match="make it a repair contract"):
        approve(grown)


def test_the_deputies_are_told_of_quotes_and_the_managers_of_contracts() -> None:
    deputy, manager = make_user(Role.DEPUTY), make_user(Role.MANAGER)
    quote, repair = contract(S.SUBMITTED, kind=ContractKind.QUOTE), contract(S.SUBMITTED)
    assert [notice.href for notice in Notice.select().where(Notice.user == deputy)] == [f"/approvals?contract={quote.number}"]
    assert [notice.href for notice in Notice.select().where(Notice.user == manager)] == [f"/approvals?contract={repair.number}"]


def test_a_large_discount_demands_a_reason() -> None:
    line = Line(text="人工", quantity=Decimal(2), price=Decimal(100), discount=Decimal("0.11"))
    made = contract(S.SUBMITTED, lines=[line])
    with pytest.raises(Invalid) as refused:
        approve(made)
    assert "discount_reason" in refused.value.fields
    approve(made, discount_reason="老客户")
    assert Contract.get().discount_reason == "老客户"


def test_a_price_below_the_catalogue_is_a_large_discount_too() -> None:
    seal = part(price=Decimal(100))
    made = contract(S.SUBMITTED, lines=[Line(text="密封", part=seal, quantity=Decimal(1), price=Decimal(80))])
    with pytest.raises(Invalid):
        approve(made)


def test_the_second_of_two_is_told_who_was_first() -> None:
    made = contract(S.SUBMITTED)
    seen_in_the_second_window = Contract.get_by_id(made.id)
    approval.approve(by=actor_of(make_user(Role.MANAGER, name="刘经理")), contract=made, version=made.version)
    with pytest.raises(Conflict, match="刘经理"):
        approval.reject(
            by=actor_of(make_user(Role.MANAGER)),
            contract=seen_in_the_second_window,
            version=seen_in_the_second_window.version,
            remark="太贵",
        )
    assert Contract.get().status == S.APPROVED


def test_turning_down_needs_a_remark_and_leads_back_to_the_draft() -> None:
    made = contract(S.SUBMITTED)
    manager = actor_of(make_user(Role.MANAGER))
    with pytest.raises(Invalid):
        approval.reject(by=manager, contract=made, version=made.version, remark=" ")
    approval.reject(by=manager, contract=made, version=made.version, remark="工时太多")
    author = actor_of(made.author)
    operations.change(by=author, contract=made, version=made.version, terms=contract_terms(price=Decimal(900)))
    assert (made.status, made.remark, made.decided_by_id) == (S.DRAFT, "", None)


def test_what_changes_after_the_approval_is_approved_anew() -> None:
    made = contract(S.APPROVED)
    author = actor_of(made.author)
    with pytest.raises(Conflict):
        operations.change(by=author, contract=made, version=made.version, terms=contract_terms(price=Decimal(1)))
    operations.take_back(by=author, contract=made, version=made.version, reason="客户要加一个滤芯")
    operations.change(by=author, contract=made, version=made.version, terms=contract_terms(price=Decimal(1500)))
    assert (made.digest, made.decided_by_id, made.total) == (None, None, Decimal(1500))
    with pytest.raises(Conflict, match="not approved yet"):
        signing.sign(by=author, contract=made, drawn=drawn(made))


def test_lines_that_changed_behind_the_approval_are_not_signed() -> None:
    made = contract(S.APPROVED)
    with db.transaction():
        Contract.update(title="另一件事").execute()
    made = Contract.get_by_id(made.id)
    with pytest.raises(Conflict, match="approved anew"):
        signing.sign(by=actor_of(made.author), contract=made, drawn=drawn(made))


def test_who_is_away_lets_somebody_approve_for_a_time() -> None:
    liu, zhao = make_user(Role.MANAGER), make_user(Role.DEPUTY)
    made = contract(S.SUBMITTED)
    before = clock.now() - timedelta(days=9)
    factories.authority(liu, zhao, "contracts.approve", from_at=before, until_at=before + timedelta(days=1))
    with pytest.raises(NotAllowed):
        approval.approve(by=actor_of(zhao), contract=made, version=made.version)
