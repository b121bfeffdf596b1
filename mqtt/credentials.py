"""Bringing devices' credentials to the broker within a second of a change (monitoring rule 13)."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
import structlog

from app.core.errors import Unavailable
from app.monitoring import intake
from mqtt import security
from mqtt.settings import Settings

LOOK_EVERY_S = 0.5
ANSWER_S = 10.0
MAX_BACK_OFF_S = 60.0

log = structlog.get_logger()


class BrokerSilent(Exception):
    """The broker could not be reached or did not answer; nothing is known to be done."""


class CredentialLoop:
    """Looks for changes and hands them to the broker; ``is_active`` says whether this subscriber is the one to do it."""

    def __init__(self, settings: Settings, is_active: Callable[[], bool]) -> None:
        self.settings = settings
        self.is_active = is_active
        self.is_stopping = threading.Event()

    def run(self) -> None:
        """Go on until ``is_stopping``."""
        wait_s = LOOK_EVERY_S
        while not self.is_stopping.wait(wait_s):
            try:
                tasks = intake.credential_tasks() if self.is_active() else []
                if tasks:
                    self._hand_over(tasks)
                wait_s = LOOK_EVERY_S
            except (BrokerSilent, Unavailable) as error:
                log.warning("credentials_wait", error=str(error))
                wait_s = min(MAX_BACK_OFF_S, wait_s * 2)
            except Exception:  # whatever happens, this thread must live
                log.exception("credentials_failed")
                wait_s = min(MAX_BACK_OFF_S, wait_s * 2)

    def _hand_over(self, tasks: list[intake.CredentialTask]) -> None:
        if self.settings.delivery == "trial":  # that broker asks the database itself
            refusals: list[str] = [""] * len(tasks)
        else:
            refusals = self._command(tasks)
        for task, refusal in zip(tasks, refusals, strict=True):
            if refusal:
                intake.refuse_credential(task, refusal)
                log.warning("credential_refused", device=task.device, reason=refusal)
            else:
                intake.confirm_credential(task)
                log.info("credential_taken", device=task.device, is_granted=task.secret is not None)

    def _command(self, tasks: list[intake.CredentialTask]) -> list[str]:
        wanted = [
            security.withdraw(task.device) if task.secret is None else security.grant(task.device, task.secret, self.settings.root)
            for task in tasks
        ]
        try:
            answers = ask(self.settings, [command for commands in wanted for command in commands])
        except BrokerSilent as error:
            for task in tasks:
                intake.refuse_credential(task, str(error))
            raise
        return [_refusal([answers.pop(0) for _ in commands]) for commands in wanted]


def _refusal(answers: list[dict[str, Any]]) -> str:
    """Why the commands of one device failed; what is to be deleted may well be gone already."""
    failed = [answer["error"] for answer in answers if "error" in answer and not answer["command"].startswith("delete")]
    return "; ".join(failed)


def ask(settings: Settings, commands: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send ``commands`` to the broker's plugin over a connection of its own and return its answers, one each in their order.

    Raises ``BrokerSilent`` when it cannot be reached, refuses the portal, or does not answer in ``ANSWER_S``.
    """
    answers: list[dict[str, Any]] = []
    refused: list[str] = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"{settings.client_id}-accounts", protocol=paho.MQTTv5)
    if settings.username:
        client.username_pw_set(settings.username, settings.password)
    if settings.is_tls:
        client.tls_set(ca_certs=settings.ca_file)

    def connected(client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            refused.append(str(reason))
        else:
            client.subscribe(f"{security.CONTROL}/response", qos=1)

    def subscribed(client: paho.Client, userdata: Any, mid: int, reasons: list[Any], properties: Any) -> None:
        if reasons[0].is_failure:
            refused.append(str(reasons[0]))
        else:
            client.publish(security.CONTROL, json.dumps({"commands": commands}), qos=1)

    def answered(client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        answers.extend(json.loads(message.payload).get("responses", []))

    client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, answered
    try:
        client.connect(settings.host, settings.port)
        deadline = time.monotonic() + ANSWER_S
        while len(answers) < len(commands) and not refused and time.monotonic() < deadline:
            client.loop(0.1)
    except OSError as error:
        raise BrokerSilent(str(error)) from None
    finally:
        client.disconnect()
    if len(answers) < len(commands):
        raise BrokerSilent("; ".join(refused) or "the broker does not answer: has it the dynamic-security plugin?")
    return answers
