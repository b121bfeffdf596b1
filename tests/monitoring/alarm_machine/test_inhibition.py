"""What may be announced: condition, acknowledgement and inhibition are parts of their own (T6, T11, T13, T14)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.monitoring.alarm_machine.inhibition import Inhibition, Parts
from app.monitoring.alarm_machine.state import Condition

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
MS = timedelta(milliseconds=1)


def test_it_works() -> None:
    one = Parts(Condition.ACTIVE, is_acknowledged=False)
    assert one.may_open_ticket(NOW)
    assert one.may_notify(NOW)
    assert one.is_shown


@pytest.mark.parametrize("condition", [Condition.NORMAL, Condition.PENDING])
def test_what_does_not_stand_announces_nothing(condition: Condition) -> None:
    assert not Parts(condition, is_acknowledged=False).may_open_ticket(NOW)
    assert not Parts(condition, is_acknowledged=False).may_notify(NOW)


def test_gone_but_not_acknowledged_stays_on_the_board() -> None:
    assert Parts(Condition.NORMAL, is_acknowledged=False).is_shown
    assert not Parts(Condition.NORMAL).is_shown


@pytest.mark.parametrize(("until", "inhibition"), [(NOW + MS, Inhibition.SHELVED), (NOW, Inhibition.NONE), (NOW - MS, Inhibition.NONE)])
def test_a_shelf_ends_at_its_moment(until: datetime, inhibition: Inhibition) -> None:
    one = Parts(Condition.ACTIVE, is_acknowledged=False, shelved_until=until)
    assert one.inhibition(NOW) == inhibition
    assert one.may_open_ticket(NOW) == (inhibition == Inhibition.NONE)


def test_a_suppressed_alarm_is_listed_on_its_parents_ticket_without_a_notice() -> None:
    one = Parts(Condition.ACTIVE, is_acknowledged=False, suppressed_by="E01")
    assert one.may_open_ticket(NOW)
    assert not one.may_notify(NOW)


def test_chatter_and_what_was_seen_send_no_further_notices() -> None:
    assert not Parts(Condition.ACTIVE, is_acknowledged=False, is_chattering=True).may_notify(NOW)
    assert not Parts(Condition.ACTIVE).may_notify(NOW)
