"""The published contract is what the decoders understand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.monitoring.messages import Rejected
from mqtt import contract, payloads

ROOT = Path(__file__).parents[2]


def decoded(kind: str, content: Any) -> list[Any]:
    return payloads.read(payloads.Received(f"evc/D1/{kind}", json.dumps(content).encode(), 1), "evc")


_names = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=70)
_values = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(-1e9, 1e9), st.text("abc", max_size=5))
_fields: dict[str, st.SearchStrategy[Any]] = {
    "ts": st.one_of(st.integers(0, 2**40), st.just("2026-11-23T08:00:00Z"), st.none(), st.booleans(), st.just(1.5)),
    "boot": st.one_of(st.text("ab", max_size=40), st.none(), st.integers()),
    "seq": st.one_of(st.integers(-3, 2**64), st.none(), st.text(max_size=2)),
    "metrics": st.one_of(st.dictionaries(_names, _values, max_size=4), st.none(), st.lists(_values, max_size=2)),
    "code": st.one_of(_names, st.none(), st.integers()),
    "active": st.one_of(st.booleans(), st.integers(0, 1)),
    "value": _values,
    "text": st.one_of(st.none(), st.text("ab", max_size=3), st.integers()),
    "online": st.one_of(st.booleans(), st.none()),
    "firmware": st.one_of(st.text("ab", max_size=70), st.none()),
    "faults": st.one_of(st.lists(_names, max_size=3), st.none()),
    "from": st.one_of(st.integers(-2, 9), st.none()),
    "more": _values,
}


def test_it_works() -> None:
    assert (ROOT / "static/feed/asyncapi.json").read_text(encoding="utf8") == contract.as_text()


@pytest.mark.parametrize("kind", ["telemetry", "fault", "state"])
def test_every_example_is_taken_in_and_fits_its_schema(kind: str) -> None:
    for example in contract.document()["components"]["messages"][kind]["examples"]:
        Draft202012Validator(contract.schemas()[kind]).validate(example["payload"])
        assert not isinstance(decoded(kind, example["payload"])[0], Rejected)


@pytest.mark.parametrize("kind", ["telemetry", "fault", "state"])
@given(content=st.fixed_dictionaries({}, optional=_fields))
@settings(max_examples=300)
def test_what_fits_the_schema_is_taken_in_and_nothing_else(kind: str, content: dict[str, Any]) -> None:
    is_valid = Draft202012Validator(contract.schemas()[kind]).is_valid(content)
    assert is_valid == (not isinstance(decoded(kind, content)[0], Rejected))


def test_every_field_is_described() -> None:
    assert all(part.get("description") for schema in contract.schemas().values() for part in schema["properties"].values())


def test_references_lead_somewhere() -> None:
    document = contract.document()
    for reference in _references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)
