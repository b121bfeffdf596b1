"""The contract's payloads (monitoring §1 and rule 4): what is taken, what is refused and why."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.clock import to_ms
from app.monitoring.messages import Fault, Reason, Rejected, State, Telemetry
from mqtt.payloads import Received, read

RECEIVED_MS = 1_795_000_000_000


def read_one(payload, kind="telemetry", device="D1"):
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    (message,) = read(Received(f"evc/{device}/{kind}", content, RECEIVED_MS), "evc")
    return message


def telemetry(**values):
    return {"ts": 1_795_000_000_000, "boot": "a1", "seq": 17, "metrics": {"oil_temp": 61.2}} | values


def at_ms(ts):
    return read_one(telemetry(ts=ts)).at_ms


def ms(*parts):
    return to_ms(datetime(*parts, tzinfo=UTC))


def test_it_works():
    message = read_one(b'{"ts":"2026-11-23T08:00:00.123Z","boot":"a1","seq":17,"metrics":{"oil_temp":61.2,"mode":"auto","e_stop":false}}')
    assert isinstance(message, Telemetry)
    assert (message.device, message.boot, message.seq) == ("D1", "a1", 17)
    assert message.at_ms == ms(2026, 11, 23, 8, 0, 0, 123_000)
    assert message.metrics == '{"e_stop":false,"mode":"auto","oil_temp":61.2}'


def test_a_fault_keeps_its_words_as_they_came():
    raw = b'{"ts":1795000000000, "boot":"a1","seq":18,"code":"E04","active":true,"value":66.1,"text":"\xe6\xb2\xb9\xe6\xb8\xa9"}'
    message = read_one(raw, "fault")
    assert isinstance(message, Fault)
    assert (message.code, message.is_active, message.payload) == ("E04", True, raw.decode())


def test_a_birth_says_what_is_lost():
    message = read_one({"ts": 1, "boot": "a2", "seq": 9, "online": True, "firmware": "1.4", "faults": ["E04"], "from": 5}, "state")
    assert isinstance(message, State)
    assert (message.is_online, message.firmware, message.lost_below) == (True, "1.4", 5)


def test_a_will_has_no_identity():
    message = read_one({"online": False}, "state")
    assert (message.is_online, message.key, message.at_ms) == (False, None, None)


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        ("2026-11-23T08:00:00Z", ms(2026, 11, 23, 8)),
        ("2026-11-23T08:00:00z", ms(2026, 11, 23, 8)),
        ("2026-11-23 16:00:00+08:00", ms(2026, 11, 23, 8)),
        ("2026-11-23T16:00:00.5+0800", ms(2026, 11, 23, 8, 0, 0, 500_000)),
        ("2026-11-23T13:45:00+05:45", ms(2026, 11, 23, 8)),
        ("2026-11-22T22:30:00-09:30", ms(2026, 11, 23, 8)),
        ("20261123T080000Z", ms(2026, 11, 23, 8)),
        ("2028-02-29T00:00:00Z", ms(2028, 2, 29)),
        ("2026-12-31T23:59:59.999Z", ms(2026, 12, 31, 23, 59, 59, 999_000)),
        ("2026-12-31T23:59:60Z", ms(2026, 12, 31, 23, 59, 59, 999_000)),
        ("2026-12-31T23:59:60.250Z", ms(2026, 12, 31, 23, 59, 59, 999_000)),
        ("2027-01-01T07:59:60+08:00", ms(2026, 12, 31, 23, 59, 59, 999_000)),
        ("2026-11-23T08:00:00.123456789Z", ms(2026, 11, 23, 8, 0, 0, 123_000)),
        (1_795_000_000_000, 1_795_000_000_000),
        (0, 0),
        ("2099-01-01T00:00:00Z", ms(2099, 1, 1)),
    ],
)
def test_every_way_to_write_a_time_with_a_zone_is_read(ts, expected):
    assert at_ms(ts) == expected


@pytest.mark.parametrize(
    "ts",
    [
        "2026-11-23T08:00:00", "2026-11-23", "yesterday", "", "2026-02-29T00:00:00Z", "2026-11-23T25:00:00Z", "2026-11-23T08:00:60Z",
        "2026-11-23T08:60:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", -1, 253_402_300_800_000, 2**62, "23:59:60Z",
    ],
)  # fmt: skip
def test_a_time_without_a_zone_or_outside_the_calendar_is_refused(ts):
    message = read_one(telemetry(ts=ts))
    assert isinstance(message, Rejected)
    assert message.reason == Reason.BAD_TIME


def test_messages_around_a_leap_second_and_a_change_of_zone_keep_their_order():
    written = [
        "2026-12-31T23:59:59.900Z",
        "2026-12-31T23:59:60Z",
        "2027-01-01T00:00:00Z",
        "2027-01-01T02:00:01+02:00",
        "2027-01-01T01:00:02+01:00",
    ]
    times = [at_ms(ts) for ts in written]
    assert times == sorted(times)


def deep(levels):
    return b'{"metrics":{"a":1},"x":' + b"[" * levels + b"]" * levels + b"}"


POISON = [
    ("empty", b"", Reason.EMPTY),
    ("empty array", b"[]", Reason.EMPTY),
    ("blank", b"  ", Reason.NOT_JSON),
    ("truncated", b'{"ts":1,"metrics":{"a":', Reason.NOT_JSON),
    ("two objects", b'{"metrics":{"a":1}}{"metrics":{"a":1}}', Reason.NOT_JSON),
    ("text", b"hello", Reason.NOT_JSON),
    ("sql", b"'; DROP TABLE reading; --", Reason.NOT_JSON),
    ("raw NUL", b'{"metrics":{"a":"\0"}}', Reason.NOT_JSON),
    ("not UTF-8", b'{"metrics":{"a":"\xff"}}', Reason.NOT_UTF8),
    ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", Reason.NOT_UTF8),
    ("UTF-8 BOM", b'\xef\xbb\xbf{"metrics":{"a":1}}', Reason.BYTE_ORDER_MARK),
    ("UTF-16", '{"metrics":{"a":1}}'.encode("utf-16"), Reason.BYTE_ORDER_MARK),
    ("NaN", b'{"metrics":{"a":NaN}}', Reason.NOT_FINITE),
    ("Infinity", b'{"metrics":{"a":-Infinity}}', Reason.NOT_FINITE),
    ("1e400", b'{"metrics":{"a":1e400}}', Reason.NOT_FINITE),
    ("huge integer", b'{"metrics":{"a":1' + b"0" * 400 + b"}}", Reason.NOT_FINITE),
    ("very huge integer", b'{"metrics":{"a":1' + b"0" * 5000 + b"}}", Reason.NOT_FINITE),
    ("nine levels", deep(8), Reason.TOO_DEEP),
    ("ten thousand levels", deep(10_000), Reason.TOO_DEEP),
    ("array of nothing but levels", b"[" * 30_000, Reason.TOO_DEEP),
    ("duplicate key", b'{"metrics":{"a":1,"a":2}}', Reason.DUPLICATE_KEY),
    ("duplicate key, same value", b'{"ts":1,"ts":1,"metrics":{"a":1}}', Reason.DUPLICATE_KEY),
    ("duplicate key, escaped", b'{"metrics":{"a":1,"\\u0061":2}}', Reason.DUPLICATE_KEY),
    ("duplicate key hidden by an escaped colon", b'{"metrics":{"a":1,"a":"\\u003a"}}', Reason.DUPLICATE_KEY),
    ("duplicate key in an unknown member", b'{"metrics":{"a":1},"x":{"b":1,"b":2}}', Reason.DUPLICATE_KEY),
    ("NUL in a metric's name", b'{"metrics":{"a\\u0000":1}}', Reason.NUL_CHARACTER),
    ("NUL in boot", b'{"boot":"\\u0000","seq":1,"metrics":{"a":1}}', Reason.NUL_CHARACTER),
    ("201 metrics", json.dumps({"metrics": {f"m{n}": n for n in range(201)}}).encode(), Reason.TOO_MANY_METRICS),
    ("201 objects", json.dumps([{"metrics": {"a": 1}}] * 201).encode(), Reason.TOO_MANY_OBJECTS),
    ("over 64 KiB", b'{"metrics":{"a":"' + b"x" * 65_536 + b'"}}', Reason.TOO_LARGE),
    ("number", b"5", Reason.WRONG_TYPE),
    ("null", b"null", Reason.WRONG_TYPE),
    ("no metrics", b'{"ts":1}', Reason.WRONG_TYPE),
    ("metrics as a list", b'{"metrics":[1]}', Reason.WRONG_TYPE),
    ("metric as an object", b'{"metrics":{"a":{"value":1}}}', Reason.WRONG_TYPE),
    ("nameless metric", b'{"metrics":{"":1}}', Reason.WRONG_TYPE),
    ("seq as text", b'{"boot":"a","seq":"1","metrics":{"a":1}}', Reason.WRONG_TYPE),
    ("seq as a boolean", b'{"boot":"a","seq":true,"metrics":{"a":1}}', Reason.WRONG_TYPE),
    ("negative seq", b'{"boot":"a","seq":-1,"metrics":{"a":1}}', Reason.WRONG_TYPE),
    ("seq over 63 bits", b'{"boot":"a","seq":9223372036854775808,"metrics":{"a":1}}', Reason.WRONG_TYPE),
    ("long boot", b'{"boot":"' + b"a" * 33 + b'","seq":1,"metrics":{"a":1}}', Reason.WRONG_TYPE),
    ("ts as a boolean", b'{"ts":true,"metrics":{"a":1}}', Reason.WRONG_TYPE),
    ("ts as a list", b'{"ts":[1],"metrics":{"a":1}}', Reason.WRONG_TYPE),
]


@pytest.mark.parametrize(("payload", "reason"), [case[1:] for case in POISON], ids=[case[0] for case in POISON])
def test_poison_becomes_exactly_one_refusal_with_its_reason(payload, reason):
    message = read_one(payload)
    assert isinstance(message, Rejected)
    assert message.reason == reason
    assert message.size == len(payload)
    assert message.payload == payload[: 64 * 1024]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("fault", {"code": "E04"}),
        ("fault", {"code": "E04", "active": 1}),
        ("fault", {"code": "", "active": True}),
        ("fault", {"code": "x" * 65, "active": True}),
        ("fault", {"code": 4, "active": True}),
        ("fault", {"code": "E04", "active": True, "text": {"a": 1}}),
        ("state", {}),
        ("state", {"online": "yes"}),
        ("state", {"online": True, "faults": "E04"}),
        ("state", {"online": True, "faults": None}),
        ("state", {"online": True, "faults": [4]}),
        ("state", {"online": True, "from": -1}),
    ],
)
def test_faults_and_states_of_the_wrong_type_are_refused(kind, payload):
    message = read_one(payload, kind)
    assert isinstance(message, Rejected)
    assert message.reason == Reason.WRONG_TYPE


@pytest.mark.parametrize(
    "text",
    ["😀🏭", "\u202eRTL", "<script>alert(1)</script>", "=cmd|'/c calc'!A1", "Robert'); DROP TABLE ticket;--", 'a":"b', "\\u0000", "::::"],
)
def test_strange_text_is_only_text(text):
    message = read_one({"boot": "a", "seq": 1, "code": "E04", "active": True, "text": text}, "fault")
    assert isinstance(message, Fault)
    assert json.loads(message.payload)["text"] == text


def test_limits_are_inclusive():
    assert isinstance(read_one({"metrics": {f"m{n}": n for n in range(200)}}), Telemetry)
    assert isinstance(read_one(deep(7)), Telemetry)
    assert len(read(Received("evc/D1/telemetry", json.dumps([telemetry(seq=n) for n in range(200)]).encode(), 0), "evc")) == 200


def test_unknown_topics_and_bad_devices_are_refused():
    assert read(Received("evc/D1/other", b"{}", 0), "evc")[0].reason == Reason.UNKNOWN_TOPIC
    assert read(Received("evc/a b/fault", b"{}", 0), "evc")[0].reason == Reason.BAD_DEVICE


def test_each_object_of_an_array_is_judged_singly():
    payload = json.dumps([telemetry(seq=1), telemetry(seq=2, metrics=[]), telemetry(seq=3)]).encode()
    found = read(Received("evc/D1/telemetry", payload, RECEIVED_MS), "evc")
    assert [type(message) for message in found] == [Telemetry, Rejected, Telemetry]
    assert [message.seq for message in found] == [1, 2, 3]


def test_a_duplicate_key_in_one_object_of_an_array_refuses_only_that():
    payload = b'[{"ts":1,"metrics":{"a":1}},{"ts":2,"metrics":{"a":1,"a":2}}]'
    found = read(Received("evc/D1/telemetry", payload, RECEIVED_MS), "evc")
    assert [type(message) for message in found] == [Telemetry, Rejected]


def test_the_number_is_the_identity_and_the_canonical_text_the_content():
    first = read_one(b'{"ts":1795000000000,"boot":"a1","seq":17,"metrics":{"a":1,"b":2}}')
    reordered = read_one(b'{ "seq": 17, "boot": "a1", "metrics": {"b": 2, "a": 1}, "ts": 1795000000000 }')
    other = read_one(b'{"ts":1795000000000,"boot":"a1","seq":17,"metrics":{"a":1,"b":3}}')
    assert (first.key, first.content) == (reordered.key, reordered.content)
    assert first.key == other.key
    assert first.content != other.content


def test_the_same_number_on_another_topic_is_the_same_identity_with_other_content():
    body = {"boot": "a", "seq": 1, "metrics": {"a": 1}, "code": "E04", "active": True}
    one, two = read_one(body, "telemetry"), read_one(body, "fault")
    assert one.key == two.key
    assert one.content != two.content


def test_identities_of_two_devices_and_boots_never_meet():
    keys = {
        read_one(telemetry(boot=boot, seq=seq), device=device).key for device in ("D1", "D11") for boot in ("1", "11") for seq in (1, 11)
    }
    assert len(keys) == 8


def test_without_a_number_a_message_with_a_time_is_known_by_its_words():
    body = {"ts": 1_795_000_000_000, "metrics": {"a": 1}}
    assert read_one(body).key == read_one(body).key is not None
    assert read_one(body).key != read_one(body, device="D2").key
    assert read_one({"metrics": {"a": 1}}).key is None


def test_the_identity_of_a_refused_message_is_read_if_it_can_be():
    message = read_one(telemetry(metrics=[]))
    assert (message.boot, message.seq) == ("a1", 17)
    assert message.key == read_one(telemetry()).key


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["telemetry", "fault", "state"]))
def test_no_bytes_whatever_raise(payload, kind):
    assert len(read(Received(f"evc/D1/{kind}", payload, RECEIVED_MS), "evc")) >= 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "ts": json_values, "boot": json_values, "seq": json_values, "metrics": json_values, "code": json_values, "active": json_values,
            "online": json_values, "faults": json_values, "from": json_values, "firmware": json_values, "text": json_values,
        },
    ),
    st.sampled_from(["telemetry", "fault", "state"]),
)  # fmt: skip
def test_no_object_whatever_raises_and_all_that_is_kept_can_be_stored(body, kind):
    for message in read(Received(f"evc/D1/{kind}", json.dumps(body).encode(), RECEIVED_MS), "evc"):
        for text in (message.boot, getattr(message, "metrics", None), getattr(message, "code", None), getattr(message, "detail", None)):
            if text is not None:
                assert "\0" not in text
                text.encode()


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=20), st.integers(-1000, 1000) | st.text(max_size=10), max_size=6), st.data())
def test_a_duplicate_key_never_hides(metrics, data):
    pairs = list(metrics.items())
    ascii_only = data.draw(st.booleans())
    if pairs:
        name, value = data.draw(st.sampled_from(pairs))
        pairs.append((name, value))
    text = ",".join(f"{json.dumps(name, ensure_ascii=ascii_only)}:{json.dumps(value, ensure_ascii=ascii_only)}" for name, value in pairs)
    message = read_one(b'{"metrics":{%b}}' % text.encode())
    assert isinstance(message, Telemetry) == (not pairs) or "\0" in text
