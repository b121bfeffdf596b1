"""From topic and bytes to typed messages: every rule of the contract (monitoring §1 and rule 4), no clock, no database.

The decoder takes duplicate keys silently. They are found by counting: the canonical text of what was
decoded has as many colons as the payload, unless a key was dropped or a colon was written as an escape.
"""

import json
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

import msgspec

from app.core.clock import to_ms
from app.monitoring.messages import MAX_PAYLOAD, Fault, Message, Reason, Rejected, State, Telemetry, digest, identity
from mqtt import topics

MAX_OBJECTS = 200
MAX_DEPTH = 8
MAX_METRICS = 200
LATEST_MS = 253_402_300_800_000  # the year 10000, where the calendar ends
_MAX_INTEGER = 2**63 - 1
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Integer = Annotated[int, msgspec.Meta(ge=-_MAX_INTEGER - 1, le=_MAX_INTEGER)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=_MAX_INTEGER)]


class _Body(msgspec.Struct):
    ts: str | int | None = None
    boot: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None
    seq: _Number | None = None


class _TelemetryBody(_Body, kw_only=True):
    metrics: dict[_Name, float | _Integer | bool | str | None]


class _FaultBody(_Body, kw_only=True):
    code: _Name
    active: bool
    value: float | _Integer | bool | str | None = None
    text: str | None = None


class _StateBody(_Body, kw_only=True):
    online: bool
    firmware: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    faults: list[_Name] | msgspec.UnsetType = msgspec.UNSET
    lost_below: _Number | None = msgspec.field(name="from", default=None)


BODIES: dict[str, type[_Body]] = {"telemetry": _TelemetryBody, "fault": _FaultBody, "state": _StateBody}
_anything = msgspec.json.Decoder()
_raw_list = msgspec.json.Decoder(list[msgspec.Raw])
_canonical = msgspec.json.Encoder(order="sorted")


class Received(NamedTuple):
    """One PUBLISH as it came; ``received_ms`` is milliseconds since 1970."""

    topic: str
    payload: bytes
    received_ms: int
    is_retained: bool = False
    is_redelivered: bool = False


class _Refused(Exception):
    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def read(received: Received, root: str) -> list[Message]:
    """The messages of one PUBLISH: one for each object of it, or one ``Rejected`` for the whole."""
    device, kind = topics.read(received.topic, root)
    try:
        if kind is None:
            raise _Refused(Reason.UNKNOWN_TOPIC)
        if device is None:
            raise _Refused(Reason.BAD_DEVICE)
        objects = _objects(received.payload)
    except _Refused as refused:
        return [_rejected(received, received.payload, refused, device)]
    return [_read_object(received, raw, device, kind) for raw in objects]


def _objects(payload: bytes) -> Iterable[bytes]:
    if not payload:
        raise _Refused(Reason.EMPTY)
    if len(payload) > MAX_PAYLOAD:
        raise _Refused(Reason.TOO_LARGE, f"{len(payload)} bytes")
    if payload.lstrip()[:1] != b"[":
        return (payload,)
    try:
        objects = [bytes(raw) for raw in _raw_list.decode(payload)]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _why_undecodable(payload) from None
    if not objects:
        raise _Refused(Reason.EMPTY)
    if len(objects) > MAX_OBJECTS:
        raise _Refused(Reason.TOO_MANY_OBJECTS, str(len(objects)))
    return objects


def _read_object(received: Received, raw: bytes, device: str, kind: str) -> Message:
    found: Any = None
    try:
        found = _decode(raw)
        canonical = _encode(found)
        if raw.count(b":") != canonical.count(b":") or b"\\u003" in raw:
            _check_keys(raw)
        if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(found) > MAX_DEPTH:
            raise _Refused(Reason.TOO_DEEP)
        if b"\\u0000" in raw and any("\0" in text for text in _texts(found)):
            raise _Refused(Reason.NUL_CHARACTER)
        return _message(received, raw, (device, kind), found, canonical)
    except _Refused as refused:
        return _rejected(received, raw, refused, device, found)


def _decode(raw: bytes) -> Any:
    try:
        return _anything.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _why_undecodable(raw) from None


def _encode(found: Any) -> bytes:
    try:
        return _canonical.encode(found)
    except (OverflowError, msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise _Refused(Reason.NOT_FINITE, str(error)) from None


def _message(received: Received, raw: bytes, source: tuple[str, str], found: Any, canonical: bytes) -> Message:
    device, kind = source
    body = _convert(found, kind)
    at_ms = None if body.ts is None else _read_time(body.ts)
    content = digest(kind.encode() + canonical)
    key = None
    if body.boot is not None and body.seq is not None:
        key = identity(device, body.boot, body.seq)
    elif at_ms is not None:
        key = content = digest(received.topic.encode() + b"\0" + canonical)
    if isinstance(body, _TelemetryBody):
        return Telemetry(
            topic=received.topic, received_ms=received.received_ms, key=key, content=content, boot=body.boot, seq=body.seq,
            is_retained=received.is_retained, is_redelivered=received.is_redelivered, device=device, at_ms=at_ms,
            metrics=_canonical.encode(body.metrics).decode(),
        )  # fmt: skip
    common: dict[str, Any] = {
        "topic": received.topic, "received_ms": received.received_ms, "key": key, "content": content, "boot": body.boot, "seq": body.seq,
        "is_retained": received.is_retained, "is_redelivered": received.is_redelivered, "device": device, "at_ms": at_ms,
    }  # fmt: skip
    if isinstance(body, _FaultBody):
        return Fault(**common, code=body.code, is_active=body.active, payload=raw.decode())
    assert isinstance(body, _StateBody)
    return State(**common, is_online=body.online, firmware=body.firmware, lost_below=body.lost_below, payload=raw.decode())


def _convert(found: Any, kind: str) -> _Body:
    try:
        body = msgspec.convert(found, BODIES[kind])
    except msgspec.ValidationError as error:
        is_huge = any(isinstance(leaf, int) and abs(leaf) > _MAX_INTEGER + 1 for leaf in _leaves(found))
        raise _Refused(Reason.NOT_FINITE if is_huge else Reason.WRONG_TYPE, str(error)) from None
    if isinstance(body, _TelemetryBody) and len(body.metrics) > MAX_METRICS:
        raise _Refused(Reason.TOO_MANY_METRICS, str(len(body.metrics)))
    return body


def _read_time(ts: str | int) -> int:
    at_ms = ts if isinstance(ts, int) else _read_iso(ts)
    if 0 <= at_ms < LATEST_MS:
        return at_ms
    raise _Refused(Reason.BAD_TIME, str(ts)[:64])


def _read_iso(ts: str) -> int:
    try:
        at = datetime.fromisoformat(ts)
    except ValueError:
        at = datetime.fromisoformat(ts.upper()) if ts.endswith("z") and _is_iso(ts.upper()) else _read_leap_second(ts.upper())
    if at.tzinfo is None:
        raise _Refused(Reason.BAD_TIME, f"no zone: {ts[:64]}")
    return to_ms(at)


def _is_iso(ts: str) -> bool:
    try:
        datetime.fromisoformat(ts)
    except ValueError:
        return False
    return True


def _read_leap_second(ts: str) -> datetime:
    """A leap second counts as the last millisecond before it, so that order is kept."""
    head, _, rest = ts.partition(":60")
    zone = rest.lstrip(".,0123456789")
    try:
        at = datetime.fromisoformat(f"{head}:59.999{zone}")
    except ValueError:
        raise _Refused(Reason.BAD_TIME, ts[:64]) from None
    if not rest or at.minute != 59 or at.second != 59:
        raise _Refused(Reason.BAD_TIME, ts[:64])
    return at


def _rejected(received: Received, raw: bytes, refused: _Refused, device: str | None, found: Any = None) -> Rejected:
    boot, seq = _identity_of(found) if device is not None else (None, None)
    content = digest(raw)
    key = digest(b"\1" + received.topic.encode() + b"\0" + raw)
    if device is not None and boot is not None and seq is not None:
        key = identity(device, boot, seq)
    return Rejected(
        topic=received.topic.replace("\0", "�"), received_ms=received.received_ms, key=key, content=content, boot=boot, seq=seq,
        is_retained=received.is_retained, is_redelivered=received.is_redelivered, device=device, payload=raw[:MAX_PAYLOAD],
        size=len(raw), sha256=sha256(raw).digest(), reason=refused.reason, detail=refused.detail.replace("\0", "�"),
    )  # fmt: skip


def _identity_of(found: Any) -> tuple[str | None, int | None]:
    if not isinstance(found, dict):
        return None, None
    boot, seq = found.get("boot"), found.get("seq")
    is_boot = isinstance(boot, str) and 0 < len(boot) <= 32 and "\0" not in boot
    is_seq = type(seq) is int and 0 <= seq <= _MAX_INTEGER
    return (boot, seq) if is_boot and is_seq else (None, None)


def _why_undecodable(raw: bytes) -> _Refused:
    if raw.startswith(_BYTE_ORDER_MARKS):
        return _Refused(Reason.BYTE_ORDER_MARK)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return _Refused(Reason.NOT_UTF8, str(error))
    try:
        numbers_only = json.loads(text, parse_constant=float, parse_int=_finite, parse_float=_finite)
    except RecursionError:
        return _Refused(Reason.TOO_DEEP)
    except ValueError as error:
        return _Refused(Reason.NOT_JSON, str(error))
    if any(isinstance(number, float) and not math.isfinite(number) for number in _leaves(numbers_only)):
        return _Refused(Reason.NOT_FINITE)
    return _Refused(Reason.TOO_DEEP if _depth(numbers_only) > MAX_DEPTH else Reason.NOT_JSON)


def _finite(number: str) -> float:
    return float(number)


def _check_keys(raw: bytes) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise _Refused(Reason.DUPLICATE_KEY)
        return found

    try:
        json.loads(raw, object_pairs_hook=once)
    except RecursionError:
        raise _Refused(Reason.TOO_DEEP) from None


def _depth(found: Any) -> int:
    level, depth = [found], 0
    while level := [value for value in level if isinstance(value, dict | list)]:
        depth += 1
        level = [child for value in level for child in (value.values() if isinstance(value, dict) else value)]
    return depth


def _leaves(found: Any) -> Iterator[Any]:
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.keys()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        else:
            yield value


def _texts(found: Any) -> Iterator[str]:
    return (leaf for leaf in _leaves(found) if isinstance(leaf, str))
