"""What people of the demo world handed in: photos on tickets, and a report by a machine's QR code."""

import io
from datetime import datetime, timedelta

from app.core import files
from app.core.files import Incoming
from app.demo.people import Staff
from app.machines.models import Machine
from app.tickets import attachments, following
from app.tickets.models import Ticket, TicketKind, TicketSource

_STEEL, _SHADE, _OIL = (150, 160, 168), (92, 102, 112), (58, 44, 20)


def hand_in(staff: Staff, machines: list[Machine], now: datetime) -> None:
    """Put photos on the two latest repair requests from people, and report a fault by the code of a machine without an open one."""
    clerk = staff["clerk"]
    query = Ticket.select().where(Ticket.source == TicketSource.HOTLINE, Ticket.kind == TicketKind.FAULT_REPORT)
    for number, ticket in enumerate(query.order_by(Ticket.opened_at.desc()).limit(2)):
        photos = [_photo(f"现场照片{number + 1}-{place + 1}.jpg", leaks=place == 0) for place in range(2)]
        at = min(ticket.opened_at + timedelta(minutes=20), now)
        done = attachments.attach(by=clerk, ticket=ticket, incoming=photos, text="站长微信发来的照片", at=at)
        attachments.describe(by=clerk, attachment=done.attachments[0], caption="油缸密封处，地面有油")
    busy = {ticket.machine_id for ticket in Ticket.select(Ticket.machine).where(Ticket.is_open)}
    free = next(machine for machine in machines if machine.id not in busy and machine.site_id is not None)
    told = following.Report(kind=TicketKind.FAULT_REPORT, text="举升时有异响，抖动明显", phone="13800000123", name="值班员小周")
    following.report(machine=free, told=told, incoming=[_photo("IMG_0412.jpg", leaks=False)], at=now - timedelta(minutes=6))


def _photo(name: str, *, leaks: bool) -> Incoming:
    """A drawing of a hydraulic cylinder, as a photo."""
    from PIL import Image, ImageDraw, ImageFilter

    picture = Image.new("RGB", (1280, 960), (196, 200, 196))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 700, 1280, 960), fill=(132, 128, 120))
    pen.rounded_rectangle((180, 300, 760, 520), 40, fill=_SHADE)
    pen.rounded_rectangle((180, 300, 760, 400), 40, fill=_STEEL)
    pen.rectangle((740, 360, 1150, 460), fill=(214, 218, 220))
    pen.ellipse((1090, 320, 1230, 500), fill=_SHADE)
    pen.rectangle((720, 280, 780, 540), fill=(74, 82, 90))
    if leaks:
        pen.polygon(((730, 540), (770, 540), (790, 720), (700, 720)), fill=_OIL)
        pen.ellipse((520, 720, 1010, 860), fill=_OIL)
    out = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(2)).save(out, "JPEG", quality=85)
    return files.take_in(name=name, stream=io.BytesIO(out.getvalue()))
