"""What customers want on their invoices (2C-13, 开票信息): noted at the desk or on the technician's tablet."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime

from app.billing import accounts
from app.billing.invoices import MISSING, number_wrong
from app.billing.models import CustomerBillingData
from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.customers import tax_numbers
from app.customers.models import Customer

EDIT = "billing_data.edit"
MOST = {"title": 120, "tax_number": 20, "tax_number_reason": 200, "address": 200, "phone": 30, "bank": 120, "account": 40, "email": 120}
_EMAIL, _ACCOUNT = re.compile(r"[^@\s]+@[^@\s]+"), re.compile(r"[0-9 -]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingDetails:
    """Title, tax number, address and phone, bank and account, and where electronic invoices go."""

    title: str
    tax_number: str = ""
    tax_number_reason: str = ""
    address: str = ""
    phone: str = ""
    bank: str = ""
    account: str = ""
    email: str = ""


def of(customer: Customer) -> CustomerBillingData | None:
    """What is noted of ``customer``; None when nothing is."""
    return CustomerBillingData.get_or_none(CustomerBillingData.customer == customer)


def proposed(customer: Customer) -> BillingDetails:
    """What is noted; else what the register of customers knows."""
    row = of(customer)
    if row is None:
        return BillingDetails(title=customer.name, tax_number=customer.tax_number or "")
    return BillingDetails(**{name: getattr(row, name) for name in MOST})


def save(*, by: Actor, customer: Customer, details: BillingDetails, version: int, at: datetime | None = None) -> CustomerBillingData:
    """Note what ``customer`` wants on its invoices; ``version`` is 0 while nothing was noted.

    Raises ``Invalid`` with the words beside each field, ``Conflict`` when somebody else noted something meanwhile, ``NotAllowed``.
    """
    by.require(EDIT)
    texts = {name: " ".join(value.split()) for name, value in asdict(details).items()}
    texts["tax_number"] = tax_numbers.normal(details.tax_number)
    if wrong := _mistakes(customer, texts):
        raise Invalid(MISSING, fields=wrong)
    fields: dict[str, object] = {**texts, "changed_at": at or clock.now(), "by_name": by.name}
    with db.transaction():
        before = of(customer)
        if before is None:
            if CustomerBillingData.insert(customer=customer, **fields).on_conflict_ignore().as_rowcount().execute() != 1:
                raise Conflict(_CHANGED)
        elif _renewed(before, version, fields) != 1:
            raise Conflict(_CHANGED)
        row = CustomerBillingData.get(CustomerBillingData.customer == customer)
        kept = {name: getattr(before, name) for name in ("title", "tax_number", "bank")} if before else None
        personal = {name: texts[name] for name in ("phone", "account", "email", "address") if texts[name]}
        after = {"title": row.title, "tax_number": row.tax_number, "bank": row.bank}
        history.record(by, "customer.billing_data", "customer", customer.id, before=kept, after=after, personal=personal)
        live.touch(accounts.LIVE)
    return row


_CHANGED = N_("Somebody else noted the invoice data of this customer meanwhile. Look at the present state, then decide again.")


def _renewed(row: CustomerBillingData, version: int, fields: dict[str, object]) -> int:
    same = (CustomerBillingData.id == row.id) & (CustomerBillingData.version == version)
    return int(CustomerBillingData.update(version=CustomerBillingData.version + 1, **fields).where(same).execute())


def _mistakes(customer: Customer, fields: dict[str, str]) -> dict[str, str]:
    wrong = {name: N_("too long") for name, most in MOST.items() if len(fields[name]) > most}
    if not fields["title"]:
        wrong["title"] = N_("The title of the invoice, please: the full name of the unit.")
    if fields["email"] and not _EMAIL.fullmatch(fields["email"]):
        wrong["email"] = N_("An e-mail address looks like name@example.com.")
    if not _ACCOUNT.fullmatch(fields["account"]):
        wrong["account"] = N_("An account number has only digits.")
    return wrong | number_wrong(customer, fields["tax_number"], fields["tax_number_reason"], "tax_number")
