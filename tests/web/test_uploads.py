"""Files on their way in and out of the portal."""

import errno
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core import files
from app.core.errors import Invalid, NotFound
from app.core.files import PICTURES, StoredFile
from app.core.types import system
from app.web import uploads
from tests import filemakers as make
from tests.personas import make_user, sign_in

FORM = '{% from "components/upload.html" import upload %}<form>{{ upload(received=received) }}</form>'


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """How files travel does not depend on the database."""
    return sqlite_database


def received(app: Flask, sent: dict[str, Any], **how: Any) -> tuple[uploads.Received, str]:
    """What the portal makes of a form with ``sent``, and the form as it comes back in English."""
    with app.test_request_context("/", method="POST", data=sent, headers={"Cookie": "locale=en"}):
        got = uploads.received(**how)
        return got, render_template_string(FORM, received=got)


def chosen(*contents: tuple[bytes, str]) -> dict[str, Any]:
    return {"files": [(io.BytesIO(content), name) for content, name in contents]}


def stored(content: bytes, name: str) -> StoredFile:
    return files.store(by=system("tests"), name=name, stream=io.BytesIO(content))


def sent(app: Flask, file: StoredFile, query: str = "", preview: bool = False, **headers: str) -> Any:
    with app.test_request_context(f"/file{query}", headers=headers):
        response = uploads.send(file, preview=preview)
        response.direct_passthrough = False
        return response


def test_it_works(app: Flask) -> None:
    got, form = received(app, chosen((make.jpeg(), "油缸.jpg"), (make.pdf(), "a.pdf")))
    assert [file.name for file in got.check()] == ["油缸.jpg", "a.pdf"]
    assert got.problems == ()
    assert 'type="file"' in form
    assert "multiple" in form


def test_a_field_that_was_left_empty_sends_no_file(app: Flask) -> None:
    assert received(app, chosen((b"", "")))[0] == uploads.Received()
    assert received(app, {})[0].check() == ()


def test_a_form_that_comes_back_keeps_what_was_good_and_names_what_was_not(app: Flask) -> None:
    got, form = received(app, chosen((make.jpeg(), "good.jpg"), (b"MZ program", "bad.jpg")))
    with pytest.raises(Invalid):
        got.check()
    assert "bad.jpg is a program" in form
    tokens = re.findall(r'name="files-kept" value="([^"]+)" checked', form)
    again, _form = received(app, {"files-kept": tokens} | chosen((make.png(), "more.png")))
    assert [file.name for file in again.check()] == ["good.jpg", "more.png"]
    assert again.files[0] == got.files[0], "the bytes that are on the disk already"


def test_what_a_form_keeps_cannot_be_made_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    got, _form = received(app, chosen((make.jpeg(), "a.jpg")))
    for token in ("made up", got.tokens[0][:-2] + "xx"):
        assert received(app, {"files-kept": token})[0].problems
    monkeypatch.setattr(uploads, "_KEPT_FOR", timedelta(seconds=-2))
    assert "open too long" in received(app, {"files-kept": got.tokens[0]})[0].problems[0]


def test_only_so_many_files_and_only_the_kinds_asked_for_are_taken(app: Flask) -> None:
    got, _form = received(app, chosen(*[(make.png(), f"{n}.png") for n in range(3)]), most=2)
    assert len(got.files) == 2
    assert "At most 2 files" in got.problems[0]
    assert "no photo" in received(app, chosen((make.pdf(), "a.pdf")), kinds=PICTURES)[0].problems[0]


def test_pictures_films_and_pdf_are_shown_and_all_else_is_saved(app: Flask) -> None:
    for content, name, is_shown in (
        (make.jpeg(), "a.jpg", True),
        (make.film(), "a.mp4", True),
        (make.pdf(), "a.pdf", True),
        (make.office(), "a.xlsx", False),
        (b"words", "a.txt", False),
        (make.mail(), "a.eml", False),
    ):
        answer = sent(app, stored(content, name))
        assert answer.headers["Content-Disposition"].startswith("inline" if is_shown else "attachment"), name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"].startswith("private")
    assert sent(app, stored(make.jpeg(), "a.jpg"), "?download").headers["Content-Disposition"].startswith("attachment")


def test_a_name_cannot_break_the_header_it_stands_in(app: Flask) -> None:
    header = sent(app, stored(make.pdf(), '合同";\r\nSet-Cookie: x=y.pdf')).headers["Content-Disposition"]
    assert "\r" not in header
    assert "\n" not in header
    assert "filename*=UTF-8''" in header


def test_a_file_is_sent_once_and_then_known_by_its_digest(app: Flask) -> None:
    file = stored(make.jpeg(), "a.jpg")
    first = sent(app, file)
    assert file.digest in first.headers["ETag"]
    assert sent(app, file, **{"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert sent(app, file, preview=True).headers["ETag"] != first.headers["ETag"]


def test_a_film_can_be_read_from_the_middle(app: Flask) -> None:
    answer = sent(app, stored(make.film(size=2_000), "a.mp4"), Range="bytes=100-199")
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == "bytes 100-199/2000"
    assert len(answer.get_data()) == 100


def test_a_file_that_is_gone_from_the_disk_is_said_in_words(app: Flask) -> None:
    file = stored(make.pdf(), "a.pdf")
    files.path_of(file).unlink()
    with pytest.raises(NotFound, match="no longer on the disk"):
        sent(app, file)


def test_a_request_that_is_too_large_is_answered_in_words(client: FlaskClient) -> None:
    too_large = {"files": (io.BytesIO(b"\0" * (uploads.MAX_BODY_OF_STRANGERS + 1)), "a.bin")}
    answer = client.post("/login", data=too_large)
    assert answer.status_code == 413
    assert "64 MB" in answer.text
    fragment = client.post("/login", data={"files": (io.BytesIO(b"\0" * (13 * 2**20)), "a.bin")}, headers={"HX-Request": "true"})
    assert fragment.status_code == 413
    assert "#toasts" in fragment.text


def test_people_who_are_signed_in_may_send_more_than_strangers(client: FlaskClient) -> None:
    sign_in(client, make_user(Role.CLERK))
    answer = client.post("/preferences", data={"files": (io.BytesIO(b"\0" * (13 * 2**20)), "a.bin")})
    assert answer.status_code != 413


def test_a_disk_that_fills_up_while_a_form_is_read_is_said_in_words(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_how: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("werkzeug.formparser.default_stream_factory", full)
    monkeypatch.setattr("flask.Request._get_file_stream", full)
    answer = client.post("/login", data={"files": (io.BytesIO(b"words"), "a.txt")})
    assert answer.status_code == 503
    assert "磁盘已满" in answer.text
