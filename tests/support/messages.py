"""Small EDIFACT files for tests, with envelopes and control totals that are right."""

from __future__ import annotations


def edifact(
    *messages: str, ref: str = "1", sender: str = "4000001000005:14", una: str = "UNA:+.? '", charset: str = "UNOC"
) -> str:
    """An interchange of messages, each a name and version (`ORDERS:D:96A:UN`) and its segments, one a line without terminators."""
    out = [f"UNB+{charset}:3+{sender}+4000001000012:14+260501:0800+{ref}"]
    for number, message in enumerate(messages, 1):
        name, *segments = [line.strip() for line in message.strip().splitlines()]
        out += [f"UNH+{number}+{name}", *segments, f"UNT+{len(segments) + 2}+{number}"]
    out.append(f"UNZ+{len(messages)}+{ref}")
    return una + "\n" + "".join(f"{segment}'\n" for segment in out)


def order(number: str = "O1", *, function: str = "9", lines: str = "", day: str = "20260501") -> str:
    """An ORDERS with one line of 5 pieces at 2.50, or with the lines given."""
    return f"""ORDERS:D:01B:UN:EAN010
        BGM+220+{number}+{function}
        DTM+137:{day}:102
        NAD+BY+4000001000029::9
        NAD+SU+4000001000005::9
        CUX+2:EUR:9
        {
        lines
        or '''LIN+1++4006381333931:SRV
        QTY+21:5
        PRI+AAA:2.50'''
    }
        UNS+S"""
