"""XML from servers: elements one at a time, no DTD, no entities, bounded depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from speasy_core.errors import SpeasyError, UnexpectedContent

__all__ = ["iter_elements", "local_name", "walk"]

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
            raise _too_deep()
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
    parser = _parser(collector.start, collector.end, collector.data)
    for _ in _feed(parser, data, source, check):
        yield from collector.found
        collector.found.clear()


def walk(
    data: bytes,
    *,
    source: str,
    start: Callable[[str, dict[str, str]], object],
    end: Callable[[str], object],
    text: Callable[[str], object] | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Call `start`, `text` and `end` for every element, in the order of the document.

    Builds nothing itself: for documents of many small elements.

    Parameters
    ----------
    data : bytes
        The document.
    source : str
        Where it came from, for messages.
    start : callable
        ``start(tag, attributes)``, names as in the document (see `local_name`).
    end : callable
        ``end(tag)``.
    text : callable, optional
        ``text(characters)``; one text may come in several calls.
    check : callable
        Called now and then; may raise to stop.

    Raises
    ------
    UnexpectedContent
        As `iter_elements`. What `start`, `end` and `text` raise goes through.

    Examples
    --------
    >>> tags = []
    >>> walk(b"<a><b x='1'/></a>", source="", start=lambda t, a: tags.append(t), end=tags.append)
    >>> tags
    ['a', 'b', 'b', 'a']
    """
    depth = 0

    def opened(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise _too_deep()
        start(tag, attributes)

    def closed(tag: str) -> None:
        nonlocal depth
        depth -= 1
        end(tag)

    for _ in _feed(_parser(opened, closed, text), data, source, check):
        pass


def _parser(
    start: Callable[[str, dict[str, str]], object],
    end: Callable[[str], object],
    text: Callable[[str], object] | None,
) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    if text is not None:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse_dtd
    return parser


def _feed(
    parser: expat.XMLParserType, data: bytes, source: str, check: Callable[[], None]
) -> Iterator[None]:
    """Parse the document piece by piece."""
    view = memoryview(data)
    for start in range(0, len(view) + 1, _CHUNK):
        check()
        try:
            parser.Parse(view[start : start + _CHUNK], start + _CHUNK > len(view))
        except expat.ExpatError as error:
            raise UnexpectedContent(f"the XML is damaged: {error}", source=source) from error
        except _RefusedError as error:
            raise UnexpectedContent(f"the XML is refused: {error}", source=source) from error
        except (ValueError, LookupError) as error:
            if isinstance(error, SpeasyError):
                raise
            # an encoding that expat hands to Python, and Python does not know
            raise UnexpectedContent(f"the XML is refused: {error}", source=source) from error
        yield


def _too_deep() -> _RefusedError:
    return _RefusedError(f"nested more than {_MAX_DEPTH} levels deep")


def _refuse_dtd(*declaration: object) -> None:
    raise _RefusedError("it declares a document type, which is refused")
