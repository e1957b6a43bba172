"""Profiles: what they may say, and that the shipped ones and the documented one say it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from ingestion.contracts import FEEDS
from ingestion.demo.generate import PROFILES
from ingestion.profiles import list_profiles, load_profile

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
source_id = "p"
title = "P"
[[feeds]]
feed = "party_aliases"
files = "a.csv"
columns = { party_ref = "a", scheme = "b", alias_value = "c" }
"""


@pytest.mark.parametrize("name", list_profiles())
def test_shipped_profiles_are_valid(name: str) -> None:
    assert load_profile(name).source_id == name


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.toml")), ids=lambda path: path.stem)
def test_demo_profiles_are_valid(path: Path) -> None:
    assert load_profile(path).source_id == path.stem


@pytest.mark.parametrize(("old", "new", "expected"), [
    ('feed = "party_aliases"', 'feed = "aliases"', "no feed 'aliases'"),
    ('alias_value = "c"', 'alias = "c"', "has no column alias"),
    (', alias_value = "c"', "", "needs the column alias_value"),
    ('files = "a.csv"', 'files = "a.csv"\ndelimeter = ";"', "delimeter"),
    ('title = "P"', 'title = "P"\ntime_zone = "Berlin"', "IANA"),
    ('files = "a.csv"', 'files = "a.csv"\ndecimal = ","\nthousands = ","', "cannot be the same"),
])  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ConfigurationError) as refused:
        load_profile(path)
    assert refused.value.code == "ING-102"
    assert expected in str(refused.value)


def test_the_documented_example_is_a_valid_profile(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", document, flags=re.DOTALL)
    assert example
    path = tmp_path / "example.toml"
    path.write_text(example[1], encoding="utf-8")
    assert load_profile(path).feeds


def test_every_feed_is_documented() -> None:
    document = (ROOT / "docs" / "data-contracts.md").read_text(encoding="utf-8")
    for feed in FEEDS.values():
        assert f"## {feed.name}\n" in document
        for column in feed.columns:
            section = document.split(f"## {feed.name}\n")[1].split("\n## ")[0]
            (row,) = [line for line in section.splitlines() if line.startswith(f"| `{column.name}` |")]
            kind, required, key = (cell.strip() for cell in row.split("|")[2:5])
            assert kind.startswith(column.kind)
            assert (required, key) == ("yes" if column.required else "", "yes" if column.is_key else "")
