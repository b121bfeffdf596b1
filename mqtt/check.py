"""``python -m mqtt check``: what a device sends, judged in words for its maker; from a broker or from a file of recorded messages."""

import argparse
import json
import queue
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from app.core import clock
from app.core.errors import Invalid
from app.machines.profiles import Profile, parsing
from mqtt import topics
from mqtt.check_words import GOOD, LANGUAGES, SUMMARY
from mqtt.checking import Check, Sent

FAILED, WRONG, RIGHT = 2, 1, 0
DEFAULT_SECONDS = 60.0
CONNECT_WITHIN_S = 10
REFUSED_FROM = 128


class _Recorded(msgspec.Struct):
    topic: str
    payload: Any
    received_ms: int | None = None
    qos: int = 1
    retain: bool | None = None


class Unreachable(Exception):
    """The broker cannot be reached or lets nobody in; says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--file", type=Path, help='lines of {"topic": …, "payload": …} instead of a broker; - reads standard input')
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, help="default 1883, with --ca-file 8883")
    parser.add_argument("--username")
    parser.add_argument("--password-file", type=Path, help="first line is the password")
    parser.add_argument("--ca-file", type=Path, help="certificate of the broker's authority; connects by TLS")
    parser.add_argument("--device", default="+", help="device code (default: all)")
    parser.add_argument("--root", default="evc", help="first level of the topics (default evc)")
    parser.add_argument("--profile", type=Path, help="monitoring profile (YAML) that says which metrics and codes there are")
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, help="how long to listen (default 60)")
    parser.add_argument("--language", choices=LANGUAGES, default="zh")


def run(asked: argparse.Namespace) -> int:
    """Print each finding as it comes and a summary; returns 0 when all is right, 1 when something is wrong, 2 when nobody could look."""
    try:
        profile = parsing.parse(asked.profile.read_text(encoding="utf8")) if asked.profile else None
        return _report(asked, profile, _recorded(asked.file) if asked.file else _heard(asked))
    except (Unreachable, OSError, Invalid, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED


def _report(asked: argparse.Namespace, profile: Profile | None, messages: Iterator[Sent]) -> int:
    check, number = Check(asked.root, profile), LANGUAGES.index(asked.language)
    for sent in messages:
        for finding in check.look(sent):
            sys.stdout.write(f"{finding.words(asked.language)}\n")
        sys.stdout.flush()
    for finding in check.end():
        sys.stdout.write(f"{finding.words(asked.language)}\n")
    summaries = check.summaries()
    for one in summaries:
        line = SUMMARY[number].format(device=one.device, messages=one.messages, errors=one.errors, hints=one.hints)
        sys.stdout.write(f"{line}\n")
    is_right = bool(summaries) and not any(one.errors for one in summaries)
    if is_right and not any(one.hints for one in summaries):
        sys.stdout.write(f"{GOOD[number]}\n")
    return RIGHT if is_right else WRONG


def _recorded(path: Path) -> Iterator[Sent]:
    """Messages of a file; a payload that is text is sent as it stands, anything else as JSON. Times count as good."""
    with sys.stdin.buffer if str(path) == "-" else path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _recorded_line(line, number)


def _recorded_line(line: bytes, number: int) -> Sent:
    try:
        found = msgspec.json.decode(line, type=_Recorded)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreachable(f'line {number} is not {{"topic": …, "payload": …}}: {error}') from None
    payload = found.payload
    text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    sent_ms = payload.get("ts") if isinstance(payload, dict) else None
    received_ms = found.received_ms or (sent_ms if isinstance(sent_ms, int) else clock.now_ms())
    return Sent(found.topic, text.encode(), received_ms, found.qos, found.retain)


def _heard(asked: argparse.Namespace) -> Iterator[Sent]:
    """Messages of a broker for some seconds, with the flags that their publishers gave."""
    arrived: queue.SimpleQueue[Sent | Unreachable] = queue.SimpleQueue()
    client = _client(asked, arrived)
    try:
        port = asked.port or (8883 if asked.ca_file else 1883)
        client.connect(asked.host, port, clean_start=True)
    except OSError as error:
        raise Unreachable(f"{asked.host}: {error}") from None
    client.loop_start()
    until = time.monotonic() + asked.seconds
    try:
        while (left := until - time.monotonic()) > 0:
            try:
                sent = arrived.get(timeout=left)
            except queue.Empty:
                return
            if isinstance(sent, Unreachable):
                raise sent
            yield sent
    except KeyboardInterrupt:
        return
    finally:
        client.disconnect()
        client.loop_stop()


def _client(asked: argparse.Namespace, arrived: "queue.SimpleQueue[Sent | Unreachable]") -> paho.Client:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"check-{secrets.token_hex(4)}", protocol=paho.MQTTv5)
    if asked.username:
        password = asked.password_file.read_text(encoding="utf8").splitlines()[0] if asked.password_file else ""
        client.username_pw_set(asked.username, password)
    if asked.ca_file:
        client.tls_set(ca_certs=str(asked.ca_file))
    options = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)

    def on_connect(_client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None) -> None:
        if reason.is_failure:
            arrived.put(Unreachable(f"{asked.host}: {reason}"))
        else:
            wanted = [(f"{asked.root}/{asked.device}/{kind}", options) for kind in topics.KINDS]
            client.subscribe(wanted, properties=Properties(PacketTypes.SUBSCRIBE))

    def on_subscribe(_client: paho.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None) -> None:
        if any(reason.value >= REFUSED_FROM for reason in reasons):
            arrived.put(Unreachable(f"{asked.host}: {reasons[0]}"))

    def on_message(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        arrived.put(Sent(message.topic, bytes(message.payload), clock.now_ms(), message.qos, bool(message.retain)))

    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    return client
