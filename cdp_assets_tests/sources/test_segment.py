"""Events of Segment's own Python library, received over HTTP as it sends them, mean what the specification says."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.component import Source
from cdp_assets.sources.spec import SourceSpec
from cdp_assets.sources.unpacking import unpacked
from cdp_assets_tests.normalised.bench import canonical, load, typed
from cdp_assets_tests.sources.shop import Bench

SLOW = timedelta(hours=2)
"""By so much the clock of the sender is behind that of the receiver."""

AT = datetime(2026, 1, 5, 9, 0, 0, 250_000, tzinfo=UTC)


class Receiver(ThreadingHTTPServer):
    """Writes each batch as one line, with the time it came; the first one it takes, and says that it failed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.batches = 0
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data)
        received = datetime.fromisoformat(body["sentAt"]) + SLOW
        with self.server.file.open("a") as file:
            file.write(json.dumps({**body, "receivedAt": received.isoformat()}) + "\n")
        self.server.batches += 1
        self.send_response(500 if self.server.batches == 1 else 200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the receiver wrote."""
    from segment.analytics.client import Client

    file = tmp_path_factory.mktemp("receiver") / "events.jsonl"
    with Receiver(file) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = Client("key", host=f"http://127.0.0.1:{server.server_port}", gzip=True, upload_interval=0.1)
        context = {
            "ip": "192.0.2.7", "locale": "de-DE", "device": {"id": "d-1", "type": "ios", "token": "t-1"},
            "campaign": {"source": "news", "medium": "email", "name": "winter", "term": "lamp", "content": "top"},
            "page": {"url": "https://shop.example/?gclid=Cj0K1", "referrer": "https://example.org/"},
            "consent": {"categoryPreferences": {"Advertising": False, "Analytics": True}},
        }  # fmt: skip
        when: dict[str, Any] = {"timestamp": AT, "context": context, "anonymous_id": "anon-1"}
        traits = {"email": "Ann@example.org", "firstName": "Ann", "lastName": "Berg", "phone": "+49 351 123456"}
        client.identify("u-1", traits, message_id="m1", **when)
        client.track("u-1", "Order Completed", {"revenue": 45.0, "gift": {"wrapped": True}}, message_id="m2", **when)
        client.page("u-1", "Shop", "Home", {"title": "Home"}, message_id="m3", **when)
        client.screen("u-1", "App", "Basket", message_id="m4", **when)
        client.group(
            "u-1", "g-1", {"name": "Berg GmbH", "industry": "Retail", "employees": 40}, message_id="m5", **when
        )
        client.alias("u-0", "u-1", message_id="m6", timestamp=AT)
        client.flush()
        client.join()
        server.shutdown()
    assert server.batches >= 2
    return file.read_bytes()


@pytest.fixture(scope="module")
def landed(sent: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, SourceSpec]:
    """The same, ingested and typed."""
    streams: Any = [{"name": "events", "template": "segment_events"}]
    source = Source(name="shop", streams=streams, settle_seconds=0).spec
    bench = Bench(tmp_path_factory.mktemp("segment"))
    bench.drop("shop/events.jsonl", sent)
    load(bench, source)
    return bench, source


def test_batches_are_unpacked_and_what_was_sent_twice_counts_once(
    landed: tuple[Bench, SourceSpec], sent: bytes
) -> None:
    bench, _ = landed
    messages = [message for line in sent.splitlines() for message in json.loads(line)["batch"]]
    rows = typed(bench, "shop__events")
    assert len(rows) == len(messages) > 6
    live = [row["message_id"] for row in rows if row["cdp_live"]]
    assert sorted(live) == ["m1", "m2", "m3", "m4", "m5", "m6"]
    assert all(row["cdp_disposition"] in ("accepted", "duplicate", "superseded") for row in rows)


def test_the_clock_of_the_sender_is_corrected_by_that_of_the_receiver(landed: tuple[Bench, SourceSpec]) -> None:
    bench, source = landed
    assert {event["occurred_at"] for event in canonical(bench, source, "events")} == {AT + SLOW}


def test_every_call_is_an_event_with_its_context_and_properties(landed: tuple[Bench, SourceSpec]) -> None:
    bench, source = landed
    events = {event["event_id"]: event for event in canonical(bench, source, "events")}
    assert [events[f"m{number}"]["event_name"] for number in range(1, 7)] == [
        "identify", "Order Completed", "page", "screen", "group", "alias",
    ]  # fmt: skip
    track = events["m2"]
    assert json.loads(track["properties"]) == {"revenue": 45.0, "gift": {"wrapped": True}}
    assert [track[f"utm_{part}"] for part in ("source", "medium", "campaign", "term", "content")] == [
        "news", "email", "winter", "lamp", "top",
    ]  # fmt: skip
    assert (track["page_url"], track["click_id"]) == ("https://shop.example/?gclid=Cj0K1", "Cj0K1")
    assert (track["device_type"], track["locale"]) == ("mobile", "de-DE")


def test_identify_names_a_person_and_carries_their_choices(landed: tuple[Bench, SourceSpec]) -> None:
    bench, source = landed
    [contact] = canonical(bench, source, "contacts")
    assert (contact["given_name"], contact["family_name"]) == ("Ann", "Berg")
    points = {(point["kind"], point["value"]) for point in canonical(bench, source, "contact_points")}
    assert points == {("email", "ann@example.org"), ("phone", "+49351123456"), ("push_token", "t-1")}
    consents = {(each["purpose"], each["status"]) for each in canonical(bench, source, "consents")}
    assert consents == {("marketing", "denied"), ("analytics", "granted")}


def test_group_is_an_account_and_alias_renames_a_user(landed: tuple[Bench, SourceSpec]) -> None:
    bench, source = landed
    [account] = canonical(bench, source, "accounts")
    assert (account["account_id"], account["account_name"], account["employees"]) == ("g-1", "Berg GmbH", 40)
    [alias] = canonical(bench, source, "identifier_aliases")
    assert (alias["old_value"], alias["new_value"], alias["namespace"]) == ("u-0", "u-1", "shop")


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ('{"a": 1}', ['{"a": 1}']),
        ('{"batch": [{"a": 1}, {"b": 2}], "s": 3}', ['{"s": 3, "a": 1}', '{"s": 3, "b": 2}']),
        ('{"batch": [{"s": 4}], "s": 3}', ['{"s": 4}']),
        ('{"batch": [{"context": {"x": 1}}], "context": {"x": 0, "y": 2}}', ['{"context": {"x": 1, "y": 2}}']),
        ('{"batch": []}', []),
        ('{"batch": "no list"}', ['{"batch": "no list"}']),
        ('{"properties": {"batch": [1]}}', ['{"properties": {"batch": [1]}}']),
        ('{"batch": [1]}', ["1"]),
        ('{"batch": [', ['{"batch": [']),
    ],
)
def test_only_lists_at_the_top_of_a_line_are_unpacked(tmp_path: Path, line: str, rows: list[str]) -> None:
    file = tmp_path / "events"
    file.write_text(line + "\n")
    assert unpacked(file, "batch", tmp_path).read_text() == "".join(f"{row}\n" for row in rows)
