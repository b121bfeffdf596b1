"""What can come off the feed, typed: the meaning of one payload object, whatever way of writing it was used (monitoring §1).

Times are milliseconds since 1970, UTC. ``key`` is the 16-byte identity and ``content`` the 16-byte digest of
what was said; a message without ``key`` stands outside the promise that nothing is doubled.
"""

from enum import StrEnum
from hashlib import blake2b

import msgspec

DIGEST_SIZE = 16
MAX_PAYLOAD = 64 * 1024


class Reason(StrEnum):
    """Why a message could not be used (monitoring rule 4)."""

    UNKNOWN_TOPIC = "unknown_topic"
    BAD_DEVICE = "bad_device"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_OBJECTS = "too_many_objects"
    BYTE_ORDER_MARK = "byte_order_mark"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_FINITE = "not_finite"
    TOO_DEEP = "too_deep"
    DUPLICATE_KEY = "duplicate_key"
    NUL_CHARACTER = "nul_character"
    TOO_MANY_METRICS = "too_many_metrics"
    WRONG_TYPE = "wrong_type"
    BAD_TIME = "bad_time"
    KEY_CONFLICT = "key_conflict"
    UNSTORABLE = "unstorable"


class _Message(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """``at_ms`` is the device's own time, None when it sent none; ``received_ms`` is when the portal had it."""

    topic: str
    received_ms: int
    key: bytes | None = None
    content: bytes = b""
    boot: str | None = None
    seq: int | None = None
    is_retained: bool = False
    is_redelivered: bool = False


class _Usable(_Message, frozen=True, gc=False, kw_only=True):
    device: str
    at_ms: int | None


class Telemetry(_Usable, frozen=True, gc=False, kw_only=True, tag="telemetry"):
    """Metrics of a device at one moment; ``metrics`` is their canonical JSON object."""

    metrics: str


class Fault(_Usable, frozen=True, gc=False, kw_only=True, tag="fault"):
    """A fault that came or went; ``payload`` is the object as it was written."""

    code: str
    is_active: bool
    payload: str


class State(_Usable, frozen=True, gc=False, kw_only=True, tag="state"):
    """A birth (``is_online``) or a last will; ``lost_below`` is a birth's ``from``: lower numbers are gone."""

    is_online: bool
    payload: str
    firmware: str | None = None
    lost_below: int | None = None


class Rejected(_Message, frozen=True, gc=False, kw_only=True, tag="rejected"):
    """What could not be used: the first 64 KiB, its full size and digest, and why; identity as far as it could be read."""

    payload: bytes
    size: int
    sha256: bytes
    reason: Reason
    detail: str = ""
    device: str | None = None


Usable = Telemetry | Fault | State
Message = Telemetry | Fault | State | Rejected


def identity(device: str, boot: str, seq: int) -> bytes:
    """Key of a numbered message."""
    return digest(b"%b\0%b\0%d" % (device.encode(), boot.encode(), seq))


def digest(content: bytes) -> bytes:
    """16-byte BLAKE2b."""
    return blake2b(content, digest_size=DIGEST_SIZE).digest()
