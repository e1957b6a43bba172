"""Texts of the manufacturer's pages of a programme: German, English."""

from __future__ import annotations

PROGRAMME_TEXTS: dict[str, tuple[str, str]] = {
    "filter.programme": ("Programm", "Programme"),
    "menu.own_programme": ("Eigenes Programm", "Own programme"),
    "programme.terms": ("Bedingungen des Programms", "Terms of the programme"),
    "programme.empty": (
        "Noch hat kein Programm Punkte vergeben. Nach dem ersten Lauf mit einem Programm stehen hier die Zahlen.",
        "No programme has awarded points yet. After the first run with a programme the figures appear here.",
    ),
    "programme.later": ("Noch nicht bekannt", "Not known yet"),
    "m.health.title": ("Programm", "Programme health"),
    "m.health.question": ("Lebt das Programm, und werden Punkte eingelöst?", "Is the programme alive, and are points redeemed?"),
    "m.health.active": ("Aktive Mitglieder, letzter Monat", "Active members, last month"),
    "m.health.active_help": (
        "Mitglieder, die in dem Monat Punkte gesammelt, eingelöst oder zurückgelegt haben.",
        "Members that earned, redeemed or set aside points in that month.",
    ),
    "m.health.issued": ("Vergeben, 12 Monate", "Issued, 12 months"),
    "m.health.issued_help": (
        "Vergebene Punkte nach dem Tag des Ereignisses, vor Rücknahmen.",
        "Points awarded by the day of the event, before what was taken back.",
    ),
    "m.health.redemption": ("Einlösequote", "Redemption rate"),
    "m.health.redemption_help": (
        "Eingelöste durch vergebene Punkte (ohne zurückgenommene) aller Ausgabemonate.",
        "Redeemed by issued points (less what was taken back) of all months of issue.",
    ),
    "m.health.monthly": ("Aktive Mitglieder je Monat", "Active members per month"),
    "m.health.points": ("Vergebene Punkte je Monat", "Points issued per month"),
    "m.health.gone": ("Eingelöste und verfallene Punkte je Monat", "Points redeemed and expired per month"),
    "m.health.points_help": (
        "Nach dem Tag des Ereignisses; Einlösungen abzüglich Stornos.",
        "By the day of the event; redemptions less cancellations.",
    ),
    "m.health.cohorts": ("Was aus den Punkten eines Ausgabemonats wurde", "What became of the points of a month of issue"),
    "m.health.cohorts_help": (
        "Ausgabemonat ist der Monat des Ereignisses. Verfallen zählt erst als Quote, wenn kein Punkt des Monats mehr eingelöst werden kann.",
        "The month of issue is that of the event. Expired points become a rate once no point of the month can be redeemed any more.",
    ),
    "m.health.tiers": ("Mitglieder je Stufe", "Members by tier"),
    "m.health.tiers_help": (
        "Am Tag des Programms; zusammengelegte Mitglieder zählen einmal. Ein Strich: noch keine Stufe.",
        "On the programme's day; merged members count once. A dash: no tier yet.",
    ),
    "m.liability.title": ("Verbindlichkeit", "Liability"),
    "m.liability.question": ("Was schuldet das Programm, und wem wird es belastet?", "What does the programme owe, and who is charged?"),
    "m.liability.outstanding": ("Offene Punkte", "Points outstanding"),
    "m.liability.outstanding_help": (
        "Vorgemerkte, verfügbare und zurückgelegte Punkte abzüglich der Punkteschulden von Mitgliedern.",
        "Pending, available and held points less what members owe.",
    ),
    "m.liability.value": ("Verbindlichkeit", "Liability"),
    "m.liability.value_help": (
        "Offene Punkte × erwartete Einlösung × Kosten je Punkt, beide nach den Angaben des Programms.",
        "Points outstanding × expected redemption × cost per point, both as the programme says.",
    ),
    "m.liability.breakage": ("Verfallsquote", "Breakage"),
    "m.liability.breakage_help": (
        "Ungenutzt verfallene durch vergebene Punkte der Ausgabemonate, von denen nichts mehr eingelöst werden kann.",
        "Points that expired unused by points issued, of months of issue of which nothing can be redeemed any more.",
    ),
    "m.liability.monthly": ("Verbindlichkeit je Monatsende", "Liability at the end of each month"),
    "m.liability.roll": ("Fortschreibung je Buchungsmonat", "Roll-forward per month of the books"),
    "m.liability.roll_help": (
        "Anfang + vergeben − eingelöst − verfallen − zurückgenommen = Ende.",
        "Opening + issued − redeemed − expired − reversed = closing.",
    ),
    "m.liability.funders": ("Eingelöste Punkte nach Kostenträger", "Redeemed points by funder"),
    "m.liability.funders_help": (
        "Jeder eingelöste Punkt belastet die Träger seines Postens nach ihren Anteilen; den Rundungsrest trägt der erste.",
        "Each redeemed point charges the funders of its lot in their shares; the first one bears what rounding leaves.",
    ),
    "m.liability.revenue": ("Erlös nach IFRS 15, je Bestellmonat", "Revenue by IFRS 15, per month of orders"),
    "m.liability.revenue_help": (
        "Warenwert zum Listenpreis und Punktewert teilen den Preis im Verhältnis ihrer Einzelpreise; der Anteil der Punkte wird mit der "
        "Einlösung Erlös. Der Erlös einer Periode ist der Stand jetzt abzüglich des Standes davor.",
        "Goods at list price and the points' value split the price by their stand-alone values; the points' part becomes revenue as they "
        "are redeemed. The revenue of a period is what is recognised now less what was recognised before.",
    ),
}  # fmt: skip

PROGRAMME_COLUMNS: dict[str, tuple[str, str]] = {
    "members": ("Mitglieder", "Members"), "members_active": ("Aktive Mitglieder", "Active members"),
    "members_redeeming": ("Davon einlösend", "Of these redeeming"), "points_issued": ("Vergeben", "Issued"),
    "points_redeemed": ("Eingelöst", "Redeemed"), "points_expired": ("Verfallen", "Expired"),
    "points_reversed": ("Zurückgenommen", "Reversed"), "points_outstanding": ("Offen", "Outstanding"),
    "points_opening": ("Anfang", "Opening"), "points_closing": ("Ende", "Closing"), "redemption_percent": ("Einlösequote, %", "Redemption rate, %"),
    "breakage_percent": ("Verfallsquote, %", "Breakage, %"), "liability_cents": ("Verbindlichkeit", "Liability"),
    "money_currency": ("Währung", "Currency"), "funder": ("Kostenträger", "Funder"), "charged_cents": ("Belastet", "Charged"),
    "goods_cents": ("Ware zum Listenpreis", "Goods at list price"), "points_value_cents": ("Punktewert", "Points' value"),
    "allocated_cents": ("Auf Punkte entfallend", "Allocated to points"), "recognised_cents": ("Davon Erlös", "Recognised"),
    "deferred_cents": ("Noch abgegrenzt", "Deferred"),
}  # fmt: skip
"""Headings of columns."""
