"""Changing the text of a profile: what was not changed stays as it was written, and what comes out means what was asked for."""

import copy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.machines.profiles import SHIPPED
from app.machines.profiles.editing import drop, put, read, written
from app.machines.profiles.parsing import parse

TEXT = """# our profile
profile: p1 # never change
name: {zh: 站, en: Station}
codes: # as the maker lists them
  E1: {name: {zh: 一, en: One}, severity: low, on_delay_s: 5} # agreed in May
  # two is special
  E2:
    name: {zh: 二, en: Two} # both
    severity: high # not critical
    latching: true
  E3: {name: {zh: 三, en: Three}, severity: low,
       component: pit} # over two lines
rules:
  - {code: E1, metric: t, levels: [{above: 5, severity: low}, {above: 6}], deadband: 1} # hot
  - code: E2 # block
    metric: t
    below: 3
# the end
"""
SHIPPED_TEXT = SHIPPED[0].read_text(encoding="utf8")


def test_it_works() -> None:
    text = put(TEXT, ("codes", "E1", "severity"), "critical")
    assert text == TEXT.replace("severity: low, on_delay_s", "severity: critical, on_delay_s")
    assert parse(text).codes["E1"].severity == "critical"


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        (("codes", "E2", "severity"), "low", "severity: high #", "severity: low #"),
        (("codes", "E2", "off_delay_s"), 30, "    latching: true\n", "    latching: true\n    off_delay_s: 30\n"),
        (("codes", "E1", "safety"), True, "on_delay_s: 5}", "on_delay_s: 5, safety: true}"),
        (("codes", "E3", "component"), "ram: 2", "component: pit}", 'component: "ram: 2"}'),
        (("codes", "E4"), {"name": {"zh": "四", "en": "no"}, "severity": "low"}, "# over two lines\n",
         '# over two lines\n  E4: {name: {zh: 四, en: "no"}, severity: low}\n'),
        (("rules", 0, "levels", 1), {"above": 7.5}, "{above: 6}", "{above: 7.5}"),
        (("rules", 1, "below"), 2, "below: 3", "below: 2"),
        (("rules", 2), {"code": "E3", "metric": "t", "above": 1}, "    below: 3\n",
         "    below: 3\n  - {code: E3, metric: t, above: 1}\n"),
        (("name", "en"), "Station 2", "en: Station}", "en: Station 2}"),
        (("suppress", 0), {"parent": "E1", "children": ["E2"]}, "    below: 3\n",
         "    below: 3\nsuppress: [{parent: E1, children: [E2]}]\n"),
    ],
)  # fmt: skip
def test_only_what_was_changed_is_written_anew(path: tuple, value: object, before: str, after: str) -> None:
    assert TEXT.count(before) == 1
    assert put(TEXT, path, value) == TEXT.replace(before, after)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (("codes", "E1", "on_delay_s"), ", on_delay_s: 5", ""),
        (("codes", "E2", "latching"), "    latching: true\n", ""),
        (("codes", "E1"), "  E1: {name: {zh: 一, en: One}, severity: low, on_delay_s: 5} # agreed in May\n", ""),
        (("rules", 0, "levels", 0), "{above: 5, severity: low}, ", ""),
        (("rules", 1), "  - code: E2 # block\n    metric: t\n    below: 3\n", ""),
        (("rules", 1, "metric"), "    metric: t\n", ""),
    ],
)
def test_what_is_taken_out_leaves_the_rest_as_it_was(path: tuple, before: str, after: str) -> None:
    assert TEXT.count(before) == 1
    assert drop(TEXT, path) == TEXT.replace(before, after)


def test_a_part_that_is_empty_goes_with_its_last_entry() -> None:
    assert "rules" not in read(drop(drop(TEXT, ("rules", 0)), ("rules", 0)))
    assert "# the end" in drop(drop(TEXT, ("rules", 0)), ("rules", 0))


def test_the_remarks_of_the_shipped_profile_survive_every_single_change() -> None:
    whole = read(SHIPPED_TEXT)
    remarks = {line.strip() for line in SHIPPED_TEXT.splitlines() if line.strip().startswith("#")}
    for name in whole["codes"]:
        text = put(SHIPPED_TEXT, ("codes", name, "severity"), "critical")
        assert remarks <= {line.strip() for line in text.splitlines()}
        assert len(text.splitlines()) == len(SHIPPED_TEXT.splitlines())
        assert parse(text).codes[name].severity == "critical"
    for place in range(len(whole["rules"])):
        assert remarks <= {line.strip() for line in drop(SHIPPED_TEXT, ("rules", place)).splitlines()}


def test_what_is_not_there_cannot_be_taken_out() -> None:
    for path in (("codes", "E9"), ("rules", 7), ("codes", "E1", "family")):
        with pytest.raises(ValueError, match="nothing"):
            drop(TEXT, path)


_text = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
_value = st.one_of(
    st.booleans(),
    st.integers(-999, 10**9),
    st.floats(-1e6, 1e6),
    _text,
    st.sampled_from(["no", "1", "~", "a: b", "#", "null", "1e5", "0x1f", "2026-01-01"]),
)
_group = st.dictionaries(
    st.sampled_from(["a", "b", "c", "on", "1"]), st.one_of(_value, st.lists(_value, min_size=1, max_size=3)), min_size=1
)


@settings(max_examples=120, deadline=None)
@given(before=_group, after=_group, is_flow=st.sampled_from([True, False, None]))
def test_whatever_is_changed_the_text_says_what_was_asked_for(before: dict, after: dict, is_flow: bool | None) -> None:
    document = copy.deepcopy({"codes": {"E1": before, "E2": {"x": 1}}}) | {"rules": copy.deepcopy([before, {"y": [1]}])}
    text = "# first\n" + yaml.safe_dump(document, allow_unicode=True, default_flow_style=is_flow, sort_keys=False) + "# last\n"
    if written(read(text)) != written(document):  # YAML 1.1 reads some texts as something else
        return
    for path in (("codes", "E1"), ("rules", 0), ("codes", "E3"), ("rules", 2)):
        changed = put(text, path, after)
        found = read(changed)
        assert found[path[0]][path[1]] == after
        assert {name: one for name, one in found["codes"].items() if name not in path} == {
            name: one for name, one in document["codes"].items() if name not in path
        }
        assert "# last" in changed
    assert read(drop(text, ("codes", "E1")))["codes"] == {"E2": {"x": 1}}
    assert read(drop(text, ("rules", 0)))["rules"] == [{"y": [1]}]
