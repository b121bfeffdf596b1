"""Papers and photos in the machine files of the demo world, and forms that technicians have yet to hand in."""

import io
import random
from datetime import datetime, timedelta

from app.accounts.models import User
from app.core import clock, files
from app.demo.people import Staff
from app.machines import documents, requests
from app.machines.documents import DocumentDetails
from app.machines.models import FormType, Machine
from app.machines.paperwork import expected_forms

PHOTOGRAPHED = 4
COMPLETE_SHARE = 0.7
UNFILED = 5
ASKED = ((2, FormType.SERVICE_REPORT, 3), (9, FormType.PIT_GUIDANCE, -4), (17, FormType.INSPECTION, 6))


def hand_in(staff: Staff, machines: list[Machine], now: datetime) -> None:
    """Fill the files: most have the papers of delivery and acceptance, a few a photo; some scans wait for their box."""
    dice = random.Random(44)
    for number, machine in enumerate(machines):
        for form in expected_forms(shipped_on=machine.shipped_on, accepted_on=machine.accepted_on):
            if dice.random() < COMPLETE_SHARE:
                _paper(staff, machine, form, now, place=(str(1 + number // 20), str(1 + number % 20)))
    for machine in machines[:PHOTOGRAPHED]:
        picture = files.take_in(name=f"{machine.serial}.jpg", stream=io.BytesIO(_photo(dice)))
        details = DocumentDetails(form_type=FormType.PHOTO, title="设备全景")
        documents.hand_in(by=staff["technician"], onto=machine, details=details, incoming=[picture], at=now - timedelta(days=20))
    for machine in machines[10 : 10 + UNFILED]:
        _paper(staff, machine, FormType.SERVICE_REPORT, now, place=("", ""))
    for index, form, days in ASKED:
        technician = User.get(User.username == "technician")
        due_on = clock.day_of(now) + timedelta(days=days)
        requests.ask(by=staff["clerk"], machine=machines[index], form_type=form, technician=technician, due_on=due_on, at=now)


def _paper(staff: Staff, machine: Machine, form: FormType, now: datetime, place: tuple[str, str]) -> None:
    day = machine.shipped_on if form is FormType.PIT_GUIDANCE else machine.accepted_on
    details = DocumentDetails(form_type=form, document_on=day, has_paper=True, cabinet=place[0], box=place[1])
    documents.hand_in(by=staff["clerk"], onto=machine, details=details, at=now - timedelta(days=15))


def _photo(dice: random.Random) -> bytes:
    """A picture that reminds of a compactor in its pit: sky, hall, container."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (960, 720), (196, 206, 214))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 470, 960, 720), fill=(134, 138, 134))
    shade = dice.randrange(60, 110)
    draw.rectangle((180, 180, 780, 560), fill=(shade, shade + 42, shade + 30))
    draw.rectangle((180, 180, 780, 230), fill=(shade - 25, shade + 10, shade))
    draw.rectangle((240, 290, 460, 500), fill=(72, 78, 84))
    for left in range(500, 760, 60):
        draw.rectangle((left, 290, left + 34, 500), fill=(shade + 40, shade + 75, shade + 62))
    draw.polygon([(130, 560), (830, 560), (900, 640), (60, 640)], fill=(92, 96, 98))
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=86)
    return made.getvalue()
