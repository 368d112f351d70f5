"""What the UI shows about the identity graph: figures, plots and where columns come from.

Belongs here: describing results. Does not belong here: checks (`checks.py`) and any value of a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity import schemas
from cdp_assets.identity.agreement import SAID_OF_PEOPLE
from cdp_assets.identity.canonical import Canonical
from cdp_assets.identity.cluster import cluster_of
from cdp_assets.identity.cluster_picture import pictures
from cdp_assets.identity.evidence import SAID_OF_CONTACTS
from cdp_assets.identity.linkage import pages
from cdp_assets.identity.published import Published
from cdp_assets.identity.resolve import Resolution
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.warehouse.built import Built, ColumnLineage, Plot, markdown, plot
from cdp_assets.warehouse.drawing import Bar, bars

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100)
"""Upper ends of the classes of the histogram of profile sizes."""

_DRAWN = 4
"""So many of the largest profiles are drawn."""

_DRAWABLE = 5_000
"""A profile of more records is an accident that the plot of sizes shows; reading it would hold up the run."""

_RECORD = ("normalised", "identity_records", "record_id")
_IDENTIFIERS = {("normalised", "identifiers", name) for name in ("namespace", "identifier_type", "identifier_value")}
_NAMES = {
    *(("normalised", "contacts", name) for name in SAID_OF_CONTACTS if name in SAID_OF_PEOPLE),
    ("normalised", "contacts", "company"),
    ("normalised", "contact_points", "value"),
}
_SEEN = {("normalised", "identifiers", "first_seen_at")}
_RENAMED = {
    ("normalised", "identifier_aliases", name) for name in ("namespace", "identifier_type", "old_value", "new_value")
}
_WHO = {_RECORD, *_IDENTIFIERS, *_NAMES}


def described(
    resolution: Resolution, canonical: Canonical, rules: IdentityRules, engine: Engine, key: str
) -> dict[str, Built]:
    """Every table of the stage with its figures, plots and lineage.

    Args:
        resolution: The result of `resolve`.
        canonical: What it was made of, for the records of the profiles drawn.
        rules: Shown with the map.
        engine: Computes.
        key: Secret of the keyed hashes of identifiers.
    """
    tables = resolution.tables
    sizes = _profile_sizes(tables["profile_map"], engine)
    kinds = _counts(tables["links"], ["identifier_type"], engine)
    reasons = _counts(tables["rejected_links"], ["reason", "identifier_type"], engine)
    changes = _counts(tables["profile_changes"], ["change"], engine)
    anew = "components" not in resolution.patches
    metadata: dict[str, dict[str, Any]] = {
        "profile_map": {
            "everything was computed because": "it was not, but what hangs together with a change",
            **resolution.figures,
            "profiles": sum(sizes.values()),
            "largest profile": max(sizes, default=0),
            "profile sizes": _histogram(sizes),
            "rules": markdown(_rules_as_markdown(rules)),
            # Pictures stay what they were where little has changed: they take longer than the change.
            **(_drawn(tables, canonical, engine, key) if anew else {}),
        },
        "links": {"links by kind": bars("Links by kind", [Bar(kind, n, f"{n:,}") for (kind,), n in kinds.items()])},
        "rejected_links": {
            "hubs excluded": sum(n for (reason, _type), n in reasons.items() if reason == "hub"),
            "placeholders excluded": sum(n for (reason, _type), n in reasons.items() if reason == "placeholder"),
            "refused by reason": markdown(_as_markdown(("reason", "identifier type", "refused"), reasons)),
        },
        "profile_changes": {"log by change": markdown(_as_markdown(("change", "rows"), changes))},
    }
    metadata |= pages.described(resolution.linked, rules.linkage, engine, anew=anew)
    return {
        schema.name: Built(
            tables[schema.name],
            metadata.get(schema.name, {}),
            _LINEAGE.get(schema.name),
            patch=resolution.patches.get(schema.name),
        )
        for schema in schemas.TABLES
    }


def _drawn(tables: dict[str, ir.Table], canonical: Canonical, engine: Engine, key: str) -> dict[str, Any]:
    """The largest profiles as pictures, their labels masked."""
    members = tables["profile_map"].group_by("profile_id").aggregate(records=_.record_id.nunique())
    largest = (
        members.filter((_.records > 1) & (_.records <= _DRAWABLE))
        .order_by(_.records.desc(), "profile_id")
        .limit(_DRAWN)
    )
    profiles = engine.to_arrow(largest)["profile_id"].to_pylist()
    if not profiles:
        return {}
    published = {("identity", name): table for name, table in tables.items()} | {
        ("normalised", "identity_records"): canonical.identity_records,
        ("normalised", "contacts"): canonical.contacts,
    }
    reading = Published(lambda stage, name: published[stage, name], key)
    return {"largest profiles": plot(pictures([cluster_of(reading, profile) for profile in profiles]))}


def _lineage(columns: dict[str, set[tuple[str, str, str]]]) -> ColumnLineage:
    return columns


_SAID = {
    "name": {("normalised", "contacts", name) for name in ("given_name", "family_name", "full_name")},
    "given_name": {("normalised", "contacts", name) for name in ("given_name", "full_name")},
    "birth_date": {("normalised", "contacts", "birth_date")},
    "birth_year": {("normalised", "contacts", name) for name in ("birth_date", "birth_year")},
    "gender": {("normalised", "contacts", "gender")},
    "email": {("normalised", "contact_points", "value")},
    "phone": {("normalised", "contact_points", "value")},
    "address": {("normalised", "contact_points", name) for name in ("line_1", "postal_code", "city")},
    "company": {("normalised", "contacts", "company")},
    "job_title": {("normalised", "contacts", "job_title")},
}
"""What each comparison of likeness is made of."""

_ALIKE = set().union(*_SAID.values())

_LINEAGE: dict[str, ColumnLineage] = {
    "linkage_model": _lineage(dict.fromkeys(("model_id", "faces", "prior", "model"), _ALIKE)),
    "likeness": _lineage(
        {"left_record_id": {_RECORD}, "right_record_id": {_RECORD}, "weight": _ALIKE} | _SAID,
    ),
    "links": _lineage(
        {
            "left_record_id": {_RECORD},
            "right_record_id": {_RECORD},
            "namespace": {("normalised", "identifiers", "namespace")},
            "identifier_type": {("normalised", "identifiers", "identifier_type")},
            "identifier_id": _IDENTIFIERS,
            "strength": {("normalised", "identifiers", "identifier_type")},
            "first_seen_at": _SEEN,
        }
    ),
    "rejected_links": _lineage(
        {
            "link_id": {_RECORD, *_IDENTIFIERS},
            "left_record_id": {_RECORD},
            "right_record_id": {_RECORD},
            "namespace": {("normalised", "identifiers", "namespace")},
            "identifier_type": {("normalised", "identifiers", "identifier_type")},
            "identifier_id": _IDENTIFIERS,
            "reason": _WHO,
            "detail": _WHO,
            "records": {_RECORD},
            "first_seen_at": _SEEN,
        }
    ),
    "profile_map": _lineage(
        {
            "record_id": {_RECORD},
            "profile_id": _WHO,
            "valid_from": {("normalised", "events", "occurred_at")},
            "valid_to": {("normalised", "events", "occurred_at")},
        }
    ),
    "profile_changes": _lineage(
        {
            name: {("identity", "profile_map", "record_id"), ("identity", "profile_map", "profile_id")}
            for name in ("change_id", "change", "profile_id", "other_profile_id", "records")
        }
        | {"evidence": {("identity", "links", "identifier_type")}, "as_of": set(), "cause": set()}
    ),
    "review_queue": _lineage(
        {
            "left_profile_id": {("identity", "profile_map", "profile_id")},
            "right_profile_id": {("identity", "profile_map", "profile_id")},
            "probability": _ALIKE,
            "reason": _ALIKE,
            "evidence": _ALIKE,
            "left_record_id": {_RECORD},
            "right_record_id": {_RECORD},
        }
    ),
    "resolution_state": _lineage(
        {
            "version": {("normalised", "identifiers", "identifier_type")},
            "revision": {("identity", "profile_map", "profile_id")},
            "components": {("identity", "components", "component")},
            "rebuilt": {("identity", "components", "rebuilt")},
        }
    ),
    "digests": _lineage({"bucket": {_RECORD}, "digest": _WHO}),
    "renamed_identifiers": _lineage(dict.fromkeys(("identifier_id", "stands_for"), _RENAMED)),
    "redirects": _lineage(
        {
            "old_profile_id": {("identity", "profile_map", "profile_id")},
            "profile_id": {("identity", "profile_map", "profile_id")},
            "since": set(),
        }
    ),
}


def _profile_sizes(profile_map: ir.Table, engine: Engine) -> dict[int, int]:
    """Records in a profile → how many profiles are so large."""
    members = profile_map.group_by("profile_id").aggregate(records=_.record_id.nunique())
    rows = engine.to_arrow(members.group_by("records").aggregate(profiles=_.count())).to_pylist()
    return {row["records"]: row["profiles"] for row in rows}


def _counts(table: ir.Table, by: list[str], engine: Engine) -> dict[tuple[str, ...], int]:
    """Rows by the values of some columns, the most frequent first."""
    rows = engine.to_arrow(table.group_by(by).aggregate(n=_.count())).to_pylist()
    found = {tuple(row[name] for name in by): row["n"] for row in rows}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _histogram(sizes: dict[int, int]) -> Plot:
    classes = dict.fromkeys((f"≤ {size}" if size > 6 else str(size) for size in _SIZES), 0)
    classes[f"> {_SIZES[-1]}"] = 0
    for size, profiles in sizes.items():
        upper = next((bound for bound in _SIZES if size <= bound), None)
        name = f"> {_SIZES[-1]}" if upper is None else f"≤ {upper}" if upper > 6 else str(upper)
        classes[name] += profiles
    return bars("Profiles by how many records they have", [Bar(name, n, f"{n:,}") for name, n in classes.items()])


def _as_markdown(heads: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [f"| {' | '.join(str(part).replace('_', ' ') for part in key)} | {n:,} |" for key, n in counts.items()]
    return "\n".join(lines)


def _rules_as_markdown(rules: IdentityRules) -> str:
    lines = ["| identifier | kind | limit | hub above | strength | recycled after |", "|---|---|---|---|---|---|"]
    for name, rule in sorted(rules.identifiers.items(), key=lambda item: (item[1].kind, -item[1].strength, item[0])):
        days = f"{rule.recycled_after_days} days" if rule.recycled_after_days else "–"
        cells = [name.replace("_", " "), rule.kind, rule.limit or "–", f"{rule.hub or '–'} names", rule.strength, days]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)
