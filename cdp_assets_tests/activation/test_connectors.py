"""Connectors: what leaves, what stays on this machine, and in which shape."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cdp_assets.activation import signature
from cdp_assets.activation.connectors import connector_for
from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, RETRY, ConnectorError
from cdp_assets.activation.connectors.file import FileDrop
from cdp_assets.activation.connectors.inbox import Inbox
from cdp_assets.activation.connectors.inbox_entries import destinations, entries, render
from cdp_assets.activation.connectors.webhook import Webhook
from cdp_assets.activation.message import Message
from cdp_assets.activation.receiver import Receiver
from cdp_assets.activation.spec import FileConnector, WebhookConnector
from cdp_assets.settings import Settings
from cdp_assets_tests.activation.shop import WELCOME
from cdp_assets_tests.sources import servers, sftp

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECRET = "shared secret"
HOOKED = replace(WELCOME, connector=WebhookConnector("HOOK_URL", "HOOK_SECRET"))


def message(number: int = 1, **fields: object) -> Message:
    payload = json.dumps(fields or {"email": "p@example.org"}, ensure_ascii=False)
    return Message(number, f"key{number}", "welcome", "members", "entered", 2**62 + number, 1, NOON, payload, None)


def settings(tmp_path: Path, production: bool = False) -> Settings:
    return Settings(data=tmp_path, defs=tmp_path, production=production)


def test_a_signature_holds_for_its_body_secret_and_time_only() -> None:
    body = b'{"a":1}'
    given = signature.headers(SECRET, "key1", body, NOON)
    assert signature.verify(SECRET, given, body, NOON) == "key1"
    for secret, changed, now in (
        ("other", body, NOON),
        (SECRET, b'{"a":2}', NOON),
        (SECRET, body, NOON.replace(hour=13)),
    ):
        with pytest.raises(signature.SignatureError):
            signature.verify(secret, given, changed, now)
    with pytest.raises(signature.SignatureError):
        signature.verify(SECRET, {**given, signature.ID: "key2"}, body, NOON)
    with pytest.raises(signature.SignatureError, match="webhook-signature is missing"):
        signature.verify(SECRET, {k: v for k, v in given.items() if k != signature.SIGNATURE}, body, NOON)


def test_a_signature_is_that_of_the_standard_webhooks_specification() -> None:
    # The example of the specification's reference libraries.
    given = signature.headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        datetime.fromtimestamp(1614265330, UTC),
    )
    assert given[signature.SIGNATURE] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, DELIVERED) for status in (200, 204)),
        *((status, REFUSED) for status in (302, 400, 404, 410)),
        *((status, RETRY) for status in (408, 425, 429, 500, 503)),
    ],
)
def test_what_an_answer_means(status: int, kind: str) -> None:
    with Receiver(SECRET, answer=lambda key, times: (status, {}), clock=lambda: NOON) as receiver:
        hook = Webhook(receiver.url, SECRET)
        (outcome,) = hook.send([message()], NOON)
        hook.close()
    assert (outcome.kind, outcome.response_code) == (kind, status)


@pytest.mark.parametrize(("status", "count", "together"), [(400, 2, True), (400, 1, False), (401, 2, False)])
def test_a_refusal_of_several_messages_may_be_for_one_of_them(status: int, count: int, together: bool) -> None:
    with Receiver(SECRET, answer=lambda key, times: (status, {}), clock=lambda: NOON) as receiver:
        hook = Webhook(receiver.url, SECRET, batch_size=5)
        outcomes = hook.send([message()] * count, NOON)
        hook.close()
    assert [(outcome.kind, outcome.together) for outcome in outcomes] == [(REFUSED, together)] * count


def test_a_receiver_that_does_not_answer_in_time_is_tried_again() -> None:
    import time

    def sleepy(key: str, times: int) -> None:
        time.sleep(0.5)

    with Receiver(SECRET, answer=sleepy, clock=lambda: NOON) as receiver:
        hook = Webhook(receiver.url, SECRET, timeout_seconds=0.1)
        (outcome,) = hook.send([message()], NOON)
        hook.close()
    assert (outcome.kind, outcome.error) == (RETRY, "timeout")


def test_a_receiver_refuses_what_is_not_signed_and_drops_repeats_even_after_a_restart(tmp_path: Path) -> None:
    with Receiver(SECRET, tmp_path, clock=lambda: NOON) as receiver:
        assert httpx.post(receiver.url, json={"a": 1}).status_code == 401
        hook = Webhook(receiver.url, SECRET)
        hook.send([message(1), message(1), message(2)], NOON)
        hook.close()
        assert (receiver.refused, receiver.repeats, len(receiver.messages)) == (1, 1, 2)
    with Receiver(SECRET, tmp_path, clock=lambda: NOON) as receiver:
        hook = Webhook(receiver.url, SECRET)
        hook.send([message(2), message(3)], NOON)
        hook.close()
        assert [kept["idempotency_key"] for kept in receiver.messages] == ["key1", "key2", "key3"]
    assert len((tmp_path / "received.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize("url", ["http://example.org/hook", "ftp://127.0.0.1/", "127.0.0.1:80"])
def test_an_address_that_would_leak_is_refused(url: str) -> None:
    with pytest.raises(ConnectorError, match="https"):
        Webhook(url, SECRET)


def test_in_development_nothing_leaves_the_machine(tmp_path: Path) -> None:
    env = {"HOOK_URL": "https://example.org/hook", "HOOK_SECRET": SECRET}
    connector = connector_for(HOOKED, settings(tmp_path), env)
    assert isinstance(connector, Inbox)
    assert [outcome.kind for outcome in connector.send([message(1), message(2)], NOON)] == [DELIVERED] * 2
    connector.close()
    first, _ = entries(tmp_path / "inbox", "welcome")
    assert not first.sent
    assert first.received["url"] == "https://example.org/hook"
    given = {name.lower(): value for name, value in first.received["headers"].items()}
    assert signature.verify(SECRET, given, message(1).body().encode(), NOON) == "key1"


def test_in_development_a_receiver_on_this_machine_is_called_and_the_inbox_shows_it_too(tmp_path: Path) -> None:
    with Receiver(SECRET, clock=lambda: NOON) as receiver:
        env = {"HOOK_URL": f"{receiver.url}/x", "HOOK_SECRET": SECRET}
        connector = connector_for(HOOKED, settings(tmp_path), env)
        assert connector.batch_size == 1
        connector.send([message(1)], NOON)
        connector.send([message(1)], NOON)
        connector.close()
    assert len(receiver.messages) == 1
    (entry,) = entries(tmp_path / "inbox", "welcome")
    assert entry.sent
    assert entry.received["body"]["data"] == {"email": "p@example.org"}


def test_in_development_a_destination_without_an_address_goes_to_the_inbox(tmp_path: Path) -> None:
    connector = connector_for(HOOKED, settings(tmp_path), {})
    connector.send([message(1)], NOON)
    (entry,) = entries(tmp_path / "inbox", "welcome")
    assert entry.received["url"] == "$HOOK_URL"
    text = render(entry)
    assert text.startswith("POST $HOOK_URL\n")
    assert '"email": "p@example.org"' in text


@pytest.mark.parametrize("missing", ["HOOK_URL", "HOOK_SECRET"])
def test_in_production_a_missing_variable_is_named(tmp_path: Path, missing: str) -> None:
    env = {"HOOK_URL": "https://example.org", "HOOK_SECRET": SECRET}
    del env[missing]
    with pytest.raises(ConnectorError, match=missing):
        connector_for(HOOKED, settings(tmp_path, production=True), env)


def test_in_production_the_real_connector_sends(tmp_path: Path) -> None:
    env = {"HOOK_URL": "https://example.org", "HOOK_SECRET": SECRET}
    assert isinstance(connector_for(HOOKED, settings(tmp_path, production=True), env), Webhook)
    dropped = replace(WELCOME, connector=FileConnector("drop"))
    drop = connector_for(dropped, settings(tmp_path, production=True), {})
    assert isinstance(drop, FileDrop)
    drop.send([message()], NOON)
    assert [path.name for path in (tmp_path / "drop").iterdir()] == ["welcome-0000000001-0000000001.csv"]


def test_half_a_line_left_by_a_crash_spoils_no_other_message(tmp_path: Path) -> None:
    connector = connector_for(HOOKED, settings(tmp_path), {})
    connector.send([message(1)], NOON)
    with (tmp_path / "inbox" / "welcome.jsonl").open("a") as file:
        file.write('{"destination":"welc')
    connector.send([message(2)], NOON)
    assert [entry.idempotency_key for entry in entries(tmp_path / "inbox", "welcome")] == ["key1", "key2"]
    assert destinations(tmp_path / "inbox") == ["welcome"]


def test_a_csv_drop_is_whole_and_holds_no_formula(tmp_path: Path) -> None:
    dangerous = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1"]
    harmless = ["+49 30 1234567", "-5.20", "a=b", "Jürgen", None, 3.5, True, ["=x"]]
    values = {f"f{number}": value for number, value in enumerate([*dangerous, *harmless])}
    FileDrop(tmp_path, "csv").send([message(1, **values), message(2, other="x")], NOON)
    (path,) = tmp_path.iterdir()
    with path.open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert [first[f"f{number}"] for number in range(len(dangerous))] == [f"'{text}" for text in dangerous]
    assert [first[f"f{len(dangerous) + number}"] for number in range(len(harmless))] == [
        "+49 30 1234567",
        "-5.20",
        "a=b",
        "Jürgen",
        "",
        "3.5",
        "true",
        '["=x"]',
    ]
    assert (second["other"], second["f0"]) == ("x", "")
    assert first["profile_id"] == str(2**62 + 1)
    assert first["idempotency_key"] == "key1"


def test_a_parquet_drop_keeps_types(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    FileDrop(tmp_path, "parquet").send([message(1, spend=12.5, name=None), message(2, spend=3.0, name=None)], NOON)
    (path,) = tmp_path.iterdir()
    table = pq.read_table(path)
    assert table["spend"].to_pylist() == [12.5, 3.0]
    assert str(table.schema.field("name").type) == "string"


def test_files_are_dropped_into_a_bucket_of_an_s3_server(tmp_path: Path) -> None:
    import s3fs

    with servers.s3() as endpoint:
        options = {"key": "test", "secret": "test", "endpoint_url": endpoint}
        system = s3fs.S3FileSystem(**options, skip_instance_cache=True)
        system.mkdir("audiences")
        dropped = replace(WELCOME, connector=FileConnector("s3://audiences/crm", "csv", options))
        drop = connector_for(dropped, settings(tmp_path, production=True), {})
        assert [outcome.kind for outcome in drop.send([message(1), message(2)], NOON)] == [DELIVERED, DELIVERED]
        system.invalidate_cache()
        assert system.ls("audiences/crm") == ["audiences/crm/welcome-0000000001-0000000002.csv"]
        text = system.cat_file("audiences/crm/welcome-0000000001-0000000002.csv").decode()
    assert [row["idempotency_key"] for row in csv.DictReader(text.splitlines())] == ["key1", "key2"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_on_an_sftp_server_appears_when_it_is_whole_and_may_come_again(tmp_path: Path) -> None:
    with sftp.serving(tmp_path) as port:
        options = {"username": "cdp", "password": sftp.PASSWORD, "port": port}
        drop = FileDrop("sftp://127.0.0.1/out/crm", "csv", options)
        for _ in range(2):
            assert [outcome.kind for outcome in drop.send([message(1)], NOON)] == [DELIVERED]
    assert [path.name for path in (tmp_path / "out" / "crm").iterdir()] == ["welcome-0000000001-0000000001.csv"]


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    (outcome,) = FileDrop(blocked, "csv").send([message()], NOON)
    assert outcome.kind == RETRY
