"""`cdp deliveries` and `cdp activate`: what a person sees and may do between a refresh and the receiver."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cdp_assets.activation.spec import VolumeGuard
from cdp_assets.cli import cdp as command
from cdp_assets.cli_deliveries import deliveries
from cdp_assets.ledger import guard, outbox
from cdp_assets_tests.activation.shop import MONDAY, TUESDAY, WELCOME, Shop
from cdp_assets_tests.cli.command import cdp
from cdp_assets_tests.presentation.served import write_snapshot

DEFINITIONS = {
    "reporting": """
type: cdp_assets.normalised.component.Reporting
attributes: {currency: EUR}
""",
    "vip": """
type: cdp_assets.segments.component.Segment
attributes: {name: vip, description: The best., owner: "team:crm", where: orders > 0}
""",
    "greeting": """
type: cdp_assets.activation.component.Destination
attributes:
  name: greeting
  description: Greets.
  owner: team:crm
  segment: vip
  channel: email
  purpose: marketing
  initial: send
  connector: {type: file, path: out}
  payload: {email: email, name: full_name, orders: orders}
""",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for name, document in DEFINITIONS.items():
        file = tmp_path / "definitions" / name / "defs.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(document, encoding="utf-8")
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_DEFS", str(tmp_path / "definitions"))
    monkeypatch.setenv("USER", "mara")
    monkeypatch.delenv("CDP_LEDGER", raising=False)
    made = Shop(f"sqlite:///{tmp_path / 'ledger.sqlite'}").with_people(1, 2, 3)
    made.members = {1, 2, 3}
    return made


def told(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(deliveries, arguments)
    assert result.exit_code == code, result.output
    return result.output


def test_what_failed_and_was_not_given_up_is_told_apart(shop: Shop) -> None:
    shop.refresh(WELCOME, MONDAY)
    failed = [outbox.Settlement(row[0], outbox.FAILED, "http_500", TUESDAY, tried=True) for row in shop.rows("id")[:2]]
    with shop.ledger.transaction() as connection:
        outbox.settle(connection, failed)
    assert (
        told("retry", "welcome")
        .rstrip()
        .endswith("; 2 that failed were not given up: they are tried again by themselves")
    )


def test_messages_of_a_destination_that_there_is_not_are_not_tried_again(shop: Shop) -> None:
    shop.refresh(WELCOME, MONDAY)
    assert "greeting" in told("retry", "greetings", code=1)


def test_what_was_given_up_is_listed_tried_again_and_dropped(shop: Shop) -> None:
    shop.refresh(WELCOME, MONDAY)
    dead = [outbox.Settlement(row[0], outbox.DEAD, "http_400", TUESDAY, tried=True) for row in shop.rows("id")[:2]]
    with shop.ledger.transaction() as connection:
        outbox.settle(connection, dead)
    assert "welcome  dead (http_400)  2\n" in told("list")
    assert json.loads(told("list", "welcome", "--json")) == [
        {"destination": "welcome", "status": "dead", "reason": "http_400", "messages": 2, "paused": False},
        {"destination": "welcome", "status": "pending", "reason": None, "messages": 1, "paused": False},
    ]
    assert told("retry", "welcome", "--reason", "http_500").startswith("0 messages")
    assert told("retry", "welcome").startswith("2 messages will be tried again")
    assert told("drop", "welcome", "--yes") == "3 messages dropped\n"
    assert "withheld (dropped)  3" in told("list", "welcome")


def test_a_held_change_is_listed_and_confirmed_or_discarded_by_number(shop: Shop) -> None:
    guarded = replace(WELCOME, initial="seed_only", volume_guard=VolumeGuard(minimum=1, factor=1))
    shop.members = set()
    shop.refresh(guarded, MONDAY)
    assert told("holds") == "nothing is held\n"
    shop.members = {1, 2, 3}
    shop.refresh(guarded, TUESDAY)
    assert "welcome  3 messages, usually 0" in told("holds")
    (hold,) = json.loads(told("holds", "--json"))
    assert "there is no open hold 99" in told("confirm", "99", code=1)
    assert told("confirm", str(hold["id"])).startswith("3 messages go out")
    assert told("holds") == "nothing is held\n"
    assert {row[0] for row in shop.rows("status")} == {"pending"}
    assert "there is no open hold" in told("discard", str(hold["id"]), code=1)


def test_a_list_without_messages_says_so_and_refuses_a_destination_that_there_is_not(shop: Shop) -> None:
    assert told("list") == "there is no message yet\n"
    assert "there is no message yet" in told("list", "greeting")
    assert "there is no destination 'greetin'" in told("list", "greetin", code=1)


def test_a_destination_is_paused_and_resumed_by_name(shop: Shop) -> None:
    assert "there is no destination 'welcome'; there are: greeting" in told("pause", "welcome", code=1)
    shop.refresh(replace(WELCOME, name="greeting"), MONDAY)
    assert told("pause", "greeting") == "greeting is paused\n"
    hint = "greeting is paused; `cdp deliveries resume greeting` lets it go on\n"
    assert told("list") == f"greeting  pending  3\n{hint}"
    assert told("holds") == f"nothing is held\n{hint}"
    assert [(row["messages"], row["paused"]) for row in json.loads(told("list", "--json"))] == [(3, True)]
    with shop.ledger.reading() as connection:
        assert outbox.due(connection, TUESDAY) == []
    assert told("resume", "greeting") == "greeting goes on with the next delivery\n"
    with shop.ledger.reading() as connection:
        assert [due.rows for due in outbox.due(connection, TUESDAY)] == [3]


def test_a_destination_is_told_as_paused_before_there_is_a_message(shop: Shop, tmp_path: Path) -> None:
    write_snapshot(tmp_path / "serving.duckdb")
    told("pause", "greeting")
    assert "there is no message yet\ngreeting is paused" in told("list")
    silent = {"destination": "greeting", "status": "pending", "reason": None, "messages": 0, "paused": True}
    assert json.loads(told("list", "--json")) == [silent]
    assert "Greeting  nothing yet · paused" in cdp(tmp_path, "status").stdout
    (row,) = [row for row in json.loads(cdp(tmp_path, "status", "--json").stdout)["deliveries"] if row["paused"]]
    assert row == {"destination": "greeting", "outcomes": {}, "paused": True}


def test_nothing_is_dropped_for_a_destination_that_there_is_not(shop: Shop) -> None:
    assert "there is no destination 'nosuch'; there are: greeting" in told("drop", "nosuch", code=1)
    assert told("drop", "greeting", "--yes") == "0 messages dropped\n"


def test_whoever_decides_on_a_hold_is_the_user_unless_somebody_is_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("USER")
    monkeypatch.setattr("getpass.getuser", lambda: "mara")
    guarded = replace(WELCOME, initial="send", volume_guard=VolumeGuard(minimum=1, factor=1))
    shop.refresh(replace(guarded, initial="seed_only"), MONDAY)
    shop.members = set()
    shop.with_people(4, 5, 6)
    shop.members = {4, 5, 6}
    shop.refresh(guarded, TUESDAY)
    (hold,) = json.loads(told("holds", "--json"))
    told("discard", str(hold["id"]))
    with shop.ledger.reading() as connection:
        assert [held.decided_by for held in guard.holds(connection, None)] == ["mara"]


def test_only_a_destination_that_mirrors_its_segment_is_reconciled(shop: Shop, tmp_path: Path) -> None:
    assert "does not mirror its segment" in told("reconcile", "greeting", "--yes", code=1)
    mirroring = DEFINITIONS["greeting"].replace("initial: send", "initial: send\n  mode: mirror")
    (tmp_path / "definitions" / "greeting" / "defs.yaml").write_text(mirroring, encoding="utf-8")
    shop.refresh(replace(WELCOME, name="greeting", mode="mirror"), MONDAY)
    assert "tells greeting of 3 members again, and takes 0 off" in told("reconcile", "greeting", "--yes")


def test_a_dry_run_shows_who_would_get_what_without_showing_people(shop: Shop, tmp_path: Path) -> None:
    write_snapshot(tmp_path / "serving.duckdb")
    text = cdp(tmp_path, "activate", "greeting", "--dry-run")
    assert text.returncode == 0, text.stderr
    assert "1 message would go out; vip has 1 member" in text.stdout
    assert "a•••@•••" in text.stdout
    found = json.loads(cdp(tmp_path, "activate", "greeting", "--dry-run", "--json").stdout)
    assert (found["told"], found["not_told"], found["initial"]) == ({"entered": 1}, [], True)
    assert found["examples"][0]["payload"] == {"email": "a•••@•••", "name": "A••• W•••", "orders": "1"}
    missing = cdp(tmp_path, "activate", "nobody", "--dry-run")
    assert missing.stderr == "Error: there is no destination 'nobody'; there are: greeting\n"


def test_a_mailbox_for_bounces_is_looked_into_on_demand(shop: Shop, tmp_path: Path) -> None:
    assert "names no mailbox" in told("bounces", "greeting", code=1)
    file = tmp_path / "definitions" / "greeting" / "defs.yaml"
    mail = (
        "{type: email, host: mail.example, username_env: U, password_env: P, sender: a@shop.example, subject: Hi, "
        "text: Hi, bounces: {folder: bounces}}"
    )
    file.write_text(DEFINITIONS["greeting"].replace("{type: file, path: out}", mail), encoding="utf-8")
    (tmp_path / "bounces").mkdir()
    (tmp_path / "bounces" / "1.eml").write_text("Subject: Holiday\n\nBack soon.", encoding="utf-8")
    assert told("bounces", "greeting") == "1 mails: 0 messages bounced, 0 complained about\n"


def test_a_profile_says_what_destinations_were_told_of_the_person_under_any_id_and_what_not(
    shop: Shop, tmp_path: Path
) -> None:
    write_snapshot(tmp_path / "serving.duckdb")  # where 9 was merged into 1
    shop.with_people(9)
    shop.members = {1, 2, 9}
    shop.say(1, "denied", MONDAY)
    shop.refresh(WELCOME, MONDAY)
    with shop.ledger.transaction() as connection:
        [to_nine] = [row for row in outbox.open_rows(connection, WELCOME.name) if row.profile_id == 9]
        outbox.settle(connection, [outbox.Settlement(to_nine.id, outbox.DELIVERED, None, TUESDAY, tried=True)])

    def shown(*arguments: str) -> str:
        result = CliRunner().invoke(command, ["profile", "1", *arguments], env={"COLUMNS": "160"})
        assert result.exit_code == 0, result.output
        return result.stdout

    told_of = json.loads(shown("--json"))["messages"]
    names = ("profile_id", "change", "status", "reason", "created_at", "sent_at")
    assert [tuple(each[name] for name in names) for each in told_of] == [
        ("9", "entered", "delivered", None, "2026-06-01T06:00:00Z", "2026-06-02T06:00:00Z"),
        ("1", "entered", "withheld", "consent_denied", "2026-06-01T06:00:00Z", None),
    ]
    page = tmp_path / "ann.html"
    shown("--html", str(page))
    for text in (shown(), page.read_text(encoding="utf-8")):
        for part in ("entered members (1), as 9", "withheld (consent_denied)", "delivered"):
            assert part in text
        assert "p9@example.org" not in text
