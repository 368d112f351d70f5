from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from cdp_assets.presentation.inbox_page import inbox_page
from cdp_assets.presentation.inbox_text import messages, overview
from cdp_assets.presentation.read_inbox import UnknownDestination, read_inbox
from cdp_assets_tests.presentation.letters import write_inbox


def text_of(part: RenderableType) -> str:
    shown = io.StringIO()
    Console(width=120, file=shown).print(part)
    return shown.getvalue()


def test_the_newest_message_comes_first(tmp_path: Path) -> None:
    welcome = read_inbox(write_inbox(tmp_path), "welcome")[0]
    assert [entry.idempotency_key for entry in welcome.messages] == ["welcome-2", "welcome-1"]
    assert (welcome.total, welcome.kind) == (2, "http")


def test_the_page_shows_requests_and_rows_as_their_receivers_see_them(tmp_path: Path) -> None:
    page = inbox_page(read_inbox(write_inbox(tmp_path)), tmp_path)
    assert "POST https://example.org/hook" in page
    assert "webhook-signature: v1,c2lnbmVk" in page
    assert "<th>email_hash</th>" in page
    assert "<i>Ada</i>" not in page


def test_the_page_says_how_many_it_leaves_out(tmp_path: Path) -> None:
    page = inbox_page(read_inbox(write_inbox(tmp_path), latest=1), tmp_path)
    assert "2 messages, the latest 1 shown" in page


def test_the_terminal_shows_the_latest_message_of_each_destination(tmp_path: Path) -> None:
    shown = text_of(overview(read_inbox(write_inbox(tmp_path))))
    assert "welcome" in shown
    assert "email_hash: ab12" in shown
    assert "POST https://example.org/hook" in shown


def test_one_destination_shows_its_messages(tmp_path: Path) -> None:
    assert "2 messages to welcome" in text_of(messages(read_inbox(write_inbox(tmp_path), "welcome")[0]))


def test_an_empty_inbox_says_what_to_do(tmp_path: Path) -> None:
    assert "cdp run" in text_of(overview(read_inbox(tmp_path / "none")))
    assert "cdp run" in inbox_page([], tmp_path)


def test_an_unknown_destination_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownDestination, match="ads_upload, welcome"):
        read_inbox(write_inbox(tmp_path), "welcom")
