"""Devices are compared once a day or when much is new; in between, suggestions that are settled go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cdp_assets.canonical.tables import EVENTS
from cdp_assets.identity import schemas
from cdp_assets.identity.lasting_suggestions import lasting, occasion
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.changes import Since
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.world import AS_OF, load

SUGGESTED = [(1, 2), (3, 4), (5, 6)]


def since(engine: DuckDBEngine, **memory: Any) -> Since:
    pairs = [
        {"left_record_id": left, "right_record_id": right, "score": 0.9, "evidence": "[]"} for left, right in SUGGESTED
    ]
    previous = {
        "device_suggestions": load(engine, schemas.DEVICE_SUGGESTIONS, pairs),
        "suggestion_tests": load(engine, schemas.SUGGESTION_TESTS, []),
    }
    return Since(previous, {"day": AS_OF.date().isoformat(), "events": 100, **memory}, AS_OF, lambda *_: None)


def mapped(engine: DuckDBEngine, profiles: dict[int, int]) -> Any:
    rows = [{"record_id": record, "profile_id": profile} for record, profile in profiles.items()]
    return load(engine, schemas.PROFILE_MAP, rows)


def now(events: int = 100, days: int = 0) -> dict[str, Any]:
    return {"day": (AS_OF + timedelta(days=days)).date().isoformat(), "events": events}


APART = {record: record for record in range(1, 7)}


@pytest.mark.parametrize(
    ("found", "anew"), [(now(), False), (now(105), False), (now(106), True), (now(94), True), (now(days=1), True)]
)
def test_devices_are_compared_on_another_day_or_when_much_is_new(found: dict[str, Any], anew: bool) -> None:
    engine = DuckDBEngine.in_memory()
    assert (lasting(since(engine), found, mapped(engine, APART), engine) is None) is anew
    assert lasting(None, found, mapped(engine, APART), engine) is None


def test_suggestions_last_while_the_devices_are_apart() -> None:
    engine = DuckDBEngine.in_memory()
    found = lasting(since(engine), now(), mapped(engine, APART), engine)
    assert found == {"device_suggestions": Stands(), "suggestion_tests": Stands()}


def test_suggestions_of_devices_that_came_together_or_are_no_more_go() -> None:
    engine = DuckDBEngine.in_memory()
    profiles = {**APART, 4: 3}
    del profiles[6]
    found = lasting(since(engine), now(), mapped(engine, profiles), engine)
    assert found is not None
    suggestions = found["device_suggestions"]
    assert isinstance(suggestions, Built)
    rows = engine.to_arrow(suggestions.table).to_pylist()
    assert [(row["left_record_id"], row["right_record_id"]) for row in rows] == [(1, 2)]
    assert suggestions.memory["events"] == 100, "what is new is counted from the last comparison"


def test_what_is_remembered_is_the_day_and_how_many_events_there_were() -> None:
    engine = DuckDBEngine.in_memory()
    event = {"source": "web", "native_id": "1", "record_id": 1, "event_id": "1", "event_name": "page"}
    assert occasion(load(engine, EVENTS, [event]), AS_OF, engine) == now(1)
