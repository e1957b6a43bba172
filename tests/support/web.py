"""The product as a web process of its own, and people who can log in to it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from core.clock import SystemClock, random_id
from core.scope import Role
from core.settings import Settings
from core.store import migrate, open_store
from portal import NewUser, create_user

COOKIE = "__Host-dreiklang"
PASSWORD = "violet harbour nine lamps"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...]

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")

    @property
    def token(self) -> str | None:
        """The session token that was set, if any."""
        for line in self.cookies:
            cookie = SimpleCookie(line)
            if COOKIE in cookie:
                return cookie[COOKIE].value
        return None


@dataclass(slots=True)
class Web:
    """A running web process."""

    settings: Settings
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    people: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where browsers go."""
        return f"http://localhost:{self.port}"

    def add_person(self, email: str, role: Role, party_id: int, language: str = "en") -> str:
        """An account; returns its id."""
        store = open_store(self.settings.resolved_store_url())
        migrate(store)
        user = create_user(store, NewUser(email, "Nora Blum", role, party_id, PASSWORD, language), SystemClock(), random_id)
        store.dispose()
        self.people[email] = user.user_id
        return user.user_id

    def request(
        self, method: str, path: str, *, token: str | None = None, form: Mapping[str, str] | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:  # fmt: skip
        """One request, exactly as said; a header of None is left out. Redirects are not followed."""
        sent: dict[str, str | None] = {"Host": f"localhost:{self.port}"}
        if method != "GET":
            sent["Origin"] = self.address
        if token is not None:
            sent["Cookie"] = f"{COOKIE}={token}"
        body = urlencode(form).encode() if form is not None else None
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        sent.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            content = response.read()
            cookies = tuple(value for name, value in response.getheaders() if name.lower() == "set-cookie")
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content, cookies)
        finally:
            connection.close()

    def log_in(self, email: str, password: str = PASSWORD) -> str:
        """A fresh session's token."""
        answer = self.request("POST", "/login", form={"email": email, "password": password, "language": "en"})
        assert answer.status == 303, answer.text
        assert answer.token
        return answer.token


@contextmanager
def serving(settings: Settings, folder: Path, **environment: str) -> Iterator[Web]:
    """Serve an instance until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = folder / f"web-{port}.log"
    given = {"PATH": os.environ["PATH"], "DREIKLANG_HOME": str(settings.root), "DREIKLANG_PORT": str(port), **environment}
    with log.open("wb") as output:
        process = subprocess.Popen([Path(sys.executable).parent / "dreiklang", "serve"], env=given, stdout=output, stderr=output)
        web = Web(settings, port, process, log)
        try:
            _wait(web)
            yield web
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(web: Web) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if web.process.poll() is not None:
            raise RuntimeError(web.log.read_text())
        try:
            if web.request("GET", "/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the web process does not answer: {web.log.read_text()}")
