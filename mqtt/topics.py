"""Topics of the contract (monitoring §1): ``<root>/<device>/telemetry | fault | state`` in, ``<root>/<device>/ack`` out."""

import re
from functools import lru_cache
from typing import NamedTuple

KINDS = ("telemetry", "fault", "state")
GROUP = "customer-centre"
_DEVICE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Topic(NamedTuple):
    """Device code and kind; each is None when the topic does not have a good one."""

    device: str | None
    kind: str | None


@lru_cache(maxsize=50_000)
def read(topic: str, root: str) -> Topic:
    """Take ``topic`` apart."""
    levels = topic.split("/")
    if len(levels) != 3 or levels[0] != root or levels[2] not in KINDS:
        return Topic(None, None)
    return Topic(levels[1] if _DEVICE.fullmatch(levels[1]) else None, levels[2])


def subscriptions(root: str, *, is_shared: bool = False) -> list[str]:
    """What the portal subscribes to: exactly these three; shared, each message goes to one of several connections."""
    prefix = f"$share/{GROUP}/" if is_shared else ""
    return [f"{prefix}{root}/+/{kind}" for kind in KINDS]


def of(kind: str, device: str, root: str) -> str:
    """The topic of ``kind`` (or ``ack``) of ``device``."""
    return f"{root}/{device}/{kind}"


def acknowledgement(device: str, root: str) -> str:
    """Where the receipt of ``device`` is published."""
    return of("ack", device, root)
