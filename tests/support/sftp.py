"""An SFTP server on loopback, in threads: paramiko's own server side over a folder."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import paramiko


class _Login(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def check_auth_password(self, username: str, password: str) -> int:
        is_known = (username, password) == (self._server.user, self._server.password)
        return paramiko.AUTH_SUCCESSFUL if is_known else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: Any) -> int:
        is_known = username == self._server.user and key.get_base64() == self._server.client_key.get_base64()
        return paramiko.AUTH_SUCCESSFUL if is_known else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def __init__(self, server: SftpServer, handle: Any) -> None:
        super().__init__(os.O_RDONLY)
        self.readfile = handle
        self._server = server

    def read(self, offset: int, length: int) -> Any:
        time.sleep(self._server.stall_seconds)
        return super().read(offset, length)

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, login: Any, server: SftpServer) -> None:
        super().__init__(login)
        self._server = server

    def _real(self, path: str) -> Path:
        return self._server.folder / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> Any:
        time.sleep(self._server.stall_seconds)
        try:
            entries = sorted(self._real(path).iterdir(), reverse=True)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return [paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name) for entry in entries]

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        self._server.opened += 1
        if self._server.breaks_after is not None and self._server.opened > self._server.breaks_after:
            self._server.drop()
            return paramiko.SFTP_FAILURE
        try:
            return _Handle(self._server, self._real(path).open("rb"))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)


class SftpServer:
    """Serves a folder to one account. `breaks_after`: connections drop at the file after so many."""

    def __init__(self, folder: Path, user: str, password: str) -> None:
        self.folder, self.user, self.password = folder, user, password
        self.host_key = paramiko.ECDSAKey.generate()
        self.client_key = paramiko.ECDSAKey.generate()
        self.breaks_after: int | None = None
        self.opened = 0
        self.stall_seconds = 0.0
        self._transports: list[paramiko.Transport] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def fingerprint(self) -> str:
        """Of the server's key."""
        return str(self.host_key.fingerprint)

    def drop(self) -> None:
        """Break every connection."""
        for transport in self._transports:
            transport.sock.close()

    def stop(self) -> None:
        """Stop serving; a listener that is only closed goes on waiting."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.stall_seconds = 0.0
        for transport in self._transports:
            transport.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self)
            self._transports.append(transport)
            try:
                transport.start_server(server=_Login(self), event=threading.Event())
            except (paramiko.SSHException, EOFError, OSError):
                continue
