"""The list of profiles, new ones, whole texts, versions, and removing: on the screen and without JavaScript."""

import io

import pytest
from flask.testing import FlaskClient

from app.core import history
from app.core.history import HistoryEntry
from app.core.types import system
from app.machines.models import DeviceProfile, DeviceProfileVersion
from app.machines.profile_operations import import_profile
from tests import factories
from tests.monitoring.profile_editing.filled import fields_of
from tests.monitoring.profile_editing.sample import TEXT

EDITED = TEXT.replace("severity: high,", "severity: critical,")
pytestmark = pytest.mark.usefixtures("row")


def document(name: str = "p1") -> str:
    return DeviceProfile.get(DeviceProfile.name == name).document


def renew(text: str = EDITED) -> None:
    import_profile(by=system("setup"), text=text)


def test_it_works(deputy: FlaskClient, row: DeviceProfile) -> None:
    factories.machine(profile=row)
    assert f'<a href="/machines?profile={row.id}">1</a>' in deputy.get("/profiles").text
    for part, words in {
        "codes": "at 3 times within 10 min", "rules": "missing for 10 min", "metrics": "10–60",
        "combinations": "E1 + E2", "suppress": "Three",
    }.items():  # fmt: skip
        assert words in deputy.get(f"/profiles/p1?part={part}").text


def test_every_page_is_complete_in_both_languages(deputy: FlaskClient) -> None:
    renew()
    pages = (
        "?part=codes",
        "?part=rules",
        "/text",
        "/versions",
        "/versions/1/restore",
        "/remove",
        "/codes/new",
        "/rules/1",
        "/metrics/mode",
    )
    for page in pages:
        english = deputy.get(f"/profiles/p1{page}").text
        deputy.set_cookie("locale", "zh_CN")
        chinese = deputy.get(f"/profiles/p1{page}").text
        deputy.set_cookie("locale", "en")
        assert ("Monitoring profiles" in english, "监控模板" in english) == (True, False)
        assert ("Monitoring profiles" in chinese, "监控模板" in chinese) == (False, True)


def test_where_there_is_no_profile_the_list_says_what_to_do(deputy: FlaskClient, row: DeviceProfile) -> None:
    deputy.post("/profiles/p1/remove", data=fields_of(deputy.get("/profiles/p1/remove").text, "/profiles/p1/remove"))
    page = deputy.get("/profiles").text
    assert "There is no monitoring profile yet." in page
    assert 'href="/profiles/import"' in page


def test_what_is_downloaded_is_what_was_stored_and_taking_it_in_again_changes_nothing(deputy: FlaskClient) -> None:
    renew()
    assert deputy.get("/profiles/p1.yaml").data.decode() == EDITED
    assert deputy.get("/profiles/p1.yaml?version=1").data.decode() == TEXT
    assert deputy.get("/profiles/p1.yaml?version=9").status_code == 404
    assert not import_profile(by=system("setup"), text=deputy.get("/profiles/p1.yaml").text).is_changed


def test_the_whole_text_is_looked_at_and_then_saved(deputy: FlaskClient) -> None:
    sent = fields_of(deputy.get("/profiles/p1/text").text, "/profiles/p1/text")
    assert sent["document"] == TEXT
    without_e1 = "".join(line for line in TEXT.splitlines(keepends=True) if "agreed in May" not in line)
    looked = deputy.post("/profiles/p1/text", data=sent | {"document": without_e1.replace("\n", "\r\n"), "reason": "gone"})
    assert looked.status_code == 200
    assert "not described any more" in looked.text
    assert document() == TEXT
    done = deputy.post("/profiles/p1/text", data=fields_of(looked.text, "/profiles/p1/text"))
    assert (done.status_code, done.location) == (303, "/profiles/p1")
    assert document() == without_e1
    assert DeviceProfileVersion.get(DeviceProfileVersion.version == 2).reason == "gone"


def test_a_text_that_was_changed_after_the_look_is_looked_at_again(deputy: FlaskClient) -> None:
    sent = fields_of(deputy.get("/profiles/p1/text").text, "/profiles/p1/text")
    looked = deputy.post("/profiles/p1/text", data=sent | {"document": EDITED})
    changed = fields_of(looked.text, "/profiles/p1/text") | {"document": EDITED + "# and more\n"}
    assert deputy.post("/profiles/p1/text", data=changed).status_code == 200
    assert document() == TEXT


def test_a_text_with_mistakes_comes_back_with_each_line(deputy: FlaskClient) -> None:
    sent = fields_of(deputy.get("/profiles/p1/text").text, "/profiles/p1/text")
    bad = TEXT.replace("severity: low", "severity: worst").replace("missing_s: 600", "missing_s: 1")
    answer = deputy.post("/profiles/p1/text", data=sent | {"document": bad, "reason": "why not"})
    assert answer.status_code == 422
    mistakes = answer.text.partition('id="mistakes"')[2].partition("</ol>")[0]
    for line in (9, 17):
        assert f"line {line}:" in mistakes
    kept = fields_of(answer.text, "/profiles/p1/text")
    assert (kept["document"], kept["reason"]) == (bad, "why not")
    assert document() == TEXT


def test_a_text_over_which_somebody_was_quicker_is_refused_and_looked_at_anew(deputy: FlaskClient) -> None:
    sent = fields_of(deputy.get("/profiles/p1/text").text, "/profiles/p1/text")
    looked = deputy.post("/profiles/p1/text", data=sent | {"document": TEXT + "# mine\n"})
    renew()
    refused = deputy.post("/profiles/p1/text", data=fields_of(looked.text, "/profiles/p1/text"))
    assert refused.status_code == 409
    assert "saved version 2 meanwhile" in refused.text
    assert document() == EDITED
    again = deputy.post("/profiles/p1/text", data=fields_of(refused.text, "/profiles/p1/text"))
    assert again.status_code == 200  # a look at what it does to the version of the other
    assert deputy.post("/profiles/p1/text", data=fields_of(again.text, "/profiles/p1/text")).status_code == 303
    assert document() == TEXT + "# mine\n"


def test_a_profile_keeps_its_name(deputy: FlaskClient) -> None:
    sent = fields_of(deputy.get("/profiles/p1/text").text, "/profiles/p1/text")
    answer = deputy.post("/profiles/p1/text", data=sent | {"document": TEXT.replace("profile: p1", "profile: p2")})
    assert answer.status_code == 422
    assert "A profile keeps its name: p1" in answer.text


@pytest.mark.parametrize(("content", "words"), [(b"\xff\xfe\xfa", "not UTF-8"), (b"", "Choose a file"), (b"a: [", "line ")])
def test_a_file_that_is_no_profile_is_refused_in_words(deputy: FlaskClient, content: bytes, words: str) -> None:
    answer = deputy.post("/profiles/import", data={"file": (io.BytesIO(content), "p.yaml")}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert words in answer.text


def test_a_new_profile_is_a_copy_with_its_own_name_and_all_remarks(deputy: FlaskClient) -> None:
    sent = fields_of(deputy.get("/profiles/new?of=p1").text, "/profiles/new") | {"name": "p2", "zh": "新站", "en": "New station"}
    assert sent["source"] == "p1"
    for _again in range(2):  # a double click makes one
        answer = deputy.post("/profiles/new", data=sent)
        assert (answer.status_code, answer.location) == (303, "/profiles/p2")
    assert document("p2") == TEXT.replace("profile: p1", "profile: p2").replace("{zh: 站, en: Station}", "{zh: 新站, en: New station}")
    assert document() == TEXT
    assert DeviceProfile.select().count() == 2


@pytest.mark.parametrize(
    ("typed", "field", "words"), [({"name": "p1"}, "name", "taken"), ({"name": "a b"}, "name", "Code name"), ({"zh": ""}, "zh", "Chinese")]
)
def test_a_new_profile_that_cannot_be_made_says_why(deputy: FlaskClient, typed: dict[str, str], field: str, words: str) -> None:
    sent = fields_of(deputy.get("/profiles/new").text, "/profiles/new") | {"name": "p2", "zh": "新", "en": "New"} | typed
    answer = deputy.post("/profiles/new", data=sent)
    assert answer.status_code == 422
    assert words in answer.text.partition(f'id="{field}-error"')[2].partition("</p>")[0]
    assert fields_of(answer.text, "/profiles/new") == sent
    assert DeviceProfile.select().count() == 1


def test_versions_show_who_made_them_and_the_words_that_differ(deputy: FlaskClient) -> None:
    sent = fields_of(deputy.get("/profiles/p1/codes/E2").text, "/profiles/p1/codes/E2")
    deputy.post("/profiles/p1/codes/E2", data=sent | {"severity": "critical", "reason": "it burns"})
    page = deputy.get("/profiles/p1/versions").text
    for words in ("周敏", "it burns", "by the program", "<del>high</del>", "<ins>critical</ins>"):
        assert words in page
    assert "Nothing differs." in deputy.get("/profiles/p1/versions?from=1&to=1").text
    assert deputy.get("/profiles/p1/versions?to=7").status_code == 404


def test_an_old_version_becomes_the_newest(deputy: FlaskClient) -> None:
    renew()
    address = "/profiles/p1/versions/1/restore"
    page = deputy.get(address).text
    assert "<ins>high</ins>" in page
    assert deputy.post(address, data=fields_of(page, address)).status_code == 303
    row = DeviceProfile.get()
    assert (row.version, row.document) == (3, TEXT)
    assert DeviceProfileVersion.get(DeviceProfileVersion.version == 3).reason == "Version 1 restored"


def test_restoring_over_somebody_elses_version_is_refused(deputy: FlaskClient) -> None:
    renew()
    address = "/profiles/p1/versions/1/restore"
    sent = fields_of(deputy.get(address).text, address)
    renew(TEXT + "# third\n")
    assert deputy.post(address, data=sent).status_code == 409
    assert document() == TEXT + "# third\n"


def test_a_profile_that_machines_use_is_not_removed(deputy: FlaskClient, row: DeviceProfile) -> None:
    sent = fields_of(deputy.get("/profiles/p1/remove").text, "/profiles/p1/remove")
    factories.machine(profile=row)
    assert "Give them another one first" in deputy.get("/profiles/p1/remove").text
    assert deputy.post("/profiles/p1/remove", data=sent).status_code == 409
    assert DeviceProfile.select().exists()


def test_a_removed_profile_goes_with_its_versions_and_stays_in_the_history(deputy: FlaskClient) -> None:
    renew()
    sent = fields_of(deputy.get("/profiles/p1/remove").text, "/profiles/p1/remove")
    answer = deputy.post("/profiles/p1/remove", data=sent)
    assert (answer.status_code, answer.location) == (303, "/profiles")
    assert not DeviceProfile.select().exists()
    assert not DeviceProfileVersion.select().exists()
    assert HistoryEntry.select().where(HistoryEntry.action == "profile.removed").count() == 1
    assert history.verify().problem is None
    assert deputy.get("/profiles/p1").status_code == 404


def test_a_stored_text_that_cannot_be_read_is_mended_as_text(deputy: FlaskClient, row: DeviceProfile) -> None:
    with_trouble = TEXT.replace("severity: low", "severity: worst")
    DeviceProfile.update(document=with_trouble).where(DeviceProfile.id == row.id).execute()
    assert "cannot read the stored profile" in deputy.get("/profiles/p1").text
    sent = fields_of(deputy.get("/profiles/p1/text").text, "/profiles/p1/text") | {"document": TEXT}
    looked = deputy.post("/profiles/p1/text", data=sent)
    assert deputy.post("/profiles/p1/text", data=fields_of(looked.text, "/profiles/p1/text")).status_code == 303
    assert document() == TEXT
