"""What is owed: by age and by whom, written off by the manager, retention money by itself; seen only by those it concerns."""

from datetime import timedelta
from decimal import Decimal

import pytest
from peewee import Database

from app.billing import accounts, receivables
from app.billing.models import Receivable
from app.billing.receivables import ReceivableFilter
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from tests import factories, money_factories
from tests.personas import People, actor_of, people


@pytest.fixture
def who(database: Database) -> People:
    return people()


def owing(amount: int, overdue: int = 0, **values: object) -> Receivable:
    return money_factories.receivable(amount=Decimal(amount), overdue=overdue, **values)


def test_it_works(who: People) -> None:
    liu, customer = actor_of(who.liu), factories.customer()
    owing(100, 0, customer=customer), owing(50, 45, customer=customer), owing(70, 2000)
    aged = receivables.by_age(liu, ReceivableFilter(), clock.today())
    assert aged.sums == {"not_due": 100, "d60": 50, "older": 70}
    assert (aged.total, aged.overdue) == (220, 120)
    first, second = receivables.by_group(liu, ReceivableFilter(), clock.today(), "customer")
    assert (first.name, first.total, second.total) == (customer.name, 150, 70)
    found = receivables.page(liu, ReceivableFilter(age="d60"), clock.today(), sort="due_on").rows
    assert [row.amount for row in found] == [50]


def test_what_is_written_off_is_owed_no_more(who: People) -> None:
    one = owing(100)
    with pytest.raises(NotAllowed):
        receivables.write_off(by=actor_of(who.chen), receivable=one, version=one.version, reason="破产")
    with pytest.raises(Invalid):
        receivables.write_off(by=actor_of(who.liu), receivable=one, version=one.version, reason="")
    receivables.write_off(by=actor_of(who.liu), receivable=one, version=one.version, reason="破产")
    with pytest.raises(Conflict):
        receivables.write_off(by=actor_of(who.liu), receivable=one, version=one.version, reason="破产")
    assert accounts.debt_of(one.customer_id, clock.today()).owed == 0
    assert accounts.differences() == []


def test_retention_money_is_owed_by_itself_and_the_sum_stays(who: People) -> None:
    one, chen = owing(1000), actor_of(who.chen)
    later = one.due_on + timedelta(days=365)
    kept = receivables.set_apart(by=chen, receivable=one, amount=Decimal(50), due_on=later)
    assert (kept.kind, kept.amount, kept.due_on) == ("retention", 50, later)
    assert Receivable.get_by_id(one.id).amount == 950
    assert accounts.debt_of(one.customer_id, clock.today()).owed == 1000
    assert accounts.differences() == []
    for amount, due_on in ((Decimal(950), later), (None, later), (Decimal(1), one.due_on - timedelta(days=1))):
        with pytest.raises(Invalid):
            receivables.set_apart(by=chen, receivable=Receivable.get_by_id(one.id), amount=amount, due_on=due_on)


def test_claims_about_to_lapse_are_found_unless_they_were_demanded(who: People) -> None:
    old, demanded = owing(10, 1000), owing(20, 1000)
    Receivable.update(demanded_on=clock.today()).where(Receivable.id == demanded.id).execute()
    found = receivables.page(actor_of(who.liu), ReceivableFilter(is_lapsing=True), clock.today(), sort="due_on").rows
    assert [row.id for row in found] == [old.id]


def test_the_debt_of_a_customer_says_what_is_overdue_since_when(who: People) -> None:
    customer = factories.customer()
    assert accounts.debt_of(customer.id, clock.today()) == accounts.Debt(Decimal(0), Decimal(0), None, Decimal(0), False)
    old = owing(30, 40, customer=customer)
    owing(70, 0, customer=customer)
    money_factories.payment(customer=customer, amount=Decimal(5))
    assert accounts.debt_of(customer.id, clock.today()) == accounts.Debt(Decimal(100), Decimal(30), old.due_on, Decimal(5), False)


def test_only_own_areas_jobs_and_customers_in_charge_are_seen(who: People) -> None:
    near, far = owing(1, area=who.north), owing(2, area=who.south)
    charged = owing(3, area=who.south, person=who.li)
    job = owing(4, area=who.south, order=factories.work_order(lead=who.li))
    li = actor_of(who.li)
    assert {row.id for row in receivables.visible(li)} == {near.id, charged.id, job.id}
    assert receivables.by_age(li, ReceivableFilter(), clock.today()).total == 8
    with pytest.raises(NotFound):
        receivables.by_id(li, far.id)
