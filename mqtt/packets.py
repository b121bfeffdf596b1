"""The two packets that come and go by the thousand, in MQTT 3.1.1 and 5; all others are the client library's.

Layout by the MQTT 5.0 standard, 2.1 (header), 3.3 (PUBLISH) and 3.4 (PUBACK).
"""

from typing import NamedTuple

PUBLISH = 3
PUBACK = 4
REFUSED_FROM = 0x80


class Published(NamedTuple):
    """A PUBLISH as it came; ``mid`` is 0 with QoS 0."""

    topic: str
    payload: bytes
    mid: int
    qos: int
    is_retained: bool
    is_redelivered: bool


def header(buffer: bytes, start: int) -> tuple[int, int] | None:
    """Where the body of the packet at ``start`` begins and ends, None while its header is not complete.

    Raises ``ValueError`` for a length that no packet has.
    """
    length = shift = 0
    for at in range(start + 1, min(start + 5, len(buffer))):
        length |= (buffer[at] & 0x7F) << shift
        if buffer[at] < 0x80:
            return at + 1, at + 1 + length
        shift += 7
    if len(buffer) >= start + 5:
        raise ValueError("malformed packet length")
    return None


def read_publish(first: int, body: bytes, *, has_properties: bool) -> Published:
    """Take a PUBLISH of QoS 0 or 1 apart. Raises ``IndexError`` or ``ValueError`` when it is malformed."""
    qos = (first >> 1) & 3
    at = 2 + (body[0] << 8 | body[1])
    topic = body[2:at].decode(errors="backslashreplace")
    mid = 0
    if qos:
        mid = body[at] << 8 | body[at + 1]
        at += 2
    if has_properties:
        if body[at]:
            found = header(body, at - 1)
            if found is None:
                raise ValueError("malformed properties")
            at = found[1]
        else:
            at += 1
    return Published(topic, body[at:], mid, qos, bool(first & 1), bool(first & 8))


def write_publish(topic: str, payload: bytes, mid: int, *, has_properties: bool) -> bytes:
    """A retained PUBLISH with QoS 1."""
    name = topic.encode()
    body = b"%b%b%b%b%b" % (len(name).to_bytes(2), name, mid.to_bytes(2), b"\0" if has_properties else b"", payload)
    return b"\x33" + _length(len(body)) + body


def read_puback(body: bytes) -> tuple[int, int]:
    """Packet identifier and reason (0 is success)."""
    return body[0] << 8 | body[1], body[2] if len(body) > 2 else 0


def write_puback(mid: int) -> bytes:
    """A PUBACK that says success."""
    return b"\x40\x02" + mid.to_bytes(2)


def _length(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
