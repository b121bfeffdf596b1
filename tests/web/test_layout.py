"""What stands around every page: navigation by rights, language, theme, banners; the choice is remembered."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Role, User
from app.web import filters, navigation
from app.web.navigation import Banner
from app.web.preferences import local_path
from tests.personas import make_area, make_user, sign_in

ELSEWHERE = ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "", "/a\nb")
AGES = (
    (0, "刚刚"),
    (-5, "刚刚"),
    (59, "刚刚"),
    (60, "1 分钟"),
    (3_599, "59 分钟"),
    (3_600, "1 小时"),
    (86_399, "23 小时"),
    (172_800, "2 天"),
)


def test_it_works(client: FlaskClient) -> None:
    page = client.get("/styleguide").text
    assert '<html lang="zh-CN" class="desk">' in page
    assert 'class="skip-link"' in page


def test_a_visitor_sees_no_navigation(client: FlaskClient) -> None:
    assert 'class="main-nav"' not in client.get("/styleguide").text


def test_navigation_shows_what_the_reader_may_open(client: FlaskClient) -> None:
    page = sign_in(client, make_user(Role.CLERK)).get("/styleguide").text
    assert 'href="/tickets"' in page
    assert 'data-key="n"' in page
    assert 'href="/users"' not in page


def test_navigation_hides_what_is_not_the_readers(client: FlaskClient) -> None:
    page = sign_in(client, make_user(Role.ADMIN)).get("/styleguide").text
    assert 'href="/users"' in page
    assert 'href="/tickets"' not in page
    assert 'data-key="n"' not in page


def test_the_current_entry_is_marked(client: FlaskClient) -> None:
    page = sign_in(client, make_user(Role.CLERK)).get("/tickets").text
    assert 'href="/tickets" aria-current="page"' in page
    assert 'href="/machines" aria-current="page"' not in page


def test_a_banner_stands_on_every_desk_page(app: Flask, client: FlaskClient) -> None:
    kept = app.extensions["banner_sources"]
    app.extensions["banner_sources"] = (lambda: Banner("Nothing comes in.", "critical", "/monitoring/feed"), lambda: None)
    try:
        page = client.get("/styleguide").text
    finally:
        app.extensions["banner_sources"] = kept
    assert '<p class="banner critical">' in page
    assert 'href="/monitoring/feed">Nothing comes in.' in page


def test_a_visitors_choice_stays_in_cookies(client: FlaskClient) -> None:
    answer = client.post("/preferences", data={"locale": "en", "theme": "dark", "next": "/styleguide?q=1"})
    assert (answer.status_code, answer.location) == (303, "/styleguide?q=1")
    page = client.get("/styleguide").text
    assert '<html lang="en" class="desk" data-theme="dark">' in page


def test_a_users_choice_goes_along_to_another_device(client: FlaskClient, app: Flask) -> None:
    user = make_user(Role.CLERK)
    sign_in(client, user).post("/preferences", data={"locale": "en", "theme": "dark"})
    kept = User.get_by_id(user.id)
    assert (kept.locale, kept.theme) == ("en", "dark")
    elsewhere = sign_in(app.test_client(), user).get("/styleguide").text
    assert '<html lang="en" class="desk" data-theme="dark">' in elsewhere


def test_choosing_the_theme_leaves_the_language(client: FlaskClient) -> None:
    user = make_user(Role.CLERK)
    sign_in(client, user).post("/preferences", data={"locale": "en"})
    client.post("/preferences", data={"theme": "light"})
    assert User.get_by_id(user.id).locale == "en"


def test_unknown_choices_are_ignored(client: FlaskClient) -> None:
    answer = client.post("/preferences", data={"locale": "xx", "theme": "pink"})
    assert answer.status_code == 303
    assert not [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith(("locale", "theme"))]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_the_way_back_never_leads_elsewhere(target: str) -> None:
    assert local_path(target) == "/"


def test_an_unknown_page_says_what_to_do_in_the_readers_language(client: FlaskClient) -> None:
    answer = sign_in(client, make_user(Role.CLERK)).get("/no-such-page")
    assert answer.status_code == 404
    assert "没有找到" in answer.text
    client.set_cookie("locale", "en")
    assert "Not found" in client.get("/no-such-page").text


def test_an_error_reaches_htmx_as_a_message_that_replaces_nothing(client: FlaskClient) -> None:
    answer = sign_in(client, make_user(Role.CLERK)).get("/no-such-page", headers={"HX-Request": "true"})
    assert answer.text.strip().startswith('<div hx-swap-oob="beforeend:#toasts">')
    assert "<html" not in answer.text


@pytest.mark.parametrize(("seconds", "words"), AGES)
def test_ages_are_said_in_the_largest_whole_unit(app: Flask, seconds: int, words: str) -> None:
    with app.test_request_context():
        assert filters.age_text(seconds) == words


def test_changing_the_order_keeps_the_filters_and_starts_at_the_first_page(app: Flask) -> None:
    with app.test_request_context("/tickets?status=open&q=油温&sort=number&after=abc"):
        assert filters.here(sort="-number") == "/tickets?status=open&q=%E6%B2%B9%E6%B8%A9&sort=-number"
        assert filters.here(after="xyz") == "/tickets?status=open&q=%E6%B2%B9%E6%B8%A9&sort=number&after=xyz"
        assert filters.here(_suffix=".csv") == "/tickets.csv?status=open&q=%E6%B2%B9%E6%B8%A9&sort=number"


def test_a_sparkline_breaks_where_readings_are_missing() -> None:
    assert filters.sparkline_lines([1, 2, None, 3, 4], 40, 10) == ["0.0,9.0 10.0,6.3", "30.0,3.7 40.0,1.0"]
    assert filters.sparkline_lines([1, None], 40, 10) == []


def test_the_menu_is_grouped_by_what_people_come_for(client: FlaskClient) -> None:
    page = sign_in(client, make_user(Role.MANAGER)).get("/styleguide").text
    work, registers, administration = (page.index(f">{heading}</p>") for heading in ("日常工作", "档案", "系统管理"))
    assert work < page.index('href="/documents"', work) < registers < page.index('href="/projects"', registers) < administration
    assert page.index('href="/settings"', administration) > administration
    parts, money = page.index(">配件与库存</p>"), page.index(">合同与款项</p>")
    for path in ("/stock", "/parts-orders", "/shipments", "/returns"):
        assert work < parts < page.index(f'href="{path}"') < money
    for path in ("/contracts", "/invoices", "/receivables"):
        assert money < page.index(f'href="{path}"', parts) < registers


def test_a_heading_of_the_menu_without_entries_is_left_out(client: FlaskClient) -> None:
    client.get("/styleguide")
    with client.application.test_request_context("/"):
        assert navigation.more_groups() == []


def test_every_path_named_in_a_group_of_the_menu_is_an_entry() -> None:
    named = {path for _heading, paths in navigation.GROUPS for path in paths}
    assert named - {entry.path for entry in navigation.MORE} <= {"/roster", "/mail", "/outbox", "/hotline-records", "/imports"}


def test_words_that_no_page_has_shown_do_not_pile_up_in_the_cookie(client: FlaskClient) -> None:
    """Many tickets filed in other tabs: a browser keeps 4 KB of a cookie and drops the whole of a larger one."""
    sign_in(client, make_user(Role.ADMIN))
    for number in range(60):
        form = {"name": f"驻点 {number}", "area": str(make_area().id), "form_token": f"token {number}"}
        assert client.post("/stations/new", data=form).status_code == 303
    cookie = client.get_cookie("session")
    assert cookie is not None
    assert len(cookie.value) < 2_000
    assert "驻点 59" in client.get("/stations").text
