"""ISO 20022 cash management: camt.053 statements of every version; camt.052 reports and camt.054 notifications are recognised.

One statement is one message. Booked entries become `payments`, one per transaction detail where these add up to the entry. Reports and
notifications announce what a statement brings again, so they are read only with the switch `kinds = "053 052 054"`.
Switch `balances = "warn"`: see statements.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from ingestion.documents.drafting import Draft, sha256_of, total
from ingestion.documents.model import DocumentFinding, Message, MessageKey, Parsed
from ingestion.documents.registry import Switch
from ingestion.documents.statements import BALANCES, Account, Balance, Entry, add_payments, check_balances, joined
from ingestion.documents.xml_reading import Node, XmlRefused, read_xml

KIND = re.compile(r"camt\.(05[234])\.(001\.[0-9]{2})")
STATEMENTS = ("Stmt", "Rpt", "Ntfctn")
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)

MESSAGES: Mapping[str, tuple[str, ...]] = {f"camt.{kind}": ("payments",) for kind in ("053", "052", "054")}
SWITCHES: Mapping[str, Switch] = {
    "kinds": Switch("053", "which of camt.052, 053 and 054 are read; all but 053 announce what a statement brings again"), **BALANCES,
}  # fmt: skip


def sniff(head: bytes) -> bool:
    """Whether a file begins like camt."""
    return b"urn:iso:std:iso:20022:tech:xsd:camt.05" in head.replace(b"\0", b"")


def parse(content: bytes, switches: Mapping[str, str]) -> Parsed:
    """Read a camt file."""
    try:
        root = read_xml(content)
    except XmlRefused as refused:
        return Parsed("camt", (), (refused.finding,))
    kind = KIND.search(root.namespace)
    if root.name != "Document" or kind is None:
        found = f"the root element {root.name} of {root.namespace or 'no namespace'}"
        return Parsed("camt", (), (DocumentFinding("ING-611", root.place, found[:300], "a camt.053 Document"),))
    body = next(root.children(), None)
    statements = [node for node in body.children() if node.name in STATEMENTS] if body else []
    if body is None or not statements:
        finding = DocumentFinding("ING-612", (body or root).place, "no statement (Stmt)", "at least one statement")
        return Parsed("camt", (), (finding,))
    envelope = {"interchange_ref": body.text("GrpHdr/MsgId") or "", "kind": kind[0]}
    text, sha256 = content.decode("utf-8", "replace"), sha256_of(content)
    messages = tuple(_statement(no, one, kind, envelope, switches, text, sha256) for no, one in enumerate(statements, 1))
    return Parsed("camt", messages, envelope=envelope)


def _statement(
    number: int,
    statement: Node,
    kind: re.Match[str],
    envelope: Mapping[str, str],
    switches: Mapping[str, str],
    text: str,
    sha256: str,
) -> Message:
    name = f"camt.{kind[1]} {kind[2]}"
    draft = Draft(number, name, switches)
    account = Account(
        draft.needed(statement, "Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id", "Acct/Id/BBAN"),
        statement.text("Acct/Ownr/Nm", "Acct/Ownr/Pty/Nm", "Acct/Nm"),
    )
    statement_no = draft.needed(statement, "Id")
    if kind[1] not in switches.get("kinds", "053").split():
        expected = "a camt.053 statement; or the switch `kinds` that takes these too"
        draft.find("ING-611", statement.place, f"a {kind[0]}, which announces what a statement brings again", expected)
    else:
        # pending entries and those for information are not money yet
        booked = [node for node in statement.nodes("Ntry") if _status(node) == "BOOK"]
        entries = [entry for node in booked for entry in _entries(draft, node)]
        draft.head("", draft.day(statement, "CreDtTm", "FrToDt/ToDtTm"), 0, statement.text("CreDtTm") or "")
        add_payments(draft, account, statement_no, entries)
        if kind[1] == "053":
            balances = _balance(draft, statement, OPENING), _balance(draft, statement, CLOSING)
            check_balances(draft, *balances, [entry.amount for entry in entries], statement.place)
    page = statement.text("StmtPgntn/PgNb", "ElctrncSeqNb") or ""
    key = MessageKey(account.number, envelope["interchange_ref"], page, statement_no, f"camt.{kind[1]}", statement_no, "", sha256)
    return draft.finish(key, text)


def _status(entry: Node) -> str:
    """Sts was a text up to version 7 and has a Cd since. Without one the entry is booked: it stands in a statement."""
    return entry.text("Sts/Cd", "Sts") or "BOOK"


def _balance(draft: Draft, statement: Node, codes: tuple[str, ...]) -> Balance | None:
    for code in codes:
        for node in statement.nodes("Bal"):
            if node.text("Tp/CdOrPrtry/Cd", "Tp/Cd") == code:
                amount = _signed(draft, node)
                return None if amount is None else Balance(amount, node.attribute("Ccy", "Amt") or "", node.place)
    return None


def _signed(draft: Draft, node: Node) -> Decimal | None:
    amount = draft.number(node.node("Amt"), is_needed=True, within=node)
    mark = draft.needed(node, "CdtDbtInd")
    if mark not in ("CRDT", "DBIT", ""):
        draft.find("ING-613", node.place, mark, "CRDT or DBIT")
    return None if amount is None else -amount if mark == "DBIT" else amount


def _entries(draft: Draft, node: Node) -> list[Entry]:
    """One entry per transaction where their amounts add up to what was booked, else the entry as one."""
    amount = _signed(draft, node)
    if amount is None:
        return []
    currency = node.attribute("Ccy", "Amt") or ""
    if not currency:
        draft.find("ING-612", node.place, "no currency", "the attribute Ccy of Amt")
    details = node.nodes("NtryDtls/TxDtls")
    amounts = [_detail_amount(draft, one, currency) for one in details]
    if len(details) > 1 and None not in amounts:
        if total(amounts) == abs(amount):
            sign = -1 if amount < 0 else 1
            return [
                _entry(draft, node, one, sign * (part or Decimal(0)), currency)
                for one, part in zip(details, amounts, strict=True)
            ]
        found = f"details of {total(amounts)} together"
        draft.find("ING-614", node.place, found, f"{abs(amount)}, the entry", is_fatal=False)
    return [_entry(draft, node, details[0] if len(details) == 1 else None, amount, currency)]


def _detail_amount(draft: Draft, detail: Node, currency: str) -> Decimal | None:
    """What a detail says of its part, in the account's currency."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        found = detail.node(path)
        if found is not None and found.attribute("Ccy") == currency:
            return draft.number(found)
    return None


def _entry(draft: Draft, node: Node, detail: Node | None, amount: Decimal, currency: str) -> Entry:
    is_reversal = node.text("RvslInd") in ("true", "1") or (detail is not None and detail.node("RtrInf") is not None)
    source = detail or node
    # who is on the other side: the debtor of money that came in, the creditor of money that went out; a reversal keeps the roles
    role = "Dbtr" if (amount >= 0) != is_reversal else "Cdtr"
    parties = source.node("RltdPties")
    remittance = source.nodes("RmtInf/Ustrd")
    structured = [*source.nodes("RmtInf/Strd/RfrdDocInf/Nb"), *source.nodes("RmtInf/Strd/RfrdDocInf/RfrdDocNb"),
                  *source.nodes("RmtInf/Strd/CdtrRefInf/Ref"), *source.nodes("RmtInf/Strd/CdtrRefInf/CdtrRef")]  # fmt: skip
    end_to_end = source.text("Refs/EndToEndId")
    return Entry(
        amount, currency, _booked(draft, node), _day(draft, node, "ValDt"), is_reversal,
        parties.text(f"{role}/Nm", f"{role}/Pty/Nm") if parties else None,
        parties.text(f"{role}Acct/Id/IBAN", f"{role}Acct/Id/Othr/Id") if parties else None,
        joined(source.text("Refs/AcctSvcrRef") or node.text("AcctSvcrRef")),
        None if end_to_end in (None, "NOTPROVIDED", "NOT PROVIDED") else end_to_end,
        joined(*(one.text() for one in [*structured, *remittance]), None if detail else node.text("AddtlNtryInf")),
        source.place,
    )  # fmt: skip


def _booked(draft: Draft, node: Node) -> str | None:
    found = _day(draft, node, "BookgDt") or _day(draft, node, "ValDt")
    if found is None:
        draft.find("ING-612", node.place, "neither BookgDt nor ValDt", "the day of booking")
    return found


def _day(draft: Draft, node: Node, name: str) -> str | None:
    return draft.day(node, f"{name}/Dt", f"{name}/DtTm")
