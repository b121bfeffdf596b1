"""What a broker shows of itself, held against what the feed needs of it (monitoring rule 13).

Each finding is one line, "code: detail", as the heartbeat carries it; app/monitoring/problems.py has the words.
"""

import threading
import time
from typing import Any

import paho.mqtt.client as paho
import structlog

from mqtt.settings import Settings

SESSION_EXPIRY_S = 7 * 24 * 3600
LEAST_PACKET = 8 * 1024  # a receipt with its twenty ranges is far below
LEAST_RECEIVE_MAXIMUM = 10
ANSWER_S = 5.0

log = structlog.get_logger()


def shortcomings(granted: Any) -> list[str]:
    """What the properties of a CONNACK (MQTT 5.0, 3.2.2.3) leave wanting; a property that was not sent has its default."""

    def value(name: str, default: int) -> int:
        return getattr(granted, name, default)

    found = {
        "session_expiry": (value("SessionExpiryInterval", SESSION_EXPIRY_S), SESSION_EXPIRY_S),
        "receive_maximum": (value("ReceiveMaximum", 65_535), LEAST_RECEIVE_MAXIMUM),
        "no_qos_1": (value("MaximumQoS", 2), 1),
        "no_retain": (value("RetainAvailable", 1), 1),
        "no_wildcard": (value("WildcardSubscriptionAvailable", 1), 1),
        "no_shared": (value("SharedSubscriptionAvailable", 1), 1),
        "small_packets": (value("MaximumPacketSize", LEAST_PACKET), LEAST_PACKET),
    }
    return [f"{code}: {has}" for code, (has, needed) in found.items() if has < needed]


def lets_strangers_in(settings: Settings) -> bool:
    """Whether the broker takes a client without name and password. Raises ``OSError`` when it does not answer."""
    answers: list[bool] = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False)
    client.on_connect = lambda _client, _userdata, _flags, reason, _properties: answers.append(not reason.is_failure)
    if settings.is_tls:
        client.tls_set(ca_certs=settings.ca_file)
    client.connect(settings.host, settings.port, keepalive=10)
    deadline = time.monotonic() + ANSWER_S
    while not answers and time.monotonic() < deadline and client.loop(0.2) == paho.MQTT_ERR_SUCCESS:
        pass
    client.disconnect()
    return any(answers)


class BrokerCheck:
    """Asks once, beside everything else, whether the broker is open to anybody; ``problem`` is empty while nothing is known."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.problem = ""
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Ask now, unless it was asked before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._ask, name="broker-check", daemon=True)
            self._thread.start()

    def _ask(self) -> None:
        try:
            is_open = self.settings.username is None or lets_strangers_in(self.settings)
        except (OSError, ValueError) as error:
            log.warning("broker_not_checked", error=str(error))
            return
        if is_open:
            self.problem = f"anonymous: {self.settings.host}"
            log.warning("broker_is_open_to_anybody", host=self.settings.host)
