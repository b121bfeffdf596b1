"""What people type of a contract, checked for shape; the rules are in the operations."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional
from wtforms.widgets import HiddenInput

from app.contracts import clauses, pricing, queries
from app.contracts.models import Contract, ContractKind, ContractLine
from app.contracts.operations import About, Line, Terms
from app.core.errors import N_, Invalid, NotFound
from app.core.types import Actor
from app.machines import queries as machines
from app.machines.models import Machine
from app.parts.models import Part
from app.web import lines
from app.web.amounts import NO_AMOUNT, NO_QUANTITY, NO_SHARE, AmountField, ShareField, number_in, number_text
from app.web.i18n import language
from app.web.labels import options

NAMES = ("text", "quantity", "unit", "price", "discount", "tax_rate", "is_in_warranty")
# Fields of an empty line that are filled already.
BESIDE = ("quantity", "unit", "tax_rate", "is_in_warranty")
MOST_PARTS = 500
PER_CENT = Decimal(100)
_NUMBERS = (("quantity", 3, NO_QUANTITY), ("price", 2, NO_AMOUNT), ("discount", 2, NO_SHARE), ("tax_rate", 2, NO_SHARE))


class ContractForm(FlaskForm):
    """What a contract says beside its lines; ``form_token`` makes sending twice harmless, ``version`` shows who was quicker."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    kind = SelectField(_("Kind"), choices=options("ContractKind"))
    title = StringField(_("What it is about"), validators=[Length(max=200)])
    valid_from = DateField(_("Valid from"), validators=[Optional()])
    valid_until = DateField(_("Valid until"), validators=[Optional()])
    machines = TextAreaField(_("Machines that it covers"), validators=[Length(max=4000)])
    payment_days = IntegerField(_("Days to pay"), default=30, validators=[Optional()])
    retention_rate = ShareField(_("Retention money (%)"))
    cost = AmountField(_("Cost estimate (yuan)"))
    text = TextAreaField(_("Text of the contract"), validators=[Length(max=20_000)])

    def terms(self, by: Actor, written: Sequence[Line], before: Contract | None) -> Terms:
        """What was typed. Raises ``Invalid`` for machines that nobody knows."""
        kind = ContractKind(self.kind.data)
        named = _machines(by, self.machines.data or "") if kind is ContractKind.AGREEMENT else ()
        cost = self.cost.data if by.may("costs.read") else before.cost if before else None
        return Terms(
            kind=kind, title=self.title.data or "", lines=written, text=self.text.data or "", valid_from=self.valid_from.data,
            valid_until=self.valid_until.data, payment_days=30 if self.payment_days.data is None else self.payment_days.data,
            retention_rate=self.retention_rate.data or Decimal(0), cost=cost, machines=named,
        )  # fmt: skip


def _machines(by: Actor, text: str) -> list[Machine]:
    serials = list(dict.fromkeys(text.replace(",", " ").replace("，", " ").replace("、", " ").split()))
    try:
        return [machines.by_serial(by, serial) for serial in serials]
    except NotFound as error:
        raise Invalid(error.message, fields={"machines": error.message}) from error


def new_form(about: About, kind: ContractKind, title: str) -> ContractForm:
    """The form of a new contract, filled as far as one knows; what was sent stays as it was typed."""
    serial = about.machine.serial if about.machine else ""
    return ContractForm(data={"kind": kind, "title": title, "machines": serial, "text": clauses.usual_text(kind), "payment_days": 30})


def form_of(contract: Contract, **more: Any) -> ContractForm:
    """The form, filled with the contract when it was not sent (``formdata=None``: in any case)."""
    names = ("version", "kind", "title", "valid_from", "valid_until", "payment_days", "retention_rate", "cost", "text")
    filled = {name: getattr(contract, name) for name in names}
    filled["machines"] = "\n".join(machine.serial for machine in queries.machines_of(contract))
    return ContractForm(data=filled, **more)


@dataclass(frozen=True, slots=True)
class TypedLines:
    """The lines as they were typed, and as they are reckoned as far as they can be read; ``wrong`` names fields and their words."""

    texts: list[dict[str, str]]
    lines: list[Line]
    wrong: dict[str, str]

    @property
    def earned(self) -> pricing.Sum:
        """What the readable lines come to."""
        return pricing.total([pricing.line_sum(line.priced) for line in self.lines])

    def refuse(self) -> None:
        """Raise ``Invalid`` when a line cannot be read."""
        lines.refuse(self.wrong)


def lines_in(form: Mapping[str, Any]) -> TypedLines:
    """The lines that ``form`` holds; one that names a part of the catalogue takes its unit and price where none were typed."""
    texts = [words for _number, words in lines.typed(form, "line", NAMES, beside=BESIDE)]
    parts = _parts_named([words["text"] for words in texts])
    read: list[Line] = []
    wrong: dict[str, str] = {}
    for number, words in enumerate(texts):
        part = parts.get(words["text"])
        _complete(words, part)
        values, problems = _numbers(words)
        wrong |= {f"line-{number}-{name}": problem for name, problem in problems.items()}
        if not problems:
            name = part.name if part else words["text"]
            read.append(Line(text=name, part=part, unit=words["unit"], is_in_warranty=bool(words["is_in_warranty"]), **values))
    return TypedLines(texts, read, wrong)


def _complete(words: dict[str, str], part: Part | None) -> None:
    words["quantity"] = words["quantity"] or "1"
    if part is not None:
        words["unit"] = words["unit"] or part.unit
        words["price"] = words["price"] or number_text(part.price)


def _numbers(words: Mapping[str, str]) -> tuple[dict[str, Decimal], dict[str, str]]:
    values, problems = {}, {}
    for name, places, problem in _NUMBERS:
        try:
            found = number_in(words[name], places)
        except ValueError:
            problems[name] = problem
            continue
        values[name] = (found or Decimal(0)) / (PER_CENT if problem is NO_SHARE else 1)
    if not words["price"] and not words["is_in_warranty"]:
        problems["price"] = N_("What does one cost?")
    return values, problems


def _parts_named(texts: Sequence[str]) -> dict[str, Part]:
    """The parts that lines name as the list of the field offers them, or by their number alone."""
    numbers = {text: text.split(maxsplit=1)[0] for text in texts if text}
    found = {part.number: part for part in Part.select().where(Part.number.in_(sorted(set(numbers.values()))))}
    return {text: found[number] for text, number in numbers.items() if number in found and text in (number, offered(found[number]))}


def offered(part: Part) -> str:
    """A part as the list of the field offers it."""
    return f"{part.number} {part.name}"


def offered_parts() -> list[tuple[str, str]]:
    """What the list of the field offers: the parts in use with their prices."""
    rows = Part.select().where(Part.is_active).order_by(Part.number).limit(MOST_PARTS)
    return [(offered(part), f"¥{part.price:,.2f}" if part.price is not None else "") for part in rows]


def texts_of(contract_lines: Sequence[ContractLine]) -> list[dict[str, str]]:
    """Stored lines as the form shows them."""
    return [
        {
            "text": offered(line.part) if line.part_id and line.part.name == line.text else line.text,
            "quantity": number_text(line.quantity),
            "unit": line.unit,
            "price": number_text(line.price),
            "discount": number_text(line.discount * PER_CENT) if line.discount else "",
            "tax_rate": number_text(line.tax_rate * PER_CENT),
            "is_in_warranty": "1" if line.is_in_warranty else "",
        }
        for line in contract_lines
    ]


def as_sent(texts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Lines as a form sends them."""
    return {f"line-{number}-{name}": text for number, words in enumerate(texts) for name, text in words.items()}


def rate_choices(day: date, texts: Sequence[Mapping[str, str]] = ()) -> list[tuple[str, str]]:
    """The tax rates of ``day``, and those that ``texts`` have beside them; the figure comes first, which a narrow field still shows."""
    is_chinese = language().startswith("zh")
    named = [(number_text(row.rate * PER_CENT), row.name_zh if is_chinese else row.name_en) for row in queries.tax_rates(day)]
    found = [(value, f"{value} % " + re.sub(r"\s*[\d.]+\s*%$", "", name)) for value, name in named]
    known = {value for value, _name in found}
    return found + [(value, f"{value} %") for value in dict.fromkeys(words["tax_rate"] for words in texts) if value and value not in known]
