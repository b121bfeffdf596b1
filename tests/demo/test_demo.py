"""The demo world: coherent, made through operations, never over real data."""

import pytest
from peewee import Database

from app import demo
from app.accounts.models import Department, Role, Station, User, UserRole
from app.callbacks.models import CallBack
from app.core import history
from app.core.config import Config
from app.core.errors import Conflict
from app.customers.models import Customer, Project
from app.machines.models import Machine, MachineMove, TerminalChange
from app.machines.operations import seed_profiles
from app.monitoring.models import Alarm, Condition, Gap, Reading
from app.service_reports.models import ServiceReport
from app.tickets.models import Ticket, TicketStatus
from app.work_orders.models import WorkOrder
from tests import factories
from tests.personas import make_user

PASSWORD = "a password for the demo"


@pytest.mark.slow
def test_it_works(database: Database, config: Config) -> None:
    seed_profiles()
    assert demo.load(config, PASSWORD) == PASSWORD
    assert {row.role for row in UserRole.select()} == set(Role)
    assert Machine.select().count() == 60
    assert {"to_verify", "new", "in_work", "closed"} <= {status for (status,) in Ticket.select(Ticket.status).distinct().tuples()}
    assert Alarm.select().where(Alarm.condition == Condition.ACTIVE).count() >= 5
    assert Reading.select().count() > 10_000
    assert not Gap.select().exists()
    assert Ticket.select().where(Ticket.machine.is_null()).count() == 0
    assert (Station.select().count(), Department.select().count(), Project.select().count()) == (3, 3, 3)
    assert (MachineMove.select().count(), TerminalChange.select().count()) == (1, 1)
    assert Machine.select().where(Machine.sim_expires_on.is_null(False)).count() == 6
    orders = {status for (status,) in WorkOrder.select(WorkOrder.status).distinct().tuples()}
    assert orders >= {"draft", "dispatched", "accepted", "travelling", "on_site", "waiting_parts", "declined", "archived"}
    assert {one.status for one in CallBack.select()} >= {"archived"}
    assert ServiceReport.select().where(ServiceReport.status == "filed").count() > 10
    assert history.verify().problem is None


@pytest.mark.slow
def test_it_is_loaded_once_and_can_be_loaded_afresh(database: Database, config: Config) -> None:
    seed_profiles()
    demo.load(config, PASSWORD)
    with pytest.raises(Conflict):
        demo.load(config, PASSWORD)
    Ticket.update(status=TicketStatus.NEW, is_open=True).execute()
    (config.data_dir / "demo_password").write_text(PASSWORD, encoding="ascii")
    assert demo.reset(config) == PASSWORD
    assert Ticket.select().where(Ticket.status == TicketStatus.CLOSED).exists()
    assert history.verify(config.heads_file).problem is None


@pytest.mark.parametrize("make", [make_user, factories.customer, factories.machine])
def test_it_never_loads_over_real_data(database: Database, config: Config, make: object) -> None:
    make()
    before = (User.select().count(), Customer.select().count(), Machine.select().count())
    with pytest.raises(Conflict):
        demo.load(config, PASSWORD)
    assert (User.select().count(), Customer.select().count(), Machine.select().count()) == before


def test_a_real_database_is_never_emptied(database: Database, config: Config) -> None:
    factories.customer()
    with pytest.raises(Conflict):
        demo.reset(config)
    assert Customer.select().count() == 1
