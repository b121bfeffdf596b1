"""What customers are to be told (facts, E18): it comes by itself, opens no ticket, and is ticked off."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.core.types import Actor
from app.machines.models import Machine
from app.monitoring.evaluation import Evaluator
from app.monitoring.informing import operations, queries
from app.monitoring.informing.queries import OPEN, TOLD, Filters
from app.monitoring.messages import Fault
from app.monitoring.models import CustomerTelling, Episode
from app.tickets.models import Ticket
from tests import factories
from tests.monitoring.sender import Sender, store
from tests.personas import actor_of, make_user, sign_in

AT = clock.now().replace(microsecond=0) - timedelta(hours=3)
GONE_FOR_GOOD = timedelta(minutes=5)


def clerk() -> Actor:
    return actor_of(make_user(Role.CLERK))


def evaluate(device: Sender, *messages: Fault, until: datetime) -> None:
    if messages:
        store(*messages)
    evaluator = Evaluator(lambda: until)
    while evaluator.evaluate_pending():
        pass
    evaluator.run_timers(until)


def full(device: Sender, at: datetime, *, is_active: bool = True) -> Fault:
    return device.fault("E18", at, is_active=is_active)


def lines(state: str = OPEN) -> list[CustomerTelling]:
    return list(queries.page(clerk(), Filters(state=state)).rows)


def test_it_works(device: Sender, machine: Machine) -> None:
    evaluate(device, full(device, AT), until=AT)
    (telling,) = lines()
    assert (telling.machine, telling.customer_id, telling.at, telling.episode.code) == (machine, machine.customer_id, AT, "E18")
    by = clerk()
    operations.tell(by=by, telling=telling, version=telling.version, words=" 王工：下午清空 ")
    assert lines() == []
    (told,) = lines(TOLD)
    assert (told.told_by_name, told.words) == (by.name, "王工：下午清空")


def test_it_opens_no_ticket(device: Sender) -> None:
    evaluate(device, full(device, AT), until=AT)
    assert Ticket.select().count() == 0


def test_other_faults_are_not_on_the_list(device: Sender) -> None:
    evaluate(device, device.fault("E04", AT), until=AT)
    assert lines() == []


def test_what_is_over_when_it_is_heard_comes_on_no_list(device: Sender) -> None:
    evaluate(device, full(device, AT), full(device, AT + timedelta(minutes=1), is_active=False), until=AT + timedelta(hours=3))
    assert Episode.select().count() == 1
    assert lines() == []


def test_said_again_or_come_back_untold_it_is_one_line(device: Sender) -> None:
    evaluate(device, full(device, AT), full(device, AT + timedelta(seconds=9)), until=AT + timedelta(seconds=9))
    gone, again = AT + timedelta(minutes=10), AT + timedelta(hours=2)
    evaluate(device, full(device, gone, is_active=False), until=gone + GONE_FOR_GOOD)
    evaluate(device, full(device, again), until=again)
    assert Episode.select().count() == 2
    (telling,) = lines()
    assert (telling.at, telling.version) == (again, 2)


def test_told_and_full_again_it_is_a_new_line(device: Sender) -> None:
    evaluate(device, full(device, AT), until=AT)
    (first,) = lines()
    operations.tell(by=clerk(), telling=first, version=first.version)
    gone, again = AT + timedelta(minutes=10), AT + timedelta(hours=2)
    evaluate(device, full(device, gone, is_active=False), until=gone + GONE_FOR_GOOD)
    evaluate(device, full(device, again), until=again)
    (second,) = lines()
    assert second.id != first.id
    assert queries.lines([second], again)[0].times == 2


def test_episodes_that_turn_out_to_be_one_leave_one_line(device: Sender) -> None:
    """A late message says that it never went away between the two."""
    evaluate(device, full(device, AT), until=AT)
    (first,) = lines()
    operations.tell(by=clerk(), telling=first, version=first.version, words="said")
    gone, again = AT + timedelta(minutes=10), AT + timedelta(minutes=20)
    evaluate(device, full(device, gone, is_active=False), until=gone + GONE_FOR_GOOD)
    evaluate(device, full(device, again), until=again)
    evaluate(device, full(device, gone + timedelta(seconds=30)), until=again)
    assert Episode.select().count() == 1
    (only,) = CustomerTelling.select()
    assert only.words == "said"


def test_what_was_told_of_the_later_of_two_stays_told_when_they_are_one(device: Sender) -> None:
    gone, again = AT + timedelta(minutes=10), AT + timedelta(minutes=20)
    evaluate(device, full(device, AT), until=AT)
    evaluate(device, full(device, gone, is_active=False), until=gone + GONE_FOR_GOOD)
    evaluate(device, full(device, again), until=again)
    (line,) = lines()
    operations.tell(by=clerk(), telling=line, version=line.version, words="said")
    evaluate(device, full(device, gone + timedelta(seconds=30)), until=again)
    assert Episode.select().count() == 1
    assert [(one.words, one.episode) for one in lines(TOLD)] == [("said", Episode.get())]
    assert lines() == []


def test_only_what_is_told_can_be_taken_back_and_only_what_is_not_can_be_told(device: Sender) -> None:
    evaluate(device, full(device, AT), until=AT)
    (telling,) = lines()
    with pytest.raises(Conflict):
        operations.take_back(by=clerk(), telling=telling, version=1)
    operations.tell(by=clerk(), telling=telling, version=1, words="first")
    with pytest.raises(Conflict):
        operations.tell(by=clerk(), telling=telling, version=2, words="second")
    assert CustomerTelling.get().words == "first"


def test_a_double_click_counts_once(device: Sender) -> None:
    evaluate(device, full(device, AT), until=AT)
    (telling,) = lines()
    by = clerk()
    for _press in range(2):
        operations.tell(by=by, telling=telling, version=1, words="said")
    assert HistoryEntry.select().where(HistoryEntry.action == "customer.told").count() == 1


def test_two_who_tell_the_same_customer_are_one(device: Sender) -> None:
    evaluate(device, full(device, AT), until=AT)
    (telling,) = lines()
    first = clerk()
    operations.tell(by=first, telling=telling, version=telling.version)
    with pytest.raises(Conflict, match="has told this customer") as refused:
        operations.tell(by=clerk(), telling=telling, version=telling.version)
    assert refused.value.params == {"name": first.name}


def test_taking_back_opens_the_line_again(device: Sender) -> None:
    evaluate(device, full(device, AT), until=AT)
    (telling,) = lines()
    operations.tell(by=clerk(), telling=telling, version=1)
    with pytest.raises(Conflict):
        operations.take_back(by=clerk(), telling=telling, version=1)
    operations.take_back(by=clerk(), telling=telling, version=2)
    (again,) = lines()
    assert (again.told_at, again.told_by_id, again.version) == (None, None, 3)


def test_too_many_words_and_the_wrong_role_are_refused(device: Sender) -> None:
    evaluate(device, full(device, AT), until=AT)
    (telling,) = lines()
    with pytest.raises(Invalid):
        operations.tell(by=clerk(), telling=telling, version=1, words="x" * 201)
    with pytest.raises(NotAllowed):
        operations.tell(by=actor_of(make_user(Role.TECHNICIAN)), telling=telling, version=1)


def a_line() -> CustomerTelling:
    customer = factories.customer(name="城北环卫")
    factories.contact(customer=customer, name="王工", phone="13900001111")
    alarm = factories.alarm(code="E18", machine=factories.machine(serial="YS-77", device="EVC-77", customer=customer))
    episode = Episode.get(Episode.alarm == alarm)
    return CustomerTelling.create(episode=episode, machine=alarm.machine, customer=customer, at=episode.started_at)


def test_the_page_names_whom_to_call_and_ticks_off(sqlite_database: Database, client: FlaskClient) -> None:
    telling = a_line()
    sign_in(client, make_user(Role.CLERK))
    page = client.get("/customers-to-tell").text
    assert [words in page for words in ("YS-77", 'href="tel:13900001111"', "城北环卫")] == [True] * 3
    answer = client.post(f"/customers-to-tell/{telling.id}/told?q=YS-77", data={"version": 1, "words": "下午来清"})
    assert (answer.status_code, answer.location) == (303, "/customers-to-tell?q=YS-77")
    assert f'id="telling-{telling.id}"' not in client.get("/customers-to-tell").text
    assert "下午来清" in client.get("/customers-to-tell?state=told").text
    stale = client.post(f"/customers-to-tell/{telling.id}/told", data={"version": 1, "words": "again"})
    assert stale.status_code == 409


def test_the_start_page_shows_what_waits(sqlite_database: Database, client: FlaskClient) -> None:
    a_line()
    sign_in(client, make_user(Role.CLERK))
    assert "/customers-to-tell?q=YS-77" in client.get("/").text


def test_the_export_has_every_line_of_the_filter(sqlite_database: Database, client: FlaskClient) -> None:
    a_line()
    sign_in(client, make_user(Role.CLERK))
    text = client.get("/customers-to-tell.csv").get_data().decode("utf-8-sig")
    heading, line = list(csv.reader(io.StringIO(text)))
    assert dict(zip(heading, line, strict=True))["machine"] == "YS-77"
    assert client.get("/customers-to-tell.xlsx").status_code == 200
