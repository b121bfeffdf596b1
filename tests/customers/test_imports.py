"""customers.csv."""

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.accounts.models import Area
from app.core import db
from app.core.history import HistoryEntry
from app.core.import_runs import ImportKind
from app.customers.models import Contact, Customer
from tests import taking_in

HEAD = "name,short_name,tax_number,kind,area,contact,phone,email\n"


def take_in(text: str, **options: bool) -> tuple[int, int, int]:
    return taking_in.counts(taking_in.take_in(ImportKind.CUSTOMERS, text, **options))


reasons = partial(taking_in.reasons, ImportKind.CUSTOMERS)


FILE = (
    HEAD
    + "甲公司,甲,914403001922038216,company,北区,张三,13800000001,\n甲公司,,,,,李四,13800000002,li@example.com\n乙局,,,机关事业单位,,,,\n"
)


def test_it_works(database: Database) -> None:
    assert take_in(FILE) == (2, 1, 0)
    assert Customer.get(Customer.name == "乙局").kind == "public_body"
    assert Customer.get(Customer.name == "甲公司").area == Area.get(Area.name == "北区")
    assert Contact.select().count() == 2


def test_the_same_file_again_changes_nothing(database: Database) -> None:
    take_in(FILE)
    entries = HistoryEntry.select().where(HistoryEntry.object_type != "import").count()
    assert take_in(FILE) == (0, 0, 3)
    assert HistoryEntry.select().where(HistoryEntry.object_type != "import").count() == entries


def test_empty_cells_change_nothing_and_others_do(database: Database) -> None:
    take_in(FILE)
    assert take_in(HEAD + "甲公司,甲司,,,,,,\n") == (0, 1, 0)
    customer = Customer.get(Customer.name == "甲公司")
    assert (customer.short_name, customer.tax_number) == ("甲司", "914403001922038216")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",,,,,,,", None),
        (" ,x,,,,,,", "name"),
        ("甲,,12,,,,,", "tax_number"),
        ("甲,,914403001922038217,,,,,", "tax_number"),
        ("甲,,,shop,,,,", "kind"),
        ("甲,,,,,,13800000001,", "contact"),
        ("长" * 121 + ",,,,,,,", "name"),
        ("甲,,,,,,,,9", "more cells"),
    ],
)
def test_a_bad_line_refuses_the_whole_file(sqlite_database: Database, line: str, column: str | None) -> None:
    text = HEAD + "好客户,,,,,,,\n" + line + "\n"
    if column is None:
        assert take_in(text) == (1, 0, 0)
        return
    found = reasons(text)
    assert found[0][0] == 3
    assert column in found[0][1]
    assert not Customer.select().exists()


def test_two_lines_must_not_contradict_each_other(sqlite_database: Database) -> None:
    found = reasons(HEAD + "甲,A,,,,,,\n甲,B,,,,,,\n")
    assert [line for line, _words in found] == [3]


def test_one_tax_number_cannot_belong_to_two(sqlite_database: Database) -> None:
    found = reasons(HEAD + "甲,,914403001922038216,,,,,\n乙,,914403001922038216,,,,,\n")
    assert found[0][0] == 3


def test_a_dry_run_says_what_would_happen_and_leaves_nothing(database: Database) -> None:
    assert take_in(FILE, is_dry_run=True) == (2, 1, 0)
    assert not Customer.select().exists()
    assert not HistoryEntry.select().exists()


_cell = st.sampled_from(["", "甲", "乙", "company", "person", "北区", "张三", "13800000001", "=1+1", "  ", "a,b", 'a"b'])
_rows = st.lists(st.lists(_cell, min_size=8, max_size=8), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows)
def test_whatever_is_imported_twice_is_there_once(sqlite_database: Database, rows: list[list[str]]) -> None:
    quoted = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
    with db.database.atomic() as everything:
        take_in(HEAD + quoted, skips_bad_lines=True)
        before = sorted(Customer.select(Customer.name, Customer.short_name, Customer.version).tuples())
        added, changed, _unchanged = take_in(HEAD + quoted, skips_bad_lines=True)
        assert (added, changed) == (0, 0)
        assert sorted(Customer.select(Customer.name, Customer.short_name, Customer.version).tuples()) == before
        everything.rollback()
