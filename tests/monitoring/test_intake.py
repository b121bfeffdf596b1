"""Intake (monitoring §2, rules 4-9 and 11): stored once, counted once, gaps, clocks, quarantine, lease."""

import json
from datetime import timedelta

import pytest

from app.core import clock
from app.core.types import system
from app.monitoring import intake
from app.monitoring.intake import purging
from app.monitoring.models import (
    FeedCounter,
    FeedPosition,
    Gap,
    GapState,
    InboxMessage,
    MessageKey,
    QuarantinedMessage,
    Reading,
    RejectedMessage,
    SeqRange,
    Terminal,
)
from mqtt.payloads import Received, read
from tests import factories

NOW = 1_795_000_000_000
MINUTE = 60_000


@pytest.fixture
def machine(database):
    return factories.machine(device="D1")


def message(kind="telemetry", device="D1", *, received_ms=NOW, is_redelivered=False, is_retained=False, **values):
    body = {"ts": NOW, "boot": "a1", "metrics": {"t": 1}, "code": "E04", "active": True, "online": True} | values
    body = {name: value for name, value in body.items() if value is not None}
    received = Received(f"evc/{device}/{kind}", json.dumps(body).encode(), received_ms, is_retained, is_redelivered)
    return read(received, "evc")[0]


def poison(payload=b"poison", *, is_redelivered=False):
    return read(Received("evc/D1/fault", payload, NOW, False, is_redelivered), "evc")[0]


def store(*messages, **options):
    return intake.store(messages, at_ms=NOW, **options).counts()


def counters():
    return {row.name: row.value for row in FeedCounter.select()}


def ranges(boot="a1"):
    return [(row.first, row.last) for row in SeqRange.select().where(SeqRange.boot == boot).order_by(SeqRange.first)]


def gaps(state=GapState.OPEN):
    return [(row.first, row.last) for row in Gap.select().where(Gap.state == state).order_by(Gap.first)]


def numbered(*numbers):
    return [message(seq=number) for number in numbers]


def counts(received, stored=0, duplicates=0, rejected=0, quarantined=0):
    return {"received": received, "stored": stored, "duplicates": duplicates, "rejected": rejected, "quarantined": quarantined}


def test_it_works(machine):
    assert store(message("state", seq=0), message(seq=1), message("fault", seq=2)) == counts(3, stored=3)
    assert [row.metrics for row in Reading.select()] == ['{"t":1}']
    assert [(row.position, row.kind, row.code) for row in InboxMessage.select().order_by(InboxMessage.position)] == [
        (1, "state", None),
        (3, "fault", "E04"),
    ]
    assert Reading.get().position == 2
    assert FeedPosition.get().value == 4


@pytest.mark.parametrize(("kind", "has_events"), [("telemetry", False), ("fault", True), ("state", True)])
def test_faults_and_states_call_for_evaluation_and_readings_do_not(machine, kind, has_events):
    assert intake.store([message(kind, seq=0)], at_ms=NOW).has_events == has_events
    assert not intake.store([message(kind, seq=0)], at_ms=NOW).has_events


def test_the_same_message_again_is_a_duplicate_in_one_batch_and_in_the_next(machine):
    assert store(*numbered(0, 0)) == counts(2, stored=1, duplicates=1)
    assert store(*numbered(0)) == counts(1, duplicates=1)
    assert Reading.select().count() == 1
    assert counters() == {"received": 3, "stored": 1, "duplicates": 2}


def test_the_same_identity_with_other_words_is_refused_and_the_first_stays(machine):
    store(message(seq=0, metrics={"t": 1}))
    assert store(message(seq=0, metrics={"t": 2})) == counts(1, rejected=1)
    assert RejectedMessage.get().reason == "key_conflict"
    assert Reading.get().metrics == '{"t":1}'


def test_a_message_without_number_is_known_by_its_words(machine):
    assert store(message(boot=None), message(boot=None), message(boot=None, metrics={"t": 2})) == counts(3, stored=2, duplicates=1)


def test_poison_takes_no_good_message_with_it(machine):
    assert store(message(seq=0), poison(), message(seq=1)) == counts(3, stored=2, rejected=1)
    row = RejectedMessage.get()
    assert (row.reason, bytes(row.payload), row.size) == ("not_json", b"poison", 6)


def test_poison_said_twice_counts_twice_but_delivered_twice_counts_once(machine):
    assert store(poison(), poison())["rejected"] == 2
    assert store(poison(is_redelivered=True)) == counts(1, duplicates=1)


def test_every_object_is_counted_under_exactly_one_name(machine):
    store(*numbered(0, 0, 1), poison(), message(device="D9", seq=0), message(seq=1, metrics={}))
    found = counters()
    assert found.pop("received") == sum(found.values()) == 6


def test_a_batch_that_fails_leaves_nothing(machine, monkeypatch):
    monkeypatch.setattr("app.monitoring.intake.storing.save_terminals", lambda terminals: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store(*numbered(0))
    assert (Reading.select().count(), MessageKey.select().count(), FeedCounter.select().count(), SeqRange.select().count()) == (0, 0, 0, 0)


# --- sequence numbers


def test_numbers_in_order_make_one_range_and_no_gap(machine):
    store(*numbered(0, 1))
    store(*numbered(2, 3))
    assert (ranges(), gaps()) == ([(0, 3)], [])


def test_a_hole_becomes_a_gap_and_late_data_fills_it_piece_by_piece(machine):
    store(*numbered(0, 10))
    assert gaps() == [(1, 9)]
    store(*numbered(5))
    assert gaps() == [(1, 4), (6, 9)]
    store(*numbered(1, 2, 3, 4))
    assert gaps() == [(6, 9)]
    store(*numbered(9, 8, 7, 6))
    assert (ranges(), gaps(), gaps(GapState.FILLED)) == ([(0, 10)], [], [(1, 4), (6, 9)])


def test_a_boot_that_does_not_begin_with_0_has_lost_its_beginning(machine):
    store(*numbered(3))
    assert gaps() == [(0, 2)]


def test_numbers_that_come_in_disorder_in_one_batch_leave_no_gap(machine):
    store(*numbered(3, 1, 0, 2))
    assert (ranges(), Gap.select().count()) == ([(0, 3)], 0)


def test_a_birth_gives_up_what_is_below_its_from(machine):
    store(*numbered(0))
    store(message("state", seq=10, **{"from": 6}))
    assert (gaps(GapState.LOST), gaps()) == ([(1, 5)], [(6, 9)])


def test_boots_are_numbered_apart(machine):
    store(message(seq=0), message(boot="a2", seq=0))
    assert (ranges("a1"), ranges("a2")) == ([(0, 0)], [(0, 0)])


def test_a_receipt_names_what_is_missing(machine):
    store(*numbered(0, 1, 4, 5))
    assert intake.receipts([("D1", "a1"), ("D1", "unknown"), ("D2", "a1")]) == [intake.Receipt("D1", "a1", 5, ((2, 3),))]


def test_a_receipt_never_lets_a_device_forget_what_it_could_not_list(machine):
    store(*numbered(*range(0, 60, 2)))
    (receipt,) = intake.receipts([("D1", "a1")])
    assert len(receipt.missing) == 20
    assert receipt.missing[-1] == (39, 39)
    assert receipt.upto == 40


def test_refused_and_quarantined_messages_count_as_taken_in(machine):
    store(message(seq=0, metrics=[]), message(device="D9", seq=0))
    assert [receipt.upto for receipt in intake.receipts([("D1", "a1"), ("D9", "a1")])] == [0, 0]


def test_a_duplicate_is_known_by_its_number_after_its_key_was_purged(machine):
    store(*numbered(0, 1))
    assert intake.purge_keys(clock.from_ms(NOW) + timedelta(days=1)) == (2, None)
    assert store(*numbered(0, 1)) == counts(2, duplicates=2)


def test_purging_walks_in_steps_and_spares_the_young(machine, monkeypatch):
    monkeypatch.setattr(purging, "STEP", 4)
    store(*numbered(*range(6)), message(seq=6, received_ms=NOW + 10), message(seq=7, received_ms=NOW + 10))
    removed, after = 0, b""
    while after is not None:
        some, after = intake.purge_keys(clock.from_ms(NOW + 5), after)
        removed += some
    assert (removed, MessageKey.select().count()) == (6, 2)


# --- quarantine


def test_a_device_without_machine_goes_to_quarantine_once(database):
    assert store(message(device="D9", seq=0), message(device="D9", seq=0)) == counts(2, quarantined=1, duplicates=1)
    assert Reading.select().count() == 0
    assert Terminal.get().device == "D9"


def test_registering_lets_in_what_waited_with_its_own_times(database):
    store(message("state", device="D9", seq=0), message("fault", device="D9", seq=1), message(device="D9", seq=2))
    factories.machine(device="D9")
    assert intake.release_quarantine("D9", system("test")) == 3
    assert [(row.kind, row.seq, clock.to_ms(row.received_at)) for row in InboxMessage.select().order_by(InboxMessage.position)] == [
        ("state", 0, NOW),
        ("fault", 1, NOW),
    ]
    assert Reading.get().metrics == '{"t":1}'
    assert {name: value for name, value in counters().items() if value} == {"received": 3, "stored": 3}


def test_a_release_happens_once_and_what_was_released_stays_a_duplicate(database):
    store(message(device="D9", seq=0))
    assert intake.release_quarantine("D9", system("test")) == 0
    factories.machine(device="D9")
    assert intake.release_quarantine("D9", system("test")) == 1
    assert intake.release_quarantine("D9", system("test")) == 0
    assert store(message(device="D9", seq=0)) == counts(1, duplicates=1)
    assert QuarantinedMessage.get().released_at is not None


# --- terminals and their clocks


def terminal():
    return Terminal.get(Terminal.device == "D1")


def test_a_backlog_is_late_and_not_skewed(machine):
    store(message("fault", seq=0, ts=NOW - 60 * MINUTE), message("fault", seq=1))
    assert terminal().is_clock_trusted
    assert terminal().skew_ms == 0
    assert clock.to_ms(InboxMessage.get(InboxMessage.seq == 0).at) == NOW - 60 * MINUTE


@pytest.mark.parametrize("ts", [NOW + 6 * MINUTE, NOW + 24 * 60 * MINUTE, 0, NOW // 1000, 4_070_908_800_000])
def test_a_stamp_that_cannot_be_right_counts_from_its_receipt(machine, ts):
    store(message("fault", seq=0, ts=ts))
    row = InboxMessage.get()
    assert (clock.to_ms(row.at), row.has_device_time) == (NOW, False)
    assert not terminal().is_clock_trusted
    store(message("fault", seq=1, ts=NOW - 1000))
    assert terminal().is_clock_trusted


def test_a_stamp_far_ahead_is_never_last_seen(machine):
    store(message(seq=0, ts=NOW - 5), message(seq=1, ts=NOW + 11 * MINUTE))
    assert clock.to_ms(terminal().last_seen_at) == NOW - 5


def test_only_a_live_birth_on_a_calm_line_shows_a_clock_that_is_behind(machine):
    store(message("state", seq=0, ts=NOW - 60 * MINUTE))
    assert terminal().is_clock_trusted
    store(message("state", seq=1, ts=NOW - 60 * MINUTE, is_retained=True), is_calm=True)
    assert terminal().is_clock_trusted
    store(message("state", seq=2, ts=NOW - 60 * MINUTE), is_calm=True)
    assert not terminal().is_clock_trusted


def test_births_and_wills_turn_a_terminal_on_and_off(machine):
    store(message("state", seq=0, firmware="1.4"))
    assert (terminal().is_online, terminal().boot, terminal().firmware) == (True, "a1", "1.4")
    store(message("state", boot=None, ts=None, online=False))
    assert terminal().is_online is False


def test_the_death_of_an_older_boot_does_not_end_a_newer_one(machine):
    store(message("state", boot="a2", seq=0), message("state", boot="a1", seq=5, online=False))
    assert terminal().is_online is True


# --- lease


def test_only_the_holder_of_the_lease_stores(machine):
    first = intake.take_lease("feed", "one", NOW)
    assert intake.take_lease("feed", "two", NOW + intake.LEASE_TTL_MS - 1) is None
    second = intake.take_lease("feed", "two", NOW + intake.LEASE_TTL_MS)
    with pytest.raises(intake.LeaseLost):
        store(*numbered(0), lease=first)
    assert Reading.select().count() == 0
    assert store(*numbered(0), lease=second)["stored"] == 1


def test_the_same_instance_takes_its_lease_back_at_once_and_fences_its_earlier_life(machine):
    first = intake.take_lease("feed", "one", NOW)
    second = intake.take_lease("feed", "one", NOW + 1)
    assert (first.number, second.number) == (1, 2)
    with pytest.raises(intake.LeaseLost):
        intake.renew_lease(first, NOW + 2)


def test_a_batch_renews_the_lease_and_a_release_frees_it(machine):
    lease = intake.take_lease("feed", "one", NOW - 5000)
    store(*numbered(0), lease=lease)
    assert intake.take_lease("feed", "two", NOW + 5000) is None
    intake.release_lease(lease)
    assert intake.take_lease("feed", "two", NOW + 5000) is not None
