"""Signing on the customer's own phone: a link that leads to one report for one day and signs once (2E-27, security §1).

Works in WeChat's browser, without cookies, in the language of the phone. Nothing but the report stands there.
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core import clock, rate_limits
from app.core.errors import Conflict, DomainError, Invalid, NotFound, TooManyAttempts
from app.core.known_settings import HOTLINE_PHONE
from app.core.types import Actor
from app.service_reports import content, queries, sheets, signing
from app.service_reports.models import ServiceReport
from app.service_reports.signing_views import drawn_in
from app.web import uploads
from app.web.auth import public
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other
from app.web.security import csrf

blueprint = Blueprint("signing_link", __name__)
# Without accounts there is nothing that a forged form could borrow; a phone that keeps no cookies can sign all the same.
csrf.exempt(blueprint)

WINDOW = timedelta(minutes=10)
WRONG_BY_ADDRESS, SEEN_BY_LINK, SENT_BY_LINK = 20, 300, 10
SIGNER = "customer"


@blueprint.before_request
def speak_the_language_of_the_phone() -> None:
    """Who never chose a language gets that of the browser."""
    best = request.accept_languages.best_match(["zh", "zh-CN", "zh-TW", "zh-HK", "en"])
    g.preferred_locale = None if best is None else "en" if best == "en" else "zh_CN"


@blueprint.after_request
def keep_the_address(response: Response) -> Response:
    """The address is the key: it is told to no other site and to no search engine."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@blueprint.errorhandler(NotFound)
@blueprint.errorhandler(TooManyAttempts)
def refuse(error: NotFound | TooManyAttempts) -> Response:
    """Say so without leading strangers to the desk's pages."""
    shown: dict[str, Any] = {"message": words(error), "is_missing": error.status == 404, "hotline": HOTLINE_PHONE.value()}
    response = render("scanned/nothing.html", status=error.status, **shown)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


@blueprint.route("/sign/<token>", methods=["GET", "POST"])
@public
def sign(token: str) -> AnyResponse:
    """The report as the customer signs it; once it is signed, who did so when."""
    found = _report(token)
    if request.method == "GET":
        return _page(token, found)
    by = Actor(user_id=None, name=SIGNER, area_ids=None, ip=request.remote_addr)
    try:
        signing.sign_by_link(by=by, token=token, drawn=drawn_in(request.form))
    except (Conflict, Invalid) as error:
        return _page(token, found, error)
    return see_other(url_for("signing_link.sign", token=token))


@blueprint.get("/sign/<token>/photos/<int:photo_id>")
@public
def photo(token: str, photo_id: int) -> Response:
    """One photo of the report; ``?preview=1`` the small one."""
    return uploads.send(queries.photo_of(_report(token), photo_id).file, preview="preview" in request.args)


def _report(token: str) -> ServiceReport:
    """The report of the link; how often it is asked for is counted. Raises ``NotFound``, ``TooManyAttempts``."""
    now = clock.now()
    address = rate_limits.address_key(request.remote_addr or "")
    try:
        found = signing.of_link(token, now)
    except NotFound:
        rate_limits.hit(f"wrong:{address}", WRONG_BY_ADDRESS, WINDOW, now)
        raise
    kind, limit = ("sign", SENT_BY_LINK) if request.method == "POST" else ("read", SEEN_BY_LINK)
    rate_limits.hit(f"{kind}:report:{found.id}", limit, WINDOW, now)
    return found


def _page(token: str, found: ServiceReport, error: DomainError | None = None) -> Response:
    sheet = sheets.of(found)
    text = "" if sheet.signature else content.text_of(sheets.said_by(found))
    shown: dict[str, Any] = {"sheet": sheet, "token": token, "text": text, "seen": content.digest(text), "typed": request.form}
    shown["errors"] = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    status, problem = (error.status, words(error)) if error else (200, "")
    return render("service_reports/link.html", status=status, problem=problem, hotline=HOTLINE_PHONE.value(), **shown)
