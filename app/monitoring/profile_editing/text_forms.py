"""The whole text of a profile, typed or uploaded."""

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from app.core.errors import N_, Invalid
from app.machines.profiles.nodes import MAX_BYTES
from app.monitoring.profile_editing.reviewing import Review
from app.monitoring.profile_editing.typed import SavingForm


class TextForm(SavingForm):
    """The text; ``checked`` says which text was looked at before."""

    checked = HiddenField()
    document = TextAreaField(_("Text of the profile"), validators=[Length(max=MAX_BYTES)])

    def text(self) -> str:
        """What was typed. Raises ``Invalid`` when that is nothing."""
        typed = (self.document.data or "").replace("\r\n", "\n")
        if not typed.strip():
            raise Invalid(N_("Choose a file or type the profile."))
        return typed

    def look_at(self, review: Review, *, is_conflict: bool) -> None:
        """The form comes back with what was looked at; after a conflict it is looked at again first."""
        self.document.data = review.text
        self.checked.data, self.checked.raw_data = "" if is_conflict else review.text_mark, None
        self.version.data, self.version.raw_data = review.version, None


class FileForm(TextForm):
    """A file, or the text of one; the text stays when it was refused."""

    file = FileField(_("File"))

    def text(self) -> str:
        """The chosen file, else what was typed. Raises ``Invalid`` when neither is there or the file is not UTF-8."""
        content = self.file.data.read(MAX_BYTES + 1) if self.file.data else b""
        if not content:
            return super().text()
        try:
            self.document.data = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Invalid(N_("The file is not UTF-8 text.")) from None
        return super().text()
