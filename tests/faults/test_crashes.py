"""FI-01, FI-02, FI-07, FI-08: the subscriber dies, restarts, hears everything several times and out of order."""

import random

import pytest

from tests.faults import oracle
from tests.faults.conftest import IS_LONG
from tests.faults.publisher import Publisher, Script
from tests.faults.site import Site, wait_for

pytestmark = pytest.mark.slow
STEPS = [
    "before_insert", "before_commit", "after_commit", "before_ack", "after_ack", "evaluation_before_commit", "evaluation_after_commit",
]  # fmt: skip
MESSAGES = 20_000 if IS_LONG else 400


def crash(site: Site, step: str, after: int) -> None:
    """Let a subscriber run until it kills itself at ``step``."""
    site.start_subscriber(is_awaited=False, EVC_CRASH_AT=step, EVC_CRASH_AFTER=str(after))
    site.process().wait(60)
    assert site.processes.pop("subscriber").returncode == -9


@pytest.mark.parametrize("step", STEPS)
def test_fi_01_nothing_is_lost_or_doubled_when_the_subscriber_is_killed(site: Site, publisher: Publisher, step: str):
    _kill_again_and_again(site, publisher, [step] * (10 if IS_LONG else 2), 4_000 if IS_LONG else 400)


def test_fi_01_killed_at_random_steps_again_and_again(site: Site, publisher: Publisher):
    steps = random.Random(1).choices(STEPS, k=200) if IS_LONG else random.Random(1).sample(STEPS, 3)
    _kill_again_and_again(site, publisher, steps, MESSAGES)


def _kill_again_and_again(site: Site, publisher: Publisher, steps: list[str], messages: int) -> None:
    """Publish a share of the messages, shuffled and a tenth of them twice, crash at the next step; at last nothing is amiss."""
    chance = random.Random(",".join(steps))
    site.start_subscriber()
    site.end("subscriber")
    script = Script().write(site.devices, messages)
    ids = list(script.messages)
    share = len(ids) // (len(steps) + 1)
    for kill, step in enumerate(steps):
        part = ids[kill * share : (kill + 1) * share]
        part += chance.sample(part, len(part) // 10)
        chance.shuffle(part)
        publisher.say(script, part)
        publisher.settle()
        crash(site, step, 0)
    publisher.say(script, ids[len(steps) * share :])
    publisher.settle()
    site.start_subscriber()
    took_s = wait_for(lambda: oracle.inbox_size() > 0, 10)
    oracle.wait_until_quiet(len(ids))
    assert took_s <= 10
    oracle.assert_whole(script, publisher.acknowledged)


def test_fi_02_a_graceful_restart_drains_and_doubles_nothing(site: Site, publisher: Publisher):
    restarts = 50 if IS_LONG else 3
    script = Script().write(site.devices, 200 * (restarts + 1))
    ids = list(script.messages)
    for restart in range(restarts):
        site.start_subscriber()
        publisher.say(script, ids[restart * 200 : (restart + 1) * 200])
        assert site.end("subscriber") <= 5
    publisher.say(script, ids[restarts * 200 :])
    publisher.settle()
    site.start_subscriber()
    oracle.wait_until_quiet(len(ids))
    oracle.assert_whole(script, publisher.acknowledged)


def test_fi_07_a_message_said_up_to_five_times_is_stored_once(site: Site, publisher: Publisher):
    chance = random.Random(7)
    site.start_subscriber()
    script = Script().write(site.devices, MESSAGES)
    publisher.say(script, [key for key in script.messages for _ in range(chance.randint(1, 5))])
    publisher.settle()
    publisher.say(script)
    publisher.settle()
    oracle.wait_until_quiet(MESSAGES)
    oracle.assert_whole(script, publisher.acknowledged)


@pytest.mark.parametrize("order", ["shuffled", "reversed"])
def test_fi_08_order_of_arrival_changes_nothing(site: Site, publisher: Publisher, order: str):
    site.start_subscriber()
    script = Script().write(site.devices, MESSAGES)
    ids = list(script.messages)
    if order == "shuffled":
        random.Random(8).shuffle(ids)
    else:
        ids.reverse()
    publisher.say(script, ids)
    publisher.settle()
    oracle.wait_until_quiet(MESSAGES)
    oracle.assert_whole(script, publisher.acknowledged)
