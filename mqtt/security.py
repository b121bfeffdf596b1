"""Accounts and rights of the dynamic-security plugin (monitoring rule 13, security §4)."""

import base64
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from mqtt import topics

_ITERATIONS = 101  # what the plugin itself uses; the passwords are random and long
CONTROL = "$CONTROL/dynamic-security/v1"


def portal_rights(root: str) -> list[dict[str, Any]]:
    """The portal reads the three topics of all devices, writes every receipt and changes accounts."""
    reads = [_right(kind, name) for name in topics.subscriptions(root) for kind in ("subscribePattern", "publishClientReceive")]
    control = [_right(kind, "$CONTROL/dynamic-security/#") for kind in ("publishClientSend", "publishClientReceive", "subscribePattern")]
    return [*reads, _right("publishClientSend", topics.acknowledgement("+", root)), *control]


def simulator_rights(root: str) -> list[dict[str, Any]]:
    """The fleet simulator writes for every device and reads every receipt."""
    receipt = topics.acknowledgement("+", root)
    writes = [_right("publishClientSend", name) for name in topics.subscriptions(root)]
    return [*writes, _right("subscribePattern", receipt), _right("publishClientReceive", receipt)]


def device_rights(device: str, root: str) -> list[dict[str, Any]]:
    """A device writes its own three topics and reads its own receipt, nothing else."""
    receipt = topics.acknowledgement(device, root)
    writes = [_right("publishClientSend", f"{root}/{device}/{kind}") for kind in topics.KINDS]
    return [*writes, _right("subscribeLiteral", receipt), _right("publishClientReceive", receipt)]


def write_first(path: Path, root: str, *, portal: str, simulator: str) -> None:
    """Write the plugin's file for a fresh broker: nobody may do anything but these two accounts."""
    content = {
        "defaultACLAccess": {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True},
        "clients": [_account("portal", portal), _account("simulator", simulator)],
        "groups": [],
        "roles": [
            {"rolename": "portal", "acls": portal_rights(root)},
            {"rolename": "simulator", "acls": simulator_rights(root)},
        ],
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf8") as file:
        json.dump(content, file, indent=2)


def _account(name: str, password: str) -> dict[str, Any]:
    salt = secrets.token_bytes(12)
    hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return {
        "username": name,
        "textName": name,
        "roles": [{"rolename": name}],
        "password": base64.b64encode(hashed).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": _ITERATIONS,
    }


def _right(kind: str, topic: str) -> dict[str, Any]:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
