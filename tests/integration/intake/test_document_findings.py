"""Findings in documents: the command shows them, a distributor sees its own on its page, nobody else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.documents import finding_in_words, finding_rows
from core.errors import AccessDeniedError, ConfigurationError
from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.reader import Serving
from tests.integration.faults.edi import over_edi, sent
from tests.support.instances import Instance

pytestmark = pytest.mark.integration
ALL = {"source": None, "file": None, "code": None, "fatal": False, "last": 50}


def test_findings_are_shown_to_the_owner_and_to_nobody_else(instance: Instance) -> None:
    profile = over_edi("x12")
    owned = profile.model_validate({**profile.model_dump(exclude_defaults=True), "owner": {"scheme": "partner", "ref": "D1"}})
    instance.put("a.x12", sent("x12", "E1", 1).replace("SE*9*", "SE*8*"))
    instance.put("b.x12", sent("x12", "E2", 2).replace("IEA*1", "IEA*3"))
    instance.put("c.x12", sent("x12", "E3", 3).replace("012345678905", "012345678906"))
    instance.run(owned)
    rows = finding_rows(instance.settings, ALL)
    assert [(row["file_name"], row["error_code"], row["is_fatal"], row["message_no"], row["document_no"]) for row in rows] == [
        ("a.x12", "EDI-113", True, 1, ""), ("b.x12", "EDI-115", False, None, None), ("c.x12", "EDI-205", False, 1, "E3"),
    ]  # fmt: skip
    assert finding_in_words(rows[0])[0] == "partner a.x12, message 1: EDI-113, refused"
    assert finding_in_words(rows[2])[0] == "partner c.x12, message 1 (850 E3): EDI-205, noted"
    assert "segment" in finding_in_words(rows[0])[1]
    assert [row["file_name"] for row in finding_rows(instance.settings, {**ALL, "fatal": True})] == ["a.x12"]
    assert [row["file_name"] for row in finding_rows(instance.settings, {**ALL, "code": "EDI-115"})] == ["b.x12"]
    assert finding_rows(instance.settings, {**ALL, "source": "somebody"}) == []

    serving = Serving(instance.settings.warehouse_dir)
    try:
        ids = dict(instance.rows("select party_ref, party_id from dim_party"))
        own = serving.reader(Scope.of(Role.DISTRIBUTOR, ids["D1"])).rows(
            "select file_name, error_code from fct_document_findings order by file_name"
        )
        assert own == [("a.x12", "EDI-113"), ("b.x12", "EDI-115"), ("c.x12", "EDI-205")]
        assert serving.reader(Scope.of(Role.DISTRIBUTOR, ids["C1"])).rows("select * from fct_document_findings") == []
        for role, party in ((Role.MANUFACTURER, ids["M1"]), (Role.RETAILER, ids["C1"])):
            with pytest.raises(AccessDeniedError):
                serving.reader(Scope.of(role, party)).rows("select * from fct_document_findings")
    finally:
        serving.close()


def test_an_instance_that_never_ran_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        finding_rows(Settings(home=tmp_path), ALL)
    assert wrong.value.code == "CLI-102"
