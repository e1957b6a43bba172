"""Where the real data sets lie, if they are here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REAL_DATA = Path(os.environ.get("DREIKLANG_REAL_DATA", ROOT.parent / "shared" / "data"))


def real(folder: str) -> Path:
    """The folder of a data set. Skips the test where it is not present, and fails it in CI."""
    path = REAL_DATA / folder
    if not path.exists():
        reason = f"the data set {folder} is not at {path}; set DREIKLANG_REAL_DATA to the folder that holds it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
