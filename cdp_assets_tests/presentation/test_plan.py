"""How a plan reads, in the terminal and as a comment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from cdp_assets.plan.findings import (
    DefinitionChange,
    Detail,
    Example,
    Flow,
    LifetimeValue,
    People,
    Plan,
    SegmentChange,
    Sends,
    StreamChange,
    ValueChange,
)
from cdp_assets.presentation.plan_markdown import LONGEST, plan_markdown
from cdp_assets.presentation.plan_text import plan_text
from cdp_assets.presentation.plan_words import headline
from cdp_assets.presentation.views import plain
from cdp_assets_tests.presentation.test_report import text_of

PLAN = Plan(
    defs="defs",
    as_of=datetime(2026, 6, 30, tzinfo=UTC),
    definitions=(
        DefinitionChange("segment", "vip", "changed", "segments/vip/defs.yaml", "segments",
                         (Detail("where", "orders > 2 | 3", "orders > 1"),)),
        DefinitionChange("source", "fair", "removed", "fair/defs.yaml", "sources"),
    ),
    stages=("sources", "identity", "activation"),
    notes=("Files have come since the last run.",),
    people=People(before=1000, after=990, merged=12, split=2, split_off=3, known=400, known_touched=14, allowed=10,
                  examples=(Example("merged", "A••• (2 records: crm)", "B••• (1 record: shop)", 1,
                                    ("both carry the same e-mail w•••@•••",)),)),
    values=(ValueChange("job_title", 1, 2, 30, (Flow("crm", "shop", 28),)),),
    segments=(SegmentChange("vip", "changed", 20, 25, 7, 2, {"condition_changed": 8, "values_changed": 1}),),
    sends=(Sends("mailing", "changed", "vip", {"entered": 7, "left": 2}, 0, {"no_consent": 3}),),
    value=LifetimeValue("EUR", Decimal("100.00"), Decimal("90.50"), Decimal("20.00"), Decimal("10.50"), Decimal("7.00"),
                        Decimal("7.00"), 40, 39, 5),
    streams=(StreamChange("fair", "people", "removed", {"accepted": 2}, {}),),
    warnings=("segments.vip: plausible_size",),
    seconds=12.3,
)  # fmt: skip


def test_the_headline_says_it_in_a_sentence() -> None:
    assert headline(PLAN) == "2 definitions differ; profiles: 12 merged, 2 split; 9 messages would follow."
    assert headline(Plan("defs", PLAN.as_of)) == "Nothing would change."


def test_the_terminal_shows_every_part_and_what_needs_a_decision() -> None:
    told = text_of(plan_text(PLAN), width=140)
    for words in (
        "~ segment vip", "where: orders > 2 | 3 → orders > 1", "− source fair", "1,000 → 990 profiles",
        "14 of 400 known profiles would be merged or split; 10 pass unasked", "--confirm-changes 14",
        "B••• (1 record: shop) becomes part of A••• (2 records: crm).", "Both carry the same e-mail w•••@•••",
        "crm → shop 28", "20 → 25", "condition changed 8", "7 entered, 2 left", "3 no consent", "−9.50", "2 → 0",
        "segments.vip: plausible_size", "nothing was published or sent", "Files have come since the last run.",
    ):  # fmt: skip
        assert words in told, words


def test_the_terminal_text_fits_a_narrow_one() -> None:
    assert all(len(line) <= 80 for line in text_of(plan_text(PLAN), width=80).splitlines())


def test_a_plan_without_changes_has_no_parts() -> None:
    told = text_of(plan_text(Plan("defs", PLAN.as_of)))
    assert "Nothing would change." in told
    assert "Nothing had to be rehearsed." in told


def test_markdown_has_a_table_for_every_part_and_breaks_none_of_them() -> None:
    told = plan_markdown(PLAN)
    for words in (
        "**2 definitions differ; profiles: 12 merged", "### Profiles", "> [!WARNING]", "`--confirm-changes 14`;",
        "| Merged into another | 12 | 1.2% |  |", "<details><summary>Examples</summary>", "orders \\> 2 \\| 3 → orders",
        "| \\~ vip | 20 → 25 | +7 | −2 |", "> [!NOTE]",
    ):  # fmt: skip
        assert words in told, words
    tables = [block.splitlines() for block in told.split("\n\n") if block.startswith("|")]
    assert len(tables) == 8
    for lines in tables:
        assert len({line.replace("\\|", "").count("|") for line in lines}) == 1


def test_nobody_is_called_by_a_comment() -> None:
    assert "@•" not in plan_markdown(PLAN)


def test_a_comment_stays_within_what_a_pull_request_takes() -> None:
    many = replace(
        PLAN,
        definitions=tuple(
            DefinitionChange("segment", f"s{n}", "changed", f"s{n}/defs.yaml", "segments",
                             tuple(Detail(f"where{m}", "x" * 160, "<" * 160) for m in range(8)))
            for n in range(500)
        ),
        segments=tuple(SegmentChange(f"segment_{n}", "changed", n, n, 1, 1) for n in range(500)),
    )  # fmt: skip
    told = plan_markdown(many)
    assert len(told) <= LONGEST
    assert "more |" in told
    assert "### Lifetime value" in told


def test_json_has_the_whole_plan_as_plain_values() -> None:
    told = plain(PLAN)
    assert told["value"]["expected_after"] == "90.50"
    assert told["people"]["examples"][0]["evidence"] == ["both carry the same e-mail w•••@•••"]
    assert told["as_of"] == "2026-06-30T00:00:00Z"
