"""Real servers on loopback that play the services of connectors: an HTTP API and a mail server.

Belongs here: what listens and remembers. Does not belong here: what is expected of it.
"""

from __future__ import annotations

import base64
import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cdp_assets_tests.activation.service_descriptions import faults_of


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.content.decode()))


Answer = tuple[int, Any]
"""Status and JSON."""


@contextmanager
def api(answer: Callable[[Call], Answer] = lambda call: (200, {})) -> Iterator[tuple[str, list[Call]]]:
    """An HTTP service: its address, and the calls it got.

    A request to a service that publishes what it takes is held against that; one it would not take fails the test.
    """
    calls: list[Call] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, self.path, headers, content)
            calls.append(call)
            status, told = answer(call)
            body = json.dumps(told).encode()
            self.send_response_only(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_DELETE(self) -> None:
            self.do_POST()

        def do_PATCH(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    with _served(server):
        yield f"http://127.0.0.1:{server.server_address[1]}", calls
    if faults := [fault for call in calls for fault in faults_of(call)]:
        raise AssertionError("\n".join(faults))


@dataclass
class MailServer:
    """A mail server that insists on STARTTLS (or TLS) and AUTH.

    Args:
        certificate: PEM file with certificate and key.
        login: User name and password it accepts.
        answers: Recipient → reply to RCPT instead of accepting.
        tls: Whether it speaks TLS from the first byte.
    """

    certificate: Path
    login: tuple[str, str]
    answers: dict[str, str] = field(default_factory=dict)
    tls: bool = False
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: set[str] = field(default_factory=set)
    port: int = 0

    @contextmanager
    def running(self) -> Iterator[MailServer]:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        self.port = int(server.server_address[1])
        with _served(server):
            yield self

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        mail = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                trust.load_cert_chain(mail.certificate)
                secure = mail.tls
                link = trust.wrap_socket(self.request, server_side=True) if secure else self.request
                lines = link.makefile("rb")

                def say(text: str) -> None:
                    link.sendall(text.encode() + b"\r\n")

                say("220 ready")
                known = False
                while line := lines.readline().decode().strip():
                    verb, _, rest = line.partition(" ")
                    verb = verb.upper()
                    if verb == "EHLO":
                        say("250-localhost\r\n250 AUTH PLAIN" if secure else "250-localhost\r\n250 STARTTLS")
                    elif verb == "STARTTLS":
                        say("220 go ahead")
                        link = trust.wrap_socket(link, server_side=True)
                        lines, secure = link.makefile("rb"), True
                    elif verb == "AUTH":
                        given = base64.b64decode(rest.split(" ")[1]).decode().split("\0")[1:]
                        known = secure and tuple(given) == mail.login
                        say("235 welcome" if known else "535 who are you")
                    elif verb == "MAIL":
                        mail.envelopes.add(rest.partition("<")[2].partition(">")[0])
                        say("250 fine")
                    elif verb == "RCPT":
                        address = rest.partition("<")[2].partition(">")[0]
                        say(mail.answers.get(address, "250 fine") if known else "530 authenticate first")
                    elif verb == "DATA":
                        say("354 go on")
                        received = b""
                        while (part := lines.readline()) != b".\r\n":
                            received += part
                        mail.mails.append(message_from_bytes(received, policy=policy.default))
                        say("250 taken")
                    elif verb == "QUIT":
                        say("221 bye")
                        return
                    else:
                        say("250 fine")

        return Handler


@dataclass
class ImapServer:
    """A mailbox over IMAP and TLS, with as much of RFC 3501 as it takes to look for new mails.

    Args:
        certificate: PEM file with certificate and key.
        login: User name and password it accepts.
        mails: What lies in INBOX; uids count from 1.
    """

    certificate: Path
    login: tuple[str, str]
    mails: list[bytes]
    seen: set[int] = field(default_factory=set)
    port: int = 0

    @contextmanager
    def running(self) -> Iterator[ImapServer]:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        self.port = int(server.server_address[1])
        with _served(server):
            yield self

    def _answer(self, verb: str, words: list[str]) -> tuple[list[bytes], str]:
        """What is said before the last line, and how that begins."""
        if verb == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1"], "OK"
        if verb == "LOGIN":
            return [], "OK" if tuple(word.strip('"') for word in words) == self.login else "NO"
        if verb == "SELECT":
            return [f"* {len(self.mails)} EXISTS".encode()], "OK" if words == ['"INBOX"'] else "NO"
        if words[:2] == ["SEARCH", "UNSEEN"]:
            found = [str(uid) for uid in range(1, len(self.mails) + 1) if uid not in self.seen]
            return [f"* SEARCH {' '.join(found)}".encode()], "OK"
        if words[:1] == ["FETCH"] and words[2:] == ["(BODY.PEEK[])"]:
            mail = self.mails[int(words[1]) - 1]
            head = f"* {words[1]} FETCH (UID {words[1]} BODY[] {{{len(mail)}}}\r\n".encode()
            return [head + mail + b")"], "OK"
        if words[:1] == ["STORE"] and words[2:] == ["+FLAGS.SILENT", r"(\Seen)"]:
            self.seen.add(int(words[1]))
            return [], "OK"
        return ([b"* BYE"], "OK") if verb == "LOGOUT" else ([], "BAD")

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        mailbox = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                trust.load_cert_chain(mailbox.certificate)
                link = trust.wrap_socket(self.request, server_side=True)
                lines = link.makefile("rb")
                link.sendall(b"* OK ready\r\n")
                while line := lines.readline().decode().strip():
                    tag, verb, *words = line.split(" ")
                    before, said = mailbox._answer(verb.upper(), words)
                    link.sendall(b"".join(part + b"\r\n" for part in before) + f"{tag} {said} done\r\n".encode())
                    if verb.upper() == "LOGOUT":
                        return

        return Handler


def certificate(folder: Path) -> Path:
    """A PEM file with a certificate for 127.0.0.1, signed by itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def service_account(token_uri: str) -> str:
    """The JSON of a Google service account whose tokens come from this address."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return json.dumps({"client_email": "cdp@project.example", "private_key": pem, "token_uri": token_uri})


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
