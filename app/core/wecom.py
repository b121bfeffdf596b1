"""Messages to the group robot of the messenger (企业微信群机器人): the worker takes what waits in the outbox to ``WECOM_WEBHOOK``.

Messages go out in the order in which they were queued, ``PER_MINUTE`` at most. While the messenger takes nothing, the oldest one is
tried again and again with growing pauses and the others wait behind it; one that no longer helps anybody has failed. A message that
was sent and not answered may have arrived: it is sent ``COPIES`` times at most. The key in the address is a secret: it stands in
no log, no error and on no screen.
"""

import http.client
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from app.core import clock, db, known_settings, outbox, rate_limits
from app.core.errors import N_, TooManyAttempts
from app.core.known_settings import Group, KnownSetting, SettingKind
from app.core.outbox import Channel, OutboxMessage, OutboxState, Undeliverable, Undelivered

MOST_BYTES = 2048
PER_MINUTE, MINUTE = 20, timedelta(minutes=1)
TIMEOUT_S = 10
MOST_ANSWER = 64 * 1024
COPIES = 3
# One round ends after so long, because the worker has other things to do too.
ROUND_S = 15
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 1, 2, 5))
RATE_KEY = "wecom"
RATE_LOCK = 7_113_026
# Answers that are of the messenger's state, not of the message: busy, and too many at once.
_BUSY = frozenset({-1, 45009, 45033})
_BAD_KEY = 93000
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")

# Whether this process knows a robot: without one nothing is queued for it.
_has_robot = False

TOO_OLD = N_("Too old to be useful by now; it was not sent.")
REFUSED = N_("The messenger refused the message.")
BAD_KEY = N_("The messenger does not know the robot's key: WECOM_WEBHOOK is wrong or the robot was removed.")
TOO_MANY = N_("The messenger takes no more messages just now.")
UNREACHABLE = N_("The messenger cannot be reached.")
UNANSWERED = N_("The messenger did not answer; the message may have arrived.")
WORDS = (TOO_OLD, REFUSED, BAD_KEY, TOO_MANY, UNREACHABLE, UNANSWERED)

USEFUL_HOURS = known_settings.register(
    KnownSetting(
        "wecom_useful_hours", N_("Hours after which a messenger message is no longer sent"), 12, SettingKind.WHOLE, Group.MAIL,
        least=1, most=72, hint=N_("When the messenger was down for long; what was not sent stays on the list of outgoing messages."),
    )
)  # fmt: skip


class Unreachable(Undelivered):
    """The messenger did not take it; it has not arrived."""


class Unanswered(Undelivered):
    """It was sent and not answered: it may have arrived."""


def configure(webhook: str | None) -> None:
    """Say whether this process has a robot to queue messages for."""
    global _has_robot
    _has_robot = webhook is not None


def is_set_up() -> bool:
    """Whether there is a robot."""
    return _has_robot


def mobile_of(phone: str) -> str:
    """The mobile number that the messenger knows a person by; empty when ``phone`` is none."""
    found = _MOBILE.fullmatch(re.sub(r"[\s()-]", "", phone))
    return found[1] if found else ""


def cut(text: str, most: int = MOST_BYTES) -> str:
    """``text`` in at most ``most`` bytes of UTF-8, cut on a character and then marked as cut."""
    whole = text.encode("utf8", "replace")
    if len(whole) <= most:
        return whole.decode()
    mark = "…"
    kept = whole[: most - len(mark.encode())].decode("utf8", "ignore")
    return kept.rstrip("\u200d\ufe0f") + mark  # what only joins or colours the character that is gone


def send_due(url: str | None, at: datetime, *, present: Callable[[], datetime] = clock.now) -> str:
    """Send what is due at ``at`` and say in a few words what came of it, nothing when there was nothing to do.

    ``present`` is the time that the rate is counted by. Without a robot (``url`` is None) everything waits until it is too old.
    """
    counts = dict.fromkeys(OutboxState, 0)
    counts[OutboxState.FAILED] = outbox.give_up(Channel.WECOM, at - timedelta(hours=USEFUL_HOURS.value()), TOO_OLD, at)
    until = time.monotonic() + ROUND_S
    for message in outbox.due_in_order(Channel.WECOM, at, PER_MINUTE) if url else ():
        if time.monotonic() > until:
            break
        try:
            state = outbox.attempt(message, lambda one: _send(url or "", one), at, pause=_pause, count=lambda: _count(present()))
        except TooManyAttempts:
            break
        if state is not None:
            counts[state] += 1
        if state is OutboxState.WAITING:  # the messenger takes nothing; the others keep their place behind this one
            break
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


def _count(at: datetime) -> None:
    """Count one message against the rate, together with all other workers. Raises ``TooManyAttempts`` when it is used up."""
    if not db.is_sqlite():
        db.database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (RATE_LOCK,))
    rate_limits.hit(RATE_KEY, PER_MINUTE, MINUTE, at)


def _pause(tries: int, error: Undelivered) -> timedelta | None:
    """How long the messenger is left alone; None for what would never arrive, or arrive too often."""
    is_worth_it = isinstance(error, Unreachable) or (isinstance(error, Unanswered) and tries < COPIES)
    return PAUSES[min(tries, len(PAUSES)) - 1] if is_worth_it else None


def composed(message: OutboxMessage) -> bytes:
    """The JSON that the robot takes."""
    mobiles = [mobile for mobile in message.recipient.split(",") if mobile]
    text = {"content": cut(message.body), "mentioned_mobile_list": mobiles}
    return json.dumps({"msgtype": "text", "text": text}, ensure_ascii=False).encode()


def _send(url: str, message: OutboxMessage) -> None:
    """Hand over one message. Raises ``Undeliverable``, ``Unreachable``, ``Unanswered``; none of them names the address."""
    parts = urlsplit(url)
    key = parts.query.partition("=")[2]
    status, answer = _post(url, composed(message))
    if status == http.client.OK:
        _check(answer, key)
    elif status >= http.client.INTERNAL_SERVER_ERROR or status in (http.client.REQUEST_TIMEOUT, http.client.TOO_MANY_REQUESTS):
        raise Unreachable(_with_detail(UNREACHABLE, f"HTTP {status}"))
    else:
        raise Undeliverable(_with_detail(REFUSED, f"HTTP {status}"))


def _check(answer: bytes, key: str) -> None:
    """Raise unless the answer says that the message was taken: HTTP 200 alone says nothing."""
    try:
        said: Any = json.loads(answer) if len(answer) <= MOST_ANSWER else None
        code = int(said["errcode"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Unanswered(_with_detail(UNANSWERED, "no JSON with errcode")) from None
    if code == 0:
        return
    detail = f"{code} {said.get('errmsg', '')}".replace(key, "***")[:200]
    if code in _BUSY:
        raise Unreachable(_with_detail(TOO_MANY, detail))
    raise Undeliverable(_with_detail(BAD_KEY if code == _BAD_KEY else REFUSED, detail))


def _with_detail(words: str, detail: str) -> str:
    return f"{words} [{detail}]"


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    """POST once, within ``TIMEOUT_S`` as a whole; redirects are not followed. Returns the status and the first bytes of the answer."""
    is_sent = False
    try:
        with _connected(url) as connection:
            parts = urlsplit(url)
            connection.request("POST", f"{parts.path}?{parts.query}", body, {"Content-Type": "application/json; charset=utf-8"})
            is_sent = True
            answer = connection.getresponse()
            return answer.status, answer.read(MOST_ANSWER + 1)
    except (OSError, http.client.HTTPException) as error:
        kind, words = (Unanswered, UNANSWERED) if is_sent else (Unreachable, UNREACHABLE)
        raise kind(_with_detail(words, type(error).__name__)) from None  # its own words might repeat the address


class _Line:
    """A connection that is cut off after ``TIMEOUT_S``, however slowly the other side speaks."""

    def __init__(self, raw: socket.socket) -> None:
        self._socket = raw
        self._watch = threading.Timer(TIMEOUT_S, self.cut_off)
        self._watch.daemon = True
        self._watch.start()

    def encrypt(self, host: str) -> None:
        """Speak TLS from now on, with the certificate checked."""
        context = ssl.create_default_context()
        wrapped = self._socket = context.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
        wrapped.do_handshake()

    def connection(self, netloc: str) -> http.client.HTTPConnection:
        """To speak HTTP over."""
        connection = http.client.HTTPConnection(netloc, timeout=TIMEOUT_S)
        connection.auto_open, connection.sock = 0, self._socket
        return connection

    def cut_off(self) -> None:
        """End it, from another thread too."""
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        self._watch.cancel()
        self._socket.close()


@contextmanager
def _connected(url: str) -> Iterator[http.client.HTTPConnection]:
    parts = urlsplit(url)
    host, is_trial = parts.hostname or "", parts.scheme == "http"
    line = _Line(_open(host, parts.port or 443, is_trial=is_trial))
    try:
        if not is_trial:
            line.encrypt(host)
        yield line.connection(parts.netloc)
    finally:
        line.close()


class PrivateNetworkError(OSError):
    """The name of the messenger leads into a private network."""


def _open(host: str, port: int, *, is_trial: bool) -> socket.socket:
    """A connection to the very address that was looked up and found to be a public one: no name leads into the own network."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not is_trial and not all(ipaddress.ip_address(address).is_global for address in addresses):
        raise PrivateNetworkError
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), TIMEOUT_S / len(addresses))
    return socket.create_connection((addresses[-1], port), TIMEOUT_S)
