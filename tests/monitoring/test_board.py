"""In which state the board shows a machine, what narrows it, and how much of it is shown."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock, db
from app.core.types import Actor
from app.machines.models import DeviceProfile, Machine
from app.monitoring import board as boards
from app.monitoring.board import Tile
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Terminal
from app.monitoring.queries import Filters
from tests import factories
from tests.monitoring.sender import Sender, ago, store
from tests.personas import actor_of, make_area, make_user, sign_in


@pytest.fixture
def me(profile: DeviceProfile) -> Actor:
    return actor_of(make_user(Role.CLERK))


def raised(device: str, *codes: str) -> None:
    sender = Sender(device)
    store(*(sender.fault(code, ago(minutes=5)) for code in codes))
    Evaluator().evaluate_pending()


def tiles(me: Actor, **filters: object) -> list[Tile]:
    return [tile for group in boards.board(me, Filters(**filters)).groups for tile in group.tiles]


def machine(profile: DeviceProfile, device: str, **kwargs: object) -> Machine:
    return factories.machine(device=device, serial=device.replace("D", "S"), profile=profile, **kwargs)


def test_it_works(me: Actor, profile: DeviceProfile) -> None:
    machine(profile, "D1", area=make_area("北区"))
    machine(profile, "D2", area=make_area("北区"))
    raised("D1", "E04", "E07")
    shown = boards.board(me, Filters())
    assert [(group.name, group.normal, [tile.codes for tile in group.tiles]) for group in shown.groups] == [("北区", 1, [["E04", "E07"]])]


def test_alarms_of_a_silent_machine_are_stale_and_stay(me: Actor, profile: DeviceProfile) -> None:
    machine(profile, "D1")
    raised("D1", "E04")
    Terminal.update(is_silent=True).execute()
    shown = boards.board(me, Filters())
    assert (shown.states["stale"], shown.states["silent"], shown.states["high"]) == (1, 1, 1)
    assert shown.alarms[0].is_stale
    assert len(tiles(me, state="stale")) == 1


def test_a_machine_whose_alarms_are_all_laid_aside_is_no_longer_among_the_grave_ones(me: Actor, profile: DeviceProfile) -> None:
    machine(profile, "D1")
    raised("D1", "E04", "E07")
    assert (tiles(me)[0].level, tiles(me)[0].codes) == ("high", ["E04", "E07"])
    Alarm.update(shelved_until=clock.now() + timedelta(hours=1)).where(Alarm.code == "E04").execute()
    assert tiles(me)[0].level == Alarm.get(Alarm.code == "E07").severity
    Alarm.update(shelved_until=clock.now() + timedelta(hours=1)).execute()
    tile = tiles(me)[0]
    assert (tile.level, tile.is_acknowledged) == ("shelved", True)


def test_a_late_machine_comes_before_one_that_only_signed_off(me: Actor, profile: DeviceProfile) -> None:
    for device in ("D1", "D2", "D3"):
        machine(profile, device)
        store(Sender(device).birth(ago(minutes=1)))
    Terminal.update(is_online=False).where(Terminal.device == "D1").execute()
    Terminal.update(is_late=True).where(Terminal.device == "D2").execute()
    Terminal.update(is_silent=True).where(Terminal.device == "D3").execute()
    assert [tile.level for tile in tiles(me)] == ["silent", "late", "offline"]


@pytest.mark.parametrize(("q", "expected"), [("S1", ["S1"]), ("d2", ["S2"]), ("云岭", ["S2"]), ("%", []), ("nobody", [])])
def test_text_narrows_by_serial_number_device_and_customer(me: Actor, profile: DeviceProfile, q: str, expected: list[str]) -> None:
    machine(profile, "D1")
    machine(profile, "D2", customer=factories.customer(name="云岭环卫有限公司"))
    raised("D1", "E04")
    raised("D2", "E04")
    assert [tile.serial for tile in tiles(me, q=q)] == expected
    assert [row.machine.serial for row in boards.board(me, Filters(q=q)).alarms] == expected


def test_at_most_so_many_machines_are_shown_and_the_others_are_a_page_away(
    me: Actor, profile: DeviceProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "MAX_TILES", 2)
    area = make_area("北区")
    for number in range(1, 6):
        machine(profile, f"D{number}", area=area)
    raised("D1", "E04")
    raised("D2", "E04")
    raised("D3", "E07")
    shown = boards.board(me, Filters())
    assert ([len(group.tiles) for group in shown.groups], shown.groups[0].more, shown.next_page) == ([2], 1, 2)
    seen = [tile.serial for page in (1, 2, 3) for tile in tiles(me, area=area.id, with_normal=True, page=page)]
    assert sorted(seen) == ["S1", "S2", "S3", "S4", "S5"]
    assert boards.board(me, Filters(area=area.id, with_normal=True, page=3)).next_page is None


def test_an_area_manager_sees_machines_of_the_own_area_alone(profile: DeviceProfile) -> None:
    machine(profile, "D1", area=make_area("北区"))
    machine(profile, "D2", area=make_area("南区"))
    raised("D1", "E04")
    raised("D2", "E04")
    south = actor_of(make_user(Role.AREA_MANAGER, areas=(make_area("南区"),)))
    assert [tile.serial for tile in tiles(south)] == ["S2"]


def test_the_number_of_questions_to_the_database_does_not_grow_with_the_alarms(me: Actor, profile: DeviceProfile) -> None:
    machine(profile, "D1")
    raised("D1", "E04")
    few = questions(me)
    for number in range(2, 12):
        machine(profile, f"D{number}")
        raised(f"D{number}", "E04", "E07")
    assert questions(me) == few <= 8


def questions(me: Actor) -> int:
    asked: list[object] = []
    database = db.database.obj
    hook = lambda *args, **kwargs: asked.append(args)  # noqa: E731
    database.query_hooks.append(hook)
    boards.board(me, Filters())
    database.query_hooks.remove(hook)
    return len(asked)


def test_the_board_is_rendered_once_for_readers_who_may_see_the_same(
    client: FlaskClient, me: Actor, profile: DeviceProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    real = boards.board
    monkeypatch.setattr(boards, "board", lambda *args: looks.append(1) or real(*args))
    for role in (Role.CLERK, Role.CLERK, Role.TECHNICIAN):
        assert sign_in(client, make_user(role)).get("/monitoring").status_code == 200
    assert len(looks) == 2


def test_a_count_leads_to_what_it_counts_and_back(client: FlaskClient, profile: DeviceProfile) -> None:
    page = sign_in(client, make_user(Role.CLERK)).get("/monitoring?state=silent&area=1").text
    assert 'href="/monitoring?area=1&amp;state=late"' in page
    assert 'href="/monitoring?area=1" aria-current="true"' in page
    assert client.get("/monitoring?state=nonsense").status_code == 422
