"""What is wrong with the paths of an XML feed, found before a file is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def path_problem(record_path: str, namespaces: Mapping[str, str], columns: Iterable[str]) -> str | None:
    """In words; None if nothing is."""
    from lxml import etree

    unknown = {step.partition(":")[0] for step in record_path.split("/") if ":" in step} - set(namespaces)
    if unknown:
        return f"record_path has the prefixes {', '.join(sorted(unknown))} that `namespaces` does not know"
    for column in columns:
        try:
            etree.XPath(column, namespaces=dict(namespaces))(etree.Element("record"))  # prefixes are looked up when it is asked
        except etree.XPathError as error:
            return f"{column!r} is no path ({error})"
    return None
