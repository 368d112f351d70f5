"""Where mail that comes back is fetched from: a folder of files, or a mailbox over IMAP (RFC 3501).

Mails are looked at once and stay where they can be looked at again: files go to a folder beside, mails over IMAP are
marked as seen. Does not belong here: what they say (`bounce_reports.py`).
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from cdp_assets.activation.ways import FolderOfMail, ImapOfMail, Lookup

READ = "read"
"""The folder for files that have been read."""


class Mailbox(Protocol):
    """Somewhere mails arrive."""

    def unread(self) -> Iterator[tuple[str, bytes]]:
        """The mails that have not been looked at: what the mailbox knows them by, and the mails."""

    def mark(self, names: Sequence[str]) -> None:
        """Note that mails have been looked at."""

    def close(self) -> None:
        """Give back connections."""


class MailFolder:
    """Files ending in ``.eml``, one mail each, as mail servers and gateways write them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def unread(self) -> Iterator[tuple[str, bytes]]:
        for file in sorted(self._folder.glob("*.eml")):
            yield file.name, file.read_bytes()

    def mark(self, names: Sequence[str]) -> None:
        (self._folder / READ).mkdir(exist_ok=True)
        for name in names:
            (self._folder / name).replace(self._folder / READ / name)

    def close(self) -> None:
        """Nothing is open."""


class ImapMailbox:
    """Mails without the flag ``\\Seen`` in one mailbox, over TLS."""

    def __init__(self, settings: ImapOfMail, secret: Lookup) -> None:
        trust = ssl.create_default_context(cafile=settings.ca_file)
        self._server = imaplib.IMAP4_SSL(
            settings.host, settings.port, ssl_context=trust, timeout=settings.timeout_seconds
        )
        self._server.login(secret(settings.username_env), secret(settings.password_env))
        _checked(self._server.select(f'"{settings.mailbox}"'))

    def unread(self) -> Iterator[tuple[str, bytes]]:
        [found] = _checked(self._server.uid("SEARCH", "UNSEEN"))
        for uid in (found or b"").split():
            # PEEK leaves the flag alone, until what the mail says is written down.
            for part in _checked(self._server.uid("FETCH", uid.decode(), "(BODY.PEEK[])")):
                if isinstance(part, tuple):
                    yield uid.decode(), part[1]

    def mark(self, names: Sequence[str]) -> None:
        for name in names:
            _checked(self._server.uid("STORE", name, "+FLAGS.SILENT", r"(\Seen)"))

    def close(self) -> None:
        self._server.logout()


def opened(settings: FolderOfMail | ImapOfMail, data: Path, secret: Lookup) -> Mailbox:
    """The mailbox of these settings.

    Raises:
        OSError, imaplib.IMAP4.error: if a server cannot be reached, or refuses.
    """
    return MailFolder(data / settings.folder) if isinstance(settings, FolderOfMail) else ImapMailbox(settings, secret)


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    status, found = answer
    if status != "OK":
        raise imaplib.IMAP4.error(status)
    return found
