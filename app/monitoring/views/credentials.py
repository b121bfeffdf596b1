"""Device credentials: made, renewed, withdrawn. A secret is shown in the answer that made it and never again."""

from typing import Any

from flask import flash, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.monitoring import feed, forms, operations
from app.monitoring.views.routes import blueprint
from app.web.auth import actor, requires
from app.web.forms import submitted
from app.web.render import render, see_other


@blueprint.get("/monitoring/credentials")
@requires("credentials.manage")
def credentials() -> Response:
    """All credentials and the form for a new one."""
    return _page(forms.CredentialForm(formdata=None))


@blueprint.post("/monitoring/credentials")
@requires("credentials.manage")
def create_credential() -> Response:
    """Make a credential; the answer itself shows the secret, so it is a page and not a way to another one."""
    form, made = forms.CredentialForm(), []
    is_done, problem = submitted(form, lambda: made.append(operations.create_credential(by=actor(), device=form.device.data.strip())))
    if not is_done:
        return _page(form, problem=problem, status=422)
    return _page(forms.CredentialForm(formdata=None), device=form.device.data.strip(), secret=made[0], status=201)


@blueprint.post("/monitoring/credentials/<device>/rotation")
@requires("credentials.manage")
def rotate_credential(device: str) -> Response:
    """A new secret for a device."""
    secret = operations.rotate_credential(by=actor(), device=device)
    return _page(forms.CredentialForm(formdata=None), device=device, secret=secret, status=201)


@blueprint.post("/monitoring/credentials/<device>/revocation")
@requires("credentials.manage")
def revoke_credential(device: str) -> Response:
    """Withdraw a credential."""
    operations.revoke_credential(by=actor(), device=device)
    flash(_("The credential of %(device)s is withdrawn.", device=device))
    return see_other(url_for("monitoring.credentials"))


def _page(form: forms.CredentialForm, *, status: int = 200, device: str = "", secret: str = "", problem: str = "") -> Response:
    shown: dict[str, Any] = {"credentials": feed.credentials(), "device": device, "secret": secret, "problem": problem}
    return render("monitoring/credentials.html", status=status, form=form, **shown)
