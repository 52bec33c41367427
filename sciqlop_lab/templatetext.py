"""Text of templates, JSON or YAML: read with bounds on what a hostile one may cost, and written."""

from __future__ import annotations

import json
from typing import Any

from speasy_core.errors import InvalidRequest

__all__ = ["ENDINGS", "MOST_BYTES", "is_yaml", "read_document", "write_document"]

ENDINGS = (".json", ".yaml", ".yml")
MOST_BYTES = 16 * 2**20
_MOST_YAML = 2**20  # its reader takes seconds for a megabyte
_MOST_PARTS = 200_000
_MOST_DEPTH = 100


def is_yaml(ending: str) -> bool:
    """Whether a file of this ending is YAML."""
    return ending in (".yaml", ".yml")


def read_document(text: str, ending: str, name: str) -> Any:
    """Return the value that a text stands for.

    Parameters
    ----------
    text : str
    ending : {".json", ".yaml", ".yml"}
    name : str
        What errors call it.

    Raises
    ------
    InvalidRequest
        It is no JSON or YAML, names Python objects, or is too large, too deep, or grows beyond
        all measure by its aliases.
    """
    if len(text) > (_MOST_YAML if is_yaml(ending) else MOST_BYTES):
        raise InvalidRequest(f"{name} is too large for a template")
    try:
        return _from_yaml(text, name) if is_yaml(ending) else json.loads(text)
    except InvalidRequest:
        raise  # a ValueError too, which already says it
    except RecursionError:
        raise _too_deep(name) from None
    except ValueError as error:
        raise InvalidRequest(f"{name} is no template: {error}") from error


def _too_deep(name: str) -> InvalidRequest:
    return InvalidRequest(f"{name} is no template: it is nested too deeply")


def _from_yaml(text: str, name: str) -> Any:
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_size(node, name)  # before an alias of an alias of an alias becomes a value
        return loader.construct_document(node)
    except (yaml.YAMLError, AttributeError, LookupError) as error:
        # a tag that its value does not fit, as "!!timestamp x", fails inside the library
        said = " ".join(str(error).split())
        raise InvalidRequest(f"{name} is no template: {said}") from error


def _check_size(root: Any, name: str) -> None:
    """Refuse nodes that are too many with all aliases written out, or too deep."""
    waiting, seen = [(root, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if depth > _MOST_DEPTH:
            raise _too_deep(name)
        if seen > _MOST_PARTS:
            raise InvalidRequest(
                f"{name} is no template: with its aliases it has more than {_MOST_PARTS:,} parts"
            )
        if isinstance(node.value, list):
            for child in node.value:
                waiting.extend((each, depth + 1) for each in _parts(child))


def _parts(child: Any) -> tuple[Any, ...]:
    return child if isinstance(child, tuple) else (child,)


def write_document(document: Any, ending: str) -> str:
    """Return the text of a value.

    Raises
    ------
    InvalidRequest
        The ending is none of a template.
    """
    if is_yaml(ending):
        import yaml

        text: str = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
        return text
    if ending == ".json":
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    raise InvalidRequest(f"{ending!r}: a template ends in {', '.join(ENDINGS)}")
