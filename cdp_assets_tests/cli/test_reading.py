"""Commands that only read: on a snapshot written out."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from cdp_assets_tests.cli.command import cdp, cdp_process, python
from cdp_assets_tests.presentation.letters import write_inbox
from cdp_assets_tests.presentation.served import write_snapshot


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_snapshot(folder / "serving.duckdb")
    write_inbox(folder / "inbox")
    return folder


def test_profile_shows_one_person(data: Path) -> None:
    told = cdp(data, "profile", "ann@example.org")
    assert told.returncode == 0, told.stderr
    for text in ("Ann Weber", "source priority", "vip", "marketing by email", "Order 7"):
        assert text in told.stdout


def test_profile_lists_both_of_a_couple(data: Path) -> None:
    told = cdp(data, "profile", "weber@example.org")
    assert "2 profiles answer" in told.stdout
    assert "Ann Weber" in told.stdout
    assert "Bob Weber" in told.stdout


def test_profile_as_json_is_nothing_but_json(data: Path) -> None:
    told = json.loads(cdp(data, "profile", "9", "--json").stdout)
    assert (told["profile_id"], told["redirected_from"], told["golden"]["full_name"]) == ("1", "9", "Ann Weber")


def test_profile_writes_a_page(data: Path, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "ann.html"
    told = cdp(data, "profile", "1001", "--html", str(page))
    assert told.stdout == ""
    assert "Ann Weber" in page.read_text(encoding="utf-8")


def test_status_says_what_was_published(data: Path) -> None:
    told = cdp(data, "status")
    assert "4 records → 3 profiles" in told.stdout
    assert "timestamp does not parse" in told.stdout
    rows = json.loads(cdp(data, "status", "--json").stdout)
    assert rows["as_of"] == "2026-06-30T00:00:00Z"
    assert {"stage": "profiles", "table": "golden_records", "rows": 3} in rows["tables"]


def test_inbox_shows_messages_and_writes_a_page(data: Path, tmp_path: Path) -> None:
    assert "POST https://example.org/hook" in cdp(data, "inbox", "welcome").stdout
    trays = json.loads(cdp(data, "inbox", "--json").stdout)
    assert [tray["destination"] for tray in trays] == ["ads_upload", "welcome"]
    page = tmp_path / "inbox.html"
    assert cdp(data, "inbox", "--html", str(page)).returncode == 0
    assert "email_hash" in page.read_text(encoding="utf-8")


def test_inbox_opens_as_a_page_in_the_browser(data: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/address\n')
    browser.chmod(0o755)
    assert cdp_process(data, "inbox", "--open", BROWSER=f"{browser} %s").returncode == 0
    page = data / "inbox.html"
    assert (tmp_path / "address").read_text().strip() == page.resolve().as_uri()
    assert "email_hash" in page.read_text(encoding="utf-8")
    nowhere = cdp_process(data, "inbox", "--open", BROWSER="false %s", PATH="")
    assert nowhere.returncode == 1
    assert "there is no browser here; the page is" in nowhere.stderr


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        (("profile", "nobody@example.org"), {}, "no profile answers to 'nobody@example.org'; try"),
        (("inbox", "wellcome"), {}, "there is something for ads_upload, welcome"),
        (("inbox", "--html", "/dev/null/inbox.html"), {}, "/dev/null/inbox.html cannot be written: "),
        (("schema", "--out", "/dev/null/schema"), {}, "definition.schema.json cannot be written: "),
        (("status",), {"CDP_DATA": "/nowhere"}, "Run `cdp run`"),
        (("status",), {"CDP_AS_OF": "yesterday"}, "CDP_AS_OF='yesterday' is not an ISO 8601 date"),
        *(
            (command, {"CDP_DATA": "/nowhere"}, "/nowhere/ledger.sqlite does not exist yet")
            for command in (("deliveries", "list"), ("deliveries", "holds"), ("identity", "decisions"))
        ),
        (("deliveries", "list"), {"CDP_LEDGER": "foo://x"}, "CDP_LEDGER is the URL of no database that can be used"),
        (("deliveries", "list"), {"CDP_LEDGER": "postgresql://u:se:cret/x"}, "its port is no number"),
        (("deliveries", "list"), {"CDP_LEDGER": "sqlite:////dev"}, "CDP_LEDGER: /dev cannot be opened (unable"),
        (("run",), {"CDP_LEDGER": "postgresql+psycopg://u:secret@127.0.0.1:1/x"}, "nobody answers at 127.0.0.1:1 ("),
        (("status",), {"CDP_ENV": "test"}, "neither development nor production"),
    ],
)
def test_what_a_person_can_mend_is_told_in_one_line(
    data: Path, arguments: tuple[str, ...], env: dict[str, str], says: str
) -> None:
    told = cdp(data, *arguments, **env)
    assert told.returncode != 0
    assert told.stderr.startswith("Error: ")
    assert says in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert "cret" not in told.stderr
    assert not Path("/nowhere").exists()


@pytest.mark.parametrize(
    "arguments",
    [("inbox", "--latest", "0"), ("activate", "welcome", "--dry-run", "--examples", "-1"), ("ui", "--port", "65536")],
)
def test_a_number_out_of_range_is_refused_by_its_option(data: Path, arguments: tuple[str, ...]) -> None:
    told = cdp(data, *arguments)
    assert told.returncode == 2
    assert f"Invalid value for '{arguments[-2]}'" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("number", "to_do"),
    [
        (errno.EACCES, "look whose"),
        (errno.EROFS, "look whose the folder is, and whether it is mounted read-only"),
        (errno.ENOSPC, "make room"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(
    data: Path, monkeypatch: pytest.MonkeyPatch, number: int, to_do: str
) -> None:
    def refuse(*_arguments: object, **_further: object) -> None:
        raise OSError(number, os.strerror(number), str(data / "ledger.sqlite"))

    monkeypatch.setattr("cdp_assets.ledger.Ledger.open", refuse)
    told = cdp(data, "deliveries", "list")
    assert told.returncode == 2
    assert told.stderr.startswith(f"Error: {data / 'ledger.sqlite'}: {os.strerror(number)}; {to_do}")


def test_reading_commands_start_without_the_heavy_libraries(data: Path) -> None:
    code = """
import sys
from cdp_assets.cli import cdp
for arguments in (["profile", "1"], ["status"], ["inbox"], ["--help"]):
    cdp(arguments, standalone_mode=False)
    heavy = {"dagster", "great_expectations", "sklearn", "scipy", "alembic"} & set(sys.modules)
    assert not heavy, (arguments, heavy)
"""
    told = python(data, code)
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize(
    "command",
    [["status"], ["profile", "9"], ["quarantine", "list"], ["segments", "preview", "champions"], ["explain", "1001"],
     ["identity", "review"]],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_damaged_snapshot_is_told_with_what_to_do(command: list[str], data: Path, tmp_path: Path) -> None:
    whole = (data / "serving.duckdb").read_bytes()
    (tmp_path / "serving.duckdb").write_bytes(whole[:5000])
    told = cdp(tmp_path, *command)
    assert told.returncode == 2
    assert "serving.duckdb is damaged, or no database: `cdp run --force` publishes it anew" in told.stderr


@pytest.mark.parametrize("command", [["deliveries", "list"], ["identity", "decisions"], ["run"]], ids=" ".join)
def test_a_damaged_ledger_is_told_with_what_to_do(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"no ledger" * 500)
    told = cdp(tmp_path, *command)
    assert told.returncode == 2
    assert "ledger.sqlite is damaged, or no database: put the last copy of it in its place" in told.stderr
