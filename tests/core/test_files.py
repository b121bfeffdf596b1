"""Files that people hand in: what they are is told by their bytes, and what is kept cannot harm or betray anybody (security §1)."""

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import Database
from PIL import Image, ImageFile

from app.core import clock, db, files
from app.core.errors import Invalid, Unavailable
from app.core.files import ANY, MEDIA, PICTURES, TABLES, StoredFile
from app.core.types import system
from tests import filemakers as make

BY = system("tests")


def stored(content: bytes, name: str = "photo.jpg", kinds: files.Kinds = ANY) -> StoredFile:
    return files.store(by=BY, name=name, stream=io.BytesIO(content), kinds=kinds)


def refused(content: bytes, name: str = "photo.jpg", kinds: files.Kinds = ANY) -> str:
    with pytest.raises(Invalid) as caught:
        stored(content, name, kinds)
    assert left_over() == []
    assert StoredFile.select().count() == 0
    return str(caught.value)


def left_over() -> list[Path]:
    return [path for path in files._root().rglob("*") if path.is_file()] if files._root().exists() else []


@pytest.fixture
def one(sqlite_database: Database) -> Database:
    """What files are does not depend on the database."""
    return sqlite_database


def test_it_works(database: Database) -> None:
    file = stored(make.jpeg(), "油缸 漏油.jpg")
    kept = files.path_of(file).read_bytes()
    assert StoredFile.get_by_id(file.id).name == "油缸 漏油.jpg"
    assert (file.media_type, file.width, file.height, file.size) == ("image/jpeg", 64, 48, len(kept))
    assert file.digest == hashlib.sha256(kept).hexdigest()
    assert files.preview_path_of(file).read_bytes().startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (make.jpeg(), "a.jpg", "image/jpeg"),
        (make.png(), "a.png", "image/png"),
        (make.png(mode="RGBA"), "a.png", "image/png"),
        (make.png(mode="P"), "a.png", "image/png"),
        (make.png(mode="1"), "a.png", "image/png"),
        (make.other("WEBP"), "a.webp", "image/png"),
        (make.other("GIF"), "a.gif", "image/png"),
        (make.film(), "a.mp4", "video/mp4"),
        (make.film(b"qt  "), "a.mov", "video/quicktime"),
        (make.film(b"3gp5"), "a.3gp", "video/3gpp"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "a.webm", "video/webm"),
        (make.pdf(), "a.pdf", "application/pdf"),
        (make.office(), "a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (make.office("word/document.xml"), "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (make.old_office(), "a.xls", "application/vnd.ms-excel"),
        (make.old_office("WordDocument"), "a.doc", "application/msword"),
        (make.mail(), "a.eml", "message/rfc822"),
        ("序列号,客户\n1,甲\n".encode(), "a.csv", "text/csv"),
        ("序列号,客户\n1,甲\n".encode("gb18030"), "a.csv", "text/csv"),
        ("序列号\t客户\n".encode("utf-16"), "a.txt", "text/plain"),
        (b"words", "a.txt", "text/plain"),
    ],
)
def test_what_is_taken_is_known_by_its_bytes(one: Database, content: bytes, name: str, media_type: str) -> None:
    assert stored(content, name).media_type == media_type
    assert stored(content, "picture.exe").media_type in (media_type, "text/plain")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"MZ\x90\0 this program cannot be run", "program"),
        (b"\x7fELF\2\1\1", "program"),
        (b"#!/bin/sh\nrm -rf /\n", "program"),
        (b"\xef\xbb\xbf#!/bin/sh\n", "program"),
        (b"PK\5\6" + b"\0" * 18, "archive"),
        (make.office("evil.exe"), "archive"),
        (b"PK\3\4 cut short", "archive"),
        (b"\x1f\x8b\x08 packed", "archive"),
        (b"7z\xbc\xaf\x27\x1c", "archive"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "web page"),
        (b"<?xml version='1.0'?><svg/>", "web page"),
        (b"  \n<!DOCTYPE html><p>", "web page"),
        (b"words first\n<script>alert(1)</script>", "web page"),
        ("<html>".encode("utf-16"), "web page"),
        (make.office(types="application/vnd.ms-excel.sheet.macroEnabled.main+xml"), "macros"),
        (make.office(more=("xl/vbaProject.bin",)), "macros"),
        (make.old_office(has_macros=True), "macros"),
        (make.old_office("SomethingElse"), "not taken here"),
        (make.film(b"heic"), "HEIC"),
        (make.other("BMP"), "not taken here"),
        (b"\0\1\2\3 bytes of nothing", "not taken here"),
    ],
)
def test_what_can_run_or_hide_something_is_refused_whatever_it_is_called(one: Database, content: bytes, words: str) -> None:
    for name in ("photo.jpg", "table.csv", "mail.eml"):
        assert words in refused(content, name)


def test_only_the_kinds_asked_for_are_taken(one: Database) -> None:
    assert "no photo" in refused(make.pdf(), kinds=PICTURES)
    assert "neither" in refused(make.pdf(), kinds=MEDIA)
    assert "no table" in refused(make.jpeg(), kinds=TABLES)
    assert stored(b"a,b\n", "a.csv", TABLES).media_type == "text/csv"


def test_the_place_and_the_phone_of_a_photo_are_not_kept(one: Database) -> None:
    content = make.jpeg(place=True)
    assert b"Camera of somebody" in content
    file = stored(content)
    for path in (files.path_of(file), files.preview_path_of(file)):
        with Image.open(path) as picture:
            assert dict(picture.getexif()) == {}
        assert b"Camera of somebody" not in path.read_bytes()
        assert b"secret words" not in path.read_bytes()


def test_a_photo_taken_sideways_stands_upright(one: Database) -> None:
    file = stored(make.jpeg(64, 48, orientation=6))
    assert (file.width, file.height) == (48, 64)


def test_a_preview_is_small_and_a_huge_photo_is_made_smaller(one: Database) -> None:
    file = stored(make.jpeg(4_400, 2_200))
    assert (file.width, file.height) == (4_000, 2_000)
    with Image.open(files.preview_path_of(file)) as preview:
        assert preview.size == (480, 240)


@pytest.mark.parametrize("tail", [b"<?php system('id') ?>", make.office(), b"<script>alert(1)</script>"])
def test_nothing_hides_behind_a_picture(one: Database, tail: bytes) -> None:
    for content in (make.jpeg() + tail, make.png() + tail):
        kept = files.path_of(stored(content)).read_bytes()
        assert tail not in kept
        StoredFile.delete().execute()


@pytest.mark.parametrize("content", [make.jpeg(200, 200)[:600], make.png(200, 200)[:100], b"\xff\xd8\xff only the beginning", b"GIF89a"])
def test_a_picture_that_is_cut_short_or_none_at_all_is_refused_in_words(one: Database, content: bytes) -> None:
    assert "damaged" in refused(content)


def test_a_decompression_bomb_is_refused_before_it_unpacks(one: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = make.bomb(14_000, 14_000)
    assert len(bomb) < 1_000_000
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _picture: pytest.fail("it was unpacked"))
    assert "50 million pixels" in refused(bomb)
    assert "50 million pixels" in refused(make.bomb(8_000, 7_000))


def test_a_webp_that_claims_to_be_huge_is_refused_before_it_is_opened(one: Database) -> None:
    content = bytearray(make.other("WEBP"))
    chunk = b"VP8X" + (10).to_bytes(4, "little") + b"\0" * 4 + (16_000).to_bytes(3, "little") * 2
    content[12:12] = chunk
    assert "50 million pixels" in refused(bytes(content))


class Endless:
    """A stream of ``size`` bytes that notes how much was asked for at once."""

    def __init__(self, head: bytes, size: int) -> None:
        self.head, self.left, self.largest = head, size, 0

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size)
        assert size > 0, "read at once"
        part = (self.head or b"\0" * size)[: min(size, self.left)]
        self.head, self.left = b"", self.left - len(part)
        return part


@pytest.mark.parametrize(
    ("head", "megabytes", "words"),
    [
        (make.jpeg(), 60, "60 MB; a photo may have 10 MB"),
        (make.jpeg(), 11, "11 MB; a photo may have 10 MB"),
        (make.film(), 51, "51 MB; a film may have 50 MB"),
        (make.pdf(), 31, "31 MB; a document may have 30 MB"),
    ],
)
def test_what_is_too_large_is_refused_with_its_size_and_never_held_in_memory(
    one: Database, head: bytes, megabytes: int, words: str
) -> None:
    stream: Any = Endless(head, megabytes * 1024 * 1024)
    with pytest.raises(Invalid) as caught:
        files.store(by=BY, name="large", stream=stream)
    assert words in str(caught.value)
    assert stream.largest <= 1024 * 1024
    assert left_over() == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\Users\\chen\\图.jpg", "图.jpg"),
        ("\u202egpj.exe", "gpj.exe.jpg"),
        ("a\0b\r\nc.jpg", "abc.jpg"),
        ("", "file.jpg"),
        ("...", "file.jpg"),
        ("invoice.pdf", "invoice.pdf.jpg"),
        ("PHOTO.JPEG", "PHOTO.JPEG"),
        ("x" * 300 + ".jpg", "x" * 104 + "…" + "x" * 11 + ".jpg"),
    ],
)
def test_a_name_is_only_shown_and_says_what_the_file_is(one: Database, name: str, shown: str) -> None:
    file = stored(make.jpeg(), name)
    assert file.name == shown
    assert files.path_of(file).resolve().is_relative_to(files._root().resolve())


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=400))
def test_any_name_becomes_one_that_can_be_shown_and_kept(name: str) -> None:
    shown = files.shown_name(name)
    assert 0 < len(shown) <= files.MAX_NAME
    assert not set(shown) & set("/\\\0\r\n\u202e\u200b")


def test_a_full_disk_is_said_in_words_and_leaves_nothing_half(one: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _bytes: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Unavailable, match="disk is full"):
        stored(make.jpeg())
    assert left_over() == []
    assert StoredFile.select().count() == 0


def test_a_file_that_was_stored_in_a_transaction_that_failed_has_no_row(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction():
        stored(make.jpeg())
        raise ZeroDivisionError
    assert StoredFile.select().count() == 0
    assert len(left_over()) == 2, "the bytes wait for the job that takes orphans away"


def test_orphans_go_after_a_day_and_files_with_a_row_stay(database: Database) -> None:
    """A process killed between file and row leaves bytes of which no row speaks, never a row without its bytes."""
    file = stored(make.jpeg())
    files.take_in(name="lost.jpg", stream=io.BytesIO(make.jpeg()))
    (files._root() / "incoming" / ("0" * 32)).write_bytes(b"half")
    assert files.remove_orphans(clock.now() + timedelta(hours=23)) == 0
    assert files.remove_orphans(clock.now() + timedelta(hours=25)) == 3
    assert sorted(left_over()) == sorted([files.path_of(file), files.preview_path_of(file)])


def test_bytes_stand_on_the_disk_before_their_row_does(one: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    create = StoredFile.create
    monkeypatch.setattr(StoredFile, "create", lambda **row: seen.append(files._place(row["id"]).exists()) or create(**row))
    stored(make.pdf(), "a.pdf")
    assert seen == [True]


@pytest.mark.slow
def test_the_portal_does_not_load_the_picture_library_before_the_first_picture() -> None:
    code = "import sys, app.factory, app.worker; print('PIL.Image' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"


KILLED = """
import io, os, signal, sys
from pathlib import Path
from app.core import db, files
from app.core.types import system
db.bind(sys.argv[1])
files.configure(Path(sys.argv[2]))
with db.transaction():
    incoming = files.take_in(name="lost.txt", stream=io.BytesIO(b"words"))
    if sys.argv[3] == "row":
        files.keep(by=system("tests"), incoming=incoming)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", ["file", "row"])
def test_killed_between_file_and_commit_there_is_never_a_row_without_its_file(one: Database, after: str) -> None:
    url = f"sqlite:///{one.database}"
    killed = subprocess.run([sys.executable, "-c", KILLED, url, str(files._root()), after], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert StoredFile.select().count() == 0
    assert len(left_over()) == 1
    assert files.remove_orphans(clock.now() + timedelta(hours=25)) == 1
    assert left_over() == []
