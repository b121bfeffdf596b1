"""Work slips: sent, reminded once, answered or withdrawn once (5-08)."""

from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Department, Notice
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.outbox import OutboxMessage
from app.core.types import Actor
from app.tickets import work_slips
from app.tickets.models import WorkSlip
from app.tickets.work_slips import REMIND_BEFORE
from tests import factories
from tests.personas import People, actor_of, people

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DUE = AT + timedelta(days=2)


@pytest.fixture
def who(database: Database) -> People:
    return people()


@pytest.fixture
def clerk(who: People) -> Actor:
    return actor_of(who.chen)


@pytest.fixture
def department(who: People) -> Department:
    return Department.create(name="技术中心", email="tech@works.example")


def sent(by: Actor, to: Department, token: str | None = None) -> WorkSlip:
    ticket = factories.ticket()
    return work_slips.send(by=by, ticket=ticket, department=to, text="请核对油封型号。", due_at=DUE, form_token=token, at=AT)


def mails() -> list[str]:
    return [message.subject for message in OutboxMessage.select().order_by(OutboxMessage.id)]


def test_it_works(clerk: Actor, department: Department) -> None:
    slip = sent(clerk, department)
    assert slip.number == "W2611-0001"
    mail = OutboxMessage.get()
    assert (mail.recipient, mail.subject.startswith("[W2611-0001]")) == ("tech@works.example", True)
    assert "请核对油封型号。" in mail.body
    assert "2026-11-25 09:00" in mail.body
    work_slips.answer(by=clerk, slip=slip, text="用B型。", at=AT + timedelta(hours=1))
    assert (WorkSlip.get().answer, WorkSlip.get().answered_at) == ("用B型。", AT + timedelta(hours=1))


def test_sent_twice_it_is_one_slip(clerk: Actor, department: Department) -> None:
    assert sent(clerk, department, "same form").id == sent(clerk, department, "same form").id
    assert (WorkSlip.select().count(), OutboxMessage.select().count()) == (1, 1)


def test_what_is_missing_stands_beside_its_field(clerk: Actor, department: Department) -> None:
    ticket = factories.ticket()
    with pytest.raises(Invalid) as refusal:
        work_slips.send(by=clerk, ticket=ticket, department=None, text=" ", due_at=AT, at=AT)
    assert set(refusal.value.fields) == {"department", "text", "due_at"}


def test_a_department_that_is_no_longer_used_gets_none(clerk: Actor, department: Department) -> None:
    department.is_active = False
    with pytest.raises(Invalid):
        sent(clerk, department)


def test_a_department_without_an_address_is_told_by_people(clerk: Actor, who: People) -> None:
    sent(clerk, Department.create(name="办公室"))
    assert mails() == []


def test_it_ends_once(clerk: Actor, department: Department) -> None:
    slip = sent(clerk, department)
    work_slips.withdraw(by=clerk, slip=slip)
    assert len(mails()) == 2
    for again in (lambda: work_slips.withdraw(by=clerk, slip=slip), lambda: work_slips.answer(by=clerk, slip=slip, text="x")):
        with pytest.raises(Conflict):
            again()


def test_the_department_is_reminded_once_before_it_is_due(clerk: Actor, department: Department) -> None:
    sent(clerk, department)
    assert work_slips.remind(DUE - REMIND_BEFORE - timedelta(seconds=1)) == ""
    assert work_slips.remind(DUE - REMIND_BEFORE) == "1 reminded"
    assert work_slips.remind(DUE) == ""
    assert len(mails()) == 2


def test_the_clerk_is_told_once_when_it_is_overdue(clerk: Actor, who: People, department: Department) -> None:
    sent(clerk, department)
    for later in range(3):
        work_slips.remind(DUE + timedelta(minutes=later))
    assert Notice.select().where(Notice.user == who.chen).count() == 1


def test_nobody_is_reminded_of_an_answered_slip(clerk: Actor, who: People, department: Department) -> None:
    work_slips.answer(by=clerk, slip=sent(clerk, department), text="完成", at=clock.now())
    assert work_slips.remind(DUE + timedelta(days=1)) == ""
    assert (len(mails()), Notice.select().count()) == (1, 0)


def test_a_technician_sends_none(who: People, department: Department) -> None:
    with pytest.raises(NotAllowed):
        sent(actor_of(who.li), department)
