"""Telling people beyond the notices of the product: by the messenger and by e-mail, as each wants it and by the duty roster.

Everything is queued in the transaction of what it tells and sent by the worker, so that telling holds up nothing. In quiet hours
only those are reached whose shift it is; what is urgent also reaches those who answer for it by the roster, whatever their title,
and whose job it is. The others read it when the quiet hours end.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from app.accounts.models import MessageChoice, User, UserRole
from app.accounts.notices import notify
from app.core import clock, known_settings, outbox, wecom
from app.core.errors import N_
from app.core.known_settings import Group, KnownSetting
from app.core.spoken import say
from app.roster.models import DutyShift
from app.roster.queries import on_duty

# What a text of its own may take of a messenger message; the rest is for the names of who is meant.
MOST_BYTES = wecom.MOST_BYTES - 200
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_FOR = N_("For: %(names)s")
_BETWEEN = N_(", ")


def _span_problem(given: str) -> str | None:
    found = _SPAN.fullmatch(given)
    is_fit = not given or (found is not None and found.group(1, 2) != found.group(3, 4))
    return None if is_fit else N_("Give a beginning and an end such as 21:00-07:00, or nothing.")


QUIET_HOURS = known_settings.register(
    KnownSetting(
        "quiet_hours", N_("Quiet hours"), "21:00-07:00", group=Group.MAIL, most=11, problem=_span_problem,
        hint=N_("Who is not on duty gets messages and mails when they end; what is urgent reaches who is on duty. Empty: none."),
    )
)  # fmt: skip


class Words(NamedTuple):
    """What is said to somebody: the subject of a mail, and the whole text."""

    subject: str
    text: str


def tell(
    user_ids: Iterable[int],
    message: str,
    *,
    href: str = "",
    is_urgent: bool = False,
    key: str = "",
    at: datetime,
    by_channels: bool = True,
    is_theirs: bool = False,
    in_full: Callable[[str | None], str] | None = None,
    **params: Any,
) -> None:
    """Tell each of ``user_ids`` once in the product and, unless ``by_channels`` is False, by messenger and mail, in the transaction.

    ``message`` is a message id with ``params``; ``in_full`` gives the text of messenger and mail in a language (``MOST_BYTES`` at
    most) where ``message`` alone is too little. ``is_theirs``: it is about the job of these people. With a ``key`` that was used for
    the same person before nothing happens. Raises ``RuntimeError`` outside of a transaction.
    """
    told = notify(user_ids, message, href=href, is_urgent=is_urgent, key=key, at=at, **params)

    def words(locale: str | None) -> Words:
        subject = say(locale, message, **params)
        return Words(subject, in_full(locale) if in_full else subject)

    if by_channels and told:
        send_out(told, words, about=str(params.get("number", "")), at=at, is_urgent=is_urgent, is_theirs=is_theirs)


def send_out(
    user_ids: Iterable[int],
    words: Callable[[str | None], Words],
    *,
    about: str = "",
    key: str = "",
    at: datetime,
    is_urgent: bool = False,
    is_theirs: bool = False,
) -> None:
    """Queue ``words`` (made for a language) for these people by mail and messenger, as each chose; in the running transaction.

    People who get the same words at the same time are mentioned in one messenger message. ``key`` makes queueing it twice harmless.
    """
    groups: dict[tuple[str | None, datetime], list[User]] = defaultdict(list)
    people = _people(user_ids)
    resting, quiet_end = _resting(people, at, is_urgent, is_theirs)
    for user, choice in people:
        send_at = quiet_end if user.id in resting else at
        if choice.takes_email and user.email:
            subject, text = words(user.locale)
            mail_key = f"{key}:{user.id}" if key else None
            outbox.queue_email(to=user.email, subject=subject, body=f"{text}\n", about=about, key=mail_key, at=at, send_at=send_at)
        if choice.takes_wecom and wecom.is_set_up():
            groups[user.locale, send_at].append(user)
    for (locale, send_at), users in groups.items():
        for first in range(0, len(users), outbox.MENTIONS):
            some = users[first : first + outbox.MENTIONS]
            _queue_wecom(some, words(locale).text, locale, about=about, key=key, at=at, send_at=send_at)


def _queue_wecom(users: Sequence[User], text: str, locale: str | None, *, about: str, key: str, at: datetime, send_at: datetime) -> None:
    names = say(locale, _BETWEEN).join(user.name for user in users)
    outbox.queue_wecom(
        text=f"{text}\n{say(locale, _FOR, names=names)}",
        mobiles=filter(None, (wecom.mobile_of(user.phone) for user in users)),
        about=about,
        key=f"{key}:wecom:{users[0].id}" if key else None,
        at=at,
        send_at=send_at,
    )


class _Person(NamedTuple):
    user: User
    choice: MessageChoice


def _people(user_ids: Iterable[int]) -> list[_Person]:
    """Those who are active, each with the own choice; who never chose takes everything."""
    users = list(User.select().where(User.id.in_(list(user_ids)), User.is_active).order_by(User.id))
    chosen = {row.user_id: row for row in MessageChoice.select().where(MessageChoice.user.in_([user.id for user in users]))}
    return [_Person(user, chosen.get(user.id) or MessageChoice(user=user)) for user in users]


def _resting(people: list[_Person], at: datetime, is_urgent: bool, is_theirs: bool) -> tuple[set[int], datetime]:
    """Who is not to be disturbed now, and until when."""
    end = quiet_until(at)
    if end is None or (is_urgent and is_theirs):
        return set(), at
    resting = {user.id for user, choice in people if choice.has_quiet_hours} - on_shift(at)
    return (resting - _answering(resting, at) if is_urgent and resting else resting), end


def quiet_until(at: datetime) -> datetime | None:
    """When the quiet hours end that ``at`` lies in; None outside of them."""
    found = _SPAN.fullmatch(QUIET_HOURS.value())
    if found is None:
        return None
    start, end = (time(int(found[number]), int(found[number + 1])) for number in (1, 3))
    local = at.astimezone(clock.zone())
    now = local.time()
    is_quiet = start <= now < end if start < end else now >= start or now < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1 if now >= end else 0)
    return datetime.combine(day, end, clock.zone()).astimezone(at.tzinfo)


def on_shift(at: datetime) -> set[int]:
    """Whose shift it is, in whatever role."""
    query = DutyShift.select(DutyShift.user).where(DutyShift.starts_at <= at, DutyShift.ends_at > at)
    return {user_id for (user_id,) in query.tuples()}


def _answering(user_ids: set[int], at: datetime) -> set[int]:
    """Who answers for one of the roles of these people now: by shift, and where nobody has it everybody who holds the role."""
    roles = {role for (role,) in UserRole.select(UserRole.role).where(UserRole.user.in_(list(user_ids))).tuples()}
    return {user.id for role in roles for user in on_duty(role, at)}
