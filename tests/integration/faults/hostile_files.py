"""Faults 28 and 29: archives and XML that mean harm, delivered as a partner would deliver them."""

from __future__ import annotations

import gzip
import socket
import tempfile
from pathlib import Path

import pytest

from ingestion.profiles import Profile
from tests.integration.faults.cases import fault
from tests.support.documents import HOSTILE_XML, UBL
from tests.support.instances import HEADER, LINES, Instance, order_rows, profile_of
from tests.unit.test_archives import HOSTILE, packed

BAD = (HEADER + order_rows("X", 300)).encode()
ABSOLUTE = tempfile.gettempdir()
ARCHIVES = {
    "bomb.zip": (lambda: packed(("orders_x.csv", BAD + b"0" * (64 << 20))), "ING-632"),
    "escape.zip": (lambda: packed(("../../orders_x.csv", BAD)), "ING-633"),
    "absolute.zip": (lambda: packed((f"{ABSOLUTE}/orders_x.csv", BAD)), "ING-633"),
    "nested.zip": (lambda: packed(("orders_x.zip", packed(("orders_x.csv", BAD)))), "ING-633"),
    "less.zip": (HOSTILE["says_less"][0], "ING-631"),
    "more.zip": (HOSTILE["says_more"][0], "ING-631"),
    "far_more.zip": (HOSTILE["says_far_more"][0], "ING-632"),
    "link.zip": (HOSTILE["link"][0], "ING-633"),
}


def outside(instance: Instance) -> set[Path]:
    """Files that an archive could have left where it must not."""
    places = [instance.home.parent, instance.inbox.parent, Path(ABSOLUTE)]
    return {path for place in places for path in place.glob("*orders_x*")}


@fault(28, "zip bombs path escapes nested archives and lying sizes")
def hostile_archives(instance: Instance, _: pytest.MonkeyPatch) -> None:
    profile = profile_of({"feed": "order_lines", "files": "**/orders*.csv", "columns": LINES}, archives=["*.zip"])
    for name, (make, _code) in ARCHIVES.items():
        instance.put(name, make())
    instance.put("good.zip", packed(("orders_good.csv", (HEADER + order_rows("G", 10)).encode())))
    before = outside(instance)
    result = instance.run(profile)
    assert {name: instance.batch(name)[:2] for name in ARCHIVES} == {
        name: ("rejected", code) for name, (_, code) in ARCHIVES.items()
    }
    assert (instance.orders("X"), instance.orders("G")) == (0, 10), "the good archive beside them is taken"
    assert len(result.refused) == len(ARCHIVES)
    assert outside(instance) == before
    assert not list(instance.settings.landing_dir.glob(".pull-*")), "nothing of them is left behind"


@fault(28, "a gzip bomb")
def gzip_bomb(instance: Instance, _: pytest.MonkeyPatch) -> None:
    instance.put("orders_x.csv.gz", gzip.compress(BAD + b"0" * (64 << 20)))
    instance.put("orders_good.csv", HEADER + order_rows("G", 10))
    instance.run(profile_of({"feed": "order_lines", "files": "orders*.csv*", "columns": LINES}))
    assert instance.batch("orders_x.csv.gz")[:2] == ("rejected", "ING-632")
    assert (instance.orders("X"), instance.orders("G")) == (0, 10)


@fault(29, "XML with entities and external DTDs")
def hostile_xml(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *address: asked.append(address))
    documents: Profile = profile_of(
        {"feed": "order_lines", "files": "*.xml", "format": "ubl", "columns": {"leg": {"const": "sell_in"}}}
    )
    rows = profile_of(
        {"feed": "order_lines", "files": "*.xml", "format": "xml", "record_path": "/orders/order", "columns": LINES}
    )
    names = [name for name, (content, code) in HOSTILE_XML.items() if code == "ING-602" and len(content) < 1 << 20]
    assert {"billion_laughs", "external_entity", "external_dtd", "xinclude"} <= set(names)
    for name in names:
        instance.put(f"{name}.xml", HOSTILE_XML[name][0])
    order = f'<!DOCTYPE Order SYSTEM "http://127.0.0.1:9/o.dtd" [<!ENTITY x SYSTEM "file:///etc/passwd">]><Order xmlns="{UBL}Order-2"><ID>&x;</ID></Order>'
    instance.put("order.xml", order)
    for profile in (documents, rows):
        result = instance.run(profile)
        outcomes = {outcome.file_name: outcome for load in result.loads for outcome in load.outcomes}
        assert {outcomes[f"{name}.xml"].status for name in names} | {outcomes["order.xml"].status} == {"rejected"}
        assert all("ING-602" in f"{one.error_code} {one.error_message}" for one in outcomes.values()), outcomes
        assert "root:" not in str([one.error_message for one in outcomes.values()]), "no file of ours is read"
    assert asked == [], "nobody was asked for anything"
