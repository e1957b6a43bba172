"""What people are told: one line in `alerts.jsonl`, one event, and the operator's own hook; raised once and cleared once.

The hook is `DREIKLANG_ALERT_COMMAND` (the alert as JSON on its stdin) or `DREIKLANG_ALERT_URL` (the same as a POST). A hook that
fails is an event and stops nothing.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import httpx
import structlog

from core.clock import Clock
from core.settings import Settings

log = structlog.get_logger("dreiklang.alerts")

HOOK_SECONDS_MAX = 10
"""A hook gets this long."""


class Alerts:
    """Tells people."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock

    @property
    def path(self) -> Path:
        """The list of alerts, one JSON object per line, oldest first."""
        return self._settings.root / "alerts.jsonl"

    def tell(self, kind: str, source_id: str | None, words: str) -> None:
        """Say it in the file, in the log and to the hook. `words` must hold no secret and no partner's figures."""
        alert = {"at": self._clock.now().isoformat(), "alert": kind, "source": source_id, "message": words}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(alert, ensure_ascii=False) + "\n")
        log.warning("alert", alert=kind, source=source_id, message=words)
        try:
            self._call_hook(json.dumps(alert))
        except (OSError, subprocess.SubprocessError, httpx.HTTPError) as error:
            log.error("alert_hook_failed", alert=kind, source=source_id, found=type(error).__name__)

    def _call_hook(self, alert: str) -> None:
        if self._settings.alert_command:
            command = shlex.split(self._settings.alert_command)
            subprocess.run(command, input=alert, text=True, timeout=HOOK_SECONDS_MAX, check=True, capture_output=True)  # noqa: S603
        if self._settings.alert_url:
            url = self._settings.alert_url.get_secret_value()
            answer = httpx.post(url, content=alert, headers={"Content-Type": "application/json"}, timeout=HOOK_SECONDS_MAX)
            answer.raise_for_status()
