"""People choose how they are told; the page says what always comes and what is missing for a mention."""

import re

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import MessageChoice, Role, User
from app.core import db, known_settings, wecom
from app.core.types import system
from tests.personas import make_user, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def me(client: FlaskClient) -> User:
    user = make_user(Role.TECHNICIAN)
    sign_in(client, user)
    client.set_cookie("locale", "en")
    return user


def ticked(client: FlaskClient) -> int:
    form = client.get("/account/messages").text.split('id="message-choices"')[1].split("</form>")[0]
    return len(re.findall(r"<input[^>]* checked", form))


def test_it_works(client: FlaskClient, me: User) -> None:
    assert ticked(client) == 3  # who never chose takes everything
    assert client.post("/account/messages", data={"takes_email": "y"}).status_code == 303
    choice = MessageChoice.get(MessageChoice.user == me)
    assert (choice.takes_email, choice.takes_wecom, choice.has_quiet_hours) == (True, False, False)
    assert ticked(client) == 1
    client.post("/account/messages", data={"takes_wecom": "y"})
    assert MessageChoice.select().count() == 1


@pytest.mark.parametrize(
    ("phone", "words"),
    [
        ("138 0000 1111", "mentioned with @ by your mobile number 13800001111"),
        ("0755-1234", "is no mobile number"),
        ("", "No mobile number"),
    ],
)
def test_the_page_says_whether_one_can_be_mentioned(client: FlaskClient, me: User, phone: str, words: str) -> None:
    with db.transaction():
        User.update(phone=phone).where(User.id == me.id).execute()
    wecom.configure("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    try:
        assert words in client.get("/account/messages").text
    finally:
        wecom.configure(None)


def test_the_page_says_when_the_quiet_hours_are(client: FlaskClient, me: User) -> None:
    assert "21:00–07:00" in client.get("/account/messages").text
    known_settings.change(by=system("test"), values={"quiet_hours": ""})
    assert "has set no quiet hours" in client.get("/account/messages").text
