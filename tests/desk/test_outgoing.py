"""What goes out is on one list, mails beside messages; who sees to it is warned when nothing does."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role, User
from app.core import clock, db, outbox, wecom
from app.core.outbox import OutboxMessage
from tests import factories
from tests.personas import make_user, sign_in

pytestmark = pytest.mark.usefixtures("sqlite_database")


@pytest.fixture(autouse=True)
def _english(client: FlaskClient) -> None:
    client.set_cookie("locale", "en")


@pytest.fixture
def deputy(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.DEPUTY))


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def failed(number: int = 1, **values: object) -> OutboxMessage:
    return [factories.failed_message(**values) for _ in range(number)][-1]


def test_it_works(deputy: FlaskClient) -> None:
    li = make_user(Role.TECHNICIAN, name="李工")
    with db.transaction():
        User.update(phone="138 0000 1111").where(User.id == li.id).execute()
        outbox.queue_wecom(text="D2611-0001\nmore", mobiles=["13800001111", "13900002222"])
    failed()
    page = deputy.get("/outbox?channel=wecom").text
    assert "李工" in page
    assert "13900002222" in page
    assert "D2611-0001" in page
    assert "gone@works.example" not in page
    assert "gone@works.example" in deputy.get("/outbox?channel=email&state=failed").text
    assert "李工" in deputy.get("/outbox.csv?channel=wecom").text
    assert deputy.get("/outbox?channel=pigeon").status_code == 422


def test_why_it_failed_stands_there_in_the_readers_words(deputy: FlaskClient) -> None:
    failed(channel="wecom", recipient="", last_error=f"{wecom.REFUSED} [40001 <b>]")
    assert "The messenger refused the message. [40001 &lt;b&gt;]" in deputy.get("/outbox").text


def test_a_failed_message_of_the_messenger_is_tried_anew(deputy: FlaskClient) -> None:
    message = failed(channel="wecom", recipient="")
    assert deputy.post(f"/outbox/{message.id}/retry").status_code == 303
    assert OutboxMessage.get_by_id(message.id).failed_at is None


WARNING, DOWN = "could not be sent within the last hour", "The messenger takes no messages just now"


def test_five_that_failed_within_an_hour_are_warned_of(deputy: FlaskClient) -> None:
    failed(4)
    failed(3, failed_at=clock.now() - timedelta(hours=2))
    assert WARNING not in deputy.get("/outbox").text
    failed()
    assert f"5 messages {WARNING}" in deputy.get("/outbox").text


def test_a_messenger_that_takes_nothing_is_warned_of(deputy: FlaskClient) -> None:
    with db.transaction():
        outbox.queue_wecom(text="x")
    assert DOWN not in deputy.get("/outbox").text
    with db.transaction():
        OutboxMessage.update(tries=1, last_error=wecom.UNREACHABLE).execute()
    assert DOWN in deputy.get("/outbox").text


@pytest.mark.parametrize("role", [Role.CLERK, Role.TECHNICIAN])
def test_who_cannot_see_to_it_is_not_warned(client: FlaskClient, role: Role) -> None:
    failed(9)
    assert WARNING not in sign_in(client, make_user(role)).get("/account").text
