"""The tables of contracts: repair contracts, service agreements, quote confirmations; tax rates, templates, extended warranties."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, CompositeKey, DateField, FixedCharField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import Area, User
from app.core.db import BaseModel, InstantField, one_of
from app.core.files import StoredFile
from app.core.money import MoneyField, QuantityField, RateField
from app.customers.models import Contact, Customer
from app.machines.models import Machine
from app.machines.warranty import WarrantyState
from app.parts.models import Part
from app.tickets.models import Ticket
from app.work_orders.models import WorkOrder


class ContractKind(StrEnum):
    """What kind of paper covers work off warranty (workflows, gate a to c)."""

    REPAIR = "repair"
    AGREEMENT = "agreement"
    QUOTE = "quote"


class ContractStatus(StrEnum):
    """States of a contract (labels.md, workflows.md)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    SIGNED = "signed"
    IN_EXECUTION = "in_execution"
    COMPLETED = "completed"
    INVOICED = "invoiced"
    SETTLED = "settled"
    VOID = "void"


# Signed by the customer and not ended: what it says may be done.
IN_FORCE = (ContractStatus.SIGNED, ContractStatus.IN_EXECUTION, ContractStatus.COMPLETED, ContractStatus.INVOICED, ContractStatus.SETTLED)
_DECIDED = "status IN ('approved', 'signed', 'in_execution', 'completed', 'invoiced', 'settled')"


class TaxRate(BaseModel):
    """A tax rate from a day on; the latest of a name that began before the day counts (facts, Invoices)."""

    name_zh = CharField(60)
    name_en = CharField(60)
    rate = RateField(constraints=[Check("rate >= 0", name="tax_rate_is_not_negative")])
    valid_from = DateField()

    class Meta:
        indexes = ((("name_zh", "valid_from"), True),)


class ContractTemplate(BaseModel):
    """Editable text of a kind of contract."""

    kind = CharField(12, constraints=[one_of("kind", ContractKind)])
    name = CharField(80, unique=True)
    text = TextField()
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)


class Contract(BaseModel):
    """A contract. ``total`` includes tax. ``content`` is the canonical JSON that was approved, ``digest`` its SHA-256: changed lines need a
    new approval. Author and approver are two persons, or ``single_reason`` says why one had to do (product.md, settled question 3).
    """

    number = CharField(20, unique=True)
    kind = CharField(12, constraints=[one_of("kind", ContractKind)])
    status = CharField(14, constraints=[one_of("status", ContractStatus)])
    customer = ForeignKeyField(Customer, backref="contracts", on_delete="RESTRICT", index=False)
    contact = ForeignKeyField(Contact, null=True, on_delete="RESTRICT", index=False)
    machine = ForeignKeyField(Machine, null=True, backref="contracts", on_delete="RESTRICT", index=False)
    ticket = ForeignKeyField(Ticket, null=True, on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="contracts", on_delete="RESTRICT")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    amends = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    title = CharField(200, constraints=[Check("title <> ''", name="contract_title_is_given")])
    text = TextField(default="")
    valid_from = DateField(null=True)
    valid_until = DateField(null=True)
    payment_days = IntegerField(default=30, constraints=[Check("payment_days >= 0", name="payment_days_are_not_negative")])
    retention_rate = RateField(
        default=0, constraints=[Check("retention_rate >= 0 AND retention_rate <= 10000", name="retention_is_a_share")]
    )
    total = MoneyField(default=0, constraints=[Check("total >= 0", name="contract_total_is_not_negative")])
    cost = MoneyField(null=True)
    discount_reason = CharField(300, default="")
    author = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    author_name = CharField(60)
    created_at = InstantField()
    changed_at = InstantField()
    submitted_at = InstantField(null=True)
    decided_at = InstantField(null=True)
    decided_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    decided_by_name = CharField(60, default="")
    decided_for_name = CharField(60, default="")
    remark = CharField(500, default="")
    single_reason = CharField(300, default="")
    content = TextField(default="")
    digest = FixedCharField(64, null=True)
    signed_at = InstantField(null=True)
    signer_name = CharField(60, default="")
    strokes = TextField(default="")
    scan = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    completed_at = InstantField(null=True)
    void_reason = CharField(300, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("decided_by_id IS NULL OR decided_by_id <> author_id OR single_reason <> ''", name="contract_is_approved_by_another"),
            Check(f"NOT ({_DECIDED}) OR (decided_at IS NOT NULL AND digest IS NOT NULL)", name="approved_contract_has_its_content"),
            Check(
                "status NOT IN ('signed', 'in_execution', 'completed', 'invoiced', 'settled')"
                " OR (signed_at IS NOT NULL AND (strokes <> '' OR scan_id IS NOT NULL))",
                name="signed_contract_has_its_signature",
            ),
            Check("(status = 'void') = (void_reason <> '')", name="void_contract_has_a_reason"),
            Check(
                "kind <> 'agreement' OR (valid_from IS NOT NULL AND valid_until IS NOT NULL AND valid_until >= valid_from)",
                name="agreement_has_its_term",
            ),
        ]


Contract.add_index(Contract.index(Contract.status, Contract.changed_at.desc(), Contract.id.desc(), name="contract_by_status"))
Contract.add_index(Contract.index(Contract.created_at.desc(), Contract.id.desc(), name="contract_by_creation"))
Contract.add_index(Contract.index(Contract.customer, Contract.created_at.desc(), name="contract_of_customer"))
Contract.add_index(
    Contract.index(
        Contract.machine, Contract.created_at.desc(), Contract.id.desc(), where=SQL("machine_id IS NOT NULL"), name="contract_of_machine"
    )
)


class ContractLine(BaseModel):
    """One line: ``price`` and ``amount`` include tax; ``discount`` is a share; what is in warranty costs nothing (a split job)."""

    contract = ForeignKeyField(Contract, backref="lines", on_delete="RESTRICT", index=False)
    position = IntegerField()
    text = CharField(200, constraints=[Check("text <> ''", name="contract_line_is_named")])
    part = ForeignKeyField(Part, null=True, on_delete="RESTRICT", index=False)
    quantity = QuantityField(constraints=[Check("quantity > 0", name="contract_quantity_is_positive")])
    unit = CharField(10, default="")
    price = MoneyField(constraints=[Check("price >= 0", name="contract_price_is_not_negative")])
    discount = RateField(default=0, constraints=[Check("discount >= 0 AND discount <= 10000", name="discount_is_a_share")])
    tax_rate = RateField(default=0)
    amount = MoneyField(default=0)
    tax = MoneyField(default=0)
    cost = MoneyField(null=True)
    is_in_warranty = BooleanField(default=False)

    class Meta:
        constraints = [Check("NOT is_in_warranty OR amount = 0", name="warranty_line_costs_nothing")]
        indexes = ((("contract", "position"), True),)


class ContractMachine(BaseModel):
    """A machine that a service agreement covers."""

    contract = ForeignKeyField(Contract, backref="machines", on_delete="RESTRICT", index=False)
    machine = ForeignKeyField(Machine, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("contract", "machine")


class ContractStep(BaseModel):
    """One change of state of a contract: who, when, why. Never changed."""

    contract = ForeignKeyField(Contract, backref="steps", on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    from_status = CharField(14, null=True)
    to_status = CharField(14, constraints=[one_of("to_status", ContractStatus)])
    remark = CharField(500, default="")


class WarrantyExtension(BaseModel):
    """A machine's warranty that lasts longer than its dates say."""

    machine = ForeignKeyField(Machine, backref="extensions", on_delete="RESTRICT")
    until_on = DateField()
    reason = CharField(300, constraints=[Check("reason <> ''", name="extension_has_a_reason")])
    contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT")
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    revoked_at = InstantField(null=True)


class WarrantyRuling(BaseModel):
    """Somebody decided otherwise than the rule, for one order or one part of it: reason and deputy's name (facts, Warranty)."""

    order = ForeignKeyField(WorkOrder, backref="rulings", on_delete="RESTRICT")
    part_name = CharField(120, default="")
    state = CharField(10, constraints=[one_of("state", WarrantyState)])
    reason = CharField(300, constraints=[Check("reason <> ''", name="ruling_has_a_reason")])
    at = InstantField()
    by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
