"""The settings of the house: known ones only, checked, in the history, on one screen."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core import known_settings
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.core.known_settings import KnownSetting, SettingKind
from app.core.types import system
from tests.personas import actor_of, make_user, sign_in

BY = system("tests")


@pytest.fixture
def manager(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.MANAGER))


def form(**changes: object) -> dict[str, object]:
    """The form as it is shown, with what was typed over it."""
    present = {setting.name: setting.value() for setting in known_settings.known()}
    shown = {name: value for name, value in present.items() if value is not False}
    return shown | {"version": known_settings.version()} | changes


def test_it_works(manager: FlaskClient) -> None:
    assert "服务热线" in manager.get("/settings").text
    answer = manager.post("/settings", data=form(hotline_phone="400-123-4567"))
    assert (answer.status_code, answer.location) == (303, "/settings")
    assert known_settings.value("hotline_phone") == "400-123-4567"
    assert "400-123-4567" in manager.get("/settings").text


def test_a_setting_that_nobody_changed_has_its_default(database: Database) -> None:
    assert known_settings.letterhead().company == "客户中心"
    assert known_settings.signed("您好") == "您好\n\n-- \n客户中心\n"


def test_each_change_stands_in_the_history_and_what_stayed_does_not(database: Database) -> None:
    known_settings.change(by=BY, values={"company_name": "远山机械", "company_phone": ""})
    entry = HistoryEntry.get()
    assert (entry.action, entry.object_id) == ("setting.changed", "company_name")
    assert '"value":"远山机械"' in entry.after


@pytest.mark.parametrize(("name", "value"), [("company_name", " "), ("hotline_phone", "four hundred"), ("company_address", "x" * 201)])
def test_a_bad_value_comes_back_with_words_and_changes_nothing(manager: FlaskClient, name: str, value: str) -> None:
    answer = manager.post("/settings", data=form(company_phone="010-1") | {name: value})
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert "010-1" in answer.text
    assert not HistoryEntry.select().exists()


def test_a_number_has_its_limits(database: Database) -> None:
    setting = known_settings.register(KnownSetting("tests_days", "Days", 3, SettingKind.WHOLE, least=1, most=9))
    try:
        known_settings.change(by=BY, values={"tests_days": 9})
        assert setting.value() == 9
        for value in (0, 10, "5"):
            with pytest.raises(Invalid):
                known_settings.change(by=BY, values={"tests_days": value})
    finally:
        del known_settings._known["tests_days"]


def test_two_settings_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match="hotline_phone"):
        known_settings.register(KnownSetting("hotline_phone", "Another", ""))


def test_a_stale_form_shows_the_present_state_and_what_was_typed(manager: FlaskClient) -> None:
    stale = form(company_phone="010-111")
    manager.post("/settings", data=form(company_phone="010-222"))
    answer = manager.post("/settings", data=stale)
    assert answer.status_code == 409
    assert "010-111" in answer.text
    assert "010-222" in answer.text
    assert known_settings.value("company_phone") == "010-222"
    with pytest.raises(Conflict):
        known_settings.change(by=BY, values={"company_phone": "010-3"}, version=0)


def test_only_those_who_may_change_settings(client: FlaskClient) -> None:
    clerk = make_user(Role.CLERK)
    assert sign_in(client, clerk).get("/settings").status_code == 403
    with pytest.raises(NotAllowed):
        known_settings.change(by=actor_of(clerk), values={"company_phone": "1"})


def test_the_same_form_sent_twice_changes_once(manager: FlaskClient) -> None:
    sent = form(company_phone="010-5")
    manager.post("/settings", data=sent)
    assert manager.post("/settings", data=sent).status_code == 303
    assert HistoryEntry.select().count() == 1
