"""A light load generator: one connection, MQTT 5 packets of its own, many thousand messages a second.

A message enters the ledger only after its PUBACK. What a receipt calls missing is said again, as devices do; some messages
are held back for a while, some are said twice, and now and then there is something that no device would say.
"""

import heapq
import json
import random
import select
import socket
import threading
import time
from contextlib import suppress

from tests.faults.fleet import Fleet
from tests.mqtt.test_payloads import POISON

Key = tuple[int, int]  # device, step
WINDOW = 1_000
HELD_SHARE, DOUBLED_SHARE, NOISE_SHARE = 0.01, 0.01, 0.0005
RECEIPT_S, AGAIN_S, PATIENCE_S = 5.0, 30.0, 20.0
NOISE = [payload for _, payload, _ in POISON if len(payload) < 10_000]
LATER = (BlockingIOError, InterruptedError)


class Generator:
    """Speaks for every device of ``fleet``; ``run`` belongs into a thread of its own."""

    def __init__(self, fleet: Fleet, port: int, account: tuple[str, str], *, longest_hold_s: float, seed: int) -> None:
        self.fleet = fleet
        self.port = port
        self.account = account
        self.longest_hold_s = longest_hold_s
        self.acknowledged = [bytearray(fleet.steps) for _ in fleet.devices]
        self.stored = [bytearray(fleet.steps) for _ in fleet.devices]
        self.figures = dict.fromkeys(
            ("sent", "said_first", "doubled", "held", "said_again", "noise_sent", "noise_acknowledged", "connects"), 0
        )
        self.is_done = threading.Event()
        self.is_stopping = threading.Event()
        self.emitted_s = 0.0
        self.error: BaseException | None = None
        self._numbers = {device: number for number, device in enumerate(fleet.devices)}
        self._chance = random.Random(seed)
        self._later: list[tuple[float, Key]] = []
        self._under_way: dict[int, Key | None] = {}
        self._receipts: dict[bytes, bytes] = {}
        self._said_again: dict[Key, float] = {}
        self._left, self._progress_at = -1, 0.0
        self._next = 0
        self._mid = 0
        self._socket: socket.socket | None = None
        self._input = bytearray()
        self._output = bytearray()

    def run(self) -> None:
        """Say everything at its rate, then go on until all of it is receipted or ``is_stopping``."""
        try:
            self._run()
        except BaseException as error:
            self.error = error
            raise
        finally:
            self._close()

    def _run(self) -> None:
        total = self.fleet.steps * len(self.fleet.devices)
        started, looked = time.monotonic(), time.monotonic()
        while not self.is_stopping.is_set():
            if self._socket is None and not self._open():
                self.is_stopping.wait(0.3)
                continue
            now = time.monotonic()
            self._emit(now, min(total, int((now - started) * self.fleet.rate)))
            if self._next == total and not self.emitted_s:
                self.emitted_s = now - started
            if now - looked >= (RECEIPT_S if self._next < total else 1.0):
                looked = now
                self._read_receipts(now, is_all=self._next == total and not self._later and not self._under_way)
            self._turn(0.005)

    # --- saying

    def _emit(self, now: float, upto: int) -> None:
        devices = len(self.fleet.devices)
        while len(self._under_way) < WINDOW and len(self._output) < 1_000_000:
            if self._later and self._later[0][0] <= now:
                self._say(heapq.heappop(self._later)[1])
            elif self._next < upto:
                step, number = divmod(self._next, devices)
                self._next += 1
                self.figures["said_first"] += 1
                self._say_at_first((number, step), now)
            else:
                return

    def _say_at_first(self, key: Key, now: float) -> None:
        chance = self._chance.random()
        if chance < HELD_SHARE:
            self.figures["held"] += 1
            heapq.heappush(self._later, (now + self._chance.uniform(0, self.longest_hold_s), key))
            return
        self._say(key)
        if chance > 1 - DOUBLED_SHARE:
            self.figures["doubled"] += 1
            heapq.heappush(self._later, (now + self._chance.uniform(0, self.longest_hold_s), key))
        elif chance > 1 - DOUBLED_SHARE - NOISE_SHARE:
            self.figures["noise_sent"] += 1
            self._publish(f"evc/{self.fleet.devices[key[0]]}/telemetry", self._chance.choice(NOISE), None)

    def _say(self, key: Key) -> None:
        self._publish(*self.fleet.message(*key), key)

    def _publish(self, topic: str, payload: bytes, key: Key | None) -> None:
        while True:
            self._mid = self._mid % 65_535 + 1
            if self._mid not in self._under_way:
                break
        self._under_way[self._mid] = key
        self.figures["sent"] += 1
        name = topic.encode()
        body = len(name).to_bytes(2, "big") + name + self._mid.to_bytes(2, "big") + b"\0" + payload
        self._output += b"\x32" + _length(len(body)) + body

    # --- the connection

    def _open(self) -> bool:
        try:
            connection = socket.create_connection(("127.0.0.1", self.port), 2)
        except OSError:
            return False
        name, password = (part.encode() for part in self.account)
        body = b"\0\4MQTT\5\xc2" + (120).to_bytes(2, "big") + b"\0"
        body += b"".join(len(part).to_bytes(2, "big") + part for part in (b"soak", name, password))
        topic = b"evc/+/ack"
        subscribe = b"\xff\xff\0" + len(topic).to_bytes(2, "big") + topic + b"\0"
        try:
            connection.sendall(b"\x10" + _length(len(body)) + body)
            answer = connection.recv(4)
        except OSError:
            connection.close()
            return False
        if len(answer) < 4 or answer[0] != 0x20 or answer[3]:
            connection.close()
            return False
        rest = answer[1] - 2
        while rest > 0:
            rest -= len(connection.recv(rest))
        connection.sendall(b"\x82" + _length(len(subscribe)) + subscribe)
        connection.setblocking(False)
        self._socket = connection
        self.figures["connects"] += 1
        return True

    def _close(self) -> None:
        """What had no PUBACK is said again on the next connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._input.clear()
        self._output.clear()
        now = time.monotonic()
        for key in self._under_way.values():
            if key is not None:
                heapq.heappush(self._later, (now, key))
        self._under_way.clear()

    def _turn(self, timeout_s: float) -> None:
        connection = self._socket
        assert connection is not None
        try:
            readable, writable, _ = select.select([connection], [connection] if self._output else [], [], timeout_s)
            if writable:
                with suppress(*LATER):
                    del self._output[: connection.send(self._output[:262_144])]
            if readable:
                chunk = connection.recv(262_144)
                if not chunk:
                    raise ConnectionResetError
                self._input += chunk
                self._take()
        except LATER:
            return
        except OSError:
            self._close()

    def _take(self) -> None:
        buffer, at = bytes(self._input), 0
        while (found := _header(buffer, at)) is not None and found[1] <= len(buffer):
            first, (start, end) = buffer[at], found
            if first >> 4 == 4:
                self._acknowledged(buffer[start] << 8 | buffer[start + 1], buffer[start + 2] if end - start > 2 else 0)
            elif first >> 4 == 3:
                size = buffer[start] << 8 | buffer[start + 1]
                name_end = start + 2 + size
                self._receipts[buffer[start + 2 : name_end]] = buffer[name_end + 1 + buffer[name_end] : end]
            elif first >> 4 == 14:
                raise ConnectionResetError
            at = end
        del self._input[:at]

    def _acknowledged(self, mid: int, reason: int) -> None:
        key = self._under_way.pop(mid, None)
        if key is None:
            self.figures["noise_acknowledged"] += reason < 0x80
        elif reason < 0x80:
            self.acknowledged[key[0]][key[1]] = 1

    # --- receipts

    def _read_receipts(self, now: float, *, is_all: bool) -> None:
        """Note what is stored, and say again what is missing; with ``is_all`` everything that no receipt covers."""
        read, self._receipts = self._receipts, {}
        for topic, payload in read.items():
            self._note(self._numbers[topic.split(b"/")[1].decode()], now, **json.loads(payload))
        if not is_all:
            return
        left = [(number, step) for number, flags in enumerate(self.stored) for step in _zeros(flags)]
        if not left:
            self.is_done.set()
        if len(left) != self._left:
            self._left, self._progress_at = len(left), now
        if now - self._progress_at < PATIENCE_S:
            return
        for key in left[: 5 * WINDOW]:
            self._say_again(key, now)

    def _note(self, number: int, now: float, boot: str, upto: int, missing: list[list[int]]) -> None:
        first = self.fleet.step(number, boot, 0)
        end = self.fleet.step(number, boot, upto) + 1
        reboot = self.fleet.plans[number].reboot
        if boot == "b1" and reboot is not None:
            end = min(end, reboot)
        flags = self.stored[number]
        before = bytes(flags[first:end])
        flags[first:end] = b"\1" * (end - first)
        for begin, last in missing:
            for step in range(self.fleet.step(number, boot, begin), min(end, self.fleet.step(number, boot, last) + 1)):
                if not before[step - first]:
                    flags[step] = 0
                    if self.acknowledged[number][step] and self._is_old((number, step)):
                        self._say_again((number, step), now)

    def _say_again(self, key: Key, now: float) -> None:
        if now - self._said_again.get(key, 0.0) >= AGAIN_S:
            self._said_again[key] = now
            self.figures["said_again"] += 1
            heapq.heappush(self._later, (now, key))

    def _is_old(self, key: Key) -> bool:
        """Whether it was not just held back, and may still be on its way."""
        return time.time() * 1000 - self.fleet.at_ms(*key) > 1000 * (self.longest_hold_s + AGAIN_S / 3)


def _zeros(flags: bytearray) -> list[int]:
    found, at = [], -1
    while (at := flags.find(0, at + 1)) >= 0:
        found.append(at)
    return found


def _length(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _header(buffer: bytes, at: int) -> tuple[int, int] | None:
    length = shift = 0
    for here in range(at + 1, min(at + 5, len(buffer))):
        length |= (buffer[here] & 0x7F) << shift
        if buffer[here] < 0x80:
            return here + 1, here + 1 + length
        shift += 7
    return None
