"""A table of days as a file: CSV or workbook with ``day,is_working,name``, or with the Chinese headings of a spreadsheet."""

import csv
import io
from collections.abc import Mapping
from datetime import date

from app.core.calendar import Day
from app.core.errors import N_, Invalid, InvalidFile
from app.core.importing import Column, Line, Row, date_in, open_table, reasons_of, refused
from app.core.importing import Mapping as Headings
from app.roster.calendar_operations import MAX_NAME, State

COLUMNS = (
    Column("day", N_("Day"), "日期", ("date", "日子"), is_required=True, example="2027-02-06"),
    Column("is_working", N_("Is worked"), "是否上班", ("上班", "工作日", "是否工作日", "working"), is_required=True, example="0"),
    Column("name", N_("Name of the day"), "名称", ("节日", "节假日", "备注", "holiday"), example="春节"),
)
_WORKED = {"1", "true", "yes", "是", "上班", "班", "调休", "工作日"}
_OFF = {"0", "false", "no", "否", "休", "放假", "休息", "节假日"}


def read(content: bytes) -> dict[date, State]:
    """The days of a file. Raises ``InvalidFile`` with the reason of every line that cannot be used."""
    table = open_table(content)
    headings = Headings.guessed(table.headings, COLUMNS)
    problems = headings.problems(table.headings, COLUMNS)
    if problems:
        raise refused([(table.heading_line, message, params) for _name, message, params in problems])
    days: dict[date, State] = {}
    bad = []
    for line in table.lines(headings):
        try:
            day, state = _day(line, days)
        except Invalid as error:
            bad += [(line.number, *reason) for reason in reasons_of(error)]
        else:
            days[day] = state
    if bad:
        raise refused(bad)
    if not days:
        raise InvalidFile(N_("There is no day in this file."), lines=[])
    return days


def _day(line: Line | Row, known: Mapping[date, State]) -> tuple[date, State]:
    if isinstance(line, Row):
        raise Invalid(line.reasons[0][0], **line.reasons[0][1])
    day, said, name = date_in(line, "day"), line.get("is_working").lower(), line.get("name")
    wrong = {}
    if day is None:
        wrong["day"] = N_("a date such as 2026-11-23 is needed")
    elif day in known:
        wrong["day"] = N_("this day stands in the file twice")
    if said not in _WORKED | _OFF:
        wrong["is_working"] = N_("1 or 0 is needed, or 上班 or 休")
    if len(name) > MAX_NAME:
        wrong["name"] = N_("too long")
    if wrong or day is None:
        raise Invalid(N_("This line cannot be used."), fields=wrong)
    return day, (said in _WORKED, name)


def written(days: Mapping[date, State | Day]) -> str:
    """``days`` as CSV that ``read`` takes."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column.code for column in COLUMNS])
    for day, state in sorted(days.items()):
        works, name = (state.is_working, state.name) if isinstance(state, Day) else state or (False, "")
        writer.writerow([day.isoformat(), int(works), name])
    return file.getvalue()
