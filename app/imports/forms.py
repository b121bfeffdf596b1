"""What people type about imports; the rules are in the operations."""

import secrets
from collections.abc import Mapping as MappingType
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from app.core.import_runs import ImportKind
from app.web.labels import LABELS, options

NOT_READ = "-"


class UploadForm(FlaskForm):
    """A file and what it holds; ``form_token`` makes sending twice harmless."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    kind = RadioField(
        _("What the file holds"), choices=options("ImportKind"), validators=[InputRequired(_("Please say what the file holds."))]
    )
    file = FileField(_("File"), validators=[FileRequired(_("Please choose a file."))])
    creates_machines = BooleanField(_("Register machines that are not there yet"))
    source = StringField(
        _("Book or system the records come from"), validators=[Length(max=60)], filters=[lambda typed: (typed or "").strip()]
    )

    def upload(self) -> dict[str, Any]:
        """What was chosen, as the operation takes it."""
        stored: FileStorage = self.file.data
        is_history = self.kind.data == ImportKind.HISTORY
        return {
            "kind": ImportKind(self.kind.data),
            "name": stored.filename or "",
            "stream": stored.stream,
            "creates_machines": is_history and self.creates_machines.data,
            "source": self.source.data if is_history else "",
            "form_token": self.form_token.data,
        }


def kind_in(given: str | None) -> ImportKind | None:
    """The kind that an address names."""
    return ImportKind(given) if given in LABELS["ImportKind"] else None


def columns_in(form: MappingType[str, str], headings: tuple[str, ...]) -> dict[str, str]:
    """What was chosen for each heading; a heading without a choice is not in it."""
    chosen = {heading: form.get(f"column-{place}", "") for place, heading in enumerate(headings)}
    return {heading: "" if code == NOT_READ else code for heading, code in chosen.items() if code}
