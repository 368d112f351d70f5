"""A plan from beginning to end: what was published, what differs, the rehearsal, the comparison.

Belongs here: the order of the steps, and what both sides of the comparison are. Does not belong here: the steps
(`plan/`, `rehearsal.py`), showing anything.

Only the definitions may differ between the two sides. Where files have come or the code has changed since the last run,
the copy is first brought up to date with the definitions as they were published, and compared with from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.definition_files import DefinitionError
from cdp_assets.plan.findings import DefinitionChange, Plan
from cdp_assets.plan.workspace import Workspace, environment, workspace
from cdp_assets.settings import Settings

if TYPE_CHECKING:
    from cdp_assets.automation.refresh import Progress
    from cdp_assets.catalog import Catalog
    from cdp_assets.plan.compare import Findings

Follow = Callable[[Iterable["Progress"], str], object]
"""Consumes the steps of a run and shows them, under a heading."""

Doing = Callable[[str], AbstractContextManager[object]]
"""Shows what is being done for as long as a block lasts."""

_UNKNOWN = ("The last run did not keep its definitions, so nobody knows which differ. The next one keeps them.",)


@dataclass(frozen=True)
class _Baseline:
    """What a plan starts from.

    Args:
        defs: The definitions that were published; None if they were not kept.
        as_of: The instant that both sides are about.
        behind: What has moved since, in words; empty if nothing but definitions has.
    """

    defs: Path | None
    as_of: datetime
    behind: str = ""


def make_plan(settings: Settings, follow: Follow, doing: Doing) -> Plan:
    """Find out what the settings' definitions would do.

    Args:
        settings: The installation, with the definitions to plan for.
        follow: Shows the progress of a run.
        doing: Shows what else takes its time.

    Raises:
        DefinitionError: if the definitions cannot be used.
        NothingServed: if nothing was published yet.
        RunFailed: if a refresh with these definitions would not succeed.
        NoRoom, LedgerOutdatedError: if the state cannot be copied.
    """
    with doing("Loading the definitions"):
        from cdp_assets.catalog import load_catalog

        catalog = load_catalog(settings.defs)
    with ExitStack() as stack:
        with doing("Copying what is published"):
            copies = stack.enter_context(workspace(settings))
        return _plan(settings, catalog, copies, follow, doing)


def _plan(settings: Settings, catalog: Catalog, copies: Workspace, follow: Follow, doing: Doing) -> Plan:
    from cdp_assets.plan.definitions import STAGES, stages_from

    started = time.perf_counter()
    with doing("Comparing the definitions"):
        baseline = _baseline(settings, copies)
        changed = _changed(baseline, settings)
    plan = Plan(str(settings.defs), baseline.as_of, changed or ())
    if changed == ():
        note = f"{baseline.behind} since the last run: `cdp run` takes that in, whatever the definitions."
        return replace(plan, notes=(note,) if baseline.behind else ())
    _load_graph(copies, settings.defs, baseline.as_of)
    before, warned, notes = copies.before, frozenset[str](), _UNKNOWN if changed is None else ()
    if baseline.behind:
        before, warned, note = _caught_up(baseline, copies, follow)
        notes = (*notes, note)
    # Where the copy could not be brought up to date, any stage may have something to do.
    is_current = not baseline.behind or before != copies.before
    stages = stages_from(changed) if changed is not None and is_current else STAGES
    last = _last_message(copies)
    failed = _rehearsed(catalog, copies, stages, baseline.as_of, follow, "Rehearsing")
    with doing("Comparing"):
        found = _compared(settings, catalog, copies, before, last, changed or ())
    return replace(
        plan,
        stages=stages,
        notes=notes,
        people=found.people,
        values=found.values,
        segments=found.segments,
        sends=found.sends,
        value=found.value,
        streams=found.streams,
        warnings=tuple(name for name in failed if name not in warned),
        seconds=round(time.perf_counter() - started, 1),
        copied_bytes=copies.copied_bytes,
    )


def _load_graph(copies: Workspace, defs: Path, as_of: datetime) -> None:
    """Import the graph while the environment names the definitions planned for: it loads them as it is imported, and
    may be needed to publish them.
    """
    with environment(copies.environment(defs, as_of)):
        import cdp_assets.definitions  # noqa: F401


def _baseline(settings: Settings, copies: Workspace) -> _Baseline:
    from cdp_assets.automation.refresh import FINGERPRINT, launch_instant, moved_since
    from cdp_assets.ledger import fingerprints

    with copies.ledger.reading() as connection:
        last = fingerprints.last(connection, FINGERPRINT)
    defs = _published_definitions(copies)
    moved = {"files"} if last is None else moved_since(settings, last.value, last.as_of) & {"files", "code"}
    if last is not None and not moved:
        return _Baseline(defs, last.as_of)
    words = {"files": "files have come or changed", "code": "the code has changed"}
    behind = " and ".join(words[part] for part in words if part in moved)
    return _Baseline(defs, launch_instant(settings), behind[:1].upper() + behind[1:])


def _published_definitions(copies: Workspace) -> Path | None:
    """The definitions that made the snapshot, restored into the workspace; None if it does not have them."""
    from cdp_assets.plan.definitions import DEFINITIONS, restore
    from cdp_assets.warehouse.serving import Reader, attached

    with Reader(copies.before) as reader:
        if not reader.has("serving", DEFINITIONS.name):
            return None
    with attached(published=copies.before) as tables:
        rows = tables["published"]("serving", DEFINITIONS.name).to_pyarrow().to_pylist()
    texts = {row["file"]: row["text"] for row in rows}
    folder = copies.folder / "definitions"
    folder.mkdir()
    restore(texts, folder)
    return folder


def _changed(baseline: _Baseline, settings: Settings) -> tuple[DefinitionChange, ...] | None:
    """The definitions that differ; None if nobody knows."""
    from cdp_assets.definition_specs import TYPES
    from cdp_assets.plan.definitions import changed_definitions

    if baseline.defs is None:
        return None
    kinds = {type_name: label.removeprefix("set of ") for type_name, label in TYPES.items()}
    return changed_definitions(baseline.defs, settings.defs, kinds)


def _caught_up(baseline: _Baseline, copies: Workspace, follow: Follow) -> tuple[Path, frozenset[str], str]:
    """Bring the copy up to date with the definitions as published.

    Returns:
        The state to compare with, checks that warn in it, and what the reader has to know.
    """
    from cdp_assets.automation.refresh import RunFailed
    from cdp_assets.catalog import load_catalog
    from cdp_assets.plan.definitions import STAGES

    since = f"{baseline.behind} since the last run"
    mixed = (
        f"{since}: what that changes is among these figures. `cdp run` with the old definitions tells the two apart."
    )
    if baseline.defs is None:
        return copies.before, frozenset(), mixed
    try:
        published = load_catalog(baseline.defs)
        warned = _rehearsed(published, copies, STAGES, baseline.as_of, follow, "Bringing the copy up to date")
    except (DefinitionError, RunFailed):
        return copies.before, frozenset(), mixed
    return copies.keep_as_before(), frozenset(warned), f"{since}: what that changes is left out of these figures."


def _last_message(copies: Workspace) -> int:
    from cdp_assets.ledger import history

    with copies.ledger.reading() as connection:
        return history.highest_id(connection)


def _rehearsed(
    catalog: Catalog, copies: Workspace, stages: tuple[str, ...], as_of: datetime, follow: Follow, heading: str
) -> list[str]:
    """Run stages on the copies; return the checks that warned."""
    failed: list[str] = []

    def watched() -> Iterator[Progress]:
        from cdp_assets.automation.rehearsal import rehearse

        for step in rehearse(catalog, stages, as_of):
            failed.extend(step.failed_checks)
            # A warning is part of the plan; what stops a run is said by its error.
            yield replace(step, failed_checks=()) if step.succeeded else step

    with environment(copies.environment(catalog.folder, as_of)):
        follow(watched(), heading)
    return failed


def _compared(
    settings: Settings,
    catalog: Catalog,
    copies: Workspace,
    before: Path,
    last_message: int,
    changed: tuple[DefinitionChange, ...],
) -> Findings:
    from cdp_assets.ledger import history
    from cdp_assets.plan.compare import compare
    from cdp_assets.warehouse.serving import attached

    with copies.ledger.reading() as connection:
        written = history.written_after(connection, last_message)
    with attached(before=before, after=copies.settings.warehouse_file) as tables:
        return compare(
            tables["before"],
            tables["after"],
            written,
            rules=catalog.identity_rules,
            destinations=catalog.destinations,
            changed=changed,
            currency=catalog.reporting.currency,
            key=settings.hash_key,
        )
