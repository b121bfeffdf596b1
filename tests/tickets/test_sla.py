"""Which clocks run, when they run out, what does not count; pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.calendar import Why, WorkingCalendar
from app.tickets import escalation, sla
from app.tickets.models import ClockKind, Priority, TicketKind, TicketStatus
from app.tickets.sla import Course, Ending, Moved, Pause, Step
from app.web.labels import LABELS

CALENDAR = WorkingCalendar(ZoneInfo("Asia/Shanghai"))
MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)  # nine o'clock in Shanghai
WAITING, IN_WORK = TicketStatus.WAITING_CUSTOMER, TicketStatus.IN_WORK
HOUR = timedelta(hours=1)

steps = st.lists(st.integers(0, 72 * 60).map(lambda minutes: timedelta(minutes=minutes)), max_size=8).map(sorted)
courses = st.builds(
    lambda calendar, at: Course(
        calendar, sla.pauses(Moved(MONDAY + one, WAITING if number % 2 == 0 else IN_WORK) for number, one in enumerate(at))
    ),
    st.sampled_from((CALENDAR, None)),
    steps,
)


def test_it_works() -> None:
    target = sla.DEFAULTS[TicketKind.FAULT_REPORT, Priority.CRITICAL, ClockKind.ARRIVAL]
    assert target == (240, True)
    assert Course(None).after(MONDAY, timedelta(minutes=target.minutes)) == MONDAY + 4 * HOUR


def test_a_complaint_owes_two_answers_in_24_hours_round_the_clock() -> None:
    for priority in Priority:
        for clock in sla.COMPLAINT_CLOCKS:
            assert sla.DEFAULTS[TicketKind.COMPLAINT, priority, clock] == (1440, True)
            assert (TicketKind.COMPLAINT, priority, clock) in sla.FIXED


def test_a_graver_ticket_never_has_more_time_than_a_lighter_one() -> None:
    for kind in TicketKind:
        for clock in ClockKind:
            targets = [sla.DEFAULTS[kind, priority, clock] for priority in Priority if (kind, priority, clock) in sla.DEFAULTS]
            due = [Course(None if one.is_round_the_clock else CALENDAR).after(MONDAY, timedelta(minutes=one.minutes)) for one in targets]
            assert due == sorted(one for one in due if one)


@given(courses, st.timedeltas(timedelta(), timedelta(days=5)))
@settings(max_examples=150)
def test_intervals_with_pauses_sum_exactly_to_the_time_that_went_by(course: Course, span: timedelta) -> None:
    span -= span % timedelta(milliseconds=1)
    found = course.intervals(MONDAY, MONDAY + span)
    assert sum((one.length for one in found), timedelta()) == span
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    assert sum((one.length for one in found if one.is_counted), timedelta()) == course.counted(MONDAY, MONDAY + span)


@given(courses, st.integers(1, 40 * 60))
@settings(max_examples=150)
def test_at_its_deadline_a_clock_has_counted_its_target(course: Course, minutes: int) -> None:
    due = course.after(MONDAY, timedelta(minutes=minutes))
    if due is None:
        assert course.pauses[-1].end is None
        assert course.counted(MONDAY, MONDAY + timedelta(days=30)) < timedelta(minutes=minutes)
    else:
        assert course.counted(MONDAY, due) == timedelta(minutes=minutes)
        assert course.counted(MONDAY, due - timedelta(milliseconds=1)) < timedelta(minutes=minutes)


def test_waiting_for_the_customer_moves_the_deadline_by_as_long_as_it_lasts() -> None:
    waits = sla.pauses([Moved(MONDAY + HOUR, WAITING), Moved(MONDAY + 5 * HOUR, IN_WORK)])
    assert Course(None, waits).after(MONDAY, 2 * HOUR) == MONDAY + 6 * HOUR
    assert Course(None, waits).after(MONDAY, HOUR) == MONDAY + HOUR
    assert [one.why for one in Course(None, waits).intervals(MONDAY, MONDAY + 6 * HOUR)] == [
        Why.ROUND_THE_CLOCK, Why.WAITING_CUSTOMER, Why.ROUND_THE_CLOCK
    ]  # fmt: skip


def test_while_the_ticket_waits_there_is_no_deadline_unless_it_has_passed() -> None:
    waits = sla.pauses([Moved(MONDAY + HOUR, WAITING)])
    assert Course(None, waits).after(MONDAY, 2 * HOUR) is None
    assert Course(None, waits).after(MONDAY, HOUR / 2) == MONDAY + HOUR / 2


def test_the_clocks_of_a_complaint_do_not_pause() -> None:
    waits = [Pause(MONDAY, None)]
    for clock in ClockKind:
        course = sla.course(clock, is_round_the_clock=True, calendar=CALENDAR, waits=waits)
        assert bool(course.pauses) == (clock not in sla.COMPLAINT_CLOCKS)


def test_a_host_whose_clock_went_back_makes_no_negative_pause() -> None:
    waits = sla.pauses(
        [Moved(MONDAY + HOUR, WAITING), Moved(MONDAY, IN_WORK), Moved(MONDAY + HOUR / 2, WAITING), Moved(MONDAY + 2 * HOUR, IN_WORK)]
    )
    assert all(one.end is not None and one.end >= one.start for one in waits)
    assert sum((one.length for one in Course(None, waits).intervals(MONDAY, MONDAY + 3 * HOUR)), timedelta()) == 3 * HOUR


def test_steps_come_at_three_quarters_at_the_deadline_and_then_one_interval_apart() -> None:
    found = [sla.moment_of(step, 100, 30) for step in Step]
    assert found == [timedelta(minutes=minutes) for minutes in (75, 100, 130, 160)]


def test_an_escalation_of_a_working_clock_reaches_nobody_at_night() -> None:
    friday = datetime(2026, 11, 27, 9, 20, tzinfo=UTC)  # ten minutes before the week ends
    assert Course(CALENDAR).after(friday, sla.moment_of(Step.DEPUTY, 5, 30)) == datetime(2026, 11, 30, 0, 55, tzinfo=UTC)


def test_what_is_done_to_a_ticket_meets_its_clocks() -> None:
    states = TicketStatus
    assert sla.endings(states.NEW, states.TRIAGED) == {ClockKind.ANSWER: Ending.MET}
    assert sla.endings(states.TO_VERIFY, states.WAITING_CUSTOMER) == {ClockKind.ANSWER: Ending.MET}
    assert sla.endings(states.WAITING_DISPATCH, states.IN_WORK)[ClockKind.DISPATCH] == Ending.MET
    assert sla.endings(states.IN_WORK, states.RESOLVED)[ClockKind.ARRIVAL] == Ending.MET
    assert sla.endings(states.TRIAGED, states.RESOLVED)[ClockKind.ARRIVAL] == Ending.STOPPED
    assert sla.endings(states.IN_WORK, states.RESOLVED)[ClockKind.REPAIR] == Ending.MET
    assert set(sla.endings(states.IN_WORK, states.CANCELLED).values()) == {Ending.STOPPED}


def test_resolving_a_complaint_answers_nobody() -> None:
    for to in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        assert not set(sla.endings(TicketStatus.IN_WORK, to)) & set(sla.COMPLAINT_CLOCKS)


def test_mails_call_the_clocks_as_the_screens_do() -> None:
    assert {str(kind): words for kind, words in escalation.CLOCK_WORDS.items()} == LABELS["ClockKind"]
