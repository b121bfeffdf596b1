"""The lists of people and of the history go on past the first page."""

import pytest
from peewee import Database

from app.accounts import queries
from app.accounts.queries import HistoryFilter, UserFilter
from app.core import db, history
from app.core.paging import PAGE_SIZE
from app.core.types import system
from tests.personas import make_user

MORE_THAN_A_PAGE = PAGE_SIZE + 3


@pytest.mark.parametrize("sort", ["username", "-name", "created_at"])
def test_it_works(database: Database, sort: str) -> None:
    made = {make_user().id for _ in range(MORE_THAN_A_PAGE)}
    first = queries.users(UserFilter(), sort=sort)
    second = queries.users(UserFilter(), sort=sort, after=first.next_key)
    assert {line.user.id for line in first.rows + second.rows} == made
    assert first.total == len(made)


def test_the_history_is_read_page_by_page_newest_first(database: Database) -> None:
    with db.transaction():
        for number in range(MORE_THAN_A_PAGE):
            history.record(system("test"), "test.happened", "thing", str(number))
    first = queries.history_page(HistoryFilter())
    second = queries.history_page(HistoryFilter(), after=first.next_key)
    seen = [int(line.entry.object_id) for line in first.rows + second.rows]
    assert seen == sorted(range(MORE_THAN_A_PAGE), reverse=True)
    assert second.next_key is None
