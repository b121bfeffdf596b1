"""The connection to the broker: MQTT 5, one thread that alone touches the client library, reconnecting of our own.

Rules 1 and 2 of monitoring §2.
"""

import json
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import paho.mqtt.client as paho
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from app.core.clock import ProcessClock
from mqtt import topics
from mqtt.payloads import Received
from mqtt.queue import FeedQueue, Item
from mqtt.settings import Settings
from mqtt.sockets import BufferedSocket

KEEPALIVE_S = 30
SESSION_EXPIRY_S = 7 * 24 * 3600
RECEIVE_MAXIMUM = 2_000
SESSION_TAKEN_OVER = 0x8E
MAX_WAIT_S = 60
_PUBACK = b"\x40\x02"

log = structlog.get_logger()


class _Paho(paho.Client):
    def _create_socket(self) -> BufferedSocket:
        return BufferedSocket(super()._create_socket())


class FeedClient:
    """Keeps the session with the broker; what arrives goes to ``queue``, what is to be sent may come from any thread."""

    def __init__(self, settings: Settings, queue: FeedQueue, clock: ProcessClock) -> None:
        self.settings = settings
        self.queue = queue
        self.clock = clock
        self.generation = 0
        self.is_connected = False
        self.connected_ms: int | None = None
        self.last_message_ms: int | None = None
        self.problem = ""
        self.turned_at = time.monotonic()
        self.on_session: Callable[[bool], None] = lambda is_present: None
        self.on_taken_over: Callable[[], None] = lambda: None
        self._read_ms = 0
        self._connected_at = 0.0
        self._to_send: deque[tuple[Any, ...]] = deque()
        self._is_wanted = threading.Event()
        self._is_reading = True
        self._is_stopping = threading.Event()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._paho = self._make_paho()
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)

    # --- called from any thread

    def start(self) -> None:
        """Start the network thread; it connects once ``connect`` was called."""
        self._thread.start()

    def connect(self) -> None:
        """Connect, and keep connected."""
        self._is_reading = True
        self._is_wanted.set()

    def disconnect(self) -> None:
        """Disconnect; the session stays with the broker."""
        self._is_wanted.clear()
        self._wake()

    def pause(self) -> None:
        """Read nothing more, but go on sending."""
        self._is_reading = False
        self._wake()

    def stop(self, timeout_s: float) -> None:
        """Send what waits, disconnect and end the thread."""
        self._is_stopping.set()
        self._is_wanted.set()
        self._wake()
        self._thread.join(timeout_s)

    def acknowledge(self, items: Sequence[Item]) -> None:
        """PUBACK ``items`` in their order, unless they came over an earlier connection."""
        self._to_send.append(("ack", items))
        self._wake()

    def publish(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        """Publish with QoS 1 if connected, else not at all."""
        self._to_send.append(("publish", topic, payload, is_retained))
        self._wake()

    def is_alive(self) -> bool:
        """Whether the network thread runs."""
        return self._thread.is_alive()

    def connected_s(self) -> float:
        """Seconds since the connection came up, 0 without one."""
        return time.monotonic() - self._connected_at if self.is_connected else 0.0

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # then it is awake already
            self._wake_writer.send(b"!")

    # --- the network thread

    def _make_paho(self) -> _Paho:
        settings = self.settings
        is_full = settings.delivery == "full"
        client = _Paho(
            paho.CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if is_full else True,
            protocol=paho.MQTTv5 if is_full else paho.MQTTv311,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(1_000)
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        if settings.is_tls:
            client.tls_set(ca_certs=settings.ca_file)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _run(self) -> None:
        attempt = 0
        while not self._is_stopping.is_set():
            self.turned_at = time.monotonic()
            if not self._is_wanted.wait(1.0) or self._is_stopping.is_set():
                continue
            try:
                self._open()
                self._serve()
            except OSError as error:
                self.problem = f"broker: {error}"
            except Exception:  # whatever happens, this thread must live
                log.exception("network_failed")
                self.problem = "broker: internal error"
            attempt = 0 if self._close() else attempt + 1
            self._pause_before(attempt)

    def _open(self) -> None:
        self.generation += 1
        properties = None
        if self.settings.delivery == "full":
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            self._paho.connect(self.settings.host, self.settings.port, KEEPALIVE_S, clean_start=False, properties=properties)
        else:
            self._paho.connect(self.settings.host, self.settings.port, KEEPALIVE_S)

    def _serve(self) -> None:
        while (connection := self._paho.socket()) is not None:
            self.turned_at = time.monotonic()
            self._send_waiting(connection)
            if self._paho.want_write():  # what callbacks asked for
                self._paho.loop_write()
            connection.flush()
            if not self._is_wanted.is_set() or (self._is_stopping.is_set() and not self._to_send):
                self._paho.disconnect()
                connection.flush()
                return
            if self._wait(connection):
                self._read(connection)
            self._paho.loop_misc()

    def _wait(self, connection: BufferedSocket) -> bool:
        """Wait until there is something to do; returns whether the network has input."""
        if connection.pending():
            return True
        may_read = self._is_reading and not self.queue.is_full
        readers = [connection, self._wake_reader] if may_read else [self._wake_reader]
        writers = [connection] if connection.has_output else []
        timeout_s = 1.0 if may_read else 0.05
        readable, _, _ = select.select(readers, writers, [], timeout_s)
        if self._wake_reader in readable:
            self._wake_reader.recv(4096)
        return connection in readable

    def _read(self, connection: BufferedSocket) -> None:
        self._read_ms = self.clock.now_ms()
        connection.fill()
        while connection.has_input:
            if self._paho.loop_read() != paho.MQTT_ERR_SUCCESS or self._paho.socket() is None:
                return

    def _send_waiting(self, connection: BufferedSocket) -> None:
        while self._to_send:
            what, *rest = self._to_send.popleft()
            if what == "ack":
                for item in rest[0]:
                    if item.generation == self.generation and item.qos == 1:
                        connection.send(_PUBACK + item.mid.to_bytes(2))
            elif self.is_connected:
                topic, payload, is_retained = rest
                self._paho.publish(topic, payload, qos=1, retain=is_retained)

    def _close(self) -> bool:
        """Clear up after a connection; returns whether it had been accepted."""
        was_connected = self.connected_ms is not None and self._connected_at > 0
        self.is_connected = False
        self._connected_at = 0.0
        connection = self._paho.socket()
        if connection is not None:
            connection.close()
        self.queue.forget_unacknowledged()
        return was_connected

    def _pause_before(self, attempt: int) -> None:
        if not self._is_wanted.is_set():
            return
        deadline = time.monotonic() + random.uniform(1, max(1.5, min(MAX_WAIT_S, 2**attempt)))
        while time.monotonic() < deadline and not self._is_stopping.is_set():
            self.turned_at = time.monotonic()
            time.sleep(0.1)

    # --- callbacks of the client library: an exception in one of them would end the thread unseen

    def _on_connect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self.problem = f"broker: {reason}"
            log.warning("broker_refused", reason=str(reason))
            return
        self.is_connected = True
        self.problem = ""
        self._connected_at = time.monotonic()
        self.connected_ms = self.clock.now_ms()
        log.info("broker_connected", is_session_present=flags.session_present)
        self._subscribe(client)
        self._guarded(self.on_session, bool(flags.session_present))

    def _subscribe(self, client: paho.Client) -> None:
        filters = topics.subscriptions(self.settings.root)
        if self.settings.delivery == "full":
            only_new = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            client.subscribe([(name, only_new) for name in filters])
        else:
            client.subscribe([(name, 1) for name in filters])

    def _on_disconnect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self.is_connected = False
        if reason.is_failure:
            self.problem = f"broker: {reason}"
            log.warning("broker_lost", reason=str(reason))
        if reason.value == SESSION_TAKEN_OVER:
            self._guarded(self.on_taken_over)

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message._topic.decode(errors="backslashreplace")
            received = Received(topic, bytes(message.payload), self._read_ms, message.retain, message.dup)
            self.last_message_ms = self._read_ms
            self.queue.put(Item(received, self.generation, message.mid, message.qos))
        except Exception:
            log.exception("message_not_queued")

    def _guarded(self, call: Callable[..., None], *arguments: Any) -> None:
        try:
            call(*arguments)
        except Exception:
            log.exception("callback_failed")


def receipt_payload(boot: str, upto: int, missing: Sequence[tuple[int, int]]) -> bytes:
    """The receipt as the device reads it."""
    return json.dumps({"boot": boot, "upto": upto, "missing": [list(run) for run in missing]}, separators=(",", ":")).encode()
