"""One order from the fault that a machine reports to the call-back in the archive, each step by the person whose it is, on their screen.

``walk`` is used by the test of the journey and by README's pictures. Desk at 1440, technician at 390 and 820, manager at 390;
the clerk, the technician and the manager read Chinese, the deputy English.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from tests.browser.product import PASSWORD, Product

DESK, TABLET, PHONE = (1440, 900), (820, 1180), (390, 844)
PEOPLE = {
    "clerk": (DESK, "zh_CN"), "deputy": (DESK, "en"), "technician": (PHONE, "zh_CN"), "manager": (PHONE, "zh_CN"),
    "quality": (DESK, "zh_CN"),
}  # fmt: skip
CODE = "E04"
SIGNER = "王站长"
AREA = "东部区域"


@dataclass(slots=True)
class Journey:
    """Where the journey stands; ``look(name, page)`` is called at each station."""

    product: Product
    chromium: Any
    look: Callable[[str, Any], None] = lambda _name, _page: None
    serial: str = ""
    ticket: str = ""
    order: str = ""
    pages: dict[str, Any] = field(default_factory=dict)

    def page(self, user: str) -> Any:
        """The screen of ``user``, signed in once through the form."""
        if user not in self.pages:
            size, locale = PEOPLE[user]
            context = self.chromium.new_context(
                base_url=self.product.address, viewport={"width": size[0], "height": size[1]}, locale="zh-CN", has_touch=size != DESK
            )
            context.add_cookies([{"name": "locale", "value": locale, "url": self.product.address}])
            page = context.new_page()
            page.set_default_timeout(15_000)
            page.goto("/login")
            page.fill("[name=username]", user)
            page.fill("[name=password]", PASSWORD)
            page.click("#sign-in button.primary")
            page.wait_for_url(lambda url: "/login" not in url)
            self.pages[user] = page
        return self.pages[user]

    def on_tablet(self, user: str) -> Any:
        """The screen of ``user``, upright and as wide as a tablet."""
        page = self.page(user)
        page.set_viewport_size({"width": TABLET[0], "height": TABLET[1]})
        return page

    def on_phone(self, user: str) -> Any:
        """The screen of ``user``, as small as a phone."""
        page = self.page(user)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        return page

    def close(self) -> None:
        """Close every screen."""
        for page in self.pages.values():
            page.context.close()


def walk(journey: Journey) -> None:
    """The whole way. Raises Playwright's ``Error`` where a step cannot be done."""
    fault(journey)
    verify(journey)
    dispatch(journey)
    go_there(journey)
    report(journey)
    sign(journey)
    finish(journey)
    file(journey)
    call_back(journey)
    deputy_signs(journey)
    manager_reads(journey)
    machine_file(journey)


def fault(journey: Journey, device: str = "") -> None:
    """``device``, else one in warranty of the technician's area, reports a fault by the broker; it stands on the clerk's open list."""
    device = device or journey.product.device_in_warranty(AREA)
    journey.serial = journey.product.serial(device)
    page = journey.page("clerk")
    page.goto("/tickets")
    journey.product.publish(device, CODE)
    row = page.locator("#ticket-list tbody tr").filter(has_text=re.compile(re.escape(journey.serial)))
    row.first.wait_for()
    journey.look("fault", page)
    journey.ticket = row.first.locator("[data-row]").inner_text().strip()


def verify(journey: Journey) -> None:
    """The clerk phones the customer and sends the ticket to dispatch."""
    page = journey.page("clerk")
    page.goto(f"/tickets/{journey.ticket}")
    page.locator("#verification textarea").fill("站长确认油温偏高，设备已停机。")
    journey.look("verify", page)
    page.locator("#verification button[value=confirmed]").click()
    page.locator("#verification").wait_for(state="detached")


def dispatch(journey: Journey, kind: str = "") -> None:
    """The deputy finds it on the start page and sends Li, who is the technician of the area, for ``kind``, else as proposed."""
    page = journey.page("deputy")
    page.goto("/dispatch")
    journey.look("board", page)
    page.goto("/")
    page.locator("tr").filter(has_text=journey.ticket).locator(".cell-step a").click()
    page.wait_for_url(f"**/dispatch/tickets/{journey.ticket}")
    page.locator("label.candidate").filter(has_text="李建国").locator("input").check()
    if kind:
        page.locator("[name=kind]").select_option(kind)
    page.locator("[name=bring]").fill("回油滤芯 1 个，散热器清洗剂")
    page.evaluate("scrollTo(0, 0)")
    journey.look("dispatch", page)
    page.locator("#dispatch-form footer button.primary").click()
    page.wait_for_url(lambda url: "/dispatch/tickets/" not in url)
    journey.order = journey.product.order_of(journey.ticket)
    journey.look("dispatched", page)


def go_there(journey: Journey) -> None:
    """Li accepts on the phone, sets off, measures the air, arrives."""
    page = journey.page("technician")
    page.goto("/my/jobs")
    journey.look("jobs", page)
    page.goto(f"/my/jobs/{journey.order}")
    page.get_by_role("button", name="接单", exact=True).click()
    page.get_by_role("button", name="出发", exact=True).click()
    page.locator("[name=watcher]").fill(SIGNER)
    page.locator("[name=gas_reading]").fill("O2 20.9 %，H2S 0 ppm，CH4 0 %LEL")
    confirm = page.locator("[name=is_stop_confirmed]")
    if confirm.count():
        confirm.check()
    journey.look("arrive", page)
    page.get_by_role("button", name="到场", exact=True).click()
    page.get_by_role("link", name="填写服务报告", exact=True).wait_for()
    journey.look("job", page)


def report(journey: Journey, sent_back: tuple[str, str, str] | None = None) -> None:
    """The report, step by step, on the tablet: finding, cause, remedy, part, values, photo, times, remark.

    ``sent_back``: name, number and serial number of an old part that goes back to the factory, in place of a filter.
    """
    page = journey.on_tablet("technician")
    page.goto(f"/my/jobs/{journey.order}/report")
    page.locator("[name=finding]").fill("散热器翅片积满灰尘，回油滤芯压差 0.36 MPa，油温 67 °C。")
    page.locator("[name=component]").fill("液压站")
    journey.look("report", page)
    _next(page)
    page.locator("[name=cause][value=maintenance]").check()
    _next(page)
    page.locator("[name=action]").fill("清洗散热器，更换回油滤芯，试机三个循环正常。")
    _next(page)
    part = page.locator("#step-form")
    name, number, serial = sent_back or ("回油滤芯", "HX-250", "")
    part.locator("[name$='-name']").first.fill(name)
    part.locator("[name$='-part_number']").first.fill(number)
    part.locator("[name$='-serial_off']").first.fill(serial)
    if sent_back is not None:
        part.locator("[name$='-is_old_kept']").first.check()
        journey.look("part", page)
    _next(page)
    page.locator("[name='reading-0-name']").fill("油温")
    page.locator("[name='reading-0-before']").fill("67")
    page.locator("[name='reading-0-after']").fill("46")
    page.locator("[name='reading-0-unit']").fill("°C")
    _next(page)
    page.locator("#step-form input[type=file]").first.set_input_files([{"name": "before.jpg", "mimeType": "image/jpeg", "buffer": photo()}])
    page.locator("#step-form button[value=stay]").click()
    page.locator(".report-photos img, #photos img, main img").first.wait_for()
    journey.look("photos", page)
    _next(page)
    _next(page)
    page.locator("[name=customer_remark]").fill("来得很快，机器好用了。")
    _next(page)
    page.wait_for_url("**/report/signature")


def photo() -> bytes:
    """A photo as somebody might take one: cooling fins grey with dust."""
    made = Image.new("RGB", (640, 480), (96, 102, 106))
    draw = ImageDraw.Draw(made)
    for number in range(32):
        draw.rectangle((number * 20, 60, number * 20 + 9, 420), fill=(150 + number % 5 * 6, 148, 140))
    draw.rectangle((0, 0, 640, 60), fill=(60, 70, 78))
    draw.rectangle((0, 420, 640, 480), fill=(60, 70, 78))
    kept = io.BytesIO()
    made.filter(ImageFilter.GaussianBlur(2)).save(kept, "JPEG", quality=88)
    return kept.getvalue()


def _next(page: Any) -> None:
    """The one button at the foot: save this step, go on to the next."""
    heading = page.locator(".report-steps [aria-current=step]").inner_text()
    page.locator(".main-action button").click()
    page.wait_for_function(
        "words => document.querySelector('.report-steps [aria-current=step]')?.innerText !== words", arg=heading, timeout=15_000
    )


def sign(journey: Journey) -> None:
    """The customer writes the name with a finger."""
    page = journey.page("technician")
    draw(page)
    journey.look("signature", page)
    page.locator(".main-action button").click()
    page.get_by_role("button", name="完工", exact=True).wait_for()
    journey.look("signed", page)


def draw(page: Any) -> None:
    """A name and a signature in the pad."""
    page.locator("#sign-form [name=signer]").fill(SIGNER)
    canvas = page.locator(".pad canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    strokes = (((0.15, 0.3), (0.35, 0.3)), ((0.25, 0.15), (0.25, 0.8)), ((0.5, 0.2), (0.7, 0.75), (0.85, 0.25)))
    for stroke in strokes:
        page.mouse.move(box["x"] + stroke[0][0] * box["width"], box["y"] + stroke[0][1] * box["height"])
        page.mouse.down()
        for x, y in stroke[1:]:
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=12)
        page.mouse.up()


def finish(journey: Journey) -> None:
    """Done: the ticket is resolved with it."""
    page = journey.page("technician")
    page.get_by_role("button", name="完工", exact=True).click()
    page.wait_for_load_state()
    journey.on_phone("technician").goto("/my/day")
    journey.look("day", page)


def file(journey: Journey) -> None:
    """The clerk files the report; the button stands on the start page."""
    page = journey.page("clerk")
    page.goto("/")
    page.locator("tr").filter(has_text=journey.order).locator(".cell-step a").click()
    page.wait_for_url("**/service-reports/*")
    journey.look("filing", page)
    page.locator("form[action$='/filing'] button").click()
    page.locator("form[action$='/filing']").wait_for(state="detached")


def call_back(journey: Journey) -> None:
    """The clerk phones the customer and enters three scores with the keyboard."""
    page = journey.page("clerk")
    page.goto(f"/call-backs/new?order={journey.order}")
    page.locator("[name=outcome][value=reached]").check()
    for name, score in (("result", 5), ("attitude", 5), ("timeliness", 4)):
        page.locator(f"[name={name}][value='{score}']").check(force=True)
    page.locator("[name=text]").fill("修得快，师傅态度好。")
    page.locator("[name=hotline_told]").check()
    journey.look("call-back", page)
    page.locator(".call-form footer button.primary").click()
    page.wait_for_url(lambda url: "/call-backs/new" not in url)


def deputy_signs(journey: Journey) -> None:
    """The deputy signs the record."""
    page = journey.page("deputy")
    page.goto("/call-backs?tab=to-sign")
    page.locator("tr").filter(has_text=journey.order).locator("[data-row]").click()
    page.wait_for_url(re.compile(r"/call-backs/\d+"))
    journey.look("deputy-signs", page)
    page.locator("#next-step button[data-key=s]").click()
    page.wait_for_load_state()


def manager_reads(journey: Journey) -> None:
    """The manager reads it on the phone, which puts it into the archive; the order rests."""
    page = journey.page("manager")
    page.goto("/")
    journey.look("manager", page)
    page.goto("/call-backs?tab=to-read")
    page.locator("tr").filter(has_text=journey.order).locator("[data-row]").click()
    page.wait_for_url(re.compile(r"/call-backs/\d+"))
    journey.look("manager-reads", page)
    page.locator("#next-step button[data-key=s]").click()
    page.wait_for_load_state()


def machine_file(journey: Journey) -> None:
    """The machine's file shows every step."""
    page = journey.page("clerk")
    page.goto(f"/machines/{journey.serial}")
    journey.look("machine-file", page)
