"""contacts.csv: one line per person at a customer's (interfaces, Import columns)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.core.errors import N_, Invalid
from app.core.importing import Column, Effect, Kind, Line, Made, Options, Reasons, reasons_of, too_long
from app.core.types import Actor
from app.customers import operations
from app.customers.imports import differing, stored
from app.customers.models import Contact, ContactRole, Customer, Site
from app.customers.operations import ContactDetails

COLUMNS = (
    Column(
        "customer", N_("Customer"), "客户", ("客户名称", "单位", "单位名称", "公司名称", "客户简称"),
        is_required=True, hint=N_("The full or short name of a customer that is there already."), example="云岭环卫",
    ),
    Column("name", N_("Full name"), "姓名", ("联系人", "联系人姓名", "contact"), is_required=True, example="王芳"),
    Column(
        "role", N_("Position"), "岗位", ("职务", "角色", "职位"),
        hint=N_("站长, 操作工, 财务, 采购 or 其他; also station_head, operator, finance, purchasing, other."), example="站长",
    ),
    Column("phone", N_("Phone"), "电话", ("联系电话", "手机", "手机号", "手机号码", "联系方式", "电话号码"), example="13800000001"),
    Column("email", N_("E-mail"), "邮箱", ("电子邮箱", "电子邮件", "mail")),
    Column("site", N_("Site"), "使用站点", ("站点", "站点名称", "压缩站", "中转站"), hint=N_("The name of one of the customer's sites."),
           example="滨河压缩站"),
)  # fmt: skip
FIELDS = ("phone", "email", "role", "site_id")
_MOST = {"name": 60, "phone": 30, "email": 120}
_ROLES = {role: role for role in ContactRole} | {
    "站长": ContactRole.STATION_HEAD,
    "操作工": ContactRole.OPERATOR,
    "操作员": ContactRole.OPERATOR,
    "财务": ContactRole.FINANCE,
    "采购": ContactRole.PURCHASING,
    "其他": ContactRole.OTHER,
    "其它": ContactRole.OTHER,
}


@dataclass(frozen=True, slots=True)
class _Person:
    """What a good line asks for; ``contact`` is the person who is there, ``details`` what is to be written."""

    line: Line
    customer: Customer
    contact: Contact | None
    details: ContactDetails


class ContactsImporter:
    """Remembers whom earlier lines named: the same person must not come twice with different words."""

    def __init__(self, _options: Options) -> None:
        self.seen: set[tuple[str, str, str]] = set()

    def plan(self, lines: Sequence[Line]) -> "_ContactsPlan":
        """What these lines ask for."""
        return _ContactsPlan(self, lines)

    def skip(self, lines: Sequence[Line]) -> None:
        """Remember lines that were written already."""
        self.seen.update(_seen_key(line) for line in lines)


def _seen_key(line: Line) -> tuple[str, str, str]:
    return (line.get("customer"), line.get("name"), line.get("phone"))


class _ContactsPlan:
    def __init__(self, importer: ContactsImporter, lines: Sequence[Line]) -> None:
        words = {line.get("customer") for line in lines}
        found = list(Customer.select().where(Customer.name.in_(words) | Customer.short_name.in_(words)))
        self.importer = importer
        self.named: dict[str, list[Customer]] = defaultdict(list)
        for customer in found:
            for name in {customer.name, customer.short_name} - {""}:
                self.named[name].append(customer)
        self.sites = {(site.customer_id, site.name): site for site in Site.select().where(Site.customer.in_(found))}
        self.contacts: dict[tuple[int, str], list[Contact]] = defaultdict(list)
        names = {line.get("name") for line in lines}
        for contact in Contact.select().where(Contact.customer.in_(found), Contact.name.in_(names)):
            self.contacts[(contact.customer_id, contact.name)].append(contact)
        self.asked: list[_Person] = []
        self.judgements: list[Effect | Reasons] = [self._judged(line) for line in lines]

    def _judged(self, line: Line) -> Effect | Reasons:
        try:
            return self._take(line)
        except Invalid as error:
            return reasons_of(error)

    def _take(self, line: Line) -> Effect:
        customer = self._customer(line)
        wrong = self._mistakes(line, customer)
        if wrong or customer is None:
            raise Invalid(N_("The line cannot be used."), fields=wrong)
        self.importer.seen.add(_seen_key(line))
        contact = self._contact(customer, line)
        details = self._details(line, customer, contact)
        if contact is not None and details == _written(contact):
            return Effect.UNCHANGED
        self.asked.append(_Person(line, customer, contact, details))
        return Effect.ADDED if contact is None else Effect.CHANGED

    def write(self, by: Actor) -> list[Made]:
        """Write who is new or different."""
        made = []
        for person in self.asked:
            if person.contact is not None:
                before = stored(person.contact, FIELDS)
                operations.renew_contact(by=by, contact=person.contact, details=person.details)
                after = stored(Contact.get_by_id(person.contact.id), FIELDS)
                made.append(Made(person.line.number, "contact", person.contact.id, differing(before, after)))
        new = [person for person in self.asked if person.contact is None]
        entered = operations.enter_contacts(by=by, details=[(person.customer, person.details) for person in new])
        return made + [Made(person.line.number, "contact", contact.id) for person, contact in zip(new, entered, strict=True)]

    def _customer(self, line: Line) -> Customer | None:
        found = self.named.get(line.get("customer"), [])
        full = [customer for customer in found if customer.name == line.get("customer")]
        return full[0] if full else found[0] if len(found) == 1 else None

    def _contact(self, customer: Customer, line: Line) -> Contact | None:
        """The person meant: of this name and number, or the only one of this name where one of the two numbers is not given."""
        found = self.contacts.get((customer.id, line.get("name")), [])
        same = [contact for contact in found if contact.phone == line.get("phone")]
        if same:
            return same[0]
        is_one = len(found) == 1 and not (line.get("phone") and found[0].phone)
        return found[0] if is_one else None

    def _details(self, line: Line, customer: Customer, contact: Contact | None) -> ContactDetails:
        base = _written(contact) if contact else ContactDetails(name=line.get("name"))
        site: Any = self.sites.get((customer.id, line.get("site")))
        return ContactDetails(
            name=base.name,
            phone=line.get("phone") or base.phone,
            email=line.get("email") or base.email,
            role=_ROLES.get(line.get("role"), base.role),
            site=site or base.site,
        )

    def _mistakes(self, line: Line, customer: Customer | None) -> dict[str, str]:
        wrong = too_long(line, _MOST)
        if not line.get("customer"):
            wrong["customer"] = N_("Please name the customer.")
        elif customer is None:
            wrong["customer"] = N_("No customer is called exactly that; use the full or the short name.")
        elif line.get("site") and (customer.id, line.get("site")) not in self.sites:
            wrong["site"] = N_("the customer has no site of this name")
        if not line.get("name"):
            wrong["name"] = N_("Please give the name.")
        if line.get("role") and line.get("role") not in _ROLES:
            wrong["role"] = N_("one of station_head, operator, finance, purchasing, other is needed")
        if _seen_key(line) in self.importer.seen:
            wrong["name"] = N_("an earlier line of this file names the same person")
        return wrong


def _written(contact: Contact) -> ContactDetails:
    return ContactDetails(name=contact.name, phone=contact.phone, email=contact.email, role=ContactRole(contact.role), site=contact.site)


CONTACTS = Kind("contacts", COLUMNS, ContactsImporter)
