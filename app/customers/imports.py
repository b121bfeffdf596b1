"""customers.csv: one line per customer, or per contact of a customer (interfaces, Import columns)."""

from collections.abc import Callable, Collection
from dataclasses import replace

from app.accounts.models import Area
from app.core import history
from app.core.errors import N_, Invalid
from app.core.importing import Effect, Line, Outcome, Table, read, run
from app.core.types import Actor
from app.customers import operations, tax_numbers
from app.customers.models import Contact, Customer, CustomerKind
from app.customers.operations import ContactDetails, CustomerDetails

COLUMNS = ("name", "short_name", "tax_number", "kind", "area", "contact", "phone", "email")
REQUIRED = ("name",)
_MOST = {"name": 120, "short_name": 40, "area": 60, "contact": 60, "phone": 30, "email": 120}
_KINDS = {kind: kind for kind in CustomerKind} | {
    "机关事业单位": CustomerKind.PUBLIC_BODY,
    "企业": CustomerKind.COMPANY,
    "个人": CustomerKind.PERSON,
}


def table_of(content: bytes) -> Table:
    """Read a file of customers. Raises ``InvalidFile``."""
    return read(content, columns=COLUMNS, required=REQUIRED)


def import_customers(
    *, by: Actor, table: Table, is_dry_run: bool = False, skips_bad_lines: bool = False, progress: Callable[[], None] | None = None
) -> Outcome:
    """Add the customers and contacts that are missing, change those that differ; empty cells change nothing.

    Raises ``InvalidFile`` with every line's reasons, ``NotAllowed``.
    """
    by.require("customers.edit")
    plan = _Plan()
    return run(
        table, plan.take, is_dry_run=is_dry_run, skips_bad_lines=skips_bad_lines, finish=lambda: plan.carry_out(by), progress=progress
    )


def areas_named(by: Actor, names: Collection[str]) -> dict[str, Area]:
    """All areas by name; those of ``names`` that are new are made, with their history."""
    known = {area.name: area for area in Area.select()}
    for name in sorted(set(names) - set(known)):
        known[name] = Area.create(name=name)
        history.record(by, "area.create", "area", known[name].id, after={"name": name})
    return known


class _Plan:
    """What the lines ask for, compared with what is there; nothing is written before every line was seen."""

    def __init__(self) -> None:
        areas = {area.id: area.name for area in Area.select()}
        self.present = {customer.name: customer for customer in Customer.select()}
        self.area_of = {customer.name: areas.get(customer.area_id, "") for customer in self.present.values()}
        self.owner_of = {customer.tax_number: customer.name for customer in self.present.values() if customer.tax_number}
        rows = Contact.select(Customer.name, Contact.name, Contact.phone).join(Customer).tuples()
        self.contacts = set(rows)
        self.lines: dict[str, Line] = {}
        self.wanted_contacts: list[Line] = []

    def take(self, line: Line) -> Effect:
        """Judge one line. Raises ``Invalid``."""
        name = line.get("name")
        wrong = self._mistakes(line) or self._contradictions(line)
        if wrong:
            raise Invalid(N_("The line cannot be used."), fields=wrong)
        is_first = name not in self.lines
        effect = self._effect(line) if is_first else Effect.UNCHANGED
        if is_first:
            self.lines[name] = line
            self.owner_of[tax_numbers.normal(line.get("tax_number"))] = name
        contact = (name, line.get("contact"), line.get("phone"))
        if line.get("contact") and contact not in self.contacts:
            self.contacts.add(contact)
            self.wanted_contacts.append(line)
            effect = Effect.CHANGED if effect is Effect.UNCHANGED else effect
        return effect

    def carry_out(self, by: Actor) -> None:
        """Write what is new or different."""
        areas = areas_named(by, {line.get("area") for line in self.lines.values() if line.get("area")})
        new = [line for name, line in self.lines.items() if name not in self.present]
        details = [_details(line, CustomerDetails(name=line.get("name")), areas) for line in new]
        customers = self.present | {customer.name: customer for customer in operations.enter_customers(by=by, details=details)}
        for name, line in self.lines.items():
            if name in self.present and self._effect(line) is Effect.CHANGED:
                customer = self.present[name]
                operations.edit_customer(
                    by=by, customer=customer, version=customer.version, details=_details(line, _written(customer), areas)
                )
        operations.enter_contacts(by=by, details=[(customers[line.get("name")], _contact(line)) for line in self.wanted_contacts])

    def _effect(self, line: Line) -> Effect:
        customer = self.present.get(line.get("name"))
        if customer is None:
            return Effect.ADDED
        there = {
            "short_name": customer.short_name,
            "tax_number": customer.tax_number,
            "kind": customer.kind,
            "area": self.area_of[customer.name],
        }
        asked = {
            "short_name": line.get("short_name"),
            "tax_number": tax_numbers.normal(line.get("tax_number")),
            "kind": _KINDS.get(line.get("kind"), ""),
            "area": line.get("area"),
        }
        return Effect.CHANGED if any(value and value != there[name] for name, value in asked.items()) else Effect.UNCHANGED

    def _mistakes(self, line: Line) -> dict[str, str]:
        wrong = {column: N_("too long") for column, most in _MOST.items() if len(line.get(column)) > most}
        number = tax_numbers.normal(line.get("tax_number"))
        if not line.get("name"):
            wrong["name"] = N_("Please give the name.")
        if line.get("kind") and line.get("kind") not in _KINDS:
            wrong["kind"] = N_("one of public_body, company, person is needed")
        if number and not tax_numbers.is_well_formed(number):
            wrong["tax_number"] = N_("A tax number has 18 letters and digits (older ones 15 or 20).")
        elif number and not tax_numbers.is_check_right(number):
            wrong["tax_number"] = N_("The last character of the tax number does not fit the others.")
        elif number and self.owner_of.get(number, line.get("name")) != line.get("name"):
            wrong["tax_number"] = N_("Another customer has this tax number.")
        if (line.get("phone") or line.get("email")) and not line.get("contact"):
            wrong["contact"] = N_("a phone number or e-mail address needs a name")
        return wrong

    def _contradictions(self, line: Line) -> dict[str, str]:
        earlier = self.lines.get(line.get("name"))
        if earlier is None:
            return {}
        differing = [column for column in COLUMNS[1:5] if line.get(column) and line.get(column) != earlier.get(column)]
        return {column: N_("an earlier line of this file says otherwise of this customer") for column in differing}


def _details(line: Line, base: CustomerDetails, areas: dict[str, Area]) -> CustomerDetails:
    return replace(
        base,
        short_name=line.get("short_name") or base.short_name,
        tax_number=line.get("tax_number") or base.tax_number,
        kind=_KINDS.get(line.get("kind"), base.kind),
        area=areas.get(line.get("area"), base.area),
    )


def _written(customer: Customer) -> CustomerDetails:
    return CustomerDetails(
        name=customer.name,
        short_name=customer.short_name,
        tax_number=customer.tax_number or "",
        is_tax_number_confirmed=True,
        kind=CustomerKind(customer.kind),
        area=customer.area,
    )


def _contact(line: Line) -> ContactDetails:
    return ContactDetails(name=line.get("contact"), phone=line.get("phone"), email=line.get("email"))
