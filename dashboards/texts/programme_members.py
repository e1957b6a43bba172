"""Texts of a programme's members: German, English."""

from __future__ import annotations

PROGRAMME_MEMBER_TEXTS: dict[str, tuple[str, str]] = {
    "m.members.title": ("Mitglieder", "Members"),
    "m.members.question": (
        "Wie steht jedes Mitglied da, und wer braucht Aufmerksamkeit?",
        "How is each member doing, and who needs attention?",
    ),
    "m.members.empty": (
        "Noch keine Mitglieder. Wer zum ersten Mal Punkte bekommt, erscheint hier. Das Programm nennt, wem es gehört: manufacturer_ref (unter mehreren Herstellern) oder distributor_ref.",
        "No members yet. Whoever earns points for the first time appears here. The programme names whose it is: manufacturer_ref (among several manufacturers) or distributor_ref.",
    ),
    "m.members.none": ("Kein Mitglied passt zu dieser Auswahl.", "No member fits this choice."),
    "m.members.choose": ("Mitglied", "Member"),
    "m.members.list": ("Alle Mitglieder", "All members"),
    "m.members.list_help": ("Wer am längsten nicht bestellt hat, steht oben.", "Who ordered longest ago stands first."),
    "m.members.without": (
        "Wert zum Listenpreis. Punkte aus Regeln auf den Nettowert sind nicht enthalten: Sie würden verraten, was Distributoren berechnen.",
        "Value at list price. Points of rules on net amounts are left out: they would tell what distributors charge.",
    ),
    "d.own_members.value": ("Wert zum Listenpreis; Bestellungen bei Ihnen.", "Value at list price; orders from you."),
    "d.own_members.points_help": ("Seit Beginn.", "Since the beginning."),
    "m.members.tier": ("Stufe", "Tier"),
    "m.members.last_order": ("Letzte Bestellung", "Last order"),
    "m.members.orders": ("Bestellungen, 12 Monate", "Orders, 12 months"),
    "m.members.issued": ("Punkte vergeben", "Points issued"),
    "m.members.redeemed": ("Punkte eingelöst", "Points redeemed"),
    "m.members.expired": ("Punkte verfallen", "Points expired"),
    "m.members.points_help": (
        "Seit Beginn, ohne Punkte aus Regeln auf den Nettowert.",
        "Since the beginning, without points of rules on net amounts.",
    ),
    "m.members.hidden": (
        "Dieses Mitglied hat weitere Punkte aus Regeln auf den Nettowert; sie sind Sache seiner Distributoren.",
        "This member has further points from rules on net amounts; those are its distributors' affair.",
    ),
    "m.members.no_orders": ("In 24 Monaten keine Bestellung.", "No order within 24 months."),
    "m.members.requests": ("Offene Anfragen", "Open requests"),
    "m.members.no_requests": ("Keine offene Anfrage.", "No open request."),
    "column.member": ("Mitglied", "Member"),
    "column.member_ref": ("Nummer", "Number"),
}
"""Key -> (German, English)."""
