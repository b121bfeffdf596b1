"""Settings of the subscriber: the common ones, the broker's address taken apart, and what the embedded broker needs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.core.config import Config
from mqtt import broker

CLIENT_ID = "customer-centre"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one subscriber must know. ``delivery`` is "full" or "trial" (monitoring rule 14)."""

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    is_tls: bool
    ca_file: str | None
    root: str
    client_id: str
    instance: str
    data_dir: Path
    is_sqlite: bool
    delivery: str
    metrics_port: int | None

    @property
    def is_open(self) -> bool:
        """Whether credentials and readings would cross a network in the clear."""
        return not self.is_tls and self.host not in ("127.0.0.1", "localhost", "::1")


def load_settings(config: Config, environ: Mapping[str, str] | None = None) -> Settings:
    """The subscriber's settings from the checked ``config``; ``MQTT_CA_FILE`` and ``METRICS_PORT`` are its own."""
    environ = os.environ if environ is None else environ
    url = urlsplit(config.mqtt_url or broker.portal_url(config))
    is_tls = url.scheme == "mqtts"
    metrics_port = environ.get("METRICS_PORT", "")
    return Settings(
        host=url.hostname or "127.0.0.1",
        port=url.port or (8883 if is_tls else 1883),
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        is_tls=is_tls,
        ca_file=environ.get("MQTT_CA_FILE") or None,
        root=config.topic_root,
        client_id=f"{CLIENT_ID}-{config.topic_root}",
        instance=config.instance_name,
        data_dir=config.data_dir,
        is_sqlite=config.database_url.startswith("sqlite"),
        delivery="trial" if config.mqtt_url is None and broker.mosquitto() is None else "full",
        metrics_port=int(metrics_port) if metrics_port.isdigit() else None,
    )
