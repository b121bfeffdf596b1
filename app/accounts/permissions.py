"""The one permission table: which role may do what. Everything that is not here is forbidden."""

from app.accounts.models import Role

CLERK, TECHNICIAN, DEPUTY, MANAGER = Role.CLERK, Role.TECHNICIAN, Role.DEPUTY, Role.MANAGER
AREA_MANAGER, QUALITY, ADMIN = Role.AREA_MANAGER, Role.QUALITY, Role.ADMIN

PERMISSIONS: dict[str, frozenset[Role]] = {
    "self.use": frozenset(Role),
    "users.manage": frozenset({ADMIN}),
    "history.read": frozenset({ADMIN, MANAGER}),
    "customers.read": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER, QUALITY}),
    "customers.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "machines.read": frozenset(Role),
    "machines.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "profiles.edit": frozenset({DEPUTY, ADMIN}),
    "monitoring.read": frozenset(Role),
    "alarms.acknowledge": frozenset({CLERK, DEPUTY, MANAGER}),
    "alarms.shelve": frozenset({CLERK, DEPUTY, MANAGER}),
    "alarms.shelve_safety": frozenset({MANAGER}),  # codes that guard people, and for longer than a shift
    "alarms.reset": frozenset({CLERK, DEPUTY, MANAGER}),
    "feed.read": frozenset({CLERK, DEPUTY, MANAGER, ADMIN}),
    "feed.register": frozenset({CLERK, DEPUTY, ADMIN}),
    "credentials.manage": frozenset({DEPUTY, ADMIN}),
    "tickets.read": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER, QUALITY}),
    "tickets.open": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER}),
    "tickets.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "tickets.note": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER, QUALITY}),
    "hotline.sign": frozenset({DEPUTY}),
    "complaints.handle": frozenset({CLERK, DEPUTY, MANAGER}),
    "complaints.answer": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER, QUALITY}),
    "clocks.edit": frozenset({DEPUTY, MANAGER, ADMIN}),
    "calendar.edit": frozenset({CLERK, DEPUTY, MANAGER, ADMIN}),
    "roster.read": frozenset(Role),
    "roster.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "documents.read": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER, QUALITY}),
    "documents.file": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER}),
    "documents.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "models.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "imports.run": frozenset({CLERK, DEPUTY, MANAGER, ADMIN}),
    "outbox.read": frozenset({DEPUTY, MANAGER, ADMIN}),
    "mail.read": frozenset({CLERK, DEPUTY, MANAGER}),
    "broadcasts.send": frozenset({CLERK, DEPUTY, MANAGER}),
    "personal.unmask": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER}),
    "settings.edit": frozenset({MANAGER, ADMIN}),
    "departments.edit": frozenset({MANAGER, ADMIN}),
    "orders.read": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER, QUALITY}),
    "orders.create": frozenset({CLERK, DEPUTY, MANAGER}),
    "orders.dispatch": frozenset({DEPUTY, MANAGER}),
    "orders.dispatch_provisionally": frozenset({CLERK}),
    "orders.ratify": frozenset({DEPUTY, MANAGER}),
    "orders.propose": frozenset({AREA_MANAGER}),
    "orders.cancel": frozenset({CLERK, DEPUTY, MANAGER}),
    "orders.file": frozenset({CLERK}),
    "jobs.work": frozenset({TECHNICIAN}),
    "jobs.accept_for": frozenset({DEPUTY, MANAGER}),
    "guidance.give": frozenset({DEPUTY, MANAGER}),
    "gate.override": frozenset({DEPUTY, MANAGER}),
    "gate.read_overrides": frozenset({MANAGER}),
    "technicians.edit": frozenset({DEPUTY, MANAGER}),
    "technician_reports.read": frozenset({CLERK, DEPUTY, MANAGER, AREA_MANAGER}),
    "vehicles.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "service_reports.read": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER, QUALITY}),
    "service_reports.write": frozenset({TECHNICIAN}),
    "service_reports.amend": frozenset({TECHNICIAN, DEPUTY}),
    "call_backs.list": frozenset({CLERK, DEPUTY, MANAGER, AREA_MANAGER}),
    "call_backs.record": frozenset({CLERK}),
    "call_backs.sign": frozenset({DEPUTY}),
    "call_backs.read": frozenset({MANAGER}),
    "call_backs.follow_up": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER}),
    "return_visits.list": frozenset({CLERK, DEPUTY, MANAGER, AREA_MANAGER}),
    "return_visits.draw": frozenset({CLERK, DEPUTY, MANAGER}),
    "return_visits.record": frozenset({CLERK, DEPUTY, MANAGER, AREA_MANAGER}),
    "shifts.read": frozenset({CLERK, DEPUTY, MANAGER}),
    "shifts.keep": frozenset({CLERK, DEPUTY}),
    "quality_reports.read": frozenset({CLERK, DEPUTY, MANAGER, QUALITY}),
    "quality_reports.edit": frozenset({CLERK, DEPUTY}),
    "authorities.give": frozenset({DEPUTY, MANAGER}),
    "authorities.revoke_any": frozenset({MANAGER}),
    "costs.read": frozenset({CLERK, DEPUTY, MANAGER}),
    "profit.read": frozenset({MANAGER}),
    "parts.read": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER, QUALITY}),
    "parts.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "stock.move": frozenset({CLERK, DEPUTY, MANAGER}),
    "stock.approve_count": frozenset({DEPUTY, MANAGER}),
    "requisitions.ask": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER}),
    "requisitions.decide": frozenset({DEPUTY, MANAGER}),
    "requisitions.issue": frozenset({CLERK, DEPUTY}),
    "purchases.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "parts_orders.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "parts_orders.approve_credit": frozenset({MANAGER}),
    "shipments.edit": frozenset({CLERK, DEPUTY, MANAGER}),
    "returns.read": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER, QUALITY}),
    "returns.handle": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER}),
    "returns.open": frozenset({CLERK, DEPUTY, MANAGER}),
    "returns.receive": frozenset({CLERK, DEPUTY, QUALITY}),
    "returns.waive": frozenset({DEPUTY, MANAGER}),
    "nonconformities.read": frozenset({CLERK, DEPUTY, MANAGER, QUALITY}),
    "nonconformities.prepare": frozenset({CLERK}),
    "nonconformities.submit": frozenset({MANAGER}),
    "nonconformities.decide": frozenset({QUALITY}),
    "contracts.read": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER}),
    "contracts.draft": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER}),
    "contracts.approve": frozenset({MANAGER}),
    "contracts.confirm_quote": frozenset({DEPUTY, MANAGER}),
    "contracts.sign": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER}),
    "warranty.rule": frozenset({DEPUTY, MANAGER}),
    "tax_rates.edit": frozenset({MANAGER, ADMIN}),
    "money.read": frozenset({CLERK, TECHNICIAN, DEPUTY, MANAGER, AREA_MANAGER}),
    "invoices.edit": frozenset({CLERK, MANAGER}),
    "invoices.hand_over": frozenset({CLERK, TECHNICIAN, MANAGER}),
    "billing_data.edit": frozenset({CLERK, TECHNICIAN, MANAGER}),
    "payments.record": frozenset({CLERK, MANAGER}),
    "payments.take": frozenset({TECHNICIAN}),
    "payments.confirm": frozenset({CLERK}),
    "payments.settle": frozenset({CLERK, MANAGER}),
    "dunning.record": frozenset({CLERK, TECHNICIAN, MANAGER, AREA_MANAGER}),
    "dunning.edit": frozenset({MANAGER}),
    "service.stop": frozenset({MANAGER}),
    "receivables.write_off": frozenset({MANAGER}),
}

# These see only the areas they work in; all others see every area.
AREA_BOUND_ROLES = frozenset({TECHNICIAN, AREA_MANAGER})


def permissions_of(roles: frozenset[str]) -> frozenset[str]:
    """All permissions that come with ``roles``."""
    return frozenset(name for name, holders in PERMISSIONS.items() if holders & roles)


def sees_every_area(roles: frozenset[str]) -> bool:
    """Whether one of ``roles`` is not bound to areas."""
    return bool(roles - AREA_BOUND_ROLES)


def holders(permission: str) -> list[Role]:
    """The roles that hold ``permission``, in the order of ``Role``; for the words of a refusal."""
    return [role for role in Role if role in PERMISSIONS[permission]]
