"""Small EDIFACT files for tests, with envelopes and control totals that are right."""

from __future__ import annotations


def edifact(
    *messages: str, ref: str = "1", sender: str = "4000001000005:14", una: str = "UNA:+.? '", charset: str = "UNOC"
) -> str:
    """An interchange of messages, each a name and version (`ORDERS:D:96A:UN`) and its segments, one a line without terminators."""
    out = [f"UNB+{charset}:3+{sender}+4000001000012:14+260501:0800+{ref}"]
    for number, message in enumerate(messages, 1):
        name, *segments = [line.strip() for line in message.strip().splitlines() if line.strip()]
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


def x12(*sets: str, ref: str = "000000001", sender: str = "SENDER", group: str = "PO", marks: str = "*>~") -> str:
    """An interchange of transaction sets, each a number (`850`) and its segments, one a line, without terminators."""
    out = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{'RECEIVER':15}*260501*0800*U*00401*{ref}*0*P*>",
        f"GS*{group}*{sender}*RECEIVER*20260501*0800*{int(ref)}*X*004010",
    ]
    for number, body in enumerate(sets, 1):
        name, *segments = [line.strip() for line in body.strip().splitlines() if line.strip()]
        out += [f"ST*{name}*{number:04d}", *segments, f"SE*{len(segments) + 2}*{number:04d}"]
    out += [f"GE*{len(sets)}*{int(ref)}", f"IEA*1*{ref}"]
    text = "".join(f"{segment}~\n" for segment in out)
    return text if marks == "*>~" else text.translate(str.maketrans("*>~", marks))


def purchase_order(number: str = "O1", *, purpose: str = "00", quantity: str = "5") -> str:
    """An 850 with one line at 2.50."""
    return f"""850
        BEG*{purpose}*SA*{number}**20260501
        CUR*BY*USD
        N1*BY*Shop*92*K17
        N1*SE*House*UL*4000001000005
        PO1*1*{quantity}*EA*2.50*PE*UP*012345678905*VN*V-1
        PID*F****A thing
        CTT*1"""
