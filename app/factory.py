"""Composition root of the portal: the only list of blueprints."""

from importlib import import_module
from pathlib import Path

from flask import Flask

from app import cli, wiring  # noqa: F401  # wiring: the rules that upper layers add
from app.accounts import sign_in
from app.accounts.operations import set_preferences
from app.accounts.views.account import lock_banner
from app.accounts.views.authorities import authority_banner
from app.accounts.views.notices import notice_banner
from app.core import start
from app.core.config import Config
from app.desk.outgoing import messages_banner
from app.home import readiness
from app.monitoring.banners import feed_banner, flood_banner
from app.roster.calendar_views import calendar_banner
from app.web import (
    assets,
    auth,
    compression,
    errors,
    filters,
    fragment_cache,
    health,
    i18n,
    labels,
    navigation,
    observing,
    preferences,
    security,
    uploads,
)
from app.web.htmx import htmx

ROOT = Path(__file__).parent.parent

# Each module has a ``blueprint``. The order is that of the map in architecture.md.
BLUEPRINTS: tuple[str, ...] = (
    "app.web.health",
    "app.accounts.views",
    "app.customers.views",
    "app.customers.contact_views",
    "app.customers.project_views",
    "app.machines.views",
    "app.machines.qr_views",
    "app.machines.model_views",
    "app.machines.move_views",
    "app.machines.document_views",
    "app.machines.request_views",
    "app.roster.calendar_views",
    "app.roster.views",
    "app.roster.message_views",
    "app.tickets.views",
    "app.tickets.clock_views",
    "app.tickets.hotline_views",
    "app.monitoring.views",
    "app.monitoring.shift_log.views",
    "app.monitoring.figures.views",
    "app.monitoring.profile_editing.screens",
    "app.monitoring.informing.views",
    "app.work_orders.views",
    "app.work_orders.technician_views",
    "app.work_orders.vehicle_views",
    "app.parts.views",
    "app.parts.supplier_views",
    "app.parts.stock_views",
    "app.parts.count_views",
    "app.supply.screens",
    "app.supply.requisition_views",
    "app.supply.purchase_views",
    "app.supply.shipment_views",
    "app.supply.unsettled_views",
    "app.callbacks.return_visit_views",
    "app.callbacks.views",
    "app.callbacks.month_views",
    "app.callbacks.follow_up_views",
    "app.callbacks.call_views",
    "app.callbacks.record_views",
    "app.contracts.warranty_views",
    "app.returns.opening_views",
    "app.returns.views",
    "app.returns.my_views",
    "app.returns.nonconformity_views",
    "app.returns.eight_d_views",
    "app.contracts.views",
    "app.contracts.step_views",
    "app.contracts.paper_views",
    "app.contracts.job_views",
    "app.contracts.template_views",
    "app.contracts.tax_rate_views",
    "app.service_reports.views",
    "app.service_reports.signing_views",
    "app.service_reports.link_views",
    "app.service_reports.register_views",
    "app.service_reports.amendment_views",
    "app.service_reports.paper_views",
    "app.billing.invoice_views",
    "app.billing.delivery_views",
    "app.billing.payment_views",
    "app.billing.uninvoiced_views",
    "app.billing.bank_views",
    "app.billing.receivable_views",
    "app.billing.cash_views",
    "app.desk.views",
    "app.desk.attachments",
    "app.desk.intake",
    "app.desk.complaints",
    "app.desk.work_slips",
    "app.desk.parts_orders",
    "app.desk.mail",
    "app.desk.outgoing",
    "app.desk.ticket_work",
    "app.desk.storm_tickets",
    "app.desk.ticket_export",
    "app.desk.overviews",
    "app.desk.new_order",
    "app.desk.order_page",
    "app.desk.dispatch_sheets",
    "app.desk.broadcasts",
    "app.desk.scanned",
    "app.machine_files.views",
    "app.desk.search",
    "app.desk.jobs",
    "app.desk.dispatching",
    "app.desk.redispatching",
    "app.desk.gate_overrides",
    "app.desk.approvals",
    "app.desk.own_calls",
    "app.desk.billing_details",
    "app.desk.own_invoices",
    "app.desk.job_guidance",
    "app.desk.own_reports",
    "app.desk.technician_reports",
    "app.machine_files.paper",
    "app.home.views",
    "app.imports.views",
    "app.billing.dunning_views",
    "app.billing.dunning_register_views",
    "app.billing.statement_views",
    "app.analytics.quality_reports.views",
    "app.billing.cost_views",
    "app.billing.profit_views",
)
DEMO_BLUEPRINTS: tuple[str, ...] = ("app.web.styleguide",)


def create_app(config: Config) -> Flask:
    """Make the portal for ``config``; binds this process to its database."""
    start.start(config)
    app = Flask("app", root_path=str(ROOT / "app"), template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(SECRET_KEY=config.secret_key, CENTRE=config)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if config.trusted_proxies:
        # Flask's way to wrap the application; its stub has a method there.
        app.wsgi_app = security.behind_proxies(app.wsgi_app, config.trusted_proxies)  # type: ignore[assignment]
    observing.init_app(app)
    htmx.init_app(app)
    security.init_app(app, config)
    i18n.init_app(app, config.default_locale, config.zone.key)
    errors.init_app(app)
    auth.init_app(app, sign_in.load_user)
    health.init_app(app, (readiness.subscriber_check, readiness.worker_check), readiness.figures)
    assets.init_app(app)
    filters.init_app(app)
    fragment_cache.init_app(app)
    labels.init_app(app)
    navigation.init_app(
        app,
        (
            lock_banner,
            notice_banner,
            calendar_banner,
            feed_banner,
            flood_banner,
            messages_banner,
            authority_banner,
        ),
    )
    preferences.init_app(app, set_preferences)
    compression.init_app(app)
    uploads.init_app(app)
    for name in BLUEPRINTS + (DEMO_BLUEPRINTS if config.is_demo else ()):
        app.register_blueprint(import_module(name).blueprint)
    cli.register(app)
    return app
