"""The broker that comes with the product (monitoring rules 13, 14).

Mosquitto with the shipped configuration where it is installed, else a trial one.
"""

import getpass
import os
import secrets
import shutil
from pathlib import Path
from urllib.parse import quote

from app.core.config import Config
from mqtt import security
from mqtt.security import PORTAL, SIMULATOR

SHIPPED = Path(__file__).parent.parent / "app" / "deploy" / "mosquitto"
_PLUGINS = (
    "/usr/lib/*/mosquitto_dynamic_security.so",
    "/usr/lib/mosquitto_dynamic_security.so",
    "/usr/local/lib/mosquitto_dynamic_security.so",
)


def mosquitto() -> str | None:
    """The Mosquitto program of this machine, if it is there with its dynamic-security plugin.

    ``EVC_TRIAL_BROKER=1`` leaves it aside.
    """
    if os.environ.get("EVC_TRIAL_BROKER") == "1":
        return None
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return program if plugin() is not None else None


def plugin() -> Path | None:
    """The dynamic-security plugin."""
    for pattern in _PLUGINS:
        for found in Path("/").glob(pattern.lstrip("/")):
            return found
    return None


def folder(config: Config) -> Path:
    """Where the embedded broker keeps its files."""
    return config.data_dir / "mosquitto"


def password(config: Config, name: str) -> str:
    """The password of the portal's own account ``name`` at the embedded broker; made once."""
    path = folder(config) / f"{name.lstrip('@')}.password"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        made = secrets.token_urlsafe(24)
        file.write(made)
    return made


def _own_passwords(config: Config) -> dict[str, str]:
    return {name: password(config, name) for name in (PORTAL, SIMULATOR)}


def portal_url(config: Config, name: str = PORTAL) -> str:
    """The address of the embedded broker for the account ``name``."""
    return f"mqtt://{quote(name)}:{quote(password(config, name))}@127.0.0.1:{config.mqtt_port}"


def prepare(config: Config) -> Path:
    """Write the embedded Mosquitto's configuration, and its accounts if there are none yet; returns the configuration file."""
    place = folder(config).resolve()
    place.mkdir(parents=True, exist_ok=True)
    accounts = place / "dynamic-security.json"
    if not accounts.exists():
        security.write_first(accounts, config.topic_root, _own_passwords(config))
    text = (SHIPPED / "embedded.conf").read_text(encoding="utf8")
    for name, value in {"PORT": config.mqtt_port, "PLUGIN": plugin(), "FOLDER": place, "USER": getpass.getuser()}.items():
        text = text.replace(f"@{name}@", str(value))
    path = place / "mosquitto.conf"
    path.write_text(text, encoding="utf8")
    return path


def run(config: Config) -> None:
    """Become the broker; returns only when the trial broker has ended."""
    program = mosquitto()
    if program is None:
        from mqtt import trial_broker

        trial_broker.run(config, _own_passwords(config))
        return
    os.execv(program, [program, "-c", str(prepare(config))])  # noqa: S606 - this process becomes the broker
