"""E-mails leave the outbox once, are tried again when the server is away, and never hold up anything (real mail server)."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.core import db, mailing, outbox
from app.core.errors import Conflict
from app.core.outbox import OutboxMessage, OutboxState
from app.core.types import system
from tests.conftest import url_of
from tests.mail_server import Mailbox, mail_server

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SENDER = "service@works.example"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


def queued(
    to: str = "zhao@works.example", subject: str = "投诉 T2611-0042", body: str = "请处理。\n", key: str | None = None
) -> OutboxMessage:
    with db.transaction():
        outbox.queue_email(to=to, subject=subject, body=body, about="ticket T2611-0042", key=key, at=NOW)
    return OutboxMessage.select().order_by(OutboxMessage.id.desc()).get()


def again(message: OutboxMessage) -> OutboxMessage:
    return OutboxMessage.get_by_id(message.id)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_works(database: Database, mailbox: Mailbox) -> None:
    message = queued()
    assert mailing.send_due(mailbox.url, SENDER, NOW) == "1 sent"
    assert again(message).state is OutboxState.SENT
    (mail,) = mailbox.received
    assert (mail["To"], mail["From"], mail["Subject"]) == ("zhao@works.example", SENDER, "投诉 T2611-0042")
    assert mail.get_content().strip() == "请处理。"
    assert mailing.send_due(mailbox.url, SENDER, NOW) == ""


def test_without_a_server_everything_waits(database: Database) -> None:
    message = queued()
    assert mailing.send_due(None, SENDER, NOW) == ""
    assert again(message).tries == 0


def test_the_same_key_is_queued_once(database: Database) -> None:
    queued(key="complaint:1:forwarded")
    queued(key="complaint:1:forwarded")
    assert OutboxMessage.select().count() == 1


def test_what_is_rolled_back_is_never_sent(database: Database, mailbox: Mailbox) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction():
        outbox.queue_email(to="a@b.example", subject="x", body="y", at=NOW)
        raise ZeroDivisionError
    assert mailing.send_due(mailbox.url, SENDER, NOW) == ""
    assert mailbox.received == []


def test_a_server_that_is_away_is_tried_again_later_and_later_until_it_has_failed(database: Database) -> None:
    message, at = queued(), NOW
    url = f"smtp://127.0.0.1:{closed_port()}"
    pauses = []
    while not again(message).failed_at:
        before = at
        at = again(message).next_try_at
        pauses.append(at - before)
        mailing.send_due(url, SENDER, at)
    assert pauses == [timedelta(0), *outbox.PAUSES]
    assert "ConnectionRefusedError" in again(message).last_error
    with mail_server() as mailbox:
        outbox.retry(by=system("tests"), message=again(message), at=at)
        assert mailing.send_due(mailbox.url, SENDER, at) == "1 sent"


def test_a_refused_recipient_fails_at_once_and_the_others_get_theirs(database: Database, mailbox: Mailbox) -> None:
    mailbox.refused = {"gone@works.example": "550 no such mailbox", "full@works.example": "452 mailbox full"}
    gone, full, good = queued(to="gone@works.example"), queued(to="full@works.example"), queued(to="good@works.example")
    mailing.send_due(mailbox.url, SENDER, NOW)
    assert [again(message).state for message in (gone, full, good)] == [OutboxState.FAILED, OutboxState.WAITING, OutboxState.SENT]
    assert "no such mailbox" in again(gone).last_error
    assert [mail["To"] for mail in mailbox.received] == ["good@works.example"]


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: all@works.example", "a@b, c@d", "<script>@x y"])
def test_an_address_that_is_none_is_refused_in_words(database: Database, mailbox: Mailbox, address: str) -> None:
    message = queued(to=address)
    mailing.send_due(mailbox.url, SENDER, NOW)
    assert again(message).state is OutboxState.FAILED
    assert "is not an e-mail address" in again(message).last_error
    assert mailbox.received == []


def test_a_subject_cannot_begin_another_header(database: Database, mailbox: Mailbox) -> None:
    queued(subject="Leak\r\nBcc: all@works.example")
    mailing.send_due(mailbox.url, SENDER, NOW)
    assert mailbox.received[0]["Bcc"] is None
    assert mailbox.received[0]["Subject"] == "Leak Bcc: all@works.example"


def test_a_message_has_the_same_id_at_every_try(database: Database) -> None:
    message = queued()
    first, second = (mailing.composed(SENDER, again(message))["Message-ID"] for _ in range(2))
    assert first == second


def test_a_message_that_breaks_the_program_holds_up_no_other(database: Database, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, good = queued(subject="broken"), queued(to="good@works.example")
    compose = mailing.composed
    monkeypatch.setattr(mailing, "composed", lambda sender, one: 1 / 0 if one.subject == "broken" else compose(sender, one))
    assert mailing.send_due(mailbox.url, SENDER, NOW) == "1 waiting, 1 sent"
    assert (again(broken).state, again(good).state) == (OutboxState.WAITING, OutboxState.SENT)
    assert again(broken).next_try_at == NOW + outbox.PAUSES[0]


def test_only_a_failed_message_can_be_tried_anew(database: Database) -> None:
    with pytest.raises(Conflict):
        outbox.retry(by=system("tests"), message=queued(), at=NOW)


def test_two_workers_send_a_message_once(database: Database, mailbox: Mailbox) -> None:
    for number in range(20):
        queued(to=f"u{number}@works.example")
    url = url_of(database)
    db.drop_connection()
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        mailing.send_due(mailbox.url, SENDER, NOW)
        db.drop_connection()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert url
    assert sorted(mail["To"] for mail in mailbox.received) == sorted(f"u{number}@works.example" for number in range(20))


def test_a_worker_that_died_while_sending_is_followed_by_another(database: Database, mailbox: Mailbox) -> None:
    message = queued()
    assert outbox._claim(message, NOW)
    assert mailing.send_due(mailbox.url, SENDER, NOW + timedelta(seconds=1)) == ""
    assert mailing.send_due(mailbox.url, SENDER, NOW + outbox.CLAIMED_FOR) == "1 sent"
