"""Changes to the text of a profile file: only what is changed is written anew, so that remarks and layout stay (monitoring §5).

Pure: a place in the file is a path of names and positions, ``("codes", "E04", "severity")`` or ``("rules", 0)``. What comes out always
means what was asked for: where the text cannot be mended in place it is written anew as a whole, without its remarks.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import yaml

from app.machines.profiles.nodes import LOADER, Mistakes, compose

Path = Sequence[str | int]
Change = tuple[int, int, str]  # from where to where, and what stands there instead
_WIDTH = 140


def read(text: str) -> Any:
    """What ``text`` says, as groups, lists, texts, numbers, true and false. Raises ``ValueError`` for what is not YAML."""
    return plain(_root(text))


def put(text: str, path: Path, value: Any) -> str:
    """``text`` with ``value`` at ``path``; a position one past the end of a list adds to it. Raises ``ValueError``."""
    return _checked(text, _with(read(text), path, value))


def drop(text: str, path: Path) -> str:
    """``text`` without what stands at ``path``; a group or list that would be empty goes with it. Raises ``ValueError``."""
    return _checked(text, _without(read(text), path))


def plain(node: yaml.Node) -> Any:
    """What a node says."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    return _scalar(node)


def written(value: Any) -> str:
    """``value`` on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(str(key))}: {written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format(Decimal(repr(value)), "f")
    return str(value) if _says_itself(str(value)) else _quoted(str(value))


def _root(text: str) -> yaml.Node:
    mistakes = Mistakes()
    root = compose(text, mistakes)
    if root is None or mistakes.found:
        raise ValueError("not a YAML document")
    return root


def _scalar(node: yaml.Node) -> Any:
    kind, value = node.tag.rpartition(":")[2], str(node.value)
    try:
        if kind == "bool" and value in ("true", "false"):
            return value == "true"
        if kind == "int":
            return int(value)
        if kind == "float":
            return float(value)
    except ValueError:  # YAML 1.1 also writes numbers as 0x1f, 1_000 or 1:30
        pass
    return value


def _says_itself(text: str) -> bool:
    """Whether ``text`` without quotes reads as just that text."""
    if not text or "\n" in text:
        return False
    try:
        node = yaml.compose(f"{{k: {text}}}", LOADER)
    except yaml.YAMLError:
        return False
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
        return False
    ((_key, value),) = node.value
    return isinstance(value, yaml.ScalarNode) and value.tag.endswith(":str") and value.value == text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


# --- what is wanted ----------------------------------------------------------


def _with(whole: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        items = list(whole or [])
        items[first : first + 1] = [_with(items[first] if first < len(items) else None, rest, value)]
        return items
    group = dict(whole or {})
    group[first] = _with(group.get(first), rest, value)
    return group


def _without(whole: Any, path: Path) -> Any:
    first, rest = path[0], path[1:]
    try:
        inner = _without(whole[first], rest) if rest else whole[first] and None
    except (KeyError, IndexError):
        raise ValueError(f"nothing at {first}") from None
    if isinstance(whole, list):
        return [*whole[: int(first)], *([inner] if inner else []), *whole[int(first) + 1 :]]
    return {key: inner if key == first else one for key, one in whole.items() if key != first or inner}


# --- the text ----------------------------------------------------------------


def _checked(text: str, wanted: Any) -> str:
    root = _root(text)
    changed = _applied(text, _Mending(text).changes(root, wanted))
    try:
        if _is_same(read(changed), wanted):
            return changed
    except ValueError:
        pass
    return yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True, default_flow_style=None, width=_WIDTH)


def _applied(text: str, changes: Iterable[Change]) -> str:
    for start, end, words in sorted(changes, key=lambda change: change[:2], reverse=True):
        text = text[:start] + words + text[end:]
    return text


def _is_same(one: Any, other: Any) -> bool:
    """Equal, and true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return one == other and isinstance(one, bool) == isinstance(other, bool)


class _Mending:
    """Finds what has to be written anew in one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def changes(self, node: yaml.Node, wanted: Any) -> list[Change]:
        """What makes ``node`` say ``wanted``."""
        if _is_same(plain(node), wanted):
            return []
        if isinstance(node, yaml.MappingNode) and isinstance(wanted, dict) and any(str(key.value) in wanted for key, _one in node.value):
            return self._of_group(node, wanted)
        if isinstance(node, yaml.SequenceNode) and isinstance(wanted, list) and node.value and wanted:
            return self._of_list(node, wanted)
        return [(node.start_mark.index, self._end(node), written(wanted))]

    def _of_group(self, node: yaml.MappingNode, wanted: dict[str, Any]) -> list[Change]:
        names = [str(key.value) for key, _value in node.value]
        found = [
            change
            for name, (key, one) in zip(names, node.value, strict=True)
            if name in wanted
            for change in self._at(key, one, wanted[name])
        ]
        gone = [place for place, name in enumerate(names) if name not in wanted]
        spans = [(key.start_mark.index, self._end(one)) for key, one in node.value]
        added = [f"{written(name)}: {written(one)}" for name, one in wanted.items() if name not in names]
        return found + self._taken_out(node, spans, gone) + self._put_in(node, spans, added)

    def _at(self, key: yaml.Node, node: yaml.Node, wanted: Any) -> list[Change]:
        """A value that is not written in place stands behind its name on one line."""
        found = self.changes(node, wanted)
        is_block = isinstance(node, yaml.CollectionNode) and not node.flow_style
        if found and (is_block or node.start_mark.index == self._end(node)) and found[0][0] == node.start_mark.index and len(found) == 1:
            return [(key.end_mark.index, self._end(node), f": {written(wanted)}")]
        return found

    def _of_list(self, node: yaml.SequenceNode, wanted: list[Any]) -> list[Change]:
        spans = [(item.start_mark.index, self._end(item)) for item in node.value]
        if len(wanted) < len(spans):
            return self._shorter(node, spans, wanted)
        found = [change for item, one in zip(node.value, wanted, strict=False) for change in self.changes(item, one)]
        return found + self._put_in(node, spans, [written(one) for one in wanted[len(spans) :]])

    def _shorter(self, node: yaml.SequenceNode, spans: list[tuple[int, int]], wanted: list[Any]) -> list[Change]:
        """Take out the first item that differs, if the rest is then as wanted; else write the list anew."""
        values = [plain(item) for item in node.value]
        gone = next((place for place, value in enumerate(values) if place == len(wanted) or not _is_same(value, wanted[place])), 0)
        if _is_same([*values[:gone], *values[gone + 1 :]], wanted):
            return self._taken_out(node, spans, [gone])
        if node.flow_style:
            return [(node.start_mark.index, self._end(node), written(wanted))]
        dashes = f"\n{' ' * node.start_mark.column}- "
        return [(spans[0][0], self._end(node), dashes.join(written(one) for one in wanted))]

    def _taken_out(self, node: yaml.CollectionNode, spans: list[tuple[int, int]], gone: list[int]) -> list[Change]:
        first_kept = next(place for place in range(len(spans)) if place not in gone)
        leading = [(spans[0][0], spans[first_kept][0], "")] if first_kept else []
        if node.flow_style:
            return leading + [(spans[place - 1][1], spans[place][1], "") for place in gone if place > first_kept]
        if isinstance(node, yaml.SequenceNode) or not self._before(spans[0][0]).strip():
            return [self._lines(*spans[place]) for place in gone]
        return leading + [self._lines(*spans[place]) for place in gone if place > first_kept]  # the first name stands behind a dash

    def _before(self, place: int) -> str:
        return self._text[self._text.rfind("\n", 0, place) + 1 : place]

    def _lines(self, start: int, end: int) -> Change:
        """The whole lines from ``start`` to ``end``."""
        return (start - len(self._before(start)), min(self._line_end(end) + 1, len(self._text)), "")

    def _put_in(self, node: yaml.CollectionNode, spans: list[tuple[int, int]], added: list[str]) -> list[Change]:
        if not added:
            return []
        end = spans[-1][1]
        if node.flow_style:
            return [(end, end, "".join(f", {one}" for one in added))]
        dash = "- " if isinstance(node, yaml.SequenceNode) else ""
        margin = "\n" + " " * node.start_mark.column + dash
        line_end = self._line_end(end)
        return [(line_end, line_end, "".join(margin + one for one in added))]

    def _line_end(self, place: int) -> int:
        found = self._text.find("\n", place)
        return len(self._text) if found < 0 else found

    def _end(self, node: yaml.Node) -> int:
        """Where what belongs to ``node`` ends; the mark of a block lies behind the remarks that follow it."""
        end = node.end_mark.index
        if not isinstance(node, yaml.CollectionNode) or not node.value or node.flow_style:
            return len(self._text[:end].rstrip()) if getattr(node, "style", None) in ("|", ">") else end
        last = node.value[-1]
        return self._end(last[1] if isinstance(last, tuple) else last)
