"""Every word is there in both languages, once, with the same placeholders."""

from app.web import i18n


def test_it_works() -> None:
    assert len(i18n.used_ids()) > 100


def test_translations_are_complete() -> None:
    assert list(i18n.problems()) == []
