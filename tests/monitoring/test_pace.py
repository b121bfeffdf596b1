from app.monitoring.evaluation.pace import FIRST, LEAST, LONGEST_S, Pace


def test_it_works() -> None:
    pace = Pace()
    for expected in (2 * FIRST, 4 * FIRST, 8 * FIRST):
        pace.learn(pace.limit, LONGEST_S / 3)
        assert pace.limit == expected
    pace.learn(pace.limit, LONGEST_S * 0.8)
    assert pace.limit == 8 * FIRST


def test_what_lasted_too_long_makes_the_next_as_short_as_it_may_be() -> None:
    pace = Pace()
    pace.learn(FIRST, LONGEST_S * 4)
    assert pace.limit == FIRST // 4
    pace.learn(FIRST // 4, LONGEST_S * 100)
    assert pace.limit == LEAST


def test_a_burst_after_a_cheap_backlog_begins_low_again() -> None:
    pace = Pace()
    for _ in range(5):
        pace.learn(pace.limit, 0.01)
    pace.learn(3, 0.01)
    assert pace.limit == FIRST


def test_what_was_costly_stays_short_until_a_whole_step_was_cheap() -> None:
    pace = Pace()
    pace.learn(FIRST, LONGEST_S * 4)
    pace.learn(1, 0.01)
    assert pace.limit == FIRST // 4
    pace.learn(FIRST // 4, 0.01)
    assert pace.limit == FIRST // 2


def test_few_messages_that_last_long_do_not_open_the_step() -> None:
    pace = Pace()
    pace.learn(0, LONGEST_S * 2)
    assert pace.limit == LEAST
