"""How a customer was asked lately: the latest call-backs and return visits, for the customer's page."""

from app.callbacks import queries, visit_plans
from app.callbacks.models import CallBack, ReturnVisit
from app.callbacks.visit_pools import quarter_number
from app.core.types import Actor
from app.customers.models import Customer
from app.work_orders.models import WorkOrder


def return_visits(actor: Actor, customer: Customer, limit: int) -> list[ReturnVisit]:
    """The latest return visits of ``customer`` that ``actor`` may see, the last first."""
    query = visit_plans.visible(actor).where(ReturnVisit.customer == customer)
    return list(query.order_by(quarter_number.desc(), ReturnVisit.id.desc()).limit(limit))


def call_backs(actor: Actor, customer: Customer, limit: int) -> list[CallBack]:
    """The call-backs of the latest orders of ``customer`` that ``actor`` may see, the last order first; read through the orders' index."""
    orders = WorkOrder.select(WorkOrder.id).where(WorkOrder.customer == customer, WorkOrder.called_back_at.is_null(False))
    latest = [key for (key,) in orders.order_by(WorkOrder.created_at.desc(), WorkOrder.id.desc()).limit(limit).tuples()]
    found = queries.visible(actor).where(CallBack.order.in_(latest))
    return sorted(found, key=lambda one: latest.index(one.order_id))
