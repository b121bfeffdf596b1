"""The connection to the broker: MQTT 5, one thread that alone touches the client library, reconnecting of our own.

Rules 1 and 2 of monitoring §2.
"""

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
from mqtt import packets
from mqtt.broker_check import SESSION_EXPIRY_S, shortcomings
from mqtt.payloads import Received
from mqtt.queue import FeedQueue, Item
from mqtt.settings import Settings
from mqtt.sockets import BufferedSocket

KEEPALIVE_S = 30
RECEIVE_MAXIMUM = 2_000
SESSION_TAKEN_OVER = 0x8E
MAX_WAIT_S = 60
_FIRST_MID, _LAST_MID = 0x4000, 0xFFFF  # the client library numbers its own packets from 1
_WINDOW = 100  # messages under way to a broker that does not say how many it takes

log = structlog.get_logger()


class _Paho(paho.Client):
    def _create_socket(self) -> BufferedSocket:
        connection = super()._create_socket()
        assert isinstance(connection, socket.socket)  # neither a Unix socket nor a WebSocket is ever asked for
        return BufferedSocket(connection)

    def connection(self) -> BufferedSocket | None:
        """The open connection."""
        connection = self.socket()
        assert connection is None or isinstance(connection, BufferedSocket)
        return connection


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
        self.shortcomings: list[str] = []
        self.turned_at = time.monotonic()
        self.on_session: Callable[[bool], None] = lambda is_present: None
        self.on_taken_over: Callable[[], None] = lambda: None
        self._read_ms = 0
        self._connected_at = 0.0
        self._has_properties = settings.delivery == "full"
        self._to_acknowledge: deque[Sequence[Item]] = deque()
        self._to_publish: deque[Sequence[tuple[str, bytes]]] = deque()
        self._outbox: dict[str, bytes] = {}
        self._unanswered: dict[int, tuple[str, bytes]] = {}
        self._window = _WINDOW
        self._mid = _FIRST_MID
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
        self._to_acknowledge.append(items)
        self._wake()

    def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Publish (topic, payload) retained with QoS 1, until the broker has it; a newer one of a topic replaces what still waits."""
        self._to_publish.append(messages)
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
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        if settings.is_tls:
            client.tls_set(ca_certs=settings.ca_file)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
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
        while (connection := self._paho.connection()) is not None:
            self.turned_at = time.monotonic()
            self._send_waiting(connection)
            if self._paho.want_write():  # what callbacks asked for
                self._paho.loop_write()
            connection.flush()
            if not self._is_wanted.is_set() or (self._is_stopping.is_set() and self._has_sent_all()):
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
        readers: list[BufferedSocket | socket.socket] = [connection, self._wake_reader] if may_read else [self._wake_reader]
        writers = [connection] if connection.has_output else []
        timeout_s = 1.0 if may_read else 0.05
        readable, _, _ = select.select(readers, writers, [], timeout_s)
        if self._wake_reader in readable:
            self._wake_reader.recv(4096)
        return connection in readable

    def _read(self, connection: BufferedSocket) -> None:
        self._read_ms = self.clock.now_ms()
        connection.fill()
        while (packet := connection.next_packet()) is not None:
            first, start, end = packet
            kind = first >> 4
            if kind == packets.PUBLISH:
                self._receive(first, connection.take(start, end))
            elif kind == packets.PUBACK:
                self._published(*packets.read_puback(connection.take(start, end)))
            else:
                connection.show(end)
                if self._paho.loop_read() != paho.MQTT_ERR_SUCCESS or self._paho.socket() is None:
                    return
        if connection.is_at_end:
            self._paho.loop_read()

    def _receive(self, first: int, body: bytes) -> None:
        topic, payload, mid, qos, is_retained, is_redelivered = packets.read_publish(first, body, has_properties=self._has_properties)
        self.last_message_ms = self._read_ms
        self.queue.put(Item(Received(topic, payload, self._read_ms, is_retained, is_redelivered), self.generation, mid, qos))

    def _published(self, mid: int, reason: int) -> None:
        message = self._unanswered.pop(mid, None)
        if message is not None and reason >= packets.REFUSED_FROM:
            log.warning("publish_refused", topic=message[0], reason=reason)

    def _send_waiting(self, connection: BufferedSocket) -> None:
        while self._to_acknowledge:
            mids = [item.mid for item in self._to_acknowledge.popleft() if item.qos == 1 and item.generation == self.generation]
            connection.send(b"".join(map(packets.write_puback, mids)))
        while self._to_publish:
            self._outbox.update(self._to_publish.popleft())
        while self._outbox and self.is_connected and len(self._unanswered) < self._window:
            topic = next(iter(self._outbox))
            message = (topic, self._outbox.pop(topic))
            self._mid = self._mid + 1 if self._mid < _LAST_MID else _FIRST_MID
            self._unanswered[self._mid] = message
            connection.send(packets.write_publish(*message, self._mid, has_properties=self._has_properties))

    def _has_sent_all(self) -> bool:
        return not self._to_acknowledge and not (self.is_connected and (self._to_publish or self._outbox))

    def _close(self) -> bool:
        """Clear up after a connection; returns whether it had been accepted."""
        was_connected = self.connected_ms is not None and self._connected_at > 0
        self.is_connected = False
        self._connected_at = 0.0
        connection = self._paho.socket()
        if connection is not None:
            connection.close()
        self.queue.forget_unacknowledged()
        self._outbox = dict(self._unanswered.values()) | self._outbox
        self._unanswered.clear()
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
        self.shortcomings = shortcomings(properties) if self._has_properties else []
        if self.shortcomings:
            log.warning("broker_falls_short", findings=self.shortcomings)
        self._connected_at = time.monotonic()
        self._window = min(_WINDOW, getattr(properties, "ReceiveMaximum", _WINDOW))
        self.connected_ms = self.clock.now_ms()
        log.info("broker_connected", is_session_present=flags.session_present)
        self._subscribe(client)
        self._guarded(self.on_session, bool(flags.session_present))

    def _subscribe(self, client: paho.Client) -> None:
        if self.settings.delivery != "full":
            client.subscribe([(name, 1) for name in self.settings.filters])
            return
        only_new = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        if self.settings.filters:
            client.subscribe([(name, only_new) for name in self.settings.filters])
        client.unsubscribe(self.settings.unwanted_filters)  # only then: in between a message may come twice, but none is missed

    def _on_subscribe(self, client: paho.Client, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
        refused = [name for name, reason in zip(self.settings.filters, reasons, strict=False) if reason.is_failure]
        if refused:
            log.error("subscription_refused", topics=refused)
            self.shortcomings = [*self.shortcomings, f"refused: {', '.join(refused)}"]

    def _on_disconnect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self.is_connected = False
        if reason.is_failure:
            self.problem = f"broker: {reason}"
            log.warning("broker_lost", reason=str(reason))
        if reason.value == SESSION_TAKEN_OVER:
            self._guarded(self.on_taken_over)

    def _guarded(self, call: Callable[..., None], *arguments: Any) -> None:
        try:
            call(*arguments)
        except Exception:
            log.exception("callback_failed")
