"""The sentence to read aloud says what was done and what comes next, in each state, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.spoken import say
from app.tickets import sentence
from app.tickets.models import TicketStatus
from app.tickets.sentence import Going, Somebody, Standing

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
TICKET = {"number": "T2611-0042", "opened_at": NOW - timedelta(hours=2), "moved_at": NOW - timedelta(minutes=25), "now": NOW}


def spoken(locale: str = "zh_CN", **values: object) -> str:
    def words(value: object) -> object:
        moment = sentence.when(value, NOW) if isinstance(value, datetime) else None
        return say(locale, moment.message, **moment.params) if moment else value

    found = sentence.phrases(Standing(**({"status": TicketStatus.IN_WORK} | TICKET | values)))
    return "".join(say(locale, one.message, **{name: words(value) for name, value in one.params.items()}) for one in found)


def test_it_works() -> None:
    assert spoken(due_at=NOW + timedelta(hours=2)) == "您的受理单 T2611-0042 已于今天 14:05派工，正在处理。计划今天 16:30前处理完成。"


@pytest.mark.parametrize("status", TicketStatus)
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_every_state_has_its_words(status: TicketStatus, locale: str) -> None:
    words = spoken(locale, status=status, merged_into="T2611-0001")
    assert "T2611-0042" in words
    assert "%(" not in words


def test_a_missed_deadline_is_owned_up_to_and_never_promised_again() -> None:
    words = spoken(due_at=NOW - timedelta(minutes=1))
    assert "非常抱歉" in words
    assert "14:29" not in words


def test_urging_is_acknowledged_with_its_count() -> None:
    assert "催过 3 次" in spoken(urged_count=3)
    assert "催过一次" in spoken(urged_count=1)


def test_what_solved_it_is_said_when_it_is_over() -> None:
    assert "更换滤芯" in spoken(status=TicketStatus.RESOLVED, solution="更换滤芯")
    assert "更换滤芯" not in spoken(solution="更换滤芯")


@pytest.mark.parametrize(("days", "words"), [(0, "今天 14:30"), (1, "明天 14:30"), (-1, "昨天 14:30"), (7, "12月1日 14:30")])
def test_days_are_said_as_people_say_them(days: int, words: str) -> None:
    moment = sentence.when(NOW + timedelta(days=days), NOW)
    assert say("zh_CN", moment.message, **moment.params) == words


def sent(going: Going = Going.SENT, **values: datetime) -> Somebody:
    return Somebody(**({"name": "李建国", "sent_at": NOW - timedelta(minutes=25), "going": going} | values))


def test_who_was_sent_when_and_when_they_are_expected_is_said() -> None:
    expected_at = NOW + timedelta(hours=1, minutes=30)
    words = spoken(somebody=sent(expected_at=expected_at))
    assert words == "您的受理单 T2611-0042，今天 14:05已派李建国前往。预计今天 16:00到场。"
    assert "正在路上" in spoken(somebody=sent(Going.ON_THE_WAY, expected_at=expected_at))
    assert spoken("en", somebody=sent(expected_at=expected_at)) == (
        "For your request T2611-0042 李建国 was sent today at 14:05.You can expect them today at 16:00."
    )


def test_who_is_there_is_not_expected_any_more() -> None:
    words = spoken(somebody=sent(Going.THERE, expected_at=NOW + timedelta(hours=1), arrived_at=NOW - timedelta(minutes=5)))
    assert "14:25已到场" in words
    assert "预计" not in words
    assert "备件" in spoken(somebody=sent(Going.WAITS_FOR_PARTS, expected_at=NOW + timedelta(hours=1)))


def test_a_plan_that_was_missed_is_never_promised_again() -> None:
    words = spoken(somebody=sent(expected_at=NOW - timedelta(minutes=10)))
    assert "现已延误" in words
    assert "预计" not in words


def test_who_was_sent_is_said_only_while_the_ticket_is_in_work() -> None:
    assert "李建国" not in spoken(status=TicketStatus.RESOLVED, somebody=sent(expected_at=NOW + timedelta(hours=1)))
