"""Screens of monitoring profiles: the list, a profile by its parts, new, taken in, as text, versions, removed."""

import secrets
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import Conflict, InvalidFile
from app.machines import profile_operations, queries
from app.machines.models import DeviceProfile
from app.machines.profile_operations import ImportedProfile, NewProfile
from app.monitoring.profile_editing import listing, operations, parts, reviewing
from app.monitoring.profile_editing.effects import machine_count
from app.monitoring.profile_editing.entry_views import said
from app.monitoring.profile_editing.forms import CopyForm
from app.monitoring.profile_editing.reviewing import Review
from app.monitoring.profile_editing.routes import blueprint
from app.monitoring.profile_editing.text_forms import FileForm, TextForm
from app.monitoring.profile_editing.typed import SavingForm
from app.web.auth import actor, requires
from app.web.forms import sent
from app.web.i18n import language
from app.web.render import render, see_other


@blueprint.get("/profiles")
@requires("monitoring.read")
def index() -> Response:
    """The monitoring profiles."""
    return render("profiles/index.html", profiles=queries.profile_list())


@blueprint.get("/profiles/<name>")
@requires("monitoring.read")
def profile(name: str) -> Response:
    """One part of a profile: its codes, rules, metrics, combinations or suppressions."""
    row, part = queries.profile_by_name(name), request.args.get("part", "codes")
    found = queries.profile_documents().get(row.id)
    shown: dict[str, Any] = {"codes": listing.codes(found), "rules": listing.rules(found)} if found else {}
    part = part if part in parts.PARTS else "codes"
    return render("profiles/profile.html", row=row, profile=found, part=part, machines=machine_count(row), **shown)


@blueprint.get("/profiles/<name>.yaml")
@requires("monitoring.read")
def download(name: str) -> Response:
    """The file as it was imported, or an older version of it."""
    row, number = queries.profile_by_name(name), request.args.get("version", type=int)
    found = queries.profile_version(row, number) if number else row
    suffix = f"-{number}" if number else ""
    headers = {"Content-Disposition": f'attachment; filename="{row.name}{suffix}.yaml"'}
    return Response(found.document, mimetype="application/yaml", headers=headers)


@blueprint.route("/profiles/new", methods=["GET", "POST"])
@requires("profiles.edit")
def new() -> Response:
    """A new profile from a copy of another; the same form sent again leads to the same profile."""
    form = CopyForm(data={"form_token": secrets.token_urlsafe(24), "source": request.args.get("of")})
    form.source.choices = [(row.name, f"{_title(row)} · {row.name}") for row in queries.profile_list()]
    done = sent(form, lambda: _copy(form, queries.profile_by_name(form.source.data)))
    if done.is_done:
        flash(_("The profile is there. Change what differs, then give it to machines."), "message")
        return see_other(url_for("profiles.profile", name=form.name.data))
    return render("profiles/new.html", form=form, problem=done.problem, status=done.status)


def _title(row: DeviceProfile) -> str:
    return row.title_zh if language().startswith("zh") else row.title_en


def _copy(form: CopyForm, source: DeviceProfile) -> None:
    new_profile = NewProfile(form.name.data, form.zh.data, form.en.data)
    try:
        profile_operations.copy_profile(by=actor(), source=source, new=new_profile, form_token=form.form_token.data)
    except InvalidFile as error:
        form.show_mistakes(error)
        raise


@blueprint.route("/profiles/import", methods=["GET", "POST"])
@requires("profiles.edit")
def take_in() -> Response:
    """A profile file: looked at first, then taken in."""
    return _text_page(FileForm(), None)


@blueprint.route("/profiles/<name>/text", methods=["GET", "POST"])
@requires("profiles.edit")
def text(name: str) -> Response:
    """The whole profile as text, for those who know the format."""
    row = queries.profile_by_name(name)
    return _text_page(TextForm(data={"document": row.document, "version": row.version}), row)


def _text_page(form: TextForm, row: DeviceProfile | None) -> Response:
    look = _Look(form, row)
    done = sent(form, look.act)
    if look.saved is not None:
        flash(said(look.saved), "message")
        return see_other(url_for("profiles.profile", name=look.saved.row.name))
    if look.review is not None:
        form.look_at(look.review, is_conflict=done.status == Conflict.status)
    shown: dict[str, Any] = {"review": look.review, "lines": look.lines, "problem": done.problem}
    return render("profiles/text.html", form=form, row=row, status=200 if done.is_done else done.status, **shown)


class _Look:
    """What was typed is looked at first, and saved when it comes again just as it was looked at."""

    def __init__(self, form: TextForm, row: DeviceProfile | None) -> None:
        self._form, self._row = form, row
        self.review: Review | None = None
        self.lines: list[tuple[int, str, dict[str, Any]]] = []
        self.saved: ImportedProfile | None = None

    def act(self) -> None:
        """Raises ``Invalid`` for what cannot be saved, ``Conflict`` when somebody else was quicker."""
        form = self._form
        try:
            self.review = review = reviewing.of_text(form.text(), self._row)
        except InvalidFile as error:
            self.lines = error.lines
            raise
        if form.version.data is not None:
            profile_operations.refuse_outdated(review.row, form.seen())
        if form.checked.data == review.text_mark:
            given = {"text": review.text, "name": review.name, "reason": form.reason.data}
            self.saved = profile_operations.import_profile(by=actor(), seen=review.version, **given)


@blueprint.get("/profiles/<name>/versions")
@requires("monitoring.read")
def versions(name: str) -> Response:
    """Every version with who made it and why, and what differs between two of them."""
    row = queries.profile_by_name(name)
    found = queries.profile_versions(row)
    newer = queries.profile_version(row, request.args.get("to", row.version, type=int))
    older = queries.profile_version(row, request.args.get("from", max(newer.version - 1, 1), type=int))
    places = reviewing.compared(older.document, newer.document)
    return render("profiles/versions.html", row=row, versions=found, newer=newer, older=older, places=places)


@blueprint.route("/profiles/<name>/versions/<int:number>/restore", methods=["GET", "POST"])
@requires("profiles.edit")
def restore(name: str, number: int) -> Response:
    """Make an old version the newest one, after a look at what that changes."""
    row = queries.profile_by_name(name)
    version = queries.profile_version(row, number)
    form = SavingForm(data={"version": row.version, "reason": _("Version %(number)d restored", number=number)})
    done = sent(
        form,
        lambda: profile_operations.restore(by=actor(), row=row, seen=form.seen(), version=version, reason=form.reason.data),
    )
    if done.is_done:
        flash(_("Version %(number)d is the present one again.", number=number), "message")
        return see_other(url_for("profiles.profile", name=row.name))
    form.keep_up(row, done)
    review = reviewing.of_stored(version.document, row)
    return render("profiles/restore.html", row=row, version=version, form=form, review=review, problem=done.problem, status=done.status)


@blueprint.route("/profiles/<name>/remove", methods=["GET", "POST"])
@requires("profiles.edit")
def remove(name: str) -> Response:
    """Remove a profile that no machine uses."""
    row = queries.profile_by_name(name)
    form = SavingForm(data={"version": row.version})
    done = sent(form, lambda: operations.remove_profile(by=actor(), row=row, seen=form.seen()))
    if done.is_done:
        flash(_("The profile %(name)s was removed.", name=row.name), "message")
        return see_other(url_for("profiles.index"))
    form.keep_up(row, done)
    shown: dict[str, Any] = {"machines": machine_count(row), "is_shipped": row.name in profile_operations.SHIPPED_NAMES}
    return render("profiles/remove.html", row=row, form=form, problem=done.problem, status=done.status, **shown)
