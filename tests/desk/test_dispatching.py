"""The dispatch page and the dispatch form: whom to send and why, what stands in the way, sent twice, too late, by whom."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import User
from app.core import clock, db
from app.machines.warranty import WarrantyState
from app.roster.models import Presence, PresenceState
from app.service_reports.models import ReportPart, ServiceReport
from app.tickets.models import Ticket, TicketFault, TicketStatus
from app.work_orders import dispatching
from app.work_orders.models import GateOverride, OrderKind, OrderStatus, WorkOrder
from app.work_orders.visits import Assignment
from tests import factories
from tests.personas import People, actor_of, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.zhao)
    return everybody


def waiting(who: People, days: int = 0, **values: object) -> Ticket:
    machine = factories.machine(area=who.north, accepted_on=clock.now().date() - timedelta(days=days))
    return factories.ticket(**{"machine": machine, "status": TicketStatus.WAITING_DISPATCH} | values)


def local(at: datetime) -> str:
    return f"{at.astimezone(clock.zone()):%Y-%m-%dT%H:%M}"


def typed(about: Ticket | WorkOrder, lead: User, **values: object) -> dict[str, object]:
    start = clock.now() + timedelta(hours=3)
    return {
        "version": about.version, "form_token": f"token-{about.number}", "lead": lead.id, "planned_from": local(start),
        "planned_until": local(start + timedelta(hours=2)), "kind": "repair", "title": about.title, "instructions": "带万用表",
    } | values  # fmt: skip


def test_it_works(client: FlaskClient, who: People) -> None:
    ticket = waiting(who, title="油缸漏油")
    page = client.get("/dispatch").text
    assert "油缸漏油" in page
    assert who.li.name in page
    form = client.get(f"/dispatch/tickets/{ticket.number}").text
    assert f'value="{who.li.id}" checked' in form  # one click takes the first of the suggestion
    for _ in range(2):  # a double click
        answer = client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.li))
    order = WorkOrder.get()
    assert answer.headers["Location"] == f"/work-orders/{order.number}/dispatched"
    assert (order.lead, order.instructions, order.status) == (who.li, "带万用表", OrderStatus.DISPATCHED)
    assert "油缸漏油" in client.get(answer.headers["Location"]).text
    assert f"/dispatch/tickets/{ticket.number}" not in client.get("/dispatch").text


@pytest.mark.usefixtures("still_clock")
def test_the_page_is_a_fragment_for_htmx_and_costs_nothing_while_nothing_changes(client: FlaskClient, who: People) -> None:
    waiting(who)
    first = client.get("/dispatch", headers={"HX-Request": "true"})
    assert "<html" not in first.text
    assert client.get("/dispatch", headers={"HX-Request": "true", "HX-PTag": first.headers["HX-PTag"]}).status_code == 304


@pytest.mark.parametrize("query", ["days=9", "from=tomorrow", "area=x"])
def test_what_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/dispatch?{query}").status_code == 422


def test_choosing_something_puts_the_best_on_top_and_says_why(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    page = client.get(f"/dispatch?ticket={ticket.number}").text
    assert page.index(f'id="person-{who.li.id}"') < page.index(f'id="person-{who.wang.id}"')
    assert "负责本区域" in page
    assert client.get("/dispatch?ticket=T0000-0000&order=D0000-0000").status_code == 200


def test_who_may_not_dispatch_sees_the_page_without_the_buttons(client: FlaskClient, who: People) -> None:
    near, far = waiting(who), factories.ticket(machine=factories.machine(area=who.south), status=TicketStatus.WAITING_DISPATCH)
    sign_in(client, who.area_manager)
    page = client.get("/dispatch").text
    assert near.number in page
    assert far.number not in page
    assert f"/dispatch/tickets/{near.number}" not in page
    assert client.get(f"/dispatch/tickets/{near.number}").status_code == 403
    sign_in(client, who.admin)
    assert client.get("/dispatch").status_code == 403


def test_what_is_missing_is_said_and_what_was_typed_stays(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    answer = client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.li, planned_until="2020-01-01T00:00", bring="油封"))
    assert answer.status_code == 422
    assert "油封" in answer.text
    assert "带万用表" in answer.text
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.zhao)).status_code == 422
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.li) | {"lead": ""}).status_code == 422
    assert WorkOrder.select().count() == 0


def test_the_second_of_two_is_told_who_was_first_and_keeps_what_was_typed(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    sent = typed(ticket, who.wang)
    start = clock.now() + timedelta(hours=1)
    assignment = Assignment(lead=who.li, planned_from=start, planned_until=start + timedelta(hours=2))
    order = dispatching.dispatch_ticket(by=actor_of(who.liu), job=dispatching.of_ticket(ticket), assignment=assignment)
    answer = client.post(f"/dispatch/tickets/{ticket.number}", data=sent)
    assert answer.status_code == 409
    assert who.liu.name in answer.text
    assert order.number in answer.text
    assert "带万用表" in answer.text
    assert WorkOrder.select().count() == 1


def test_a_clerk_names_who_agreed_by_phone(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    sign_in(client, who.chen)
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.li)).status_code == 422
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.li, agreed_by=who.zhao.id)).status_code == 303
    assert WorkOrder.get().agreed_by == who.zhao


def test_off_warranty_the_form_says_that_the_gate_is_shut_and_offers_the_diagnosis(client: FlaskClient, who: People) -> None:
    ticket = waiting(who, days=900)
    page = client.get(f"/dispatch/tickets/{ticket.number}").text
    assert 'id="gate"' in page
    assert '<option selected value="diagnosis">' in page
    refused = client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.li))
    assert refused.status_code == 409
    sent = typed(ticket, who.li, override_reason="站里停运")
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=sent).status_code == 303
    assert GateOverride.get().reason == "站里停运"


def test_a_clerk_is_not_offered_the_override(client: FlaskClient, who: People) -> None:
    ticket = waiting(who, days=900)
    sign_in(client, who.chen)
    assert "override_reason" not in client.get(f"/dispatch/tickets/{ticket.number}").text
    sent = typed(ticket, who.li, agreed_by=who.zhao.id, override_reason="x")
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=sent).status_code == 403
    assert WorkOrder.select().count() == 0


def test_saying_otherwise_about_the_warranty_takes_a_reason(client: FlaskClient, who: People) -> None:
    ticket = waiting(who, days=900)
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.li, warranty="in")).status_code == 422
    sent = typed(ticket, who.li, warranty="in", warranty_reason="换件质保")
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=sent).status_code == 303
    assert (WorkOrder.get().warranty, WorkOrder.get().warranty_reason) == (WarrantyState.IN, "换件质保")


def test_leave_is_shown_and_takes_a_tick(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    with db.transaction():
        Presence.create(user=who.li, state=PresenceState.LEAVE, from_at=clock.now() - timedelta(days=1), by_name="x")
    refused = client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.li))
    assert refused.status_code == 422
    assert "李师傅 该时段请假" in refused.text
    sent = typed(ticket, who.li, despite_clashes="y")
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=sent).status_code == 303


def test_looking_who_is_free_sends_nothing_and_forgets_nothing(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    answer = client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.wang, look="1", bring="油封"))
    assert answer.status_code == 200
    assert "油封" in answer.text
    assert f'value="{who.wang.id}" checked' in answer.text
    assert WorkOrder.select().count() == 0


def test_the_suggestion_follows_the_time_in_the_form(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    other = factories.work_order(lead=who.li)
    soon = clock.now() + timedelta(minutes=20)
    query = {"ticket": ticket.number, "planned_from": local(soon), "planned_until": local(soon + timedelta(hours=1))}
    found = client.get("/dispatch/suggestion", query_string=query, headers={"HX-Request": "true"}).text
    assert other.number in found
    later = soon + timedelta(days=1)
    query |= {"planned_from": local(later), "planned_until": local(later + timedelta(hours=1))}
    assert other.number not in client.get("/dispatch/suggestion", query_string=query).text
    assert client.get("/dispatch/suggestion").status_code == 422


def test_what_else_waits_at_the_site_goes_along_when_it_is_ticked(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    same_site = factories.machine(customer=ticket.customer, site=ticket.machine.site, accepted_on=clock.now().date())
    other = factories.ticket(machine=same_site, status=TicketStatus.WAITING_DISPATCH, title="按钮失灵")
    queued = factories.work_order(machine=same_site, status=OrderStatus.DRAFT, kind=OrderKind.MAINTENANCE, title="保养")
    page = client.get(f"/dispatch/tickets/{ticket.number}").text
    assert "按钮失灵" in page
    assert "保养" in page
    stops = [f"ticket-{other.number}", f"order-{queued.number}", "ticket-T0000-0000"]
    answer = client.post(f"/dispatch/tickets/{ticket.number}", data=typed(ticket, who.li, stops=stops))
    assert answer.status_code == 303
    assert WorkOrder.select().where(WorkOrder.lead == who.li, WorkOrder.is_out).count() == 3
    sheet = client.get(answer.headers["Location"]).text
    assert "按钮失灵" in sheet
    assert "保养" in sheet


def test_a_rework_is_proposed_and_unticked_only_with_a_reason(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    done = factories.work_order(machine=ticket.machine, lead=who.li, status=OrderStatus.FINISHED, component="油泵")
    sent = typed(ticket, who.li, component="油泵")
    refused = client.post(f"/dispatch/tickets/{ticket.number}", data=sent)
    assert refused.status_code == 422
    assert done.number in refused.text
    assert client.post(f"/dispatch/tickets/{ticket.number}", data=sent | {"is_rework": "y"}).status_code == 303
    assert WorkOrder.get(WorkOrder.ticket == ticket).rework_of == done


def test_a_queued_order_is_dispatched_by_its_own_page(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    order = factories.work_order(machine=ticket.machine, ticket=ticket, status=OrderStatus.DECLINED, bring="滤芯")
    path = f"/work-orders/{order.number}/dispatch"
    assert client.get(f"/dispatch/tickets/{ticket.number}").headers["Location"] == path
    assert "滤芯" in client.get(path).text
    assert client.post(path, data=typed(order, who.li)).status_code == 303
    assert client.post(path, data=typed(order, who.wang, form_token="another")).status_code == 409
    assert WorkOrder.get_by_id(order.id).lead == who.li


def test_the_parts_of_the_last_repairs_are_suggested_and_those_of_the_same_fault_before_others(client: FlaskClient, who: People) -> None:
    ticket = waiting(who)
    repaired(who, factories.ticket(machine=ticket.machine), "滤芯")
    assert "滤芯" in client.get(f"/dispatch/tickets/{ticket.number}").text
    before = factories.ticket(machine=ticket.machine)
    with db.transaction():
        TicketFault.create(ticket=before, machine=ticket.machine, family="oil", is_open=False)
        TicketFault.create(ticket=ticket, machine=ticket.machine, family="oil", is_open=True)
    repaired(who, before, "油封")
    page = client.get(f"/dispatch/tickets/{ticket.number}").text
    assert "油封" in page
    assert "滤芯" not in page


def repaired(who: People, about: Ticket, part: str) -> None:
    order = factories.work_order(ticket=about, machine=about.machine, lead=who.li, status=OrderStatus.FINISHED)
    now = clock.now()
    with db.transaction():
        report = ServiceReport.create(
            number=f"R-{order.number}", order=order, client_id=order.number, status="draft", machine=about.machine, by=who.li,
            created_at=now, changed_at=now,
        )  # fmt: skip
        ReportPart.create(report=report, position=1, name=part, machine=about.machine)
        ServiceReport.update(status="signed", signed_at=now).where(ServiceReport.id == report.id).execute()
