"""Traits computed together say exactly what each says when it is computed by itself, fact by fact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from cdp_assets.attributes import trait_rows
from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.trait_spec import FACTS, TraitSpec
from cdp_assets.attributes.traits import traits
from cdp_assets.normalised.faults import CLOCK_TOLERANCE
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import filled, noon

AS_OF = noon(400) + timedelta(hours=5, minutes=7)
NAMES = ("viewed", "bought", "it's", None)
DEVICES = ("mobile", "desktop", None)

Fact = dict[str, Any]

WHERE: dict[str, Callable[[Fact], bool]] = {
    "": lambda fact: True,
    "event_name = 'viewed'": lambda fact: fact["event_name"] == "viewed",
    "event_name = 'viewed' and device_type = 'mobile'":
        lambda fact: fact["event_name"] == "viewed" and fact["device_type"] == "mobile",
    "event_name <> 'bought' or device_type = 'mobile'":
        lambda fact: fact["event_name"] not in ("bought", None) or fact["device_type"] == "mobile",
    "length(page_url) > 3": lambda fact: len(fact["page_url"]) > 3,
}  # fmt: skip
OF: dict[str, Callable[[Fact], Any]] = {
    "occurred_at": lambda fact: fact["occurred_at"],
    "device_type": lambda fact: fact["device_type"],
    "page_url": lambda fact: fact["page_url"],
    "length(page_url)": lambda fact: len(fact["page_url"]),
}
WINDOWS = (1, 90, None)


@pytest.fixture(scope="module")
def facts() -> list[Fact]:
    drawn = Random(5)
    moments = drawn.sample(range(420 * 86_400), 800)
    return [
        {
            "profile_id": drawn.randint(1, 30),
            "occurred_at": noon(0) + timedelta(seconds=second),
            "event_name": drawn.choice(NAMES),
            "device_type": drawn.choice(DEVICES),
            "page_url": "/" + "x" * drawn.randint(0, 6),
        }
        for second in moments
    ]


def specs() -> list[TraitSpec]:
    found = []
    for where in WHERE:
        for days in WINDOWS:
            asked: list[dict[str, Any]] = [{"aggregate": "count"}, {"aggregate": "days_since"}]
            asked += [{"aggregate": how, "of": "device_type"} for how in ("first", "last", "distinct", "most_frequent")]
            asked += [{"aggregate": how, "of": "page_url"} for how in ("min", "last", "top")]
            asked += [{"aggregate": how, "of": "length(page_url)"} for how in ("sum", "average", "max", "distinct")]
            asked += [{"aggregate": "min", "of": "occurred_at"}]
            asked += [{"aggregate": "top", "of": "page_url", "weight": "length(page_url)"}]
            for said in asked:
                name = f"trait_{len(found)}"
                found.append(TraitSpec(name, "Drawn", table="events", where=where, days=days, **said))
    return found


def by_itself(spec: TraitSpec, facts: Sequence[Fact]) -> Any:
    """What a trait says of one profile's facts, by its definition."""
    today = last_day(AS_OF)

    def age(fact: Fact) -> int:
        return (today - min(fact["occurred_at"].date(), today)).days

    counted = [fact for fact in facts if WHERE[spec.where](fact) and (spec.days is None or age(fact) < spec.days)]
    if spec.aggregate == "count":
        return len(counted)
    if spec.aggregate == "days_since":
        return min(map(age, counted), default=None)
    known = sorted((fact for fact in counted if OF[spec.of](fact) is not None), key=lambda fact: fact["occurred_at"])
    values = [OF[spec.of](fact) for fact in known]
    if spec.aggregate == "distinct":
        return len(set(values))
    if spec.aggregate in ("most_frequent", "top"):
        weights: dict[str, int] = {}
        for value in values:
            weights[value] = weights.get(value, 0) + (len(value) if spec.weight else 1)
        ranked = sorted(weights, key=lambda value: (-weights[value], value))
        return ", ".join(ranked[: spec.top if spec.aggregate == "top" else 1]) or None
    plain: dict[str, Callable[[list[Any]], Any]] = {
        "first": lambda all: all[0],
        "last": lambda all: all[-1],
        "min": min,
        "max": max,
        "sum": lambda all: float(sum(all)),
        "average": lambda all: sum(all) / len(all),
    }
    return plain[spec.aggregate](values) if values else None


@pytest.mark.parametrize("most_kinds", [trait_rows.MOST_KINDS, 0], ids=["by kind", "by fact"])
def test_many_traits_together_equal_each_by_itself(
    facts: list[Fact], most_kinds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trait_rows, "MOST_KINDS", most_kinds)
    engine = DuckDBEngine.in_memory()
    asked = specs()
    seen: dict[int, list[Fact]] = {}
    for fact in facts:
        if fact["occurred_at"] <= AS_OF + CLOCK_TOLERANCE:
            seen.setdefault(fact["profile_id"], []).append(fact)

    table = traits({"events": filled(engine, FACTS["events"], *facts, profile_id="int64")}, asked, AS_OF, engine)
    found = {row["profile_id"]: row for row in engine.to_arrow(table).to_pylist()}

    assert found.keys() == seen.keys()
    differing = [
        (spec.aggregate, spec.of, spec.where, spec.days, profile, found[profile][spec.name], expected)
        for spec in asked
        for profile, own in seen.items()
        if found[profile][spec.name] != (expected := by_itself(spec, own))
    ]
    assert differing == []
