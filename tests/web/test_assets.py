"""Stylesheets, scripts and icons as they are sent, and what the first visit weighs (quality.md §1)."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web import assets

ROOT = Path(__file__).parent.parent.parent
ZIPPED = {"Accept-Encoding": "gzip"}
SUMS = [ROOT / "static" / "vendor" / "SHA384SUMS", ROOT / "tests" / "browser" / "vendor" / "SHA384SUMS"]


def address(app: Flask, name: str) -> str:
    with app.test_request_context():
        return assets.asset(name)


def test_it_works(app: Flask, client: FlaskClient) -> None:
    answer = client.get(address(app, "app.css"))
    assert answer.status_code == 200
    assert answer.mimetype == "text/css"
    assert answer.text.startswith("@layer reset, tokens, base")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_compressed_form_is_the_same_content(app: Flask, client: FlaskClient) -> None:
    path = address(app, "app.js")
    zipped = client.get(path, headers=ZIPPED)
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped.headers["Vary"]
    assert gzip.decompress(zipped.data) == client.get(path).data


def test_an_old_address_gets_the_present_file_but_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/assets/0123456789abcdef/app.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_only_bundles_are_served(client: FlaskClient) -> None:
    for name in ("app.py", "..%2fapp.js", "SHA384SUMS"):
        assert client.get(f"/assets/0123456789abcdef/{name}").status_code == 404


def test_a_changed_source_changes_the_address(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    source = tmp_path / "css" / "layers.css"
    source.write_text("@layer reset;")
    before = assets.build(tmp_path)["app.css"].digest
    source.write_text("@layer reset, base;")
    assert assets.build(tmp_path)["app.css"].digest != before


def test_every_source_exists_once_in_its_bundle(app: Flask) -> None:
    for name, patterns in assets.BUNDLES.items():
        fixed = [pattern for pattern in patterns if "*" not in pattern]
        assert all((ROOT / "static" / pattern).is_file() for pattern in fixed), name
    assert app.extensions["assets"]["app.css"].content.count(b"@layer reset, tokens") == 1


def test_the_stylesheet_stays_light(app: Flask) -> None:
    assert len(app.extensions["assets"]["app.css"].zipped) <= 20_000


def test_our_own_script_stays_small() -> None:
    own = b"".join((ROOT / "static" / "js" / name).read_bytes() for name in ("app.js", "live.js"))
    assert len(gzip.compress(own)) <= 6_000


def test_a_first_visit_takes_six_requests_and_sixty_kilobytes(client: FlaskClient) -> None:
    page = client.get("/login", headers=ZIPPED)
    html = gzip.decompress(page.data).decode()
    found = set(re.findall(r"/assets/[0-9a-f]+/[\w.]+", html))
    weight = len(page.data) + sum(len(client.get(path, headers=ZIPPED).data) for path in found)
    assert {path.rsplit("/", 1)[1] for path in found} == {"app.css", "app.js", "sprite.svg"}
    assert len(found) + 3 <= 6  # the sign-in page, the form sent, the start page
    assert weight + 12_000 <= 60_000  # a page has at most 12 kB


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    there = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static" / "icons" / "sprite.svg").read_text()))
    named = set()
    for template in (ROOT / "templates").rglob("*.html"):
        named |= set(re.findall(r'\bicon\("([\w-]+)"', template.read_text(encoding="utf-8")))
        named |= set(re.findall(r'icon_name="([\w-]+)"', template.read_text(encoding="utf-8")))
    assert named - there == set()


@pytest.mark.parametrize("sums", SUMS, ids=["served", "for tests"])
def test_vendored_files_are_those_that_were_published(sums: Path) -> None:
    listed = dict(reversed(line.split("  ", 1)) for line in sums.read_text().splitlines())
    there = {str(path.relative_to(sums.parent)) for path in sums.parent.rglob("*") if path.is_file() and path != sums}
    assert there == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha384((sums.parent / name).read_bytes()).hexdigest() == digest, name


def test_pages_travel_compressed_and_small_answers_do_not(client: FlaskClient) -> None:
    page = client.get("/styleguide", headers=ZIPPED)
    assert page.headers["Content-Encoding"] == "gzip"
    assert int(page.headers["Content-Length"]) == len(page.data)
    assert "<h1>" in gzip.decompress(page.data).decode()
    assert "Content-Encoding" not in client.get("/styleguide").headers
    assert "Content-Encoding" not in client.get("/healthz", headers=ZIPPED).headers
