"""Users: list, add, change, new password, shut out and let in."""

from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _

from app.accounts import exporting, operations, passwords, places, queries
from app.accounts.forms import NewUserForm, PasswordForm, UserForm
from app.accounts.queries import UserFilter
from app.accounts.views.blueprint import blueprint
from app.core import clock
from app.core.errors import N_
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import status_of, submitted
from app.web.render import render, see_other


@blueprint.get("/users")
@requires("users.manage")
def users() -> Response:
    """The list of users."""
    wanted, sort = _wanted(), _sort()
    page = queries.users(wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    choices: dict[str, Any] = {"areas": queries.area_choices(), "stations": [(one.id, one.name) for one in places.station_choices()]}
    return render("accounts/users.html", fragment="accounts/_users.html", page=page, wanted=wanted, sort=sort, **choices)


@blueprint.get("/users.csv")
@requires("users.manage")
def users_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("users", exporting.USER_COLUMNS, exporting.users(_wanted(), _sort()))


@blueprint.get("/users.xlsx")
@requires("users.manage")
def users_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response(
        "users", N_("Users"), exporting.USER_COLUMNS, exporting.users(_wanted(), _sort()), labels={"roles": "Role"}
    )


def _wanted() -> UserFilter:
    given = request.args
    area_id, station_id = given.get("area", type=int), given.get("station", type=int)
    q, role, state = given.get("q", "").strip(), given.get("role", ""), given.get("state", "")
    return UserFilter(q=q, role=role, area_id=area_id, station_id=station_id, state=state)


def _sort() -> str:
    return request.args.get("sort") or "username"


@blueprint.route("/users/new", methods=["GET", "POST"])
@requires("users.manage")
def new_user() -> Response:
    """Add a user; the suggested password is random."""
    form = NewUserForm(password=passwords.generated())
    form.offer(queries.area_choices(), places.station_choices())
    is_done, message = submitted(form, lambda: operations.create_user(by=actor(), **form.given()))
    if is_done:
        flash(_("%(name)s can sign in now.", name=form.name.data), "message")
        return see_other("/users")
    return render("accounts/new_user.html", form=form, message=message, status=status_of(form))


@blueprint.route("/users/<int:user_id>", methods=["GET", "POST"])
@requires("users.manage")
def user(user_id: int) -> Response:
    """One user: name, roles, areas, sessions."""
    found = queries.user(user_id)
    areas, station = [area.id for area in queries.areas_of(user_id)], str(found.station_id or "")
    form = UserForm(obj=found, data={"roles": queries.roles_of(user_id), "area_ids": areas, "station": station})
    form.offer(queries.area_choices(), places.station_choices(found.station_id))
    is_done, message = submitted(form, lambda: operations.change_user(by=actor(), user_id=user_id, **form.given()))
    if is_done:
        flash(_("Saved."), "message")
        return see_other(f"/users/{user_id}")
    sessions = queries.live_sessions(user_id, clock.now())
    return render("accounts/user.html", user=found, form=form, message=message, sessions=sessions, status=status_of(form))


@blueprint.route("/users/<int:user_id>/password", methods=["GET", "POST"])
@requires("users.manage")
def user_password(user_id: int) -> Response:
    """Give a user a new first password."""
    found = queries.user(user_id)
    form = PasswordForm(password=passwords.generated())
    is_done, message = submitted(form, lambda: operations.set_password(by=actor(), user_id=user_id, password=form.password.data))
    if is_done:
        flash(_("%(name)s has a new password and must sign in again.", name=found.name), "message")
        return see_other(f"/users/{user_id}")
    return render("accounts/user_password.html", user=found, form=form, message=message, status=status_of(form))


@blueprint.post("/users/<int:user_id>/disablement")
@requires("users.manage")
def disable(user_id: int) -> Response:
    """Shut a user out."""
    operations.disable_user(by=actor(), user_id=user_id, version=request.form.get("version", 0, int))
    flash(_("The user can no longer sign in; all sessions have ended."), "message")
    return see_other(f"/users/{user_id}")


@blueprint.post("/users/<int:user_id>/enablement")
@requires("users.manage")
def enable(user_id: int) -> Response:
    """Let a user in again."""
    operations.enable_user(by=actor(), user_id=user_id, version=request.form.get("version", 0, int))
    flash(_("The user can sign in again."), "message")
    return see_other(f"/users/{user_id}")


@blueprint.post("/users/<int:user_id>/sessions/revocation")
@requires("users.manage")
def end_sessions(user_id: int) -> Response:
    """End all sessions of a user."""
    operations.revoke_sessions(by=actor(), user_id=user_id)
    flash(_("All sessions of this user have ended."), "message")
    return see_other(f"/users/{user_id}")
