"""Signing in somebody's place: given for some days, told, taken back; never passed on, never by who lost the right."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts import authorities
from app.accounts.authorities import OWN, Grant, Standing
from app.accounts.models import Authority, Notice, User, UserRole
from app.accounts.permissions import PERMISSIONS
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.history import HistoryEntry
from app.web.labels import LABELS
from tests import factories
from tests.personas import People, actor_of, make_user, people, sign_in

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 26, 10, tzinfo=SHANGHAI)
TODAY = NOW.date()
SIGN, READ = "call_backs.sign", "call_backs.read"


@pytest.fixture
def who(database: Database) -> People:
    return people()


def grant(holder: User | None, **values: Any) -> Grant:
    usual: dict[str, Any] = {"permissions": [SIGN], "first": TODAY, "last": TODAY + timedelta(days=2), "reason": "出差"}
    return Grant(holder=holder, **usual | values)


def give(giver: User, holder: User | None, **values: Any) -> None:
    authorities.give(by=actor_of(giver), grant=grant(holder, **values), at=NOW)


def test_it_works(who: People) -> None:
    chen = actor_of(who.chen)
    with pytest.raises(NotAllowed):
        authorities.standing(chen, SIGN, NOW)
    give(who.zhao, who.chen)
    assert authorities.standing(chen, SIGN, NOW) == Standing(who.zhao.id, "赵副经理")
    assert not authorities.may_act(chen, READ, NOW)
    assert SIGN not in chen.permissions
    assert authorities.standing(actor_of(who.zhao), SIGN, NOW) == OWN


@pytest.mark.parametrize(
    ("at", "stands"),
    [
        (NOW - timedelta(minutes=1), False),
        (NOW, True),
        (datetime(2026, 11, 28, 23, 59, tzinfo=SHANGHAI), True),  # the last day counts whole
        (datetime(2026, 11, 29, 0, 0, tzinfo=SHANGHAI), False),
    ],
)
def test_it_stands_from_the_first_day_to_the_end_of_the_last(who: People, at: datetime, stands: bool) -> None:
    give(who.zhao, who.chen)
    assert authorities.may_act(actor_of(who.chen), SIGN, at) is stands


def test_both_names_are_in_the_history_and_the_holder_is_told(who: People) -> None:
    give(who.zhao, who.chen)
    entry = HistoryEntry.get(HistoryEntry.action == "authority.given")
    assert (entry.actor_name, "陈文员" in entry.after) == ("赵副经理", True)
    assert [notice.user for notice in Notice.select()] == [who.chen]
    authorities.revoke(by=actor_of(who.zhao), authority=Authority.get(), at=NOW)
    assert HistoryEntry.select().where(HistoryEntry.action == "authority.revoked").count() == 1
    assert Notice.select().count() == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first": None}, "first"),
        ({"first": TODAY - timedelta(days=1)}, "first"),
        ({"last": None}, "last"),
        ({"last": TODAY - timedelta(days=1)}, "last"),
        ({"last": TODAY + timedelta(days=60)}, "last"),
        ({"reason": " "}, "reason"),
        ({"permissions": []}, "permissions"),
        ({"permissions": [READ]}, "permissions"),  # the deputy does not hold it
        ({"permissions": ["users.manage"]}, "permissions"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(who: People, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        give(who.zhao, who.chen, **wrong)
    assert list(caught.value.fields) == [field]
    assert Authority.select().count() == 0


def test_sixty_days_are_allowed(who: People) -> None:
    give(who.zhao, who.chen, last=TODAY + timedelta(days=59))
    assert Authority.select().count() == 1


def test_it_goes_to_somebody_else_who_is_here_and_needs_it(who: People) -> None:
    other_deputy = make_user("deputy")
    for holder in (None, who.zhao, who.disabled, other_deputy, who.li):  # nobody, oneself, gone, holds it, cannot open the page
        with pytest.raises(Invalid) as caught:
            give(who.zhao, holder)
        assert list(caught.value.fields) == ["holder"]


def test_what_is_only_lent_is_not_passed_on(who: People) -> None:
    give(who.liu, who.zhao, permissions=[READ])
    with pytest.raises(Invalid) as caught:
        give(who.zhao, who.chen, permissions=[READ])
    assert list(caught.value.fields) == ["permissions"]


def test_only_deputies_and_managers_give(who: People) -> None:
    for giver in (who.chen, who.li, who.area_manager, who.sun, who.admin):
        with pytest.raises(NotAllowed):
            give(giver, who.chen)


def test_the_same_is_not_given_twice_for_the_same_days(who: People) -> None:
    give(who.zhao, who.chen)
    with pytest.raises(Conflict, match="2026-11-28"):
        give(who.zhao, who.chen, first=TODAY + timedelta(days=2), last=TODAY + timedelta(days=9))
    give(who.zhao, who.chen, first=TODAY + timedelta(days=3), last=TODAY + timedelta(days=9))
    give(who.zhao, who.area_manager)
    assert Authority.select().count() == 3


def test_of_several_actions_all_are_given_or_none(who: People) -> None:
    both = make_user("deputy", "manager")
    give(both, who.chen, permissions=[READ])
    with pytest.raises(Conflict):
        give(both, who.chen, permissions=[SIGN, READ])
    assert Authority.select().count() == 1


def test_the_same_form_again_gives_nothing_twice(who: People) -> None:
    for _ in range(2):
        authorities.give(by=actor_of(who.zhao), grant=grant(who.chen), form_token="one", at=NOW)
    assert (Authority.select().count(), Notice.select().count()) == (1, 1)


def test_what_was_taken_back_is_over_at_once(who: People) -> None:
    give(who.zhao, who.chen)
    authority = Authority.get()
    authorities.revoke(by=actor_of(who.zhao), authority=authority, at=NOW + timedelta(hours=1))
    assert not authorities.may_act(actor_of(who.chen), SIGN, NOW + timedelta(hours=1))
    with pytest.raises(Conflict):
        authorities.revoke(by=actor_of(who.zhao), authority=authority, at=NOW + timedelta(hours=2))


def test_a_manager_takes_back_what_others_gave_a_deputy_does_not(who: People) -> None:
    give(who.zhao, who.chen)
    give(who.liu, who.chen, permissions=[READ])
    mine, theirs = Authority.select().order_by(Authority.id)
    assert authorities.by_id(actor_of(who.liu), mine.id) == mine
    with pytest.raises(NotFound):
        authorities.by_id(actor_of(who.zhao), theirs.id)


@pytest.mark.parametrize("is_gone", [True, False])
def test_nobody_lends_a_right_that_was_taken_from_them(who: People, is_gone: bool) -> None:
    give(who.zhao, who.chen)
    with db.transaction():
        if is_gone:
            User.update(is_active=False).where(User.id == who.zhao.id).execute()
        else:
            UserRole.delete().where(UserRole.user == who.zhao).execute()
    assert not authorities.may_act(actor_of(who.chen), SIGN, NOW)
    assert authorities.held_by(who.chen.id, NOW) == []


def test_what_one_holds_now_and_what_is_to_come_are_listed(who: People) -> None:
    give(who.zhao, who.chen)
    give(who.zhao, who.chen, first=TODAY + timedelta(days=5), last=TODAY + timedelta(days=6))
    assert [authorities.last_day(one) for one in authorities.held_by(who.chen.id, NOW)] == [date(2026, 11, 28)]
    assert [authorities.last_day(one) for one in authorities.coming_to(who.chen.id, NOW)] == [date(2026, 12, 2)]


class TestOnScreen:
    """The page of one's own account."""

    @pytest.fixture
    def database(self, sqlite_database: Database) -> Database:
        return sqlite_database

    def sent(self, holder: User, **values: Any) -> dict[str, Any]:
        today = clock.today().isoformat()
        return {"holder": holder.id, "permissions": [SIGN], "first": today, "last": today, "reason": "出差", "form_token": "one"} | values

    def test_it_works(self, client: FlaskClient, who: People) -> None:
        sign_in(client, who.zhao)
        for _ in range(2):  # a double click
            assert client.post("/account/authorities", data=self.sent(who.chen)).status_code == 303
        assert "陈文员" in client.get("/account/authorities").text
        sign_in(client, who.chen)
        assert "赵副经理" in client.get("/account/authorities").text
        assert "您可代赵副经理签字" in client.get("/").text
        assert "您可代赵副经理签字" not in client.get("/tickets").text
        assert "赵副经理授权您代签" in client.get("/notices").text

    def test_who_gives_nothing_sees_no_form(self, client: FlaskClient, who: People) -> None:
        sign_in(client, who.chen)
        assert "grant-form" not in client.get("/account/authorities").text
        assert client.post("/account/authorities", data=self.sent(who.li)).status_code == 403

    def test_a_form_that_is_refused_keeps_what_was_typed(self, client: FlaskClient, who: People) -> None:
        sign_in(client, who.zhao)
        answer = client.post("/account/authorities", data=self.sent(who.chen, last="2020-01-01", reason="去外地开会"))
        assert answer.status_code == 422
        assert "去外地开会" in answer.text
        assert client.post("/account/authorities", data=self.sent(who.chen) | {"holder": "no"}).status_code == 422
        assert client.post("/account/authorities", data=self.sent(who.chen, permissions=["users.manage"])).status_code == 422
        assert Authority.select().count() == 0

    def test_it_is_taken_back_once(self, client: FlaskClient, who: People) -> None:
        authority = factories.authority(who.zhao, who.chen)
        sign_in(client, who.liu)
        assert "赵副经理" in client.get("/account/authorities").text
        assert client.post(f"/account/authorities/{authority.id}/revocation").status_code == 303
        assert client.post(f"/account/authorities/{authority.id}/revocation").status_code == 409
        assert "已收回" in client.get("/account/authorities").text

    def test_the_history_tells_it_in_words(self, client: FlaskClient, who: People) -> None:
        sign_in(client, who.zhao)
        client.post("/account/authorities", data=self.sent(who.chen))
        sign_in(client, who.liu)
        page = client.get("/history?type=authority").text
        assert "授权代签" in page
        assert "回访记录签字" in page


def test_everything_that_can_be_lent_is_a_permission_and_stands_on_a_page() -> None:
    assert set(authorities.LENDABLE) | set(authorities.LENDABLE.values()) <= set(PERMISSIONS)
    assert set(LABELS["LentAction"]) == set(authorities.LENDABLE)
