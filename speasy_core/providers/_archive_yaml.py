"""YAML to plain data that knows its lines: no tags, no objects, bounded aliases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from speasy_core.errors import ConfigError

__all__ = ["Value", "parse"]

_TAG = "tag:yaml.org,2002:"
_MAX_BYTES = 8 * 2**20
#: aliases count each time they are used: a bomb of them ends here
_MAX_NODES = 200_000
_MAX_DEPTH = 24
_INT = re.compile(r"[+-]?\d[\d_]*\Z|0x[0-9a-fA-F]+\Z|0o[0-7]+\Z")


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it is written.

    Parameters
    ----------
    data : str, int, float, bool, None, list of Value, or dict of str to Value
    line : int
        Counted from one.
    """

    data: Any
    line: int

    def plain(self) -> Any:
        """Return the value without lines."""
        if isinstance(self.data, dict):
            return {key: value.plain() for key, value in self.data.items()}
        if isinstance(self.data, list):
            return [value.plain() for value in self.data]
        return self.data


def parse(text: str, source: str) -> Value:
    """Read one YAML document.

    Parameters
    ----------
    text : str
    source : str
        Name of the file, for messages.

    Raises
    ------
    ConfigError
        Not YAML, a tag, a key twice, or more aliases than any description needs; names the line.

    Examples
    --------
    >>> parse("a: {b: 1}", "x.yaml").data["a"].plain()
    {'b': 1}
    """
    if len(text) > _MAX_BYTES:
        raise ConfigError(f"larger than {_MAX_BYTES:,} bytes", source=source)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise ConfigError(f"not YAML: {error.problem}", source=f"{source}, line {line}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"not YAML: {error}", source=source) from error
    if root is None:
        return Value({}, 1)
    return _Reader(source).read(root, 0)


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._count = 0

    def _wrong(self, node: yaml.Node, what: str) -> ConfigError:
        return ConfigError(what, source=f"{self._source}, line {_line(node)}")

    def read(self, node: yaml.Node, depth: int) -> Value:
        self._count += 1
        if self._count > _MAX_NODES or depth > _MAX_DEPTH:
            raise self._wrong(node, "more values, or deeper ones, than a description has")
        if not node.tag.startswith(_TAG):
            raise self._wrong(node, f"the tag {node.tag!r} is not allowed")
        if isinstance(node, yaml.MappingNode):
            return Value(self._mapping(node, depth), _line(node))
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return Value([self.read(item, depth + 1) for item in node.value], _line(node))
        if isinstance(node, yaml.ScalarNode):
            return Value(self._scalar(node), _line(node))
        raise self._wrong(node, f"the tag {node.tag!r} is not allowed")

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Value]:
        if node.tag != _TAG + "map":
            raise self._wrong(node, f"the tag {node.tag!r} is not allowed")
        own: dict[str, Value] = {}
        inherited: dict[str, Value] = {}
        for key, item in node.value:
            if key.tag == _TAG + "merge":
                sources = item.value if isinstance(item, yaml.SequenceNode) else [item]
                for source in sources:
                    merged = self.read(source, depth + 1)
                    if not isinstance(merged.data, dict):
                        raise self._wrong(key, "only mappings can be merged")
                    inherited = {**merged.data, **inherited}
                continue
            if not isinstance(key, yaml.ScalarNode) or not key.tag.startswith(_TAG):
                raise self._wrong(key, "a key is a word")
            name = str(key.value)
            if name in own:
                raise self._wrong(key, f"{name!r} is there twice")
            own[name] = self.read(item, depth + 1)
        return {**inherited, **own}

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        kind, text = node.tag.removeprefix(_TAG), str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("true", "yes", "on")
        if kind == "float":
            return self._number(node, text.replace("_", "").lower().replace(".inf", "inf")
                                .replace(".nan", "nan"))  # fmt: skip
        if kind == "int" and _INT.match(text):
            return int(text.replace("_", ""), 0 if text[:2].lower() in ("0x", "0o") else 10)
        if kind in ("str", "timestamp", "int", "value"):
            return text  # dates, and numbers in odd notations, as they are written
        raise self._wrong(node, f"the tag {node.tag!r} is not allowed")

    def _number(self, node: yaml.Node, text: str) -> Any:
        try:
            return float(text)
        except ValueError:
            return str(node.value)  # YAML's numbers to the base of sixty


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
