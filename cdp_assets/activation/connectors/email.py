"""E-mail over SMTP: encrypted and authenticated, from templates, with one-click unsubscribing (RFC 8058).

A Message-ID is the message's idempotency key, so a repeat after a crash is the same message to whoever looks.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, RETRY, ConnectorError, Outcome
from cdp_assets.activation.connectors.smtp_replies import answered, refused_recipient
from cdp_assets.activation.connectors.templates import Unwritable, value_of, written
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import EmailWay, Lookup


class Email:
    """Sends each batch through one connection."""

    batch_size = 50
    concurrency = 2

    def __init__(self, way: EmailWay, secret: Lookup) -> None:
        self._way = way
        self._login = (secret(way.username_env), secret(way.password_env))
        self._domain = parseaddr(way.sender)[1].rpartition("@")[2]
        if not self._domain:
            raise ConnectorError(f"sender: {way.sender!r} holds no e-mail address")
        if way.unsubscribe_url is not None and not way.unsubscribe_url.startswith("https://"):
            raise ConnectorError("unsubscribe_url: one click needs an https address")

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        try:
            with self._connected() as server:
                return [self._one(server, message, at) for message in messages]
        except smtplib.SMTPResponseException as error:
            return [Outcome(RETRY, error.smtp_code, f"smtp_{error.smtp_code}")] * len(messages)
        except (OSError, smtplib.SMTPException) as error:
            return [Outcome(RETRY, error=type(error).__name__)] * len(messages)

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        mail = self.mail(message, at)
        parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        return {"kind": "email", "row": {**dict(mail.items()), **parts}}

    def close(self) -> None:
        """Every batch closes its own connection."""

    def mail(self, message: Message, at: datetime) -> EmailMessage:
        """The e-mail as it travels."""
        way, mail = self._way, EmailMessage()
        try:
            mail["From"] = way.sender
            mail["To"] = str(value_of(message, way.to))
            mail["Subject"] = written(way.subject, message)
            mail["Date"] = format_datetime(at)
            mail["Message-ID"] = f"<{message.idempotency_key}@{self._domain}>"
            if way.unsubscribe_url is not None:
                mail["List-Unsubscribe"] = f"<{written(way.unsubscribe_url, message)}>"
                mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        except Unwritable:
            raise
        except ValueError as error:
            # A line break in a header: somebody tries to add headers of their own.
            raise Unwritable("invalid_header") from error
        mail.set_content(written(way.text, message))
        if way.html is not None:
            mail.add_alternative(written(way.html, message, html=True), subtype="html")
        return mail

    def _one(self, server: smtplib.SMTP, message: Message, at: datetime) -> Outcome:
        try:
            server.send_message(self.mail(message, at), from_addr=self._way.return_path)
        except Unwritable as error:
            return error.outcome
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return refused_recipient(code, text)
        except smtplib.SMTPResponseException as error:
            return answered(error.smtp_code)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(RETRY, error=type(error).__name__)
        return Outcome(DELIVERED, 250)

    def _connected(self) -> smtplib.SMTP:
        way, trust = self._way, ssl.create_default_context(cafile=self._way.ca_file)
        if way.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(way.host, way.port, timeout=way.timeout_seconds, context=trust)
        else:
            server = smtplib.SMTP(way.host, way.port, timeout=way.timeout_seconds)
            server.starttls(context=trust)
        server.login(*self._login)
        return server
