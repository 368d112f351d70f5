"""Logs of messages, calls and visits: when something went which way, and who wants no more of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets_tests.sources.test_proposing import written

HOUSE = "+18005550100"
MESSAGES = "From,To,Body,SentDate,ApiVersion,Sid,Direction\n" + "".join(
    f"+1303555{n:04d},{HOUSE},{'STOP' if n % 4 else 'Yes'},2026-05-{1 + n % 28:02d}T10:00:00Z,2010-04-01,m{n},in\n"
    f"{HOUSE},+1303555{n:04d},Your order shipped,2026-05-{1 + n % 28:02d}T11:00:00Z,2010-04-01,n{n},outbound-api\n"
    for n in range(30)
)
CALLS = "datetime (UTC),direction,from,to,duration (total),call_id\n" + "".join(
    f"2026-05-{1 + n % 28:02d} 10:00:00,inbound,+1303555{n:04d},{HOUSE},120,{n}\n"
    f"2026-05-{1 + n % 28:02d} 11:00:00,outbound,{HOUSE},+1303555{n:04d},60,{100 + n}\n"
    for n in range(30)
)


def proposed(folder: Path, name: str, text: str) -> Proposal:
    return propose(written(folder, name, text), "house")


def maps_of(proposal: Proposal, to: str) -> list[dict[str, Any]]:
    return [map_ for map_ in proposal.stream["maps"] if map_["to"] == to]


def test_messages_happen_when_they_are_sent(tmp_path: Path) -> None:
    found = proposed(tmp_path, "sms-log.csv", MESSAGES)
    assert found.stream["event_time"] == "SentDate"
    ((told),) = (map_["set"] for map_ in maps_of(found, "interactions"))
    assert (told["kind"], told["occurred_at"], told["body"]) == ("'chat'", "SentDate", "Body")
    assert told["direction"] == (
        "case when lower(trim(Direction, '. ')) in ('in') then 'inbound' "
        "when lower(trim(Direction, '. ')) in ('outbound-api') then 'outbound' end"
    )


def test_who_answers_stop_wants_no_more_messages(tmp_path: Path) -> None:
    found = proposed(tmp_path, "sms-log.csv", MESSAGES)
    (stopped,) = maps_of(found, "consents")
    assert stopped["where"].startswith("lower(trim(Direction, '. ')) in ('in') and lower(trim(Body, '. ')) in (")
    assert "'stop'" in stopped["where"]
    assert (stopped["set"]["channel"], stopped["set"]["status"]) == ("'sms'", "'withdrawn'")
    assert any("STOP" in doubt for doubt in found.doubts)
    assert maps_of(proposed(tmp_path, "whatsapp-log.csv", MESSAGES), "consents")[0]["set"]["channel"] == "'whatsapp'"


def test_sent_is_no_time_of_anything_else(tmp_path: Path) -> None:
    mails = "Email,Name,Last Sent\n" + "".join(f"p{n}@example.org,Ann Lee{n},2026-05-{1 + n:02d}\n" for n in range(20))
    assert "event_time" not in proposed(tmp_path, "list.csv", mails).stream


def test_a_moment_in_utc_is_a_moment(tmp_path: Path) -> None:
    found = proposed(tmp_path, "calls.csv", CALLS)
    assert found.kind == "interactions"
    assert found.stream["event_time"] == "datetime (UTC)"
    assert found.stream["columns"]["datetime (UTC)"]["zone"] == "UTC"
    assert not maps_of(found, "consents")


def test_a_time_of_day_belongs_to_the_day_that_is_called_like_it(tmp_path: Path) -> None:
    text = "Visit ID,Visited Date,Visited Time,Closing Time,Email\n" + "".join(
        f"{n},2026-03-04,{n % 12 + 1:02d}:15 PM,09:00 PM,p{n % 9}@example.org\n" for n in range(24)
    )
    found = proposed(tmp_path, "visits.csv", text)
    assert found.stream["event_time"] == "Visited Date_time"
    assert '"Visited Time"' in found.stream["derive"]["Visited Date_time"]
