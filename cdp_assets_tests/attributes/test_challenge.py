"""Who is published: what was learnt, a baseline, or the predecessor as it was kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from cdp_assets.attributes.challenge import (
    ABSOLUTE_ERROR,
    AUC,
    LOG_LOSS,
    Approved,
    Contest,
    Measure,
    Standing,
    YearAgo,
    contest,
)
from cdp_assets.attributes.drift import Bins

CUT, UNTIL = date(2026, 3, 1), date(2026, 3, 31)
EARLIER = CUT - timedelta(days=7)


@pytest.mark.parametrize(
    ("measure", "learnt", "baseline", "predecessor", "winner"),
    [
        (AUC, 0.7, 0.6, None, "learnt"),
        (AUC, 0.7, 0.6, 0.7, "learnt"),
        (AUC, 0.7, 0.6, 0.72, "predecessor"),
        (AUC, 0.6, 0.7, None, "baseline"),
        (AUC, 0.6, 0.7, 0.7, "baseline"),
        (AUC, 0.6, 0.7, 0.72, "predecessor"),
        (ABSOLUTE_ERROR, 9.0, 10.0, 8.0, "predecessor"),
        (ABSOLUTE_ERROR, 9.0, 10.0, 9.5, "learnt"),
        (LOG_LOSS, 0.6, 0.5, 0.55, "baseline"),
        (LOG_LOSS, 0.500001, 0.5, 0.499999, "learnt"),
    ],
)
def test_the_best_is_published_and_of_equals_the_newer(
    measure: Measure, learnt: float, baseline: float, predecessor: float | None, winner: str
) -> None:
    baselines = {"baseline: one": baseline, "baseline: worse": 0.4 if measure.more_is_better else 99.0}

    held = Contest(measure, CUT, UNTIL, 100, learnt, baselines, predecessor, EARLIER)

    assert held.winner == winner
    assert held.best_baseline == "baseline: one"
    assert held.figure == {"learnt": learnt, "baseline": baseline, "predecessor": predecessor}[winner]
    assert Contest.of(json.loads(json.dumps(held.to_plain()))).winner == winner


def test_a_baseline_has_to_do_better_in_the_same_season_a_year_ago_as_well() -> None:
    lately = Contest(AUC, CUT, UNTIL, 100, 0.6, {"baseline: one": 0.7, "baseline: other": 0.65}, 0.69, EARLIER)

    held = replace(lately, year_ago=YearAgo(0.8, {"baseline: one": 0.5, "baseline: other": 0.7}))

    assert (lately.winner, lately.best_baseline) == ("baseline", "baseline: one")
    assert held.best_baseline == "baseline: other"
    assert held.beats_baseline
    assert held.winner == "predecessor", "it has seen that season, and is compared by the last horizon alone"
    assert "same season a year ago" in held.told
    assert Contest.of(json.loads(json.dumps(held.to_plain()))) == held


LAST = Approved("as published", EARLIER + timedelta(days=30), {"rows": 9}, None, "as rehearsed", EARLIER,
                {"visits": Bins([1.0], [0.5, 0.5, 0.0])})  # fmt: skip


def test_a_predecessor_meets_the_next_as_it_was_before_it_saw_what_followed() -> None:
    assert LAST.unseeing(EARLIER - timedelta(days=1)) is None
    assert LAST.unseeing(EARLIER) == LAST.unseeing(LAST.until - timedelta(days=1)) == "as rehearsed"
    assert LAST.unseeing(LAST.until) == "as published"
    assert replace(LAST, rehearsed=None, rehearsed_at=None).unseeing(CUT) is None


def test_a_predecessor_that_cannot_be_compared_takes_no_part() -> None:
    contenders = (0.7, {"baseline: one": 0.6})

    against = contest(AUC, CUT, UNTIL, 100, contenders, LAST, {"as rehearsed": 0.9}.__getitem__)
    too_early = contest(AUC, EARLIER - timedelta(days=1), UNTIL, 100, contenders, LAST, {}.__getitem__)

    assert (against.winner, against.predecessor_until) == ("predecessor", LAST.until)
    assert (too_early.winner, too_early.predecessor, too_early.predecessor_until) == ("learnt", None, None)


def test_what_is_kept_is_read_as_it_was_written() -> None:
    kept = LAST.after(Contest(AUC, CUT, UNTIL, 100, 0.7, {"baseline: one": 0.6}, 0.8, LAST.until))

    assert Approved.of(json.loads(json.dumps(kept.to_plain(str))), str) == kept
    standing = Standing.of(kept, "a model", "who", is_learnt=True)
    assert (standing.is_kept, standing.until, standing.tried, standing.judged_on) == (True, LAST.until, UNTIL, CUT)
    assert standing.measured == ("AUC", 0.8)


def test_the_check_says_who_is_published_and_by_which_figures() -> None:
    won = Contest(LOG_LOSS, CUT, UNTIL, 300, 0.5, {"baseline: one": 0.6}, 0.55, EARLIER)
    lost = replace(won, cases=100, learnt=0.7)
    standing = Standing("both", True, UNTIL, {"email": won, "sms": lost})

    verdict = standing.verdict()

    assert not verdict.passed
    assert verdict.metadata["verdict"] == (
        "email: what was learnt is published: log loss learnt 0.5, best baseline 0.6, predecessor 0.55; "
        "sms: the predecessor of 2026-02-22 stays: log loss learnt 0.7, best baseline 0.6, predecessor 0.55"
    )
    assert verdict.metadata["learnt, sms"] == 0.7
    assert standing.measured == ("log loss", 0.5125)


def test_where_there_is_too_little_to_compare_it_says_so_and_passes() -> None:
    unlearnt, unjudged = (Standing("prior", learnt, UNTIL, why="too few orders").verdict() for learnt in (False, True))

    assert unlearnt.passed
    assert unlearnt.metadata["verdict"] == "nothing could be learnt: too few orders"
    assert unjudged.passed
    assert unjudged.metadata["verdict"] == "nothing could be compared: too few orders"
