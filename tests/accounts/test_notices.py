"""What people are told: once, in their own language, theirs alone; the bell costs nothing while nothing came."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts import notices
from app.accounts.models import Notice, User
from app.core import clock, db
from app.core.errors import N_
from tests.personas import actor_of, make_user, sign_in

LATE = N_("%(number)s: %(clock)s is overdue since %(due_at)s.")


@pytest.fixture
def chen(database: Database) -> User:
    return make_user("clerk")


@pytest.fixture
def client_of_chen(client: FlaskClient, chen: User) -> FlaskClient:
    return sign_in(client, chen)


def tell(user: User, **values: Any) -> Notice:
    with db.transaction():
        defaults = {"number": "T2611-0001", "clock": "answer", "due_at": clock.from_ms(1_795_000_000_000), "href": "/tickets"}
        notices.notify([user.id], LATE, **defaults | values)
    return Notice.select().where(Notice.user == user).order_by(Notice.id.desc()).get()


def test_it_works(client_of_chen: FlaskClient, chen: User) -> None:
    tell(chen)
    page = client_of_chen.get("/notices")
    assert "T2611-0001：首次答复已超时，时限为 2026年11月18日 19:06。" in page.text
    assert 'aria-label="通知：1 条未读"' in page.text


def test_each_reads_in_the_own_language(client_of_chen: FlaskClient, chen: User) -> None:
    tell(chen)
    User.update(locale="en").where(User.id == chen.id).execute()
    assert "T2611-0001: First answer is overdue since 18 Nov 2026, 19:06." in client_of_chen.get("/notices").text


def test_going_to_what_it_is_about_counts_as_seen(client_of_chen: FlaskClient, chen: User) -> None:
    notice = tell(chen)
    answer = client_of_chen.post(f"/notices/{notice.id}/seen")
    assert (answer.status_code, answer.location) == (303, "/tickets")
    assert notices.unseen(chen.id).number == 0
    assert client_of_chen.post(f"/notices/{notice.id}/unseen").status_code == 303
    assert notices.unseen(chen.id).number == 1


def test_marking_all_leaves_what_came_after_the_page_was_shown(client_of_chen: FlaskClient, chen: User) -> None:
    shown = tell(chen)
    later = tell(chen, number="T2")
    client_of_chen.post("/notices/seen", data={"up_to": shown.id})
    assert [row.id for row in Notice.select().where(Notice.seen_at.is_null())] == [later.id]


def test_what_is_told_to_others_is_not_there(client_of_chen: FlaskClient) -> None:
    foreign = tell(make_user("manager"))
    assert client_of_chen.post(f"/notices/{foreign.id}/seen").status_code == 404
    assert foreign.params[12:20] not in client_of_chen.get("/notices").text
    assert Notice.get_by_id(foreign.id).seen_at is None


@pytest.mark.usefixtures("still_clock")
def test_the_bell_answers_304_until_something_comes_and_then_brings_what_is_urgent(client_of_chen: FlaskClient, chen: User) -> None:
    first = tell(chen)
    address, htmx = f"/notices/bell?after={first.id}", {"HX-Request": "true"}
    bell = client_of_chen.get(address, headers=htmx)
    assert client_of_chen.get(address, headers=htmx | {"HX-PTag": bell.headers["HX-PTag"]}).status_code == 304
    tell(chen, number="T2611-0009", is_urgent=True)
    rung = client_of_chen.get(address, headers=htmx | {"HX-PTag": bell.headers["HX-PTag"]})
    assert "hx-swap-oob" in rung.text
    assert "T2611-0009" in rung.text
    assert "T2611-0001" not in rung.text


def test_an_urgent_notice_stands_above_every_page_until_it_is_seen(client_of_chen: FlaskClient, chen: User) -> None:
    notice = tell(chen, is_urgent=True)
    assert 'href="/notices">T2611-0001' in client_of_chen.get("/customers").text.replace("\n", "")
    client_of_chen.post(f"/notices/{notice.id}/seen")
    assert 'href="/notices">T2611-0001' not in client_of_chen.get("/customers").text.replace("\n", "")


def test_a_key_tells_a_person_once(chen: User) -> None:
    tell(chen, key="once")
    tell(chen, key="once")
    assert Notice.select().count() == 1


def test_what_was_seen_long_ago_is_forgotten_and_nothing_else(chen: User) -> None:
    old, fresh, unseen = tell(chen), tell(chen), tell(chen)
    by, now = actor_of(chen), clock.now()
    notices.mark(by=by, notice=old, is_seen=True, at=now - notices.KEPT * 2)
    notices.mark(by=by, notice=fresh, is_seen=True, at=now)
    assert notices.purge(now) == 1
    assert {row.id for row in Notice.select()} == {fresh.id, unseen.id}


def test_words_of_an_older_version_are_still_shown(client_of_chen: FlaskClient, chen: User) -> None:
    with db.transaction():
        notices.notify([chen.id], "%(gone)s did something")
    assert client_of_chen.get("/notices").status_code == 200


def test_the_list_is_exported_and_filtered(client_of_chen: FlaskClient, chen: User) -> None:
    tell(chen, is_urgent=True)
    tell(chen, number="T2")
    text = client_of_chen.get("/notices.csv?show=urgent").text
    assert text.count("\n") == 2
    assert client_of_chen.get("/notices.xlsx").status_code == 200
    assert client_of_chen.get("/notices?show=what").status_code == 422
