"""Return visits on screen: drawn, listed, recorded, swapped, proven, printed."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.callbacks import return_visits, visit_pools
from app.callbacks.models import ReturnVisit, VisitDraw
from app.core import clock, db
from app.customers.models import Customer
from app.machines.models import Machine
from tests import factories
from tests.personas import People, actor_of, people, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def in_service(area: object, name: str = "") -> Customer:
    customer = factories.customer(area=area, **({"name": name} if name else {}))
    factories.machine(customer=customer)
    return customer


def drawn(who: People, number: int = 5) -> ReturnVisit:
    for _ in range(number):
        in_service(who.north)
    present = visit_pools.number_at(clock.now())
    return_visits.draw_quarter(by=actor_of(who.chen), area=who.north, number=present)
    found: ReturnVisit = ReturnVisit.select().order_by(ReturnVisit.id).get()
    return found


def today() -> str:
    return clock.today().isoformat()


def test_it_works(client: FlaskClient, who: People) -> None:
    customer = in_service(who.north, "云岭市环卫中心")
    factories.contact(customer=customer, name="王站长", phone="13900001234")
    assert "待抽 1 家，将抽 1 家" in client.get("/return-visits").text
    answers = [client.post("/return-visits/draws", data={"area": who.north.id, "form_token": "one"}) for _ in range(2)]  # a double click
    assert {answer.headers["Location"] for answer in answers} == {f"/return-visits?area={who.north.id}"}
    assert VisitDraw.select().count() == 1
    page = client.get("/return-visits").text
    assert "云岭市环卫中心" in page
    assert "139****1234" in page
    visit = ReturnVisit.get()
    sent = {"version": 1, "visited_on": today(), "visitor": who.li.id, "score": "5", "result": "满意"}
    assert client.post(f"/return-visits/{visit.id}/record", data=sent).status_code == 303
    assert "李师傅" in client.get("/return-visits?state=visited").text
    assert "云岭市环卫中心" not in client.get("/return-visits?state=planned").text


def test_the_same_quarter_is_not_drawn_from_an_old_page(client: FlaskClient, who: People) -> None:
    drawn(who)
    answer = client.post("/return-visits/draws", data={"area": who.north.id, "form_token": "old"})
    assert answer.status_code == 409
    assert "陈文员已于" in answer.text


def test_without_an_area_nothing_is_drawn(client: FlaskClient, who: People) -> None:
    assert client.post("/return-visits/draws", data={"form_token": "x"}).status_code == 422


def test_a_seed_that_is_refused_comes_back_with_the_words(client: FlaskClient, who: People) -> None:
    in_service(who.north)
    answer = client.post("/return-visits/draws", data={"area": who.north.id, "seed": "x" * 65})
    assert answer.status_code == 422
    assert "x" * 65 in answer.text
    assert answer.text.count("最多 64 个普通字符。") == 1


def test_an_area_manager_sees_the_own_areas_and_draws_none(client: FlaskClient, who: People) -> None:
    in_service(who.south, "南方客户")
    mine = drawn(who)
    return_visits.draw_quarter(by=actor_of(who.chen), area=who.south, number=visit_pools.number_at(clock.now()))
    theirs = ReturnVisit.get(ReturnVisit.area == who.south)
    sign_in(client, who.area_manager)
    page = client.get("/return-visits").text
    assert mine.customer.name in page
    assert "南方客户" not in page
    assert "South" not in page
    assert "南方客户" not in client.get("/return-visits.csv").text
    assert client.get(f"/return-visits/{theirs.id}").status_code == 404
    assert client.get(f"/return-visits/draws/{theirs.draw_id}").status_code == 404
    assert client.post("/return-visits/draws", data={"area": who.north.id}).status_code == 403


def test_customers_without_an_area_are_named_with_what_to_do(client: FlaskClient, who: People) -> None:
    lost = in_service(None, "无区域客户")
    page = client.get("/return-visits").text
    assert "无区域客户" in page
    assert f"/customers/{lost.id}/edit" in page


def test_a_record_that_lacks_something_comes_back_with_all_that_was_typed(client: FlaskClient, who: People) -> None:
    visit = drawn(who)
    answer = client.post(f"/return-visits/{visit.id}/record", data={"version": 1, "score": "2", "result": "备件太慢"})
    assert answer.status_code == 422
    assert "备件太慢" in answer.text
    assert "请填写回访日期" in answer.text
    assert ReturnVisit.get_by_id(visit.id).state == "planned"


def test_a_stale_record_shows_what_stands_there_and_keeps_what_was_typed(client: FlaskClient, who: People) -> None:
    visit = drawn(who)
    first = {"version": 1, "visited_on": today(), "result": "第一份", "score": "5"}
    assert client.post(f"/return-visits/{visit.id}/record", data=first).status_code == 303
    answer = client.post(f"/return-visits/{visit.id}/record", data=first | {"result": "第二份"})
    assert answer.status_code == 409
    assert "第一份" in answer.text
    assert "第二份" in answer.text
    assert client.post(f"/return-visits/{visit.id}/record", data=first | {"result": "第二份", "version": 2}).status_code == 303


def test_words_typed_for_a_visit_that_was_swapped_meanwhile_are_still_shown(client: FlaskClient, who: People) -> None:
    visit = drawn(who)
    assert client.post(f"/return-visits/{visit.id}/swap", data={"version": 1, "reason": "停产"}).status_code == 303
    answer = client.post(f"/return-visits/{visit.id}/record", data={"version": 1, "visited_on": today(), "result": "写了很多"})
    assert answer.status_code == 409
    assert "写了很多" in answer.text


def test_a_swap_needs_a_reason_and_leads_to_the_new_visit(client: FlaskClient, who: People) -> None:
    visit = drawn(who)
    assert client.post(f"/return-visits/{visit.id}/swap", data={"version": 1}).status_code == 422
    answer = client.post(f"/return-visits/{visit.id}/swap", data={"version": 1, "reason": "站点停产检修"})
    new = ReturnVisit.get(ReturnVisit.instead_of == visit)
    assert answer.headers["Location"] == f"/return-visits/{new.id}"
    assert visit.customer.name in client.get(f"/return-visits/{new.id}").text
    assert "站点停产检修" in client.get(f"/return-visits/{visit.id}").text
    assert client.post(f"/return-visits/{visit.id}/swap", data={"version": 1, "reason": "again"}).status_code == 409


def test_a_customer_without_machines_is_released(client: FlaskClient, who: People) -> None:
    visit = drawn(who)
    assert "release-form" not in client.get(f"/return-visits/{visit.id}").text
    with db.transaction():
        Machine.update(retired_on=clock.now().date()).where(Machine.customer == visit.customer_id).execute()
    assert "release-form" in client.get(f"/return-visits/{visit.id}").text
    assert client.post(f"/return-visits/{visit.id}/release", data={"version": 1, "reason": "已拆除"}).status_code == 303
    assert "已拆除" in client.get("/return-visits.csv").text


def test_the_proof_says_when_a_draw_was_altered(client: FlaskClient, who: People) -> None:
    visit = drawn(who)
    assert "校验值一致" in client.get(f"/return-visits/draws/{visit.draw_id}").text
    with db.transaction():
        VisitDraw.update(drawn="[]").execute()
    assert "被改动过" in client.get(f"/return-visits/draws/{visit.draw_id}").text


def test_all_lots_of_a_draw_are_exported(client: FlaskClient, who: People) -> None:
    visit = drawn(who, number=60)
    assert "60" in client.get(f"/return-visits/draws/{visit.draw_id}").text
    assert client.get(f"/return-visits/draws/{visit.draw_id}.csv").text.count("\n") == 61


def test_what_is_left_of_earlier_quarters_is_found(client: FlaskClient, who: People) -> None:
    visit = drawn(who, 1)
    present = visit_pools.number_at(clock.now())
    year, quarter = divmod(present - 1, 4)
    with db.transaction():
        VisitDraw.update(year=year, quarter=quarter + 1).execute()
    page = client.get("/return-visits").text
    assert "以前季度还有 1 家待回访" in page
    assert visit.customer.name in client.get("/return-visits?state=left_over").text
    assert visit.customer.name in client.get("/return-visits?quarter=all").text


def test_it_prints_and_exports(client: FlaskClient, who: People) -> None:
    visit = drawn(who)
    name = visit.customer.name
    factories.work_order(customer=visit.customer, status="finished", lead=who.li, finished_at=clock.now() - timedelta(days=3))
    assert name in client.get("/return-visits/print").text
    assert "Pump does not start" in client.get(f"/return-visits/{visit.id}/print").text
    assert name in client.get("/return-visits.csv").text
    assert client.get("/return-visits.xlsx").status_code == 200


@pytest.mark.parametrize("query", ["state=odd", "area=x", "sort=odd", "quarter=2026", "quarter=2026-Q5", "quarter=²026-Q1"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/return-visits?{query}").status_code == 422


@pytest.mark.parametrize("sort", ["customer", "-customer", "area", "state", "quarter", "-quarter"])
def test_the_list_is_sorted_and_paged(client: FlaskClient, who: People, sort: str) -> None:
    drawn(who, number=210)
    page = client.get(f"/return-visits?sort={sort}&quarter=all").text
    assert "共 53 条" in page
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(following).text.count('id="return-visit-') == 3 + 2  # with the list and the areas


def test_the_fragment_answers_at_the_same_address(client: FlaskClient, who: People) -> None:
    drawn(who)
    answer = client.get("/return-visits", headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith('<section id="return-visit-list"')
