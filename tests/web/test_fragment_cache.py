"""A kept piece is rendered once per key and language, and the least used ones go."""

from flask import g
from markupsafe import Markup

from app.web.fragment_cache import FragmentCache


def test_it_works(app):
    cache, rendered = FragmentCache(), []

    def macro(name: str) -> Markup:
        rendered.append(name)
        return Markup("<b>") + name

    with app.test_request_context("/"):
        assert cache.kept("row", (1,), macro, "one") == "<b>one"
        assert cache.kept("row", (1,), macro, "one") == "<b>one"
        assert cache.kept("row", (2,), macro, "<two>") == "<b>&lt;two&gt;"
    assert rendered == ["one", "<two>"]


def test_each_language_has_its_own_piece(app):
    cache = FragmentCache()
    with app.test_request_context("/"):
        g.language = "zh_CN"
        cache.kept("row", (1,), lambda: Markup("受理"))
        g.language = "en"
        assert cache.kept("row", (1,), lambda: Markup("accept")) == "accept"


def test_the_least_used_piece_goes_first(app):
    cache = FragmentCache(most_kept=2)
    with app.test_request_context("/"):
        for number in (1, 2, 1, 3):
            cache.kept("row", (number,), lambda number=number: Markup(str(number)))
        assert len(cache) == 2
        assert cache.kept("row", (1,), lambda: Markup("again")) == "1"
        assert cache.kept("row", (2,), lambda: Markup("again")) == "again"
