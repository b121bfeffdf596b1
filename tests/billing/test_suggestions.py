"""What a sum is likely meant for: never more than is owed or was paid."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.billing import suggestions
from app.billing.models import Receivable
from app.core.money import FEN
from tests import factories, money_factories


def owing(*sums: int) -> list[Receivable]:
    customer = factories.customer()
    for days, amount in enumerate(sums):
        money_factories.receivable(customer=customer, amount=Decimal(amount), overdue=-days)
    return suggestions.open_of(customer)


def shares(amount: int, owed: list[Receivable]) -> list[int]:
    found = suggestions.proposed(Decimal(amount), owed)
    return [int(found.get(one.id, 0)) for one in owed]


def test_it_works(database: Database) -> None:
    owed = owing(100, 80, 60)
    assert shares(60, owed) == [0, 0, 60]  # exactly one
    assert shares(140, owed) == [0, 80, 60]  # exactly two
    assert shares(150, owed) == [100, 50, 0]  # the longest due first
    assert shares(500, owed) == [100, 80, 60]  # the rest stays ahead


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 99_999), st.lists(st.integers(1, 9_999), max_size=8))
def test_a_proposal_can_always_be_carried_out(fen: int, sums: list[int]) -> None:
    owed = [Receivable(id=number, amount=sum_ * FEN, paid=0) for number, sum_ in enumerate(sums)]
    amount = fen * FEN
    found = suggestions.proposed(amount, owed)
    assert sum(found.values()) == min(amount, sum(sums) * FEN)
    assert all(0 < share <= owed[key].amount for key, share in found.items())
