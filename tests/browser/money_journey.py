"""Two orders and what follows from them: one off warranty up to the last payment, one in warranty up to the closed nonconformity.

``off_warranty`` and ``in_warranty`` are used by the test of the journey and by README's pictures; steps that every order has stand in
``tests.browser.journey``.
"""

import io
import re
from datetime import date, timedelta
from decimal import Decimal

from PIL import Image, ImageDraw, ImageFilter

from tests.browser import journey as steps
from tests.browser.journey import AREA, Journey

# What, quantity, unit, price with tax: together above the sum from which a contract is needed, which the manager approves.
OFFER = (("HX-250 回油滤芯", "1", "件", "350"), ("散热器芯体", "1", "台", "3860"), ("拆装与试机人工", "6", "工时", "150"))
TOTAL, FIRST_PART = "5,110.00", "2000"
TAX_NUMBER = "91440300708461136T"
OLD_PART = ("电磁换向阀", "DCF-3", "DCF3-2405-118")
WAYBILL = "SF1402266180921"


def off_warranty(journey: Journey) -> None:
    """Diagnosis, contract, repair, invoice, letter, payments. Raises Playwright's ``Error`` where a step cannot be done."""
    steps.fault(journey, journey.product.device_off_warranty(AREA))
    steps.verify(journey)
    steps.dispatch(journey, "diagnosis")
    steps.go_there(journey)
    repair_refused(journey)
    contract = offer(journey)
    approve(journey, contract)
    customer_agrees(journey, contract)
    begin_repair(journey)
    steps.report(journey)
    steps.sign(journey)
    steps.finish(journey)
    registered = invoice(journey)
    post(journey)
    pay_part(journey, registered)
    account = remind(journey, registered)
    pay_all(journey, account)
    settled(journey, contract, account)


def in_warranty(journey: Journey) -> None:
    """Repair, return of the old part, nonconformity. Raises Playwright's ``Error`` where a step cannot be done."""
    steps.fault(journey)
    steps.verify(journey)
    steps.dispatch(journey)
    steps.go_there(journey)
    steps.report(journey, OLD_PART)
    steps.sign(journey)
    steps.finish(journey)
    steps.file(journey)
    steps.call_back(journey)
    steps.deputy_signs(journey)
    steps.manager_reads(journey)
    not_archived(journey)
    returned = send_back(journey)
    receive(journey, returned)
    report = prepare(journey, returned)
    submit(journey, report)
    decide(journey, report)


# --- off warranty ---------------------------------------------------------------


def repair_refused(journey: Journey) -> None:
    """The job says that nothing may be repaired yet, and whoever tries all the same is refused with the reason."""
    page = journey.page("technician")
    page.goto(f"/my/jobs/{journey.order}")
    page.get_by_text("先诊断、再报价；批复后才能维修。").wait_for()
    assert page.locator("form[action$='/repair']").count() == 0
    page.evaluate(
        "path => { const form = document.querySelector('main form[method=post]').cloneNode(true);"
        " form.action = path; form.hidden = true; form.noValidate = true; document.body.append(form);"
        " HTMLFormElement.prototype.submit.call(form) }",
        f"/my/jobs/{journey.order}/repair",
    )
    page.get_by_text(re.compile("保外")).first.wait_for()
    page.locator(".form-errors").wait_for()
    journey.look("refused", page)


def offer(journey: Journey) -> str:
    """Li writes the contract on the spot and hands it in; returns its number."""
    page = journey.on_tablet("technician")
    page.goto(f"/my/jobs/{journey.order}")
    page.locator("a[href$='/contract']").click()
    page.wait_for_url("**/contract")
    for number, row in enumerate(OFFER):
        if not page.locator(f"[name='line-{number}-text']").count():
            page.locator("#quote [name=more]").click()
            page.locator(f"[name='line-{number}-text']").wait_for()
        for name, text in zip(("text", "quantity", "unit", "price"), row, strict=True):
            page.locator(f"[name='line-{number}-{name}']").fill(text)
    page.locator("#quote [name=reckon]").click()
    page.locator(".contract-sum").get_by_text(TOTAL).wait_for()
    journey.look("offer", page)
    page.locator(".main-action button").click()
    page.locator("#job-contract").wait_for()
    journey.look("handed-in", page)
    found = re.search(r"H\d{4}-\d{4,}", page.locator("#job-contract").inner_text())
    assert found is not None
    return found.group()


def approve(journey: Journey, contract: str) -> None:
    """The manager has it before them with the first tap, and approves it with the second."""
    page = journey.page("manager")
    page.goto("/notices")
    page.locator("#notice-list").get_by_role("button", name=contract).click()
    page.locator("#decision").wait_for()
    journey.look("approval", page)
    page.locator(".main-action button[value=approve]").click()
    page.wait_for_url(lambda url: contract not in url)


def customer_agrees(journey: Journey, contract: str) -> None:
    """What Li has open tells that it is approved; the customer reads and signs."""
    page = journey.page("technician")
    page.get_by_role("link", name="请客户在此签字").click()
    page.wait_for_url(f"**/contracts/{contract}/signature")
    steps.draw(page)
    journey.look("agreed", page)
    page.locator(".main-action button").click()
    page.wait_for_url(f"**/my/jobs/{journey.order}")


def begin_repair(journey: Journey) -> None:
    """The diagnosis becomes the repair on the same visit."""
    page = journey.page("technician")
    page.get_by_role("button", name="开始维修").first.click()
    page.locator("form[action$='/repair']").wait_for(state="detached")
    journey.look("repair", page)
    assert "维修" in page.locator(".job-top").inner_text()


def invoice(journey: Journey) -> str:
    """The clerk finds the job under "done, not invoiced" and registers what the tax platform issued; returns the address of the invoice."""
    page = journey.page("clerk")
    page.goto(f"/invoices/uninvoiced-orders?q={journey.order}")
    journey.look("uninvoiced", page)
    page.locator("#uninvoiced-list").get_by_role("link", name="登记发票").click()
    page.wait_for_url("**/invoices/new?*")
    issued_on = date.fromisoformat(page.locator("[name=issued_on]").input_value()) - timedelta(days=2)
    page.locator("[name=issued_on]").fill(issued_on.isoformat())
    page.locator("[name=payment_days]").fill("1")
    page.locator("[name=number]").fill(f"{issued_on:%y}53200000000{journey.order[-4:]}00000"[:20])
    page.locator("[name=buyer_tax_number]").fill(TAX_NUMBER)
    journey.look("invoice", page)
    page.locator("#invoice-form footer button.primary").click()
    page.wait_for_url(re.compile(r"/invoices/\d+$"))
    assert TOTAL in page.locator("main").inner_text()
    return str(page.url)


def post(journey: Journey) -> None:
    """It goes by courier, with its waybill."""
    page = journey.page("clerk")
    for name, text in (("receiver", "财务科"), ("carrier", "顺丰速运"), ("waybill", WAYBILL)):
        page.locator(f"#delivery [name={name}]").fill(text)
    page.locator("#delivery form[action$='/deliveries'] button").click()
    page.locator("#delivery").get_by_text(WAYBILL).wait_for()
    journey.look("posted", page)


def pay_part(journey: Journey, registered: str) -> None:
    """A bank transfer of a part of the invoice, whatever else the customer owes."""
    page = journey.page("clerk")
    page.goto(registered)
    number = page.locator("h1").inner_text().split()[-1]
    page.locator("a[href^='/receivables/']").click()
    page.locator("a[href^='/payments/new']").click()
    page.wait_for_url("**/payments/new?*")
    page.locator("[name=amount]").fill(FIRST_PART)
    page.locator("[name=propose]").click()
    page.wait_for_url("**/payments/new")
    for one in page.locator("#wishes [name^=wish-]").all():
        one.fill(FIRST_PART if number in str(one.get_attribute("aria-label")) else "")
    journey.look("payment", page)
    page.locator("main form footer button.primary").click()
    page.wait_for_url(re.compile(r"/payments/(?!new)"))
    journey.look("paid", page)


def pay_all(journey: Journey, account: str) -> None:
    """Later the customer pays all that is owed."""
    page = journey.page("clerk")
    page.goto(account)
    owed = page.locator("#owed tbody td:last-child").all_inner_texts()
    page.locator("a[href^='/payments/new']").first.click()
    page.wait_for_url("**/payments/new?*")
    page.locator("[name=amount]").fill(str(sum(Decimal(one.strip("¥").replace(",", "")) for one in owed)))
    page.locator("[name=propose]").click()
    page.wait_for_url("**/payments/new")
    journey.look("last-payment", page)
    page.locator("main form footer button.primary").click()
    page.wait_for_url(re.compile(r"/payments/(?!new)"))


def remind(journey: Journey, registered: str) -> str:
    """The rest is overdue: a letter is made, kept with the demand, and is a PDF; returns the address of the account."""
    page = journey.page("clerk")
    page.goto(registered)
    customer = str(page.locator("aside a[href^='/customers/']").first.get_attribute("href"))
    page.goto(f"/dunning{customer}")
    page.locator("form[action$='/letters'] footer button.primary").click()
    letter = page.locator("a[href$='/letter']").first
    letter.wait_for()
    journey.look("letter", page)
    made = page.request.get(str(letter.get_attribute("href")))
    assert made.ok
    assert made.body().startswith(b"%PDF-")
    return f"{customer}/account"


def settled(journey: Journey, contract: str, account: str) -> None:
    """Nothing is owed any more, and the contract is settled."""
    page = journey.page("clerk")
    page.goto(account)
    page.get_by_text("该客户没有欠款。").wait_for()
    journey.look("account", page)
    page.goto(f"/contracts/{contract}")
    page.locator(".state-line, main .state").get_by_text("已结清").first.wait_for()
    journey.look("settled", page)


# --- in warranty ----------------------------------------------------------------


def not_archived(journey: Journey) -> None:
    """All is signed and read; the order rests only when its old part is back, and says so."""
    page = journey.page("clerk")
    page.goto(f"/work-orders/{journey.order}")
    page.locator("#order-returns .hint").wait_for()
    journey.look("order-waits", page)
    assert journey.product.states_of(journey.order)[0] != "archived"


def send_back(journey: Journey) -> str:
    """Li prints the tag and sends the old part; returns the number of the return."""
    page = journey.on_tablet("technician")
    page.goto("/my/returns")
    row = page.locator("label.check").filter(has_text=journey.serial)
    row.locator("[name=number]").check()
    number = str(row.locator("[name=number]").get_attribute("value"))
    page.locator("main button[value=tag]").click()
    page.wait_for_url("**/my/returns/tags?*")
    journey.look("tag", page)
    page.goto("/my/returns")
    page.locator("label.check").filter(has_text=journey.serial).locator("[name=number]").check()
    page.locator("[name=carrier]").fill("顺丰速运")
    page.locator("[name=waybill]").fill("SF1402266180938")
    journey.look("send-back", page)
    page.locator("main button[value=send]").click()
    page.wait_for_url("**/my/returns")
    return number


def receive(journey: Journey, returned: str) -> None:
    """The clerk takes it in, and the order is archived."""
    page = journey.page("clerk")
    page.goto(f"/returns/{returned}")
    journey.look("return", page)
    page.locator("form[action$='/receipt'] button").click()
    page.locator("a[href$='/nonconformity']").wait_for()
    assert journey.product.states_of(journey.order)[0] == "archived"


def prepare(journey: Journey, returned: str) -> str:
    """The clerk writes the nonconformity report; returns its number."""
    page = journey.page("clerk")
    page.goto(f"/returns/{returned}/nonconformity")
    page.locator("[name=description]").fill("阀芯卡滞不回位，油泵长期溢流，油温升到 67 °C；使用 420 小时，阀芯有拉痕。")
    page.locator("[name=found_where]").fill("现场")
    page.locator("[name=batch]").fill("DCF2405")
    page.locator("main input[type=file]").first.set_input_files([{"name": "part.jpg", "mimeType": "image/jpeg", "buffer": valve()}])
    journey.look("nonconformity", page)
    page.locator("main form.card footer button").first.click()
    page.wait_for_url(re.compile(r"/nonconformities/[A-Z]"))
    return str(page.url.rsplit("/", 1)[1])


def valve() -> bytes:
    """A photo of a valve spool on the bench, with the score along it."""
    made = Image.new("RGB", (640, 480), (84, 104, 96))
    draw = ImageDraw.Draw(made)
    draw.rectangle((60, 190, 580, 290), fill=(168, 172, 176))
    for left in (60, 200, 340, 480):
        draw.rectangle((left, 165, left + 70, 315), fill=(196, 200, 204))
        draw.rectangle((left, 165, left + 70, 190), fill=(222, 226, 230))
    draw.line((130, 246, 560, 238), fill=(92, 70, 60), width=5)
    kept = io.BytesIO()
    made.filter(ImageFilter.GaussianBlur(2)).save(kept, "JPEG", quality=88)
    return kept.getvalue()


def submit(journey: Journey, report: str) -> None:
    """The manager submits it to quality from the phone."""
    page = journey.page("manager")
    page.goto(f"/nonconformities/{report}")
    journey.look("submit", page)
    page.locator("form[action$='/submission'] button").click()
    page.locator("form[action$='/submission']").wait_for(state="detached")


def decide(journey: Journey, report: str) -> None:
    """Quality gives the verdict, checks, and closes."""
    page = journey.page("quality")
    page.goto(f"/nonconformities/{report}")
    page.locator("[name=cause]").select_option("purchase")
    page.locator("[name=disposition]").select_option("return_to_supplier")
    page.locator("[name=quality_opinion]").fill("阀芯配合间隙超差，供应商同批 60 件全检。")
    journey.look("verdict", page)
    page.locator("form[action$='/verdict'] footer button").click()
    page.locator("[name=closing_check]").fill("该批次已全检并换货，来料检验加测换向力。")
    page.locator("form[action$='/closing'] button").click()
    page.locator("form[action$='/closing']").wait_for(state="detached")
    journey.look("closed", page)
