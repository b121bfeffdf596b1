"""Templates: the editable text that a new contract of a kind begins with (2A-07)."""

from dataclasses import dataclass

from app.contracts.models import ContractKind, ContractTemplate
from app.contracts.operations import MAX_TEXT
from app.contracts.writing import LIVE, MISSING
from app.core import db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.types import Actor

# The permission of whoever edits what the house says in its papers.
EDIT = "settings.edit"
MAX_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateText:
    """What a template says; one that is not in use is offered to nobody."""

    kind: ContractKind
    name: str
    text: str
    is_active: bool = True


def every() -> list[ContractTemplate]:
    """All templates, those in use first, by kind and name."""
    return list(ContractTemplate.select().order_by(ContractTemplate.is_active.desc(), ContractTemplate.kind, ContractTemplate.name))


def by_id(template_id: int) -> ContractTemplate:
    """The template. Raises ``NotFound``."""
    found: ContractTemplate | None = ContractTemplate.get_or_none(ContractTemplate.id == template_id)
    if found is None:
        raise NotFound(N_("There is no such template."))
    return found


def create(*, by: Actor, said: TemplateText, form_token: str | None = None) -> ContractTemplate:
    """Add a template; a form sent again (``form_token``) answers with the first one. Raises ``Invalid``, ``NotAllowed``."""
    by.require(EDIT)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return by_id(int(submissions.result_of(form_token)))
        _check(said, None)
        template: ContractTemplate = ContractTemplate.create(
            kind=said.kind, name=said.name.strip(), text=said.text.strip(), is_active=said.is_active
        )
        if form_token:
            submissions.settle(form_token, template.id)
        _record(by, "template_added", template, None)
    return template


def edit(*, by: Actor, template: ContractTemplate, version: int, said: TemplateText) -> None:
    """Change a template; contracts that were written with it stay as they are. Raises ``Conflict``, ``Invalid``, ``NotAllowed``."""
    by.require(EDIT)
    before = _shown(template)
    with db.transaction():
        _check(said, template)
        values = {"kind": said.kind, "name": said.name.strip(), "text": said.text.strip(), "is_active": said.is_active}
        present = (ContractTemplate.id == template.id) & (ContractTemplate.version == version)
        if ContractTemplate.update(version=ContractTemplate.version + 1, **values).where(present).execute() != 1:
            raise Conflict(N_("Somebody else has changed this template meanwhile. Look at it again, then decide."))
        _record(by, "template_edited", by_id(template.id), before)


def _check(said: TemplateText, own: ContractTemplate | None) -> None:
    wrong = {}
    same = ContractTemplate.select().where(ContractTemplate.name == said.name.strip(), ContractTemplate.id != (own.id if own else 0))
    if not said.name.strip() or len(said.name) > MAX_NAME:
        wrong["name"] = N_("Please give the name.")
    elif same.exists():
        wrong["name"] = N_("Another template has this name.")
    if not said.text.strip() or len(said.text) > MAX_TEXT:
        wrong["text"] = N_("Write something first.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _record(by: Actor, action: str, template: ContractTemplate, before: dict[str, object] | None) -> None:
    history.record(by, f"contract.{action}", "contract_template", template.id, before=before, after=_shown(template))
    live.touch(LIVE)


def _shown(template: ContractTemplate) -> dict[str, object]:
    return {name: getattr(template, name) for name in ("kind", "name", "text", "is_active")}
