"""One entry of a profile on a form: what is saved, what is refused and where that stands, who was quicker."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.models import Role
from app.machines.models import DeviceProfile, DeviceProfileVersion
from app.monitoring.models import Condition
from tests import factories
from tests.monitoring.profile_editing.filled import fields_of
from tests.monitoring.profile_editing.sample import TEXT
from tests.personas import make_user, sign_in

ENTRIES = ("codes/E1", "codes/E2", "codes/E3", "rules/1", "rules/2", "metrics/oil_temp", "metrics/mode", "combinations/1", "suppress/1")
NEW_CODE = {"key": "E9", "name_zh": "九", "name_en": "Nine", "severity": "low", "ticket": "open"}
pytestmark = pytest.mark.usefixtures("row")


def document() -> str:
    return DeviceProfile.get().document


def opened(client: FlaskClient, place: str) -> dict[str, str]:
    """The fields of the form as the page shows it."""
    return fields_of(client.get(f"/profiles/p1/{place}").text, f"/profiles/p1/{place}")


def save(client: FlaskClient, place: str, **typed: Any) -> TestResponse:
    """Open the form, type into it, send it."""
    return client.post(f"/profiles/p1/{place}", data=opened(client, place) | typed)


def test_it_works(deputy: FlaskClient) -> None:
    answer = save(deputy, "codes/E1", severity="high", on_delay_s="5", reason="too many calls")
    assert (answer.status_code, answer.location) == (303, "/profiles/p1?part=codes#codes-E1")
    assert document() == TEXT.replace("severity: low} # agreed", "severity: high, on_delay_s: 5} # agreed")
    version = DeviceProfileVersion.get(DeviceProfileVersion.version == 2)
    assert (version.reason, version.created_by.name) == ("too many calls", "周敏")


@pytest.mark.parametrize("place", [*ENTRIES, "general"])
def test_what_was_only_opened_and_sent_back_changes_nothing(deputy: FlaskClient, place: str) -> None:
    assert save(deputy, place).status_code == 303
    assert document() == TEXT
    assert DeviceProfile.get().version == 1


@pytest.mark.parametrize(
    ("place", "typed", "before", "after"),
    [
        ("codes/E1", {"ticket": "after_working", "after_working_s": "900"}, "severity: low}",
         "severity: low, ticket: {after_working_s: 900}}"),
        ("codes/E1", {"auto_close": "y", "tell_customer": "y"}, "severity: low}", "severity: low, auto_close: true, tell_customer: true}"),
        ("codes/E1", {"warning_zh": "断电", "warning_en": "Power off"}, "severity: low}",
         "severity: low, warning: {zh: 断电, en: Power off}}"),
        ("codes/E2", {"ticket": "none"}, "{count: 3, within_s: 600}", "none"),
        ("rules/1", {"levels-0-limit": "72.5", "deadband": ""}, "above: 70", "above: 72.5"),
        ("rules/2", {"missing_s": "900"}, "missing_s: 600", "missing_s: 900"),
        ("metrics/oil_temp", {"normal_to": "65"}, "[10, 60]", "[10, 65]"),
        ("metrics/mode", {"values-1-value": "man", "values-1-zh": "手动", "values-1-en": "Manual"}, "en: Automatic}}",
         "en: Automatic}, man: {zh: 手动, en: Manual}}"),
        ("combinations/1", {"all_of": "E1, E3"}, "[E1, E2], within", "[E1, E3], within"),
        ("suppress/1", {"children": "E1"}, "children: [E1, E2]", "children: [E1]"),
        ("general", {"name_en": "Old station", "expected_interval_s": "30"}, "en: Station}\nexpected_interval_s: 60",
         "en: Old station}\nexpected_interval_s: 30"),
    ],
)  # fmt: skip
def test_each_part_is_edited_on_its_form(deputy: FlaskClient, place: str, typed: dict[str, str], before: str, after: str) -> None:
    assert save(deputy, place, **typed).status_code == 303
    assert TEXT.count(before) == 1
    changed = document()
    if "deadband" in typed:
        assert "deadband" not in changed
    else:
        assert changed == TEXT.replace(before, after)
    assert after in changed
    assert "# agreed in May" in changed


@pytest.mark.parametrize(
    ("part", "typed", "added"),
    [
        ("codes", NEW_CODE, "\n  E9: {name: {zh: 九, en: Nine}, severity: low}\n"),
        ("rules", {"code": "E3", "metric": "oil_temp", "condition": "rises", "rises": "5", "within_s": "60"},
         "\n  - {code: E3, metric: oil_temp, rises: 5, within_s: 60}\n"),
        ("rules", {"code": "E3", "metric": "oil_temp", "condition": "below", "levels-0-limit": "-30"},
         "\n  - {code: E3, metric: oil_temp, below: -30}\n"),
        ("metrics", {"key": "door", "name_zh": "门", "name_en": "Door", "kind": "boolean"},
         "\n  door: {kind: boolean, name: {zh: 门, en: Door}}\n"),
        ("combinations", NEW_CODE | {"key": "C9", "all_of": "E2 E3", "within_s": "60"},
         "\n  - {code: C9, all_of: [E2, E3], within_s: 60, name: {zh: 九, en: Nine}, severity: low}\n"),
        ("suppress", {"parent": "E2", "children": "E1"}, "\n  - {parent: E2, children: [E1]}\n"),
    ],
)  # fmt: skip
def test_each_part_gets_new_entries_at_its_end(deputy: FlaskClient, part: str, typed: dict[str, str], added: str) -> None:
    answer = save(deputy, f"{part}/new", **typed)
    assert (answer.status_code, answer.location) == (303, f"/profiles/p1?part={part}")
    assert added in document()


@pytest.mark.parametrize("place", ENTRIES)
def test_each_entry_is_taken_out_after_a_look_at_what_that_does(deputy: FlaskClient, place: str) -> None:
    assert "What saving does" in deputy.get(f"/profiles/p1/{place}/remove").text
    assert document() == TEXT
    if place == "codes/E1":  # a code that rules still raise may go: it then counts as not described
        assert "not described any more" in deputy.get(f"/profiles/p1/{place}/remove").text
    answer = save(deputy, f"{place}/remove")
    assert answer.status_code == 303
    assert len(document()) < len(TEXT)
    assert DeviceProfile.get().version == 2


@pytest.mark.parametrize(
    ("place", "typed", "field", "words"),
    [
        ("codes/E1", {"on_delay_s": "soon"}, "on_delay_s", "On-delay in seconds"),
        ("codes/E1", {"name_en": ""}, "name_en", "Name in English"),
        ("codes/E1", {"warning_zh": "断电"}, "warning_en", "Warning in English"),
        ("codes/E1", {"ticket": "after", "after_s": "0"}, "after_s", "Stands for"),
        ("codes/new", NEW_CODE | {"key": "E1"}, "key", "in the profile already"),
        ("codes/new", NEW_CODE | {"key": ""}, "key", "needed"),
        ("codes/new", NEW_CODE | {"key": "a b"}, "key", "Code"),
        ("rules/1", {"levels-1-limit": "60"}, "condition", "one way"),
        ("rules/1", {"levels-0-limit": "hot"}, "levels-0-limit", "Limit"),
        ("rules/2", {"missing_s": "90"}, "missing_s", "120 s"),
        ("rules/2", {"condition": "rises", "rises": "5"}, "within_s", "must be a number"),
        ("metrics/oil_temp", {"range_from": "200"}, "range_from", "The sensor shows from"),
        ("combinations/1", {"all_of": "E1"}, "all_of", "together"),
        ("combinations/1", {"key": "E1"}, "key", "described twice"),
        ("suppress/1", {"children": "E1 E3"}, "children", "suppress itself"),
        ("general", {"name_zh": ""}, "name_zh", "Name in Chinese"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    deputy: FlaskClient, place: str, typed: dict[str, str], field: str, words: str
) -> None:
    sent = opened(deputy, place) | typed | {"reason": "because of the heat"}
    answer = deputy.post(f"/profiles/p1/{place}", data=sent)
    assert answer.status_code == 422
    beside = answer.text.partition(f'id="{field}-error"')[2].partition("</p>")[0]
    assert words in beside
    assert fields_of(answer.text, f"/profiles/p1/{place}") == sent
    assert document() == TEXT


def test_a_mistake_that_is_about_another_entry_is_told_with_its_line(deputy: FlaskClient) -> None:
    assert save(deputy, "suppress/new", parent="E2", children="E1").status_code == 303
    answer = save(deputy, "suppress/1", parent="E1", children="E2")  # the circle closes in the second one
    assert answer.status_code == 422
    mistakes = answer.text.partition('id="mistakes"')[2].partition("</ol>")[0]
    assert "line 22" in mistakes
    assert "suppress itself" in mistakes


def test_who_was_quicker_is_named_and_sending_again_writes_over_it(deputy: FlaskClient, colleague: FlaskClient) -> None:
    mine = opened(deputy, "codes/E1") | {"severity": "critical"}
    assert save(colleague, "codes/E1", on_delay_s="9").status_code == 303
    refused = deputy.post("/profiles/p1/codes/E1", data=mine)
    assert refused.status_code == 409
    assert "何静 saved version 2 meanwhile" in refused.text
    again = fields_of(refused.text, "/profiles/p1/codes/E1")
    assert again == mine | {"version": "2"}
    assert deputy.post("/profiles/p1/codes/E1", data=again).status_code == 303
    assert "E1: {name: {zh: 一, en: One}, severity: critical}" in document()


def test_an_entry_that_moved_meanwhile_is_found_again(deputy: FlaskClient, colleague: FlaskClient) -> None:
    mine = opened(deputy, "rules/2") | {"missing_s": "900"}
    assert save(colleague, "rules/1/remove").status_code == 303
    refused = deputy.post("/profiles/p1/rules/2", data=mine)
    assert refused.status_code == 409
    assert deputy.post("/profiles/p1/rules/1", data=fields_of(refused.text, "/profiles/p1/rules/1")).status_code == 303
    assert "missing_s: 900" in document()


def test_an_entry_that_was_removed_meanwhile_is_not_written_over_another(deputy: FlaskClient, colleague: FlaskClient) -> None:
    mine = opened(deputy, "rules/1") | {"deadband": "3"}
    assert save(colleague, "rules/1/remove").status_code == 303
    before = document()
    refused = deputy.post("/profiles/p1/rules/1", data=mine)
    assert refused.status_code == 409
    again = deputy.post("/profiles/p1/rules/1", data=fields_of(refused.text, "/profiles/p1/rules/1"))
    assert again.status_code == 409
    assert document() == before


def test_a_kind_of_metric_takes_only_what_belongs_to_it(deputy: FlaskClient) -> None:
    assert save(deputy, "metrics/oil_temp", kind="boolean").status_code == 303
    assert "oil_temp: {name: {zh: 油温, en: Oil temperature}, kind: boolean}" in document()


def test_a_rule_that_becomes_one_of_missing_values_loses_its_deadband(deputy: FlaskClient) -> None:
    assert save(deputy, "rules/1", condition="missing", missing_s="300", on_delay_s="5").status_code == 303
    assert "deadband" not in document()
    assert "missing_s: 300" in document()


def test_the_form_says_how_many_machines_and_standing_alarms_it_concerns(deputy: FlaskClient, row: DeviceProfile) -> None:
    machine = factories.machine(profile=row)
    factories.alarm(machine=machine, code="E1", condition=Condition.ACTIVE)
    page = deputy.get("/profiles/p1/codes/E1").text
    assert "Standing alarms of E1" in page
    assert f"/machines?profile={row.id}" in page
    gone = deputy.get("/profiles/p1/codes/E1/remove").text
    assert "1 alarms stand now" in gone


def test_what_is_not_there_is_not_found(deputy: FlaskClient) -> None:
    for place in ("codes/E7", "rules/9", "rules/x", "nothing/1", "codes/E7/remove"):
        assert deputy.get(f"/profiles/p1/{place}").status_code == 404


def test_a_clerk_reads_and_does_not_edit(client: FlaskClient) -> None:
    clerk = sign_in(client, make_user(Role.CLERK))
    assert "/profiles/p1/codes/E1" not in clerk.get("/profiles/p1").text
    assert clerk.get("/profiles/p1/codes/E1").status_code == 403
    assert clerk.post("/profiles/p1/codes/E1", data=NEW_CODE).status_code == 403
    assert document() == TEXT
