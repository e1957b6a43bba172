"""The inbox as a process of its own, and a partner who signs."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from standardwebhooks import Webhook

with warnings.catch_warnings():
    # starlette would rather drive its test client with a successor of httpx that is not among our libraries
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

SEAL = base64.urlsafe_b64encode(b"0123456789abcdef0123456789abcdef").decode()


def signed(
    secret: str, webhook_id: str, body: str, at: datetime | None = None, content_type: str = "application/json"
) -> dict[str, str]:
    """The headers of a message as the specification's own library signs it."""
    moment = at or datetime.now(UTC)
    return {
        "webhook-id": webhook_id, "webhook-timestamp": str(int(moment.timestamp())), "content-type": content_type,
        "webhook-signature": Webhook(secret).sign(webhook_id, moment, body),
    }  # fmt: skip


@dataclass(slots=True)
class RunningInbox:
    """A process `dreiklang inbox`."""

    address: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_inbox(home: Path) -> Iterator[RunningInbox]:
    """Start it and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {"DREIKLANG_HOME": str(home), "DREIKLANG_INBOX_KEY": SEAL, "DREIKLANG_INBOX_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-c", "from cli import main; main()", "inbox"], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    running = RunningInbox(f"http://127.0.0.1:{port}", process)
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{running.address}/healthz", timeout=1).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.05)
        else:
            raise AssertionError("the inbox did not start")
        yield running
    finally:
        process.terminate()
        process.wait(timeout=20)


__all__ = ["SEAL", "RunningInbox", "TestClient", "running_inbox", "signed"]
