"""What is wrong with a message, in a few words: code -> German, English. docs/edi.md says what to do about each."""

from __future__ import annotations

_WORDS: dict[str, tuple[str, str]] = {
    "EDI-101": ("Nachricht außerhalb einer Übertragungsdatei", "a message outside of an interchange"),
    "EDI-102": ("kein einziges Segment", "no segment at all"),
    "EDI-103": ("Zeichen, die der Zeichensatz nicht hat", "characters that the declared set does not have"),
    "EDI-104": ("Zeilenenden statt Segmentenden", "line ends where terminators should be"),
    "EDI-105": ("Kopf ISA hat nicht die vorgeschriebene Form", "an ISA that is not as prescribed"),
    "EDI-106": ("letztes Segment ohne Ende", "the last segment has no terminator"),
    "EDI-110": ("Übertragungsdatei oder Gruppe ohne Ende", "an interchange or group without its end"),
    "EDI-111": ("Segmente außerhalb jeder Nachricht", "segments outside of any message"),
    "EDI-112": ("Nachricht ohne Ende", "a message without its end"),
    "EDI-113": ("andere Zahl von Segmenten als angegeben", "another number of segments than declared"),
    "EDI-114": ("Kopf und Ende mit verschiedener Referenz", "header and trailer with different references"),
    "EDI-115": ("andere Zahl von Nachrichten oder Gruppen als angegeben", "another number of messages or groups than declared"),
    "EDI-116": (
        "Kopf und Ende der Übertragungsdatei oder Gruppe verschieden",
        "header and trailer of interchange or group differ",
    ),
    "EDI-117": ("Ende ohne Kopf", "a trailer without its header"),
    "EDI-121": ("Referenz schon benutzt, mit anderem Inhalt", "a reference used before, with other content"),
    "EDI-122": ("Lücke in den Nummern des Absenders", "a gap in the sender's numbers"),
    "EDI-123": ("Nachricht schon bekannt", "a message that came before"),
    "EDI-130": ("Nachrichtenart wird nicht gelesen", "a kind of message that is not read"),
    "EDI-131": ("Antwort ohne Zeilen, weder ja noch nein", "an answer without lines that says neither yes nor no"),
    "EDI-132": ("Ebene ohne übergeordnete", "a level without its parent"),
    "EDI-133": ("Menge oder Bewegung ohne vereinbarte Bedeutung", "a quantity or movement whose meaning nobody agreed"),
    "EDI-134": ("Artikel ohne Bestandsmenge", "an article without a quantity on hand"),
    "EDI-135": ("keine Zeile in der Nachricht", "a message in which no line is found"),
    "EDI-201": ("Pflichtwert fehlt", "a needed value is missing"),
    "EDI-202": ("Tag nicht lesbar", "a day that cannot be read"),
    "EDI-203": ("Zahl nicht lesbar", "a number that cannot be read"),
    "EDI-204": ("Code ohne vereinbarte Bedeutung", "a code whose meaning nobody agreed"),
    "EDI-205": ("Artikelnummer ist keine gültige GTIN", "an article number that is no valid GTIN"),
    "EDI-206": ("Partnernummer ist keine gültige GLN", "a party's number that is no valid GLN"),
    "EDI-207": ("Summe passt nicht zu den Zeilen", "a total that its lines do not add up to"),
    "EDI-208": ("Bestandssumme passt nicht zu ihren Teilen", "a stock total that its parts do not add up to"),
    "EDI-209": ("Zeile ohne Betrag und Preis", "a line without amount and price"),
}
DOCUMENT_CODE_TEXTS: dict[str, tuple[str, str]] = {
    f"error_code.{code}": (f"{code}: {german}", f"{code}: {english}") for code, (german, english) in _WORDS.items()
}
