"""The last jobs of a machine: orders with what their reports say, tickets that nobody was sent for, old records."""

from datetime import timedelta

import pytest
from peewee import Database

from app.core import clock, db
from app.desk import past_jobs
from app.tickets.models import PastWork, TicketSource, TicketStatus
from app.work_orders.models import OrderStatus
from tests import factories
from tests.personas import People, people


@pytest.fixture
def who(database: Database) -> People:
    return people()


def test_it_works(who: People) -> None:
    machine, now = factories.machine(), clock.now()
    on_the_phone = factories.ticket(
        machine=machine, status=TicketStatus.CLOSED, title="指示灯不亮", solution="复位急停", opened_at=now - timedelta(days=9),
        resolved_at=now - timedelta(days=9),
    )  # fmt: skip
    old = factories.ticket(machine=machine, status=TicketStatus.CLOSED, source=TicketSource.IMPORT, opened_at=now - timedelta(days=300))
    with db.transaction():
        PastWork.create(ticket=old, work_type="保养", technician_name="老周")
    ticket = factories.ticket(machine=machine, status=TicketStatus.RESOLVED, reason="", title="漏油", resolved_at=now)
    done = factories.work_order(machine=machine, ticket=ticket, lead=who.li, status=OrderStatus.FINISHED, title="漏油")
    factories.service_report(order=done)
    factories.work_order(machine=machine, lead=who.li)
    found = past_jobs.last_jobs(machine)
    assert [job.number for job in found] == [done.number, on_the_phone.number, old.number]
    assert [(job.who, job.what_helped) for job in found] == [("李师傅", "Seal changed"), ("", "复位急停"), ("老周", "保养")]
    assert found[0].ticket_id == ticket.id
    assert [job.number for job in past_jobs.last_jobs(machine, besides=done)] == [on_the_phone.number, old.number]
    assert [job.number for job in past_jobs.last_jobs(machine, 1)] == [done.number]
