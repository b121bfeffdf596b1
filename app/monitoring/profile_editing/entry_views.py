"""One entry of a profile on a form: add, change, take out; and the head of the profile."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Conflict, Invalid, InvalidFile
from app.machines import profile_operations, queries
from app.machines.models import DeviceProfile
from app.machines.profiles import editing
from app.monitoring.profile_editing import effects, parts, reviewing
from app.monitoring.profile_editing.forms import FORMS, GeneralForm
from app.monitoring.profile_editing.routes import blueprint
from app.monitoring.profile_editing.typed import Entry, EntryForm, SavingForm
from app.web.auth import actor, requires
from app.web.forms import Sent, sent
from app.web.render import render, see_other

LOST = N_("Somebody else changed or removed just this meanwhile. Open it again; what you typed is still below.")


@dataclass(slots=True)
class _Opened:
    """An entry on its form; ``name`` is what it is called now, None when it is not there any more."""

    row: DeviceProfile
    part: str
    form: EntryForm
    name: str | None = ""
    lines: list[tuple[int, str]] = field(default_factory=list)  # mistakes that are not about a field

    @property
    def code(self) -> str:
        """The code that the entry is about, if it is about one."""
        if self.part == "codes":
            return self.name or ""
        names = {"rules": "code", "combinations": "key", "suppress": "parent"}
        return self.form[names[self.part]].data or "" if self.part in names else ""


def _opened(name: str, part: str) -> _Opened:
    row = queries.profile_by_name(name)
    parts.entries(parts.document_of(row), part)
    return _Opened(row, part, FORMS[part]())


@blueprint.route("/profiles/<name>/general", methods=["GET", "POST"])
@requires("profiles.edit")
def general(name: str) -> Response:
    """The titles of a profile and how often its machines speak."""
    one = _Opened(queries.profile_by_name(name), "general", GeneralForm())
    document = parts.document_of(one.row)
    if not one.form.is_submitted():
        one.form.fill(document)
    done = sent(one.form, lambda: _save(one, (), one.form.entry(document)))
    if done.is_done:
        return see_other(url_for("profiles.profile", name=one.row.name))
    return _page(one, done)


@blueprint.route("/profiles/<name>/<part>/new", methods=["GET", "POST"])
@requires("profiles.edit")
def add(name: str, part: str) -> Response:
    """Add an entry."""
    one = _opened(name, part)
    if not one.form.is_submitted():
        one.form.fill(request.args.to_dict())
    done = sent(one.form, lambda: _add(one))
    if done.is_done:
        return see_other(url_for("profiles.profile", name=one.row.name, part=part))
    return _page(one, done)


def _add(one: _Opened) -> None:
    key_name = one.form.key_name
    key = one.form[key_name].data if key_name else ""
    wrong = ""
    if key_name and not key:
        wrong = N_("This is needed.")
    elif key_name and key in parts.entries(parts.document_of(one.row), one.part):
        wrong = N_("This is in the profile already.")
    if wrong:
        raise Invalid(N_("Nothing was saved yet. Please look at the marked fields."), fields={key_name: wrong})
    _save(one, parts.new_path(one.row, one.part, key), one.form.entry({}))


@blueprint.route("/profiles/<name>/<part>/<entry>", methods=["GET", "POST"])
@requires("profiles.edit")
def entry(name: str, part: str, entry: str) -> Response:
    """Change an entry; one that moved because others were added or taken out meanwhile is found again."""
    one = _opened(name, part)
    one.name = _now(one.row, part, entry, one.form)
    present = parts.entry(one.row, part, one.name) if one.name else {}
    if not one.form.is_submitted():
        one.form.fill(present)
    done = sent(one.form, lambda: _change(one, present))
    if done.is_done:
        return see_other(url_for("profiles.profile", name=one.row.name, part=part, _anchor=f"{part}-{one.name}"))
    return _page(one, done, entry)


def _now(row: DeviceProfile, part: str, name: str, form: SavingForm) -> str | None:
    """What the entry ``name`` of the version that the form shows is called in the present one."""
    return parts.moved_to(row, part, name, form.seen()) if form.is_submitted() else name


def _change(one: _Opened, present: Entry) -> None:
    if one.name is None:
        raise Conflict(LOST)
    _save(one, parts.path(one.part, one.name), one.form.entry(present))


def _save(one: _Opened, path: Sequence[str | int], entry: Entry) -> None:
    """What is wrong with the text as it would be stands beside its field, or in a list where it is about something else."""
    try:
        done = profile_operations.put_entry(
            by=actor(), row=one.row, seen=one.form.seen(), path=path, entry=entry, reason=one.form.reason.data
        )  # fmt: skip
    except InvalidFile as error:
        one.lines += one.form.show_mistakes(error, parts.where(path))
        raise
    flash(said(done), "message")


def said(done: profile_operations.ImportedProfile) -> str:
    """What became of it."""
    if not done.is_changed:
        return _("Nothing changed: this is the present version.")
    return _("Saved as version %(number)d.", number=done.row.version)


def _page(one: _Opened, done: Sent, entry: str = "") -> Response:
    one.form.keep_up(one.row, done, is_there=one.name is not None)
    shown: dict[str, Any] = {
        "row": one.row, "part": one.part, "entry": one.name or entry, "form": one.form, "lines": one.lines,
        "profile": queries.profile_documents().get(one.row.id), "machines": effects.machine_count(one.row), "code": one.code,
        "standing": effects.standing_alarms(one.row, [one.code]).get(one.code, 0),
    }  # fmt: skip
    return render(f"profiles/edit_{one.part}.html", problem=done.problem, status=done.status, **shown)


@blueprint.route("/profiles/<name>/<part>/<entry>/remove", methods=["GET", "POST"])
@requires("profiles.edit")
def take_out(name: str, part: str, entry: str) -> Response:
    """Take an entry out, after a look at what that changes."""
    row, form = queries.profile_by_name(name), SavingForm()
    now = _now(row, part, entry, form)
    if now:
        parts.entry(row, part, now)
    done = sent(form, lambda: _take_out(form, row, part, now))
    if done.is_done:
        return see_other(url_for("profiles.profile", name=row.name, part=part))
    form.keep_up(row, done, is_there=now is not None)
    review = reviewing.of_stored(editing.drop(row.document, parts.path(part, now)), row) if now else None
    shown: dict[str, Any] = {"part": part, "entry": now or entry, "review": review}
    return render("profiles/take_out.html", row=row, form=form, problem=done.problem, status=done.status, **shown)


def _take_out(form: SavingForm, row: DeviceProfile, part: str, now: str | None) -> None:
    if now is None:
        raise Conflict(LOST)
    done = profile_operations.drop_entry(by=actor(), row=row, seen=form.seen(), path=parts.path(part, now), reason=form.reason.data)
    flash(said(done), "message")
