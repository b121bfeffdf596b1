"""The broker inside the product, for trying it out without installing one (monitoring rule 14).

It speaks MQTT 3.1.1 only and does not deliver again what was not acknowledged; the screens say so.
"""

import asyncio
import hmac
import signal
from typing import Any

import structlog
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from app.core.config import Config
from app.core.errors import Unavailable
from app.monitoring import intake
from mqtt import topics
from mqtt.security import PORTAL, SIMULATOR

log = structlog.get_logger()
_passwords: dict[str, str] = {}
_root = ""


class Accounts(BaseAuthPlugin):
    """Lets in portal, simulator and the devices with a credential."""

    async def authenticate(self, *, session: Session) -> bool:
        """Whether name and password belong together."""
        name, password = session.username or "", session.password or ""
        if name in _passwords:
            return hmac.compare_digest(_passwords[name], password)
        try:
            return intake.secret_is_right(name, password)
        except Unavailable:
            return False


class Rights(BaseTopicPlugin):
    """The rights of monitoring rule 13."""

    async def topic_filtering(self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None) -> bool:
        """Whether ``session`` may do ``action`` on ``topic``."""
        return may(session.username or "" if session else "", topic or "", is_publishing=action == Action.PUBLISH)


def may(name: str, topic: str, *, is_publishing: bool) -> bool:
    """Whether the account ``name`` may publish on, or subscribe to and receive, ``topic`` (or topic filter)."""
    root, _, rest = topic.partition("/")
    device, _, kind = rest.partition("/")
    is_receipt = kind == "ack"
    if not name or root != _root or not (is_receipt or kind in topics.KINDS):
        return False
    if name == PORTAL:
        return is_publishing == is_receipt
    return name in (SIMULATOR, device) and is_publishing != is_receipt


def run(config: Config, passwords: dict[str, str]) -> None:
    """Serve on 127.0.0.1 until the process is asked to stop; ``passwords`` are those of the portal's own accounts."""
    global _root
    _root = config.topic_root
    _passwords.update(passwords)
    asyncio.run(_serve(config.mqtt_port))


async def _serve(port: int) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    settings: dict[str, Any] = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {f"{__name__}.Accounts": {}, f"{__name__}.Rights": {}},
    }
    serving = Broker(BrokerConfig.from_dict(settings))
    await serving.start()
    log.info("trial_broker_started", port=port)
    await stopping.wait()
    await serving.shutdown()
