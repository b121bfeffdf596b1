"""The versions of live screens count every transaction that changed something once."""

import pytest

from app.core import db, live

pytestmark = pytest.mark.usefixtures("database")


def versions() -> dict[str, int]:
    """All that is counted."""
    return dict(live.LiveVersion.select(live.LiveVersion.name, live.LiveVersion.value).tuples())


def test_it_works() -> None:
    for names in (["one"], ["two", "one", "two"], ["three", "two", "one"]):
        with db.transaction():
            for name in names:
                live.touch(name)
    assert versions() == {"one": 3, "two": 2, "three": 1}


def test_what_fails_counts_nothing() -> None:
    with pytest.raises(ZeroDivisionError), db.transaction():
        live.touch("one")
        raise ZeroDivisionError
    with db.transaction():
        live.touch("two")
    assert versions() == {"two": 1}
