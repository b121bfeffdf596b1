"""YAML read as nodes, so that every mistake can be told with its line; mistakes are collected, not raised one by one."""

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from app.core.errors import N_

MAX_BYTES = 512 * 1024
MAX_DEPTH = 12
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


@dataclass(slots=True)
class Mistakes:
    """Everything wrong with a file so far: line, message id, parameters."""

    found: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)

    def add(self, node: yaml.Node, message: str, **params: Any) -> None:
        self.found.append((line_of(node), message, params))


def line_of(node: yaml.Node) -> int:
    """The line (from 1) where ``node`` begins."""
    return int(node.start_mark.line) + 1


def compose(text: str, mistakes: Mistakes) -> yaml.Node | None:
    """The root node of ``text``; None (with the mistake noted) when it is not one plain YAML document."""
    if len(text.encode()) > MAX_BYTES:
        mistakes.found.append((1, N_("The file is larger than %(kilobytes)d kB."), {"kilobytes": MAX_BYTES // 1024}))
        return None
    try:
        _refuse_aliases_and_depth(text)
        return yaml.compose(text, LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        mistakes.found.append((mark.line + 1 if mark else 1, N_("This is not YAML: %(problem)s"), {"problem": error.problem or ""}))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        mistakes.found.append((line, N_("This is not YAML: %(problem)s"), {"problem": error.reason}))
    return None


def _refuse_aliases_and_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise _refused(event, "references (*name) are not taken here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _refused(event, "too many levels inside each other")


def _refused(event: yaml.Event, problem: str) -> yaml.MarkedYAMLError:
    # The stub allows only the marks of the Python parser; those of the C parser serve as well.
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]


class Group:
    """A mapping of the file: its values are taken out by name, each checked; what nobody took is a mistake."""

    def __init__(self, node: yaml.Node, where: str, mistakes: Mistakes) -> None:
        self.node, self.where, self.mistakes = node, where, mistakes
        self._values: dict[str, yaml.Node] = {}
        self._keys: dict[str, yaml.Node] = {}
        self.is_given = isinstance(node, yaml.MappingNode)
        if not self.is_given:
            mistakes.add(node, N_("%(where)s must be a group of names and values."), where=where or N_("The file"))
            return
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if name in self._values:
                mistakes.add(key, N_("%(where)s stands here twice."), where=self.path(name))
            self._keys[name], self._values[name] = key, value

    def path(self, name: str) -> str:
        """Where ``name`` stands in the file, e.g. ``codes.E04.severity``."""
        return f"{self.where}.{name}" if self.where else name

    def has(self, name: str) -> bool:
        return name in self._values

    def at(self, name: str) -> yaml.Node:
        """The node of ``name``, or the group's own when it is missing; for telling a line."""
        return self._values.get(name, self.node)

    def wrong(self, name: str, message: str, **params: Any) -> None:
        """Note a mistake in the value of ``name``."""
        self.mistakes.add(self.at(name), message, where=self.path(name), **params)

    def close(self, known: Collection[str]) -> None:
        """Note every name that is not ``known``."""
        for name, key in self._keys.items():
            if name not in known:
                self.mistakes.add(key, N_("%(where)s is not known here."), where=self.path(name))

    def _scalar(self, name: str, *, is_required: bool) -> yaml.ScalarNode | None:
        node = self._values.get(name)
        if node is None:
            if is_required and self.is_given:
                self.wrong(name, N_("%(where)s is missing."))
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(name, N_("%(where)s must be a single value."))
            return None
        return node

    def text(self, name: str, default: str = "", *, most: int = 80, is_required: bool = False) -> str:
        node = self._scalar(name, is_required=is_required)
        if node is None:
            return default
        value = str(node.value).strip()
        if is_required and not value:
            self.wrong(name, N_("%(where)s is missing."))
        if len(value) > most or not value.isprintable():
            self.wrong(name, N_("%(where)s must be a text of at most %(most)d characters."), most=most)
        return value

    def key(self, name: str) -> str:
        """A required code, metric or profile name: 1-64 of ``A-Z a-z 0-9 . _ -``."""
        value = self.text(name, is_required=True)
        if value:
            self.check_key(name, value)
        return value

    def check_key(self, name: str, value: str) -> None:
        if not _KEY.fullmatch(value):
            self.wrong(name, N_("%(where)s: %(value)s must be 1 to 64 letters, digits, dots, hyphens or underscores."), value=value[:80])

    def choice(self, name: str, allowed: Collection[str], default: str | None = None, *, is_required: bool = False) -> str | None:
        node = self._scalar(name, is_required=is_required)
        if node is None:
            return default
        if node.value not in allowed:
            self.wrong(name, N_("%(where)s must be one of: %(allowed)s."), allowed=", ".join(allowed))
            return default
        return str(node.value)

    def flag(self, name: str) -> bool:
        node = self._scalar(name, is_required=False)
        if node is None:
            return False
        if node.value not in ("true", "false"):
            self.wrong(name, N_("%(where)s must be true or false."))
        return bool(node.value == "true")

    def number(self, name: str, *, is_required: bool = False) -> float | None:
        node = self._scalar(name, is_required=is_required)
        value = _number(node)
        if node is not None and value is None:
            self.wrong(name, N_("%(where)s must be a number."))
        return value

    def positive(self, name: str, *, is_required: bool = False) -> float | None:
        value = self.number(name, is_required=is_required)
        if value is not None and value <= 0:
            self.wrong(name, N_("%(where)s must be more than 0."))
        return value

    def whole(self, name: str, *, least: int = 1, most: int = 366 * 86_400, is_required: bool = False) -> int | None:
        value = self.number(name, is_required=is_required)
        if value is None:
            return None
        if value != int(value) or not least <= value <= most:
            self.wrong(name, N_("%(where)s must be a whole number from %(least)d to %(most)d."), least=least, most=most)
            return None
        return int(value)

    def span(self, name: str) -> tuple[float, float] | None:
        """Two numbers, the first below the second."""
        node = self._values.get(name)
        if node is None:
            return None
        values = [_number(item) for item in node.value] if isinstance(node, yaml.SequenceNode) else []
        if len(values) != 2 or values[0] is None or values[1] is None or values[0] >= values[1]:
            self.wrong(name, N_("%(where)s must be two numbers, the smaller first: [0, 100]."))
            return None
        return values[0], values[1]

    def keys_of(self, name: str, *, least: int = 1) -> tuple[str, ...]:
        """A list of at least ``least`` different codes."""
        node = self._values.get(name)
        if not isinstance(node, yaml.SequenceNode) or not all(isinstance(item, yaml.ScalarNode) for item in node.value):
            self.wrong(name, N_("%(where)s must be a list of codes."))
            return ()
        values = tuple(str(item.value) for item in node.value)
        if len(set(values)) != len(values) or len(values) < least:
            self.wrong(name, N_("%(where)s must name at least %(least)d different codes."), least=least)
        for value in values:
            self.check_key(name, value)
        return values

    def group(self, name: str) -> "Group":
        """The group ``name``; empty (with the one mistake noted) when it is missing."""
        if name in self._values:
            return Group(self._values[name], self.path(name), self.mistakes)
        if self.is_given:
            self.wrong(name, N_("%(where)s is missing."))
        missing = Group(yaml.MappingNode("", [], self.node.start_mark), self.path(name), self.mistakes)
        missing.is_given = False
        return missing

    def members(self, name: str) -> Iterator[tuple[str, "Group"]]:
        """Every group inside the group ``name``, with its key checked; none when ``name`` is absent."""
        if name not in self._values:
            return
        outer = Group(self._values[name], self.path(name), self.mistakes)
        for key, node in outer._values.items():
            outer.check_key(key, key)
            member = Group(node, outer.path(key), self.mistakes)
            if member.is_given:
                yield key, member

    def items(self, name: str) -> Iterator["Group"]:
        """Every group of the list ``name``; none when it is absent."""
        node = self._values.get(name)
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(name, N_("%(where)s must be a list."))
            return
        for index, item in enumerate(node.value, 1):
            group = Group(item, f"{self.path(name)}[{index}]", self.mistakes)
            if group.is_given:
                yield group


def _number(node: yaml.Node | None) -> float | None:
    if not isinstance(node, yaml.ScalarNode) or node.tag not in _NUMBERS:
        return None
    try:
        value = float(node.value)
    except ValueError:  # YAML 1.1 also writes numbers as 0x1f, 1_000 or 1:30
        return None
    return value if math.isfinite(value) else None
