"""What camt and MT940 share: an entry of an account becomes a payment with payer and payee, and balances have to add up.

A credit is paid by the counterparty to the account, a debit by the account to the counterparty. A reversal of either keeps the parties of what
it takes back and has a negative amount.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ingestion.documents.drafting import Draft, decimal_text
from ingestion.documents.registry import Switch

SPLIT = "|"


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement. `amount` is what the account gains (negative: loses), as booked; `is_reversal` says that it takes another one back."""

    amount: Decimal
    currency: str
    booked_on: str | None
    value_on: str | None
    is_reversal: bool
    counterparty_name: str | None
    counterparty_iban: str | None
    bank_reference: str | None
    end_to_end_ref: str | None
    remittance: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Account:
    """Whose statement it is."""

    number: str
    owner_name: str | None


@dataclass(frozen=True, slots=True)
class Balance:
    """Opening or closing: `amount` is negative when the account is overdrawn; `place` where it stands."""

    amount: Decimal
    currency: str
    place: str


def add_payments(draft: Draft, account: Account, statement_no: str, entries: Sequence[Entry]) -> None:
    """Rows of `payments`. `payment_no` is unique within the source: the account, and the bank's reference if there is one,
    else the statement's number; equal ones within a statement are numbered in order."""
    seen: Counter[str] = Counter()
    for entry in entries:
        base = SPLIT.join((account.number, entry.bank_reference or f"{statement_no}{SPLIT}{entry.booked_on or ''}"))
        seen[base] += 1
        number = base if entry.bank_reference and seen[base] == 1 else f"{base}{SPLIT}{seen[base]}"
        own: dict[str, str | None] = {"iban": account.number, "name": account.owner_name}
        other: dict[str, str | None] = {"iban": entry.counterparty_iban, "name": entry.counterparty_name}
        # a credit that is taken back was paid to the account, and a debit that is taken back was paid by it
        gains = (entry.amount >= 0) != entry.is_reversal
        payer, payee = (other, own) if gains else (own, other)
        amount = -abs(entry.amount) if entry.is_reversal else abs(entry.amount)
        draft.add(
            "payments", entry.place, payment_no=number, direction="received" if gains else "sent", amount=decimal_text(amount), currency=entry.currency,
            booked_on=entry.booked_on, value_on=entry.value_on, is_reversal="true" if entry.is_reversal else "false",
            payer_scheme="iban" if payer["iban"] else None, payer_ref=payer["iban"], payer_name=payer["name"],
            payee_scheme="iban" if payee["iban"] else None, payee_ref=payee["iban"], payee_name=payee["name"],
            reference=entry.remittance, end_to_end_ref=entry.end_to_end_ref, bank_reference=entry.bank_reference,
            account=account.number, statement_no=statement_no,
        )  # fmt: skip


def check_balances(draft: Draft, opening: Balance | None, closing: Balance | None, booked: Sequence[Decimal], place: str) -> None:
    """Opening plus movements is closing, or the statement is refused (ING-621): something of it is missing or doubled.

    One that opens and does not close is cut off: refused too. Without an opening balance it cannot be checked: a warning (ING-622).
    `balances = "warn"` makes all of it warnings.
    """
    is_fatal = draft.switches.get("balances") != "warn"
    if opening is None:
        draft.find(
            "ING-622",
            place,
            "no opening balance",
            "opening and closing balance, so that the statement can be checked",
            is_fatal=False,
        )
        return
    if closing is None:
        draft.find("ING-621", opening.place, "an opening and no closing balance", "a whole statement", is_fatal=is_fatal)
        return
    reckoned = opening.amount + sum(booked, Decimal(0))
    if opening.currency != closing.currency:
        draft.find(
            "ING-621", closing.place, f"closing in {closing.currency}", f"{opening.currency}, as opening", is_fatal=is_fatal
        )
    elif reckoned != closing.amount:
        expected = f"{decimal_text(reckoned)}: opening {decimal_text(opening.amount)} and {len(booked)} movements"
        draft.find("ING-621", closing.place, f"closing {decimal_text(closing.amount)}", expected, is_fatal=is_fatal)


def joined(*texts: str | None) -> str | None:
    """References that are there, each once, in one text."""
    return " ".join(dict.fromkeys(text for text in texts if text)) or None


BALANCES: Mapping[str, Switch] = {
    "balances": Switch("refuse", "balances that do not add up refuse the statement, or are a warning", ("refuse", "warn")),
}
