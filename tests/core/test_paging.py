"""Keyset pages: every row once, forwards and backwards, whatever stands in the sort column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

from app.core import paging
from app.core.errors import Invalid
from app.core.paging import Order, Sort, decode_key, encode_key
from app.customers.models import Customer
from tests import factories

DOWN = Order((Customer.short_name, Customer.id), (False, True))


def page(after: str | None = None, before: str | None = None) -> paging.Page:
    query = Customer.select(Customer.name, Customer.short_name, Customer.id)
    return paging.page_of(query, DOWN, row=lambda name, *_key: name, total=(0, False), after=after, before=before)


def names(**at: str | None) -> paging.Page:
    """The same rows as records, by a sort that was asked for."""
    sorts = {"short_name": Sort(Customer.short_name, lambda one: one.short_name)}
    return paging.page_of_records(Customer.select(), sorts, "-short_name", **at)


@pytest.fixture
def rows(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven customers on pages of three, some with the same short name."""
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    made = [factories.customer(short_name=name) for name in "bacabca"]
    return [one.name for one in sorted(made, key=lambda one: (one.short_name, -one.id))]


def test_it_works(rows: list[str]) -> None:
    assert page().rows == rows[:3]


def test_pages_show_every_row_once(rows: list[str]) -> None:
    seen, key = [], None
    while True:
        shown = page(after=key)
        seen += shown.rows
        key = shown.next_key
        if key is None:
            break
    assert seen == rows


def test_going_back_shows_the_page_before(rows: list[str]) -> None:
    second = page(after=page().next_key)
    third = page(after=second.next_key)
    assert page(before=third.previous_key).rows == second.rows
    assert page(before=second.previous_key).rows == rows[:3]


def test_the_first_page_has_no_page_before_and_the_last_none_after(rows: list[str]) -> None:
    first = page()
    assert first.previous_key is None
    assert page(before=page(after=first.next_key).previous_key).previous_key is None
    assert page(after=page(after=first.next_key).next_key).next_key is None


def test_records_are_paged_in_the_sort_asked_for_both_ways(rows: list[str]) -> None:
    first = names()
    second = names(after=first.next_key)
    third = names(after=second.next_key)
    seen = [one.name for shown in (first, second, third) for one in shown.rows]
    assert sorted(seen) == sorted(rows)
    assert [one.short_name for shown in (first, second, third) for one in shown.rows] == sorted("bacabca", reverse=True)
    assert third.next_key is None
    assert names(before=third.previous_key).rows == second.rows
    assert (first.total, first.previous_key) == (7, None)


def test_a_sort_that_is_not_offered_is_refused(database: Database) -> None:
    with pytest.raises(Invalid):
        paging.page_of_records(Customer.select(), {}, "name")
    with pytest.raises(Invalid):
        paging.whole(Customer.select(), {}, "-name")


def test_counting_stops_at_the_cap(rows: list[str]) -> None:
    assert paging.capped_count(Customer.select(1), cap=7) == (7, False)
    assert paging.capped_count(Customer.select(1), cap=6) == (6, True)


@given(st.lists(st.one_of(st.none(), st.text(), st.integers()), min_size=1, max_size=4))
def test_a_key_gives_its_values_back(values: list[int | str | None]) -> None:
    assert decode_key(encode_key(values), len(values)) == values


@pytest.mark.parametrize("key", ["", "x", "!!!", "W10", "eyJhIjoxfQ", encode_key([1]), "\u6cb9"])
def test_a_tampered_key_is_refused(key: str) -> None:
    with pytest.raises(Invalid):
        decode_key(key, 2)
