"""``python -m tests.browser.pictures``: takes every screen of the running product into ``build/pictures/``, and README's own.

Demo world and a few faults published through Mosquitto; desktop in light and dark, tablet, phone where people use one; Chinese and English.
Looked at by people: nothing here judges. Names of screens after the command (and ``tour``, ``money-tour``) take only those; without names
README's own are written too, small, into ``app/deploy/pictures/``.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Error, sync_playwright

from tests.browser import money_journey
from tests.browser.journey import Journey, walk
from tests.browser.product import PASSWORD, ROOT, Product

DESK, TABLET, PHONE = (1440, 900), (820, 1180), (390, 844)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
INTO, README = ROOT / "build" / "pictures", ROOT / "app" / "deploy" / "pictures"
# name of the picture: who looks, where
SCREENS = {
    "start": ("clerk", "/"),
    "start-technician": ("technician", "/"),
    "start-admin": ("admin", "/"),
    "tickets": ("clerk", "/tickets"),
    "tickets-all": ("clerk", "/tickets?status=any"),
    "tickets-none": ("clerk", "/tickets?q=没有这样的词"),
    "tickets-new": ("clerk", "/tickets/new"),
    "tickets-new-known": ("clerk", "/tickets/new?machine=evc-1001"),
    "tickets-new-offers": ("clerk", "/tickets/new?q=10"),
    "ticket": ("clerk", "first of /tickets"),
    "ticket-attachments": ("clerk", "first of /tickets +/attachments"),
    "ticket-to-verify": ("clerk", "first of /tickets?status=to_verify"),
    "ticket-split": ("clerk", "first of /tickets +/split"),
    "hotline-records": ("deputy", "/hotline-records"),
    "hotline-record": ("deputy", "first of /hotline-records +/hotline-record"),
    "ticket-edit": ("clerk", "first of /tickets +/edit"),
    "complaints": ("clerk", "/complaints"),
    "complaint": ("clerk", "first of /complaints"),
    "work-slips": ("clerk", "/work-slips"),
    "mail": ("clerk", "/mail"),
    "outbox": ("deputy", "/outbox"),
    "customers": ("clerk", "/customers"),
    "customer": ("clerk", "first of /customers"),
    "customer-new": ("clerk", "/customers/new"),
    "machines": ("clerk", "/machines"),
    "machine": ("clerk", "first of /machines"),
    "machine-code": ("clerk", "first of /machines +/code"),
    "machine-new": ("clerk", "/machines/new"),
    "machine-print": ("clerk", "first of /machines +/print"),
    "machine-repeats": ("clerk", "first of /machines +/repeats"),
    "machine-labels": ("clerk", "/machines/labels"),
    "documents": ("clerk", "/documents"),
    "document": ("clerk", "first of /documents"),
    "document-new": ("clerk", "first of /machines +/documents/new"),
    "documents-not-filed": ("clerk", "/documents/not-filed"),
    "documents-not-handed-in": ("clerk", "/documents/not-handed-in"),
    "documents-missing": ("clerk", "/documents/not-handed-in?of=machines"),
    "documents-ask": ("clerk", "first of /machines +/document-requests/new"),
    "profiles": ("deputy", "/profiles"),
    "profile": ("deputy", "first of /profiles"),
    "profile-new": ("deputy", "/profiles/new"),
    "profile-import": ("deputy", "/profiles/import"),
    "profile-code": ("deputy", "first of /profiles +/codes/new"),
    "profile-versions": ("deputy", "first of /profiles +/versions"),
    "board": ("clerk", "/monitoring"),
    "faults": ("clerk", "/faults"),
    "machine-readings": ("clerk", "first of /monitoring"),
    "feed": ("deputy", "/monitoring/feed"),
    "gaps": ("deputy", "/monitoring/feed/gaps"),
    "rejected": ("deputy", "/monitoring/feed/rejected"),
    "quarantine": ("deputy", "/monitoring/feed/quarantine"),
    "credentials": ("deputy", "/monitoring/credentials"),
    "imports": ("clerk", "/imports"),
    "import-new": ("clerk", "/imports/new"),
    "users": ("admin", "/users"),
    "user": ("admin", "first of /users"),
    "user-new": ("admin", "/users/new"),
    "areas": ("admin", "/areas"),
    "notices": ("clerk", "/notices"),
    "calendar": ("clerk", "/calendar"),
    "calendar-day": ("clerk", "/calendar?day=2026-10-10"),
    "calendar-import": ("clerk", "/calendar/import"),
    "roster": ("clerk", "/roster"),
    "people": ("clerk", "/people"),
    "clock-targets": ("deputy", "/clocks/targets"),
    "ticket-clocks": ("clerk", "first of /tickets +/clocks"),
    "history": ("admin", "/history"),
    "settings": ("admin", "/settings"),
    "stations": ("admin", "/stations"),
    "station": ("admin", "first of /stations"),
    "departments": ("manager", "/departments"),
    "projects": ("clerk", "/projects"),
    "project": ("clerk", "first of /projects"),
    "project-new": ("clerk", "/projects/new"),
    "models": ("clerk", "/models"),
    "model": ("clerk", "first of /models"),
    "machine-edit": ("clerk", "first of /machines +/edit"),
    "machine-move": ("clerk", "first of /machines +/move?customer=云岭环卫"),
    "machine-terminal": ("clerk", "first of /machines +/terminal"),
    "machine-warranty": ("clerk", "first of /machines +/warranty?on=2026-01-01"),
    "machines-sim": ("clerk", "/machines?sim=soon"),
    "broadcasts": ("clerk", "/broadcasts"),
    "broadcast-new": ("clerk", "/broadcasts/new"),
    "search": ("clerk", "/search?q=YZ"),
    "search-empty": ("clerk", "/search"),
    "dispatch": ("deputy", "/dispatch"),
    "dispatch-14": ("deputy", "/dispatch?days=14"),
    "work-orders": ("clerk", "/work-orders"),
    "work-order": ("deputy", "first of /work-orders"),
    "work-order-sheet": ("deputy", "first of /work-orders +/sheet"),
    "work-order-new": ("clerk", "/work-orders/new"),
    "my-jobs": ("technician", "/my/jobs"),
    "my-day": ("technician", "/my/day"),
    "my-month": ("technician", "/my/month"),
    "my-jobs-new": ("technician", "/my/jobs/new"),
    "technician-reports": ("deputy", "/technician-reports"),
    "guidance": ("deputy", "/guidance"),
    "gate-overrides": ("manager", "/gate-overrides"),
    "service-reports": ("clerk", "/service-reports"),
    "service-report": ("clerk", "first of /service-reports"),
    "service-report-print": ("clerk", "first of /service-reports +/print"),
    "service-reports-missing": ("clerk", "/service-reports/missing"),
    "call-backs": ("clerk", "/call-backs?tab=due"),
    "call-backs-to-sign": ("deputy", "/call-backs?tab=to-sign"),
    "call-backs-all": ("clerk", "/call-backs?tab=all"),
    "call-backs-month": ("manager", "/call-backs/month"),
    "call-backs-follow-ups": ("clerk", "/call-backs/follow-ups"),
    "return-visits": ("clerk", "/return-visits"),
    "vehicles": ("clerk", "/vehicles"),
    "technicians": ("deputy", "/technicians"),
    "authorities": ("deputy", "/account/authorities"),
    "messages": ("clerk", "/account/messages"),
    "start-deputy": ("deputy", "/"),
    "start-manager": ("manager", "/"),
    "account": ("clerk", "/account"),
    "password": ("clerk", "/account/password"),
    "refused": ("technician", "/users"),
    "missing": ("clerk", "/tickets/T0000-0000"),
}
TOUR = ("fault", "verify", "board", "dispatch", "arrive", "report", "signature", "call-back", "manager-reads")
MONEY_TOUR = ("refused", "offer", "approval", "agreed", "invoice", "letter", "send-back", "verdict")
ON_PHONES = (
    "my-jobs",
    "my-day",
    "my-jobs-new",
    "start-manager",
    "call-backs-to-sign",
    "authorities",
    "start-technician",
    "tickets",
    "ticket",
    "board",
    "machine",
    "machine-readings",
    "tickets-new",
    "start",
)
FOR_README = {
    "start.zh.light": "start", "board.zh.dark": "board", "ticket.zh.light": "ticket", "machine-readings.en.light": "readings",
    "tickets-new-known.zh.light": "intake", "machine.en.light": "machine-file",
}  # fmt: skip


class Photographer:
    """Signs in through the form, walks to a screen, takes it in every language, theme and size."""

    def __init__(self, browser: Any, product: Product) -> None:
        self.browser, self.product = browser, product
        self._pages: dict[str, Any] = {}
        self._places: dict[tuple[str, str], str] = {}

    def page_of(self, user: str) -> Any:
        """The page of ``user``, signed in once."""
        if user not in self._pages:
            page = self.browser.new_context(base_url=self.product.address, locale="zh-CN").new_page()
            page.set_default_timeout(8_000)
            page.goto("/login")
            page.fill("[name=username]", user)
            page.fill("[name=password]", PASSWORD)
            page.click("#sign-in button.primary")
            page.wait_for_url(self.product.address + "/")
            self._pages[user] = page
        return self._pages[user]

    def place(self, user: str, where: str) -> str:
        """The address meant by ``where``: "first of /list" follows the list's first row, " +/tail" adds to it."""
        if not where.startswith("first of "):
            return where
        listing, _, tail = where.removeprefix("first of ").partition(" +")
        if (user, listing) not in self._places:
            page = self.page_of(user)
            page.goto(listing)
            self._places[user, listing] = page.locator("[data-row]").first.get_attribute("href")
        return self._places[user, listing] + tail

    def take(self, name: str, user: str, where: str) -> None:
        """All pictures of one screen."""
        path, page = self.place(user, where), self.page_of(user)
        for language, locale in (("zh", "zh_CN"), ("en", "en")):
            for kind, size, theme in _looks(name, language):
                page.set_viewport_size({"width": size[0], "height": size[1]})
                cookies = {"locale": locale, "theme": theme}
                page.context.add_cookies([{"name": key, "value": value, "url": self.product.address} for key, value in cookies.items()])
                page.goto(path)
                if page.locator("[data-chart]").count():
                    page.wait_for_timeout(500)
                page.screenshot(path=INTO / f"{name}.{language}.{kind}.png", full_page=kind != "light")

    def take_mistakes(self) -> None:
        """What forms say when something is wrong, and what one sees before signing in."""
        page = self.page_of("clerk")
        page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        page.context.add_cookies([{"name": "locale", "value": "zh_CN", "url": self.product.address}])
        for name, path in (("customer-new", "/customers/new"), ("machine-new", "/machines/new"), ("tickets-new", "/tickets/new")):
            page.goto(path)
            page.evaluate("for (const form of document.querySelectorAll('main form')) form.noValidate = true")
            page.locator("main form button.primary").first.click()
            page.wait_for_timeout(400)
            page.screenshot(path=INTO / f"{name}.zh.error.png")
        stranger = self.browser.new_context(
            base_url=self.product.address, locale="zh-CN", viewport={"width": 1440, "height": 900}
        ).new_page()
        stranger.goto("/login")
        stranger.screenshot(path=INTO / "login.zh.light.png")
        stranger.fill("[name=username]", "clerk")
        stranger.fill("[name=password]", "wrong")
        stranger.click("#sign-in button.primary")
        stranger.screenshot(path=INTO / "login.zh.error.png")


def _looks(name: str, language: str) -> Iterator[tuple[str, tuple[int, int], str]]:
    yield "light", DESK, "light"
    if language == "zh":
        yield "dark", DESK, "dark"
        yield "tablet", TABLET, "light"
        if name in ON_PHONES:
            yield "phone", PHONE, "light"


@contextmanager
def running() -> Iterator[Product]:
    """The product with a few fresh faults, in a folder that goes away."""
    folder = Path(tempfile.mkdtemp(prefix="centre-"))
    product = Product(folder)
    try:
        product.start()
        for device, code in zip(product.quiet_devices(), ("E04", "E20"), strict=False):
            product.publish(device, code)
        yield product
    finally:
        product.stop()
        shutil.rmtree(folder)


def for_readme() -> None:
    """Write README's pictures: smaller, as JPEG."""
    README.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS).new_page()
        page.set_viewport_size({"width": 1200, "height": 750})
        for source, name in FOR_README.items():
            page.goto((INTO / f"{source}.png").as_uri())
            page.screenshot(path=README / f"{name}.jpg", type="jpeg", quality=80)


def take_tour(product: Product, browser: Any) -> None:
    """One order from the fault to the archive, at every station; README's tour is a choice of these."""
    journey = Journey(product, browser, lambda name, page: page.screenshot(path=INTO / f"tour-{name}.png"))
    try:
        walk(journey)
    finally:
        journey.close()


def take_money_tour(product: Product, browser: Any) -> None:
    """An order off warranty up to its last payment, one in warranty up to the closed nonconformity, at every station."""
    pages: dict[str, Any] = {}
    for walked in (money_journey.off_warranty, money_journey.in_warranty):
        journey = Journey(product, browser, lambda name, page: page.screenshot(path=INTO / f"tour-money-{name}.png"), pages=pages)
        walked(journey)
    journey.close()


def tour_for_readme(names: Iterable[str]) -> None:
    """Write a tour's pictures half as large, as JPEG."""
    README.mkdir(parents=True, exist_ok=True)
    for name in names:
        with Image.open(INTO / f"tour-{name}.png") as taken:
            share = 0.5 if taken.width > PHONE[0] else 0.8
            size = (round(taken.width * share), round(taken.height * share))
            taken.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(README / f"tour-{name}.jpg", quality=82)


def main(only: list[str]) -> int:
    """Take the screens whose names are in ``only`` (all of them without names)."""
    INTO.mkdir(parents=True, exist_ok=True)
    failed = 0
    with running() as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        photographer = Photographer(browser, product)
        for name, (user, where) in SCREENS.items():
            if not only or name in only:
                try:
                    photographer.take(name, user, where)
                except Error as error:
                    failed += 1
                    sys.stderr.write(f"{name}: {error}\n")
        if not only:
            photographer.take_mistakes()
        if not only or "tour" in only:
            take_tour(product, browser)
        if not only or "money-tour" in only:
            take_money_tour(product, browser)
        browser.close()
    if not only:
        for_readme()
    if not only or "tour" in only:
        tour_for_readme(TOUR)
    if not only or "money-tour" in only:
        tour_for_readme(f"money-{name}" for name in MONEY_TOUR)
    sys.stdout.write(f"{len(list(INTO.glob('*.png')))} pictures in {INTO.relative_to(ROOT)}/\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
