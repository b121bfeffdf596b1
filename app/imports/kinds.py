"""The kinds of tables that are taken in."""

from app.billing.invoice_imports import INVOICES
from app.billing.opening_imports import OPENING_RECEIVABLES
from app.core.import_runs import ImportKind
from app.core.importing import Kind
from app.customers.contact_imports import CONTACTS
from app.customers.imports import CUSTOMERS
from app.machines.imports import MACHINES
from app.parts.imports import PARTS
from app.parts.opening import OPENING
from app.tickets.imports import HISTORY

KINDS: dict[ImportKind, Kind] = {
    ImportKind.CUSTOMERS: CUSTOMERS,
    ImportKind.CONTACTS: CONTACTS,
    ImportKind.MACHINES: MACHINES,
    ImportKind.HISTORY: HISTORY,
    ImportKind.INVOICES: INVOICES,
    ImportKind.PARTS: PARTS,
    ImportKind.OPENING_STOCK: OPENING,
    ImportKind.OPENING_RECEIVABLES: OPENING_RECEIVABLES,
}
