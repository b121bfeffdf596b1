"""Reading profile files: what is good is typed, what is bad is refused whole with its line (monitoring §5)."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InvalidFile
from app.machines.profiles import SEVERITIES, SHIPPED, Opening, code
from app.machines.profiles.parsing import parse

HEAD = "profile: p1\nname: {zh: 站, en: Station}\n"
METRIC = "metrics: {t: {unit: °C, name: {zh: 温, en: T}}}\n"
# The example of monitoring §5: a part of a profile, so that some codes and metrics are named without being described.
EXAMPLE = """profile: underground_compactor_v1
name: {zh: 地埋式压缩站, en: Underground compactor}
expected_interval_s: 60
metrics:
  oil_temp: {unit: °C, kind: number, range: [-40, 120], name: {zh: 油温, en: Oil temperature}}
codes:
  E04: {name: {zh: 油温高, en: Oil temperature high}, severity: high, family: oil_temp, component: hydraulics, latching: false,
        safety: false, ticket: open}   # open | none | {after_s: 7200} | {count: 3, within_s: 3600}
rules:
  - {code: E04, metric: oil_temp, levels: [{above: 65, severity: low}, {above: 75, severity: high}], deadband: 1, on_delay_s: 60}
  - {code: E06, metric: oil_level, below: 50, deadband: 2}
  - {code: X01, metric: oil_temp, rises: 10, within_s: 300}
combinations:
  - {code: C01, all_of: [E06, E08], within_s: 3600, name: {zh: 液压泄漏, en: Hydraulic leak}, severity: high, ticket: open}
suppress:
  - {parent: E01, children: [E10, E11, E13]}
"""


def mistakes(text: str) -> list[tuple[int, str]]:
    with pytest.raises(InvalidFile) as refused:
        parse(text)
    return [(line, message % params) for line, message, params in refused.value.lines]


def test_it_works() -> None:
    profile = parse(EXAMPLE)
    policy = code(profile, "E04")
    assert (policy.name_zh, policy.severity, policy.family, policy.ticket.opening) == ("油温高", "high", "oil_temp", Opening.OPEN)
    assert [level.above for level in profile.rules[0].levels] == [65, 75]
    assert {remark.params.get("code") for remark in profile.remarks} >= {"E06", "X01"}


def test_the_shipped_profile_is_whole_and_describes_all_it_names() -> None:
    profile = parse(SHIPPED[0].read_text(encoding="utf8"))
    assert set(profile.codes) >= {f"E{number:02d}" for number in range(1, 26)} | {"COMM_LOST", "CLOCK_SKEW", "C01"}
    assert profile.remarks == ()
    assert {name for name, policy in profile.codes.items() if policy.safety} == {"E16", "E19", "E21", "E24"}
    assert code(profile, "E18").ticket.opening is Opening.NONE
    assert {name for name, policy in profile.codes.items() if policy.latching} == {
        "E01", "E02", "E03", "E05", "E09", "E12", "E16", "E21", "E24",
    }  # fmt: skip


def test_an_unknown_code_is_high_and_opens_a_ticket() -> None:
    policy = code(parse(EXAMPLE), "E99")
    assert (policy.severity, policy.family, policy.ticket.opening, policy.is_in_profile) == ("high", "E99", Opening.OPEN, False)
    assert code(None, "E99") == policy


def test_the_family_of_a_code_is_the_code_itself_unless_named() -> None:
    assert code(parse(HEAD + "codes: {E1: {name: {zh: a, en: a}, severity: low}}"), "E1").family == "E1"


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("x: 1", 3, "x is not known here."),
        ("expected_interval_s: .nan", 3, "must be a number"),
        ("expected_interval_s: 0", 3, "whole number"),
        ("metrics: [1]", 3, "must be a group"),
        ("metrics:\n  t: {name: {zh: a, en: b}, kind: numbr}", 4, "must be one of: number, boolean, text"),
        ("metrics:\n  t: {name: {zh: a, en: b}, range: [3, 1]}", 4, "the smaller first"),
        ("metrics:\n  t: {name: {zh: a, en: b}, kind: text, range: [1, 2]}", 4, "only for metrics of kind number"),
        ("codes:\n  E1: {severity: high}", 4, "codes.E1.name is missing"),
        ("codes:\n  E1: {name: {zh: a}, severity: high}", 4, "codes.E1.name.en is missing"),
        ("codes:\n  E1: {name: {zh: a, en: b}, severity: worst}", 4, "must be one of: critical, high, low"),
        ("codes:\n  E1: {name: {zh: a, en: b}, severity: low, ticket: maybe}", 4, "must be one of: open, none"),
        ("codes:\n  E1: {name: {zh: a, en: b}, severity: low, ticket: {count: 1, within_s: 5}}", 4, "from 2 to"),
        ("codes:\n  E1: {name: {zh: a, en: b}, severity: low, ticket: {after_s: 5, count: 2}}", 4, "count is not known"),
        ("codes:\n  E1: {name: {zh: a, en: b}, severity: low}\n  E1: {name: {zh: a, en: b}, severity: low}", 5, "stands here twice"),
        ("codes:\n  'E 1': {name: {zh: a, en: b}, severity: low}", 4, "1 to 64 letters"),
        ("rules:\n  - {code: E1}", 4, "needs exactly one of"),
        ("rules:\n  - {code: E1, metric: t, above: 1, below: 2}", 4, "needs exactly one of"),
        ("rules:\n  - {code: E1, metric: t, rises: 1}", 4, "belongs to rises"),
        ("rules:\n  - {code: E1, metric: t, levels: []}", 4, "must not be empty"),
        ("rules:\n  - {code: E1, metric: t, above: 1, missing_s: 600}", 4, "needs exactly one of"),
        ("rules:\n  - {code: E1, metric: t, missing_s: 119}", 4, "at least two expected intervals: 120 s"),
        ("rules:\n  - {code: E1, metric: t, missing_s: 600, deadband: 1}", 4, "does not go with missing_s"),
        ("rules:\n  - {code: E1, metric: t, missing_s: 600, on_delay_s: 1}", 4, "does not go with missing_s"),
        ("rules:\n  - {code: E1, metric: t, levels: [{above: 5}, {above: 4}]}", 4, "must go one way"),
        ("rules:\n  - {code: E1, metric: t, levels: [{above: 4, severity: high}, {above: 5, severity: low}]}", 4, "must go one way"),
        ("rules:\n  - {code: E1, metric: t, above: .inf}", 4, "must be a number"),
        ("combinations:\n  - {code: C1, all_of: [E1], within_s: 5, name: {zh: a, en: b}, severity: low}", 4, "at least 2"),
        ("combinations:\n  - {code: C1, all_of: [C1, E1], within_s: 5, name: {zh: a, en: b}, severity: low}", 4, "part of itself"),
        ("suppress:\n  - {parent: E1, children: [E1]}", 4, "would suppress itself"),
        ("suppress:\n  - {parent: E1, children: [E2]}\n  - {parent: E2, children: [E1]}", 5, "would suppress itself"),
        ("a: &x 1\nb: *x", 4, "references"),
        ("a: [", 4, "not YAML"),
    ],
)
def test_each_mistake_is_told_with_its_line(body: str, line: int, words: str) -> None:
    found = mistakes(HEAD + body)
    assert [told for told in found if told[0] == line and words in told[1]], found


def test_all_mistakes_are_told_at_once() -> None:
    assert len(mistakes("profile: a b\nname: {zh: x}\nfoo: 1\nexpected_interval_s: x\n")) == 4


@pytest.mark.parametrize(
    "text", ["", "[1]", "\0", "a: 1\n---\nb: 2", "!!python/object/apply:os.system [ls]", "[" * 5000, "x: " + "a" * 600_000]
)
def test_what_is_no_profile_at_all_is_refused(text: str) -> None:
    assert mistakes(text)


_name = st.text("abcXYZ019._-", min_size=1, max_size=12)
_words = st.fixed_dictionaries({"zh": st.sampled_from(["油温", "压力", "站"]), "en": st.sampled_from(["Oil", "Yes", "12", "null", "no"])})
_ticket = st.one_of(
    st.sampled_from(["open", "none"]),
    st.fixed_dictionaries({"after_s": st.integers(1, 9999)}),
    st.fixed_dictionaries({"count": st.integers(2, 99), "within_s": st.integers(1, 9999)}),
)
_code = st.fixed_dictionaries(
    {"name": _words, "severity": st.sampled_from(SEVERITIES)}, optional={"family": _name, "latching": st.booleans(), "ticket": _ticket}
)
_metric = st.fixed_dictionaries(
    {"name": _words}, optional={"unit": st.sampled_from(["°C", "%", "MPa"]), "range": st.builds(lambda: [-40, 120.5])}
)


@settings(max_examples=60, deadline=None)
@given(codes=st.dictionaries(_name, _code, max_size=6), metrics=st.dictionaries(_name, _metric, max_size=4), flow=st.booleans())
def test_what_was_written_is_read(codes: dict, metrics: dict, flow: bool) -> None:
    document = {"profile": "p1", "name": {"zh": "站", "en": "Station"}, "metrics": metrics, "codes": codes}
    profile = parse(yaml.safe_dump(document, allow_unicode=True, default_flow_style=flow))
    assert list(profile.codes) == sorted(codes)
    for name, given_code in codes.items():
        policy = profile.codes[name]
        assert (policy.name_zh, policy.name_en) == (given_code["name"]["zh"], given_code["name"]["en"])
        assert (policy.severity, policy.family) == (given_code["severity"], given_code.get("family", name))
        assert policy.latching == given_code.get("latching", False)
    assert {key: metric.unit for key, metric in profile.metrics.items()} == {key: value.get("unit", "") for key, value in metrics.items()}
