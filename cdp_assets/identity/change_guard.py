"""Whether one run changes more than anybody would expect: known profiles merged or split, counted and judged.

Belongs here: counting, and the verdict in words. Does not belong here: how much is too much (`spec.ChangeGuard`), and
what changed (`changes.py`).

Only profiles of known people count, as those that had a record with an identifier that tells who somebody is. Visitors
who turn out to be somebody are merged all day long; and among ten times as many devices, a tenth of all people is one
in a hundred profiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from cdp_assets.identity.spec import IdentityRules
from cdp_assets.quality.checks import CheckResult, Judged

CONFIRM_TAG = "cdp/confirm_changes"
"""Run tag that lets up to so many profiles be merged or split in this one run."""

FEW_AT_ONCE = Judged(
    "few_profiles_change_at_once",
    "No run merges or splits more than the share of the known profiles that the rules of identity allow "
    "(`change_guard`), unless somebody has confirmed it for this run. A run that is stopped changes no id.",
)


@dataclass(frozen=True)
class Changes:
    """What a run does to the known profiles that there were before it.

    Args:
        known: How many there were.
        merged: How many became part of another profile.
        split: From how many another profile split off.
        touched: How many are one or the other.
    """

    known: int
    merged: int
    split: int
    touched: int

    @property
    def share(self) -> float:
        """Of the known profiles."""
        return self.touched / self.known if self.known else 0.0


def merged_or_split(log: ir.Table, before: ir.Table) -> ir.Table:
    """change (``merged``, ``split``) and profile_id of the profiles from before that a run merged or split.

    Args:
        log: `profile_changes` with the run's rows.
        before: `profile_changes` without them.
    """
    kinds = ["merged", "split"]
    new = log.filter(log.change.isin(kinds)).anti_join(before.filter(before.change.isin(kinds)), "change_id")
    return new.select("change", profile_id="other_profile_id").distinct()


def known_profiles(profile_map: ir.Table, identifiers: ir.Table, rules: IdentityRules) -> ir.Table:
    """profile_id of the profiles that have a record with an identifier which tells who somebody is."""
    telling = identifiers.filter(identifiers.identifier_type.isin(rules.telling))
    return profile_map.semi_join(telling, "record_id").select("profile_id").distinct()


def counted(changed: ir.Table, known: ir.Table) -> ir.Table:
    """One row: merged, split, touched, of the known profiles among those in ``changed`` (`merged_or_split`)."""
    ours = changed.semi_join(known, "profile_id")
    return ours.aggregate(
        merged=ours.profile_id.nunique(where=ours.change == "merged"),
        split=ours.profile_id.nunique(where=ours.change == "split"),
        touched=ours.profile_id.nunique(),
    )


def confirmed_by(tags: Mapping[str, str]) -> int:
    """How many changes a run's tags confirm; 0 if they confirm none."""
    text = tags.get(CONFIRM_TAG, "").strip()
    return int(text) if text.isdecimal() else 0


def verdict(changes: Changes | None, rules: IdentityRules, confirmed: int = 0) -> CheckResult:
    """Judge a run.

    Args:
        changes: What it does; None where so few profiles changed that nobody counted whose they are.
        rules: How much is allowed.
        confirmed: How many changes somebody has confirmed.
    """
    if changes is None:
        return FEW_AT_ONCE.outcome(True, f"no more than {rules.change_guard.minimum:,} profiles were merged or split")
    allowed = rules.change_guard.allowed(changes.known)
    passed = changes.touched <= max(allowed, confirmed)
    return FEW_AT_ONCE.outcome(
        passed,
        _words(changes, allowed, passed),
        known=changes.known,
        merged=changes.merged,
        split=changes.split,
        allowed=allowed,
        confirmed=confirmed,
    )


def _words(changes: Changes, allowed: int, passed: bool) -> str:
    told = (
        f"{changes.merged:,} of {changes.known:,} known profiles merged into another, {changes.split:,} split "
        f"({changes.share:.1%}); {allowed:,} pass unasked"
    )
    if passed:
        return told if changes.touched <= allowed else f"{told}, and this run was confirmed"
    return (
        f"{told}. Nothing is published. See them with `cdp plan`; to let them through once: "
        f"`cdp run --confirm-changes {changes.touched}`, or a run with the tag {CONFIRM_TAG}={changes.touched}"
    )
