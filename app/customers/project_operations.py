"""What is done to projects. The only writer of these."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.core import clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.customers import searching
from app.customers.models import Customer, Project, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDetails:
    """What is written of a project."""

    contract_number: str
    name: str
    customer: Customer
    site: Site | None = None
    signed_on: date | None = None
    remark: str = ""


def create_project(*, by: Actor, details: ProjectDetails, form_token: str | None = None, at: datetime | None = None) -> Project:
    """Register a project. A form sent again (``form_token``) answers with the project of the first sending.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    by.require("customers.edit")
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Project.get_by_id(int(submissions.result_of(form_token)))
        project = Project.create(**_checked(details, None), created_at=at or clock.now())
        if form_token:
            submissions.settle(form_token, project.id)
        history.record(by, "project.created", "project", project.id, after=_shown(project))
        searching.stale(projects=[project.id])
        live.touch("projects")
    return project


def edit_project(*, by: Actor, project: Project, version: int, details: ProjectDetails) -> None:
    """Change a project. Raises as ``create_project``, and ``Conflict`` when ``version`` is no longer the present one."""
    by.require("customers.edit")
    with db.transaction():
        fields, before = _checked(details, project), _shown(project)
        same = (Project.id == project.id) & (Project.version == version)
        if Project.update(version=Project.version + 1, **fields).where(same).execute() != 1:
            raise Conflict(N_("Somebody else changed this project meanwhile. Look at the present state, then decide again."))
        after = _shown(Project.get_by_id(project.id))
        if before != after:
            history.record(by, "project.edited", "project", project.id, before=before, after=after)
            searching.stale(projects=[project.id])
            live.touch("projects")


def _checked(details: ProjectDetails, project: Project | None) -> dict[str, Any]:
    number, name, wrong = details.contract_number.strip(), details.name.strip(), {}
    if not 1 <= len(number) <= 40:
        wrong["contract_number"] = N_("Please give the number of the sales contract, at most 40 characters.")
    elif _is_taken(number, project):
        wrong["contract_number"] = N_("There is a project of this sales contract already.")
    if not 1 <= len(name) <= 120:
        wrong["name"] = N_("Please give the name.")
    if details.site is not None and details.site.customer_id != details.customer.id:
        wrong["site"] = N_("This site belongs to another customer.")
    if len(details.remark) > 500:
        wrong["remark"] = N_("This is too long.")
    if wrong:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=wrong)
    return {
        "contract_number": number,
        "name": name,
        "customer": details.customer,
        "site": details.site,
        "signed_on": details.signed_on,
        "remark": details.remark.strip(),
    }


def _is_taken(number: str, by_other_than: Project | None) -> bool:
    query = Project.select().where(Project.contract_number == number)
    return bool((query.where(Project.id != by_other_than.id) if by_other_than else query).exists())


def _shown(project: Project) -> dict[str, Any]:
    names = ("contract_number", "name", "customer_id", "site_id", "remark")
    signed_on = str(project.signed_on) if project.signed_on else None
    return {name: getattr(project, name) for name in names} | {"signed_on": signed_on}
