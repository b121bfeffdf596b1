"""What tests of illegal jumps have in common: the rows before and after, and a refusal that changes none of them."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from peewee import Model

from app.core.errors import Conflict, Invalid


def rows(models: Sequence[type[Model]]) -> dict[str, list[Any]]:
    """All rows of ``models``."""
    return {model.__name__: sorted(model.select().tuples(), key=repr) for model in models}


def is_refused(models: Sequence[type[Model]], act: Callable[[], object]) -> None:
    """``act`` is refused in words and no row of ``models`` is another one afterwards."""
    before = rows(models)
    with pytest.raises((Conflict, Invalid)):
        act()
    assert rows(models) == before
