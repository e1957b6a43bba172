"""Documents between systems for tests, made from the tables of their standards; and what a hostile sender would make of them."""

from __future__ import annotations

from collections.abc import Sequence

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _ubl(kind: str, body: str) -> str:
    spaces = f'xmlns="{UBL}{kind}-2" xmlns:cac="{UBL}CommonAggregateComponents-2" xmlns:cbc="{UBL}CommonBasicComponents-2"'
    return f"{HEAD}<{kind} {spaces}>{body}</{kind}>\n"


def _party(wrapper: str, gln: str) -> str:
    return f'<cac:{wrapper}><cac:Party><cbc:EndpointID schemeID="0088">{gln}</cbc:EndpointID></cac:Party></cac:{wrapper}>\n'


def invoice(
    number: str = "R-1", *, lines: Sequence[tuple[str, str]] = (("2", "100.00"),), tax: str = "19.00", payable: str | None = None,
    line_total: str | None = None, seller: str = "4000001000005", buyer: str = "4000001000012", issued: str = "2026-06-01",
    due: str = "2026-06-30", order: str = "A-1", gtin: str = "4006381333931", kind: str = "Invoice", credits: str | None = None,
) -> bytes:  # fmt: skip
    """An invoice or credit note over lines of (quantity, net)."""
    net = sum(round(float(amount) * 100) for _, amount in lines) / 100
    total = net + float(tax)
    quantity = "CreditedQuantity" if kind == "CreditNote" else "InvoicedQuantity"
    reference = f"<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{credits}</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>"
    rows = "\n".join(
        f'<cac:{kind}Line><cbc:ID>{no}</cbc:ID><cbc:{quantity} unitCode="C62">{pieces}</cbc:{quantity}>'
        f'<cbc:LineExtensionAmount currencyID="EUR">{amount}</cbc:LineExtensionAmount>'
        f"<cac:OrderLineReference><cbc:LineID>{no}</cbc:LineID></cac:OrderLineReference>"
        f'<cac:Item><cbc:Name>Crate</cbc:Name><cac:StandardItemIdentification><cbc:ID schemeID="0160">{gtin}</cbc:ID></cac:StandardItemIdentification></cac:Item>'
        f"</cac:{kind}Line>"
        for no, (pieces, amount) in enumerate(lines, 1)
    )
    return _ubl(kind, f"""<cbc:ID>{number}</cbc:ID><cbc:IssueDate>{issued}</cbc:IssueDate>
<cbc:DueDate>{due}</cbc:DueDate><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:OrderReference><cbc:ID>{order}</cbc:ID></cac:OrderReference>{reference if credits else ""}
{_party("AccountingSupplierParty", seller)}{_party("AccountingCustomerParty", buyer)}
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">{line_total or f"{net:.2f}"}</cbc:LineExtensionAmount>
<cbc:PayableAmount currencyID="EUR">{payable or f"{total:.2f}"}</cbc:PayableAmount></cac:LegalMonetaryTotal>
{rows}""").encode()  # fmt: skip


def order_response(code: str = "CA", lines: Sequence[tuple[str, str, str]] = (("1", "5", "10"),)) -> bytes:
    """A response to order A-1 over lines of (line, LineStatusCode, quantity)."""
    rows = "".join(
        f"<cac:OrderLine><cac:LineItem><cbc:ID>{no}</cbc:ID><cbc:LineStatusCode>{status}</cbc:LineStatusCode>"
        f'<cbc:Quantity unitCode="C62">{quantity}</cbc:Quantity></cac:LineItem></cac:OrderLine>'
        for no, status, quantity in lines
    )
    return _ubl("OrderResponse", f"""<cbc:ID>Z-1</cbc:ID><cbc:IssueDate>2026-06-02</cbc:IssueDate>
<cbc:OrderResponseCode>{code}</cbc:OrderResponseCode><cac:OrderReference><cbc:ID>A-1</cbc:ID></cac:OrderReference>
{_party("SellerSupplierParty", "4000001000005")}{_party("BuyerCustomerParty", "4000001000012")}{rows}""").encode()  # fmt: skip


SECRET = "canary-secret-7431"


def cxml(body: str, *, secret: str = SECRET, doctype: str | None = None, payload_id: str = "1@buyer") -> bytes:
    """A cXML message with a shared secret in its header."""
    line = '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">' if doctype is None else doctype
    return f"""{HEAD}{line}
<cXML payloadID="{payload_id}" timestamp="2026-06-02T10:00:00+02:00">
<Header><From><Credential domain="DUNS"><Identity>111</Identity></Credential></From>
<To><Credential domain="DUNS"><Identity>222</Identity></Credential></To>
<Sender><Credential domain="DUNS"><Identity>111</Identity><SharedSecret>{secret}</SharedSecret></Credential></Sender></Header>
<Request>{body}</Request></cXML>
""".encode()


def cxml_order(kind: str = "new", quantity: str = "10", price: str = "2.50") -> str:
    """An order of one line."""
    return f"""<OrderRequest><OrderRequestHeader orderID="B-7" orderDate="2026-06-01T08:00:00+02:00" type="{kind}">
<Total><Money currency="EUR">25.00</Money></Total></OrderRequestHeader>
<ItemOut lineNumber="1" quantity="{quantity}" requestedDeliveryDate="2026-06-05"><ItemID><SupplierPartID>W-1</SupplierPartID></ItemID>
<ItemDetail><UnitPrice><Money currency="EUR">{price}</Money></UnitPrice><UnitOfMeasure>EA</UnitOfMeasure></ItemDetail></ItemOut></OrderRequest>"""


def cxml_confirmation(quantity: str, splits: Sequence[tuple[str, str, str]]) -> str:
    """An answer to line 1 of order B-7, split into (type, quantity, delivery date)."""
    rows = "".join(f'<ConfirmationStatus type="{word}" quantity="{part}" deliveryDate="{day}"/>' for word, part, day in splits)
    return f"""<ConfirmationRequest><ConfirmationHeader type="detail" noticeDate="2026-06-02T09:00:00+02:00"/>
<OrderReference orderID="B-7"><DocumentReference payloadID="1@buyer"/></OrderReference>
<ConfirmationItem lineNumber="1" quantity="{quantity}"><UnitOfMeasure>EA</UnitOfMeasure>{rows}</ConfirmationItem></ConfirmationRequest>"""


Booking = tuple[str, str, str]
"""Amount (negative: the account loses), reference, end-to-end reference."""


def camt(
    bookings: Sequence[Booking], *, opening: str = "100.00", closing: str | None = None, version: str = "08", kind: str = "053",
    reversed_from: int | None = None, day: str = "2026-06-10", number: str = "S-1", iban: str = "DE02120300000000202051",
    counterparty: str = "DE02500105170137075030",
) -> bytes:  # fmt: skip
    """A statement over these bookings; those from index `reversed_from` on take earlier ones back."""
    reckoned = (sum(round(float(amount) * 100) for amount, _, _ in bookings) + round(float(opening) * 100)) / 100
    wrapper, statement = {
        "053": ("BkToCstmrStmt", "Stmt"),
        "052": ("BkToCstmrAcctRpt", "Rpt"),
        "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[kind]

    def balance(code: str, amount: str) -> str:
        mark = "DBIT" if amount.startswith("-") else "CRDT"
        return (f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount.lstrip("-")}</Amt>'
                f"<CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>")  # fmt: skip

    def entry(index: int, booking: Booking) -> str:
        amount, text, end_to_end = booking
        is_reversal = reversed_from is not None and index >= reversed_from
        gains = not amount.startswith("-")
        role = "Dbtr" if gains != is_reversal else "Cdtr"
        status = "<Sts><Cd>BOOK</Cd></Sts>" if int(version) >= 8 else "<Sts>BOOK</Sts>"
        return (f'<Ntry><Amt Ccy="EUR">{amount.lstrip("-")}</Amt><CdtDbtInd>{"CRDT" if gains else "DBIT"}</CdtDbtInd>'
                f"<RvslInd>{str(is_reversal).lower()}</RvslInd>{status}<BookgDt><Dt>{day}</Dt></BookgDt>"
                f"<AcctSvcrRef>{number}-{index}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>"
                f"<RltdPties><{role}><Nm>Kiosk</Nm></{role}><{role}Acct><Id><IBAN>{counterparty}</IBAN></Id></{role}Acct></RltdPties>"
                f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n")  # fmt: skip

    rows = "".join(entry(index, booking) for index, booking in enumerate(bookings))
    return f"""{HEAD}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"><{wrapper}><GrpHdr><MsgId>M-{number}</MsgId></GrpHdr>
<{statement}><Id>{number}</Id><Acct><Id><IBAN>{iban}</IBAN></Id><Ownr><Nm>Huber</Nm></Ownr></Acct>
{balance("OPBD", opening)}{balance("CLBD", closing or f"{reckoned:.2f}")}
{rows}</{statement}></{wrapper}></Document>
""".encode()


HOSTILE_XML: dict[str, tuple[bytes, str]] = {
    "billion_laughs": ((
        '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)) + "]><l>&j;</l>"
    ).encode(), "ING-602"),
    "quadratic_blowup": (b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 50_000 + b'">]><l>' + b"&a;" * 50_000 + b"</l>", "ING-602"),
    "external_entity": (b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>', "ING-602"),
    "external_entity_attribute": (b'<!DOCTYPE l [<!ENTITY x "y">]><l a="&x;"/>', "ING-602"),
    "parameter_entity": (b'<!DOCTYPE l [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><l/>', "ING-602"),
    "external_dtd": (b'<!DOCTYPE l SYSTEM "http://127.0.0.1:9/x.dtd"><l/>', "ING-602"),
    "public_dtd": (b'<!DOCTYPE l PUBLIC "-//X//EN" "file:///etc/passwd"><l/>', "ING-602"),
    "utf16_entity": ('<!DOCTYPE l [<!ENTITY a "b">]><l>&a;</l>'.encode("utf-16"), "ING-602"),
    "xinclude": (b'<l xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></l>', "ING-602"),
    "deep": (b"<a>" * 200_000, "ING-603"),
    "deep_and_closed": (b"<a>" * 1_000 + b"</a>" * 1_000, "ING-603"),
    "many_attributes": (b"<a " + b" ".join(b'a%d="1"' % n for n in range(100_000)) + b"/>", "ING-603"),
    "many_elements": (b"<a>" + b"<b/>" * 1_500_000 + b"</a>", "ING-603"),
    "long_text": (b"<a>" + b"x" * 12_000_000 + b"</a>", "ING-603"),
    "undeclared_entity": (b"<a>&nbsp;</a>", "ING-601"),
    "utf7": (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "ING-601"),
    "unknown_encoding": (b'<?xml version="1.0" encoding="x-nothing"?><a/>', "ING-601"),
    "control_bytes": (b"<a>\x00\x01</a>", "ING-601"),
    "cut_off": (b"<a><b>1</b>", "ING-601"),
    "two_roots": (b"<a/><b/>", "ING-601"),
    "nothing": (b"", "ING-601"),
}  # fmt: skip
"""Name -> bytes, and the code of their finding."""
