"""Texts of the campaigns that a retailer reads of: German, English."""

from __future__ import annotations

NOTICE_TEXTS: dict[str, tuple[str, str]] = {
    "r.campaigns.title": ("Kampagnen", "Campaigns"),
    "r.campaigns.question": (
        "Wofür bekomme ich gerade Extrapunkte, und bis wann?",
        "What earns me extra points now, and until when?",
    ),
    "r.campaigns.empty": (
        "Zurzeit läuft keine Kampagne für Sie. Sobald eine beginnt, stehen hier ihre Bedingungen und Ihr Stand.",
        "No campaign runs for you now. As soon as one starts, its terms and where you stand appear here.",
    ),
    "r.campaigns.none_now": ("Zurzeit läuft keine Kampagne für Sie.", "No campaign runs for you now."),
    "r.campaigns.running": ("Läuft jetzt", "Running now"),
    "r.campaigns.coming": ("Beginnt bald", "Starting soon"),
    "r.campaigns.past": ("Vorbei", "Over"),
    "r.campaigns.days": ("{first} bis {last}", "{first} to {last}"),
    "r.campaigns.days_left": ("noch {n} Tage", "{n} days left"),
    "r.campaigns.last_day": ("heute ist der letzte Tag", "today is the last day"),
    "r.campaigns.earned": ("Meine Punkte daraus bisher", "My points from it so far"),
    "r.campaigns.earned_help": (
        "Nach der letzten Verarbeitung; Rückgaben sind abgezogen. Bestellungen seither kommen mit der nächsten dazu.",
        "As of the last run; returns are taken off. Orders since then are added with the next one.",
    ),
    "r.campaigns.what": ("Was ich bekomme", "What I get"),
    "r.campaigns.limits": ("Grenzen", "Limits"),
    "r.campaigns.own_limit": ("{name}: noch {left} von {limit} Punkten", "{name}: {left} of {limit} points left"),
    "r.campaigns.shared_limit": ("{name} ({limit} Punkte): {level}", "{name} ({limit} points): {level}"),
    "r.campaigns.budget_limit": ("{name}: {level}", "{name}: {level}"),
    "r.campaigns.for_rule": ("{name}, „{rule}“", "{name}, “{rule}”"),
    "r.campaigns.shared_help": (
        "Gemeinsame Grenzen teilen Sie mit anderen Händlern; wie weit sie ausgeschöpft sind, steht hier nur in Stufen.",
        "You share common limits with other retailers; how far they are used is said in steps only.",
    ),
    "r.campaigns.cap.member": ("Meine Grenze", "My limit"),
    "r.campaigns.cap.member_period": ("Meine Grenze in diesem Zeitraum", "My limit in this period"),
    "r.campaigns.cap.total": ("Gemeinsame Grenze", "Common limit"),
    "r.campaigns.cap.period": ("Gemeinsame Grenze in diesem Zeitraum", "Common limit in this period"),
    "r.campaigns.cap.distributor": ("Gemeinsame Grenze bei {name}", "Common limit at {name}"),
    "r.campaigns.cap.budget": ("Budget", "Budget"),
    "r.campaigns.level.plenty": ("weniger als die Hälfte ist vergeben", "less than half is used"),
    "r.campaigns.level.half": ("mehr als die Hälfte ist vergeben", "more than half is used"),
    "r.campaigns.level.most": ("mehr als drei Viertel sind vergeben", "more than three quarters are used"),
    "r.campaigns.level.nearly": ("fast aufgebraucht", "nearly used up"),
    "r.campaigns.level.used_up": ("aufgebraucht, es gibt keine weiteren Punkte", "used up, no more points are given"),
    "r.points.periods": ("Boni, die noch laufen", "Bonuses under way"),
    "r.points.periods_note": (
        "Nach der letzten Verarbeitung. Bis zum Ende des Zeitraums können Rückgaben daran noch etwas ändern.",
        "As of the last run. Until the period ends returns can still change it.",
    ),
    "r.points.units": ("Stück", "units"),
    "r.points.so_far": ("bisher {value} von {goal} {unit}", "so far {value} of {goal} {unit}"),
    "r.points.due": ("Bonus von {points} Punkten am {day}", "bonus of {points} points due on {day}"),
    "r.points.possible": ("dann Bonus von {points} Punkten am {day}", "then a bonus of {points} points on {day}"),
    "column.points_from_campaign": ("Meine Punkte", "My points"),
}
"""Key -> (German, English)."""
