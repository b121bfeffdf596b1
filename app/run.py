"""``python -m app.run``: a whole installation in the foreground: broker, portal, stream of the board, subscriber, worker, until Ctrl-C."""

import ipaddress
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from app.core.config import Config, ConfigError, load_config, make_keys
from app.supervisor import Child, Supervisor, listens


def main() -> int:
    """Prepare and run; returns the exit status."""
    environment = os.environ
    # Here the portal is looked at without a TLS proxy before it; the Procfile's processes expect one.
    for name, value in {"DEMO": "1", "PLAIN_HTTP": "1", "PYTHONUNBUFFERED": "1"}.items():
        environment.setdefault(name, value)
    try:
        make_keys(Path(environment.get("DATA_DIR") or "instance"))
        for name, value in _stream_settings(environment).items():
            environment.setdefault(name, value)
        config = load_config()
    except (ConfigError, OSError) as error:
        return _complain(str(error))
    for port in _taken_ports(config):
        return _complain(f"Port {port} is in use already: set PORT, LIVE_PORT or MQTT_PORT to another one.")
    if subprocess.call([sys.executable, "-m", "app.first_start"]) != 0:
        return 1
    children = children_of(config)
    Supervisor(children, config.data_dir / "logs", environment).run(when_up=lambda: _say_address(config))
    return 0


def children_of(config: Config) -> list[Child]:
    """The processes of an installation in the order of their start; the embedded broker only when ``MQTT_URL`` is unset."""
    python = [sys.executable, "-m"]
    broker = [] if config.mqtt_url else [Child("broker", [*python, "mqtt", "broker"], port=config.mqtt_port)]
    portal = [*python, "gunicorn", "-c", "app/deploy/gunicorn.conf.py", "app.wsgi:app"]
    return [
        *broker,
        Child("evc", [*python, "mqtt", "run"]),
        Child("worker", [*python, "app.worker"]),
        Child("live", [*python, "gunicorn", "-c", "app/deploy/live.conf.py", "app.live.asgi:make()"]),
        Child("web", portal, port=config.port if _is_here(config.host) else None),
    ]


def _stream_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The stream of the board on a port of its own beside the portal's: browsers find it there without a proxy before both."""
    config = load_config(environment)
    taken = (config.port, config.mqtt_port)
    port = next((port for port in range(config.live_port, 65_536) if port not in taken and not listens(port)), config.live_port)
    chosen = environment.get("LIVE_PORT") or str(port)
    return {"LIVE_PORT": chosen, "LIVE_URL": f":{chosen}"}


def _taken_ports(config: Config) -> list[int]:
    wanted = [config.port, config.live_port] + ([] if config.mqtt_url else [config.mqtt_port])
    return [port for port in wanted if listens(port)]


def _is_here(host: str) -> bool:
    """Whether the portal, bound to ``host``, can be reached on 127.0.0.1."""
    return host in ("localhost", "127.0.0.1", "0.0.0.0")  # noqa: S104


def _is_open_to_others(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def _say_address(config: Config) -> None:
    print(f"\nCustomer Centre: http://{config.host}:{config.port}/   (Ctrl-C stops it; logs in {config.data_dir / 'logs'}/)", flush=True)
    if config.is_plain_http and _is_open_to_others(config.host):
        print("Others on the network can read along: put TLS in front and set PLAIN_HTTP=0 before real work.", flush=True)


def _complain(words: str) -> int:
    print(words, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
