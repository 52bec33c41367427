"""XML from servers: elements one at a time, no DTD, no entities, bounded depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from speasy_core.errors import UnexpectedContent

__all__ = ["iter_elements", "local_name"]

_MAX_DEPTH = 200
_CHUNK = 1 << 20


def local_name(tag: str) -> str:
    """Return a tag without its namespace prefix.

    Examples
    --------
    >>> local_name("cdas:dataset")
    'dataset'
    """
    return tag.rpartition(":")[2]


class _Collector:
    """Builds the elements of one tag, and forgets everything else."""

    def __init__(self, tag: str, context: str | None) -> None:
        self.found: list[tuple[Element, Mapping[str, str]]] = []
        self._tag, self._context_tag = tag, context
        self._context: list[Mapping[str, str]] = [{}]
        self._depth = 0
        self._builder: TreeBuilder | None = None
        self._opened_at = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _RefusedError(f"nested more than {_MAX_DEPTH} levels deep")
        name = local_name(tag)
        if self._builder is None:
            if name == self._context_tag:
                self._context.append(attributes)
            if name != self._tag:
                return
            self._builder, self._opened_at = TreeBuilder(), self._depth
        self._builder.start(name, {local_name(k): v for k, v in attributes.items()})

    def data(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def end(self, tag: str) -> None:
        name = local_name(tag)
        if self._builder is not None:
            self._builder.end(name)
            if self._depth == self._opened_at:
                self.found.append((self._builder.close(), self._context[-1]))
                self._builder = None
        elif name == self._context_tag:
            self._context.pop()
        self._depth -= 1

    def refuse_dtd(self, *declaration: object) -> None:
        raise _RefusedError("it declares a document type, which is refused")


class _RefusedError(Exception):
    """What is well-formed, and not taken all the same."""


def iter_elements(
    data: bytes,
    tag: str,
    *,
    source: str,
    context: str | None = None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Element, Mapping[str, str]]]:
    """Yield every element of a tag with all that is inside it.

    Parameters
    ----------
    data : bytes
        The document.
    tag : str
        Local name; namespaces and their prefixes are dropped everywhere.
    source : str
        Where it came from, for messages.
    context : str, optional
        Local name of an element above, whose attributes come with each element found.
    check : callable
        Called now and then; may raise to stop.

    Raises
    ------
    UnexpectedContent
        Not well-formed, cut short, too deep, or with a document type declaration.

    Examples
    --------
    >>> doc = b"<a><b id='1'><c/></b><d><c x='2'/></d></a>"
    >>> [(e.get("x"), dict(above)) for e, above in iter_elements(doc, "c", source="", context="b")]
    [(None, {'id': '1'}), ('2', {})]
    """
    collector = _Collector(tag, context)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = collector.start
    parser.EndElementHandler = collector.end
    parser.CharacterDataHandler = collector.data
    parser.StartDoctypeDeclHandler = collector.refuse_dtd
    parser.EntityDeclHandler = collector.refuse_dtd
    view = memoryview(data)
    for start in range(0, len(view) + 1, _CHUNK):
        check()
        try:
            parser.Parse(view[start : start + _CHUNK], start + _CHUNK > len(view))
        except expat.ExpatError as error:
            raise UnexpectedContent(f"the XML is damaged: {error}", source=source) from error
        except (_RefusedError, ValueError, LookupError) as error:
            raise UnexpectedContent(f"the XML is refused: {error}", source=source) from error
        yield from collector.found
        collector.found.clear()
