"""What a fault costs on its way to a ticket, counted: the machine's time differs, the statements do not."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core import db
from app.machines.models import Machine
from app.monitoring.evaluation import Evaluator
from app.monitoring.evaluation.pace import Pace
from app.tickets.models import Ticket
from app.work_orders import on_site
from tests import factories
from tests.monitoring.sender import Sender, ago, store

STATEMENTS = {True: 45, False: 48}  # by whether it is SQLite, where rows that go in together are not counted
VISITS_ARE_ASKED_FOR = on_site


def ticket_of(device: Sender, code: str, at: datetime) -> None:
    """One fault, evaluated alone."""
    before = Ticket.select().count()
    store(device.fault(code, at))
    assert Evaluator(lambda: at).evaluate_pending() == 1
    assert Ticket.select().count() == before + 1


def test_it_works(machine: Machine, device: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault reaches its ticket in so many statements, and none of them is put together for it."""
    other = factories.machine(serial="YS0002", device="EVC-2", profile=machine.profile)
    ticket_of(device, "E04", ago(minutes=9))
    run, put_together = db.database.obj.execute_sql, db.database.obj.execute
    ran: list[str] = []
    built: list[str] = []

    def counted(sql: str, *parameters: Any, **named: Any) -> Any:
        ran.append(sql)
        return run(sql, *parameters, **named)

    def noted(query: Any, *parameters: Any, **named: Any) -> Any:
        built.append(str(query))
        return put_together(query, *parameters, **named)

    begun = ago(minutes=5)
    store(Sender(str(other.device)).fault("E04", begun))
    with monkeypatch.context() as patched:
        patched.setattr(db.database.obj, "execute_sql", counted)
        patched.setattr(db.database.obj, "execute", noted)
        assert Evaluator(lambda: begun).evaluate_pending() == 1
    assert not built, "\n".join(built)
    assert len(ran) <= STATEMENTS[db.is_sqlite()], "\n".join(ran)
    assert Ticket.select().count() == 2


def test_a_transaction_takes_no_more_than_the_pace_allows(machine: Machine, device: Sender) -> None:
    store(*(device.fault("E04", ago(minutes=9) + timedelta(seconds=number)) for number in range(10)))
    evaluator = Evaluator()
    evaluator.pace = Pace()
    evaluator.pace.limit = 4
    assert evaluator.evaluate_pending() == 4
    while evaluator.evaluate_pending():
        pass
    assert evaluator.evaluate_pending() == 0
