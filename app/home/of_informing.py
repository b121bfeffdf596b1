"""What customers are to be told."""

from app.core.errors import N_
from app.core.types import Actor
from app.home.items import USUAL, Item, Step
from app.monitoring.informing import queries
from app.monitoring.informing.operations import TELL
from app.monitoring.informing.queries import Line


def of_informing(actor: Actor, limit: int) -> list[Item]:
    """Each line that nobody has ticked off, longest waiting first."""
    return [_item(line) for line in queries.waiting(actor, limit)] if actor.may(TELL) else []


def _item(line: Line) -> Item:
    telling = line.telling
    href = f"/customers-to-tell?q={telling.machine.serial}"
    return Item(
        key=f"telling-{telling.id}", rank=USUAL, since=telling.at, href=href,
        step=Step(label=N_("Tell the customer"), href=href, icon="phone"),
        label=N_("Customer to be told"), serial=telling.machine.serial, customer=telling.customer.name if telling.customer_id else "",
        names=(f"{telling.episode.code} {line.name_zh}", f"{telling.episode.code} {line.name_en}"),
    )  # fmt: skip
