"""Batch → intake → acknowledgement, with a client that records what it is told (monitoring rules 2, 3, 6, 9)."""

import json
import threading
import time

import pytest

from app.core import db
from app.core.clock import ProcessClock
from app.core.errors import Unavailable
from app.monitoring import intake
from app.monitoring.models import Reading, RejectedMessage
from mqtt import intake_loop
from mqtt.evaluating import EvaluationLoop
from mqtt.intake_loop import IntakeLoop
from mqtt.lease import LeaseKeeper
from mqtt.payloads import Received
from mqtt.queue import FeedQueue, Item
from mqtt.receipts import Receipts
from mqtt.settings import Settings
from tests import factories

NOW = 1_795_000_000_000


class RecordingClient:
    """Stands where the network is; notes acknowledgements with what was committed at that moment."""

    def __init__(self):
        self.is_connected = True
        self.acknowledged = []
        self.committed = []
        self.published = []

    def acknowledge(self, items):
        self.acknowledged += [item.mid for item in items]
        self.committed.append(Reading.select().count() + RejectedMessage.select().count())

    def publish(self, messages):
        self.published += [(topic, json.loads(payload)) for topic, payload in messages]

    def connected_s(self):
        return 0.0


@pytest.fixture
def feed(database, tmp_path):
    factories.machine(device="D1")
    settings = Settings(
        host="127.0.0.1", port=1, username=None, password=None, is_tls=False, ca_file=None, root="evc", client_id="test", instance="one",
        data_dir=tmp_path, is_sqlite=False, delivery="full", metrics_port=None,
    )  # fmt: skip
    clock = ProcessClock()
    taken = intake.take_lease("test", "one", clock.now_ms())
    assert taken is not None
    lease = LeaseKeeper(taken, clock)
    return IntakeLoop(settings, FeedQueue(), RecordingClient(), lease, clock)


def item(mid, payload=None, qos=1):
    body = payload if payload is not None else json.dumps({"boot": "a", "seq": mid, "metrics": {"t": mid}}).encode()
    return Item(Received("evc/D1/telemetry", body, NOW), 1, mid, qos)


def run(feed):
    """Run the loop until the queue is empty."""
    feed.is_stopping.set()
    feed.run()


def test_it_works(feed):
    feed.queue.put(item(0))
    run(feed)
    assert feed.client.acknowledged == [0]
    assert Reading.select().count() == 1


def test_acknowledgement_follows_the_commit_in_the_order_of_arrival(feed):
    for mid in range(1_200):
        feed.queue.put(item(mid))
    run(feed)
    assert feed.client.acknowledged == list(range(1_200))
    assert feed.client.committed == [500, 1_000, 1_200]


def test_poison_is_acknowledged_too(feed):
    feed.queue.put(item(0, b"poison"))
    feed.queue.put(item(1))
    run(feed)
    assert feed.client.acknowledged == [0, 1]


def test_while_the_database_does_not_answer_nothing_is_acknowledged(feed, monkeypatch):
    failing = [True, True, True]
    real = intake.store

    def store(*arguments, **options):
        if failing:
            failing.pop()
            raise Unavailable("locked")
        return real(*arguments, **options)

    monkeypatch.setattr(intake, "store", store)
    monkeypatch.setattr(intake_loop, "MAX_BACK_OFF_S", 0.01)
    monkeypatch.setattr(feed.is_stopping, "wait", lambda _: feed.client.committed.append(len(feed.client.acknowledged)))
    outcome = feed._store_patiently(list(_messages(feed, [item(0)])))
    assert outcome.stored == 1
    assert feed.client.committed == [0, 0, 0]


def test_a_message_that_the_database_refuses_is_set_aside_alone(feed, monkeypatch):
    real = intake.store

    def store(messages, **options):
        if any(getattr(message, "metrics", "") == '{"t":1}' for message in messages):
            raise ValueError("no such thing")
        return real(messages, **options)

    monkeypatch.setattr(intake, "store", store)
    for mid in range(3):
        feed.queue.put(item(mid))
    run(feed)
    assert feed.client.acknowledged == [0, 1, 2]
    assert (Reading.select().count(), RejectedMessage.get().reason) == (2, "unstorable")


def test_without_the_lease_nothing_is_stored_or_acknowledged(feed):
    lost = []
    feed.on_lease_lost = lambda: lost.append(True)
    assert intake.take_lease("test", "one", NOW) is not None
    feed.queue.put(item(0))
    run(feed)
    assert (feed.client.acknowledged, Reading.select().count(), lost) == ([], 0, [True])


def test_on_a_full_disk_nothing_is_acknowledged(feed, monkeypatch):
    monkeypatch.setattr(IntakeLoop, "_free_bytes", lambda self: intake_loop.FULL_BYTES - 1)
    object.__setattr__(feed.settings, "is_sqlite", True)
    feed.queue.put(item(0))
    run(feed)
    assert (feed.client.acknowledged, Reading.select().count()) == ([], 0)
    assert feed.disk_warning() == "disk: 99"


def test_receipts_go_out_after_commit_at_most_once_a_second(feed):
    receipts = Receipts(feed.client, "evc")
    feed.on_stored = receipts.note
    for mid in (0, 1, 4):
        feed.queue.put(item(mid))
    run(feed)
    receipts.publish_due()
    feed.queue.put(item(5))
    run(feed)
    receipts.publish_due()
    assert feed.client.published == [("evc/D1/ack", {"boot": "a", "upto": 4, "missing": [[2, 3]]})]
    time.sleep(1)
    receipts.publish_due()
    assert feed.client.published[1:] == [("evc/D1/ack", {"boot": "a", "upto": 5, "missing": [[2, 3]]})]


def test_after_a_lost_connection_only_what_the_broker_will_not_repeat_is_kept():
    queue = FeedQueue()
    for number in range(4):
        queue.put(item(number, qos=number % 2))
    queue.forget_unacknowledged()
    assert [taken.mid for taken in queue.take(10, 0)] == [0, 2]


def test_a_rule_that_raises_does_not_end_the_evaluation():
    calls = []

    class Failing:
        def tick(self, now_ms):
            pass

        def give_back(self):
            pass

        def evaluate_pending(self, limit=500):
            calls.append(limit)
            if len(calls) == 1:
                raise ZeroDivisionError
            return 0

    loop = EvaluationLoop(Failing(), ProcessClock())
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 5
    while len(calls) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    loop.is_stopping.set()
    loop.wake()
    thread.join(5)
    assert len(calls) >= 2


def _messages(feed, items):
    from mqtt.payloads import read

    for one in items:
        yield from read(one.received, feed.settings.root)


@pytest.fixture(autouse=True)
def _release_connections():
    yield
    db.drop_connection()
