"""Two intakes that hear the same devices at the same time, on PostgreSQL (monitoring rule 10)."""

import random
import threading
from collections.abc import Sequence

from peewee import Database

from app.core import db
from app.monitoring import intake
from app.monitoring.intake import Share
from app.monitoring.messages import Message, Rejected, Telemetry, digest
from app.monitoring.models import Gap, GapState, IntakeLease, Reading, RejectedMessage, SeqRange
from tests import factories
from tests.monitoring.sender import Sender, ago

DEVICES = 3
NUMBERS = 120
NOW = 1_795_000_000_000


def side_by_side(*parts: Sequence[Sequence[Message]]) -> list[intake.Outcome]:
    """Store each part, batch by batch, in a thread of its own."""
    outcomes: list[intake.Outcome] = []
    failed: list[BaseException] = []
    barrier = threading.Barrier(len(parts))

    def run(batches: Sequence[Sequence[Message]]) -> None:
        try:
            barrier.wait()
            outcomes.extend(intake.store(list(batch)) for batch in batches)
        except BaseException as error:
            failed.append(error)
        finally:
            db.drop_connection()

    threads = [threading.Thread(target=run, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    return outcomes


def spoken() -> list[Telemetry]:
    senders = [Sender(f"EVC-{number}") for number in range(DEVICES)]
    for sender in senders:
        factories.machine(device=sender.device)
    return [sender.reading(ago(minutes=5), n=number) for number in range(NUMBERS) for sender in senders]


def batches(messages: Sequence[Message], size: int = 6) -> list[Sequence[Message]]:
    return [messages[start : start + size] for start in range(0, len(messages), size)]


def test_it_works(postgresql_database: Database) -> None:
    """Every other message to each, as a shared subscription deals them out: no hole stays, and every receipt is whole."""
    messages = spoken()
    side_by_side(batches(messages[::2]), batches(messages[1::2]))
    assert Reading.select().count() == len(messages)
    assert [(row.first, row.last) for row in SeqRange.select()] == [(0, NUMBERS - 1)] * DEVICES
    assert Gap.select().where(Gap.state == GapState.OPEN).count() == 0
    found = intake.receipts({(f"EVC-{number}", "a1") for number in range(DEVICES)})
    assert [(one.upto, one.missing) for one in found] == [(NUMBERS - 1, ())] * DEVICES


def test_a_message_that_comes_to_both_at_once_is_stored_once(postgresql_database: Database) -> None:
    messages = spoken()
    twice = [random.Random(number).sample(messages, len(messages)) for number in range(2)]
    outcomes = side_by_side(*(batches(part, 20) for part in twice))
    assert Reading.select().count() == len(messages)
    assert (sum(one.stored for one in outcomes), sum(one.duplicates for one in outcomes)) == (len(messages), len(messages))


def test_the_same_poison_at_both_is_refused_without_holding_up_either(postgresql_database: Database) -> None:
    poison = [
        Rejected(
            topic="evc", received_ms=NOW, key=digest(b"%d" % number), content=b"", boot=None, seq=None, device=None, payload=b"?", size=1,
            sha256=b"", reason="bad_topic", detail="",
        )
        for number in range(60)
    ]  # fmt: skip
    outcomes = side_by_side(batches(poison), batches(poison))
    assert sum(one.rejected for one in outcomes) == RejectedMessage.select().count() == 2 * len(poison)


def test_leases_are_shared_evenly_and_those_of_the_dead_are_taken(postgresql_database: Database) -> None:
    names = [f"feed-{number}" for number in range(5)]
    first, second, third = (Share(name) for name in ("one", "two", "three"))
    everyone = frozenset(("one", "two", "three"))
    assert len(first.look(names, frozenset(("one",)), NOW)) == 5
    for _turn in range(8):
        for share in (first, second, third):
            share.look(names, everyone, NOW + 1)
    assert sorted(len(share.held) for share in (first, second, third)) == [1, 2, 2]
    later = NOW + 1 + intake.LEASE_TTL_MS
    for _turn in range(8):
        for share in (second, third):
            for lease in share.held:
                intake.renew_lease(lease, later)
            share.look(names, everyone - {"one"}, later)
    assert sorted((len(second.held), len(third.held))) == [2, 3]
    assert {row.holder for row in IntakeLease.select()} == {"two", "three"}
    second.give_back()
    assert len(third.look(names, frozenset(("three",)), later)) == 5


def test_one_lease_stays_with_who_has_it(postgresql_database: Database) -> None:
    first, second = Share("one"), Share("two")
    everyone = frozenset(("one", "two"))
    for at in (NOW, NOW + 1):
        assert len(second.look(["feed"], everyone, at)) == 1
        assert first.look(["feed"], everyone, at) == []
