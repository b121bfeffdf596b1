"""FI-10, FI-13, FI-14, FI-15: what cannot be used holds up nothing."""

import csv
import gzip
import json
import time

import paho.mqtt.client as paho
import pytest

from app.accounts.models import Role
from app.factory import create_app
from app.monitoring import alarms
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Episode, EvaluationCursor, InboxMessage, Reading, RejectedMessage
from tests.faults import oracle
from tests.faults.publisher import Publisher, Script
from tests.faults.site import Site, counters, wait_for
from tests.mqtt.test_payloads import POISON
from tests.personas import make_user, sign_in

pytestmark = pytest.mark.slow
MB = 1024 * 1024
BOMB = 255 * MB  # a packet of MQTT holds 256 MB at most


def good(seq: int) -> str:
    return json.dumps({"boot": "p", "seq": seq, "metrics": {"t": seq}})


def test_fi_10_the_same_identity_with_other_words_is_refused(site: Site, publisher: Publisher):
    site.start_subscriber()
    topic = f"evc/{site.devices[0]}/telemetry"
    publisher.send(topic, good(0))
    publisher.send(topic, json.dumps({"boot": "p", "seq": 0, "metrics": {"t": 99}}))
    wait_for(lambda: RejectedMessage.select().exists(), 5)
    assert RejectedMessage.get().reason == "key_conflict"
    assert [row.metrics for row in Reading.select()] == ['{"t":0}']


def test_fi_13_each_poison_is_one_refusal_and_the_next_good_message_is_handled_at_once(site: Site, publisher: Publisher):
    site.start_subscriber()
    topic = f"evc/{site.devices[0]}/telemetry"
    for number, (_, payload, _) in enumerate(POISON):
        publisher.send(topic, payload)
        publisher.send(topic, good(number))
    started = time.monotonic()
    wait_for(lambda: Reading.select().count() == len(POISON), 15)
    assert RejectedMessage.select().count() == len(POISON)
    publisher.send(topic, good(len(POISON)))
    wait_for(lambda: Reading.select().count() == len(POISON) + 1, 1)
    assert time.monotonic() - started < 15
    found = counters()
    assert (found["rejected"], found["stored"]) == (len(POISON), len(POISON) + 1)


def test_fi_13_a_bomb_of_300_mb_is_one_refusal(site: Site, publisher: Publisher):
    """Packed it is small enough for the broker; nobody unpacks it."""
    site.start_subscriber()
    topic = f"evc/{site.devices[0]}/telemetry"
    publisher.send(topic, gzip.compress(b"\0" * (300 * MB)))
    publisher.send(topic, good(0))
    wait_for(lambda: Reading.select().count() == 1, 5)
    assert counters()["rejected"] == RejectedMessage.select().count() == 1


def test_fi_13_what_is_too_large_for_the_broker_never_arrives(site: Site, publisher: Publisher):
    site.start_subscriber()
    topic, ends = f"evc/{site.devices[0]}/telemetry", []
    bomber = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False)
    bomber.username_pw_set(*site.simulator)
    bomber.on_publish = lambda client, userdata, mid, reason, properties: ends.append(reason)
    bomber.on_disconnect = lambda client, userdata, flags, reason, properties: ends.append(reason)
    bomber.connect("127.0.0.1", site.port)
    bomber.loop_start()
    wait_for(bomber.is_connected, 5)
    bomber.publish(topic, bytes(BOMB), qos=1)
    wait_for(lambda: ends, 60)
    bomber.disconnect()
    bomber.loop_stop()
    assert ends[0].is_failure
    publisher.send(topic, good(0))
    wait_for(lambda: Reading.select().count() == 1, 1)
    assert counters() == {"received": 1, "stored": 1, "duplicates": 0, "rejected": 0, "quarantined": 0}


def test_fi_13_no_export_carries_a_formula_of_a_device(site: Site, publisher: Publisher):
    site.start_subscriber()
    codes = ["=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)"]
    for seq, code in enumerate(codes):
        publisher.send(f"evc/{site.devices[0]}/fault", json.dumps({"boot": "p", "seq": seq, "code": code, "active": True}))
    wait_for(lambda: Episode.select().count() == len(codes), 15)
    clerk = sign_in(create_app(site.config).test_client(), make_user(Role.CLERK))
    rows = list(csv.DictReader(clerk.get("/faults.csv").data.decode("utf-8-sig").splitlines()))
    assert {row["code"] for row in rows} == {f"'{code}" for code in codes}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_fi_14_a_rule_that_raises_stops_neither_the_batch_nor_the_cursor(site: Site, publisher: Publisher, monkeypatch: pytest.MonkeyPatch):
    site.start_subscriber()
    script = Script().write(site.devices, 200)
    site.end("subscriber")
    publisher.say(script)
    publisher.settle()
    real = alarms.advance

    def raises_on_e07(subject, stream, standing, reach):
        if stream.code == "E07":
            raise ZeroDivisionError("broken rule")
        return real(subject, stream, standing, reach)

    site.start_subscriber()
    wait_for(lambda: oracle.inbox_size() == 200, 10)
    site.end("subscriber")
    EvaluationCursor.delete().execute()
    Episode.delete().execute()
    Alarm.delete().execute()
    monkeypatch.setattr(alarms, "advance", raises_on_e07)
    evaluator = Evaluator()
    while evaluator.evaluate_pending():
        pass
    broken = InboxMessage.select().where(InboxMessage.error.is_null(False))
    assert {row.code for row in broken} == {"E07"}
    assert {row.code for row in Episode.select()} == {"E04", "E06", "E10"}


def test_fi_15_poison_beyond_the_receive_maximum_leaks_no_slot(site: Site, publisher: Publisher):
    from mqtt.client import RECEIVE_MAXIMUM

    site.start_subscriber()
    topic = f"evc/{site.devices[0]}/fault"
    for _ in range(RECEIVE_MAXIMUM + 500):
        publisher.send(topic, b"\xff poison")
    publisher.send(f"evc/{site.devices[0]}/telemetry", good(0))
    wait_for(lambda: Reading.select().count() == 1, 20)
    assert counters()["rejected"] == RECEIVE_MAXIMUM + 500
