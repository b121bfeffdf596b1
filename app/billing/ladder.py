"""The dunning ladder: so many days after the due date, what is done and by whom (facts, Receivables); editable by the manager (2A-09)."""

from dataclasses import dataclass
from datetime import date
from string import Formatter

from app.accounts.models import Role
from app.billing.models import DunningAct, DunningRecord, DunningStep
from app.core import db, history, live
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.types import Actor

EDIT = "dunning.edit"
LIVE = "money"
FIRST_DAY, LAST_DAY = -90, 1_095
MAX_LETTER = 4_000
ROLES = (Role.CLERK, Role.TECHNICIAN, Role.AREA_MANAGER, Role.MANAGER)
PLACEHOLDERS = ("customer", "company", "today", "overdue", "capitals", "days", "deadline")
MISSING = N_("Something is missing or wrong. See the words beside the fields.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDetails:
    """One step as it is typed; ``days`` after the due date, before it when negative."""

    days: int | None
    act: str
    role: str
    name_zh: str
    name_en: str
    letter: str = ""
    stops_service: bool = False


def steps() -> list[DunningStep]:
    """The ladder from its lowest step up."""
    return list(DunningStep.select().order_by(DunningStep.days))


def by_id(step_id: int) -> DunningStep:
    """Raises ``NotFound``."""
    found = DunningStep.get_or_none(DunningStep.id == step_id)
    if found is None:
        raise NotFound(N_("There is no such step of the ladder."))
    return found


def save(*, by: Actor, step: DunningStep | None, details: StepDetails) -> DunningStep:
    """Change ``step``, or add a new one (None). Raises ``Invalid`` with words beside the fields, ``NotAllowed``."""
    by.require(EDIT)
    with db.transaction():
        _check(step, details)
        fields = {name: getattr(details, name) for name in StepDetails.__slots__}
        before = {name: getattr(step, name) for name in fields} if step else None
        if step is None:
            step = DunningStep.create(**fields)
        else:
            DunningStep.update(fields).where(DunningStep.id == step.id).execute()
        history.record(by, "dunning.step_saved", "dunning_step", step.id, before=before, after=fields)
        live.touch(LIVE)
    return by_id(step.id)


def remove(*, by: Actor, step: DunningStep) -> None:
    """Take a step out of the ladder. Raises ``Conflict`` when demands were made by it: they keep naming it."""
    by.require(EDIT)
    with db.transaction():
        if DunningRecord.select().where(DunningRecord.step == step).exists():
            raise Conflict(N_("Demands were made by this step already; change it instead of taking it out."))
        DunningStep.delete().where(DunningStep.id == step.id).execute()
        history.record(by, "dunning.step_removed", "dunning_step", step.id, before={"days": step.days, "act": step.act})
        live.touch(LIVE)


def _check(step: DunningStep | None, details: StepDetails) -> None:
    wrong = {}
    if details.days is None or not FIRST_DAY <= details.days <= LAST_DAY:
        wrong["days"] = N_("A whole number of days from -90 to 1,095.")
    elif DunningStep.select().where(DunningStep.days == details.days, DunningStep.id != (step.id if step else 0)).exists():
        wrong["days"] = N_("Another step stands on this day already.")
    if details.act not in list(DunningAct):
        wrong["act"] = N_("Choose what is done.")
    if details.role not in ROLES:
        wrong["role"] = N_("Choose who does it.")
    for name in ("name_zh", "name_en"):
        if not 0 < len(getattr(details, name).strip()) <= 60:
            wrong[name] = N_("Please give the name, in at most 60 characters.")
    if problem := letter_problem(details.letter):
        wrong["letter"] = problem
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def letter_problem(text: str) -> str | None:
    """What is wrong with the text of a letter, as a message id."""
    try:
        names = [name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None]
    except ValueError:
        names = ["?"]
    if len(text) > MAX_LETTER:
        return N_("At most 4,000 characters.")
    return N_("Only the placeholders named below can be used.") if set(names) - set(PLACEHOLDERS) else None


def next_step(ladder: list[DunningStep], *, due_on: date, today: date, done: int | None) -> DunningStep | None:
    """The step that is next for a debt due on ``due_on``, when the step of day ``done`` was the last one done; None at the end.

    Of several steps reached meanwhile only the highest is done: nobody gets a first letter 40 days late.
    """
    left = [step for step in ladder if done is None or step.days > done]
    reached = [step for step in left if step.days <= (today - due_on).days]
    return reached[-1] if reached else (left[0] if left else None)
