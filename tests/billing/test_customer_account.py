"""A customer's account: every line moves the balance, and the last balance is what is owed less what is paid ahead."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from peewee import Database

from app.billing import accounts, customer_account, receivables
from app.core import clock
from tests import factories, money_factories
from tests.personas import actor_of, people


@pytest.mark.usefixtures("database")
def test_it_works(database: Database) -> None:
    customer, today = factories.customer(), clock.today()
    old = money_factories.receivable(customer=customer, amount=Decimal(100), overdue=500)
    money_factories.receivable(customer=customer, amount=Decimal(40), overdue=20)
    money_factories.payment(customer=customer, amount=Decimal(60))
    money_factories.payment(customer=customer, amount=Decimal(7), confirmed_at=None, confirmed_by_name="")
    receivables.write_off(by=actor_of(people().liu), receivable=old, version=old.version, reason="破产")
    statement = customer_account.of(customer, today - timedelta(days=365), today)
    assert statement.opening == 100
    assert [(line.debit, line.credit, line.balance) for line in statement.lines] == [(40, 0, 140), (0, 60, 80), (0, 100, -20)]
    debt = accounts.debt_of(customer.id, today)
    assert statement.closing == debt.owed - debt.ahead
    assert customer_account.of(customer, date(2000, 1, 1), date(2000, 2, 1)).lines == []
