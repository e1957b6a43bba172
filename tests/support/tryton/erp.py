"""A real Tryton on PostgreSQL, in an environment of its own that is made once and kept beside the user's other caches.

The environment never touches ours: Tryton has its own requirements and its own release rhythm. Its versions are pinned here.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from tests.support.databases import Server

MODULES = ("sale", "purchase", "stock", "account_invoice")
PACKAGES = (
    "trytond==7.0.59", "trytond-sale==7.0.20", "trytond-purchase==7.0.19", "trytond-stock==7.0.21", "trytond-account-invoice==7.0.18",
    "proteus==7.0.3", "psycopg2-binary==2.9.13", "tzdata==2026.6",
)  # fmt: skip
WEEK, SAME_WEEK = Path(__file__).parent / "week.py", Path(__file__).parent / "same_week.py"
SECONDS_MAX = 600


@dataclass(frozen=True, slots=True)
class Tryton:
    """An ERP with a database of its own. `url` is what our profile reads; `entered` what was entered, in the words of our contracts."""

    url: str
    environment: dict[str, str]
    python: Path
    entered: dict[str, Any]

    def enter(self, what: str) -> dict[str, Any]:
        """Work in the ERP through its own API."""
        return work(self.python, self.environment, WEEK, what)


@dataclass(frozen=True, slots=True)
class Empty:
    """A database with the modules activated and nothing in it, to be copied."""

    server: Server
    python: Path
    name: str

    def copy(self) -> tuple[str, dict[str, str]]:
        """(a new database's name, the environment in which Tryton works on it)."""
        name = f"tryton_{uuid4().hex[:12]}"
        create_database(self.server, name, self.name)
        return name, tryton_environment(self.server, self.python, name)

    def with_week(self) -> Tryton:
        """The week of Tryton's own test."""
        name, environment = self.copy()
        return Tryton(self.server.database(name), environment, self.python, work(self.python, environment, WEEK, "enter"))

    def with_same_week(self, week: dict[str, Any]) -> Tryton:
        """The week that others deliver as files."""
        name, environment = self.copy()
        entered = work(self.python, environment, SAME_WEEK, stdin=json.dumps(week))
        return Tryton(self.server.database(name), environment, self.python, entered)


def empty_tryton(server: Server) -> Empty:
    """Install and activate the modules. Skips with a reason where packages cannot be had, and fails there in CI."""
    python = installed()
    name = f"tryton_{uuid4().hex[:12]}"
    create_database(server, name, "template0")
    (python.parents[1] / "password").write_text("a password of nobody, for nothing 41")
    subprocess.run(
        [python.parent / "trytond-admin", "-d", name, "-u", *MODULES, "--activate-dependencies", "--email", "admin@example.test"],
        env=tryton_environment(server, python, name), check=True, capture_output=True, timeout=SECONDS_MAX,
    )  # fmt: skip
    return Empty(server, python, name)


def create_database(server: Server, name: str, template: str) -> None:
    """A database like another."""
    admin = create_engine(server.database("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {template} encoding 'UTF8'"))
    admin.dispose()


def tryton_environment(server: Server, python: Path, name: str) -> dict[str, str]:
    """What a process of Tryton's finds in its environment."""
    return os.environ | {
        "TRYTOND_DATABASE_URI": server.url.replace("+psycopg", ""), "TRYTON_DATABASE": name, "PYTHONWARNINGS": "ignore",
        "TRYTONPASSFILE": str(python.parents[1] / "password"),
    }  # fmt: skip


def work(python: Path, environment: dict[str, str], script: Path, *words: str, stdin: str = "") -> dict[str, Any]:
    """Run a script in Tryton's environment."""
    done = subprocess.run(
        [python, script, *words],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def installed() -> Path:
    """The Python of Tryton's environment; made when it is not there, by one process at a time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dreiklang-tests"
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"tryton-{PACKAGES[0].partition('==')[2]}-py{sys.version_info.major}{sys.version_info.minor}"
    with (cache / "tryton.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (target / ".complete").exists():
            return target / "bin" / "python"
        shutil.rmtree(target, ignore_errors=True)
        uv = Path(sys.executable).parent / "uv"
        try:
            subprocess.run(
                [uv, "venv", "--quiet", "--python", sys.executable, target], check=True, capture_output=True, timeout=120
            )
            subprocess.run(
                [uv, "pip", "install", "--quiet", "--python", target / "bin" / "python", *PACKAGES],
                check=True, capture_output=True, timeout=300,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            reason = f"Tryton cannot be installed here: {getattr(error, 'stderr', None) or error!r}"[:500]
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        (target / ".complete").touch()
        return target / "bin" / "python"
