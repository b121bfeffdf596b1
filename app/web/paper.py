"""Documents on paper: HTML as a PDF to be saved, and QR codes to print on it."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

import segno
from flask import Response, current_app

from app.core import pdf

SHEET = ("file.css",)


def pdf_response(name: str, html: str, pictures: Mapping[str, Path] | None = None, styles: Sequence[str] = SHEET) -> Response:
    """``html`` as the PDF ``name``; ``styles`` are files of ``static/paper``, ``pictures`` what it may show, by the address it uses.

    Raises ``Unavailable`` in words when no PDF can be made now.
    """
    assert current_app.static_folder is not None
    folder = Path(current_app.static_folder, "paper")
    sheet = "\n".join((folder / one).read_text(encoding="utf8") for one in styles)
    response = Response(pdf.make(html, styles=sheet, files=pictures), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def qr_svg(address: str) -> bytes:
    """The QR code of ``address``; it survives a scratch over 15 % of it."""
    return segno.make(address, error="m", micro=False).svg_inline(scale=4, border=2).encode().replace(
        b"<svg ", b'<svg xmlns="http://www.w3.org/2000/svg" ', 1
    )  # fmt: skip


def qr_source(address: str) -> str:
    """The same for the ``src`` of an ``<img>``, without a request of its own."""
    return f"data:image/svg+xml;base64,{b64encode(qr_svg(address)).decode('ascii')}"
