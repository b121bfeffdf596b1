"""FI-33: the messenger is down for a day, slow, or refuses with 200; nothing is lost or doubled, and dispatching is as quick as ever."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Notice, Role, User
from app.core import db, outbox, wecom
from app.core.outbox import OutboxMessage, OutboxState
from app.work_orders import dispatching
from app.work_orders.visits import Assignment
from tests import factories
from tests.personas import actor_of, make_user
from tests.wecom_server import Messenger, wecom_server

START = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def messenger() -> Iterator[Messenger]:
    with wecom_server() as running:
        wecom.configure(running.url)
        yield running
        wecom.configure(None)


def dispatch(at: datetime) -> str:
    """Somebody is sent out; returns the number of the order."""
    lead = make_user(Role.TECHNICIAN)
    with db.transaction():
        User.update(phone=f"1380000{lead.id:04}").where(User.id == lead.id).execute()
    order = factories.work_order(status="draft")
    assignment = Assignment(lead=lead, planned_from=at + HOUR, planned_until=at + 3 * HOUR)
    by = actor_of(make_user(Role.DEPUTY))
    dispatching.dispatch(by=by, order=order, version=order.version, assignment=assignment, at=at)
    return str(order.number)


def work(messenger: Messenger, begin: datetime, until: datetime, step: timedelta = MINUTE) -> datetime:
    """The worker looks again and again from ``begin`` to ``until``."""
    at = begin
    while at <= until:
        wecom.send_due(messenger.url, at, present=lambda: at)  # noqa: B023
        at += step
    return at


def numbers_in(texts: list[str]) -> list[str]:
    return [text.split("\n")[0].rpartition(":")[2].rpartition("：")[2].strip() for text in texts]


def states() -> Counter[str]:
    return Counter(message.state for message in OutboxMessage.select().where(OutboxMessage.channel == "wecom"))


@pytest.mark.parametrize("trouble", ["500", "45009", "closed"])
def test_fi_33_hours_without_the_messenger_lose_nothing_and_keep_the_order(
    sqlite_database: Database, messenger: Messenger, trouble: str
) -> None:
    port = messenger.port
    if trouble == "500":
        messenger.says(b"", 500)
    elif trouble == "45009":
        messenger.refuses(45009)
    else:
        messenger.port = 1
    sent = [dispatch(START + number * MINUTE) for number in range(30)]
    at = work(messenger, START, START + 6 * HOUR)
    assert messenger.received == []
    assert states() == {OutboxState.WAITING: 30}
    assert messenger.asked <= 6 * 60 / 5 + 10  # it is left alone while it is down
    messenger.works()
    messenger.port = port
    work(messenger, at, at + 10 * MINUTE)
    assert numbers_in(messenger.texts) == sent
    assert states() == {OutboxState.SENT: 30}


def test_fi_33_after_a_day_what_is_useless_is_not_sent_and_not_forgotten(sqlite_database: Database, messenger: Messenger) -> None:
    messenger.says(b"", 503)
    old = [dispatch(START + number * MINUTE) for number in range(10)]
    at = work(messenger, START, START + 23 * HOUR, 5 * MINUTE)
    late = dispatch(at)
    messenger.works()
    work(messenger, at, at + 10 * MINUTE)
    assert numbers_in(messenger.texts) == [late]
    failed = OutboxMessage.select().where(OutboxMessage.failed_at.is_null(False))
    assert {message.last_error for message in failed} == {wecom.TOO_OLD}
    assert len(list(failed)) == len(old)
    assert Notice.select().where(Notice.message == "New job %(number)s: %(title)s").count() == 11


def test_fi_33_refused_with_200_is_failed_in_words_and_goes_out_when_tried_again(sqlite_database: Database, messenger: Messenger) -> None:
    messenger.refuses(93000, "invalid webhook url")
    number = dispatch(START)
    at = work(messenger, START, START + HOUR)
    (message,) = OutboxMessage.select()
    assert (message.state, messenger.asked) == (OutboxState.FAILED, 1)
    assert message.last_error.startswith(wecom.BAD_KEY)
    messenger.works()
    outbox.retry(by=actor_of(make_user(Role.ADMIN)), message=message, at=at)
    work(messenger, at, at + 5 * MINUTE)
    assert numbers_in(messenger.texts) == [number]


def test_fi_33_a_messenger_that_hangs_slows_no_dispatch_and_copies_are_few(
    sqlite_database: Database, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wecom, "TIMEOUT_S", 0.2)
    messenger.hangs()
    for number in range(10):
        dispatch(START + number * MINUTE)
    assert messenger.asked == 0  # who dispatches asks nothing of the messenger: its copies wait for the worker
    work(messenger, START, START + HOUR)
    tries = [message.tries for message in OutboxMessage.select()]
    assert max(tries) <= wecom.COPIES
    assert messenger.asked == sum(tries)
    assert sum(states().values()) == 10
