"""Whoever goes, went or waits is told at once: the whole dispatch, being replaced, called off, urged; the desk of what comes back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.accounts.models import Notice, Role, User
from app.core import clock, db, wecom
from app.core.outbox import Channel, OutboxMessage
from app.core.types import Actor
from app.tickets import following, urging
from app.tickets.models import TicketStatus
from app.web import i18n
from app.work_orders import dispatching, progress
from app.work_orders.models import OrderKind, WorkOrder
from app.work_orders.visits import Assignment
from app.work_orders.wording import dispatch_text
from tests import factories
from tests.personas import actor_of, make_area, make_user

pytestmark = pytest.mark.usefixtures("sqlite_database")


@pytest.fixture(autouse=True)
def _robot() -> Iterator[None]:
    i18n.compile_catalogues(i18n.TRANSLATIONS)
    wecom.configure("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    yield
    wecom.configure(None)


def technician(name: str, phone: str = "") -> User:
    user = make_user(Role.TECHNICIAN, name=name)
    with db.transaction():
        User.update(phone=phone).where(User.id == user.id).execute()
    return user


@pytest.fixture
def li() -> User:
    return technician("李工", "13800001111")


@pytest.fixture
def wang() -> User:
    return technician("王工", "13900002222")


@pytest.fixture
def deputy() -> User:
    return make_user(Role.DEPUTY, name="赵副经理")


@pytest.fixture
def zhao(deputy: User) -> Actor:
    return actor_of(deputy)


def assigned(lead: User, *assistants: User) -> Assignment:
    start = clock.now() + timedelta(hours=1)
    return Assignment(lead=lead, planned_from=start, planned_until=start + timedelta(hours=2), assistants=assistants)


def dispatched(zhao: Actor, lead: User, *along: User) -> WorkOrder:
    machine = factories.machine(accepted_on=clock.now().date())
    ticket = factories.ticket(machine=machine, status=TicketStatus.WAITING_DISPATCH, title="油泵不启动")
    return dispatching.dispatch_ticket(by=zhao, job=dispatching.of_ticket(ticket), assignment=assigned(lead, *along))


def notices(user: User) -> list[str]:
    return [row.message.split(":")[0] for row in Notice.select().where(Notice.user == user).order_by(Notice.id)]


def messages() -> list[OutboxMessage]:
    return list(OutboxMessage.select().where(OutboxMessage.channel == Channel.WECOM).order_by(OutboxMessage.id))


def test_it_works(zhao: Actor, li: User, wang: User) -> None:
    order = dispatched(zhao, li, wang)
    (message,) = messages()
    assert message.recipient == "13800001111,13900002222"
    assert message.body == f"{dispatch_text(order, order.visits.get())}\n致：李工、王工"
    assert message.next_try_at == message.created_at
    assert notices(li) == notices(wang) == ["New job %(number)s"]
    assert Notice.get(Notice.user == li).href == f"/my/jobs/{order.number}"


def test_the_longest_order_keeps_its_safety_words_in_the_message(zhao: Actor, li: User) -> None:
    machine = factories.machine(accepted_on=clock.now().date())
    job = dispatching.Job(
        kind=OrderKind.REPAIR, title="泵" * 200, machine=machine, instructions="说明" * 900, bring="密封圈" * 300, is_stop=True
    )  # fmt: skip
    dispatching.dispatch_ticket(by=zhao, job=job, assignment=assigned(li))
    cut = wecom.cut(messages()[0].body)
    assert "严禁单人下坑" in cut
    assert "停机确认" in cut
    assert cut.endswith("致：李工")


def test_the_area_manager_gets_a_copy_within_the_product_alone(zhao: Actor, li: User) -> None:
    north, south = make_area("北区"), make_area("南区")
    hers, other = make_user(Role.AREA_MANAGER, areas=(north,)), make_user(Role.AREA_MANAGER, areas=(south,))
    order = factories.work_order(machine=factories.machine(area=north, accepted_on=clock.now().date()), status="draft")
    dispatching.dispatch(by=zhao, order=order, version=order.version, assignment=assigned(li))
    assert (notices(hers), notices(other)) == (["%(who)s goes out for %(number)s %(title)s"], [])
    assert len(messages()) == 1


def test_who_is_replaced_is_told_with_those_who_would_have_gone_along(zhao: Actor, li: User, wang: User) -> None:
    sun = technician("孙工", "13700003333")
    order = dispatched(zhao, li, sun)
    dispatching.reassign(by=zhao, order=order, version=order.version, assignment=assigned(wang), reason="李工生病")
    taken = "%(number)s was given to somebody else"
    assert (notices(li)[-1], notices(sun)[-1], notices(wang)) == (taken, taken, ["New job %(number)s"])
    assert messages()[-1].recipient == "13800001111,13700003333"


def test_calling_off_reaches_everybody_who_would_go(zhao: Actor, li: User, wang: User) -> None:
    order = dispatched(zhao, li, wang)
    dispatching.call_off(by=zhao, order=order, version=order.version, reason="客户自行处理")
    assert notices(li)[-1] == notices(wang)[-1] == "%(number)s was called off"


def test_a_returned_order_reaches_the_desk(zhao: Actor, deputy: User, li: User) -> None:
    order = dispatched(zhao, li)
    progress.decline(by=actor_of(li), order=order, version=order.version, reason="车坏了")
    assert notices(deputy) == ["%(who)s returned %(number)s %(title)s"]


@pytest.mark.parametrize("by_customer", [False, True])
def test_urging_reaches_who_is_out_for_it_wherever_it_was_taken(zhao: Actor, li: User, by_customer: bool) -> None:
    order = dispatched(zhao, li)
    ticket = order.ticket
    if by_customer:
        following.urge(ticket=ticket, form_token="t" * 32)
        following.urge(ticket=ticket, form_token="t" * 32)
    else:
        urging.urge(by=actor_of(make_user(Role.CLERK)), ticket=ticket, form_token="t" * 32)
    assert notices(li)[1:] == ["The customer urges, for the %(count)s. time"]
    assert order.number in messages()[-1].body


def test_who_does_it_is_not_told_of_it(li: User, zhao: Actor) -> None:
    both = actor_of(make_user(Role.DEPUTY, Role.TECHNICIAN, name="周副经理"))
    order = dispatched(both, User.get_by_id(both.user_id))
    assert (messages(), Notice.select().where(Notice.user == both.user_id).count()) == ([], 0)
    assert order.is_out
