"""An SFTP server on loopback that serves one folder, for tests of fetching and of dropping files.

Belongs here: just enough of a server, on paramiko's protocol, to list, read and write files. Does not belong here:
the tests.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

PASSWORD = "secret-word"


class _Login(paramiko.ServerInterface):
    """One user, by password."""

    def check_auth_password(self, username: str, password: str) -> int:
        known = (username, password) == ("cdp", PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Files(paramiko.SFTPServerInterface):
    """A folder to read from and write to."""

    folder: Path

    def _real(self, path: str) -> str:
        return str(self.folder / path.lstrip("/"))

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            entries = sorted(os.scandir(self._real(path)), key=lambda entry: entry.name)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return [paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name) for entry in entries]

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(os.stat(self._real(path)))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        handle = paramiko.SFTPHandle(flags)
        try:
            if flags & os.O_WRONLY or flags & os.O_RDWR:
                handle.writefile = Path(self._real(path)).open("wb")  # noqa: SIM115 (the handle closes it)
            else:
                handle.readfile = Path(self._real(path)).open("rb")  # noqa: SIM115
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return handle

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        return self._done(os.mkdir, self._real(path))

    def remove(self, path: str) -> int:
        return self._done(os.remove, self._real(path))

    def rename(self, oldpath: str, newpath: str) -> int:
        return self._done(os.link, self._real(oldpath), self._real(newpath)) or self.remove(oldpath)

    posix_rename = rename

    def _done(self, change: Callable[..., None], *paths: str) -> int:
        try:
            change(*paths)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return paramiko.SFTP_OK


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """A running server's port."""
    files = type("Files", (_Files,), {"folder": folder})
    key = paramiko.RSAKey.generate(2048)
    transports: list[paramiko.Transport] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # closed
            transport = paramiko.Transport(connection)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
            transports.append(transport)
            transport.start_server(event=threading.Event(), server=_Login())

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()
        for transport in transports:
            transport.close()
