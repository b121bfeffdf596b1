"""Signing in somebody's place (代签): who is away lets another do certain things for a time (product.md, settled question 16).

What somebody may do in another's place is in no ``Actor.permissions``: own right and lent right differ, on paper ("张 (代李) 签") and where
three different persons are asked for. A route for something that can be lent declares the permission of the page it stands on
(``LENDABLE``); its operation asks ``standing``, which refuses whoever has neither right.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peewee import ModelSelect

from app.accounts import notices
from app.accounts.models import Authority, User, UserRole
from app.accounts.permissions import holders, permissions_of
from app.core import clock, db, history, submissions
from app.core.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from app.core.types import Actor

GIVE, REVOKE_ANY = "authorities.give", "authorities.revoke_any"
# What can be lent, and the permission of the page on which it is done: who may not open that can do nothing there.
LENDABLE: Mapping[str, str] = {
    "call_backs.sign": "call_backs.list",
    "call_backs.read": "call_backs.list",
    "orders.ratify": "orders.create",
    "gate.override": "orders.create",
    "gate.read_overrides": "orders.create",
    "contracts.approve": "contracts.read",
    "contracts.confirm_quote": "contracts.read",
}
MAX_NAME = 60
MOST_DAYS = 60
MAX_REASON = 200
PAGE = "/account/authorities"
_WRONG = N_("Something is missing or wrong. See the words beside the fields.")
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """By what right somebody does something: their own, or in the place of ``for_name`` (prints as "张 (代李) 签")."""

    for_id: int | None = None
    for_name: str = ""

    def signature(self, name: str) -> str:
        """How ``name`` signs by this right, at most ``MAX_NAME`` characters."""
        return f"{name} (代{self.for_name})"[:MAX_NAME] if self.for_name else name


OWN = Standing()


def standing(by: Actor, permission: str, at: datetime) -> Standing:
    """By what right ``by`` does what ``permission`` names at ``at``. Raises ``NotAllowed`` when there is none."""
    if by.may(permission):
        return OWN
    found = _given(by, permission, at)
    if found is None:
        raise NotAllowed(N_("Your role does not allow this."))
    return Standing(found.giver_id, found.giver.name)


def may_act(by: Actor, permission: str, at: datetime) -> bool:
    """Whether ``by`` may do what ``permission`` names at ``at``, by own right or in somebody's place."""
    return by.may(permission) or _given(by, permission, at) is not None


def _given(by: Actor, permission: str, at: datetime) -> Authority | None:
    query = _with_giver(_standing_at(at)).where(Authority.holder == by.user_id, Authority.permission == permission)
    return query.where(_still_holds(permission)).order_by(Authority.id).first()


def _standing_at(at: datetime) -> ModelSelect:
    is_on = (Authority.from_at <= at) & (Authority.until_at > at) & Authority.revoked_at.is_null()
    return Authority.select().where(is_on)


def _with_giver(query: ModelSelect) -> ModelSelect:
    """``query`` with the givers, without those who work here no longer."""
    return query.select(Authority, User).join(User, on=Authority.giver).where(User.is_active)


def _still_holds(permission: str) -> object:
    """Nobody lends what they no longer hold themselves."""
    return Authority.giver.in_(UserRole.select(UserRole.user).where(UserRole.role.in_(holders(permission))))


def standing_in(permission: str, at: datetime) -> list[int]:
    """Who may do what ``permission`` names at ``at`` in somebody's place."""
    query = _with_giver(_standing_at(at)).where(Authority.permission == permission, _still_holds(permission))
    return list(dict.fromkeys(one.holder_id for one in query.order_by(Authority.id)))


def held_by(user_id: int | None, at: datetime) -> list[Authority]:
    """What ``user_id`` may do at ``at`` in the place of others, whose places those are, the first to end first."""
    query = _with_giver(_standing_at(at)).where(Authority.holder == user_id)
    found = query.order_by(Authority.until_at, Authority.id)
    return [one for one in found if permissions_of(_roles(one.giver_id)) >= {one.permission}]


def coming_to(user_id: int | None, at: datetime) -> list[Authority]:
    """What ``user_id`` will be able to do in the place of others after ``at``, the first to begin first."""
    query = _with_giver(Authority.select()).where(Authority.holder == user_id, Authority.from_at > at, Authority.revoked_at.is_null())
    return list(query.order_by(Authority.from_at, Authority.id))


def given(by: Actor, at: datetime, *, ended: int) -> list[Authority]:
    """What ``by`` has given, for ``REVOKE_ANY`` what everybody has: what is not over at ``at``, then the last ``ended``."""
    giver = User.alias()
    query = Authority.select(Authority, User, giver).join_from(Authority, User, on=Authority.holder)
    query = query.join_from(Authority, giver, on=Authority.giver)
    if not by.may(REVOKE_ANY):
        query = query.where(Authority.giver == by.user_id)
    is_live = Authority.revoked_at.is_null() & (Authority.until_at > at)
    over = query.where(~is_live).order_by(Authority.until_at.desc(), Authority.id.desc()).limit(ended)
    return [*query.where(is_live).order_by(Authority.from_at, Authority.id), *over]


def lendable_by(by: Actor) -> list[str]:
    """What ``by`` can lend: what they hold by their own role; what is only lent to them goes no further."""
    return [permission for permission in LENDABLE if permission in by.permissions]


def receivers(by: Actor) -> list[tuple[int, str]]:
    """Who can be given something, by name: everybody active but ``by`` whose role opens one of the pages in question."""
    roles = {role for permission in lendable_by(by) for role in holders(LENDABLE[permission])}
    able = UserRole.select(UserRole.user).where(UserRole.role.in_(list(roles)))
    query = User.select(User.id, User.name).where(User.is_active, User.id != by.user_id, User.id.in_(able))
    return list(query.order_by(User.name, User.id).tuples())


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What is given to whom, from the beginning of ``first`` to the end of ``last``."""

    holder: User | None
    permissions: Sequence[str]
    first: date | None
    last: date | None
    reason: str


def give(*, by: Actor, grant: Grant, form_token: str | None = None, at: datetime | None = None) -> None:
    """Let ``grant.holder`` do things in the place of ``by`` for some days; they are told. The same form again gives nothing twice.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    by.require(GIVE)
    now = at or clock.now()
    holder, first, last = _checked(by, grant, now)
    _check_actions(by, holder, grant.permissions)
    span = (max(clock.start_of(first), now), clock.end_of(last))
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return
        db.for_update(User.select().where(User.id == by.user_id)).get()  # one form of a giver after the other
        for permission in dict.fromkeys(grant.permissions):
            _refuse_overlap(by, holder, permission, span)
            _write(by, grant, permission, span, now)
        words = N_("%(name)s lets you act in their place from %(first)s to %(last)s.")
        notices.notify([holder.id], words, href=PAGE, at=now, name=by.name, first=first, last=last)


def _checked(by: Actor, grant: Grant, now: datetime) -> tuple[User, date, date]:
    today, wrong = clock.day_of(now), {}
    if grant.holder is None or not grant.holder.is_active or grant.holder.id == by.user_id:
        wrong["holder"] = N_("Choose somebody else who works here.")
    if grant.first is None or grant.first < today:
        wrong["first"] = N_("From today on, or later.")
    if grant.last is None or grant.last < (grant.first or today):
        wrong["last"] = N_("The last day lies before the first one.")
    elif grant.last >= (grant.first or today) + timedelta(days=MOST_DAYS):
        wrong["last"] = N_("At most 60 days; who is away longer gives it again.")
    if not grant.reason.strip() or len(grant.reason) > MAX_REASON:
        wrong["reason"] = N_("Say why, in at most 200 characters.")
    if not grant.permissions:
        wrong["permissions"] = N_("Choose at least one.")
    if wrong or grant.holder is None or grant.first is None or grant.last is None:
        raise Invalid(_WRONG, fields=wrong)
    return grant.holder, grant.first, grant.last


def _check_actions(by: Actor, holder: User, permissions: Iterable[str]) -> None:
    own = permissions_of(_roles(holder.id))
    for permission in permissions:
        if permission not in lendable_by(by):
            raise Invalid(_WRONG, fields={"permissions": N_("You can only lend what your own role allows.")})
        if permission in own:
            raise Invalid(_WRONG, fields={"holder": N_("This person may do that by their own role already.")})
        if LENDABLE[permission] not in own:
            raise Invalid(_WRONG, fields={"holder": N_("This person's role does not open the page where that is done.")})


def _refuse_overlap(by: Actor, holder: User, permission: str, span: tuple[datetime, datetime]) -> None:
    same = (Authority.giver == by.user_id) & (Authority.holder == holder) & (Authority.permission == permission)
    during = (Authority.from_at < span[1]) & (Authority.until_at > span[0]) & Authority.revoked_at.is_null()
    there = Authority.get_or_none(same & during)
    if there is not None:
        raise Conflict(N_("%(name)s has this from you already, until %(day)s."), name=holder.name, day=last_day(there))


def _write(by: Actor, grant: Grant, permission: str, span: tuple[datetime, datetime], now: datetime) -> None:
    given_ = Authority.create(
        giver=by.user_id,
        holder=grant.holder,
        permission=permission,
        from_at=span[0],
        until_at=span[1],
        reason=grant.reason.strip(),
        given_at=now,
    )
    after = {"holder": given_.holder.name, "permission": permission, "from_at": span[0], "until_at": span[1], "reason": given_.reason}
    history.record(by, "authority.given", "authority", given_.id, after=after)


def last_day(authority: Authority) -> date:
    """The last day on which it stands."""
    day: date = clock.day_of(authority.until_at - _TICK)
    return day


def by_id(by: Actor, authority_id: int) -> Authority:
    """The authority that ``by`` may take back: one they gave, for ``REVOKE_ANY`` any. Raises ``NotFound``."""
    found = Authority.get_or_none(Authority.id == authority_id)
    if found is None or (found.giver_id != by.user_id and not by.may(REVOKE_ANY)):
        raise NotFound(N_("There is no such authority, or it is not yours to take back."))
    return found


def revoke(*, by: Actor, authority: Authority, at: datetime | None = None) -> None:
    """Take an authority back; its holder is told. Raises ``Conflict`` when it is over or was taken back already, ``NotAllowed``."""
    by.require(GIVE)
    now = at or clock.now()
    with db.transaction():
        is_live = (Authority.id == authority.id) & Authority.revoked_at.is_null() & (Authority.until_at > now)
        if Authority.update(revoked_at=now).where(is_live).execute() != 1:
            raise Conflict(N_("This authority is over, or was taken back already."))
        before = {"holder": authority.holder.name, "permission": authority.permission}
        history.record(by, "authority.revoked", "authority", authority.id, before=before)
        words = N_("You no longer act in the place of %(name)s: what they gave was taken back.")
        notices.notify([authority.holder_id], words, href=PAGE, at=now, name=authority.giver.name)


def _roles(user_id: int) -> frozenset[str]:
    return frozenset(row.role for row in UserRole.select().where(UserRole.user == user_id))
