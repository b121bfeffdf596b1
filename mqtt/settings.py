"""Settings of the subscriber: the common ones, the broker's address taken apart, and what the embedded broker needs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.core.config import Config, ConfigError
from mqtt import broker, topics

CLIENT_ID = "customer-centre"
MOST_INTAKES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one subscriber must know. ``delivery`` is "full" or "trial" (monitoring rule 14).

    ``intakes`` is how many client ids share the feed, ``is_left_over`` that this one is from a time with more of them.
    """

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
    intakes: int = 1
    is_left_over: bool = False

    @property
    def client_ids(self) -> list[str]:
        """One for each intake; the first has always been that of the only one."""
        return [self.client_id, *(f"{self.client_id}-{number}" for number in range(1, self.intakes))]

    @property
    def filters(self) -> list[str]:
        """What a connection subscribes to; one that is left over only gets what already waits for it."""
        return [] if self.is_left_over else topics.subscriptions(self.root, is_shared=self.intakes > 1)

    @property
    def unwanted_filters(self) -> list[str]:
        """What it may have subscribed to when there were more or fewer intakes."""
        everything = [*topics.subscriptions(self.root), *topics.subscriptions(self.root, is_shared=True)]
        return [name for name in everything if name not in self.filters]

    @property
    def is_open(self) -> bool:
        """Whether credentials and readings would cross a network in the clear."""
        return not self.is_tls and self.host not in ("127.0.0.1", "localhost", "::1")


def load_settings(config: Config, environ: Mapping[str, str] | None = None) -> Settings:
    """The subscriber's settings from the checked ``config``; ``MQTT_CA_FILE``, ``METRICS_PORT`` and ``INTAKES`` are its own.

    Raises ``ConfigError`` when there cannot be so many intakes.
    """
    environ = os.environ if environ is None else environ
    url = urlsplit(config.mqtt_url or broker.portal_url(config))
    is_tls = url.scheme == "mqtts"
    metrics_port = environ.get("METRICS_PORT", "")
    delivery = "trial" if config.mqtt_url is None and broker.mosquitto() is None else "full"
    is_sqlite = config.database_url.startswith("sqlite")
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
        is_sqlite=is_sqlite,
        delivery=delivery,
        metrics_port=int(metrics_port) if metrics_port.isdigit() else None,
        intakes=_intakes(environ.get("INTAKES") or "1", is_sqlite=is_sqlite, is_full=delivery == "full"),
    )


def _intakes(value: str, *, is_sqlite: bool, is_full: bool) -> int:
    if not value.isdigit() or not 1 <= int(value) <= MOST_INTAKES:
        raise ConfigError([f"INTAKES: {value!r} is not a number between 1 and {MOST_INTAKES}"])
    if int(value) > 1 and is_sqlite:
        raise ConfigError(["INTAKES: SQLite takes one writer at a time; several intakes need PostgreSQL (DATABASE_URL)"])
    if int(value) > 1 and not is_full:
        raise ConfigError(["INTAKES: the trial broker knows no shared subscriptions; several intakes need Mosquitto (MQTT_URL)"])
    return int(value)
