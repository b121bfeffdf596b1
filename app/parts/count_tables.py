"""The counted numbers of a stock count as a table that was filled in: CSV or XLSX, all or nothing."""

from decimal import Decimal
from typing import Any, BinaryIO

from app.core.errors import N_, InvalidFile
from app.core.importing import Column, Line, Mapping, Row, open_table, refused
from app.core.types import Actor
from app.parts import catalogue, counting
from app.parts.counting import Said
from app.parts.counts import lines_of
from app.parts.models import Part, StockCount
from app.web.amounts import number_in

COLUMNS = (
    Column("part", N_("Number of the part"), "配件编号", ("编号", "物料编码", "料号", "number"), is_required=True),
    Column("name", N_("Name of the part"), "配件名称", ("名称",)),
    Column("drawing_number", N_("Drawing number"), "图号"),
    Column("unit", N_("Unit"), "单位"),
    Column("counted", N_("Counted quantity"), "实盘数量", ("盘点数量", "实盘", "实存", "quantity", "数量"), is_required=True),
    Column("remark", N_("Remark"), "备注"),
)
_Reasons = list[tuple[int, str, dict[str, Any]]]


def take_in(*, by: Actor, count: StockCount, stream: BinaryIO) -> int:
    """Enter the counted numbers of a table; returns how many lines had one. A line without a number is left as it is.

    Raises ``InvalidFile`` with every bad line, ``Conflict`` when the count is not being counted, ``NotAllowed``.
    """
    table = open_table(stream)
    mapping = Mapping.guessed(table.headings, COLUMNS)
    mapping.require(table.headings, COLUMNS, table.heading_line)
    lines, said, more, bad = {line.part.number: line for line in lines_of(count)}, dict[int, Said](), dict[str, tuple[Part, Decimal]](), []
    for line in table.lines(mapping):
        try:
            found = _read(line)
        except InvalidFile as error:
            bad += error.lines
            continue
        if found is None:
            continue
        part, counted, remark = found
        if part.number in lines:
            said[lines[part.number].id] = Said(counted, remark)
        else:
            more[part.number] = (part, counted)
    if bad:
        raise refused(bad)
    counting.enter(by=by, count=count, said=said, more=list(more.values()))
    return len(said) + len(more)


def _read(line: Line | Row) -> tuple[Part, Decimal, str] | None:
    if isinstance(line, Row):
        raise refused([(line.number, words, params) for words, params in line.reasons])
    part = catalogue.named(line.get("part"))
    if part is None:
        raise refused([(line.number, N_("There is no such part in the catalogue."), {})])
    try:
        counted = number_in(line.get("counted"), 3)
    except ValueError:
        counted = Decimal(-1)
    if counted is not None and counted < 0:
        raise refused([(line.number, N_("A quantity like 2 or 1.5, please."), {})])
    return None if counted is None else (part, counted, line.get("remark"))
