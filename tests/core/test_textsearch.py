"""Search reads Chinese and finds the same on both databases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

from app.core import db, textsearch
from app.core.textsearch import Term, mark, parts, terms, tokens, words

TABLE = "ticket_search"


def found(*clauses: textsearch.Clause) -> list[int]:
    search = textsearch.source(TABLE)
    key = textsearch.key_of(search)
    query = search.select(key).where(textsearch.matches(search, list(clauses))).order_by(key.desc())
    return [row[0] for row in query.bind(db.database).tuples()]


def asked(query: str) -> list[int]:
    return found(*[[terms(word)] for word in words(query)])


def store(key: int, text: str, *marks: str) -> None:
    with db.transaction():
        if not db.is_sqlite():  # the document of a ticket hangs on its ticket there
            db.database.execute_sql("ALTER TABLE ticket_search DROP CONSTRAINT IF EXISTS ticket_search_ticket_id_fkey")
        textsearch.write(TABLE, key, tokens(text) | set(marks))


def test_it_works(database: Database) -> None:
    store(1, "液压站漏油，请尽快处理")
    store(2, "显示屏黑屏")
    assert asked("漏油") == [1]


@pytest.mark.parametrize("query", ["油", "液压", "液压站", "E04", "e0", "E04 漏油", "YZ-0012", "yz0012", "Ｅ０４", "理"])
def test_a_text_is_found_by_parts_of_it(database: Database, query: str) -> None:
    store(1, "E04：液压站漏油，YZ-0012，请尽快处理")
    assert asked(query) == [1]


@pytest.mark.parametrize("query", ["压液", "站油", "E05", "漏水", "液压 黑屏", "2"])
def test_a_text_is_not_found_by_what_it_does_not_say(database: Database, query: str) -> None:
    store(1, "E04：液压站漏油，YZ-0012，请尽快处理")
    assert asked(query) == []


def test_a_document_written_again_is_found_by_its_new_words_alone(database: Database) -> None:
    store(1, "漏油")
    store(1, "黑屏")
    assert (asked("漏油"), asked("黑屏")) == ([], [1])


def test_newest_documents_come_first(database: Database) -> None:
    for key in (3, 1, 2):
        store(key, "漏油")
    assert asked("漏油") == [3, 2, 1]


def test_a_clause_holds_when_one_alternative_does(database: Database) -> None:
    store(1, "漏油")
    store(2, "黑屏", mark("m", 7))
    store(3, "异响", mark("m", 77))
    assert found([terms("漏油"), [Term(mark("m", 7))]]) == [2, 1]


def test_no_text_can_pass_for_a_mark(database: Database) -> None:
    store(1, f"漏油 {mark('m', 7)} m7")
    assert found([[Term(mark("m", 7))]]) == []


def test_a_mark_with_an_underscore_stays_one_token(database: Database) -> None:
    store(1, "", mark("k", "fault_report"))
    assert found([[Term(mark("k", "fault_report"))]]) == [1]


def test_signs_alone_cannot_be_searched() -> None:
    assert [terms(word) for word in words("!! * \" ' () ::")] == [[], [], [], [], [], []]


@given(st.text(max_size=60), st.text(alphabet="油液压站eE04-_.\"*():|&!\\' \ue000", max_size=20))
def test_every_text_is_found_by_each_of_its_words(before: str, text: str) -> None:
    whole = tokens(f"{before} {text}")
    for word in words(text):
        for term in terms(word):
            assert any(token.startswith(term.token) if term.is_prefix else token == term.token for token in whole)


IDENTIFIERS = st.text(alphabet="abzYZ019-./ _中山站", min_size=2, max_size=14)


@given(identifier=IDENTIFIERS, cut=st.tuples(st.integers(0, 13), st.integers(2, 14)))
def test_an_identifier_is_found_by_every_part_of_two_characters(identifier: str, cut: tuple[int, int]) -> None:
    part = identifier[cut[0] : cut[0] + cut[1]]
    document = parts(identifier)
    for run in words(part):
        if len(textsearch.normal(run)) > 1:
            assert all(term.is_in(document) for term in terms(run)), (identifier, part)


@given(phone=st.text(alphabet="0123456789", min_size=4, max_size=20), start=st.integers(0, 18), length=st.integers(2, 20))
def test_a_phone_number_is_found_by_every_part_however_it_is_written(phone: str, start: int, length: int) -> None:
    part = phone[start : start + length]
    for written in (phone, f"{phone[:3]}-{phone[3:]}", f"+{phone[:2]} {phone[2:]}", f"({phone[:3]}) {phone[3:]}"):
        if len(part) > 1:
            assert all(term.is_in(parts(written)) for term in terms(part))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("HYDRAULIC HOSE LEAKING", "hydraulic"),
        ("HYDRAULIC HOSE LEAKING", "dr"),
        ("HYDRAULIC HOSE LEAKING", "ic leak"),
        ("BUCKET WON'T OPEN", "bucket won't open"),
        ("BUCKET WON'T OPEN", "won't"),
        ("BUCKET WON\u2019T OPEN", "won't"),
        ("BUCKET WONT OPEN", "wo"),
        ("repl 2x o-ring", "o-ring"),
    ],
)
def test_words_of_latin_letters_are_found_by_any_part(database: Database, text: str, query: str) -> None:
    store(1, text)
    assert asked(query) == [1]


def test_both_databases_take_every_letter_there_is(database: Database) -> None:
    """SQLite parts words at other characters than Python does; a query that falls apart there is an error."""
    for code in (0x19B0, 0x19C9, 0x1CF2, 0x2024, 0x2100, 0x2488, 0x1E900, 0x20000, 0x3134F, 0xFE33, 0xAC00, 0xDF, 0x130, 0x345):
        store(1, f"a{chr(code)}b")
        assert asked(f"a{chr(code)}b") == [1], hex(code)


def test_words_of_the_owner_are_told_from_a_document_s_own(database: Database) -> None:
    with db.transaction():
        if not db.is_sqlite():
            db.database.execute_sql("ALTER TABLE ticket_search DROP CONSTRAINT IF EXISTS ticket_search_ticket_id_fkey")
        textsearch.write(TABLE, 1, tokens("王工") | textsearch.related("中山机械"))
    assert found(*textsearch.own("中山")) == []
    assert found(*textsearch.own_or_related("中山")) == []
    assert found(*textsearch.own_or_related("zsjx 王工")) == [1]


def test_a_very_long_text_keeps_a_bounded_number_of_parts() -> None:
    assert len(tokens(" ".join(f"word{number}x" for number in range(2_000)))) < 4_000


@given(query=st.text(max_size=40))
def test_nothing_typed_breaks_the_query_language(query: str) -> None:
    for grammar in (textsearch._fts5, textsearch._tsquery):
        for word in words(query):
            for term in terms(word):
                assert not set(term.token) & set(" '\"\\()&|!:*")
                assert grammar(term)
