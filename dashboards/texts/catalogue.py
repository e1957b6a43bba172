"""Every text of the screens, key by key: German, English."""

from __future__ import annotations

from typing import Literal

from dashboards.texts import feeds, intake
from dashboards.texts.campaigns import CAMPAIGN_TEXTS
from dashboards.texts.document_codes import DOCUMENT_CODE_TEXTS
from dashboards.texts.invoices import INVOICE_TEXTS
from dashboards.texts.notices import NOTICE_TEXTS
from dashboards.texts.programme import PROGRAMME_COLUMNS, PROGRAMME_TEXTS
from dashboards.texts.programme_members import PROGRAMME_MEMBER_TEXTS
from dashboards.texts.replays import REPLAY_TEXTS
from dashboards.texts.rewards import REWARD_COLUMNS, REWARD_PAIRS

Language = Literal["de", "en"]

_PAIRS: dict[str, tuple[str, str]] = {
    "login.title": ("Anmelden", "Log in"),
    "login.lead": (
        "Partneranalyse und Loyalität im dreistufigen Handel",
        "Partner analytics and loyalty for three-tier channels",
    ),
    "login.email": ("E-Mail", "E-mail"),
    "login.password": ("Passwort", "Password"),
    "login.submit": ("Anmelden", "Log in"),
    "login.refused": ("E-Mail oder Passwort stimmen nicht.", "E-mail or password do not match."),
    "login.wait": ("Zu viele Versuche. Bitte einige Minuten warten.", "Too many attempts. Please wait a few minutes."),
    "login.this_language": ("Deutsch", "English"),
    "session.over": ("Die Sitzung ist beendet. Bitte neu anmelden.", "The session is over. Please log in again."),
    "session.log_in": ("Zur Anmeldung", "To the log-in"),
    "session.log_out": ("Abmelden", "Log out"),
    "session.account": ("Konto", "Account"),
    "role.manufacturer": ("Hersteller", "Manufacturer"),
    "role.distributor": ("Distributor", "Distributor"),
    "role.retailer": ("Händler", "Retailer"),
    "common.as_of": ("Daten bis {day}", "Data up to {day}"),
    "common.empty": ("Hierzu liegen noch keine Daten vor.", "There is no data for this yet."),
    "common.unpublished": (
        "Es ist noch nichts veröffentlicht. Nach dem ersten Lauf erscheinen hier die Zahlen.",
        "Nothing is published yet. After the first run the figures appear here.",
    ),
    "common.table": ("Als Tabelle", "As a table"),
    "common.export": ("CSV herunterladen", "Download CSV"),
    "common.export_workbook": ("Excel herunterladen", "Download Excel"),
    "common.all": ("Alle", "All"),
    "common.limit": ("Gezeigt werden höchstens 1.000 Zeilen.", "At most 1,000 rows are shown."),
    "common.error": ("Das hat nicht geklappt. Bitte später noch einmal versuchen.", "That did not work. Please try again later."),
    "leg.sell_in": ("Sell-in (Hersteller an Distributor oder Händler)", "Sell-in (manufacturer to distributor or reseller)"),
    "leg.sell_through": ("Sell-through (Distributor an Händler)", "Sell-through (distributor to retailer)"),
    "leg.sell_out": ("Sell-out (Händler an Verbraucher)", "Sell-out (retailer to consumer)"),
    "filter.leg": ("Handelsstufe", "Leg"),
    "filter.region": ("Region", "Region"),
    "filter.tier": ("Stufe", "Tier"),
    "filter.delivery_status": ("Lieferstatus", "Delivery status"),
    "filter.only_late": ("Nur verspätete", "Only late ones"),
    "filter.only_open": ("Nur offene", "Only open ones"),
    "filter.order": ("Bestellung", "Order"),
    "filter.request": ("Anfrage", "Request"),
    "m.activity.title": ("Händleraktivität", "Reseller activity"),
    "m.activity.question": (
        "Welche Händler sind aktiv, wo wachsen sie, wo gehen sie?",
        "Which resellers are active, where do they grow, where do they leave?",
    ),
    "m.activity.active": ("Aktive Händler", "Active resellers"),
    "m.activity.active_help": (
        "Mindestens eine Bestellung in den letzten 90 Tagen vor dem Datenstand.",
        "At least one order in the 90 days before the data's last day.",
    ),
    "m.activity.new": ("Neu", "New"),
    "m.activity.new_help": ("Erste Bestellung in den letzten 90 Tagen.", "First order within the last 90 days."),
    "m.activity.reactivated": ("Reaktiviert", "Reactivated"),
    "m.activity.reactivated_help": (
        "Wieder aktiv, nachdem 90 Tage lang nichts bestellt wurde.",
        "Active again after 90 days without an order.",
    ),
    "m.activity.lapsed": ("Abgewandert", "Lapsed"),
    "m.activity.lapsed_help": ("Letzte Bestellung vor 90 bis 180 Tagen.", "Last order 90 to 180 days ago."),
    "m.activity.monthly": ("Aktive Händler je Monat", "Active resellers per month"),
    "m.activity.value": ("Wert zum Listenpreis je Monat", "Value at list price per month"),
    "m.activity.value_help": (
        "Stückzahl mal unser Listenpreis. Preise und Rabatte der Distributoren sind deren Geheimnis und hier nicht enthalten.",
        "Pieces times our list price. Distributors' prices and discounts are theirs and not in here.",
    ),
    "m.activity.by_region": ("Nach Region und Stufe, 12 Monate", "By region and tier, 12 months"),
    "m.activity.movers": ("Händler, größte Rückgänge zuerst", "Resellers, largest declines first"),
    "m.delivery.title": ("Bestellungen und Lieferung", "Orders and delivery"),
    "m.delivery.question": ("Kommt an, was bestellt wird, und pünktlich?", "Does what is ordered arrive, and on time?"),
    "m.delivery.otif": ("Pünktlich und vollständig", "On time in full"),
    "m.delivery.otif_help": (
        "Anteil der Zeilen mit zugesagtem Termin, die bis dahin bei der ersten Lieferung ganz ankamen. Zeilen ohne Termin zählen nicht mit.",
        "Share of lines with a promised date that arrived whole by then at first delivery. Lines without a date do not count.",
    ),
    "m.delivery.coverage": ("Zeilen mit Termin", "Lines with a promise"),
    "m.delivery.late": ("Verspätete Zeilen", "Late lines"),
    "m.delivery.open": ("Noch nicht geliefert", "Not delivered yet"),
    "m.delivery.status": ("Zeilen nach Lieferstatus", "Lines by delivery status"),
    "m.delivery.otif_monthly": ("Pünktlich und vollständig je Monat", "On time in full per month"),
    "m.delivery.by_distributor": ("Nach Distributor, 12 Monate", "By distributor, 12 months"),
    "m.support.title": ("Support nach Produkt", "Support by product"),
    "m.support.question": ("Wobei brauchen Händler Hilfe?", "What do resellers need help with?"),
    "m.support.requests": ("Anfragen, 12 Monate", "Requests, 12 months"),
    "m.support.open": ("Davon offen", "Still open"),
    "m.support.reopened": ("Wieder geöffnet", "Reopened"),
    "m.support.resolution": ("Mittlere Lösungszeit", "Mean time to resolve"),
    "m.support.monthly": ("Anfragen je Monat und Produktgruppe", "Requests per month and product group"),
    "m.support.topics": ("Themen, 12 Monate", "Topics, 12 months"),
    "d.overview.title": ("Mein Kanal", "My channel"),
    "d.overview.question": (
        "Wie entwickelt sich mein Sell-through, und mit wem?",
        "How does my sell-through develop, and with whom?",
    ),
    "d.overview.active": ("Aktive Händler", "Active retailers"),
    "d.overview.net": ("Sell-through, 12 M.", "Sell-through, 12 m"),
    "d.overview.net_help": (
        "Netto-Bestellwert nach Rabatt ohne Steuer, ohne stornierte Bestellungen.",
        "Order value after discount without tax, cancelled orders left out.",
    ),
    "d.overview.orders": ("Bestellungen, 30 Tage", "Orders, 30 days"),
    "d.overview.late": ("Überfällige Bestellungen", "Overdue orders"),
    "d.overview.monthly": ("Sell-through netto je Monat", "Net sell-through per month"),
    "d.overview.retailers": ("Meine Händler", "My retailers"),
    "d.orders.title": ("Bestellungen", "Orders"),
    "d.orders.question": (
        "Was ist bestellt, was ist unterwegs, was ist zu spät?",
        "What is ordered, what is on its way, what is late?",
    ),
    "d.orders.list": ("Bestellungen, neueste zuerst", "Orders, newest first"),
    "d.orders.received": ("Was angekommen ist; Abweichungen zuerst", "What arrived; differences first"),
    "d.stock.title": ("Bestand", "Stock"),
    "d.stock.question": ("Was geht bald aus, was liegt zu lange?", "What runs out soon, what lies too long?"),
    "d.stock.products": ("Gezählte Produkte", "Products counted"),
    "d.stock.short": ("Unter zwei Wochen", "Below two weeks"),
    "d.stock.short_help": (
        "Bestand reicht weniger als zwei Wochen beim Abfluss der letzten acht Wochen.",
        "On hand lasts less than two weeks at the outflow of the last eight weeks.",
    ),
    "d.stock.still": ("Ohne Bewegung", "No movement"),
    "d.stock.cover": ("Reichweite in Wochen, knappste zuerst", "Weeks of supply, shortest first"),
    "d.stock.list": ("Bestand je Produkt", "Stock per product"),
    "d.support.title": ("Support", "Support"),
    "d.support.question": ("Welche Anfragen stellen meine Händler?", "What do my retailers ask?"),
    "d.support.list": ("Anfragen, neueste zuerst", "Requests, newest first"),
    "d.support.monthly": ("Anfragen je Monat", "Requests per month"),
    "r.points.title": ("Meine Punkte", "My points"),
    "r.points.available": ("Jetzt einlösbar", "Usable now"),
    "r.points.statement": ("Kontoauszug, neueste zuerst", "Statement, newest first"),
    "r.points.empty": (
        "Noch keine Punkte. Bestätigte Bestellungen bringen sie mit dem nächsten Lauf.",
        "No points yet. Confirmed orders bring them with the next run.",
    ),
    "r.orders.title": ("Meine Bestellungen", "My orders"),
    "r.orders.question": ("Was habe ich bestellt, und wo ist es?", "What did I order, and where is it?"),
    "r.orders.under_way": ("Unterwegs", "Under way"),
    "r.orders.late": ("Davon verspätet", "Of these late"),
    "r.orders.year": ("Bestellungen, 12 Monate", "Orders, 12 months"),
    "r.orders.list": ("Bestellungen, neueste zuerst", "Orders, newest first"),
    "r.orders.lines": ("Zeilen der Bestellung {name}", "Lines of order {name}"),
    "r.orders.received": ("Was von {name} angekommen ist", "What arrived of {name}"),
    "r.orders.monthly": ("Einkauf netto je Monat", "Net purchases per month"),
    "r.support.title": ("Meine Anfragen", "My requests"),
    "r.support.question": ("Was ist aus meinen Anfragen geworden?", "What became of my requests?"),
    "r.support.list": ("Anfragen, neueste zuerst", "Requests, newest first"),
    "r.support.history": ("Verlauf der Anfrage {name}", "History of request {name}"),
    "status.open": ("offen", "open"),
    "status.in_transit": ("unterwegs", "in transit"),
    "status.partly_delivered": ("teilweise geliefert", "partly delivered"),
    "status.delivered": ("geliefert", "delivered"),
    "status.cancelled": ("storniert", "cancelled"),
    "status.not_reported": ("nicht gemeldet", "not reported"),
    "status.confirmed": ("bestätigt", "confirmed"),
    "status.new": ("neu", "new"),
    "status.in_progress": ("in Arbeit", "in progress"),
    "status.waiting": ("wartet", "waiting"),
    "status.resolved": ("gelöst", "resolved"),
    "status.closed": ("geschlossen", "closed"),
    "status.critical": ("kritisch", "critical"),
    "status.high": ("hoch", "high"),
    "status.moderate": ("mittel", "moderate"),
    "status.low": ("niedrig", "low"),
    "status.active": ("aktiv", "active"),
    "status.lapsed": ("abgewandert", "lapsed"),
    "status.moving": ("in Bewegung", "moving"),
    "status.no_movement": ("ohne Bewegung", "no movement"),
    "status.no_report": ("keine Meldung", "no report"),
    "status.award": ("Gutschrift", "award"),
    "status.no_award": ("ohne Punkte", "no points"),
    "status.confirm": ("freigegeben", "confirmed"),
    "status.hold": ("reserviert", "held"),
    "status.capture": ("eingelöst", "captured"),
    "status.release": ("Reservierung aufgehoben", "released"),
    "status.cancel": ("Einlösung storniert", "redemption cancelled"),
    "status.expire": ("verfallen", "expired"),
    "status.reversal": ("Rücknahme", "reversal"),
    "status.redeem": ("Einlösung", "redemption"),
    "status.late": ("zu spät", "late"),
}

_COLUMNS: dict[str, tuple[str, str]] = {
    "month_on": ("Monat", "Month"), "active_resellers": ("Aktive Händler", "Active resellers"), "orders": ("Bestellungen", "Orders"),
    "quantity": ("Menge", "Quantity"), "list_value_cents": ("Wert zum Listenpreis", "Value at list price"), "region": ("Region", "Region"),
    "tier": ("Stufe", "Tier"), "resellers": ("Händler", "Resellers"), "orders_12m": ("Bestellungen, 12 M.", "Orders, 12 m"),
    "quantity_12m": ("Menge, 12 M.", "Quantity, 12 m"), "list_value_12m_cents": ("Listenwert, 12 M.", "List value, 12 m"),
    "name": ("Name", "Name"), "last_ordered_on": ("Letzte Bestellung", "Last order"), "quantity_before": ("Menge davor", "Quantity before"),
    "change_percent": ("Veränderung %", "Change %"), "delivered": ("geliefert", "delivered"), "in_transit": ("unterwegs", "in transit"),
    "open": ("offen", "open"), "cancelled": ("storniert", "cancelled"), "lines_with_promise": ("Zeilen mit Termin", "Lines with a promise"),
    "late": ("zu spät", "late"), "on_time_in_full": ("pünktlich und vollständig", "on time in full"), "lines": ("Zeilen", "Lines"),
    "distributor": ("Distributor", "Distributor"), "not_delivered": ("noch nicht geliefert", "not delivered yet"),
    "on_time_in_full_percent": ("pünktlich und vollständig %", "on time in full %"), "product_category": ("Produktgruppe", "Product group"),
    "requests": ("Anfragen", "Requests"), "requests_open": ("offen", "open"), "requests_reopened": ("wieder geöffnet", "reopened"),
    "mean_resolution_hours": ("Lösung in Stunden, Mittel", "Mean hours to resolve"), "category": ("Thema", "Topic"),
    "retailer": ("Händler", "Retailer"), "net_12m_cents": ("Netto, 12 M.", "Net, 12 m"), "net_before_cents": ("Netto davor", "Net before"),
    "activity": ("Aktivität", "Activity"), "document_no": ("Bestellung", "Order"), "ordered_on": ("Bestellt", "Ordered"),
    "net_amount_cents": ("Netto", "Net"), "currency": ("Währung", "Currency"), "order_status": ("Bestellstatus", "Order status"),
    "delivery_status": ("Lieferstatus", "Delivery status"), "promised_on": ("Zugesagt", "Promised"),
    "first_delivered_on": ("Geliefert", "Delivered"), "last_delivered_on": ("Zuletzt geliefert", "Last delivered"), "is_late": ("Verspätet", "Late"), "active_retailers": ("Aktive Händler", "Active retailers"),
    "product": ("Produkt", "Product"), "counted_on": ("Gezählt", "Counted"), "on_hand_quantity": ("Bestand", "On hand"),
    "in_transit_quantity": ("Unterwegs", "In transit"), "weekly_outflow_quantity": ("Abfluss je Woche", "Outflow per week"),
    "weeks_of_supply": ("Reichweite, Wochen", "Weeks of supply"), "movement": ("Bewegung", "Movement"),
    "weeks_reported": ("Wochen mit Meldung", "Weeks reported"), "request_no": ("Anfrage", "Request"), "opened_at": ("Eröffnet (UTC)", "Opened (UTC)"),
    "priority": ("Dringlichkeit", "Priority"), "subject": ("Betreff", "Subject"), "status": ("Status", "Status"),
    "resolution_hours": ("Lösung, Stunden", "Hours to resolve"), "delivered_quantity": ("Geliefert, Menge", "Delivered quantity"),
    "ordered_quantity": ("Bestellt, Menge", "Ordered quantity"), "shipped_quantity": ("Versandt, Menge", "Shipped quantity"),
    "accepted_quantity": ("Angenommen, Menge", "Accepted quantity"), "rejected_quantity": ("Fehlt oder abgelehnt", "Missing or rejected"),
    "received_on": ("Angekommen", "Received"), "delivery_no": ("Lieferschein", "Delivery note"),
    "returned_quantity": ("Zurück, Menge", "Returned quantity"), "resolved_at": ("Gelöst (UTC)", "Resolved (UTC)"),
    "occurred_at": ("Zeitpunkt (UTC)", "Moment (UTC)"), "effective_on": ("Datum", "Date"), "kind": ("Vorgang", "Entry"),
    "points": ("Punkte", "Points"), "points_pending": ("Vorgemerkt", "Pending"),
}  # fmt: skip

CATALOGUE: dict[str, tuple[str, str]] = {
    **_PAIRS,
    **feeds.PAIRS,
    **intake.PAIRS,
    **REPLAY_TEXTS,
    **DOCUMENT_CODE_TEXTS,
    **PROGRAMME_TEXTS,
    **CAMPAIGN_TEXTS,
    **INVOICE_TEXTS,
    **NOTICE_TEXTS,
    **PROGRAMME_MEMBER_TEXTS,
    **REWARD_PAIRS,
    **{f"column.{name}": pair for name, pair in {**PROGRAMME_COLUMNS, **feeds.COLUMNS, **REWARD_COLUMNS, **_COLUMNS}.items()},
}
"""Key -> (German, English)."""


def text(language: Language, key: str, **values: str) -> str:
    """The text of a key. Raises KeyError for a key that is not in the catalogue."""
    return CATALOGUE[key][0 if language == "de" else 1].format(**values)


def as_language(name: str | None) -> Language | None:
    """The language of that name; None for any other."""
    return "de" if name == "de" else "en" if name == "en" else None


def preferred(accept_language: str) -> Language:
    """The first of our languages in a browser's Accept-Language header; English when there is none."""
    for part in accept_language.split(","):
        found = as_language(part.split(";")[0].strip()[:2].lower())
        if found:
            return found
    return "en"
