"""The monitoring's screens, asked for as browsers and htmx ask."""

import csv
import html
import io
import re
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock
from app.core.history import HistoryEntry
from app.machines.models import DeviceProfile, Machine
from app.monitoring import banners, intake
from app.monitoring.evaluation import Evaluator
from app.monitoring.intake import Heartbeat
from app.monitoring.messages import Reason, Rejected
from app.monitoring.models import Alarm, DeviceCredential, Episode, FeedStatus, Gap, GapState, RejectedMessage
from app.tickets.models import Ticket
from tests import factories
from tests.monitoring.sender import Sender, ago, store
from tests.personas import make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


@pytest.fixture
def deputy(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.DEPUTY))


@pytest.fixture
def alarm(machine: Machine, device: Sender) -> Alarm:
    store(device.birth(ago(minutes=9)), device.fault("E04", ago(minutes=5), text="<script>alert(1)</script>"))
    Evaluator().evaluate_pending()
    return Alarm.get()


def acknowledge(client: FlaskClient, alarm: Alarm, **kwargs: object):
    return client.post(f"/alarms/{alarm.id}/acknowledgement", data={"version": alarm.version, "next": "/monitoring?area=1"}, **kwargs)


def evaluate() -> None:
    """What is stored, then the timers."""
    evaluator = Evaluator()
    evaluator.evaluate_pending()
    evaluator.run_timers(clock.now())


def test_it_works(clerk: FlaskClient, alarm: Alarm, machine: Machine) -> None:
    page = clerk.get("/monitoring")
    assert page.status_code == 200
    assert f'id="alarm-{alarm.id}"' in page.text
    assert "油温高" in page.text
    assert Ticket.get().number in page.text
    assert "<html" in page.text


@pytest.mark.usefixtures("still_clock")
def test_the_board_answers_htmx_with_its_fragment_and_a_known_tag_with_304(clerk: FlaskClient, alarm: Alarm) -> None:
    fragment = clerk.get("/monitoring", headers=HTMX)
    assert "<html" not in fragment.text
    assert fragment.headers["Vary"] == "HX-Request" or "HX-Request" in fragment.headers["Vary"]
    again = clerk.get("/monitoring", headers=HTMX | {"HX-PTag": fragment.headers["HX-PTag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.usefixtures("still_clock")
def test_a_new_alarm_changes_the_tag_of_the_board(clerk: FlaskClient, alarm: Alarm, device: Sender) -> None:
    tag = clerk.get("/monitoring", headers=HTMX).headers["HX-PTag"]
    store(device.fault("E02", ago(minutes=1)))
    Evaluator().evaluate_pending()
    assert clerk.get("/monitoring", headers=HTMX | {"HX-PTag": tag}).status_code == 200


def test_what_a_device_says_is_shown_escaped(clerk: FlaskClient, alarm: Alarm) -> None:
    for address in ("/monitoring", "/monitoring/machines/EVC-1"):
        assert "<script>alert" not in clerk.get(address).text
        assert "&lt;script&gt;alert" in clerk.get(address).text


def test_worst_machines_come_first_and_normal_ones_are_counted(clerk: FlaskClient, profile: DeviceProfile) -> None:
    area = make_area("North")
    machines = [factories.machine(area=area, profile=profile, device=f"D{number}", serial=f"S{number}") for number in range(4)]
    store(Sender("D1").fault("E07", ago(minutes=5)), Sender("D2").fault("E16", ago(minutes=5)))
    Evaluator().evaluate_pending()
    page = clerk.get("/monitoring").text
    assert page.index(f'id="tile-{machines[2].id}"') < page.index(f'id="tile-{machines[1].id}"')
    assert f'id="tile-{machines[0].id}"' not in page
    assert "2 台正常" in page
    assert f'id="tile-{machines[0].id}"' in clerk.get(f"/monitoring?area={area.id}&normal=1").text


def test_who_is_bound_to_an_area_sees_no_alarm_of_another(client: FlaskClient, alarm: Alarm) -> None:
    sign_in(client, make_user(Role.TECHNICIAN, areas=(make_area("South"),)))
    assert f'id="alarm-{alarm.id}"' not in client.get("/monitoring").text
    assert client.get("/monitoring/machines/EVC-1").status_code == 404
    assert client.get("/monitoring/machines/EVC-1/readings.json").status_code == 404
    assert Ticket.get().number not in client.get("/faults.csv").text


def test_acknowledging_without_javascript_leads_back(clerk: FlaskClient, alarm: Alarm) -> None:
    answer = acknowledge(clerk, alarm)
    assert (answer.status_code, answer.location) == (303, "/monitoring?area=1")
    assert Alarm.get().is_acknowledged


def test_acknowledging_with_htmx_answers_with_the_row(clerk: FlaskClient, alarm: Alarm) -> None:
    answer = acknowledge(clerk, alarm, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.count("<tr") == 1
    assert "unacknowledged" not in answer.text


def test_what_went_before_it_was_acknowledged_is_answered_with_its_row_and_then_stands_no_longer(
    clerk: FlaskClient, alarm: Alarm, device: Sender
) -> None:
    store(device.fault("E04", ago(minutes=2), is_active=False))
    evaluate()
    answer = acknowledge(clerk, Alarm.get(), headers=HTMX)
    assert f'id="alarm-{alarm.id}"' in answer.text
    assert f'id="alarm-{alarm.id}"' not in clerk.get("/monitoring").text


def test_a_stale_row_is_answered_with_the_present_one_and_409(clerk: FlaskClient, alarm: Alarm) -> None:
    acknowledge(clerk, alarm)
    answer = acknowledge(clerk, alarm, headers=HTMX)
    assert answer.status_code == 409
    assert f'id="alarm-{alarm.id}"' in answer.text
    assert acknowledge(clerk, alarm).status_code == 409


def test_the_way_back_leads_nowhere_else(clerk: FlaskClient, alarm: Alarm) -> None:
    answer = clerk.post(f"/alarms/{alarm.id}/acknowledgement", data={"version": alarm.version, "next": "https://evil.example/"})
    assert answer.location == "/"


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.QUALITY, Role.ADMIN])
def test_other_roles_cannot_acknowledge(client: FlaskClient, alarm: Alarm, role: Role) -> None:
    sign_in(client, make_user(role))
    assert acknowledge(client, alarm).status_code in (403, 404)
    assert not Alarm.get().is_acknowledged


def test_the_machine_screen_shows_its_chart_in_words_and_points(clerk: FlaskClient, machine: Machine, device: Sender) -> None:
    start = ago(minutes=30)
    store(*(device.reading(start + timedelta(minutes=number), oil_temp=50 + number) for number in range(5)))
    page = clerk.get("/monitoring/machines/EVC-1?metric=oil_temp&window=hour").text
    assert "data-chart=" in page
    assert '<td class="number">54.0</td>' in page
    points = clerk.get("/monitoring/machines/EVC-1/readings.json?metric=oil_temp&window=hour").json
    assert points["values"] == [50, 51, 52, 53, 54]
    assert points["at"][0] == pytest.approx(start.timestamp(), abs=0.001)


def test_metrics_stand_under_each_other_with_thresholds_and_faults_without_any_script(
    clerk: FlaskClient, machine: Machine, device: Sender
) -> None:
    start = ago(minutes=30)
    store(*(device.reading(start + timedelta(minutes=number), oil_temp=60 + number, oil_level=80) for number in range(9)))
    store(device.fault("E18", ago(minutes=25)))
    Evaluator().evaluate_pending()
    page = clerk.get("/monitoring/machines/EVC-1?metric=oil_temp&metric=oil_level&window=hour").text
    assert page.count('<svg class="drawing"') == page.count('class="values"') == 2
    assert "E04 &gt; 65" in page
    assert page.count("<title>E18</title>") == 2
    assert "按每个读数绘制" in page
    points = clerk.get("/monitoring/machines/EVC-1/readings.json?metric=oil_temp&window=hour").json
    assert {limit["words"] for limit in points["limits"]} >= {"E04 > 65"}
    assert "E18" in {band["code"] for band in points["bands"]}


def test_earlier_keeps_the_window_and_the_metrics(clerk: FlaskClient, machine: Machine, device: Sender) -> None:
    store(*(device.reading(ago(days=days), oil_temp=50 + days) for days in range(3)))
    page = clerk.get("/monitoring/machines/EVC-1?metric=oil_temp&window=day").text
    earlier = html.unescape(re.findall(r'rel="prev" href="([^"]+)"', page)[0])
    assert 'rel="next"' not in page
    before = clerk.get(earlier).text
    assert ("window=day" in earlier, "metric=oil_temp" in earlier, 'rel="next"' in before) == (True, True, True)
    assert re.search(r'<td class="number">5[12]\.0</td>', before)


def test_the_window_is_exported_as_it_was_kept(clerk: FlaskClient, machine: Machine, device: Sender) -> None:
    start = ago(minutes=30)
    store(*(device.reading(start + timedelta(minutes=number), oil_temp=50 + number, oil_level=80) for number in range(3)))
    text = clerk.get("/monitoring/machines/EVC-1/readings.csv?metric=oil_temp&metric=oil_level&window=hour").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["metric", "unit", "from", "to", "count", "least", "greatest", "mean"]
    assert [row[0] for row in rows[1:]] == ["oil_temp"] * 3 + ["oil_level"] * 3
    assert datetime.fromisoformat(rows[1][2]) == start
    assert rows[1][4:] == ["1", "50.0", "50.0", "50.0"]


def test_a_window_without_readings_ends_at_the_newest(clerk: FlaskClient, machine: Machine, device: Sender) -> None:
    store(device.reading(ago(days=90), oil_temp=50))
    assert clerk.get("/monitoring/machines/EVC-1/readings.json?metric=oil_temp").json["values"] == [50]


@pytest.mark.parametrize("query", ["from=nonsense", "window=century", "from=2026-11-02&to=2026-11-01", "from=0001-01-01&to=9999-12-31"])
def test_a_time_that_is_none_is_refused_in_words(clerk: FlaskClient, machine: Machine, device: Sender, query: str) -> None:
    store(device.reading(ago(minutes=9), oil_temp=50))
    assert clerk.get(f"/monitoring/machines/EVC-1?{query}").status_code in (200, 422)
    assert clerk.get("/monitoring/machines/EVC-1?from=nonsense").status_code == 422


def test_a_machine_that_never_spoke_says_so(clerk: FlaskClient, machine: Machine) -> None:
    assert "还没有监测数据" in clerk.get("/monitoring/machines/EVC-1").text
    assert clerk.get("/monitoring/machines/EVC-1/readings.json").status_code == 404
    assert clerk.get("/monitoring/machines/NOBODY").status_code == 404


def test_the_register_exports_each_fault_once_with_the_promised_columns(clerk: FlaskClient, machine: Machine, device: Sender) -> None:
    store(device.fault("E04", ago(minutes=5)), device.fault("E04", ago(minutes=4), is_active=False), device.fault("E18", ago(minutes=3)))
    Evaluator().evaluate_pending()
    text = clerk.get("/faults.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert ",".join(rows[0]) == (
        "id,machine,device,code,name,severity,started_at,ended_at,count,acknowledged_at,acknowledged_by,ticket"  # interfaces.md
    )
    assert sorted(row[3] for row in rows[1:]) == ["E04", "E18"]
    by_code = {row[3]: row for row in rows[1:]}
    assert datetime.fromisoformat(by_code["E04"][6]) == Episode.get(Episode.code == "E04").started_at
    assert by_code["E18"][7] == ""
    assert clerk.get("/faults.xlsx").data[:2] == b"PK"


def test_the_register_filters_groups_and_pages(clerk: FlaskClient, machine: Machine, device: Sender) -> None:
    for number in range(60):
        store(device.fault("E04", ago(minutes=600 - 2 * number)), device.fault("E04", ago(minutes=599 - 2 * number), is_active=False))
    store(device.fault("E18", ago(minutes=3)))
    evaluate()
    first = clerk.get("/faults").text
    assert first.count('id="fault-') == 50
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert clerk.get(following).text.count('id="fault-') == 11
    assert clerk.get("/faults?code=E18").text.count('id="fault-') == 1
    assert clerk.get("/faults?state=active").text.count('id="fault-') == 1
    assert clerk.get("/faults?machine=NONE").text.count('id="fault-') == 0
    assert ">60<" in clerk.get("/faults?group=code").text
    tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()
    assert clerk.get(f"/faults?from={tomorrow}").text.count('id="fault-') == 0
    assert "<html" not in clerk.get("/faults", headers=HTMX).text


@pytest.mark.parametrize("query", ["sort=machine", "severity=x", "group=x", "area=x", "after=x", "state=x"])
def test_the_register_refuses_what_no_choice_offers(clerk: FlaskClient, query: str) -> None:
    assert clerk.get(f"/faults?{query}").status_code == 422


def test_a_refused_message_is_shown_with_its_reason_and_its_bytes(clerk: FlaskClient, machine: Machine) -> None:
    payload = b'\xff<script>"\x00'
    rejected = Rejected(
        topic="evc/EVC-1/<b>",
        received_ms=clock.now_ms(),
        payload=payload,
        size=len(payload),
        sha256=sha256(payload).digest(),
        reason=Reason.NOT_UTF8,
    )
    intake.store([rejected])
    assert "不是 UTF-8" in clerk.get("/monitoring/feed/rejected").text
    page = clerk.get(f"/monitoring/feed/rejected/{RejectedMessage.get().id}").text
    assert "ff 3c 73 63" in page
    assert "<script>&#34;" not in page
    assert "<b>" not in page
    assert clerk.get("/monitoring/feed/rejected/999").status_code == 404


def test_a_waiting_device_is_registered_by_one_form(clerk: FlaskClient, profile: DeviceProfile) -> None:
    store(Sender("NEW-1").fault("E04", ago(minutes=5)))
    assert "NEW-1" in clerk.get("/monitoring/feed/quarantine").text
    assert "E04" in clerk.get("/monitoring/feed/quarantine/NEW-1").text
    refused = clerk.post("/monitoring/feed/quarantine/NEW-1", data={"serial": "YS9", "model": "", "customer": "nobody", "profile": ""})
    assert refused.status_code == 422
    assert 'value="YS9"' in refused.text
    data = {"serial": "YS9", "model": "YS-10", "customer": "", "profile": profile.name}
    done = clerk.post("/monitoring/feed/quarantine/NEW-1", data=data)
    assert (done.status_code, done.location) == (303, "/monitoring/machines/NEW-1")
    assert clerk.post("/monitoring/feed/quarantine/NEW-1", data=data).status_code in (303, 404, 409)
    assert Machine.select().where(Machine.serial == "YS9").count() == 1


def test_a_secret_is_shown_in_its_own_answer_and_never_again(deputy: FlaskClient) -> None:
    answer = deputy.post("/monitoring/credentials", data={"device": "D1"})
    secret = DeviceCredential.get().secret
    assert answer.status_code == 201
    assert secret in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in deputy.get("/monitoring/credentials").text
    assert deputy.post("/monitoring/credentials", data={"device": "D1"}).status_code == 409
    assert deputy.post("/monitoring/credentials", data={"device": "a/b"}).status_code == 422
    assert deputy.post("/monitoring/credentials/D1/rotation").status_code == 201
    assert deputy.post("/monitoring/credentials/D1/revocation").status_code == 303
    assert deputy.post("/monitoring/credentials/D1/revocation").status_code == 404


def test_a_possible_gap_is_noted_once_and_the_history_tells_by_whom(clerk: FlaskClient, alarm: Alarm) -> None:
    intake.note_possible_gap(1_795_000_000_000, 1_795_000_060_000)
    gap = Gap.get(Gap.terminal.is_null())
    address = f"/monitoring/feed/gaps/{gap.id}/seen"
    assert address in clerk.get("/monitoring/feed/gaps").text
    assert clerk.post(address).status_code == 303
    assert Gap.get_by_id(gap.id).state == GapState.SEEN
    assert address not in clerk.get("/monitoring/feed/gaps").text
    assert clerk.post(address).status_code == 409
    entries = HistoryEntry.select().where(HistoryEntry.object_type == "gap")
    assert [(entry.action, entry.object_id) for entry in entries] == [("gap.seen", str(gap.id))]


def test_a_gap_in_the_numbers_waits_for_its_messages_and_cannot_be_noted(clerk: FlaskClient, alarm: Alarm, device: Sender) -> None:
    device.seq = 40
    store(device.reading(ago(minutes=1), oil_temp=50))
    gap = Gap.get(Gap.terminal.is_null(False))
    assert clerk.post(f"/monitoring/feed/gaps/{gap.id}/seen").status_code == 404
    assert Gap.get_by_id(gap.id).state == GapState.OPEN


def test_a_noisy_terminal_shows_on_the_feed(clerk: FlaskClient, alarm: Alarm, device: Sender) -> None:
    store(device.reading(ago(minutes=1), oil_temp=50))
    assert 'id="terminal-EVC-1"' not in clerk.get("/monitoring/feed?only=noisy").text
    intake.mark_noise(["EVC-1"], [])
    assert 'id="terminal-EVC-1"' in clerk.get("/monitoring/feed?only=noisy").text


@pytest.mark.parametrize("problem", ["session_expiry: 3600", "anonymous: broker.example", "disk: 321"])
def test_problems_are_told_in_the_words_of_the_reader(clerk: FlaskClient, alarm: Alarm, problem: str) -> None:
    beat(problem=problem)
    code, detail = problem.split(": ")
    for address in ("/monitoring/feed", "/monitoring/feed/gaps"):
        shown = clerk.get(address).text
        assert detail in shown
        assert f"{code}:" not in shown


def test_the_feed_shows_terminals_gaps_and_figures(clerk: FlaskClient, alarm: Alarm, device: Sender) -> None:
    device.seq = 40
    store(device.reading(ago(minutes=1), oil_temp=50))
    assert 'id="terminal-EVC-1"' in clerk.get("/monitoring/feed").text
    assert 'id="terminal-EVC-1"' not in clerk.get("/monitoring/feed?only=silent").text
    assert "2–40" in clerk.get("/monitoring/feed/gaps").text


def beat(**changes: object) -> None:
    now_ms = clock.now_ms()
    values = {"heartbeat_ms": now_ms, "is_connected": True, "connected_ms": now_ms, "last_message_ms": None, "queue_length": 0}
    intake.beat(Heartbeat(**{"instance": "one", "delivery": "full", "problem": ""} | values | changes))


@pytest.mark.parametrize(
    ("changes", "tone"),
    [({}, None), ({"is_connected": False}, "critical"), ({"problem": "disk nearly full"}, "high"), ({"delivery": "trial"}, "plain")],
)
def test_a_banner_says_when_the_feed_is_not_as_it_should_be(app, database, changes: dict, tone: str | None) -> None:
    beat(**changes)
    with app.test_request_context():
        banner = banners.feed_banner()
        assert (banner.tone if banner else None) == tone


def test_a_heartbeat_that_stops_is_an_interrupted_monitoring(app, database) -> None:
    beat()
    FeedStatus.update(heartbeat_at=ago(seconds=30)).execute()
    with app.test_request_context():
        assert "监控中断" in banners.feed_banner().text
    assert Episode.select().count() == 0


def test_several_alarms_are_acknowledged_at_once_and_those_that_changed_are_named(clerk: FlaskClient, alarm: Alarm, device: Sender) -> None:
    store(device.fault("E07", ago(minutes=2)))
    evaluate()
    first, second = Alarm.select().order_by(Alarm.id)
    chosen = {"alarm": [f"{first.id}:{first.version}", f"{second.id}:{second.version + 3}"], "next": "/monitoring?area=1"}
    answer = clerk.post("/alarms/acknowledgements", data=chosen)
    assert (answer.status_code, answer.location) == (303, "/monitoring?area=1")
    assert [row.is_acknowledged for row in Alarm.select().order_by(Alarm.id)] == [True, False]
    page = clerk.get("/monitoring").text
    assert "已确认 1 条报警。" in page
    assert "YS0001 E07" in page


def test_what_is_no_choice_of_alarms_is_refused(clerk: FlaskClient, alarm: Alarm) -> None:
    for nonsense in ("x", "1", "1:x", ":", "1:2:3", "²:1"):
        assert clerk.post("/alarms/acknowledgements", data={"alarm": nonsense}).status_code == 422
    assert clerk.post("/alarms/acknowledgements", data={}).status_code == 303


def test_alarms_of_another_area_cannot_be_chosen(client: FlaskClient, alarm: Alarm) -> None:
    other = sign_in(client, make_user(Role.TECHNICIAN, areas=(make_area("South"),)))
    assert other.post("/alarms/acknowledgements", data={"alarm": f"{alarm.id}:{alarm.version}"}).status_code == 403
    assert not Alarm.get().is_acknowledged
