"""The contract of the feed (monitoring §1) as an AsyncAPI 3 document; its schemas are made from the decoders."""

import json
from typing import Any

import msgspec

from app.monitoring.messages import MAX_PAYLOAD
from mqtt import payloads, topics

VERSION = "1.0.0"
_SCHEMA = "#/components/schemas/{name}"
_TIME = (
    "ISO 8601 with a zone, or milliseconds since 1970-01-01T00:00:00Z as an integer. Without it the time of receipt counts."
    " A time without a zone is refused."
)
_DESCRIBED = {
    "ts": _TIME,
    "boot": "Names one start of the device; opaque. Required together with seq if nothing may count twice.",
    "seq": "Starts at 0 with the birth, rises by one with each message of any topic of this boot.",
    "metrics": "Name of each measured value to the value. null: could not be measured.",
    "code": "Code of the fault as in the monitoring profile.",
    "active": "true when the fault comes, false when it goes; once each.",
    "value": "The value that raised the fault, if there is one.",
    "text": "What the device calls it; shown, never interpreted.",
    "online": "true: birth, sent first after each connection. false: last will, without ts, boot and seq.",
    "firmware": "Version of the device's software.",
    "faults": "All faults that stand now; an empty list when there are none. What is not named here has gone.",
    "from": "Lower numbers of this boot are gone and will not be sent again.",
}
_EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "telemetry": [
        {"ts": "2026-11-23T08:00:00.123Z", "boot": "a1", "seq": 17, "metrics": {"oil_temp": 61.2, "mode": "auto", "e_stop": False}}
    ],
    "fault": [
        {"ts": 1795420800123, "boot": "a1", "seq": 18, "code": "E04", "active": True, "value": 66.1, "text": "oil temperature high"},
        {"ts": 1795420980000, "boot": "a1", "seq": 21, "code": "E04", "active": False},
    ],
    "state": [
        {"ts": "2026-11-23T08:00:00Z", "boot": "a2", "seq": 0, "online": True, "firmware": "1.4", "faults": ["E04"]},
        {"online": False},
    ],
    "ack": [{"boot": "a1", "upto": 18, "missing": [[7, 9]]}],
}
_SAID = {
    "telemetry": "Metrics of the device at one moment. Not retained.",
    "fault": "A fault comes or goes. Not retained.",
    "state": "Birth and last will. Retained.",
}
_RECEIPT = {
    "title": "Receipt",
    "description": "Published retained with QoS 1 after what it names is stored: at most once a second, and again on each birth.",
    "type": "object",
    "properties": {
        "boot": {"type": "string", "description": "The boot it is about."},
        "upto": {"type": "integer", "description": "Everything up to this number is stored, but for what is missing; it may be forgotten."},
        "missing": {
            "type": "array",
            "maxItems": 20,
            "description": "Ranges [first, last] that did not arrive: send them again.",
            "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer", "minimum": 0}},
        },
    },
    "required": ["boot", "upto", "missing"],
}


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of one object of each kind of message, as its decoder has it."""
    bodies = payloads.BODIES
    _references, found = msgspec.json.schema_components(list(bodies.values()), ref_template=_SCHEMA)
    made = {}
    for kind, body in bodies.items():
        schema = found[body.__name__] | {"title": kind.capitalize(), "description": _SAID[kind], "additionalProperties": True}
        schema["properties"] = {
            name: part | {"description": _DESCRIBED[name]} | ({"maxProperties": payloads.MAX_METRICS} if name == "metrics" else {})
            for name, part in schema["properties"].items()
        }
        made[kind] = schema
    return made


def document(root: str = "evc") -> dict[str, Any]:
    """The AsyncAPI document, seen from the device: it sends telemetry, fault and state, and receives the receipt."""
    made = schemas()
    channels = {kind: _channel(topics.of(kind, "{device}", root), kind) for kind in (*topics.KINDS, "ack")}
    messages = {kind: _message(kind, _SCHEMA.format(name=kind)) for kind in (*topics.KINDS, "ack")}
    operations = {f"send_{kind}": _operation("send", kind, is_retained=kind == "state") for kind in topics.KINDS}
    operations["receive_ack"] = _operation("receive", "ack", is_retained=True)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Customer Centre: feed of the machines",
            "version": VERSION,
            "description": (
                f"MQTT 5, QoS 1, JSON in UTF-8, at most {MAX_PAYLOAD // 1024} KiB a message. A message is one object, or an array of up to"
                f" {payloads.MAX_OBJECTS} objects that are sent late. An object nests at most {payloads.MAX_DEPTH} deep and has no key"
                " twice, no NaN and no infinity. The same boot and seq with the same content is ignored; with other content the first"
                " one stays."
            ),
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {**made, "ack": _RECEIPT},
            "parameters": {"device": {"description": "The device code: 1 to 64 of A-Z a-z 0-9 . _ -"}},
        },
    }


def _channel(address: str, kind: str) -> dict[str, Any]:
    return {
        "address": address,
        "parameters": {"device": {"$ref": "#/components/parameters/device"}},
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"}},
    }


def _message(kind: str, schema: str) -> dict[str, Any]:
    item = {"$ref": schema}
    late = {"type": "array", "minItems": 1, "maxItems": payloads.MAX_OBJECTS, "items": item}
    return {
        "name": kind,
        "payload": item if kind == "ack" else {"oneOf": [item, late]},
        "examples": [{"payload": example} for example in _EXAMPLES[kind]],
    }


def _operation(action: str, kind: str, *, is_retained: bool) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{kind}"},
        "messages": [{"$ref": f"#/channels/{kind}/messages/{kind}"}],
        "bindings": {"mqtt": {"qos": 1, "retain": is_retained}},
    }


def as_text(root: str = "evc") -> str:
    """The document as it is published."""
    return json.dumps(document(root), ensure_ascii=False, indent=2) + "\n"
