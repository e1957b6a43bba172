"""Profiles on disk: shipped ones by name, others by path."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from core.errors import ConfigurationError
from ingestion.profiles.model import Profile

LIBRARY = Path(__file__).parent / "library"


def list_profiles() -> list[str]:
    """Names of the shipped profiles."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def load_profile(name_or_path: str | Path) -> Profile:
    """Read and check a profile. Raises ConfigurationError ING-101 (not found), ING-102 (not readable or not valid)."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = LIBRARY / f"{name_or_path}.toml"
    if not path.is_file():
        raise ConfigurationError(
            "ING-101", where="profile", found=str(name_or_path), expected=f"one of {', '.join(list_profiles())}, or a TOML file",
            next_step="Check the name with `dreiklang profiles`, or give the path of your own profile.",
        )  # fmt: skip
    try:
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise _invalid(path, str(error)) from error
    except ValidationError as error:
        findings = "; ".join(f"{'.'.join(str(p) for p in e['loc']) or 'profile'}: {e['msg']}" for e in error.errors())
        raise _invalid(path, findings) from error


def _invalid(path: Path, found: str) -> ConfigurationError:
    return ConfigurationError(
        "ING-102", where=f"profile {path.name}", found=found, expected="a profile as docs/profiles.md describes it",
        next_step="Mend the named keys and start again. Nothing was loaded.",
    )  # fmt: skip
