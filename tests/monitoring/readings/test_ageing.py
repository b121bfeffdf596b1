"""Readings become minutes and hours, late ones are put in, and what is old goes: never more than that, on both databases."""

from datetime import datetime, timedelta

import pytest

from app.core import settings
from app.core.types import system
from app.machines.models import Machine
from app.monitoring.models import EvaluationCursor, FeedPosition, Reading, ReadingDue, ReadingHour, ReadingMinute, Terminal
from app.monitoring.readings import ageing, blocks, forgetting, spans, thinning
from app.monitoring.readings.progress import RAW_DAYS, progress
from app.monitoring.sources import sources
from tests.monitoring.readings.said import DAY, HOUR, MINUTE, OLD, START, evaluate, say


def hour_of(at: datetime) -> blocks.Step | None:
    row = ReadingHour.get_or_none(ReadingHour.at == at.replace(hour=0))
    return blocks.at_place(blocks.read(row.metrics), at.hour).get("oil_temp") if row else None


def minutes_of(at: datetime) -> list[tuple[int, int, float, float]]:
    row = ReadingMinute.get(ReadingMinute.at == at)
    steps = blocks.read(row.metrics)["oil_temp"]
    return [(place, step.count, step.least, step.greatest) for place, step in enumerate(steps) if step]


def test_it_works(terminal: Terminal) -> None:
    say(terminal, (START, 40), (START + MINUTE, 50), (START + MINUTE + timedelta(seconds=9), 60), (START + HOUR, 30))
    ageing.look(START + 3 * HOUR)
    assert minutes_of(START) == [(0, 1, 40, 40), (1, 2, 50, 60)]
    assert hour_of(START) == blocks.Step(3, 40, 60, 50, 60)
    assert hour_of(START + HOUR) == blocks.Step(1, 30, 30, 30, 30)
    assert (ReadingDue.select().count(), Reading.select().count()) == (0, 4)
    assert ageing.look(START + 3 * HOUR) == ""


def test_an_hour_that_is_not_over_waits(terminal: Terminal) -> None:
    say(terminal, (START, 40))
    ageing.look(START + HOUR)
    assert (ReadingMinute.select().count(), ReadingDue.select().count()) == (0, 1)
    ageing.look(START + HOUR + 11 * MINUTE)
    assert (ReadingMinute.select().count(), ReadingDue.select().count()) == (1, 0)


def test_nothing_is_thinned_that_was_not_evaluated(terminal: Terminal) -> None:
    say(terminal, (START, 40), is_evaluated=False)
    ageing.look(START + 3 * HOUR)
    assert ReadingMinute.select().count() == 0
    evaluate()
    ageing.look(START + 3 * HOUR)
    assert ReadingMinute.select().count() == 1


def test_the_slowest_partition_holds_thinning_back_and_a_cursor_left_over_does_not(terminal: Terminal) -> None:
    say(terminal, (START, 40))
    end = FeedPosition.get().value
    rows = [("alarms:0/2", end), ("alarms:1/2", 0), ("alarms:2/3", 0)]
    EvaluationCursor.delete().execute()
    EvaluationCursor.insert_many(rows, fields=["name", "position"]).execute()
    ageing.look(START + 3 * HOUR)
    assert ReadingMinute.select().count() == 0
    EvaluationCursor.update(position=end).where(EvaluationCursor.name == "alarms:1/2").execute()
    ageing.look(START + 3 * HOUR)
    assert ReadingMinute.select().count() == 1


def test_a_late_reading_is_put_in_its_place(terminal: Terminal) -> None:
    say(terminal, (START, 40), (START + 5 * MINUTE, 50))
    ageing.look(START + 3 * HOUR)
    say(terminal, (START + 2 * MINUTE, 99))
    ageing.look(START + 3 * HOUR)
    assert [place for place, *_ in minutes_of(START)] == [0, 2, 5]
    assert hour_of(START) == blocks.Step(3, 40, 99, 63, 50)


def test_it_goes_on_where_it_was_broken_off(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    say(terminal, *((START + number * HOUR, number) for number in range(30)))
    monkeypatch.setattr(thinning, "HOURS_AT_ONCE", 7)
    while thinning.note_hours():
        pass
    assert thinning.thin(START + 3 * DAY) == 7
    written = thinning._write

    def dying(*arguments: object) -> None:
        written(*arguments)  # type: ignore[arg-type]
        raise RuntimeError("power cut")

    monkeypatch.setattr(thinning, "_write", dying)
    with pytest.raises(RuntimeError):
        thinning.thin(START + 3 * DAY)
    monkeypatch.setattr(thinning, "_write", written)
    assert (ReadingMinute.select().count(), ReadingDue.select().count()) == (7, 23)
    ageing.look(START + 3 * DAY)
    assert [hour_of(START + number * HOUR) for number in (0, 7, 29)] == [blocks.Step(1, n, n, n, n) for n in (0, 7, 29)]


def test_old_readings_go_when_they_are_in_their_hours(terminal: Terminal, machine: Machine) -> None:
    say(terminal, (START, 40), (START + MINUTE, 50), (OLD, 60))
    ageing.look(OLD)
    assert [row.at for row in Reading.select()] == [OLD]
    found = spans(sources(machine), "oil_temp", START - HOUR, OLD + HOUR)
    assert [(span.count, span.least, span.greatest) for span in found] == [(2, 40, 50), (1, 60, 60)]


def test_what_is_not_thinned_yet_does_not_go(terminal: Terminal) -> None:
    say(terminal, (START, 40))
    while thinning.note_hours():
        pass
    forgetting.move_on(OLD)
    assert (progress().raw_from, forgetting.forget(), Reading.select().count()) == (0, 0, 1)


def test_a_reading_that_comes_when_its_hour_is_forgotten_is_added_once(terminal: Terminal) -> None:
    say(terminal, (START, 40), (START + 5 * MINUTE, 50))
    ageing.look(OLD)
    say(terminal, (START + 2 * MINUTE, 99))
    assert forgetting.forget() == 0  # it is not one of those that are in their hours
    ageing.look(OLD)
    say(terminal, (START + 2 * MINUTE, 1))
    ageing.look(OLD)
    assert minutes_of(START) == [(0, 1, 40, 40), (2, 2, 1, 99), (5, 1, 50, 50)]
    step = hour_of(START)
    assert step is not None
    assert (step.count, step.least, step.greatest) == (4, 1, 99)
    assert Reading.select().count() == 0


def test_years_later_only_hours_are_left_and_then_nothing(terminal: Terminal) -> None:
    say(terminal, (START, 40), (START + 5 * MINUTE, 50))
    ageing.look(OLD)
    ageing.look(START + 800 * DAY)
    assert (ReadingMinute.select().count(), ReadingHour.select().count()) == (0, 1)
    say(terminal, (START + 7 * MINUTE, 60))
    ageing.look(START + 800 * DAY)
    assert (ReadingMinute.select().count(), hour_of(START)) == (0, blocks.Step(3, 40, 60, 50, 60))
    ageing.look(START + 3_700 * DAY)
    assert ReadingHour.select().count() == 0


def test_readings_of_the_last_eight_days_stay_whatever_is_set(terminal: Terminal) -> None:
    settings.put(by=system("test"), name=RAW_DAYS.name, value=1)
    say(terminal, (START, 40), (START + 8 * DAY, 50))
    ageing.look(START + 8 * DAY + HOUR)
    assert Reading.select().count() == 2
