"""The bank's file: read in the words of banks, recognised, taken in all or not at all, and never twice."""

from decimal import Decimal

import pytest
from peewee import Database

from app.billing import accounts, bank_import, bank_lines
from app.billing.bank_import import Confirmed
from app.billing.models import Payment, Receivable
from app.core.errors import Invalid, NotAllowed
from tests import factories, money_factories
from tests.personas import People, actor_of, people

HEAD = "交易日期,借方发生额,贷方发生额,对方户名,交易流水号,摘要\n"


@pytest.fixture
def who(database: Database) -> People:
    return people()


def lines(*rows: str, encoding: str = "utf8") -> list[bank_lines.BankLine]:
    return bank_lines.read((HEAD + "\n".join(rows) + "\n").encode(encoding))


def confirmed(*found: bank_lines.BankLine) -> list[Confirmed]:
    return [Confirmed(line, line.customer, True) for line in found if line.customer is not None]


@pytest.mark.parametrize("encoding", ["utf8", "utf-8-sig", "gb18030"])
def test_it_works(who: People, encoding: str) -> None:
    owed = money_factories.receivable(customer=factories.customer(name="云岭环卫"), amount=Decimal("1200.50"))
    (line,) = lines('20261120,,"1,200.50",云岭环卫,A1,货款', "2026-11-20,500.00,,供电公司,A2,电费", encoding=encoding)
    assert (line.customer, line.amount, line.shares) == (owed.customer, Decimal("1200.50"), {owed.id: Decimal("1200.50")})
    (payment,) = bank_import.take_in(by=actor_of(who.chen), lines=confirmed(line))
    assert (payment.bank_reference, payment.payer_name) == ("A1", "云岭环卫")
    assert not Receivable.get_by_id(owed.id).is_open
    (again,) = lines('20261120,,"1,200.50",云岭环卫,A1,货款')
    assert again.is_known
    assert accounts.differences() == []


def test_a_line_is_recognised_by_the_only_fitting_amount(who: People) -> None:
    owed = money_factories.receivable(amount=Decimal(777))
    money_factories.receivable(amount=Decimal(500)), money_factories.receivable(amount=Decimal(500))
    only, several = lines("2026-11-20 10:11:12,,777,市财政局,B1,", "2026-11-20,,500,市财政局,B2,")
    assert only.customer == owed.customer
    assert several.customer is None


def test_all_lines_are_taken_in_or_none(who: People) -> None:
    customer = factories.customer(name="云岭环卫")
    found = lines("2026-11-20,,100,云岭环卫,C1,", "2026-11-20,,200,云岭环卫,C2,")
    money_factories.payment(customer=customer, bank_reference="C2")  # somebody else was faster
    with pytest.raises(Invalid):
        bank_import.take_in(by=actor_of(who.chen), lines=confirmed(*found))
    assert Payment.select().where(Payment.bank_reference == "C1").count() == 0
    with pytest.raises(Invalid):
        bank_import.take_in(by=actor_of(who.chen), lines=[])
    with pytest.raises(NotAllowed):
        bank_import.take_in(by=actor_of(who.li), lines=confirmed(found[0]))


def test_lines_without_a_number_of_the_bank_are_told_apart_by_what_they_say(who: People) -> None:
    first, same, other = lines("2026-11-20,,100,甲,,x", "2026-11-20,,100,甲,,x", "2026-11-20,,100,甲,,y")
    assert (first.is_known, same.is_known, other.is_known) == (False, True, False)


def test_what_is_no_file_of_a_bank_is_refused_in_words(who: People) -> None:
    for content in (b"", "姓名,电话\n李,1\n".encode()):
        with pytest.raises(Invalid):
            bank_lines.read(content)
    (wrong,) = lines("soon,,100,甲,D1,")
    assert wrong.problem
