"""docs/connectors.md and the registry say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from ingestion.connectors import TRANSPORTS
from ingestion.profiles.model import ChangeTracking
from ingestion.profiles.transport import TransportOptions

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "connectors.md").read_text(encoding="utf-8")
OPTIONS = {get_args(options.model_fields["kind"].annotation)[0]: options for options in get_args(get_args(TransportOptions)[0])}


def section(kind: str) -> str:
    """The page's part on one transport."""
    return re.split(r"^## ", PAGE.split(f"\n## {kind}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_every_transport_has_options_and_a_section() -> None:
    assert {*TRANSPORTS} == {*OPTIONS}
    assert {*TRANSPORTS} <= set(re.findall(r"^## (\w+)$", PAGE, flags=re.MULTILINE))


@pytest.mark.parametrize("kind", sorted(OPTIONS))
def test_every_option_is_described_and_no_other(kind: str) -> None:
    tables = re.findall(r"\| option \|.*?(?=\n\n|\Z)", section(kind), flags=re.DOTALL)
    described = set(re.findall(r"^\| `(\w+)` \|", "\n".join(tables), flags=re.MULTILINE))
    assert described == set(OPTIONS[kind].model_fields) - {"kind"}


def test_change_tracking_is_described() -> None:
    for name in ChangeTracking.model_fields:
        assert f"| `{name}` |" in section("sql")


def test_secrets_are_named_by_variables_only() -> None:
    for options in OPTIONS.values():
        for name in options.model_fields:
            assert name == "host_key" or not re.search(r"(password|secret|token|key)$", name), name
