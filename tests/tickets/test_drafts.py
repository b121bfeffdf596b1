"""Drafts of the intake: kept while one types, one's own, never overwritten by another window, gone when they became a ticket."""

import io
from datetime import timedelta
from typing import Any

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import clock, db, files
from app.core.errors import Invalid, NotFound
from app.core.files import StoredFile
from app.core.types import Actor
from app.tickets import drafts
from app.tickets.drafts import Fate, Writing
from app.tickets.filing import Call, file_call
from app.tickets.models import IntakeDraft, IntakeDraftFile, Ticket, TicketAttachment
from tests import factories
from tests.personas import actor_of, make_user

ID = "a-draft-of-the-tests-000000001"


@pytest.fixture
def chen(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


def writing(title: str = "漏油", page: str = "p1", turn: int = 1, **more: Any) -> Writing:
    content = {"title": title} if title else {}
    return Writing(**{"draft_id": ID, "content": content | more.pop("content", {}), "page": page, "turn": turn} | more)


def titles() -> set[str]:
    return {drafts.content(draft)["title"] for draft in IntakeDraft.select()}


def test_it_works(chen: Actor) -> None:
    assert drafts.keep(by=chen, writing=writing()).fate == Fate.KEPT
    drafts.keep(by=chen, writing=writing("漏油很多", turn=2))
    assert drafts.content(drafts.by_id(chen, ID)) == {"title": "漏油很多"}


def test_a_late_answer_of_the_same_page_replaces_nothing(chen: Actor) -> None:
    drafts.keep(by=chen, writing=writing("新", turn=5))
    drafts.keep(by=chen, writing=writing("旧", turn=4))
    assert titles() == {"新"}


def test_another_page_that_did_not_see_the_last_words_gets_a_draft_of_its_own(chen: Actor) -> None:
    first = drafts.keep(by=chen, writing=writing("甲"))
    assert first.draft is not None
    parted = drafts.keep(by=chen, writing=writing("乙", page="p2", seen=first.draft.updated_at - timedelta(seconds=1)))
    assert (parted.fate, titles()) == (Fate.PARTED, {"甲", "乙"})
    drafts.keep(by=chen, writing=writing("乙乙", page="p2", turn=2))  # it never heard of its own draft
    assert titles() == {"甲", "乙乙"}


def test_another_page_that_saw_the_last_words_goes_on_with_them(chen: Actor) -> None:
    first = drafts.keep(by=chen, writing=writing("甲"))
    assert first.draft is not None
    drafts.keep(by=chen, writing=writing("甲乙", page="p2", seen=first.draft.updated_at))
    assert titles() == {"甲乙"}


def test_the_same_words_from_two_pages_are_one_draft(chen: Actor) -> None:
    for page in ("p1", "p2"):
        assert drafts.keep(by=chen, writing=writing("甲", page=page)).fate == Fate.KEPT
    assert IntakeDraft.select().count() == 1


def test_what_nobody_typed_is_no_draft(chen: Actor) -> None:
    chosen = {"kind": "complaint", "priority": "high"}
    assert drafts.keep(by=chen, writing=writing("", content=chosen)).fate == Fate.NOTHING
    drafts.keep(by=chen, writing=writing("甲"))
    drafts.keep(by=chen, writing=writing("", turn=2, content=chosen))
    assert IntakeDraft.select().count() == 0


def test_a_draft_is_its_writer_s_own(chen: Actor) -> None:
    drafts.keep(by=chen, writing=writing())
    other = actor_of(make_user(Role.CLERK))
    assert drafts.unfinished(other) == []
    with pytest.raises(NotFound):
        drafts.by_id(other, ID)
    with pytest.raises(NotFound):
        drafts.keep(by=other, writing=writing("乙"))
    assert titles() == {"漏油"}


@pytest.mark.parametrize("draft_id", ["", "short", "x" * 33, "' OR 1=1 --aaaaaaaaaaaa", "../../../../etc/passwd"])
def test_an_id_that_no_form_has_is_refused(chen: Actor, draft_id: str) -> None:
    with pytest.raises(Invalid):
        drafts.keep(by=chen, writing=writing(draft_id=draft_id))


def test_a_parked_call_is_counted_until_it_is_taken_up(chen: Actor) -> None:
    kept = drafts.keep(by=chen, writing=writing(), is_parked=True)
    assert drafts.count_parked(chen) == 1
    assert kept.draft is not None
    drafts.take_up(by=chen, draft=kept.draft)
    assert (drafts.count_parked(chen), len(drafts.unfinished(chen))) == (0, 1)


def test_typing_on_fetches_a_draft_back_that_was_thrown_away(chen: Actor) -> None:
    kept = drafts.keep(by=chen, writing=writing())
    assert kept.draft is not None
    drafts.discard(by=chen, draft=kept.draft)
    assert drafts.unfinished(chen) == []
    drafts.keep(by=chen, writing=writing("还要", turn=2))
    assert len(drafts.unfinished(chen)) == 1


def test_a_draft_is_taken_back_within_an_hour(chen: Actor) -> None:
    kept, now = drafts.keep(by=chen, writing=writing()), clock.now()
    assert kept.draft is not None
    drafts.discard(by=chen, draft=kept.draft, at=now)
    assert len(drafts.discarded(chen, now + timedelta(minutes=59))) == 1
    assert drafts.discarded(chen, now + timedelta(minutes=61)) == []


def test_filing_ends_the_draft(chen: Actor) -> None:
    drafts.keep(by=chen, writing=writing())
    file_call(by=chen, call=Call(writing=writing(turn=2), title="漏油", machine=factories.machine()))
    assert IntakeDraft.select().count() == 0


def test_filing_from_one_window_leaves_the_words_of_the_other(chen: Actor) -> None:
    drafts.keep(by=chen, writing=writing("甲"))
    file_call(by=chen, call=Call(writing=writing("乙", page="p2"), title="乙", machine=factories.machine()))
    assert (titles(), Ticket.get().title) == ({"甲"}, "乙")


def test_words_that_arrive_after_the_filing_come_up_only_when_they_are_new(chen: Actor) -> None:
    file_call(by=chen, call=Call(writing=writing(), title="漏油", machine=factories.machine()))
    assert drafts.keep(by=chen, writing=writing(turn=2)).draft is None
    later = drafts.keep(by=chen, writing=writing("另一件事", turn=3))
    assert (later.fate, titles()) == (Fate.FILED, {"另一件事"})
    assert later.draft is not None
    assert later.draft.id != ID


def handed_in(chen: Actor) -> None:
    incoming = files.take_in(name="said.txt", stream=io.BytesIO(b"what was said\n"))
    drafts.hand_in(by=chen, writing=writing(), files=[incoming])


def test_files_go_on_to_the_ticket(chen: Actor, tmp_path: Any) -> None:
    files.configure(tmp_path)
    handed_in(chen)
    ticket = file_call(by=chen, call=Call(writing=writing(turn=2), title="漏油", machine=factories.machine()))
    assert TicketAttachment.get().ticket == ticket
    drafts.purge(clock.now() + timedelta(days=90))
    assert StoredFile.select().count() == 1


def test_a_file_alone_makes_a_draft_and_clearing_the_words_keeps_it(chen: Actor, tmp_path: Any) -> None:
    files.configure(tmp_path)
    incoming = files.take_in(name="said.txt", stream=io.BytesIO(b"what was said\n"))
    drafts.hand_in(by=chen, writing=writing(""), files=[incoming])
    drafts.keep(by=chen, writing=writing("", turn=2))
    assert len(drafts.files_of(chen, ID)) == 1
    assert drafts.files_of(actor_of(make_user(Role.CLERK)), ID) == []


def test_old_and_discarded_drafts_are_purged_with_their_files(chen: Actor, tmp_path: Any) -> None:
    files.configure(tmp_path)
    handed_in(chen)
    kept = drafts.keep(by=chen, writing=writing(draft_id=ID[::-1], page="p9"))
    assert kept.draft is not None
    now = clock.now()
    drafts.discard(by=chen, draft=kept.draft, at=now)
    assert drafts.purge(now + timedelta(minutes=59)) == 0
    assert drafts.purge(now + timedelta(minutes=61)) == 1
    assert drafts.purge(now + timedelta(days=29)) == 0
    assert drafts.purge(now + timedelta(days=31)) == 1
    assert (IntakeDraftFile.select().count(), StoredFile.select().count()) == (0, 0)


def test_nothing_is_half_filed(chen: Actor) -> None:
    drafts.keep(by=chen, writing=writing())
    with pytest.raises(Invalid):
        file_call(by=chen, call=Call(writing=writing(turn=2), title="", machine=factories.machine()))
    assert (titles(), Ticket.select().count()) == ({"漏油"}, 0)
    with db.transaction():
        assert IntakeDraft.get().discarded_at is None
