"""Opening balances come in once, each of a customer that is known, and go again when nothing was paid of them."""

from decimal import Decimal
from functools import partial

import pytest
from peewee import Database

from app.billing import accounts
from app.billing.models import Receivable
from app.core import clock
from app.core.import_runs import ImportKind
from tests import factories, taking_in

take_in = partial(taking_in.take_in, ImportKind.OPENING_RECEIVABLES)
reasons = partial(taking_in.reasons, ImportKind.OPENING_RECEIVABLES)
HEAD = "客户名称,发票号,未收金额,到期日,最近催收日期\n"


@pytest.mark.usefixtures("database")
def test_it_works(database: Database) -> None:
    customer = factories.customer(name="云岭环卫")
    content = HEAD + '云岭环卫,0001,"1,200.50",2025-06-30,2026-01-02\n云岭环卫,0002,300,2026-12-31,\n'
    take_in(content)
    take_in(content)  # twice is once
    assert [(row.about, row.amount) for row in Receivable.select().order_by(Receivable.about)] == [
        ("0001", Decimal("1200.50")),
        ("0002", Decimal(300)),
    ]
    debt = accounts.debt_of(customer.id, clock.now().date())
    assert (debt.owed, debt.overdue) == (Decimal("1500.50"), Decimal("1200.50"))
    assert accounts.differences() == []


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "line",
    [
        "nobody,0001,100,2025-06-30,",
        "云岭环卫,,100,2025-06-30,",
        "云岭环卫,0001,0,2025-06-30,",
        "云岭环卫,0001,much,2025-06-30,",
        "云岭环卫,0001,100,,",
        "云岭环卫,0001,100,2025-06-31,",
        "云岭环卫,0001,100,2025-06-30,\n云岭环卫,0001,100,2025-06-30,",
    ],
)
def test_a_bad_line_has_its_reason(database: Database, line: str) -> None:
    factories.customer(name="云岭环卫")
    assert reasons(HEAD + line + "\n")
    assert Receivable.select().count() == 0
