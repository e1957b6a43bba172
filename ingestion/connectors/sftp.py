"""SFTP through fsspec and paramiko, with a server that is known by its key."""

from __future__ import annotations

import io
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import tenacity

from core.errors import ConfigurationError
from ingestion.connectors.model import Item, Pull
from ingestion.connectors.remote import Info, as_ours, fetch_new
from ingestion.profiles.remote import SftpOptions

PIECE_BYTES, PIECES_AT_ONCE = 32 << 10, 64
"""Pieces under way at once: fast, and memory stays flat."""

DEPTH_MAX = 12


class SftpTransport:
    """A folder on an SFTP server: what is new or changed since the last pull."""

    brings_all = False

    def __init__(self, options: SftpOptions, sleep: Callable[[float], None] = time.sleep) -> None:
        self._options, self._sleep = options, sleep

    def fetch(self, pull: Pull) -> Iterator[Item]:
        """New and changed files, in the order of names. Raises RetriableError ING-402, ConfigurationError ING-103, ING-104, ING-405, ING-408."""
        import paramiko

        where = f"source {pull.profile.source_id}"
        refused = (PermissionError, paramiko.AuthenticationException)
        with as_ours(where, refused):
            retrying = tenacity.Retrying(
                stop=tenacity.stop_after_attempt(self._options.attempts), wait=tenacity.wait_exponential_jitter(multiplier=0.2, max=5),
                retry=tenacity.retry_if_not_exception_type((*refused, ConfigurationError, FileNotFoundError)), sleep=self._sleep, reraise=True,
            )  # fmt: skip
            server = retrying(_Server, self._options, pull)
            try:
                yield from fetch_new(server, pull, self._sleep)
            finally:
                server.close()

    def settled(self, pull: Pull, items: Sequence[Item]) -> None:
        """The files are the partner's."""


class _Server:
    """A logged-in session."""

    def __init__(self, options: SftpOptions, pull: Pull) -> None:
        from fsspec.implementations.sftp import SFTPFileSystem

        self.stable_seconds = options.stable_seconds
        self._options = options
        self._root = PurePosixPath(options.path)
        login = _login(options, pull)

        class KnownServer(SFTPFileSystem):  # type: ignore[misc]
            """fsspec takes any server's key; ours has to be the agreed one."""

            def _connect(self) -> None:
                import paramiko

                self.client = paramiko.SSHClient()
                self.client.set_missing_host_key_policy(_AgreedKey(options.host_key, f"source {pull.profile.source_id}"))
                try:
                    self.client.connect(
                        options.host, port=options.port, username=options.user, timeout=options.timeout_seconds,
                        banner_timeout=options.timeout_seconds, auth_timeout=options.timeout_seconds, allow_agent=False,
                        look_for_keys=False, **login,
                    )  # fmt: skip
                    self.ftp = self.client.open_sftp()
                    self.ftp.get_channel().settimeout(options.timeout_seconds)
                except BaseException:
                    self.client.close()
                    raise

        self._files = KnownServer(options.host, skip_instance_cache=True)

    def files(self) -> dict[str, Info]:
        """Every file below the folder, as deep as a partner's folders go."""
        return dict(self._below(self._root, 0))

    def info(self, name: str) -> Info:
        """Size and time, asked anew."""
        found: Info = self._files.info(str(self._root / name))
        return found

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file; a transfer that drips is given up.

        A window of pieces is asked for when the last one is written: what paramiko fetches ahead by itself piles up in memory as soon as
        the disk is slower than the network.
        """
        deadline, window = time.monotonic() + self._options.total_seconds, PIECE_BYTES * PIECES_AT_ONCE
        with self._files.ftp.open(str(self._root / name), "rb") as remote, target.open("wb") as local:
            size = int(remote.stat().st_size or 0)
            for start in range(0, size, window):
                end = min(start + window, size)
                for piece in remote.readv([(at, min(PIECE_BYTES, end - at)) for at in range(start, end, PIECE_BYTES)]):
                    local.write(piece)
                    if time.monotonic() > deadline:
                        raise TimeoutError
            if local.tell() != size:
                raise EOFError(f"{local.tell()} of {size} bytes")

    def close(self) -> None:
        """End the session."""
        self._files.ftp.close()
        self._files.client.close()

    def _below(self, folder: PurePosixPath, depth: int) -> Iterator[tuple[str, Info]]:
        for entry in sorted(self._files.ftp.listdir_attr(str(folder)), key=lambda entry: str(entry.filename)):
            name = str(entry.filename)
            if "/" in name or name in (".", ".."):
                continue
            if stat.S_ISDIR(entry.st_mode or 0):
                if depth < DEPTH_MAX and not name.startswith("."):
                    yield from self._below(folder / name, depth + 1)
            elif stat.S_ISREG(entry.st_mode or 0):
                path = folder / name
                yield path.relative_to(self._root).as_posix(), self._files.info(str(path))


def _login(options: SftpOptions, pull: Pull) -> dict[str, Any]:
    import paramiko

    if options.password_variable:
        return {"password": pull.secret(options.password_variable)}
    text = pull.secret(options.key_variable or "")
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return {"pkey": kind.from_private_key(io.StringIO(text))}
        except (paramiko.SSHException, ValueError):
            continue
    raise ConfigurationError(
        "ING-410", where=f"source {pull.profile.source_id}", found="a text that is no private key", expected="an OpenSSH or PEM key without passphrase",
        next_step=f"Correct the environment variable {options.key_variable}.",
    )  # fmt: skip


class _AgreedKey:
    """paramiko asks this about every server, because none is in its own list of known hosts."""

    def __init__(self, fingerprint: str, where: str) -> None:
        self._fingerprint, self._where = fingerprint, where

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        """Raises ConfigurationError ING-408 for any key but the agreed one."""
        if str(key.fingerprint) != self._fingerprint:
            raise ConfigurationError(
                "ING-408", where=self._where, found=f"a server with the key {key.fingerprint}", expected=self._fingerprint,
                next_step="Ask the partner whether the server's key was changed before you change host_key; nothing was sent.",
            )  # fmt: skip


__all__ = ["SftpTransport"]
