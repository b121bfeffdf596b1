"""What the maker of a device is told of its messages."""

import json
from typing import Any

import pytest

from app.machines.profiles import SHIPPED, parsing
from app.monitoring.messages import Reason
from mqtt.check_words import NOTED, REFUSED
from mqtt.checking import Check, Sent

NOW = 1_795_420_800_000


def sent(kind: str, content: Any, *, at: int = NOW, device: str = "D1", **flags: Any) -> Sent:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Sent(f"evc/{device}/{kind}", payload, at, **({"is_retained": kind == "state"} | flags))


def birth(boot: str = "a", **more: Any) -> Sent:
    return sent("state", {"ts": NOW, "boot": boot, "seq": 0, "online": True, "faults": []} | more)


def telemetry(seq: int, boot: str = "a", **more: Any) -> Sent:
    return sent("telemetry", {"ts": NOW, "boot": boot, "seq": seq, "metrics": {"oil_temp": 50.0}} | more)


def fault_at(shift: int) -> Sent:
    return sent("fault", {"ts": NOW + shift, "boot": "a", "seq": shift, "code": "E", "active": True}, at=NOW + shift)


def said(*messages: Sent, check: Check | None = None) -> list[str]:
    check = check or Check("evc")
    return [finding.key for message in messages for finding in check.look(message)]


def test_it_works() -> None:
    check = Check("evc", parsing.parse(SHIPPED[0].read_text(encoding="utf8")))
    fault = {"ts": NOW, "boot": "a", "seq": 2, "code": "E04", "active": True}
    will = sent("state", {"online": False})
    assert said(birth(), telemetry(1), sent("fault", fault), will, birth("b"), telemetry(1, "b"), check=check) == []
    assert check.end() == []
    assert [(one.device, one.messages, one.errors) for one in check.summaries()] == [("D1", 6, 0)]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (sent("telemetry", b"{"), Reason.NOT_JSON),
        (sent("telemetry", b""), Reason.EMPTY),
        (sent("telemetry", "油温".encode("gbk")), Reason.NOT_UTF8),
        (sent("telemetry", b'{"metrics":{"a":NaN}}'), Reason.NOT_FINITE),
        (sent("telemetry", {"ts": "2026-11-23T08:00:00", "metrics": {}}), Reason.BAD_TIME),
        (sent("fault", {"ts": NOW, "code": "E04"}), Reason.WRONG_TYPE),
        (sent("nonsense", {}), Reason.UNKNOWN_TOPIC),
        (sent("state", {"online": True}, device="a b"), Reason.BAD_DEVICE),
    ],
)
def test_what_the_portal_refuses_is_said_with_its_reason(message: Sent, reason: Reason) -> None:
    assert reason in said(message)


@pytest.mark.parametrize(
    ("messages", "key"),
    [
        ([sent("telemetry", {"ts": NOW, "boot": "a", "seq": 1, "metrics": {}}, qos=0)], "qos_0"),
        ([sent("fault", {"ts": NOW, "boot": "a", "seq": 1, "code": "E", "active": True}, is_retained=True)], "retained"),
        ([sent("state", {"ts": NOW, "boot": "a", "seq": 0, "online": True, "faults": []}, is_retained=False)], "not_retained"),
        ([sent("telemetry", {"metrics": {}})], "no_identity"),
        ([sent("telemetry", {"ts": NOW, "metrics": {}})], "no_number"),
        ([sent("telemetry", {"boot": "a", "seq": 1, "metrics": {}})], "no_time"),
        ([telemetry(1, ts=NOW // 1_000)], "seconds"),
        ([telemetry(1, ts=NOW + 8 * 3_600_000 + 900)], "other_zone"),
        ([telemetry(1, ts=NOW + 2_001)], "ahead"),
        ([telemetry(1, ts=NOW - 300_001)], "behind"),
        ([birth(), telemetry(0, "b")], "not_from_0"),
        ([birth(), telemetry(3)], "missing"),
        ([birth(), telemetry(3), telemetry(2)], "filled"),
        ([birth(), telemetry(1), telemetry(1)], "again"),
        ([birth(), telemetry(1), telemetry(1, metrics={"oil_temp": 51.0})], Reason.KEY_CONFLICT),
        ([sent("state", {"ts": NOW, "boot": "a", "seq": 0, "online": True})], "birth_without_faults"),
        ([fault_at(0), fault_at(9)], "raised_again"),
    ],
)
def test_what_is_taken_in_but_not_right_is_said(messages: list[Sent], key: str) -> None:
    assert key in said(*messages)


@pytest.mark.parametrize(
    ("metrics", "key"),
    [
        ({"nonsense": 1}, "unknown_metric"),
        ({"oil_temp": "hot"}, "wrong_kind"),
        ({"oil_temp": True}, "wrong_kind"),
        ({"oil_temp": 900.0}, "out_of_range"),
    ],
)
def test_metrics_are_held_against_the_profile(metrics: dict[str, Any], key: str) -> None:
    check = Check("evc", parsing.parse(SHIPPED[0].read_text(encoding="utf8")))
    assert said(birth(), telemetry(1, metrics=metrics), check=check) == [key]
    assert said(telemetry(2, metrics={"oil_temp": None}), check=check) == []


def test_what_is_right_to_the_millisecond_is_not_complained_about() -> None:
    assert said(birth(), telemetry(1, ts=NOW + 2_000), telemetry(2, ts=NOW - 300_000)) == []


def test_a_boot_that_ran_before_anybody_listened_may_begin_anywhere() -> None:
    assert said(telemetry(400), telemetry(401)) == []


def test_a_device_that_never_says_it_is_there_is_named_at_the_end() -> None:
    check = Check("evc")
    said(telemetry(4), check=check)
    assert [finding.key for finding in check.end()] == ["no_birth"]
    assert [finding.key for finding in Check("evc").end()] == ["nothing"]


def test_everything_is_said_in_both_languages() -> None:
    assert set(REFUSED) == set(Reason)
    check = Check("evc")
    for message in (telemetry(1, ts=NOW + 8 * 3_600_000), sent("telemetry", b"{"), sent("x", b""), telemetry(1), telemetry(9)):
        for finding in check.look(message):
            assert finding.words("zh") != finding.words("en")
            assert "{" not in finding.words("zh").replace("JSON", "")
    assert {kind for kind, *_words in NOTED.values()} == {"error", "hint"}
