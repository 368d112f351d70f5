from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console, RenderableType

from cdp_assets.presentation import views
from cdp_assets.presentation.profile_text import profile_text
from cdp_assets.presentation.read_deliveries import deliveries
from cdp_assets.presentation.report import report, status
from cdp_assets_tests.presentation.people import ADA, AS_OF, VISITOR

SHOWN = views.Report(
    as_of=AS_OF,
    records=5000,
    profiles=1200,
    anonymous=200,
    sources=(
        views.SourceRows("shop", accepted=90, duplicate=6, superseded=3, quarantined=1),
        views.SourceRows("web", 10),
    ),
    segments=(views.SegmentSize("vip", 1100, 0.9167, entered=12, left=3),),
    deliveries=deliveries([("welcome", "delivered", None, 40), ("welcome", "withheld", "no_consent", 2)]),
    reasons=(("shop: the value is not a decimal", 1),),
    unpriced=(views.Unpriced("order", "SEK", 636), views.Unpriced("refund", "SEK", 1)),
    sample=ADA,
    couple=views.Refused(
        "Ann Weber", "Bob Weber", "the e-mail weber@example.org", ("both carry it, but the given names differ",), (1, 2)
    ),
    identity=views.Identity(
        records=900,
        people=300,
        profiles=310,
        pairwise=views.Agreement(0.9991, 0.91, 0.9525),
        bcubed=views.Agreement(0.999, 0.93, 0.9633),
        anonymous=views.Attribution(100, 0.985, 0.001),
    ),
    run=views.Run(seconds=75.2, launched=True, checks_passed=201, checks_failed=("normalised.orders: plausible",)),
)


def text_of(part: RenderableType, width: int = 110) -> str:
    shown = io.StringIO()
    Console(width=width, file=shown).print(part)
    return shown.getvalue()


def test_the_report_tells_the_whole_story_of_a_run() -> None:
    told = text_of(report(SHOWN, [("make ui", "Dagster's UI")]))
    for words in (
        "run in 1 min 15 s", "5,000 records → 1,200 profiles, of which 200 anonymous",
        "precision 0.9991, recall 0.9100",
        "98.5% with the right person, 0.10% with another", "Ann Weber and Bob Weber share the e-mail weber@example.org",
        "the given names differ", "91.7%", "+12", "−3", "40 delivered · 2 no consent", "201 passed, 1 warned",
        "normalised.orders: plausible", "636 orders in SEK have no exchange rate and are not counted",
        "1 refund in SEK has no exchange rate and is not counted", "Ada Byron-King", "make ui",
    ):  # fmt: skip
        assert words in told, words


def test_dispositions_of_all_sources_are_added_up() -> None:
    last = next(line for line in text_of(report(SHOWN)).splitlines() if line.strip().startswith("all"))
    assert last.split() == ["all", "110", "100", "6", "3", "1"]


def test_where_nothing_arrived_the_report_says_how_to_connect_something() -> None:
    assert "nothing; `cdp sources propose FILES…`" in text_of(report(replace(SHOWN, sources=())))


def test_files_that_no_stream_takes_are_told_by_their_names_only() -> None:
    some = replace(SHOWN, untaken=("shop/a.csv", "shop/b.csv", "c.csv", "d.csv", "e.csv"))
    for shown in (report(some), status(some, [], Path("serving.duckdb"))):
        told = "5 files in the landing folder are taken by no stream: a.csv, b.csv, c.csv and 2 more"
        assert told in text_of(shown)
    assert "1 file in the landing folder is taken by no stream: a.csv\n" in text_of(
        report(replace(SHOWN, untaken=("shop/a.csv",)))
    )
    assert "taken by no stream" not in text_of(report(SHOWN))


def test_a_run_that_had_nothing_to_do_says_so() -> None:
    told = text_of(report(replace(SHOWN, run=views.Run(4.0, launched=False, checks_passed=201))))
    assert "nothing new, nothing run" in told


def test_the_report_fits_a_narrow_terminal() -> None:
    assert all(len(line) <= 80 for line in text_of(report(SHOWN), width=80).splitlines())


def test_status_sums_up_the_tables_of_single_streams() -> None:
    tables = [("sources", "load_manifest", 4), ("sources", "shop__orders", 70), ("sources", "web__events", 30)]
    told = text_of(status(SHOWN, tables, Path("serving.duckdb")))
    assert "load_manifest 4, 2 streams 100" in told
    assert "the value is not a decimal" in told


def test_withheld_messages_count_under_their_reason_after_what_was_sent() -> None:
    found = deliveries(
        [
            ("b", "withheld", "no_consent", 5),
            ("b", "delivered", None, 2),
            ("a", "dead", "http_410", 1),
            ("b", "pending", None, 1),
        ]
    )
    assert [(each.destination, list(each.outcomes.items())) for each in found] == [
        ("a", [("dead", 1)]),
        ("b", [("delivered", 2), ("pending", 1), ("no_consent", 5)]),
    ]


def test_a_profile_in_the_terminal_says_what_was_beaten_and_what_is_suppressed() -> None:
    told = text_of(profile_text(ADA))
    assert "C-7 · closed" in told
    assert "(not Ada Byron)" in told
    assert "suppressed: unsubscribed" in told
    assert "4611686018427387905" in told


def test_a_visitor_in_the_terminal_is_anonymous() -> None:
    told = text_of(profile_text(VISITOR))
    assert "Anonymous visitor" in told
    assert "nothing may be sent" in told
