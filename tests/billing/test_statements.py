"""Statements of account, quarter by quarter."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from peewee import Database

from app.billing import statements
from app.billing.statements import WITH, WITHOUT, Quarter
from app.core import files
from app.core.errors import Invalid, NotAllowed
from app.core.types import system
from tests import money_factories
from tests.personas import actor_of, make_user

BY = system("tests")
Q3 = Quarter(2026, 3)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    files.configure(tmp_path)


def test_it_works(database: Database) -> None:
    old = money_factories.receivable(since_on=date(2026, 5, 1), due_on=date(2026, 6, 1), amount=Decimal(300))
    money_factories.receivable(customer=old.customer, since_on=date(2026, 8, 1), due_on=date(2026, 9, 1), amount=Decimal("50.20"))
    money_factories.receivable(customer=old.customer, since_on=date(2026, 10, 1), due_on=date(2026, 11, 1))
    money_factories.payment(customer=old.customer, received_on=date(2026, 9, 30), amount=Decimal(120))
    money_factories.payment(customer=old.customer, received_on=date(2026, 9, 30), void_at=old.created_at, void_reason="x")
    found = statements.of_customer(old.customer, Q3)
    assert (found.opening, found.closing) == (Decimal(300), Decimal("230.20"))
    assert [entry.balance for entry in found.entries] == [Decimal("350.20"), Decimal("230.20")]


def test_one_quarter_begins_where_the_other_ends(sqlite_database: Database) -> None:
    row = money_factories.receivable(since_on=date(2026, 5, 1), due_on=date(2026, 6, 1))
    money_factories.payment(customer=row.customer, received_on=date(2026, 7, 1), amount=Decimal(30))
    quarter = Quarter(2026, 1)
    for _number in range(4):
        following = statements.of_customer(row.customer, quarter.next)
        assert following.opening == statements.of_customer(row.customer, quarter).closing
        quarter = quarter.next


def test_a_statement_that_went_out_is_not_asked_for_again(database: Database) -> None:
    row = money_factories.receivable(since_on=date(2026, 8, 1), due_on=date(2026, 9, 1))
    other = money_factories.receivable(since_on=date(2026, 8, 1), due_on=date(2026, 9, 1))
    statements.send(by=BY, customer=row.customer, quarter=Q3, pdf=b"%PDF-1.7 x")
    without = statements.listed(BY, Q3, WITHOUT, "")
    assert [one.id for one in without] == [other.customer_id]
    (line,) = statements.listed(BY, Q3, WITH, "")
    assert statements.sent_at(line) is not None
    assert statements.owed(line) == Decimal(100)
    assert statements.listed(BY, Q3.next, WITH, "").count() == 0


def test_who_owes_nothing_since_long_needs_none(sqlite_database: Database) -> None:
    row = money_factories.receivable(since_on=date(2026, 2, 1), due_on=date(2026, 3, 1))
    later = money_factories.receivable(since_on=date(2026, 10, 1), due_on=date(2026, 11, 1))
    assert [one.id for one in statements.listed(BY, Q3, WITHOUT, "")] == [row.customer_id]
    assert later.customer_id not in [one.id for one in statements.listed(BY, Q3, WITHOUT, "")]


@pytest.mark.parametrize("text", ["2026", "2026-Q5", "26-Q1", "x-Q1", "9999-Q1"])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        statements.quarter_from(text, date(2026, 11, 26))


def test_without_a_word_it_is_the_last_whole_quarter() -> None:
    assert statements.quarter_from("", date(2026, 11, 26)) == Q3
    assert statements.quarter_from("", date(2026, 2, 1)) == Quarter(2025, 4)
    assert (Q3.first, Q3.last) == (date(2026, 7, 1), date(2026, 9, 30))


def test_only_those_who_keep_the_accounts_send_them(sqlite_database: Database) -> None:
    row = money_factories.receivable(overdue=10)
    with pytest.raises(NotAllowed):
        statements.send(by=actor_of(make_user("technician")), customer=row.customer, quarter=Q3, pdf=b"%PDF-1.7 x")
