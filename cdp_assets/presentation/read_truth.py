"""What only a demo can say: how identity compares with the truth, and the couple that had to stay two people.

The pipeline never reads the truth; the report does. Belongs here: bringing the snapshot and the truth together. Does
not belong here: scoring (`demo/scoring.py`), explaining (`identity/explain.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdp_assets.presentation.views import Agreement, Attribution, Identity, Refused

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cdp_assets.identity.scores import Score

Tables = Callable[[str, str], "ir.Table"]
"""Gives a published table by stage and name."""


def identity(tables: Tables, truth: Path) -> Identity:
    """Score the snapshot's profiles against the truth.

    Raises:
        FileNotFoundError: if the truth is not there.
    """
    import ibis

    from cdp_assets.canonical.tables import FACTS
    from cdp_assets.demo.scoring import score_demo
    from cdp_assets.identity.facts import assign_profiles

    profile_map = tables("identity", "profile_map")
    records = tables("normalised", "identity_records").filter(ibis._.native_id.notnull())
    people = records.join(profile_map, "record_id").select("source", "stream", "native_id", "profile_id")
    facts = [
        assign_profiles(tables("normalised", schema.name), profile_map, str(schema.event_time)).select(
            "source", "native_id", "record_id", "profile_id", table=ibis.literal(schema.name)
        )
        for schema in FACTS
    ]
    found = score_demo(people, reduce(lambda left, right: left.union(right), facts), truth)
    return Identity(
        records=found.identity.units,
        people=found.identity.people,
        profiles=found.identity.profiles,
        pairwise=_agreement(found.identity.pairwise),
        bcubed=_agreement(found.identity.bcubed),
        anonymous=Attribution(found.anonymous.events, found.anonymous.right, found.anonymous.wrong),
    )


def couple(tables: Tables, truth: Path, key: str) -> Refused | None:
    """The couple who share an e-mail, if the truth tells of one and they were kept apart.

    Args:
        tables: Of the snapshot.
        truth: Folder of the truth.
        key: Secret of the keyed hashes of identifiers (`Settings.hash_key`).
    """
    from cdp_assets.identity.explain import RecordNotFound, explain

    file = truth / "story.json"
    if not file.exists():
        return None
    story = json.loads(file.read_text(encoding="utf-8"))
    first, second = story["people"]
    if not first["records"] or not second["records"]:
        return None
    try:
        told = explain(tables, *_pair(first["records"], second["records"]), key)
    except RecordNotFound:
        return None
    if told.together:
        return None
    return Refused(
        first=_called(tables, told.left.profiles) or f"{first['given_name']} {first['family_name']}",
        second=_called(tables, told.right.profiles) or f"{second['given_name']} {second['family_name']}",
        shared=_shared(story),
        reasons=tuple(refusal.words for refusal in told.refusals),
        records=(told.left.record_id, told.right.record_id),
    )


def _called(tables: Tables, profiles: tuple[int, ...]) -> str | None:
    """The name that the first of the profiles goes by."""
    golden = tables("profiles", "golden_records")
    rows = golden.filter(golden.profile_id.isin(profiles)).full_name.to_pyarrow().to_pylist()
    return next((name for name in rows if name), None)


def _pair(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> tuple[str, str]:
    """A record of each, of the same system where both are in one."""
    for mine in first:
        for theirs in second:
            if mine["source"] == theirs["source"]:
                return _name(mine), _name(theirs)
    return _name(first[0]), _name(second[0])


def _name(record: dict[str, Any]) -> str:
    return f"{record['source']}:{record['native_id']}"


def _shared(story: dict[str, Any]) -> str:
    parts = [f"the e-mail {story['shared_email']}"] if story.get("shared_email") else []
    parts += [f"the phone {story['shared_phone']}"] if story.get("shared_phone") else []
    return " and ".join(parts)


def _agreement(score: Score) -> Agreement:
    return Agreement(score.precision, score.recall, score.f1)
