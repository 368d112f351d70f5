"""Looking at a staged table before it is published: its checks and its fingerprint.

Belongs here: what has to be looked at. Does not belong here: evaluating checks (`quality/`), and staging and publishing
(`assets.py`).

Of a large table that changes by key, only what changes is looked at where that answers the question: what held of the
other rows holds still.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ibis.expr.types as ir

from cdp_assets.quality.checks import EXPECTATIONS, VERDICT, Check, CheckResult, Judged
from cdp_assets.quality.news import answered_by_news, narrowed, of_rows
from cdp_assets.quality.runner import evaluate
from cdp_assets.warehouse.built import Built, InPlace, Patch, Stands
from cdp_assets.warehouse.engine import Engine, Fingerprint, TableRef, row_count
from cdp_assets.warehouse.standing import Note

LARGE = 100_000
"""Rows from which on it pays to look at those that come apart, if there are any: each look has its price too."""


@dataclass(frozen=True)
class News:
    """How a table changes that was looked at as a whole before.

    Args:
        before: What was noted with it as it stands.
        published: The table as it stands.
        patch: What goes and what comes, as committed tables.
        told: Whether its function told so, rather than that what was made as a whole was compared.
        coming: How many rows come.
    """

    before: Note
    published: ir.Table
    patch: Patch
    told: bool
    coming: int


def news_of(engine: Engine, ref: TableRef, before: Note | None, *, told: bool = True) -> News | None:
    """How a table changes by key; None if it is made as a whole, or is small and some rows come.

    Args:
        engine: Holds the table, with its change staged.
        ref: The table.
        before: What was noted with it as it stands.
        told: As `News` says.
    """
    patch = engine.staged_patch(*ref) if before is not None else None
    if before is None or patch is None:
        return None
    coming = row_count(patch.rows, engine)
    if coming and before.fingerprint.rows < LARGE:
        return None
    return News(before, engine.table(*ref), patch, told, coming)


def audited(
    engine: Engine,
    checks: Sequence[Check],
    staged: ir.Table,
    inputs: dict[str, ir.Table],
    docs: Path | None,
    news: News | None,
) -> list[CheckResult]:
    """Evaluate checks on a staged table; the Data Docs show the last time that it was looked at as a whole.

    Args:
        engine: Holds the tables.
        checks: What to check.
        staged: The table as it will be.
        inputs: The asset's inputs by name.
        docs: Folder of the Data Docs.
        news: How it changes, if it does so by key.
    """
    answered = _answered(engine, checks, inputs, news) if news else {}
    if news is None or not answered:
        return evaluate(engine, checks, staged, inputs, docs)
    others = {check.name: set(range(len(check.expectations))) - answered.get(check.name, set()) for check in checks}
    few = [_part(check, answered[check.name]) for check in checks if check.name in answered]
    rest = [_part(check, others[check.name]) for check in checks if others[check.name]]
    if news.coming:
        coming = news.patch.rows
        said = evaluate(engine, [narrowed(check, staged, coming) for check in few], coming, inputs)
    else:
        before = {outcome.name: outcome for outcome in news.before.checks}
        said = [_part_of_outcome(before[check.name], answered[check.name]) for check in few]
    of_few = {outcome.name: outcome for outcome in said}
    of_rest = {outcome.name: outcome for outcome in evaluate(engine, rest, staged, inputs)}
    return [
        _together(of_few[check.name], answered[check.name], of_rest[check.name], others[check.name])
        if check.name in of_few and check.name in of_rest
        else of_few.get(check.name) or of_rest[check.name]
        for check in checks
    ]


def of_appended(
    checks: Sequence[Check], result: Built | InPlace | ir.Table | Stands, before: Note | None
) -> list[Check]:
    """Checks, with what is expected of each row asked of those that were appended, if it held of the others.

    Args:
        checks: What to check.
        result: What the asset's function returned.
        before: What was noted with the table as it was, if it was made and checked alike.
    """
    if not isinstance(result, InPlace) or result.appended is None or before is None:
        return list(checks)
    appended, held = result.appended, {outcome.name for outcome in before.checks if outcome.passed}
    return [
        replace(check, expectations=tuple(of_rows(expectation, appended) for expectation in check.expectations))
        if check.name in held
        else check
        for check in checks
    ]


def _answered(engine: Engine, checks: Sequence[Check], inputs: dict[str, ir.Table], news: News) -> dict[str, set[int]]:
    """Which expectations, by check and place, are answered by the rows that come: their check held before."""
    patch = news.patch
    if news.coming and row_count(patch.rows.anti_join(patch.gone, list(patch.columns)), engine):
        return {}
    held = {outcome.name for outcome in news.before.checks if outcome.passed}
    places = {
        check.name: {
            place
            for place, expectation in enumerate(check.expectations)
            if answered_by_news(expectation, patch.columns, patch.rows, inputs, told=news.told)
        }
        for check in checks
        if check.name in held
    }
    return {name: found for name, found in places.items() if found}


def _part(check: Check, places: set[int]) -> Check:
    """Some of a check's expectations."""
    return replace(check, expectations=tuple(check.expectations[place] for place in sorted(places)))


def _part_of_outcome(outcome: CheckResult, places: set[int]) -> CheckResult:
    """What was said of some of a check's expectations."""
    said = outcome.metadata.get(EXPECTATIONS, [])
    kept = [said[place] for place in sorted(places) if place < len(said)]
    return replace(outcome, metadata={**outcome.metadata, EXPECTATIONS: kept})


def _together(few: CheckResult, places: set[int], rest: CheckResult, others: set[int]) -> CheckResult:
    """The outcome of a check of which some expectations were asked of what comes, and the others of the whole."""
    said = {
        place: words
        for outcome, asked in ((few, places), (rest, others))
        for place, words in zip(sorted(asked), outcome.metadata.get(EXPECTATIONS, []), strict=False)
    }
    in_order = [said[place] for place in sorted(said)]
    return replace(rest, passed=few.passed and rest.passed, metadata={**rest.metadata, EXPECTATIONS: in_order})


def in_words(outcomes: Iterable[CheckResult], result: object) -> list[CheckResult]:
    """The outcomes, with what an asset's function says of those that do not pass."""
    verdicts = result.verdicts if isinstance(result, InPlace) else {}
    return [
        replace(outcome, metadata={VERDICT: verdicts[outcome.name], **outcome.metadata})
        if not outcome.passed and verdicts.get(outcome.name)
        else outcome
        for outcome in outcomes
    ]


def judged(table: str, promised: Sequence[Judged], result: object) -> Sequence[CheckResult]:
    """The outcomes that an asset's function found itself: one for each check that was promised.

    Raises:
        TypeError: if it judged others.
    """
    outcomes = result.judged if isinstance(result, Built) else ()
    names = {check.name for check in promised}
    if {outcome.name for outcome in outcomes} != names:
        raise TypeError(f"{table}: the function judged other checks than {sorted(names)}")
    return outcomes


def fingerprint(
    engine: Engine,
    staged: ir.Table,
    result: ir.Table | Built | InPlace | Stands,
    before: Note | None,
    news: News | None,
) -> Fingerprint:
    """Of a staged table; what stays is not read again.

    Args:
        engine: Holds the tables.
        staged: The table as it will be.
        result: What its function returned.
        before: What was noted with the table as it stands.
        news: How it changes, if it does so by key.
    """
    if news is not None:
        patch = news.patch
        gone = engine.fingerprint(news.published.semi_join(patch.gone, list(patch.columns)))
        return news.before.fingerprint.with_less(gone).with_more(engine.fingerprint(patch.rows))
    if isinstance(result, InPlace) and result.appended is not None and before is not None:
        return before.fingerprint.with_more(engine.fingerprint(result.appended))
    return engine.fingerprint(staged)
