"""Files of offices: what is read, what is refused and in which words."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from app.core.errors import InvalidFile
from app.core.import_runs import ImportKind
from app.core.importing import Line, Mapping, Row, fen_in, open_table
from app.core.importing.headings import IGNORED, plain
from app.imports.kinds import KINDS

MACHINES = KINDS[ImportKind.MACHINES].columns


def workbook(*rows: list[Any], change: Any = None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def cells(content: bytes) -> list[list[str]]:
    return [row.cells for row in open_table(content).rows()]


def refusal(content: bytes) -> tuple[int, str]:
    with pytest.raises(InvalidFile) as refused:
        list(open_table(content).rows())
    line, message, params = refused.value.lines[0]
    return line, message % params if params else message


def test_it_works() -> None:
    table = open_table(workbook(["serial", "model"], ["S1", "M"], [None, None], ["S2", "M"]))
    assert (table.headings, table.sheet) == (("serial", "model"), "Sheet")
    assert [(row.number, row.cells) for row in table.rows()] == [(2, ["S1", "M"]), (4, ["S2", "M"])]
    assert [row.number for row in table.rows()] == [2, 4], "rows can be read again"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_of_every_office_is_read(encoding: str) -> None:
    assert cells("序列号,机型\nS1,压缩机\n".encode(encoding)) == [["S1", "压缩机"]]


def test_values_stand_as_they_are_in_the_sheet() -> None:
    row: list[Any] = [date(2024, 3, 8), datetime(2024, 3, 8, 14, 30), 12, 12.0, 183.05, "013800000001", True]  # noqa: DTZ001 - sheets know no zones
    assert cells(workbook([f"h{n}" for n in range(7)], row)) == [
        ["2024-03-08", "2024-03-08 14:30:00", "12", "12", "183.05", "013800000001", "1"]
    ]


def test_a_formula_makes_its_line_bad_and_names_the_cell() -> None:
    rows = list(open_table(workbook(["serial", "model"], ["S1", "=1+1"], ["S2", "M"])).rows())
    assert rows[0].reasons == [("cell %(cell)s holds a formula; paste its value instead", {"cell": "B2"})]
    assert rows[1].reasons == []


def test_text_that_only_looks_like_a_formula_is_text() -> None:
    def as_text(book: Any) -> None:
        book.active["B2"].data_type = "s"

    assert cells(workbook(["serial", "model"], ["S1", "=1+1"], change=as_text)) == [["S1", "=1+1"]]


def test_merged_cells_are_refused_by_name() -> None:
    line, words = refusal(workbook(["serial", "model"], ["S1", "M"], ["S2", ""], change=lambda book: book.active.merge_cells("B2:B3")))
    assert line == 2
    assert "B2:B3" in words


def test_a_merged_title_above_the_headings_is_no_obstacle() -> None:
    content = workbook(["设备台账", None], ["serial", "model"], ["S1", "M"], change=lambda book: book.active.merge_cells("A1:B1"))
    table = open_table(content)
    assert (table.headings, table.heading_line, [row.number for row in table.rows()]) == (("serial", "model"), 2, [3])


def test_hidden_sheets_are_named_and_not_read() -> None:
    def hide(book: Any) -> None:
        book.create_sheet("明细")
        book.active.sheet_state = "hidden"
        book["明细"].append(["serial"])
        book["明细"].append(["S9"])

    table = open_table(workbook(["serial"], ["S1"], change=hide))
    assert (table.sheet, table.hidden_sheets, [row.cells for row in table.rows()]) == ("明细", ("Sheet",), [["S9"]])


def test_a_bomb_is_not_opened() -> None:
    file = io.BytesIO(workbook(["serial"], ["S1"]))
    with (
        zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(500):
            sheet.write(b"0" * 1024 * 1024)
    assert len(file.getvalue()) < 2_000_000
    assert "larger than any real table" in refusal(file.getvalue())[1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xlsx"),
        (b"\n\n", "empty"),
        (b",,\n1,2,3\n", "1"),
        ("a,b\n1,甲\n".encode("utf-16")[:-1], "UTF-16"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, words: str) -> None:
    if words == "1":  # the first row that holds something has the headings
        assert open_table(content).headings == ("1", "2", "3")
    else:
        assert words in refusal(content)[1]


def test_other_packed_files_are_no_workbook() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("readme.txt", "hello")
    assert "no workbook" in refusal(file.getvalue())[1]


def test_damage_inside_a_workbook_is_said_in_words() -> None:
    good = io.BytesIO(workbook(["serial"], ["S1"]))
    bad = io.BytesIO()
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"<worksheet><sheetData><row" if name.endswith("sheet1.xml") else source.read(name))
    assert "damaged" in refusal(bad.getvalue())[1]


def test_headings_are_known_in_both_languages_and_by_what_offices_call_them() -> None:
    for headings in (
        ("serial", "model"),
        ("序列号", "机型"),
        ("出厂编号 *", "规格型号"),
        ("Serial Number", "MODEL"),
        ("设备编号（必填）", "型号"),
    ):
        assert list(Mapping.guessed(headings, MACHINES).columns.values()) == ["serial", "model"], headings


def test_of_two_headings_that_mean_the_same_the_first_counts() -> None:
    mapping = Mapping.guessed(("序列号", "设备编号"), MACHINES)
    assert mapping.columns == {"序列号": "serial"}
    assert [about for about, _message, _params in mapping.problems(("序列号", "设备编号"), MACHINES)] == ["model", "设备编号"]


def test_what_a_person_says_of_a_heading_counts_more_than_a_guess() -> None:
    mapping = Mapping.guessed(("序列号", "设备编号", "型号"), MACHINES).with_choices({"设备编号": "serial", "序列号": IGNORED})
    assert mapping.columns == {"设备编号": "serial", "序列号": IGNORED, "型号": "model"}
    assert mapping.problems(("序列号", "设备编号", "型号"), MACHINES) == []


def test_no_two_columns_of_a_kind_are_called_the_same() -> None:
    for kind in KINDS.values():
        names = [plain(name) for column in kind.columns for name in {column.code, column.label, column.label_zh, *column.names}]
        doubles = {name for name in names if names.count(name) > 1}
        own = {plain(name) for column in kind.columns for name in (column.code, column.label, column.label_zh)}
        assert doubles <= own, (kind.name, doubles)


def test_our_own_exports_lose_their_formula_guard() -> None:
    line = next(open_table(b"serial,batch\nS1,'=1\n").lines(Mapping({"serial": "serial", "batch": "batch"})))
    assert isinstance(line, Line)
    assert line.values == {"serial": "S1", "batch": "=1"}


def test_cells_beyond_the_headings_make_a_line_bad() -> None:
    first, second = open_table(b"serial,model\nS1,M,,\nS2,M,x\n").lines(Mapping({"serial": "serial", "model": "model"}))
    assert isinstance(first, Line)
    assert isinstance(second, Row)


@pytest.mark.parametrize(
    ("text", "fen"), [("183.05", 18305), ("1,234.5", 123450), ("¥0.1", 10), ("12元", 1200), ("-339.81", -33981), ("0.005", 0), ("", None)]
)
def test_amounts_are_read_to_the_fen(text: str, fen: int | None) -> None:
    assert fen_in(Line(1, {"cost": text}), "cost") == fen


@pytest.mark.parametrize("text", ["abc", "1.2.3", "1,23", "9" * 20, "12 kg"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    from app.core.errors import Invalid

    with pytest.raises(Invalid):
        fen_in(Line(1, {"cost": text}), "cost")
