"""Areas: list, add, rename."""

from flask import Response, flash
from flask_babel import gettext as _

from app.accounts import operations, queries
from app.accounts.forms import AreaForm
from app.accounts.views.blueprint import blueprint
from app.web.auth import actor, requires
from app.web.forms import status_of, submitted
from app.web.render import render, see_other


@blueprint.route("/areas", methods=["GET", "POST"])
@requires("users.manage")
def areas() -> Response:
    """All areas, and the form for a new one."""
    form = AreaForm()
    is_done, message = submitted(form, lambda: operations.create_area(by=actor(), name=form.name.data))
    if is_done:
        flash(_("The area is added."), "message")
        return see_other("/areas")
    return render("accounts/areas.html", areas=queries.areas(), form=form, message=message, status=status_of(form))


@blueprint.route("/areas/<int:area_id>", methods=["GET", "POST"])
@requires("users.manage")
def area(area_id: int) -> Response:
    """Rename an area."""
    found = queries.area(area_id)
    form = AreaForm(obj=found)
    is_done, message = submitted(form, lambda: operations.rename_area(by=actor(), area_id=area_id, name=form.name.data))
    if is_done:
        flash(_("Saved."), "message")
        return see_other("/areas")
    return render("accounts/area.html", area=found, form=form, message=message, status=status_of(form))
