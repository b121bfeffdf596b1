"""The ticket list as a table names the order that went out for each ticket and who has it."""

import csv
import io

from flask.testing import FlaskClient

from app.accounts.models import Role
from app.tickets.models import TicketStatus
from tests import factories
from tests.personas import make_user, sign_in


def test_it_works(client: FlaskClient) -> None:
    li = make_user(Role.TECHNICIAN, name="李工")
    waiting = factories.ticket(machine=factories.machine(), status=TicketStatus.WAITING_DISPATCH)
    ticket = factories.ticket(machine=factories.machine(), status=TicketStatus.IN_WORK, open_orders=1)
    order = factories.work_order(ticket=ticket, machine=ticket.machine, lead=li)
    sign_in(client, make_user(Role.CLERK))
    answer = client.get("/tickets.csv").get_data().decode("utf-8-sig")
    rows = {row["number"]: row for row in csv.DictReader(io.StringIO(answer))}
    assert (rows[ticket.number]["order"], rows[ticket.number]["technician"]) == (order.number, "李工")
    assert (rows[waiting.number]["order"], rows[waiting.number]["technician"]) == ("", "")
    assert client.get("/tickets.xlsx").status_code == 200
