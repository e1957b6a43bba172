"""One GET that is worth waiting for: retried with back-off and jitter, paced, bounded in time and size, logged in.

429, 5xx, time-outs, broken connections   tried again, `attempts` times at most, `Retry-After` honoured up to `wait_seconds_max`
401                                        one fresh token (OAuth 2), then the operator's to mend
redirects, other hosts, other 4xx          never followed: credentials go nowhere but to the address that was named
"""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import tenacity

from core.errors import ConfigurationError, RetriableError
from ingestion.connectors.model import Pull
from ingestion.profiles.http import BasicAuth, HttpOptions, KeyAuth, OAuthAuth

CONNECT_SECONDS = 10
BACK_OFF_SECONDS = 0.5
RENEW_SECONDS = 30
"""A token is renewed this long before it expires."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, its bytes on disk. `is_unchanged`: 304."""

    path: Path
    headers: Mapping[str, str]
    is_unchanged: bool = False


class _Passing(Exception):
    """Worth another try. `wait_seconds` is what the server asked for."""

    def __init__(self, found: str, wait_seconds: float | None = None) -> None:
        super().__init__(found)
        self.found = found
        self.wait_seconds = wait_seconds


class Api:
    """A logged-in client for one pull. Use as a context manager."""

    def __init__(self, options: HttpOptions, pull: Pull, sleep: Callable[[float], None] = time.sleep) -> None:
        self._options, self._pull, self._sleep = options, pull, sleep
        self.where = f"source {pull.profile.source_id}"
        self.base = _base(pull.secret(options.url_variable), self.where)
        self._client = httpx.Client(
            timeout=httpx.Timeout(options.timeout_seconds, connect=min(CONNECT_SECONDS, options.timeout_seconds)),
            headers={"accept": "application/json", "user-agent": "dreiklang", **options.headers}, follow_redirects=False,
        )  # fmt: skip
        self._token: tuple[str, float] | None = None
        self._next_at = 0.0
        self._jitter = random.Random()  # noqa: S311 - spreads retries, hides nothing

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, address: str, params: Mapping[str, str], target: Path, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch an address into a file. Raises RetriableError ING-403, ING-404, ConfigurationError ING-104, ING-405 to ING-407."""
        url = self._own(address)

        def attempt() -> Answer:
            self._pace()
            answer = self._once(url, params, target, headers or {})
            if answer is None and isinstance(self._options.auth, OAuthAuth):
                self._token = None
                answer = self._once(url, params, target, headers or {})
            if answer is None:
                raise self._refused("401 after logging in")
            return answer

        return self._retried(attempt, urlsplit(url).path)

    def _once(self, url: str, params: Mapping[str, str], target: Path, headers: Mapping[str, str]) -> Answer | None:
        """One try; None when the login was refused."""
        given = {**headers, **self._login()}
        started = time.monotonic()
        try:
            with self._client.stream("GET", url, params=dict(params) or None, headers=given, auth=self._basic()) as response:
                if response.status_code == 401:
                    return None
                self._judge(response)
                if response.status_code == 304:
                    return Answer(target, response.headers, is_unchanged=True)
                self._save(response, target, started)
                return Answer(target, dict(response.headers))
        except httpx.TimeoutException:
            raise _Passing(f"no answer within {self._options.timeout_seconds:g} s") from None
        except httpx.TransportError as error:
            raise _Passing(f"a broken connection ({type(error).__name__})") from None
        except httpx.InvalidURL:
            raise self._not_as_agreed("an address that is none") from None

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 429 or status >= 500 or status == 408:
            raise _Passing(f"status {status}", _retry_after(response.headers.get("retry-after"), self._pull.now()))
        if status == 403:
            raise self._refused("403")
        if status != 304 and status != 200:
            raise self._not_as_agreed(f"status {status}")

    def _save(self, response: httpx.Response, target: Path, started: float) -> None:
        size, size_max = 0, self._options.body_mib_max << 20
        with target.open("wb") as out:
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > size_max:
                    raise ConfigurationError(
                        "ING-407", where=self.where, found=f"an answer of more than {self._options.body_mib_max} MiB",
                        expected="smaller pages", next_step="Ask for fewer records a page, or raise transport.body_mib_max.",
                    )  # fmt: skip
                out.write(chunk)
                if time.monotonic() - started > self._options.total_seconds:
                    raise _Passing(f"an answer that was not whole after {self._options.total_seconds:g} s")

    def _retried(self, attempt: Callable[[], Answer], what: str) -> Answer:
        options = self._options

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait_seconds if isinstance(error, _Passing) else None
            if asked is not None and asked > options.wait_seconds_max:
                raise RetriableError(
                    "ING-404", where=self.where, found=f"'come back in {asked:.0f} s' for {what}",
                    expected=f"a wait of {options.wait_seconds_max:g} s at most",
                    next_step="The next run goes on where this one stopped; ask less often if this comes often.",
                )  # fmt: skip
            back_off = min(options.wait_seconds_max, BACK_OFF_SECONDS * 2.0 ** (state.attempt_number - 1))
            return max(asked or 0.0, self._jitter.uniform(back_off / 2, back_off))

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(options.attempts), wait=wait, retry=tenacity.retry_if_exception_type(_Passing),
            sleep=self._sleep, reraise=True,
        )  # fmt: skip
        try:
            return retrying(attempt)
        except _Passing as error:
            raise RetriableError(
                "ING-403", where=self.where, found=f"{error.found} for {what}, {options.attempts} times",
                expected="an answer", next_step="Check that the system runs; the next run goes on where this one stopped.",
            ) from None  # fmt: skip

    def _pace(self) -> None:
        """Requests keep their distance."""
        now = time.monotonic()
        if now < self._next_at:
            self._sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + 60.0 / self._options.requests_per_minute

    def _own(self, address: str) -> str:
        """An absolute address at the named host, whatever a link says. Raises ConfigurationError ING-406."""
        url = httpx.URL(self.base).join(address)
        base = httpx.URL(self.base)
        if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
            raise self._not_as_agreed("a link to another host")
        return str(url)

    def _basic(self) -> httpx.BasicAuth | None:
        auth = self._options.auth
        if not isinstance(auth, BasicAuth):
            return None
        password = self._pull.secret(auth.password_variable) if auth.password_variable else "X"
        return httpx.BasicAuth(self._pull.secret(auth.user_variable), password)

    def _login(self) -> dict[str, str]:
        auth = self._options.auth
        if isinstance(auth, KeyAuth):
            return {auth.header: f"{auth.prefix}{self._pull.secret(auth.key_variable)}"}
        if isinstance(auth, OAuthAuth):
            return {"Authorization": f"Bearer {self._fresh_token(auth)}"}
        return {}

    def _fresh_token(self, auth: OAuthAuth) -> str:
        if self._token is not None and time.monotonic() < self._token[1]:
            return self._token[0]
        base = _base(self._pull.secret(auth.token_url_variable), self.where) if auth.token_url_variable else self.base
        form = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
        client = httpx.BasicAuth(self._pull.secret(auth.client_id_variable), self._pull.secret(auth.client_secret_variable))
        response = self._client.post(httpx.URL(base).join(auth.token_path), data=form, auth=client)
        if response.status_code == 429 or response.status_code >= 500:
            raise _Passing(f"status {response.status_code} from the token address",
                           _retry_after(response.headers.get("retry-after"), self._pull.now()))  # fmt: skip
        try:
            content = response.json()
            token, seconds = str(content["access_token"]), float(content.get("expires_in", 300))
        except (ValueError, KeyError, TypeError):
            raise self._refused(f"status {response.status_code} without a token") from None
        self._token = (token, time.monotonic() + max(1.0, seconds - RENEW_SECONDS))
        return token

    def _refused(self, found: str) -> ConfigurationError:
        return ConfigurationError(
            "ING-405", where=self.where, found=f"a refusal ({found})", expected="credentials that may read what the profile asks for",
            next_step="Check the environment variables that [transport.auth] names, and the account's rights.",
        )  # fmt: skip

    def _not_as_agreed(self, found: str) -> ConfigurationError:
        return ConfigurationError(
            "ING-406", where=self.where, found=found, expected="the API that the profile describes",
            next_step="Check the address, path and parameters in [transport]; nothing was sent anywhere else.",
        )  # fmt: skip


def _base(url: str, where: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            "ING-410", where=where, found="a text that is no address", expected="https://host/", next_step="Correct the variable."
        )
    return url.rstrip("/") + "/"


def _retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds to wait, of either form the header may have. None when it says nothing that can be read."""
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - now).total_seconds())


__all__ = ["Answer", "Api"]
