"""Settings from the environment, all checked at start (interfaces.md lists the names)."""

import os
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOCALES = ("zh_CN", "en")
# The only host that a messenger robot is called at (security §1, SSRF), and the one that a trial server may run on.
WECOM_HOST, WECOM_PATH, TRIAL_HOST = "qyapi.weixin.qq.com", "/cgi-bin/webhook/send", "127.0.0.1"
MIN_KEY_LENGTH = 32


class ConfigError(Exception):
    """Every mistake in the environment, one line each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The checked settings of one process."""

    host: str
    port: int
    live_port: int
    live_url: str | None
    database_url: str
    mqtt_url: str | None
    mqtt_port: int
    topic_root: str
    secret_key: str
    audit_key: str
    data_dir: Path
    is_demo: bool
    demo_password: str | None
    instance_name: str
    metrics_token: str | None
    trusted_proxies: tuple[str, ...]
    zone: ZoneInfo
    default_locale: str
    is_plain_http: bool
    smtp_url: str | None
    mail_from: str
    mail_inbox_url: str | None
    wecom_webhook: str | None = field(default=None, repr=False)  # its key is a secret

    @property
    def heads_file(self) -> Path:
        """Where the heads of the history chain are kept beside the database."""
        return self.data_dir / "history-heads.jsonl"

    @property
    def files_dir(self) -> Path:
        """Where the files stand that people hand in."""
        return self.data_dir / "files"


class _Reader:
    """Reads one name after the other and collects what is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.mistakes: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self.environ.get(name) or default

    def port(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if value.isdigit() and 0 < int(value) < 65536:
            return int(value)
        self.mistakes.append(f"{name}: {value!r} is not a port between 1 and 65535")
        return default

    def url(self, name: str, default: str | None, schemes: tuple[str, ...]) -> str | None:
        value = self.environ.get(name) or default
        if value is not None and urlsplit(value).scheme not in schemes:
            self.mistakes.append(f"{name}: it must begin with one of {', '.join(f'{scheme}://' for scheme in schemes)}")
        return value

    def mail_server(self, name: str, schemes: tuple[str, ...], clear_scheme: str | None = None) -> str | None:
        """The address of a mail server; ``clear_scheme`` never encrypts, so that passwords over it are for this host alone."""
        value = self.url(name, None, schemes)
        parts = urlsplit(value or "")
        if value and not parts.hostname:
            self.mistakes.append(f"{name}: it names no host")
        elif value and parts.scheme == clear_scheme and parts.password and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            self.mistakes.append(f"{name}: a password would travel in the clear; use {clear_scheme}s://")
        return value

    def webhook(self, name: str) -> str | None:
        """The address of a messenger robot: the official one over TLS, or a trial server on this host. It is never repeated."""
        value = self.environ.get(name) or None
        if value is not None and not _is_webhook(value):
            wanted = f"https://{WECOM_HOST}{WECOM_PATH}?key=…"
            self.mistakes.append(f"{name}: it must be {wanted} (a trial server: http://{TRIAL_HOST}:port{WECOM_PATH}?key=…)")
            return None
        return value

    def stream(self, name: str) -> str | None:
        """Where browsers find the stream of the board: a path of the portal's own address, or ``:port`` of the same host."""
        value = self.environ.get(name) or None
        if value is None or re.fullmatch(r"/[A-Za-z0-9/_-]*", value):
            return value
        if not re.fullmatch(r":[0-9]{1,5}", value):
            self.mistakes.append(f"{name}: {value!r} is neither a path such as / nor a port of the same host such as :8001")
        return value

    def address(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
            self.mistakes.append(f"{name}: it must be a plain e-mail address such as service@example.com")
        return value

    def switch(self, name: str, default: bool) -> bool:
        value = self.text(name, "1" if default else "0")
        if value not in ("0", "1"):
            self.mistakes.append(f"{name}: {value!r} is neither 0 nor 1")
        return value == "1"

    def zone(self, name: str, default: str) -> ZoneInfo:
        value = self.text(name, default)
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            self.mistakes.append(f"{name}: {value!r} is not a time zone")
            return ZoneInfo(default)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            self.mistakes.append(f"{name}: {value!r} is none of {', '.join(allowed)}")
        return value

    def networks(self, name: str) -> tuple[str, ...]:
        values = tuple(part.strip() for part in self.text(name, "").split(",") if part.strip())
        for value in values:
            try:
                ip_network(value)
            except ValueError:
                self.mistakes.append(f"{name}: {value!r} is not an address or network")
        return values

    def key(self, name: str, kept_in: Path) -> str:
        value = self.environ.get(name)
        if value is None and kept_in.exists():
            value = kept_in.read_text(encoding="ascii").strip()
        if not value:
            self.mistakes.append(f"{name}: required (at least {MIN_KEY_LENGTH} characters); `make run` makes one in {kept_in.parent}/")
            return ""
        if len(value) < MIN_KEY_LENGTH:
            self.mistakes.append(f"{name}: shorter than {MIN_KEY_LENGTH} characters")
        return value


def _is_webhook(value: str) -> bool:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    authorities = {"https": (WECOM_HOST, f"{WECOM_HOST}:443"), "http": (f"{TRIAL_HOST}:{port}",)}
    is_there = parts.netloc in authorities.get(parts.scheme, ()) and parts.path == WECOM_PATH
    return is_there and not parts.fragment and re.fullmatch(r"key=[A-Za-z0-9_-]+", parts.query) is not None


def load_config(environ: Mapping[str, str] | None = None) -> Config:
    """Read and check the environment. Raises ``ConfigError`` with every mistake at once."""
    read = _Reader(os.environ if environ is None else environ)
    data_dir = Path(read.text("DATA_DIR", "instance/"))
    secret_key = read.key("SECRET_KEY", data_dir / "secret_key")
    audit_key = read.key("AUDIT_KEY", data_dir / "audit_key")
    if secret_key and secret_key == audit_key:
        read.mistakes.append("AUDIT_KEY: must not be the same as SECRET_KEY")
    database_url = read.url("DATABASE_URL", "sqlite:///instance/centre.db", ("sqlite", "postgresql", "postgres"))
    assert database_url is not None
    topic_root = read.text("EVC_TOPIC_ROOT", "evc")
    if any(character in topic_root for character in "/+#$"):
        read.mistakes.append(f"EVC_TOPIC_ROOT: {topic_root!r} must be one topic level without / + # $")
    port = read.port("PORT", 8000)
    config = Config(
        host=read.text("HOST", "127.0.0.1"),
        port=port,
        live_port=read.port("LIVE_PORT", port % 65_535 + 1),
        live_url=read.stream("LIVE_URL"),
        database_url=database_url,
        mqtt_url=read.url("MQTT_URL", None, ("mqtt", "mqtts")),
        mqtt_port=read.port("MQTT_PORT", 1883),
        topic_root=topic_root,
        secret_key=secret_key,
        audit_key=audit_key,
        data_dir=data_dir,
        is_demo=read.switch("DEMO", False),
        demo_password=read.environ.get("DEMO_PASSWORD"),
        instance_name=read.text("INSTANCE_NAME", socket.gethostname()),
        metrics_token=read.environ.get("METRICS_TOKEN"),
        trusted_proxies=read.networks("TRUSTED_PROXIES"),
        zone=read.zone("TZ_NAME", "Asia/Shanghai"),
        default_locale=read.choice("DEFAULT_LOCALE", "zh_CN", LOCALES),
        is_plain_http=read.switch("PLAIN_HTTP", False),
        smtp_url=read.mail_server("SMTP_URL", ("smtp", "smtps")),
        mail_from=read.address("MAIL_FROM", "customer-centre@localhost"),
        mail_inbox_url=read.mail_server("MAIL_INBOX_URL", ("imap", "imaps"), clear_scheme="imap"),
        wecom_webhook=read.webhook("WECOM_WEBHOOK"),
    )
    if read.mistakes:
        raise ConfigError(read.mistakes)
    return config


def make_keys(data_dir: Path) -> None:
    """Generate ``SECRET_KEY`` and ``AUDIT_KEY`` once into ``data_dir`` (readable by the owner only)."""
    data_dir.mkdir(parents=True, exist_ok=True)
    for name in ("secret_key", "audit_key"):
        path = data_dir / name
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
