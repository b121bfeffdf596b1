"""What stands behind a ticket of monitoring: its codes, the warranty then, what fixed it before, parts, readings, safety words."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.permissions import Role
from app.core import clock, db
from app.core.types import system
from app.desk import fault_context
from app.desk.fault_context import FaultContext
from app.machines.models import DeviceProfile, Machine
from app.machines.operations import seed_profiles
from app.machines.warranty import WarrantyState
from app.service_reports.models import ReportPart
from app.tickets import reasons
from app.tickets.models import Ticket, TicketFault, TicketStatus
from app.tickets.reasons import AlarmReason
from app.work_orders.models import OrderStatus
from tests import factories
from tests.monitoring.sender import Sender, ago, store
from tests.personas import actor_of, make_area, make_user, sign_in

ALL = system("tests")


@pytest.fixture
def machine(database: Database) -> Machine:
    seed_profiles()
    profile = DeviceProfile.get(DeviceProfile.name == "underground_compactor_v1")
    return factories.machine(
        device="EVC-1", profile=profile, accepted_on=date(2025, 1, 1), warranty_months=12, area=make_area("North"),
        model=factories.machine_model(name="YZ-20"),
    )  # fmt: skip


def fault(machine: Machine, *codes: str, at: datetime | None = None, **values: object) -> Ticket:
    """A ticket that alarms opened, with the families they stand for."""
    raised = [AlarmReason(code=code, name_zh=code, name_en=code, at=at or ago(minutes=40)) for code in codes]
    ticket = factories.ticket(machine=machine, reason=reasons.to_json(raised), **values)
    with db.transaction():
        for code in dict.fromkeys(codes):
            family = {"E04": "oil_temp"}.get(code, code)
            TicketFault.create(ticket=ticket, machine=machine, family=family, is_open=ticket.is_open)
    return ticket


def behind(ticket: Ticket) -> FaultContext:
    found = fault_context.of_ticket(ALL, ticket, reasons.from_json(ticket.reason))
    assert found is not None
    return found


def family_of(code: str) -> str:
    from app.machines import profiles
    from app.machines.queries import profile_documents

    return profiles.code(next(iter(profile_documents().values())), code).family


def repaired(machine: Machine, code: str, *, days: int, action: str, part: str | None = None) -> Ticket:
    """A finished ticket of that code, with a signed report."""
    ticket = factories.ticket(machine=machine, status=TicketStatus.CLOSED, opened_at=ago(days=days))
    with db.transaction():
        TicketFault.create(ticket=ticket, machine=machine, family=family_of(code), is_open=False)
    lead = make_user(Role.TECHNICIAN)
    order = factories.work_order(machine=machine, ticket=ticket, lead=lead, status=OrderStatus.FINISHED)
    report = factories.service_report(order=order, action=action, status="draft" if part else "signed")
    if part:
        with db.transaction():
            ReportPart.update(name=part).where(ReportPart.report == report).execute()
        factories._sign(report, factories.ReportStatus.SIGNED, clock.now())
    return ticket


def test_it_works(machine: Machine) -> None:
    device, at = Sender("EVC-1"), ago(minutes=40)
    store(*(device.reading(at + timedelta(minutes=minute), oil_temp=60 + minute, mode="auto") for minute in range(-20, 10)))
    found = behind(fault(machine, "E04", at=at))
    assert [policy.code for policy in found.policies] == ["E04"]
    assert (found.warranty and found.warranty.state) == WarrantyState.OFF
    assert (found.repairs, found.parts, found.guards_people) == ([], [], False)
    [(series, drawn)] = found.charts
    assert (series.metric, len(series.points), drawn.moment is not None) == ("oil_temp", 30, True)


def test_the_warranty_is_that_of_the_fault_not_of_today(machine: Machine) -> None:
    found = behind(fault(machine, "E04", at=datetime(2025, 6, 1, tzinfo=UTC)))
    assert found.warranty
    assert found.warranty.state == WarrantyState.IN


def test_repairs_of_this_machine_come_before_those_of_its_model(machine: Machine) -> None:
    twin = factories.machine(model=machine.model, profile=machine.profile)
    mine = repaired(machine, "E04", days=90, action="Cooler cleaned")
    other = repaired(twin, "E04", days=5, action="Fan changed")
    repaired(twin, "E06", days=3, action="Oil filled up")
    repaired(factories.machine(model=factories.machine_model()), "E04", days=2, action="Another model")
    found = behind(fault(machine, "E04")).repairs
    assert [(one.number, one.is_same_machine, one.what_helped) for one in found] == [
        (mine.number, True, "Cooler cleaned"), (other.number, False, "Fan changed"),
    ]  # fmt: skip


def test_parts_are_counted_over_the_reports_of_the_fault(machine: Machine) -> None:
    for days, part in ((9, "Fan"), (8, "Fan"), (7, "Thermostat")):
        repaired(machine, "E04", days=days, action="Changed", part=part)
    repaired(machine, "E06", days=6, action="Changed", part="Seal")
    assert [(one.name, one.reports) for one in behind(fault(machine, "E04")).parts] == [("Fan", 2), ("Thermostat", 1)]


def test_an_area_manager_sees_no_repairs_of_other_areas(machine: Machine) -> None:
    twin = factories.machine(model=machine.model, profile=machine.profile, area=make_area("South"))
    repaired(twin, "E04", days=5, action="Fan changed", part="Fan")
    ticket = fault(machine, "E04")
    manager = actor_of(make_user(Role.AREA_MANAGER, areas=(make_area("North"),)))
    found = fault_context.of_ticket(manager, ticket, reasons.from_json(ticket.reason))
    assert found is not None
    assert (found.repairs, found.parts) == ([], [])
    assert len(behind(ticket).repairs) == 1


def test_safety_words_stand_once(machine: Machine) -> None:
    found = behind(fault(machine, "E21", "E19", "E19"))
    assert found.guards_people
    assert len(found.warnings("zh")) == 2
    assert found.warnings("en")[0].startswith("No naked flame")


def test_a_ticket_without_an_alarm_has_nothing_behind_it(machine: Machine) -> None:
    assert fault_context.of_ticket(ALL, factories.ticket(machine=machine), []) is None


def test_the_page_shows_it_and_asks_little_more(
    machine: Machine, client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(Sender("EVC-1").reading(ago(minutes=40), pit_water=170))
    repaired(machine, "E19", days=9, action="Pump changed", part="Pump")
    ticket = fault(machine, "E19")
    statements: list[str] = []
    run = database.execute_sql

    def counted(sql: str, *rest: object, **more: object) -> object:
        statements.append(sql)
        return run(sql, *rest, **more)

    monkeypatch.setattr(database, "execute_sql", counted)
    behind(ticket)
    needed = len(statements)
    monkeypatch.undo()
    page = sign_in(client, make_user(Role.CLERK)).get(f"/tickets/{ticket.number}").text
    for words in ("fault-warning", "Pump changed", 'class="drawing"'):
        assert words in page
    assert needed <= 8, statements
