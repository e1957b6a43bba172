"""cXML: orders, split confirmations, and a secret that is nowhere."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ingestion.documents.cxml import parse as parse_cxml
from ingestion.documents.model import Message
from ingestion.redaction import MARK, message_without_secrets, redact_secrets, without_secrets
from tests.support.documents import cxml, cxml_confirmation, cxml_order

SECRET = "canary-secret-7431"


def one(body: str) -> Message:
    """The message, which never shows its secret."""
    parsed = parse_cxml(cxml(body), {})
    assert SECRET not in repr(parsed)
    (message,) = parsed.messages
    return message


@pytest.mark.parametrize(("kind", "status"), [("new", "open"), ("update", "open"), ("delete", "cancelled")])
def test_an_order_and_what_becomes_of_it(kind: str, status: str) -> None:
    message = one(cxml_order(kind))
    (line,) = message.rows["order_lines"]
    assert (line["document_no"], line["line_no"], line["quantity"], line["net_amount"]) == ("B-7", "1", "10", "25")
    assert (line["line_status"], line["promised_on"], line["buyer_ref"], line["seller_ref"]) == (
        status,
        "2026-06-05",
        "111",
        "222",
    )
    assert message.rows["orders"][0]["status"] == status
    assert (message.key.interchange_ref, message.key.function) == ("1@buyer", kind)


def test_each_part_of_a_line_is_confirmed_for_itself() -> None:
    splits = (("accept", "6", "2026-06-05"), ("backordered", "3", "2026-06-20"), ("reject", "1", ""))
    rows = one(cxml_confirmation("10", splits)).rows["order_confirmations"]
    assert [(row["split_no"], row["status"], row["confirmed_quantity"], row["promised_on"]) for row in rows] == [
        ("1", "confirmed", "6", "2026-06-05"), ("2", "backordered", "3", "2026-06-20"), ("3", "rejected", "0", None),
    ]  # fmt: skip
    assert (rows[2]["refused_quantity"], rows[2]["ordered_quantity"], rows[2]["line_no"]) == ("1", "10", "1")
    # the answer comes from the seller
    assert (rows[0]["seller_ref"], rows[0]["buyer_ref"]) == ("111", "222")


def test_splits_that_do_not_add_up_are_refused() -> None:
    message = one(cxml_confirmation("10", (("accept", "6", ""), ("reject", "3", ""))))
    assert [finding.code for finding in message.findings] == ["ING-614"]
    assert message.is_refused


@pytest.mark.parametrize(
    "body", [cxml_order("sell"), cxml_order(quantity="ten"), cxml_order(price=""), "<PunchOutSetupRequest/>", ""]
)
def test_what_cannot_be_read_is_named(body: str) -> None:
    message = one(body)
    assert message.is_refused
    assert message.findings[0].code in ("ING-611", "ING-612", "ING-613")


@pytest.mark.parametrize("secret", [SECRET, f"<![CDATA[{SECRET}]]>", f"\n {SECRET}\n", f"{SECRET}<x/>{SECRET}"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-16-le", "cp1252"])
def test_secrets_are_redacted_in_every_encoding(secret: str, encoding: str) -> None:
    text = cxml(cxml_order(), secret=secret).decode().replace("UTF-8", encoding)
    redacted = redact_secrets(text.encode(encoding))
    assert SECRET.encode(encoding)[-20:] not in redacted
    assert MARK in redacted.decode(encoding)
    assert redact_secrets(redacted) == redacted
    # nothing else changes
    assert redacted.decode(encoding) == text.replace(secret, MARK)


def test_a_cut_off_or_prefixed_secret_is_redacted_too() -> None:
    whole = cxml(cxml_order())
    cut = whole[: whole.index(SECRET.encode()) + 10]
    assert b"canary" not in redact_secrets(cut)
    for form in (b"<c:SharedSecret a='1'>canary</c:SharedSecret>", b"<CredentialMac type='x'>canary</CredentialMac >"):
        assert b"canary" not in redact_secrets(form)
    untouched = cxml("").replace(b"SharedSecret", b"Other")
    assert redact_secrets(untouched) is untouched


@pytest.mark.parametrize("cut", [0, 1, 9, 60])
def test_packed_messages_are_redacted_as_far_as_they_come_out(tmp_path: Path, cut: int) -> None:
    whole = cxml(cxml_order())
    packed = gzip.compress(whole) + gzip.compress(whole)
    file = tmp_path / "a.xml.gz"
    file.write_bytes(packed[: len(packed) - cut])
    found = without_secrets(file)
    assert found is not None
    redacted = gzip.decompress(found[1])
    assert SECRET.encode() not in redacted
    assert redacted.startswith(redact_secrets(whole))
    assert len(redacted) > len(whole)
    (tmp_path / "b.xml").write_bytes(b"<a/>")
    assert without_secrets(tmp_path / "b.xml") is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_message_in_memory_is_redacted_packed_or_not(encoding: str) -> None:
    text = "\ufeff" * (encoding == "utf-16-be") + cxml(cxml_order()).decode()
    plain = text.encode(encoding)
    assert message_without_secrets(plain).decode(encoding) == text.replace(SECRET, MARK)
    assert gzip.decompress(message_without_secrets(gzip.compress(plain))).decode(encoding) == text.replace(SECRET, MARK)
    other = gzip.compress(b"order,line\nSharedSecret,1\n")
    assert message_without_secrets(other) is other, "what is no cXML stays as it came, byte for byte"
    assert message_without_secrets(b"") == b""


@pytest.mark.parametrize(
    ("kind", "answers"), [("accept", [("B-7", "*", "confirmed")]), ("reject", [("B-7", "*", "rejected")]), ("detail", [])]
)
def test_a_confirmation_without_items_speaks_of_the_whole_order(kind: str, answers: list[tuple[str, str, str]]) -> None:
    message = one(f"""<ConfirmationRequest><ConfirmationHeader type="{kind}" noticeDate="2026-06-02T09:00:00+02:00"/>
        <OrderReference orderID="B-7"><DocumentReference payloadID="1@buyer"/></OrderReference></ConfirmationRequest>""")
    rows = message.rows.get("order_confirmations", ())
    assert [(row["document_no"], row["line_no"], row["status"]) for row in rows] == answers
