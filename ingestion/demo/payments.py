"""Nordwind's bank: most retailers pay in time, some late, some in part, some never; and one payment names no invoice.

Drawn after everything else from a random of its own: nothing else of the demo changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

from ingestion.demo.catalogue import DISTRIBUTORS, Retailer
from ingestion.demo.channel import Channel, Payment

DISTRIBUTOR = "nordwind"
ACCOUNT = "DE02120300000000202051"
OPENING_CENTS = 1_250_000
DUE_DAYS = 30
CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def iban_of(retailer: Retailer) -> str:
    """The retailer's account: check digits of ISO 13616 over an invented bank."""
    account = f"99999999{int(retailer.ref[2:]):010d}"
    return f"DE{98 - int(f'{account}131400') % 97:02d}{account}"


def add_payments(channel: Channel, seed: int) -> None:
    """What came in by the day the demo ends, in the order of days: what a retailer settles whole within a month is one payment."""
    random = Random(f"payments-{seed}")  # noqa: S311 - a demo, reproducible by design
    retailers = {retailer.ref: retailer for retailer in channel.retailers}
    on_account = next(retailer for retailer in channel.retailers if DISTRIBUTOR in retailer.distributors)
    made: list[Payment] = [Payment(channel.end_date - timedelta(days=6), 23_800, on_account, "Danke fuer die Lieferung")]
    whole: dict[tuple[str, int, int], list[tuple[date, int, str]]] = defaultdict(list)
    for number, buyer, shipped_on, owed_cents in _invoices(channel):
        paid_on = shipped_on + timedelta(days=DUE_DAYS + random.choice((-12, -5, -2, 0, 0, 0, 1, 3, 9, 24)))
        luck = random.random()
        if luck < 0.05:
            made += _hesitant(random, luck, retailers[buyer], number, paid_on, owed_cents)
        elif paid_on <= channel.end_date:
            whole[buyer, paid_on.year, paid_on.month].append((paid_on, owed_cents, number))
    for (buyer, _, _), invoices in whole.items():
        days, amounts, numbers = zip(*invoices, strict=True)
        made.append(Payment(max(days), sum(amounts), retailers[buyer], f"Rechnung {', '.join(numbers)}"))
    booked = (one for one in made if one.booked_on <= channel.end_date and one.amount_cents > 0)
    channel.payments += sorted(booked, key=lambda one: (one.booked_on, one.reference))


def _hesitant(random: Random, luck: float, payer: Retailer, number: str, paid_on: date, owed_cents: int) -> Iterator[Payment]:
    """Nothing at all, or a part, and mostly the rest three weeks later."""
    if luck < 0.01:
        return
    part_cents = owed_cents * random.randrange(30, 80) // 100
    yield Payment(paid_on, part_cents, payer, f"Teilzahlung {number}")
    if luck < 0.04:
        yield Payment(paid_on + timedelta(days=21), owed_cents - part_cents, payer, f"Rest {number}")


def _invoices(channel: Channel) -> Iterator[tuple[str, str, date, int]]:
    """Number, buyer, day and EUR cents of every invoice that the distributor's ERP writes: one for each delivery."""
    owed: dict[str, tuple[str, date, int]] = {}
    for shipment in channel.shipments:
        if shipment.line.seller == DISTRIBUTOR:
            _, _, before = owed.get(shipment.delivery_no, ("", shipment.shipped_on, 0))
            amount = before + shipment.quantity * shipment.line.unit_price_cents
            owed[shipment.delivery_no] = (shipment.line.buyer, shipment.shipped_on, amount)
    return ((f"RE{number}", *entry) for number, entry in sorted(owed.items()))


def write_statements(payments: Iterable[Payment], folder: Path) -> None:
    """A camt.053 for each month with bookings, whose balances follow one another."""
    balance_cents = OPENING_CENTS
    for month, booked in groupby(payments, lambda payment: payment.booked_on.replace(day=1)):
        entries = list(booked)
        closing_cents = balance_cents + sum(entry.amount_cents for entry in entries)
        text = _statement(f"{month:%Y-%m}", entries, balance_cents, closing_cents)
        (folder / f"Kontoauszug_{month:%Y-%m}.xml").write_text(text, encoding="utf-8")
        balance_cents = closing_cents


def _statement(number: str, entries: list[Payment], opening_cents: int, closing_cents: int) -> str:
    owner = escape(DISTRIBUTORS[DISTRIBUTOR][0])
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{_euros(cents)}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Dt><Dt>{entries[0 if code == 'OPBD' else -1].booked_on}</Dt></Dt></Bal>"
        for code, cents in (("OPBD", opening_cents), ("CLBD", closing_cents))
    )
    rows = "\n".join(_entry(number, place, entry) for place, entry in enumerate(entries, 1))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{CAMT}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>NW-{number}</MsgId><CreDtTm>{entries[-1].booked_on}T20:00:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>{number}</Id><CreDtTm>{entries[-1].booked_on}T20:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{ACCOUNT}</IBAN></Id><Ownr><Nm>{owner}</Nm></Ownr></Acct>\n{balances}\n{rows}\n</Stmt></BkToCstmrStmt></Document>\n"
    )


def _entry(number: str, place: int, payment: Payment) -> str:
    payer = payment.retailer
    debtor = f"<DbtrAcct><Id><IBAN>{iban_of(payer)}</IBAN></Id></DbtrAcct>"
    return (
        f'<Ntry><Amt Ccy="EUR">{_euros(payment.amount_cents)}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>{payment.booked_on}</Dt></BookgDt><AcctSvcrRef>{number.replace('-', '')}-{place:05d}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<RltdPties><Dbtr><Pty><Nm>{escape(payer.name)}</Nm></Pty></Dbtr>{debtor}</RltdPties>"
        f"<RmtInf><Ustrd>{escape(payment.reference)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
