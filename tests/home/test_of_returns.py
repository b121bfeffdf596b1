"""What of returned parts waits for whom on the start page."""

from datetime import timedelta

from app.core import clock
from app.home.of_returns import of_returns
from app.home.queries import has_steps
from tests import money_factories
from tests.personas import actor_of, people


def test_it_works(sqlite_database: None) -> None:
    who, now = people(), clock.now()
    back = money_factories.returned(status="received", received_at=now)
    money_factories.returned(due_on=clock.today() - timedelta(days=1))
    own, other = money_factories.nonconformity(prepared_by=who.liu), money_factories.nonconformity(prepared_by=who.chen)
    sent = money_factories.nonconformity(status="submitted", submitted_at=now)
    found = {
        user.username: {item.number or item.label for item in of_returns(actor_of(user), now, 50)}
        for user in (who.chen, who.li, who.zhao, who.liu, who.sun)
    }
    assert found[who.chen.username] == {back.number}
    assert found[who.li.username] == set()
    assert found[who.zhao.username] == {"%(count)d old parts"}
    assert found[who.liu.username] == {"%(count)d old parts", other.number}
    assert own.number not in found[who.liu.username]
    assert found[who.sun.username] == {sent.number}


def test_quality_has_a_list_of_its_own(sqlite_database: None) -> None:
    assert has_steps(actor_of(people().sun))
