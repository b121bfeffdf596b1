"""Accounts and rights at the broker's dynamic-security plugin (monitoring rule 13, security §4)."""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mqtt import topics

# No device code can contain this sign, so that no device can ever be one of these.
PORTAL = "@portal"
SIMULATOR = "@simulator"
CONTROL = "$CONTROL/dynamic-security/v1"
_ITERATIONS = 101  # what the plugin itself uses; the passwords are random and long
_NOTHING = {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True}


def portal_rights(root: str) -> list[dict[str, Any]]:
    """The portal reads the three topics of all devices, writes every receipt and changes accounts."""
    reads = [_right(kind, name) for name in topics.subscriptions(root) for kind in ("subscribePattern", "publishClientReceive")]
    reads += [_right("subscribeLiteral", name) for name in topics.subscriptions(root, is_shared=True)]
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


def write_first(path: Path, root: str, passwords: Mapping[str, str]) -> None:
    """Write the plugin's file for a fresh broker: nobody may do anything but portal and simulator, with these ``passwords``.

    Raises ``FileExistsError`` rather than lock out whoever has an account there.
    """
    rights = {PORTAL: portal_rights(root), SIMULATOR: simulator_rights(root)}
    content = {
        "defaultACLAccess": _NOTHING,
        "clients": [_account(name, password) for name, password in passwords.items()],
        "groups": [],
        "roles": [{"rolename": name, "acls": rights[name]} for name in passwords],
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf8") as file:
        json.dump(content, file, indent=2)


def grant(device: str, secret: str, root: str) -> list[dict[str, Any]]:
    """Commands that give ``device`` this secret and its rights, whatever it had before; who used the old secret is thrown out."""
    role = _role(device)
    return [
        *withdraw(device),
        {"command": "createRole", "rolename": role, "acls": device_rights(device, root)},
        {"command": "createClient", "username": device, "password": secret, "roles": [{"rolename": role}]},
    ]


def withdraw(device: str) -> list[dict[str, Any]]:
    """Commands that take everything from ``device`` and throw it out."""
    return [{"command": "deleteClient", "username": device}, {"command": "deleteRole", "rolename": _role(device)}]


def _role(device: str) -> str:
    return f"device:{device}"


def _account(name: str, password: str) -> dict[str, Any]:
    salt = secrets.token_bytes(12)
    hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return {
        "username": name,
        "roles": [{"rolename": name}],
        "password": base64.b64encode(hashed).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": _ITERATIONS,
    }


def _right(kind: str, topic: str) -> dict[str, Any]:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
