"""Names with @ reach those who are meant and may see the ticket; watchers are told of what others do."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.models import Notice, Role, User
from app.core.types import Actor
from app.tickets import mentions, moving, operations, watching
from app.tickets.mentions import Person
from app.tickets.models import Ticket, TicketStatus
from tests import factories
from tests.personas import actor_of, make_area, make_user

ZHANG, ZHANG_WEI, LI = Person(1, "zhang", "张"), Person(2, "zhangwei", "张伟"), Person(3, "li", "李工")
PEOPLE = [ZHANG, ZHANG_WEI, LI]


def test_it_works() -> None:
    assert mentions.named("@李工请看一下", PEOPLE) == {3}


def test_the_longest_known_name_is_meant() -> None:
    assert mentions.named("@张伟去，@张也去", PEOPLE) == {1, 2}
    assert mentions.named("@张伟去", PEOPLE) == {2}


def test_a_name_in_latin_letters_ends_with_its_word() -> None:
    assert mentions.named("@zhangwei 看", PEOPLE) == {2}
    assert mentions.named("@lisa", PEOPLE) == set()
    assert mentions.named("＠LI看", PEOPLE) == {3}


def test_unknown_names_and_addresses_stay_text() -> None:
    assert mentions.pieces("问 @王五 或 a@b.cn", PEOPLE) == [mentions.Piece("问 @王五 或 a@b.cn", False)]


def test_two_people_of_one_name_are_both_meant() -> None:
    assert mentions.named("@李工", [LI, Person(4, "li2", "李工")]) == {3, 4}


@given(st.text(alphabet="@＠张伟李工li zhang，\n", max_size=40))
def test_the_pieces_together_are_the_text(text: str) -> None:
    pieces = mentions.pieces(text, PEOPLE)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)


# --- who is told ---


@pytest.fixture
def chen(database: object) -> Actor:
    return actor_of(make_user(Role.CLERK, username="chen", name="陈文员"))


def told(user: User) -> list[str]:
    return [notice.message for notice in Notice.select().where(Notice.user == user).order_by(Notice.id)]


def test_who_is_mentioned_is_told_with_a_link(chen: Actor) -> None:
    zhao, ticket = make_user(Role.DEPUTY, name="赵副经理"), factories.ticket()
    operations.add_note(by=chen, ticket=ticket, text="@赵副经理 请安排")
    notice = Notice.get(Notice.user == zhao)
    assert (notice.href, json.loads(notice.params)["text"]) == (f"/tickets/{ticket.number}", "@赵副经理 请安排")


def test_who_may_not_see_the_ticket_is_not_told(chen: Actor) -> None:
    north, south = make_area(), make_area()
    wang = make_user(Role.TECHNICIAN, name="王师傅", areas=(south,))
    li = make_user(Role.TECHNICIAN, name="李师傅", areas=(north,))
    admin = make_user(Role.ADMIN, name="管理员")
    ticket = factories.ticket(machine=factories.machine(area=north))
    operations.add_note(by=chen, ticket=ticket, text="@王师傅 @李师傅 @管理员")
    assert [len(told(user)) for user in (wang, li, admin)] == [0, 1, 0]


def test_watchers_are_told_of_notes_and_states_but_not_of_their_own(chen: Actor) -> None:
    zhao, ticket = make_user(Role.DEPUTY), factories.ticket()
    watching.watch(by=actor_of(zhao), ticket=ticket)
    watching.watch(by=chen, ticket=ticket)
    operations.add_note(by=chen, ticket=ticket, text="已回电")
    moving.change_status(by=chen, ticket=Ticket.get_by_id(ticket.id), to=TicketStatus.TRIAGED, version=1)
    assert told(zhao) == ["%(who)s noted on %(number)s: %(text)s", "%(who)s accepted %(number)s"]
    assert told(User.get_by_id(chen.user_id)) == []


def test_who_watches_and_is_mentioned_is_told_once(chen: Actor) -> None:
    zhao, ticket = make_user(Role.DEPUTY, name="赵副经理"), factories.ticket()
    watching.watch(by=actor_of(zhao), ticket=ticket)
    operations.add_note(by=chen, ticket=ticket, text="@赵副经理 请看")
    assert len(told(zhao)) == 1


def test_who_watches_no_more_is_told_no_more(chen: Actor) -> None:
    zhao, ticket = make_user(Role.DEPUTY), factories.ticket()
    watching.watch(by=actor_of(zhao), ticket=ticket)
    watching.watch(by=actor_of(zhao), ticket=ticket)
    watching.unwatch(by=actor_of(zhao), ticket=ticket)
    operations.add_note(by=chen, ticket=ticket, text="已回电")
    assert told(zhao) == []
