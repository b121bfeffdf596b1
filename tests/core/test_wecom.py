"""Messages reach the messenger once and in their order, within its rate, and its key reaches nobody (real HTTP server)."""

import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.core import db, outbox, wecom
from app.core.config import Config, ConfigError, load_config
from app.core.outbox import OutboxMessage, OutboxState
from app.core.types import system
from tests.wecom_server import KEY, Messenger, wecom_server

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OFFICIAL = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"


@pytest.fixture
def messenger() -> Iterator[Messenger]:
    with wecom_server() as running:
        yield running


def queued(text: str = "【派工】单号：D2611-0001", mobiles: tuple[str, ...] = ("13800001111",), at: datetime = NOW) -> OutboxMessage:
    with db.transaction():
        outbox.queue_wecom(text=text, mobiles=mobiles, about="D2611-0001", at=at)
    return OutboxMessage.select().order_by(OutboxMessage.id.desc()).get()


def again(message: OutboxMessage) -> OutboxMessage:
    return OutboxMessage.get_by_id(message.id)


def send(messenger: Messenger, at: datetime = NOW) -> str:
    return wecom.send_due(messenger.url, at, present=lambda: at)


def test_it_works(database: Database, messenger: Messenger) -> None:
    message = queued()
    assert send(messenger) == "1 sent"
    assert again(message).state is OutboxState.SENT
    text = {"content": "【派工】单号：D2611-0001", "mentioned_mobile_list": ["13800001111"]}
    assert messenger.received == [{"msgtype": "text", "text": text}]
    assert send(messenger) == ""


def test_without_a_robot_everything_waits(database: Database) -> None:
    message = queued()
    assert wecom.send_due(None, NOW) == ""
    assert again(message).tries == 0


@pytest.mark.parametrize("character", ["a", "é", "泵", "🔧"])
@pytest.mark.parametrize("extra", range(5))
def test_a_long_text_is_cut_on_a_character(character: str, extra: int) -> None:
    found = wecom.cut("x" * extra + character * 2048)
    assert len(found.encode()) <= wecom.MOST_BYTES
    assert len(found.encode()) > wecom.MOST_BYTES - 8
    assert set(found) <= {"x", character, "…"}


def test_a_cut_leaves_no_joiner_of_what_is_gone() -> None:
    assert wecom.cut("👨\u200d🔧" * 10, 12) == "👨…"
    assert wecom.cut("短", 10) == "短"


@pytest.mark.parametrize(
    ("phone", "mobile"),
    [
        ("138 0000-1111", "13800001111"), ("+86 13800001111", "13800001111"), ("0755-8888 6666", ""), ("", ""), ("12800001111", ""),
    ],
)  # fmt: skip
def test_only_mobiles_can_be_mentioned(phone: str, mobile: str) -> None:
    assert wecom.mobile_of(phone) == mobile


def test_twenty_a_minute_go_out_and_the_rest_follows_in_order(database: Database, messenger: Messenger) -> None:
    for number in range(50):
        queued(str(number))
    assert send(messenger) == "20 sent"
    assert send(messenger, NOW + timedelta(seconds=59)) == ""
    assert send(messenger, NOW + MINUTE) == "20 sent"
    assert send(messenger, NOW + 2 * MINUTE) == "10 sent"
    assert messenger.texts == [str(number) for number in range(50)]


def test_two_workers_keep_to_the_rate_together_and_send_nothing_twice(database: Database, messenger: Messenger) -> None:
    for number in range(40):
        queued(str(number))
    db.drop_connection()
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        for _ in range(3):
            send(messenger)
        db.drop_connection()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert messenger.asked == len(set(messenger.texts)) == wecom.PER_MINUTE


def test_while_it_is_busy_the_oldest_is_tried_again_and_the_others_keep_their_place(database: Database, messenger: Messenger) -> None:
    first, second = queued("first"), queued("second")
    messenger.refuses(45009, "api freq out of limit")
    assert send(messenger) == "1 waiting"
    assert (again(first).last_error, again(second).tries) == (f"{wecom.TOO_MANY} [45009 api freq out of limit]", 0)
    messenger.works()
    assert send(messenger, NOW + timedelta(seconds=30)) == ""
    assert send(messenger, NOW + MINUTE) == "2 sent"
    assert messenger.texts == ["first", "second"]


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_server_in_trouble_is_tried_again(database: Database, messenger: Messenger, status: int) -> None:
    message = queued()
    messenger.says(b"<html>", status)
    assert send(messenger) == "1 waiting"
    assert again(message).last_error == f"{wecom.UNREACHABLE} [HTTP {status}]"


def test_two_hundred_with_an_error_code_is_no_success(database: Database, messenger: Messenger) -> None:
    message = queued()
    messenger.refuses(93000, f"invalid webhook url {KEY}")
    assert send(messenger) == "1 failed"
    assert again(message).last_error == f"{wecom.BAD_KEY} [93000 invalid webhook url ***]"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 404])
def test_a_redirect_is_not_followed(database: Database, messenger: Messenger, status: int) -> None:
    with wecom_server() as elsewhere:
        message = queued()
        messenger.says(b"", status, location=elsewhere.url)
        assert send(messenger) == "1 failed"
        assert (elsewhere.asked, again(message).last_error) == (0, f"{wecom.REFUSED} [HTTP {status}]")


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b"{}", b'{"errcode":[]}', b'{"errcode":0,"x":"' + b"x" * wecom.MOST_ANSWER + b'"}'])
def test_an_answer_that_says_nothing_is_no_success(database: Database, messenger: Messenger, body: bytes) -> None:
    message = queued()
    messenger.says(body)
    assert send(messenger) == "1 waiting"
    assert again(message).last_error.startswith(wecom.UNANSWERED)


def test_what_was_sent_and_not_answered_is_sent_three_times_at_most(database: Database, messenger: Messenger) -> None:
    message, at = queued(), NOW
    messenger.takes_without_answer()
    for _ in range(10):
        send(messenger, at)
        at += timedelta(minutes=10)
    assert len(messenger.received) == wecom.COPIES
    assert again(message).state is OutboxState.FAILED
    assert again(message).last_error.startswith(wecom.UNANSWERED)


@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_a_slow_messenger_is_cut_off(database: Database, messenger: Messenger, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(wecom, "TIMEOUT_S", 0.4)
    queued("first")
    queued("second")
    messenger.hangs() if how == "hangs" else messenger.drips(0.05)
    began = time.monotonic()
    assert send(messenger) == "1 waiting"
    assert time.monotonic() - began < 2
    assert messenger.asked == 1


def test_what_is_too_old_fails_in_words_and_can_be_tried_by_hand(database: Database, messenger: Messenger) -> None:
    old, late = queued("old"), NOW + timedelta(hours=13)
    fresh = queued("fresh", at=late)
    assert send(messenger, late) == "1 sent, 1 failed"
    assert (again(old).last_error, messenger.texts) == (wecom.TOO_OLD, ["fresh"])
    outbox.retry(by=system("tests"), message=again(old), at=late)
    assert send(messenger, late) == "1 sent"
    assert again(fresh).state is OutboxState.SENT


def test_what_waits_for_the_end_of_quiet_hours_is_not_too_old(database: Database, messenger: Messenger) -> None:
    morning = NOW + timedelta(hours=20)
    with db.transaction():
        outbox.queue_wecom(text="later", at=NOW, send_at=morning)
    assert send(messenger, NOW + timedelta(hours=13)) == ""
    assert send(messenger, morning) == "1 sent"


def test_a_message_that_breaks_the_program_holds_up_no_other(
    database: Database, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = queued("broken")
    queued("good")
    compose = wecom.composed
    monkeypatch.setattr(wecom, "composed", lambda one: 1 / 0 if one.body == "broken" else compose(one))
    assert send(messenger) == "1 sent, 1 failed"
    assert again(broken).state is OutboxState.FAILED


def test_the_key_stands_in_no_log_and_no_error(database: Database, messenger: Messenger, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    at = NOW
    for misbehave in (
        lambda: messenger.says(KEY.encode(), 500), lambda: messenger.refuses(40001, KEY), messenger.takes_without_answer,
        lambda: messenger.says(b"", 302, location=messenger.url),
    ):  # fmt: skip
        queued()
        misbehave()
        send(messenger, at := at + timedelta(hours=1))
    url, port = messenger.url, messenger.port
    queued()
    wecom.send_due(url.replace(str(port), "1"), at + timedelta(hours=1))
    errors = [row.last_error for row in OutboxMessage.select()]
    assert any(errors)
    assert KEY not in "".join(errors) + caplog.text


# --- where it may call ------------------------------------------------------


def config(**environ: str) -> Config:
    return load_config({"SECRET_KEY": "s" * 40, "AUDIT_KEY": "a" * 40, "DATA_DIR": "/nonexistent", **environ})


def test_the_official_address_and_a_trial_server_are_taken() -> None:
    assert config(WECOM_WEBHOOK=OFFICIAL).wecom_webhook == OFFICIAL
    assert config(WECOM_WEBHOOK=f"http://127.0.0.1:8123/cgi-bin/webhook/send?key={KEY}").wecom_webhook
    assert config().wecom_webhook is None
    assert KEY not in repr(config(WECOM_WEBHOOK=OFFICIAL))


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com", "https://qyapi.weixin.qq.com.evil.example", "https://evil.example", "https://127.0.0.1",
        "https://qyapi.weixin.qq.com@evil.example", "https://evil.example#@qyapi.weixin.qq.com", "https://u:p@qyapi.weixin.qq.com",
        "http://169.254.169.254:80", "http://2130706433:80", "http://localhost:80", "http://[::1]:80", "http://0x7f.1:80", "http://127.1:80",
        "https://qyapi.weixin.qq.com:8443", "http://127.0.0.1", "ftp://qyapi.weixin.qq.com", "https://qyapi.weixin.qq.com.", "http://10.0.0.1:80",
        "http://u@127.0.0.1:80", "http://127.0.0.1:99999", "https://[", "file://",
    ],
)  # fmt: skip
def test_any_other_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(ConfigError) as raised:
        config(WECOM_WEBHOOK=f"{address}/cgi-bin/webhook/send?key={KEY}")
    (mistake,) = raised.value.mistakes
    assert mistake.startswith("WECOM_WEBHOOK: it must be https://qyapi.weixin.qq.com/")
    assert KEY not in mistake


@pytest.mark.parametrize(
    "rest", ["/cgi-bin/webhook/send", "/cgi-bin/webhook/send?key=", "/other?key=k", "/cgi-bin/webhook/send?key=a%0d%0a"]
)
def test_another_path_or_no_key_is_refused(rest: str) -> None:
    with pytest.raises(ConfigError):
        config(WECOM_WEBHOOK=f"https://qyapi.weixin.qq.com{rest}")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.9", "::1", "fd00::1", "0.0.0.0"])
def test_a_name_that_leads_into_a_private_network_is_not_called(database: Database, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.2.3.4", 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [public, (family, socket.SOCK_STREAM, 6, "", (address, 443))])
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was called"))
    message = queued()
    assert wecom.send_due(OFFICIAL, NOW) == "1 waiting"
    assert again(message).last_error == f"{wecom.UNREACHABLE} [PrivateNetworkError]"


def test_the_certificate_is_checked(database: Database, messenger: Messenger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not prove to be the messenger hears no message."""
    create = socket.create_connection
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.2.3.4", 443))])
    monkeypatch.setattr(socket, "create_connection", lambda _address, timeout: create(("127.0.0.1", messenger.port), timeout))
    message = queued()
    assert wecom.send_due(OFFICIAL, NOW) == "1 waiting"
    assert again(message).last_error.startswith(f"{wecom.UNREACHABLE} [SSL")
    assert messenger.received == []


def test_what_a_made_up_past_would_have_sent_is_forgotten_and_the_present_is_not(database: Database) -> None:
    queued("past", at=NOW - timedelta(days=3))
    present = queued("present")
    with db.transaction():
        outbox.queue_wecom(text="later", at=NOW - timedelta(days=3), send_at=NOW + timedelta(hours=1))
    assert outbox.forget_unsent(before=NOW - timedelta(hours=12)) == 1
    assert again(present).state is OutboxState.WAITING
    assert OutboxMessage.select().count() == 2
