"""The tables of money: invoices as the tax platform issued them, receivables, payments and how they are allocated, dunning, costs."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, DateField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import Area, User
from app.contracts.models import Contract
from app.core.db import BaseModel, InstantField, one_of
from app.core.files import StoredFile
from app.core.money import MoneyField, QuantityField, RateField
from app.customers.models import Customer
from app.supply.models import PartsOrder, Shipment
from app.work_orders.models import WorkOrder


class InvoiceKind(StrEnum):
    """Kinds of invoices (facts, Invoices): fully digital, electronic and paper ones, special and ordinary."""

    DIGITAL_SPECIAL = "digital_special"
    DIGITAL_ORDINARY = "digital_ordinary"
    ELECTRONIC_SPECIAL = "electronic_special"
    ELECTRONIC_ORDINARY = "electronic_ordinary"
    PAPER_SPECIAL = "paper_special"
    PAPER_ORDINARY = "paper_ordinary"


class InvoiceStatus(StrEnum):
    """Where an invoice is on its way to the customer; what was paid of it stands on its receivable. ``red``: taken back by a red one."""

    ISSUED = "issued"
    POSTED = "posted"
    DELIVERED = "delivered"
    RECEIVED = "received"
    RED = "red"
    VOID = "void"


class CustomerBillingData(BaseModel):
    """What a customer wants on its invoices (2C-13, 开票信息)."""

    customer = ForeignKeyField(Customer, unique=True, backref="billing_rows", on_delete="RESTRICT")
    title = CharField(120, constraints=[Check("title <> ''", name="invoice_title_is_given")])
    tax_number = CharField(20, default="")
    tax_number_reason = CharField(200, default="")
    address = CharField(200, default="")
    phone = CharField(30, default="")
    bank = CharField(120, default="")
    account = CharField(40, default="")
    email = CharField(120, default="")
    changed_at = InstantField()
    by_name = CharField(60)
    version = IntegerField(default=1)


class Invoice(BaseModel):
    """An invoice as the tax platform issued it. ``code`` is empty for fully digital ones; amounts are those printed on it."""

    code = CharField(12, default="")
    number = CharField(20, constraints=[Check("number <> ''", name="invoice_number_is_given")])
    kind = CharField(20, constraints=[one_of("kind", InvoiceKind)])
    status = CharField(10, constraints=[one_of("status", InvoiceStatus)])
    issued_on = DateField()
    customer = ForeignKeyField(Customer, backref="invoices", on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    buyer_name = CharField(120)
    buyer_tax_number = CharField(20, default="")
    tax_number_reason = CharField(200, default="")
    seller_name = CharField(120, default="")
    seller_tax_number = CharField(20, default="")
    amount = MoneyField()
    tax = MoneyField()
    total = MoneyField(constraints=[Check("total = amount + tax", name="invoice_sums_up")])
    remark = CharField(500, default="")
    issuer = CharField(60, default="")
    person = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    contract = ForeignKeyField(Contract, null=True, backref="invoices", on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="invoices", on_delete="RESTRICT")
    parts_order = ForeignKeyField(PartsOrder, null=True, backref="invoices", on_delete="RESTRICT")
    shipment = ForeignKeyField(Shipment, null=True, backref="invoices", on_delete="RESTRICT")
    red_of = ForeignKeyField("self", null=True, unique=True, on_delete="RESTRICT")
    registered_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    void_reason = CharField(200, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("(red_of_id IS NULL AND total >= 0) OR (red_of_id IS NOT NULL AND total <= 0)", name="red_invoice_takes_back"),
            Check("(status = 'void') = (void_reason <> '')", name="void_invoice_has_a_reason"),
        ]
        indexes = ((("code", "number"), True),)


Invoice.add_index(Invoice.index(Invoice.issued_on.desc(), Invoice.id.desc(), name="invoice_by_date"))
Invoice.add_index(Invoice.index(Invoice.customer, Invoice.issued_on.desc(), Invoice.id.desc(), name="invoice_of_customer"))
# With the amount, so that the sum of a state is read from the index alone.
Invoice.add_index(Invoice.index(Invoice.status, Invoice.issued_on.desc(), Invoice.id.desc(), Invoice.total, name="invoice_by_status"))


class InvoiceLine(BaseModel):
    """One line as printed; ``amount`` is without tax."""

    invoice = ForeignKeyField(Invoice, backref="lines", on_delete="RESTRICT", index=False)
    position = IntegerField()
    name = CharField(120, constraints=[Check("name <> ''", name="invoice_line_is_named")])
    model = CharField(60, default="")
    unit = CharField(10, default="")
    quantity = QuantityField(null=True)
    price = MoneyField(null=True)
    amount = MoneyField()
    tax_rate = RateField(default=0)
    tax = MoneyField(default=0)

    class Meta:
        indexes = ((("invoice", "position"), True),)


class DeliveryWay(StrEnum):
    """How an invoice reaches the customer."""

    COURIER = "courier"
    HANDED = "handed"
    EMAIL = "email"
    WECHAT = "wechat"
    QR = "qr"


class InvoiceDelivery(BaseModel):
    """One sending of an invoice: posted with courier and waybill, handed over with the receiver's signature, or sent electronically."""

    invoice = ForeignKeyField(Invoice, backref="deliveries", on_delete="RESTRICT")
    way = CharField(10, constraints=[one_of("way", DeliveryWay)])
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    carrier = CharField(60, default="")
    waybill = CharField(60, default="")
    receiver = CharField(60, default="")
    strokes = TextField(default="")
    address = CharField(200, default="")
    confirmed_at = InstantField(null=True)
    confirmed_by_name = CharField(60, default="")

    class Meta:
        constraints = [Check("way <> 'courier' OR waybill <> ''", name="posted_invoice_has_its_waybill")]


class InvoiceFile(BaseModel):
    """A file of an invoice (PDF, OFD, XML, scan)."""

    invoice = ForeignKeyField(Invoice, backref="files", on_delete="RESTRICT")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    at = InstantField()


class ReceivableKind(StrEnum):
    """What money is owed for."""

    INVOICE = "invoice"
    OPENING = "opening"
    RETENTION = "retention"
    UNINVOICED = "uninvoiced"


class Receivable(BaseModel):
    """Money that a customer owes. ``paid`` is kept: the sum of its allocations, never more than ``amount``.

    ``statutory_on`` is the day by which the law wants it paid (facts, Receivables); ``demanded_on`` the last provable demand.
    """

    kind = CharField(12, constraints=[one_of("kind", ReceivableKind)])
    customer = ForeignKeyField(Customer, backref="receivables", on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    person = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    invoice = ForeignKeyField(Invoice, null=True, unique=True, backref="receivable_rows", on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, on_delete="RESTRICT")
    contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT")
    about = CharField(120, default="")
    amount = MoneyField(constraints=[Check("amount > 0", name="receivable_is_positive")])
    paid = MoneyField(default=0)
    since_on = DateField()
    due_on = DateField()
    statutory_on = DateField(null=True)
    demanded_on = DateField(null=True)
    is_open = BooleanField(default=True)
    written_off_at = InstantField(null=True)
    written_off_reason = CharField(300, default="")
    created_at = InstantField()
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("paid >= 0 AND paid <= amount", name="no_more_is_paid_than_owed"),
            Check("is_open = (paid < amount AND written_off_at IS NULL)", name="receivable_is_open_until_paid"),
            Check("(written_off_at IS NULL) = (written_off_reason = '')", name="write_off_has_a_reason"),
        ]


# With what the sums by age are made of, so that they are read from the index alone.
Receivable.add_index(
    Receivable.index(
        Receivable.due_on,
        Receivable.id,
        Receivable.is_open,
        Receivable.amount,
        Receivable.paid,
        where=SQL("is_open"),
        name="receivable_open_by_due",
    )
)
Receivable.add_index(
    Receivable.index(Receivable.customer, Receivable.due_on, Receivable.id, where=SQL("is_open"), name="receivable_open_of_customer")
)
Receivable.add_index(Receivable.index(Receivable.customer, Receivable.since_on.desc(), Receivable.id.desc(), name="receivable_of_customer"))


class AccountBalance(BaseModel):
    """What a customer owes and has paid ahead, kept; a test proves it equal to the sums."""

    customer = ForeignKeyField(Customer, primary_key=True, on_delete="RESTRICT")
    owed = MoneyField(default=0, constraints=[Check("owed >= 0", name="owed_is_not_negative")])
    ahead = MoneyField(default=0, constraints=[Check("ahead >= 0", name="ahead_is_not_negative")])


class PaymentWay(StrEnum):
    """How money came (workflows, Payments)."""

    TRANSFER = "transfer"
    CODE = "code"
    CASH = "cash"
    ACCEPTANCE = "acceptance"


class Payment(BaseModel):
    """Money received. ``allocated`` is kept: the sum of its allocations. A technician's cash counts once the clerk confirmed it."""

    number = CharField(20, unique=True)
    customer = ForeignKeyField(Customer, backref="payments", on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", index=False)
    way = CharField(12, constraints=[one_of("way", PaymentWay)])
    amount = MoneyField(constraints=[Check("amount > 0", name="payment_is_positive")])
    allocated = MoneyField(default=0)
    received_on = DateField()
    payer_name = CharField(120, default="")
    bank_reference = CharField(80, null=True, unique=True)
    bill_number = CharField(40, default="")
    bill_due_on = DateField(null=True)
    proof = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    order = ForeignKeyField(WorkOrder, null=True, backref="payments", on_delete="RESTRICT")
    technician = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    remark = CharField(300, default="")
    recorded_at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    confirmed_at = InstantField(null=True)
    confirmed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    confirmed_by_name = CharField(60, default="")
    settled_at = InstantField(null=True)
    settled_by_name = CharField(60, default="")
    void_at = InstantField(null=True)
    void_reason = CharField(300, default="")
    version = IntegerField(default=1)

    class Meta:
        constraints = [
            Check("allocated >= 0 AND allocated <= amount", name="no_more_is_allocated_than_paid"),
            Check("(way = 'acceptance') = (bill_due_on IS NOT NULL)", name="acceptance_bill_has_its_date"),
            Check("(void_at IS NULL) = (void_reason = '')", name="void_payment_has_a_reason"),
            Check("void_at IS NULL OR allocated = 0", name="void_payment_pays_nothing"),
            Check(
                "confirmed_by_id IS NULL OR technician_id IS NULL OR confirmed_by_id <> technician_id", name="cash_is_confirmed_by_another"
            ),
        ]


Payment.add_index(Payment.index(Payment.received_on.desc(), Payment.id.desc(), name="payment_by_date"))
Payment.add_index(Payment.index(Payment.customer, Payment.received_on.desc(), Payment.id.desc(), name="payment_of_customer"))
Payment.add_index(
    Payment.index(
        Payment.received_on.desc(),
        Payment.id.desc(),
        where=SQL("confirmed_at IS NOT NULL AND void_at IS NULL AND allocated < amount"),
        name="payment_left",
    )
)
Payment.add_index(
    Payment.index(
        Payment.received_on.desc(),
        Payment.id.desc(),
        where=SQL("technician_id IS NOT NULL AND void_at IS NULL AND confirmed_at IS NULL"),
        name="payment_unconfirmed",
    )
)
Payment.add_index(
    Payment.index(
        Payment.technician, where=SQL("technician_id IS NOT NULL AND settled_at IS NULL AND void_at IS NULL"), name="payment_unsettled"
    )
)


class Allocation(BaseModel):
    """How much of a payment pays a receivable."""

    payment = ForeignKeyField(Payment, backref="allocations", on_delete="RESTRICT", index=False)
    receivable = ForeignKeyField(Receivable, backref="allocations", on_delete="RESTRICT")
    amount = MoneyField(constraints=[Check("amount > 0", name="allocation_is_positive")])
    at = InstantField()
    by_name = CharField(60)

    class Meta:
        indexes = ((("payment", "receivable"), True),)


class DunningAct(StrEnum):
    """What a step of the dunning ladder is."""

    REMINDER = "reminder"
    CALL = "call"
    LETTER = "letter"
    VISIT = "visit"
    LAWYER = "lawyer"


DEMANDED_BY = ("clerk", "technician", "area_manager", "manager")  # roles


class DunningStep(BaseModel):
    """A step of the ladder: so many days after the due date (before it when negative), what is done and by which role (facts)."""

    days = IntegerField(unique=True)
    act = CharField(10, constraints=[one_of("act", DunningAct)])
    role = CharField(20, default="clerk", constraints=[one_of("role", DEMANDED_BY)])
    name_zh = CharField(60)
    name_en = CharField(60)
    letter = TextField(default="")
    stops_service = BooleanField(default=False)


class DunningRecord(BaseModel):
    """One demand and what came of it (2E-11, F-24): date, person, result, promised date, next step."""

    customer = ForeignKeyField(Customer, backref="dunning", on_delete="RESTRICT")
    receivable = ForeignKeyField(Receivable, null=True, backref="dunning", on_delete="RESTRICT")
    step = ForeignKeyField(DunningStep, null=True, on_delete="RESTRICT", index=False)
    act = CharField(10, constraints=[one_of("act", DunningAct)])
    at = InstantField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    result = CharField(500, default="")
    promised_on = DateField(null=True)
    promised = MoneyField(null=True)
    next_on = DateField(null=True)
    letter = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")


DunningRecord.add_index(DunningRecord.index(DunningRecord.promised_on, where=SQL("promised_on IS NOT NULL"), name="dunning_promised"))


class ServiceStop(BaseModel):
    """Off-warranty service suspended for a debtor, and lifted again; safety and in-warranty work are excepted."""

    customer = ForeignKeyField(Customer, backref="stops", on_delete="RESTRICT", index=False)
    at = InstantField()
    by = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    by_name = CharField(60)
    reason = CharField(300, constraints=[Check("reason <> ''", name="stop_has_a_reason")])
    lifted_at = InstantField(null=True)
    lifted_by_name = CharField(60, default="")
    lifted_reason = CharField(300, default="")


ServiceStop.add_index(ServiceStop.index(ServiceStop.customer, unique=True, where=SQL("lifted_at IS NULL"), name="one_stop_of_a_customer"))


class CostKind(StrEnum):
    """What a job cost (2A-04)."""

    LABOUR = "labour"
    TRAVEL = "travel"
    PARTS = "parts"
    FREIGHT = "freight"
    OTHER = "other"


class JobCost(BaseModel):
    """A cost of an order: computed from its report and movements, or written down by hand."""

    order = ForeignKeyField(WorkOrder, backref="costs", on_delete="RESTRICT")
    kind = CharField(10, constraints=[one_of("kind", CostKind)])
    amount = MoneyField(constraints=[Check("amount >= 0", name="cost_is_not_negative")])
    on_date = DateField()
    is_computed = BooleanField()
    remark = CharField(200, default="")
    at = InstantField()
    by_name = CharField(60)


JobCost.add_index(JobCost.index(JobCost.order, JobCost.kind, unique=True, where=SQL("is_computed"), name="one_computed_cost_of_a_kind"))
