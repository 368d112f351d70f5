"""Devices that behave alike are suggested, never merged, and the suggestions are tested against what came of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import ibis
import pytest
from ibis.config import Config

from cdp_assets.identity import schemas, suggestions_pages
from cdp_assets.identity.device_model import FEWEST_PAIRS, LevelCount, fit, scored
from cdp_assets.identity.device_signals import LARGEST_BLOCK, LEVELS, SIGNALS, candidates
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.suggestion_checks import FEWEST_JUDGED, suggestion_checks
from cdp_assets.identity.suggestions import HELD_BACK_DAYS, MOST_SUGGESTED, Suggestions, suggest
from cdp_assets.quality.checks import Check
from cdp_assets.quality.runner import evaluate
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.device_world import Device, another_of, homes, inputs_of
from cdp_assets_tests.identity.world import AS_OF, KEY, at, load, published

HOMES = homes(40)
ANNAS, BERTS = HOMES[0], HOMES[2]  # the computers of the two people of home 0


def found(devices: Sequence[Device], as_of: datetime = AS_OF) -> tuple[Suggestions, list[dict[str, Any]]]:
    engine = DuckDBEngine.in_memory()
    suggestions = suggest(inputs_of(devices, engine), IdentityRules(), as_of, engine, KEY)
    return suggestions, engine.to_arrow(suggestions.table).to_pylist()


def partners(rows: Sequence[dict[str, Any]], device: int) -> dict[int, float]:
    """The devices suggested with one, each with its score."""
    pairs = [(row["left_record_id"] % 100_000, row["right_record_id"] % 100_000, row["score"]) for row in rows]
    return {(right if left == device else left): score for left, right, score in pairs if device in (left, right)}


def test_a_device_is_suggested_with_those_of_the_person_whose_habits_it_shares() -> None:
    _, rows = found([*HOMES, another_of(ANNAS, 9_001)])
    suggested = partners(rows, 9_001)
    assert ANNAS.id in suggested
    assert BERTS.id not in suggested


def test_a_device_of_a_stranger_on_another_network_is_not_suggested() -> None:
    _, rows = found([*HOMES, another_of(ANNAS, 9_001, network="elsewhere", place="far away")])
    assert rows == []


def test_devices_that_are_known_already_are_not_suggested() -> None:
    suggestions, rows = found(HOMES)
    assert rows == []
    assert suggestions.weights is not None
    assert (suggestions.weights.same, suggestions.weights.different) == (80, 160)


def test_anonymous_devices_of_one_profile_are_not_suggested() -> None:
    engine = DuckDBEngine.in_memory()
    inputs = inputs_of([*HOMES, another_of(ANNAS, 9_001)], engine)
    rows = engine.to_arrow(inputs.profile_map).to_pylist()
    together = [{**row, "profile_id": ANNAS.person} if row["record_id"] == 9_001 else row for row in rows]
    joined = load(engine, schemas.PROFILE_MAP, together)
    merged = type(inputs)(**{**vars(inputs), "profile_map": joined})
    table = suggest(merged, IdentityRules(), AS_OF, engine, KEY).table
    pairs = engine.to_arrow(table).to_pylist()
    assert ANNAS.id not in partners(pairs, 9_001)


def test_two_devices_of_nobody_may_be_suggested_with_one_another() -> None:
    unknown = another_of(ANNAS, 9_001, network="a new home", place="a new town")
    _, rows = found([*HOMES, unknown, another_of(unknown, 9_002, kind="mobile")])
    assert partners(rows, 9_001).keys() == {9_002}


def test_the_evidence_says_what_each_signal_contributes() -> None:
    _, rows = found([*HOMES, another_of(ANNAS, 9_001)])
    [evidence] = [json.loads(row["evidence"]) for row in rows if ANNAS.id in partners([row], 9_001)]
    assert set(evidence) <= set(SIGNALS)
    assert evidence["content"] > 0
    assert 95 <= sum(abs(share) for share in evidence.values()) <= 105


def test_a_device_is_suggested_with_few_others() -> None:
    crowd = [another_of(ANNAS, 9_000 + number) for number in range(8)]
    _, rows = found([*HOMES, *crowd])
    assert rows
    assert max(len(partners(rows, device.id)) for device in crowd) <= MOST_SUGGESTED


def test_a_network_of_many_devices_brings_no_pairs_and_is_counted() -> None:
    engine = DuckDBEngine.in_memory()
    public = [Device(number, network="railway station") for number in range(1, LARGEST_BLOCK["network"] + 2)]
    quiet = [Device(100 + number, network="a home") for number in range(2)]
    events = inputs_of([*public, *quiet], engine).events
    usage = events.select("network", "place", "occurred_at", "device_type", device="record_id", content="page_url")
    worth = candidates(usage, engine)
    assert engine.to_arrow(worth.pairs).to_pylist() == [{"left": 100, "right": 101}]
    assert worth.skipped == 1


def test_without_enough_known_pairs_nothing_is_suggested() -> None:
    suggestions, rows = found([*homes(3), another_of(ANNAS, 9_001)])
    assert suggestions.weights is None
    assert rows == []
    assert "too few" in suggestions_pages.described(suggestions)["device_suggestions"].metadata["why there are none"]


def test_nothing_at_all_is_an_empty_table() -> None:
    suggestions, rows = found([])
    assert rows == []
    assert suggestions.devices == 0


def test_a_device_that_two_people_used_teaches_nothing_and_is_suggested_to_nobody() -> None:
    shared = [Device(9_001, person, "home 0", "town 0", ANNAS.content, login=day, days=(day, day + 1))
              for person, day in ((0, 1), (1, 11))]  # fmt: skip
    engine = DuckDBEngine.in_memory()
    inputs = inputs_of([*HOMES, shared[0], another_of(shared[1], 9_002, person=1, login=11)], engine)
    rows = engine.to_arrow(inputs.identifiers).to_pylist()
    one_cookie = [{**row, "identifier_value": row["identifier_value"].replace("9002", "9001")} for row in rows]
    changed = type(inputs)(**{**vars(inputs), "identifiers": load(engine, inputs_schema(), one_cookie)})
    suggestions = suggest(changed, IdentityRules(), AS_OF, engine, KEY)
    assert suggestions.weights is not None
    assert suggestions.weights.same == 80
    assert engine.to_arrow(suggestions.table).num_rows == 0


def inputs_schema() -> Any:
    from cdp_assets.canonical.tables import IDENTIFIERS

    return IDENTIFIERS


def test_suggestions_of_the_past_are_judged_by_who_was_identified_since() -> None:
    as_of = at(HELD_BACK_DAYS + 50)
    later = HELD_BACK_DAYS
    right = another_of(ANNAS, 9_001, person=ANNAS.person, days=[*ANNAS.days, later], login=later)
    wrong = another_of(BERTS, 9_002, person=99, days=[*BERTS.days, later], login=later)
    never = another_of(HOMES[8], 9_003)
    suggestions, _ = found([*HOMES, right, wrong, never], as_of)
    shown = suggestions.tested[0]
    assert shown.there_were == 2  # its person has two devices already
    assert (shown.right, shown.wrong, shown.unknown) == (2, 2, 2)
    assert (shown.precision, shown.recall) == (0.5, 1.0)


def test_what_was_identified_after_the_day_of_the_test_is_not_learned_from() -> None:
    as_of = at(HELD_BACK_DAYS + 3)  # nobody had logged in three days after the beginning
    moved = [another_of(device, device.id, person=device.person, login=8, days=(1, 2, 8)) for device in HOMES]
    suggestions, _ = found(moved, as_of)
    assert suggestions.weights is not None
    assert suggestions.tested == []


def count(levels: dict[str, int], same: int, different: int) -> LevelCount:
    return LevelCount(tuple(levels.get(name, 0) for name in SIGNALS), same, different)


def test_a_level_weighs_what_it_says_of_known_pairs() -> None:
    weights = fit([count({"network": 4}, 900, 100), count({}, 100, 900)])
    assert weights is not None
    network = weights.levels["network"]
    # Odds of 9 against odds of 1/9: a factor of 81, a little less for being drawn towards zero.
    assert network[4] - network[0] == pytest.approx(4.39, abs=0.1)
    assert weights.levels["kind"] == (0.0, 0.0, 0.0)


def test_too_few_known_pairs_teach_nothing() -> None:
    assert fit([count({"network": 4}, FEWEST_PAIRS - 1, 1000)]) is None
    assert fit([]) is None


def test_a_score_is_the_share_of_known_pairs_with_these_levels() -> None:
    engine = DuckDBEngine.in_memory()
    weights = fit([count({"network": 4}, 900, 100), count({}, 100, 900)])
    assert weights is not None
    levels = ibis.memtable([dict.fromkeys(SIGNALS, 0), {**dict.fromkeys(SIGNALS, 0), "network": 4}])
    scores = sorted(engine.to_arrow(scored(levels, weights))["score"].to_pylist())
    assert scores == [pytest.approx(0.1, abs=0.01), pytest.approx(0.9, abs=0.01)]


def test_every_level_has_words() -> None:
    assert all(len(set(words)) == len(words) >= 3 for words in LEVELS.values())


class _SparkOptions(Config):
    """Ibis reads these when it writes Spark's dialect, and registers them only where PySpark is installed."""

    treat_nan_as_null: bool = False


def test_every_step_can_be_written_for_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    if ibis.options.pyspark is None:
        monkeypatch.setattr(ibis.options, "pyspark", _SparkOptions())
    engine = DuckDBEngine.in_memory()
    compiled: list[str] = []
    scratch = engine.scratch

    def watched(expression: ibis.Table) -> ibis.Table:
        compiled.append(str(ibis.to_sql(expression, dialect="pyspark")))
        return scratch(expression)

    engine.scratch = watched
    suggest(inputs_of([*HOMES, another_of(ANNAS, 9_001)], engine), IdentityRules(), AS_OF, engine, KEY)
    assert len(compiled) > 15


SOUND = {"left_record_id": 1, "right_record_id": 2, "score": 0.7, "evidence": "{}"}
MAP = [{"record_id": 1, "profile_id": 1}, {"record_id": 2, "profile_id": 2}]


def failing(checks: Sequence[Check], schema: Any, rows: Sequence[dict[str, Any]], profiles: Any = MAP) -> list[str]:
    """The checks that fail on some rows."""
    engine = DuckDBEngine.in_memory()
    table = published(engine, schema, rows)
    outcomes = evaluate(engine, checks, table, {"profile_map": published(engine, schemas.PROFILE_MAP, profiles)})
    return [outcome.name for outcome in outcomes if not outcome.passed]


@pytest.mark.parametrize(
    ("row", "profiles", "sound"),
    [
        (SOUND, MAP, True),
        ({**SOUND, "score": 1.2}, MAP, False),
        ({**SOUND, "right_record_id": 3}, MAP, False),
        ({**SOUND, "left_record_id": 2, "right_record_id": 1}, MAP, False),
        (SOUND, [{**row, "profile_id": 1} for row in MAP], False),
    ],
)
def test_the_check_of_suggestions_finds_what_is_broken(
    row: dict[str, Any], profiles: list[dict[str, Any]], sound: bool
) -> None:
    checks = suggestion_checks()["device_suggestions"]
    assert failing(checks, schemas.DEVICE_SUGGESTIONS, [row], profiles) == ([] if sound else ["pairs_are_apart"])


@pytest.mark.parametrize(
    ("right", "wrong", "sound"),
    [(15, 10, True), (10, 15, False), (1, FEWEST_JUDGED - 2, True), (1, FEWEST_JUDGED - 1, False)],
)
def test_the_check_of_precision_warns_of_suggestions_that_turn_out_wrong(right: int, wrong: int, sound: bool) -> None:
    row = {"threshold": 0.5, "suggested_at": AS_OF, "right": right, "wrong": wrong, "unknown": 5, "there_were": 20,
           "precision": right / (right + wrong), "recall": right / 20}  # fmt: skip
    checks = suggestion_checks()["suggestion_tests"]
    assert failing(checks, schemas.SUGGESTION_TESTS, [row]) == ([] if sound else ["suggestions_come_true"])
    assert not checks[0].blocking
