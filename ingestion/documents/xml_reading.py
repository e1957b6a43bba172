"""The one place that parses XML: no entities, no DTD, no network, no inclusion, and limits on size, depth and number of elements.

    bytes --expat, streaming, builds nothing--> allowed at all? --lxml--> tree

A document type declaration is refused; where a format cannot do without (cXML) its bare line is accepted and never followed. Entities
live in an internal subset or an external DTD: the first is refused, the second never loaded. `xsi:schemaLocation` is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any
from xml.parsers import expat

from lxml import etree

from ingestion.documents.model import DocumentFinding

CHUNK_BYTES = 1 << 16
XINCLUDE = "http://www.w3.org/2001/XInclude"
BETWEEN = "\x1f"
"""Stands between namespace and name where expat gives both."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may be. A streamed file is bounded by depth, attributes and text alone (the other two are None)."""

    size_bytes: int | None = 64 << 20
    elements: int | None = 1_000_000
    depth: int = 100
    attributes: int = 200
    text_bytes: int = 10_000_000


class XmlRefused(Exception):
    """Bytes that are not XML we take. Carries the finding; never leaves `ingestion`."""

    def __init__(self, code: str, line: int, found: str, expected: str) -> None:
        self.finding = DocumentFinding(code, f"line {line}", found[:300], expected)
        super().__init__(found)


class _Guard:
    """Walks through a document with expat and raises at the first thing that is not allowed."""

    def __init__(self, limits: Limits, *, allow_doctype: bool) -> None:
        self._limits, self._allow_doctype = limits, allow_doctype
        self._depth = self._elements = self._text = 0
        parser = expat.ParserCreate(namespace_separator=BETWEEN)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self._parser = parser

    def walk(self, chunks: Iterable[bytes]) -> None:
        """Raises XmlRefused ING-601 (not well formed), ING-602 (declarations, inclusion), ING-603 (limits)."""
        size = 0
        try:
            for chunk in chunks:
                size += len(chunk)
                self._most(size, self._limits.size_bytes, "bytes")
                self._parser.Parse(chunk, False)
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise XmlRefused("ING-601", error.lineno, expat.ErrorString(error.code) or "broken XML", "well-formed XML") from None
        except (ValueError, LookupError) as error:  # an encoding that Python does not know
            raise XmlRefused("ING-601", 1, str(error), "XML in UTF-8, UTF-16 or a one-byte encoding") from None

    def _refuse(self, code: str, found: str, expected: str) -> XmlRefused:
        return XmlRefused(code, self._parser.CurrentLineNumber, found, expected)

    def _most(self, number: int, most: int | None, what: str) -> None:
        if most is not None and number > most:
            raise self._refuse("ING-603", f"more than {most} {what}", f"at most {most} {what}")

    def _doctype(self, name: str, system_id: str | None, public_id: str | None, has_internal_subset: int) -> None:
        if has_internal_subset:
            raise self._refuse(
                "ING-602", f"a DOCTYPE {name} with declarations of its own", "XML without declarations of entities"
            )
        if not self._allow_doctype:
            raise self._refuse("ING-602", f"a DOCTYPE {name} ({system_id or public_id or 'bare'})", "XML without a DOCTYPE")

    def _entity(self, name: str, *_: object) -> None:
        raise self._refuse("ING-602", f"the entity {name}", "XML without declarations of entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        self._text = 0
        self._most(self._depth, self._limits.depth, "levels of elements")
        self._most(self._elements, self._limits.elements, "elements")
        self._most(len(attributes), self._limits.attributes, "attributes of one element")
        if name.startswith(XINCLUDE + BETWEEN):
            raise self._refuse("ING-602", "an XInclude element", "XML that includes nothing")

    def _end(self, _: str) -> None:
        self._depth -= 1
        self._text = 0

    def _characters(self, text: str) -> None:
        self._text += len(text)
        self._most(self._text, self._limits.text_bytes, "characters in one text")


def check_xml(chunks: Iterable[bytes], limits: Limits, *, allow_doctype: bool = False) -> None:
    """Read through a document without building it. Raises XmlRefused."""
    _Guard(limits, allow_doctype=allow_doctype).walk(chunks)


def read_xml(content: bytes, *, allow_doctype: bool = False, limits: Limits | None = None) -> Node:
    """The document's root element. Raises XmlRefused ING-601, ING-602, ING-603."""
    view = memoryview(content)
    chunks = (bytes(view[start : start + CHUNK_BYTES]) for start in range(0, len(content), CHUNK_BYTES))
    check_xml(chunks, limits or Limits(), allow_doctype=allow_doctype)
    parser = etree.XMLParser(**PARSER_OPTIONS)
    try:
        return Node(etree.parse(BytesIO(content), parser).getroot())
    except etree.XMLSyntaxError as error:
        raise XmlRefused("ING-601", error.lineno or 1, str(error.msg), "well-formed XML") from None


PARSER_OPTIONS: dict[str, Any] = {
    "resolve_entities": False, "load_dtd": False, "dtd_validation": False, "attribute_defaults": False, "no_network": True,
    "huge_tree": False, "remove_comments": True, "remove_pis": True,
}  # fmt: skip
"""For every parser of lxml that we make: it resolves, loads and fetches nothing."""


@lru_cache(maxsize=2048)
def _any_namespace(path: str) -> str:
    return "/".join(step if step in (".", "*") else "{*}" + step for step in path.split("/"))


class Node:
    """An element, asked by local names: versions of a format differ in their namespaces, partners in their prefixes."""

    __slots__ = ("element",)

    def __init__(self, element: Any) -> None:
        self.element = element

    @property
    def name(self) -> str:
        """Local name."""
        return str(etree.QName(self.element).localname)

    @property
    def namespace(self) -> str:
        """Namespace URI, empty without one."""
        return str(etree.QName(self.element).namespace or "")

    @property
    def line(self) -> int:
        """Line in the file, from 1."""
        return int(self.element.sourceline or 0)

    @property
    def place(self) -> str:
        """Where it stands, for a finding: path of local names, and line."""
        names = [etree.QName(one).localname for one in self.element.iterancestors()]
        return f"{'/'.join([*reversed(names), self.name])}, line {self.line}"

    def node(self, path: str) -> Node | None:
        """The first descendant at a path of local names."""
        found = self.element.find(_any_namespace(path))
        return None if found is None else Node(found)

    def nodes(self, path: str) -> list[Node]:
        """All descendants at a path."""
        return [Node(found) for found in self.element.findall(_any_namespace(path))]

    def children(self) -> Iterator[Node]:
        """Child elements."""
        return (Node(child) for child in self.element.iterchildren("*"))

    def text(self, *paths: str) -> str | None:
        """Text at the first of the paths that has any, trimmed; without a path its own."""
        for path in paths or (".",):
            found = self.element if path == "." else self.element.find(_any_namespace(path))
            value = "" if found is None else "".join(found.itertext()).strip()
            if value:
                return value
        return None

    def canonical(self) -> bytes:
        """Its canonical form (C14N 2.0) without blanks around texts: equal where documents say the same."""
        return bytes(etree.tostring(self.element, method="c14n2", with_tail=False, strip_text=True))

    def attribute(self, name: str, path: str | None = None) -> str | None:
        """An attribute without namespace, of itself or of the first descendant at a path."""
        found = self.element if path is None else self.element.find(_any_namespace(path))
        value = "" if found is None else str(found.get(name) or "").strip()
        return value or None
