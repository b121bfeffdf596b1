"""Taking imports back: as before, until something depends on what came in."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from app.accounts.models import Area
from app.core import db, history
from app.core.errors import Conflict, InvalidFile
from app.core.files import StoredFile
from app.core.history import HistoryEntry
from app.core.import_runs import ImportedRow, ImportKind, ImportRun, ImportState
from app.customers import operations as customers
from app.customers.models import Contact, Customer, Site
from app.customers.operations import ContactDetails, CustomerDetails
from app.imports import operations
from app.imports.work import Worker
from app.machines.models import Machine, MachineModel, MachineMove, TerminalChange
from app.tickets import searching
from app.tickets.models import PastWork, Ticket, TicketTransition
from app.tickets.operations import add_note
from tests import factories
from tests.taking_in import BY, imported

MADE = (Area, Customer, Site, Contact, MachineModel, Machine, MachineMove, TerminalChange, Ticket, PastWork, TicketTransition)
MACHINES = "serial,model,customer,site,address,area,device\n"
HISTORY = "date,machine,text,cost\n2020-01-01,A,漏油,10\n2020-01-02,A,异响,\n"


def undo(run: ImportRun) -> ImportRun:
    operations.ask_undo(by=BY, run=run, version=run.version)
    assert Worker("tests").work_on(run.id)
    return ImportRun.get_by_id(run.id)


def refusal(run: ImportRun) -> list[str]:
    with pytest.raises(InvalidFile) as refused:
        operations.ask_undo(by=BY, run=run, version=run.version)
    return [message % params for _line, message, params in refused.value.lines]


def everything() -> dict[str, list[Any]]:
    """All rows but their versions, which count every change."""
    rows = {}
    for model in MADE:
        fields = [field for field in model._meta.sorted_fields if field.name != "version"]
        rows[model.__name__] = sorted(model.select(*fields).tuples(), key=str)
    return rows


def test_it_works(database: Database) -> None:
    run = imported(ImportKind.HISTORY, HISTORY, creates_machines=True)
    assert Ticket.select().count() == 2
    run = undo(run)
    assert (run.state, run.undone_by_name) == (ImportState.UNDONE, "tests")
    assert not any(everything().values())
    assert not ImportedRow.select().exists()
    assert not db.database.execute_sql(f"SELECT 1 FROM {searching.TABLE} LIMIT 1").fetchone()
    assert HistoryEntry.select().where(HistoryEntry.action == "ticket.import_undone").count() == 2
    assert history.verify().problem is None


def test_what_was_taken_back_can_be_imported_again(sqlite_database: Database) -> None:
    undo(imported(ImportKind.HISTORY, HISTORY, creates_machines=True))
    assert imported(ImportKind.HISTORY, HISTORY, creates_machines=True).added == 2


def test_what_was_changed_gets_back_what_stood_there(database: Database) -> None:
    imported(ImportKind.MACHINES, MACHINES + "S1,M1,甲公司,东门,东路 1 号,东区,D1\n")
    imported(ImportKind.CUSTOMERS, "name,short_name\n甲公司,甲\n")
    before = everything()
    run = imported(ImportKind.MACHINES, MACHINES + "S1,M2,乙公司,西门,西路 2 号,西区,D2\nS2,M2,甲公司,东门,东路 9 号,,\n")
    assert (run.added, run.changed) == (1, 1)
    assert MachineMove.select().exists()
    undo(run)
    assert everything() == before


def test_contacts_get_back_what_stood_there(database: Database) -> None:
    customer = factories.customer(name="甲公司", short_name="甲")
    factories.contact(customer=customer, name="王芳", phone="", email="old@example.com")
    factories.site(customer=customer, name="东门")
    before = everything()
    run = imported(
        ImportKind.CONTACTS, "客户,姓名,岗位,电话,邮箱,使用站点\n甲,王芳,站长,13800000001,new@example.com,东门\n甲公司,李四,,,,\n"
    )
    assert (run.added, run.changed) == (1, 1)
    contact = Contact.get(Contact.name == "王芳")
    assert (contact.phone, contact.role, contact.site.name) == ("13800000001", "station_head", "东门")
    undo(run)
    assert everything() == before


_name = st.sampled_from(["甲公司", "乙公司", ""])
_machine_lines = st.lists(
    st.tuples(st.sampled_from(["S1", "S2", "S3"]), st.sampled_from(["M1", "M2"]), _name, st.sampled_from(["东门", ""]),
              st.sampled_from(["路 1 号", "路 2 号", ""]), st.sampled_from(["东区", "西区", ""]), st.sampled_from(["D1", "D2", ""])),
    max_size=5,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(there=_machine_lines, comes=_machine_lines)
def test_import_and_undo_leave_everything_as_it_was(
    sqlite_database: Database, there: list[tuple[str, ...]], comes: list[tuple[str, ...]]
) -> None:
    with db.database.atomic() as all_of_it:
        _take(there)
        before = everything()
        run = _take(comes)
        if run is not None:
            assert undo(run).state == ImportState.UNDONE
        assert everything() == before
        all_of_it.rollback()


def _take(lines: list[tuple[str, ...]]) -> ImportRun | None:
    from tests.taking_in import hand_in

    run = hand_in(ImportKind.MACHINES, MACHINES + "".join(",".join(line) + "\n" for line in lines))
    if not run.added + run.changed:
        return None
    operations.start(by=BY, run=run, version=run.version, skips_bad_lines=True)
    assert Worker("tests").work_on(run.id)
    return ImportRun.get_by_id(run.id)


def test_a_ticket_that_somebody_worked_on_keeps_the_import(database: Database) -> None:
    run = imported(ImportKind.HISTORY, HISTORY, creates_machines=True)
    ticket = Ticket.get(Ticket.title == "漏油")
    add_note(by=BY, ticket=ticket, text="this was never solved")
    assert any(ticket.number in words and "changed since, by tests" in words for words in refusal(run))
    assert Ticket.select().count() == 2
    assert ImportRun.get_by_id(run.id).state == ImportState.DONE


def test_what_others_use_is_named(database: Database) -> None:
    run = imported(ImportKind.MACHINES, MACHINES + "S1,M1,甲公司,东门,,,\n")
    ticket = factories.ticket(machine=Machine.get())
    words = refusal(run)
    assert f"S1 is used by ticket {ticket.number}." in words
    assert f"甲公司 is used by ticket {ticket.number}." in words


def test_a_later_import_must_be_taken_back_first(sqlite_database: Database) -> None:
    first = imported(ImportKind.MACHINES, MACHINES + "A,M1,,,,,\n")
    second = imported(ImportKind.HISTORY, HISTORY)
    assert any("A is used by ticket" in words for words in refusal(first))
    undo(second)
    assert undo(ImportRun.get_by_id(first.id)).state == ImportState.UNDONE
    assert not Machine.select().exists()


def test_what_was_changed_since_is_not_changed_back(database: Database) -> None:
    customer = factories.customer(name="甲公司", short_name="")
    run = imported(ImportKind.CUSTOMERS, "name,short_name\n甲公司,甲\n")
    present = Customer.get_by_id(customer.id)
    customers.edit_customer(by=BY, customer=present, version=present.version, details=CustomerDetails(name="甲公司", short_name="大甲"))
    assert refusal(run) == ["甲公司 was changed since. Put it right by hand."]
    assert Customer.get().short_name == "大甲"


def test_what_was_added_to_a_changed_record_is_no_obstacle(sqlite_database: Database) -> None:
    factories.customer(name="甲公司", short_name="")
    run = imported(ImportKind.CUSTOMERS, "name,short_name\n甲公司,甲\n")
    customers.add_contact(by=BY, customer=Customer.get(), details=ContactDetails(name="李四"))
    undo(run)
    assert (Customer.get().short_name, Contact.get().name) == ("", "李四")


def test_an_import_is_taken_back_once(sqlite_database: Database) -> None:
    run = undo(imported(ImportKind.HISTORY, HISTORY, creates_machines=True))
    operations.ask_undo(by=BY, run=run, version=run.version)
    assert ImportRun.get_by_id(run.id).taking_back_at is None


def test_a_stale_page_takes_nothing_back(sqlite_database: Database) -> None:
    run = imported(ImportKind.HISTORY, HISTORY, creates_machines=True)
    with pytest.raises(Conflict):
        operations.ask_undo(by=BY, run=run, version=run.version - 1)


def test_what_comes_to_depend_on_it_in_the_middle_stops_the_taking_back(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    run = imported(ImportKind.MACHINES, MACHINES + "S1,M1,甲公司,东门,,,\n")
    operations.ask_undo(by=BY, run=run, version=run.version)
    factories.ticket(machine=Machine.get())
    assert Worker("tests").work_on(run.id)
    run = ImportRun.get_by_id(run.id)
    assert (run.state, run.taking_back_at, run.undone_by_name) == (ImportState.DONE, None, "")
    assert Machine.get().serial == "S1"


def test_a_file_that_was_not_imported_can_be_thrown_away(sqlite_database: Database) -> None:
    from tests.taking_in import hand_in

    run = hand_in(ImportKind.CUSTOMERS, "name\n甲公司\n")
    operations.discard(by=BY, run=run, version=run.version)
    assert not ImportRun.select().exists()
    assert not StoredFile.select().exists()


def test_what_was_imported_is_not_thrown_away(sqlite_database: Database) -> None:
    run = imported(ImportKind.CUSTOMERS, "name\n甲公司\n")
    with pytest.raises(Conflict):
        operations.discard(by=BY, run=run, version=run.version)
