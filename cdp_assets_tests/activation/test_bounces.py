"""Mails that come back: what they say, and that nothing more is sent to whom they are about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.activation.bounce_reports import Report, report_of
from cdp_assets.activation.bounces import TakenIn, take_in
from cdp_assets.activation.connectors import connector_for
from cdp_assets.activation.delivery import deliver
from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.ledger import history, outbox
from cdp_assets.privacy.suppression import suppressions
from cdp_assets.settings import Settings
from cdp_assets_tests.activation.servers import ImapServer, MailServer, certificate
from cdp_assets_tests.activation.shop import MONDAY, TUESDAY, WELCOME, Shop, email_of
from cdp_assets_tests.activation.test_services import LOGIN, mail_way
from cdp_assets_tests.examples import examples

KEY = "0123456789abcdef" * 2


def returned(
    status: str, *, key: str = KEY, action: str = "failed", answer: str = "", part: str = "message/rfc822"
) -> bytes:
    """A delivery status notification as Postfix writes it, with the message (or its headers) that comes back."""
    diagnostic = f"Diagnostic-Code: {answer}\n" if answer else ""
    return f"""\
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: bounces@shop.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon,  1 Jun 2026 08:00:00 +0000 (UTC)

Final-Recipient: rfc822; p1@example.org
Original-Recipient: rfc822;p1@example.org
Action: {action}
Status: {status}
{diagnostic}
--b
Content-Description: Undelivered Message
Content-Type: {part}

From: Shop <hello@shop.example>
To: p1@example.org
Subject: Hello
Message-ID: <{key}@shop.example>

Dear Ann,

--b--
""".encode()


def complaint(kind: str = "abuse", key: str = KEY) -> bytes:
    """A complaint as in appendix B of RFC 5965, its addresses blacked out."""
    return f"""\
From: <abusedesk@example.com>
Date: Thu, 8 Mar 2005 17:40:36 EDT
Subject: FW: Earn money
To: <abuse@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP
192.0.2.1 on Thu, 8 Mar 2005 14:00:00 EDT.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <somespammer@example.net>
Original-Rcpt-To: <user@example.com>

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: <hello@shop.example>
To: <Undisclosed Recipients>
Subject: Earn money
Message-ID: <{key}@shop.example>
Content-Type: text/plain

Spam Spam Spam
--part1_13d.2e68ed54_boundary--
""".encode()


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (returned("5.1.1", answer="smtp; 550 5.1.1 <p1@example.org>: user unknown"), "bounced"),
        (returned("5.2.1"), "bounced"),
        (returned("5.1.10", part="text/rfc822-headers"), "bounced"),
        # Exim says 5.0.0 and leaves the rest to the other server's words.
        (returned("5.0.0", answer="smtp; 550 no such person here"), "bounced"),
        (returned("5.0.0", answer="smtp; 554 5.7.1 blocked"), None),
        (returned("5.2.2", answer="smtp; 552 5.2.2 mailbox full"), None),
        (returned("5.7.1"), None),
        (returned("4.4.1", action="delayed"), None),
        (returned("2.0.0", action="delivered"), None),
        (complaint(), "complained"),
        (complaint("fraud"), "complained"),
        (complaint("not-spam"), None),
        # A message of somebody else's, and what is no report at all.
        (returned("5.1.1", key="20260601080000.1234"), None),
        (b"From: p1@example.org\nSubject: I am on holiday\n\nBack on Monday.\n", None),
        (b"\xff\xfe\x00", None),
    ],
)  # fmt: skip
def test_only_what_is_final_and_about_a_message_of_ours_counts(mail: bytes, reason: str | None) -> None:
    assert report_of(mail) == (None if reason is None else Report(KEY, reason))


@examples(60)
@given(
    mail=st.sampled_from([returned("5.1.1"), complaint()]),
    cut=st.integers(0, 1500),
    inserted=st.binary(max_size=12),
)
def test_no_mail_however_mutilated_stops_the_others(mail: bytes, cut: int, inserted: bytes) -> None:
    found = report_of(mail[:cut] + inserted + mail[cut:])
    assert found is None or found.key == KEY


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[DestinationSpec, MailServer, Path]]:
    pem = certificate(tmp_path)
    with MailServer(pem, ("shop", "geheim")).running() as server:
        way = mail_way(server.port, pem, return_path="bounces@shop.example", bounces={"folder": "bounces"})
        yield replace(WELCOME, connector=way), server, pem


def sent_mails(shop: Shop, spec: DestinationSpec, settings: Settings) -> None:
    connector = connector_for(spec, settings, LOGIN)
    deliver(spec, connector, shop.ledger, clock=lambda: MONDAY)
    connector.close()


def keys_of(server: MailServer) -> dict[str, str]:
    """Recipient → idempotency key, as the mail server has seen them."""
    return {str(mail["To"]): str(mail["Message-ID"])[1:33] for mail in server.mails}


def looked_into(shop: Shop, spec: DestinationSpec, settings: Settings) -> TakenIn | None:
    return take_in(spec, settings, LOGIN, shop.ledger, TUESDAY)


def test_what_comes_back_suppresses_at_once_and_for_good(
    shop: Shop, served: tuple[DestinationSpec, MailServer, Path], tmp_path: Path
) -> None:
    spec, server, _ = served
    settings = Settings(data=tmp_path, defs=tmp_path, production=True)
    shop.with_people(1, 2, 3)
    shop.members = {1, 2, 3}
    shop.refresh(spec, MONDAY)
    sent_mails(shop, spec, settings)
    keys = keys_of(server)
    assert server.envelopes == {"bounces@shop.example"}
    folder = tmp_path / "bounces"
    folder.mkdir()
    for number, mail in enumerate([
        returned("5.1.1", key=keys[email_of(1)]),
        complaint(key=keys[email_of(2)]),
        complaint(key="f" * 32),
        b"Subject: I am on holiday\n\nBack on Monday.",
    ]):  # fmt: skip
        (folder / f"{number}.eml").write_bytes(mail)
    assert looked_into(shop, spec, settings) == TakenIn(4, 1, 1)
    assert looked_into(shop, spec, settings) == TakenIn(0, 0, 0)
    assert shop.rows("profile_id", "status", "reason") == [
        (1, "dead", "bounced"),
        (2, "delivered", "complained"),
        (3, "delivered", None),
    ]
    # A mail that is looked at twice, as after a crash, changes nothing.
    (folder / "read" / "1.eml").replace(folder / "1.eml")
    assert looked_into(shop, spec, settings) == TakenIn(1, 0, 0)
    texts = replace(WELCOME, name="texts", channel="sms", contact_point="email", purpose="service")
    for other in (replace(WELCOME, name="other"), texts):
        shop.refresh(other, MONDAY)
        deliver(other, connector_for(other, settings, {}), shop.ledger, clock=lambda: TUESDAY)
    told = {name: {row[1]: row[2] for row in shop.rows("destination", "profile_id", "reason") if row[0] == name}
            for name in ("other", "texts")}  # fmt: skip
    # There is no such mailbox; but whoever complained is left alone on every channel.
    assert told == {
        "other": {1: "suppressed_bounced", 2: "suppressed_complained", 3: None},
        "texts": {1: None, 2: "suppressed_complained", 3: None},
    }


def test_the_next_refresh_knows_of_what_came_back(shop: Shop) -> None:
    shop.with_people(1, 2)
    shop.members = {1, 2}
    shop.refresh(WELCOME, MONDAY)
    [(first, key_1), (second, key_2)] = shop.rows("id", "idempotency_key")
    with shop.ledger.transaction() as connection:
        delivered = [outbox.Settlement(row, outbox.DELIVERED, None, MONDAY, tried=True) for row in (first, second)]
        outbox.settle(connection, delivered)
        outbox.reported(connection, {key_1: outbox.BOUNCED, key_2: outbox.COMPLAINED}, TUESDAY)
        refusals = shop.engine.from_arrow(history.refusals(connection))
    import ibis

    from cdp_assets.canonical.tables import CONSENTS, CONTACT_POINTS, ENGAGEMENTS

    nothing = (
        shop.engine.from_arrow(schema.ibis_schema.to_pyarrow().empty_table(), schema.ibis_schema)
        for schema in (ENGAGEMENTS, CONTACT_POINTS, CONSENTS)
    )
    table = suppressions(*nothing, TUESDAY, refusals).order_by(ibis.asc("contact_point"))
    rows = shop.engine.to_arrow(table.select("contact_point", "channel", "reason")).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (email_of(1), "email", "bounced"),
        (email_of(2), "any", "complained"),
    ]


def test_a_mailbox_is_read_over_imap_and_one_that_cannot_be_read_stops_nothing(
    served: tuple[DestinationSpec, MailServer, Path], tmp_path: Path
) -> None:
    spec, server, pem = served
    shop = Shop(f"sqlite:///{tmp_path / 'ledger.db'}")
    settings = Settings(data=tmp_path, defs=tmp_path, production=True)
    shop.with_people(1)
    shop.members = {1}
    shop.refresh(spec, MONDAY)
    sent_mails(shop, spec, settings)
    mails = [b"Subject: Holiday\r\n\r\nBack soon.\r\n", returned("5.1.1", key=keys_of(server)[email_of(1)])]
    login = {"username_env": "USER", "password_env": "PASSWORD", "host": "127.0.0.1", "ca_file": str(pem)}
    with ImapServer(pem, ("shop", "geheim"), mails).running() as mailbox:
        way = mail_way(server.port, pem, bounces={**login, "port": mailbox.port})
        spec = replace(spec, connector=way)
        assert looked_into(shop, spec, settings) == TakenIn(2, 1, 0)
        assert looked_into(shop, spec, settings) == TakenIn(0, 0, 0)
        assert mailbox.seen == {1, 2}
        mailbox.login = ("shop", "changed")
        assert looked_into(shop, spec, settings) == TakenIn(failed="error")
    assert looked_into(shop, spec, settings) == TakenIn(failed="ConnectionRefusedError")
    assert looked_into(shop, replace(WELCOME, connector=mail_way(server.port, pem)), settings) is None
    shop.ledger.close()
