"""MT940 account statements, read by the library mt-940. One statement (`:20:` to the next) is one message.

The library stops at the first field that it cannot read; here that is a finding with the line of the field. What it would pass over in silence is
found too: fields outside a statement, and entries that it did not count.
Switch `encoding` (default utf-8, else cp1252); `balances = "warn"`: see statements.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ingestion.documents.drafting import Draft, sha256_of
from ingestion.documents.model import DocumentFinding, Message, MessageKey, Parsed
from ingestion.documents.registry import Switch
from ingestion.documents.statements import BALANCES, Account, Balance, Entry, add_payments, check_balances, joined

SIZE_MAX = 32 << 20
LINE_MAX = 4096
START = re.compile(r"^:20:", re.MULTILINE)
FIELD = re.compile(r"^:([0-9]{2}[A-Z]?|NS):", re.MULTILINE)
INTERIM = frozenset({"34F", "13D", "90C", "90D"})
IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
NO_REFERENCE = frozenset({"NONREF", "NOTPROVIDED", "KREF+", "EREF", ""})
TRUNCATED = (RuntimeError, ValueError, ArithmeticError, TypeError, LookupError, AttributeError)
"""What the library raises for a field that it cannot read."""

MESSAGES: Mapping[str, tuple[str, ...]] = {"MT940": ("payments",)}
SWITCHES: Mapping[str, Switch] = {"encoding": Switch("", "encoding of the text; UTF-8, else cp1252, when not given"), **BALANCES}


def sniff(head: bytes) -> bool:
    """Whether a file begins like MT940."""
    return re.search(rb"(?:^|\n):20:[^\n]*\n:2[15]:", head.replace(b"\r", b"")) is not None


@dataclass(frozen=True, slots=True)
class _Field:
    tag: str
    line: int
    text: str


def parse(content: bytes, switches: Mapping[str, str]) -> Parsed:
    """Read an MT940 file."""
    if len(content) > SIZE_MAX:
        return _refused("ING-603", "line 1", f"{len(content)} bytes", f"at most {SIZE_MAX} bytes")
    try:
        text = _text(content, switches)
    except UnicodeError as error:
        return _refused("ING-623", "line 1", str(error), f"text in {switches['encoding']}")
    except LookupError:
        return _refused("ING-623", "line 1", f"the encoding {switches['encoding']}", "an encoding that Python knows")
    long = next((no for no, line in enumerate(text.split("\n"), 1) if len(line) > LINE_MAX), None)
    if long is not None:
        return _refused("ING-603", f"line {long}", f"more than {LINE_MAX} characters in one line", "lines of a statement")
    starts = [match.start() for match in START.finditer(text)]
    findings: list[DocumentFinding] = []
    outside = _fields(text[: starts[0]] if starts else text, 1)
    if outside:
        found = f"the field :{outside[0].tag}: outside a statement"
        findings.append(DocumentFinding("ING-612", f"line {outside[0].line}", found, "a statement, which begins with :20:"))
    elif not starts:
        return _refused("ING-611", "line 1", f"text that begins '{text.strip()[:60]}'", "MT940 statements")
    messages = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=bool(starts)), 1):
        messages.append(_statement(number, text[start:end], text.count("\n", 0, start) + 1, switches))
    return Parsed("mt940", tuple(messages), tuple(findings))


def _refused(code: str, place: str, found: str, expected: str) -> Parsed:
    return Parsed("mt940", (), (DocumentFinding(code, place, found[:300], expected),))


def _text(content: bytes, switches: Mapping[str, str]) -> str:
    if "encoding" in switches:
        text = content.decode(switches["encoding"])
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _fields(text: str, first_line: int) -> list[_Field]:
    """The fields of a text with their lines."""
    matches = list(FIELD.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)] if matches else []
    fields, line, at = [], first_line, 0
    for match, end in zip(matches, ends, strict=True):
        line += text.count("\n", at, match.start())
        at = match.start()
        fields.append(_Field(match[1], line, text[match.start() : end]))
    return fields


def _statement(number: int, text: str, line: int, switches: Mapping[str, str]) -> Message:
    draft = Draft(number, "MT940", switches)
    fields = _fields(text, line)
    place = f"line {line}"
    data: dict[str, Any] = {}
    tags = {field.tag for field in fields}
    if tags & INTERIM and not tags & {"60F", "60M"}:
        draft.find(
            "ING-611", place, "an interim report (MT942), which announces what a statement brings again", "an MT940 statement"
        )
        fields = []
    found = _read(draft, text, fields, place) if fields else None
    if found is not None:
        data, transactions = found
        _count(draft, transactions, fields, place)
        account = Account(str(data.get("account_identification") or "").strip(), None)
        if not account.number:
            draft.find("ING-612", place, "no field :25:", "the account")
        numbers = (data.get("statement_number"), data.get("sequence_number"))
        statement_no = "/".join([str(data.get("transaction_reference") or ""), *(str(one) for one in numbers if one)])
        entries = [
            entry for one, at in zip(transactions, _lines_of(fields, "61"), strict=False) if (entry := _entry(draft, one, at))
        ]
        day = next((entry.booked_on for entry in reversed(entries) if entry.booked_on), None)
        draft.head("", day, 0)
        add_payments(draft, account, statement_no, entries)
        opening, closing = (_balance(data, fields, side) for side in (("opening", "60"), ("closing", "62")))
        check_balances(draft, opening, closing, [entry.amount for entry in entries], place)
    reference = str(data.get("transaction_reference") or "")
    # banks write the same :20: and :28C: again and again: nothing but the bytes tells one statement from another
    key = MessageKey(str(data.get("account_identification") or ""), "", "", "", "MT940", reference, "", sha256_of(text.encode()))
    return draft.finish(key, text)


def _library() -> Any:
    """A reader of its own for every statement. Never `mt940.parse`: given a text that names a file, it reads the file."""
    import mt940

    return mt940.models.Transactions(options=mt940.Options.all())


def _read(draft: Draft, text: str, fields: list[_Field], place: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """Statement data and entries; a finding (ING-623) at the first field that cannot be read."""
    reader = _library()
    try:
        reader.parse(text)
        return dict(reader.data), [dict(one.data) for one in reader.transactions]
    except TRUNCATED as error:
        for field in fields:
            try:
                _library().parse(field.text)
            except TRUNCATED:
                draft.find("ING-623", f"line {field.line}", field.text.strip(), f"a field :{field.tag}: as MT940 defines it")
                return None
        draft.find("ING-623", place, str(error) or type(error).__name__, "a statement as MT940 defines it")
        return None


def _count(draft: Draft, transactions: list[dict[str, Any]], fields: list[_Field], place: str) -> None:
    """Nothing is passed over: as many entries as fields :61:, each with an amount."""
    lines = _lines_of(fields, "61")
    read = [one for one in transactions if one.get("amount") is not None]
    if len(read) != len(lines):
        draft.find("ING-623", place, f"{len(read)} entries read of {len(lines)} fields :61:", "every entry")
    transactions[:] = read


def _lines_of(fields: list[_Field], tag: str) -> list[int]:
    return [field.line for field in fields if field.tag == tag]


def _balance(data: Mapping[str, Any], fields: list[_Field], side: tuple[str, str]) -> Balance | None:
    name, tag = side
    for kind in ("final_", "intermediate_", ""):
        found = data.get(f"{kind}{name}_balance")
        if found is not None and found.amount is not None:
            lines = [field.line for field in fields if field.tag.startswith(tag)]
            return Balance(found.amount.amount, str(found.amount.currency or ""), f"line {lines[-1] if lines else 0}")
    return None


def _entry(draft: Draft, data: Mapping[str, Any], line: int) -> Entry | None:
    amount: Decimal = data["amount"].amount
    mark = str(data.get("status") or "")
    details = str(data.get("transaction_details") or "")
    booked = data.get("entry_date") or data.get("date")
    iban = _clean(data.get("applicant_iban"))
    customer = _clean(data.get("customer_reference"))
    name = _clean(data.get("applicant_name"))
    purpose = joined(_clean(data.get("purpose")), _clean(data.get("additional_purpose")))
    if not data["amount"].currency:
        draft.find("ING-612", f"line {line}", "an entry without a currency", "a currency in :60F:")
        return None
    return Entry(
        amount, str(data["amount"].currency), _iso(booked), _iso(data.get("date")), mark.upper().startswith("R"), name,
        iban if iban and IBAN.fullmatch(iban) else None, _clean(data.get("bank_reference")),
        _clean(data.get("end_to_end_reference")), joined(customer, purpose or _clean(details), _clean(data.get("extra_details"))),
        f"line {line}",
    )  # fmt: skip


def _clean(value: object) -> str | None:
    """A text on one line; None for what banks write in place of nothing."""
    text = " ".join(str(value or "").split())
    return None if text in NO_REFERENCE else text


def _iso(value: object) -> str | None:
    return date(value.year, value.month, value.day).isoformat() if isinstance(value, date) else None
