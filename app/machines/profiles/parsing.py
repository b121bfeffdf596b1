"""A profile file becomes a checked ``Profile``, or is refused whole with every line's reason (monitoring §5)."""

from collections.abc import Iterator
from itertools import pairwise

import yaml

from app.core.errors import N_, InvalidFile
from app.machines.profiles import (
    DEFAULT_INTERVAL_S,
    SEVERITIES,
    CodePolicy,
    Combination,
    Level,
    Metric,
    MetricKind,
    Opening,
    Profile,
    Remark,
    Rule,
    Suppression,
    TicketPolicy,
    Words,
)
from app.machines.profiles.nodes import Group, Mistakes, compose, line_of

LONGEST_WARNING = 300
INTERVALS_OF_MISSING = 2  # what was not sent with one reading is not missing yet
_TOP = ("profile", "name", "expected_interval_s", "metrics", "codes", "rules", "combinations", "suppress")
_METRIC = ("unit", "kind", "range", "normal", "name", "values")
_CODE = (
    "name", "severity", "family", "component", "latching", "safety", "ticket", "on_delay_s", "off_delay_s", "reopen_s", "auto_close",
    "tell_customer", "warning",
)  # fmt: skip
_LEVEL = ("above", "below", "severity", "on_delay_s")
_RULE = ("code", "metric", "levels", "above", "below", "rises", "within_s", "missing_s", "deadband", "on_delay_s", "off_delay_s")
_COMBINATION = ("code", "all_of", "within_s", *_CODE)


def parse(text: str) -> Profile:
    """Read a whole profile file. Raises ``InvalidFile`` with every mistake and its line."""
    mistakes = Mistakes()
    root = compose(text, mistakes)
    if root is None and not mistakes.found:
        mistakes.found.append((1, N_("The file is empty."), {}))
    profile = _profile(Group(root, "", mistakes)) if root is not None else None
    if mistakes.found or profile is None:
        raise InvalidFile(N_("The profile was refused; nothing was changed."), lines=sorted(mistakes.found, key=lambda found: found[0]))
    return profile


def _profile(top: Group) -> Profile:
    top.close(_TOP)
    name, title = top.key("profile"), _words(top.group("name"))
    interval_s = top.whole("expected_interval_s", most=86_400) or DEFAULT_INTERVAL_S
    metrics = {key: _metric(key, group) for key, group in top.members("metrics")}
    codes = {key: _code(key, group, _CODE) for key, group in top.members("codes")}
    rules = tuple((_rule(group, interval_s), group) for group in top.items("rules"))
    combinations = tuple(_combination(group, codes) for group in top.items("combinations"))
    suppress = tuple((_suppression(group), group) for group in top.items("suppress"))
    _refuse_circles(suppress)
    remarks = (*_unknown_in_rules(rules, metrics, codes), *_unknown_codes(combinations, suppress, codes))
    return Profile(
        name,
        title,
        interval_s,
        metrics,
        codes,
        tuple(rule for rule, _group in rules),
        tuple(combination for combination, _group in combinations),
        tuple(suppression for suppression, _group in suppress),
        remarks,
    )


def _words(group: Group, most: int = 80) -> Words:
    group.close(("zh", "en"))
    return Words(group.text("zh", most=most, is_required=True), group.text("en", most=most, is_required=True))


def _metric(key: str, group: Group) -> Metric:
    group.close(_METRIC)
    kind = MetricKind(group.choice("kind", list(MetricKind), MetricKind.NUMBER) or MetricKind.NUMBER)
    if kind is not MetricKind.NUMBER:
        for name in ("range", "normal", "unit"):
            if group.has(name):
                group.wrong(name, N_("%(where)s is only for metrics of kind number."))
    values = {value: _words(words) for value, words in group.members("values")}
    if values and kind is not MetricKind.TEXT:
        group.wrong("values", N_("%(where)s is only for metrics of kind text."))
    return Metric(key, _words(group.group("name")), kind, group.text("unit", most=16), group.span("range"), group.span("normal"), values)


def _code(key: str, group: Group, known: tuple[str, ...]) -> CodePolicy:
    group.close(known)
    words = _words(group.group("name"))
    family = group.key("family") if group.has("family") else key
    return CodePolicy(
        key,
        words.zh,
        words.en,
        group.choice("severity", SEVERITIES, is_required=True) or SEVERITIES[0],
        family,
        group.text("component", most=40),
        group.flag("latching"),
        group.flag("safety"),
        _ticket(group),
        on_delay_s=group.whole("on_delay_s", least=0),
        off_delay_s=group.whole("off_delay_s", least=0),
        reopen_s=group.whole("reopen_s", least=0),
        auto_close=group.flag("auto_close"),
        tell_customer=group.flag("tell_customer"),
        warning=_words(group.group("warning"), LONGEST_WARNING) if group.has("warning") else None,
    )


def _ticket(group: Group) -> TicketPolicy:
    if not group.has("ticket"):
        return TicketPolicy()
    if isinstance(group.at("ticket"), yaml.ScalarNode):
        return TicketPolicy(Opening(group.choice("ticket", (Opening.OPEN, Opening.NONE), Opening.OPEN) or Opening.OPEN))
    policy = group.group("ticket")
    for name in ("after_s", "after_working_s"):
        if policy.has(name):
            policy.close((name,))
            return TicketPolicy(Opening.AFTER, **{name: policy.whole(name)})
    policy.close(("count", "within_s"))
    count, within_s = policy.whole("count", least=2, most=10_000, is_required=True), policy.whole("within_s", is_required=True)
    return TicketPolicy(Opening.COUNT, count=count, within_s=within_s)


def _rule(group: Group, interval_s: int) -> Rule:
    group.close(_RULE)
    given = [name for name in ("levels", "above", "below", "rises", "missing_s") if group.has(name)]
    if len(given) != 1:
        group.wrong("code", N_("%(where)s: the rule needs exactly one of levels, above, below, rises, missing_s."))
    if group.has("within_s") != group.has("rises"):
        group.wrong("within_s", N_("%(where)s belongs to rises, and rises needs it."))
    return Rule(
        group.key("code"),
        group.key("metric"),
        _levels(group),
        group.positive("rises"),
        group.whole("within_s"),
        group.positive("deadband"),
        group.whole("on_delay_s", least=0),
        group.whole("off_delay_s", least=0),
        _missing_s(group, interval_s),
    )


def _missing_s(group: Group, interval_s: int) -> int | None:
    if not group.has("missing_s"):
        return None
    for name in ("deadband", "on_delay_s"):
        if group.has(name):
            group.wrong(name, N_("%(where)s does not go with missing_s, which is the delay itself."))
    least = INTERVALS_OF_MISSING * interval_s
    value = group.whole("missing_s")
    if value is not None and value < least:
        group.wrong("missing_s", N_("%(where)s must be at least two expected intervals: %(least)d s."), least=least)
    return value


def _levels(group: Group) -> tuple[Level, ...]:
    if not group.has("levels"):
        return (Level(group.number("above"), group.number("below")),) if group.has("above") or group.has("below") else ()
    levels = tuple(_level(item) for item in group.items("levels"))
    for first, second in pairwise(levels):
        if not _is_stricter(second, first):
            group.wrong("levels", N_("%(where)s must go one way: each level above (or each below) the one before, none less severe."))
    if not levels:
        group.wrong("levels", N_("%(where)s must not be empty."))
    return levels


def _level(group: Group) -> Level:
    group.close(_LEVEL)
    if group.has("above") == group.has("below"):
        group.wrong("above", N_("%(where)s: a level needs either above or below."))
    return Level(group.number("above"), group.number("below"), group.choice("severity", SEVERITIES), group.whole("on_delay_s", least=0))


def _is_stricter(level: Level, than: Level) -> bool:
    if level.severity and than.severity and SEVERITIES.index(level.severity) > SEVERITIES.index(than.severity):
        return False
    if level.above is not None and than.above is not None:
        return level.above > than.above
    return level.below is not None and than.below is not None and level.below < than.below


def _combination(group: Group, codes: dict[str, CodePolicy]) -> tuple[Combination, Group]:
    key = group.key("code")
    all_of = group.keys_of("all_of", least=2)
    if key in codes:
        group.wrong("code", N_("%(where)s: %(code)s is described twice."), code=key)
    if key in all_of:
        group.wrong("all_of", N_("%(where)s: a code cannot be part of itself."))
    codes[key] = _code(key, group, _COMBINATION)
    return Combination(key, all_of, group.whole("within_s", is_required=True) or 1), group


def _suppression(group: Group) -> Suppression:
    group.close(("parent", "children"))
    return Suppression(group.key("parent"), group.keys_of("children"))


def _refuse_circles(suppress: tuple[tuple[Suppression, Group], ...]) -> None:
    below: dict[str, set[str]] = {}
    for suppression, group in suppress:
        below.setdefault(suppression.parent, set()).update(suppression.children)
        if suppression.parent in _reachable(below, suppression.parent):
            group.wrong("children", N_("%(where)s: %(code)s would suppress itself."), code=suppression.parent)


def _reachable(below: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(below.get(start, ()))
    while waiting:
        code = waiting.pop()
        if code not in seen:
            seen.add(code)
            waiting.extend(below.get(code, ()))
    return seen


def _unknown_in_rules(rules: tuple[tuple[Rule, Group], ...], metrics: dict[str, Metric], codes: dict[str, CodePolicy]) -> Iterator[Remark]:
    for rule, group in rules:
        line = line_of(group.node)
        if rule.code not in codes:
            yield _unknown_code(line, rule.code)
        if rule.metric not in metrics:
            yield Remark(line, N_("The metric %(name)s is not described in this profile; it is stored as it comes."), {"name": rule.metric})


def _unknown_codes(
    combinations: tuple[tuple[Combination, Group], ...], suppress: tuple[tuple[Suppression, Group], ...], codes: dict[str, CodePolicy]
) -> Iterator[Remark]:
    for combination, group in combinations:
        yield from (_unknown_code(line_of(group.node), code) for code in combination.all_of if code not in codes)
    for suppression, group in suppress:
        named = (suppression.parent, *suppression.children)
        yield from (_unknown_code(line_of(group.node), code) for code in named if code not in codes)


def _unknown_code(line: int, code: str) -> Remark:
    return Remark(line, N_("The code %(code)s is not described in this profile; it counts as high and opens a ticket."), {"code": code})
