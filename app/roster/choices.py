"""How a person wants to be told beside the notices of the product, which always come."""

from dataclasses import dataclass

from app.accounts.models import MessageChoice, User
from app.core import db, history, wecom
from app.core.types import Actor


@dataclass(frozen=True, slots=True)
class Reach:
    """How somebody is reached: where mails go, by which mobile the messenger knows them, and what they chose."""

    email: str
    phone: str
    mobile: str
    choice: MessageChoice


def reach_of(user_id: int) -> Reach:
    """How ``user_id`` is reached; who never chose takes everything."""
    user = User.get_by_id(user_id)
    choice = MessageChoice.get_or_none(MessageChoice.user == user_id) or MessageChoice(user=user)
    return Reach(user.email, user.phone, wecom.mobile_of(user.phone), choice)


def choose(*, by: Actor, takes_email: bool, takes_wecom: bool, has_quiet_hours: bool) -> None:
    """Note one's own choice."""
    values = {"takes_email": takes_email, "takes_wecom": takes_wecom, "has_quiet_hours": has_quiet_hours}
    with db.transaction():
        MessageChoice.insert(user=by.user_id, **values).on_conflict(conflict_target=[MessageChoice.user], update=values).execute()
        history.record(by, "user.messages_chosen", "user", by.user_id, after=values)
