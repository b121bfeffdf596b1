"""customers.csv: one line per customer, or per contact of a customer (interfaces, Import columns)."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from app.accounts.models import Area
from app.core import history
from app.core.errors import N_, Invalid
from app.core.importing import Column, Effect, Kind, Line, Made, Options, Reasons, reasons_of, too_long
from app.core.types import Actor
from app.customers import operations, tax_numbers
from app.customers.models import Contact, Customer, CustomerKind
from app.customers.operations import ContactDetails, CustomerDetails

COLUMNS = (
    Column(
        "name", N_("Customer name"), "客户名称", ("客户", "单位", "单位名称", "公司名称", "用户名称", "客户全称", "customer"),
        is_required=True, hint=N_("The full name; it tells customers apart."), example="云岭市环境卫生管理中心",
    ),
    Column("short_name", N_("Short name"), "客户简称", ("简称", "短名"), example="云岭环卫"),
    Column(
        "tax_number", N_("Tax number"), "税号", ("纳税人识别号", "统一社会信用代码", "信用代码", "纳税人税号"),
        hint=N_("18 letters and digits (older ones 15 or 20)."),
    ),
    Column(
        "kind", N_("Kind of customer"), "客户类型", ("类型", "客户性质", "单位性质"),
        hint=N_("机关事业单位, 企业 or 个人; also public_body, company, person."), example="机关事业单位",
    ),
    Column("area", N_("Area"), "区域", ("所属区域", "大区", "片区"), hint=N_("A new name makes a new area."), example="东部区域"),
    Column("contact", N_("Contact"), "联系人", ("联系人姓名", "姓名", "负责人"), example="王芳"),
    Column("phone", N_("Phone"), "电话", ("联系电话", "手机", "手机号", "手机号码", "联系方式", "电话号码"), example="13800000001"),
    Column("email", N_("E-mail"), "邮箱", ("电子邮箱", "电子邮件", "mail")),
)  # fmt: skip
_MOST = {"name": 120, "short_name": 40, "area": 60, "contact": 60, "phone": 30, "email": 120}
_KINDS = {kind: kind for kind in CustomerKind} | {
    "机关事业单位": CustomerKind.PUBLIC_BODY,
    "事业单位": CustomerKind.PUBLIC_BODY,
    "政府": CustomerKind.PUBLIC_BODY,
    "企业": CustomerKind.COMPANY,
    "公司": CustomerKind.COMPANY,
    "个人": CustomerKind.PERSON,
}
_LINE_IS_BAD = N_("The line cannot be used.")
FIELDS = ("short_name", "tax_number", "kind", "area_id")


def areas_named(by: Actor, names: Collection[str]) -> tuple[dict[str, Area], list[Area]]:
    """All areas by name, and those of ``names`` that were new and are made, with their history."""
    known = {area.name: area for area in Area.select()}
    made = []
    for name in sorted(set(names) - set(known)):
        known[name] = Area.create(name=name)
        history.record(by, "area.create", "area", known[name].id, after={"name": name})
        made.append(known[name])
    return known, made


def stored(row: Any, fields: Sequence[str]) -> dict[str, Any]:
    """``fields`` of ``row`` as they can stand in JSON."""
    values = {name: row.__data__[row._meta.combined[name].name] for name in fields}
    return {name: value if isinstance(value, int | None) else str(value) for name, value in values.items()}


def differing(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields whose value is another ``after``, with both values."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


class CustomersImporter:
    """Remembers the first line of each customer, the owner of each tax number and every contact of the file."""

    def __init__(self, _options: Options) -> None:
        self.first: dict[str, Line] = {}
        self.owner_of: dict[str, str] = {}
        self.contacts: set[tuple[str, str, str]] = set()

    def plan(self, lines: Sequence[Line]) -> "_CustomersPlan":
        """What these lines ask for."""
        return _CustomersPlan(self, lines)

    def skip(self, lines: Sequence[Line]) -> None:
        """Remember lines that were written already."""
        for line in lines:
            self.remember(line)

    def remember(self, line: Line) -> None:
        """A later line must not contradict this good one."""
        name = line.get("name")
        self.first.setdefault(name, line)
        if line.get("tax_number"):
            self.owner_of[tax_numbers.normal(line.get("tax_number"))] = name
        if line.get("contact"):
            self.contacts.add(_contact_key(line))


def _contact_key(line: Line) -> tuple[str, str, str]:
    return (line.get("name"), line.get("contact"), line.get("phone"))


class _CustomersPlan:
    def __init__(self, seen: CustomersImporter, lines: Sequence[Line]) -> None:
        names = {line.get("name") for line in lines}
        numbers = {tax_numbers.normal(line.get("tax_number")) for line in lines} - {""}
        areas = {area.id: area.name for area in Area.select()}
        self.seen = seen
        self.present = {row.name: row for row in Customer.select().where(Customer.name.in_(names))}
        self.area_of = {row.name: areas.get(row.area_id, "") for row in self.present.values()}
        self.owner_of = {row.tax_number: row.name for row in Customer.select().where(Customer.tax_number.in_(numbers))}
        people = Contact.select(Customer.name, Contact.name, Contact.phone).join(Customer).where(Customer.name.in_(names))
        self.contacts = set(people.tuples())
        self.changing: list[Line] = []
        self.calling: list[Line] = []
        self.judgements: list[Effect | Reasons] = [self._judged(line) for line in lines]

    def _judged(self, line: Line) -> Effect | Reasons:
        try:
            return self._take(line)
        except Invalid as error:
            return reasons_of(error)

    def _take(self, line: Line) -> Effect:
        wrong = self._mistakes(line) or self._contradictions(line)
        if wrong:
            raise Invalid(_LINE_IS_BAD, fields=wrong)
        effect = Effect.UNCHANGED
        if line.get("name") not in self.seen.first:
            effect = self._effect(line)
            if effect is not Effect.UNCHANGED:
                self.changing.append(line)
        if line.get("contact") and _contact_key(line) not in self.contacts | self.seen.contacts:
            self.calling.append(line)
            effect = Effect.CHANGED if effect is Effect.UNCHANGED else effect
        self.seen.remember(line)
        return effect

    def write(self, by: Actor) -> list[Made]:
        """Write what is new or different."""
        areas, new_areas = areas_named(by, {line.get("area") for line in self.changing} - {""})
        first = {line.get("area"): line.number for line in reversed(self.changing)}
        made = [Made(first[area.name], "area", area.id) for area in new_areas]
        new = {line.get("name"): line for line in self.changing if line.get("name") not in self.present}
        details = [_details(line, CustomerDetails(name=name), areas) for name, line in new.items()]
        entered = operations.enter_customers(by=by, details=details)
        made += [Made(new[customer.name].number, "customer", customer.id) for customer in entered]
        for line in self.changing:
            if line.get("name") not in new:
                made.append(self._change(by, line, areas))
        owners = {row.name: row for row in Customer.select().where(Customer.name.in_({line.get("name") for line in self.calling}))}
        contacts = operations.enter_contacts(by=by, details=[(owners[line.get("name")], _contact(line)) for line in self.calling])
        return made + [Made(line.number, "contact", contact.id) for line, contact in zip(self.calling, contacts, strict=True)]

    def _change(self, by: Actor, line: Line, areas: dict[str, Area]) -> Made:
        customer = self.present[line.get("name")]
        before = stored(customer, FIELDS)
        operations.renew_customer(by=by, customer=customer, details=_details(line, _written(customer), areas))
        return Made(line.number, "customer", customer.id, differing(before, stored(customer, FIELDS)))

    def _effect(self, line: Line) -> Effect:
        customer = self.present.get(line.get("name"))
        if customer is None:
            return Effect.ADDED
        there = (customer.short_name, customer.tax_number, customer.kind, self.area_of[customer.name])
        number, kind = tax_numbers.normal(line.get("tax_number")), _KINDS.get(line.get("kind"), "")
        asked = (line.get("short_name"), number, kind, line.get("area"))
        return Effect.CHANGED if any(value and value != old for value, old in zip(asked, there, strict=True)) else Effect.UNCHANGED

    def _mistakes(self, line: Line) -> dict[str, str]:
        wrong = too_long(line, _MOST)
        number = tax_numbers.normal(line.get("tax_number"))
        if not line.get("name"):
            wrong["name"] = N_("Please give the name.")
        if line.get("kind") and line.get("kind") not in _KINDS:
            wrong["kind"] = N_("one of public_body, company, person is needed")
        if number and not tax_numbers.is_well_formed(number):
            wrong["tax_number"] = N_("A tax number has 18 letters and digits (older ones 15 or 20).")
        elif number and not tax_numbers.is_check_right(number):
            wrong["tax_number"] = N_("The last character of the tax number does not fit the others.")
        elif number and {self.owner_of.get(number), self.seen.owner_of.get(number)} - {None, line.get("name")}:
            wrong["tax_number"] = N_("Another customer has this tax number.")
        if (line.get("phone") or line.get("email")) and not line.get("contact"):
            wrong["contact"] = N_("a phone number or e-mail address needs a name")
        return wrong

    def _contradictions(self, line: Line) -> dict[str, str]:
        earlier = self.seen.first.get(line.get("name"))
        if earlier is None:
            return {}
        columns = ("short_name", "tax_number", "kind", "area")
        differing = [column for column in columns if line.get(column) and line.get(column) != earlier.get(column)]
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


CUSTOMERS = Kind("customers", COLUMNS, CustomersImporter)
