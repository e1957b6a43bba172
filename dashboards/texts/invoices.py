"""Texts of the pages about invoices and payments: key -> (German, English)."""

from __future__ import annotations

INVOICE_TEXTS: dict[str, tuple[str, str]] = {
    "d.invoices.title": ("Offene Posten", "Open invoices"),
    "d.invoices.question": ("Wer schuldet mir was, und seit wann?", "Who owes me what, and since when?"),
    "d.invoices.empty": (
        "Noch keine Rechnungen an Händler. Sie kommen mit dem Feed invoices; Zahlungen mit Kontoauszügen (camt.053, MT940).",
        "No invoices to resellers yet. They come with the feed invoices; payments with account statements (camt.053, MT940).",
    ),
    "d.invoices.billed": ("Berechnet", "Billed"),
    "d.invoices.no_payments": (
        "Es sind keine Zahlungen gemeldet, darum steht jede Rechnung offen. Mit Kontoauszügen (camt.053, MT940) zeigt diese Seite, was bezahlt und was überfällig ist.",
        "No payments are reported, so every invoice stands open. With account statements (camt.053, MT940) this page shows what is paid and what is overdue.",
    ),
    "d.invoices.open": ("Offen", "Open"),
    "d.invoices.open_help": (
        "Was die Rechnungen verlangen, weniger Gutschriften und Zahlungen, die ihnen zugeordnet sind.",
        "What the invoices ask for, less credit notes and payments that are allocated to them.",
    ),
    "d.invoices.overdue": ("Davon überfällig", "Of this overdue"),
    "d.invoices.overdue_help": ("Fällig vor dem Stand der Daten.", "Due before the date of the data."),
    "d.invoices.count_overdue": ("Rechnungen überfällig", "Invoices overdue"),
    "d.invoices.unallocated": ("Nicht zugeordnet", "Unallocated"),
    "d.invoices.unallocated_help": (
        "Eingegangen, aber keiner offenen Rechnung zuzuordnen: die Zahlung nennt keine, oder sie ist zu hoch.",
        "Received, but settles no open invoice: the payment names none, or it is too high.",
    ),
    "d.invoices.list": ("Rechnungen, älteste offene zuerst", "Invoices, oldest open first"),
    "d.invoices.payments": ("Zahlungen mit nicht zugeordnetem Rest", "Payments with an unallocated rest"),
    "filter.payment_status": ("Zahlung", "Payment"),
    "status.part_paid": ("teilweise bezahlt", "part paid"),
    "status.paid": ("bezahlt", "paid"),
    "status.credit": ("Gutschrift", "credit note"),
    "column.invoice_no": ("Rechnung", "Invoice"),
    "column.invoiced_on": ("Datum", "Date"),
    "column.due_on": ("Fällig", "Due"),
    "column.owed_cents": ("Betrag", "Amount"),
    "column.credited_cents": ("Gutgeschrieben", "Credited"),
    "column.paid_cents": ("Bezahlt", "Paid"),
    "column.open_cents": ("Offen", "Open"),
    "column.payment_status": ("Zahlung", "Payment"),
    "column.paid_on": ("Bezahlt am", "Paid on"),
    "column.booked_on": ("Gebucht", "Booked"),
    "column.amount_cents": ("Betrag", "Amount"),
    "column.unallocated_cents": ("Nicht zugeordnet", "Unallocated"),
    "column.reference": ("Verwendungszweck", "Reference"),
}
