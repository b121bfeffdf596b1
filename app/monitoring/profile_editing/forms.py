"""The forms of a profile's parts."""

from collections.abc import Iterator
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, FieldList, FormField, HiddenField, SelectField
from wtforms.validators import Length

from app.core.errors import InvalidFile
from app.customers.forms import text
from app.machines.profiles.parsing import LONGEST_WARNING
from app.monitoring.profile_editing.typed import Entry, EntryForm, Row, bounds, ends, key_field, listed, number, part, shown, words

_LEVELS = 3
_SPARE_ROWS = 2
SEVERITY = [("critical", _("Critical")), ("high", _("High")), ("low", _("Low"))]


class CodeForm(EntryForm):
    """What a fault code means."""

    fields_of_paths: ClassVar[dict[str, str]] = {
        "": "key", "name": "name_zh", "warning": "warning_zh", "ticket.after_s": "after_s", "ticket.after_working_s": "after_working_s",
        "ticket.count": "count", "ticket.within_s": "ticket_within_s",
    }  # fmt: skip
    key_name: ClassVar[str] = "key"
    FLAGS: ClassVar[tuple[str, ...]] = ("latching", "safety", "auto_close", "tell_customer")
    TEXTS: ClassVar[tuple[str, ...]] = ("family", "component")
    DELAYS: ClassVar[tuple[str, ...]] = ("on_delay_s", "off_delay_s", "reopen_s")

    key = key_field(_("Code"))
    name_zh = text(_("Name in Chinese"))
    name_en = text(_("Name in English"))
    severity = SelectField(_("Severity"), choices=SEVERITY, default="low")
    component = text(_("Component"))
    family = text(_("Family"))
    on_delay_s = text(_("On-delay in seconds"))
    off_delay_s = text(_("Off-delay in seconds"))
    reopen_s = text(_("Opens its ticket again within, in seconds"))
    latching = BooleanField(_("Stands until somebody resets it"))
    safety = BooleanField(_("Guards people"))
    auto_close = BooleanField(_("Its ticket closes itself when the fault has gone and nobody took it up"))
    tell_customer = BooleanField(_("The customer is to be told"))
    ticket = SelectField(
        _("Opens a ticket"),
        choices=[
            ("open", _("at once")),
            ("none", _("never")),
            ("after", _("when it stands for so long")),
            ("after_working", _("when it stands for so long in working hours")),
            ("count", _("when it comes so often")),
        ],
    )
    after_s = text(_("Stands for, in seconds"))
    after_working_s = text(_("Stands for, in seconds of working hours"))
    count = text(_("Times"))
    ticket_within_s = text(_("Within, in seconds"))
    warning_zh = text(_("Warning in Chinese"), Length(max=LONGEST_WARNING))
    warning_en = text(_("Warning in English"), Length(max=LONGEST_WARNING))

    def fill(self, entry: Entry) -> None:
        """Show ``entry``."""
        for name in ("name", "warning"):
            for language in ("zh", "en"):
                self[f"{name}_{language}"].data = shown(part(entry.get(name), language))
        for name in (*self.TEXTS, *self.DELAYS):
            self[name].data = shown(entry.get(name))
        for name in self.FLAGS:
            self[name].data = entry.get(name) is True
        self.severity.data = entry.get("severity", "low")
        self._fill_ticket(entry.get("ticket", "open"))

    def _fill_ticket(self, ticket: Any) -> None:
        self.after_s.data, self.after_working_s.data = shown(part(ticket, "after_s")), shown(part(ticket, "after_working_s"))
        self.count.data, self.ticket_within_s.data = shown(part(ticket, "count")), shown(part(ticket, "within_s"))
        kinds = (("after_s", "after"), ("after_working_s", "after_working"), ("count", "count"))
        self.ticket.data = ticket if isinstance(ticket, str) else next((kind for name, kind in kinds if name in ticket), "count")

    def entry(self, present: Entry) -> Entry:
        """What was typed."""
        found: Entry = {"name": words(self.name_zh.data, self.name_en.data), "severity": self.severity.data}
        found |= {name: self[name].data for name in self.TEXTS if self[name].data}
        found |= {name: self[name].data for name in self.FLAGS if self[name].data or name in present}
        if self.ticket.data != "open" or "ticket" in present:
            found["ticket"] = self._ticket()
        found |= {name: number(self[name].data) for name in self.DELAYS if self[name].data}
        if self.warning_zh.data or self.warning_en.data:
            found["warning"] = words(self.warning_zh.data, self.warning_en.data)
        return found

    def _ticket(self) -> Any:
        kind = self.ticket.data
        if kind in ("after", "after_working"):
            return {f"{kind}_s": number(self[f"{kind}_s"].data)}
        if kind == "count":
            return {"count": number(self.count.data), "within_s": number(self.ticket_within_s.data)}
        return kind


class CombinationForm(CodeForm):
    """Codes that together mean something else."""

    fields_of_paths: ClassVar[dict[str, str]] = CodeForm.fields_of_paths | {"code": "key", "": "key"}
    key_name: ClassVar[str] = ""
    all_of = text(_("Codes that must come together"))
    within_s = text(_("All of them within, in seconds"))

    def fill(self, entry: Entry) -> None:
        """Show ``entry``."""
        super().fill(entry)
        self.key.data, self.within_s.data = shown(entry.get("code")), shown(entry.get("within_s"))
        self.all_of.data = " ".join(map(str, entry.get("all_of", ())))

    def entry(self, present: Entry) -> Entry:
        """What was typed."""
        together = {"code": self.key.data, "all_of": listed(self.all_of.data), "within_s": number(self.within_s.data)}
        return together | super().entry(present)


class LevelRow(Row):
    """One level of a rule."""

    limit = text(_("Limit"))
    severity = SelectField(_("Severity"), choices=[("", _("as the code")), *SEVERITY], default="", validate_choice=False)
    on_delay_s = text(_("On-delay in seconds"))


class RuleForm(EntryForm):
    """A condition on readings that raises a code."""

    fields_of_paths: ClassVar[dict[str, str]] = {"": "condition", "levels": "condition", "above": "condition", "below": "condition"}
    DELAYS: ClassVar[tuple[str, ...]] = ("deadband", "on_delay_s", "off_delay_s")
    WANTED: ClassVar[dict[str, tuple[str, ...]]] = {"rises": ("rises", "within_s"), "missing": ("missing_s",)}

    code = key_field(_("Code"))
    metric = key_field(_("Metric"))
    condition = SelectField(
        _("Is true when the value"),
        choices=[
            ("above", _("is above a limit")),
            ("below", _("is below a limit")),
            ("rises", _("rises fast")),
            ("missing", _("is missing")),
        ],
    )
    levels = FieldList(FormField(LevelRow), min_entries=_LEVELS)
    rises = text(_("Rises by"))
    within_s = text(_("Within, in seconds"))
    missing_s = text(_("Missing for, in seconds"))
    deadband = text(_("Deadband"))
    on_delay_s = text(_("On-delay in seconds"))
    off_delay_s = text(_("Off-delay in seconds"))

    def _field(self, place: str) -> Field | None:
        levels = [row.form for row in self.levels if row.form.is_filled()]
        side, _dot, name = place.rpartition(".")
        if place in ("above", "below") and levels:
            return levels[0].limit
        if name in ("above", "below") and side.startswith("levels["):
            return super()._field(f"{side}.limit")
        return super()._field(place)

    def fill(self, entry: Entry) -> None:
        """Show ``entry``."""
        for name in ("code", "metric", *self.DELAYS, "rises", "within_s", "missing_s"):
            self[name].data = shown(entry.get(name))
        found = [one for one in entry.get("levels") or [entry] if isinstance(one, dict) and ("above" in one or "below" in one)]
        conditions = "missing" if "missing_s" in entry else "rises" if "rises" in entry else ""
        self.condition.data = conditions or ("below" if any("below" in one for one in found) else "above")
        while len(self.levels) < len(found) + 1:
            self.levels.append_entry()
        for row, level in zip(self.levels, found, strict=False):
            row.form.limit.data = shown(level.get("above", level.get("below")))
            is_level = level is not entry
            row.form.severity.data = shown(level.get("severity")) if is_level else ""
            row.form.on_delay_s.data = shown(level.get("on_delay_s")) if is_level else ""

    def entry(self, present: Entry) -> Entry:
        """What was typed."""
        kind = self.condition.data
        found: Entry = {"code": self.code.data, "metric": self.metric.data}
        if kind in self.WANTED:
            found |= {name: number(self[name].data) for name in self.WANTED[kind]}
        else:
            found |= self._levels(kind, present)
        delays = ("off_delay_s",) if kind == "missing" else self.DELAYS
        return found | {name: number(self[name].data) for name in delays if self[name].data}

    def _levels(self, kind: str, present: Entry) -> Entry:
        rows = [row.form for row in self.levels if row.form.is_filled()]
        levels: list[Entry] = [{kind: number(row.limit.data)} | _of_level(row) for row in rows]
        if len(levels) == 1 and len(levels[0]) == 1 and "levels" not in present:
            return levels[0]
        return {"levels": levels}


def _of_level(row: LevelRow) -> Entry:
    severity = {"severity": row.severity.data} if row.severity.data else {}
    return severity | ({"on_delay_s": number(row.on_delay_s.data)} if row.on_delay_s.data else {})


class ValueRow(Row):
    """One value of a metric of kind text."""

    value = text(_("Value"))
    zh = text(_("In Chinese"))
    en = text(_("In English"))


class MetricForm(EntryForm):
    """A measured value."""

    fields_of_paths: ClassVar[dict[str, str]] = {
        "": "key",
        "name": "name_zh",
        "range": "range_from",
        "normal": "normal_from",
        "values": "kind",
    }
    key_name: ClassVar[str] = "key"

    key = key_field(_("Metric"))
    name_zh = text(_("Name in Chinese"))
    name_en = text(_("Name in English"))
    kind = SelectField(_("Kind"), choices=[("number", _("Number")), ("boolean", _("Yes or no")), ("text", _("Words"))])
    unit = text(_("Unit"))
    range_from = text(_("The sensor shows from"))
    range_to = text(_("The sensor shows up to"))
    normal_from = text(_("Normal from"))
    normal_to = text(_("Normal up to"))
    values = FieldList(FormField(ValueRow), min_entries=_SPARE_ROWS)

    def _field(self, place: str) -> Field | None:
        part, _dot, inner = place.partition(".")
        if part != "values" or not inner:
            return super()._field(place)
        rows = {row.form.value.data: row.form for row in self.values if row.form.is_filled()}
        row = rows.get(inner.removesuffix(".zh").removesuffix(".en"), next(iter(rows.values()), None))
        return row.en if row is not None and inner.endswith(".en") else row.zh if row is not None else None

    def fill(self, entry: Entry) -> None:
        """Show ``entry``."""
        self.name_zh.data, self.name_en.data = shown(part(entry.get("name"), "zh")), shown(part(entry.get("name"), "en"))
        self.kind.data, self.unit.data = entry.get("kind", "number"), shown(entry.get("unit"))
        self.range_from.data, self.range_to.data = ends(entry.get("range"))
        self.normal_from.data, self.normal_to.data = ends(entry.get("normal"))
        values = entry.get("values") or {}
        while len(self.values) < len(values) + _SPARE_ROWS:
            self.values.append_entry()
        for row, (value, said) in zip(self.values, values.items(), strict=False):
            row.form.value.data, row.form.zh.data, row.form.en.data = value, shown(part(said, "zh")), shown(part(said, "en"))

    def entry(self, present: Entry) -> Entry:
        """What was typed."""
        kind = self.kind.data
        found: Entry = self._of_number() if kind == "number" else {}
        if kind != "number" or "kind" in present:
            found["kind"] = kind
        found["name"] = words(self.name_zh.data, self.name_en.data)
        values = dict(self._values()) if kind == "text" else {}
        return found | ({"values": values} if values else {})

    def _of_number(self) -> Entry:
        found: Entry = {"unit": self.unit.data} if self.unit.data else {}
        for name in ("range", "normal"):
            given = bounds(self[f"{name}_from"].data, self[f"{name}_to"].data)
            found |= {name: given} if given else {}
        return found

    def _values(self) -> Iterator[tuple[str, Entry]]:
        return ((row.form.value.data, words(row.form.zh.data, row.form.en.data)) for row in self.values if row.form.is_filled())


class SuppressionForm(EntryForm):
    """While one code stands, others open nothing."""

    parent = key_field(_("While this code stands"))
    children = text(_("These open nothing"))

    def fill(self, entry: Entry) -> None:
        """Show ``entry``."""
        self.parent.data, self.children.data = shown(entry.get("parent")), " ".join(map(str, entry.get("children", ())))

    def entry(self, present: Entry) -> Entry:
        """What was typed."""
        return {"parent": self.parent.data, "children": listed(self.children.data)}


FORMS: dict[str, type[EntryForm]] = {
    "codes": CodeForm,
    "rules": RuleForm,
    "metrics": MetricForm,
    "combinations": CombinationForm,
    "suppress": SuppressionForm,
}


class GeneralForm(EntryForm):
    """What stands at the head of a profile."""

    fields_of_paths: ClassVar[dict[str, str]] = {"name": "name_zh"}
    name_zh = text(_("Name in Chinese"))
    name_en = text(_("Name in English"))
    expected_interval_s = text(_("A reading is expected every, in seconds"))

    def fill(self, entry: Entry) -> None:
        """Show the head of a document."""
        self.name_zh.data, self.name_en.data = shown(part(entry.get("name"), "zh")), shown(part(entry.get("name"), "en"))
        self.expected_interval_s.data = shown(entry.get("expected_interval_s"))

    def entry(self, present: Entry) -> Entry:
        """The document with that head."""
        interval = {"expected_interval_s": number(self.expected_interval_s.data)} if self.expected_interval_s.data else {}
        kept = {name: one for name, one in present.items() if name != "expected_interval_s"}
        return kept | {"name": words(self.name_zh.data, self.name_en.data)} | interval


class CopyForm(FlaskForm):
    """A new profile from a copy of another."""

    form_token = HiddenField()
    source = SelectField(_("Copy of"))
    name = key_field(_("Code name"))
    zh = text(_("Name in Chinese"))
    en = text(_("Name in English"))

    def show_mistakes(self, error: InvalidFile) -> None:
        """Put each mistake beside its field."""
        fields = {"profile": self.name, "name.zh": self.zh, "name.en": self.en}
        for _line, message, params in error.lines:
            field = fields.get(str(params.get("where")), self.source)
            field.errors = [*field.errors, gettext(message, **(params | {"where": field.label.text}))]
