"""The style guide: every component renders in both languages, on demo installations only."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import factory

TEMPLATES = Path(__file__).parent.parent.parent / "templates"
PATHS = ("/styleguide", "/styleguide/tablet", "/styleguide/plain", "/styleguide/print")

NEED_A_RECORD = {"live.html", "present.html"}  # a list that asks for itself, the state of a record: seen on the ticket's screens


def test_it_works(client: FlaskClient) -> None:
    for path in PATHS:
        assert client.get(path).status_code == 200, path


def test_it_is_not_there_in_production() -> None:
    assert "app.web.styleguide" in factory.DEMO_BLUEPRINTS
    assert "app.web.styleguide" not in factory.BLUEPRINTS


def test_it_shows_every_component() -> None:
    folders = (TEMPLATES / "styleguide", TEMPLATES / "layouts")
    shown = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.html"))
    for component in (TEMPLATES / "components").glob("*.html"):
        assert f"components/{component.name}" in shown or component.name in NEED_A_RECORD, component.name


@pytest.mark.parametrize("path", PATHS)
def test_nothing_stands_inline(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)


@pytest.mark.parametrize("path", PATHS)
def test_ids_are_unique(client: FlaskClient, path: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', client.get(path).text)
    assert len(ids) == len(set(ids))


def test_chinese_pages_have_no_english_words(client: FlaskClient) -> None:
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", client.get("/styleguide").text, flags=re.DOTALL)
    words = set(re.findall(r"[A-Za-z]{2,}", text)) - {"EN", "YS", "CSV", "XLSX", "EVC", "evc", "Enter", "Ctrl", "nbsp", "gt", "lt", "amp"}
    assert words == set()
