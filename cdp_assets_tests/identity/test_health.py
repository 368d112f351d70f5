"""The figures of the identity graph, and the bounds within which they are healthy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

import ibis
import pytest
from ibis.config import Config

from cdp_assets.identity import health_pages, schemas
from cdp_assets.identity.health import METRICS, Health, Inputs, measure, size_class
from cdp_assets.identity.health_checks import Limits, health_checks
from cdp_assets.quality.runner import evaluate
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.world import AS_OF, KEY, Record, World, canonical_tables, load, published

ANNA = Record(
    1, ("user_id anna", "email anna@example.com", "anonymous_id X"), "Anna Meyer", seen=1, events=((1, None),)
)
AGAIN = Record(2, ("user_id anna",), "Anna Maria Meyer", seen=2)
VISITOR = Record(9, ("anonymous_id Y",), seen=3, events=((3, None), (4, None), (5, None)))


@dataclass
class Graph:
    """A graph whose health is measured after each run."""

    world: World = field(default_factory=World)
    history: list[dict[str, Any]] = field(default_factory=list)

    def measured(self, records: Sequence[Record], as_of: datetime = AS_OF, **changed: list[dict[str, Any]]) -> Health:
        """The health after a run on some records; ``changed`` replaces rows of the stage's tables."""
        engine = self.world.engine
        tables = self.world.run(records, as_of=as_of)
        given = canonical_tables(engine, records)
        own = {
            schema.name: load(engine, schema, changed.get(schema.name, tables[schema.name].to_pylist()))
            for schema in schemas.TABLES
            if schema.name in {field.name for field in fields(Inputs)}
        }
        inputs = Inputs(given.identity_records, given.identifiers, given.contacts, given.facts["events"], **own)
        previous = load(engine, schemas.HEALTH, self.history)
        health = measure(inputs, previous, self.world.rules, as_of, engine, KEY)
        self.history = engine.to_arrow(health.table).to_pylist()
        return health


def measured(records: Sequence[Record], **changed: list[dict[str, Any]]) -> Health:
    """The health after the first run on some records."""
    return Graph().measured(records, **changed)


NEXT_DAY = AS_OF + timedelta(days=1)


def test_profiles_are_counted_by_size_and_by_whether_somebody_is_known() -> None:
    health = measured([ANNA, AGAIN, VISITOR])
    assert (health.value("records"), health.value("profiles"), health.value("known_profiles")) == (3, 2, 1)
    assert {name: count for name, count in health.parts("profiles_by_size").items() if count} == {"1": 1, "2": 1}
    assert health.value("largest_profile") == 2


@pytest.mark.parametrize(("records", "name"), [(1, "1"), (4, "4"), (5, "5–6"), (21, "21–50"), (9_999, "over 500")])
def test_sizes_have_classes(records: int, name: str) -> None:
    assert size_class(records) == name


def test_events_of_devices_that_nobody_is_known_on_are_not_identified() -> None:
    assert measured([ANNA, AGAIN, VISITOR]).value("identified_share") == 0.25


def test_a_placeholder_identifies_nobody() -> None:
    nobody = Record(5, ("user_id anonymous", "anonymous_id Z"), seen=3, events=((3, None),))
    health = measured([ANNA, nobody])
    assert (health.value("known_profiles"), health.value("identified_share")) == (1, 0.5)
    assert health.value("placeholders") == 1


def test_links_and_refusals_are_counted_by_kind() -> None:
    couple = Record(3, ("till/loyalty_number 7", "email anna@example.com"), "Bert Meyer", seen=4)
    health = measured([ANNA, AGAIN, couple])
    assert health.parts("links_by_kind") == {"user_id": 1}
    assert health.parts("refused_by_reason") == {"names_differ": 1}


def in_one_profile(*records: Record) -> Health:
    """The health of a graph in which somebody put these records together, whatever they say."""
    rows = [{"record_id": record.id, "profile_id": 1} for record in records]
    return measured(records, profile_map=rows)


def person(id: int, name: str, born: date | None = None) -> Record:
    return Record(id, (f"shop/customer_number {id}",), name, born, kind="person")


@pytest.mark.parametrize(
    ("names", "different"),
    [
        (("Anna Meyer", "Bert Meyer", "Carla Meyer"), 3),
        (("Anna Meyer", "Anna Schmidt", "A. Meyer", "Anne Meyer", "Anna Maria Meyer"), 0),  # fewer than three spellings
        (("William Hall", "Bill Hall", "Will Hall", "Susan Hall"), 2),
    ],
)
def test_given_names_count_as_different_only_if_they_cannot_be_one_persons(
    names: tuple[str, ...], different: int
) -> None:
    health = in_one_profile(*(person(number, name) for number, name in enumerate(names, start=1)))
    expected = different or 1
    assert health.value("most_given_names") == expected
    assert health.value("three_given_names_share") == (1.0 if different >= 3 else 0.0)


@pytest.mark.parametrize(
    ("first", "second", "share"),
    [
        (date(1980, 3, 7), date(1980, 3, 7), 0.0),
        (date(1980, 3, 7), date(1980, 7, 3), 0.0),  # day and month exchanged
        (date(1980, 3, 7), date(1981, 3, 7), 0.0),  # one slip
        (date(1980, 3, 7), date(1981, 3, 8), 1.0),
        (date(1980, 3, 7), None, 0.0),
    ],
)
def test_birth_dates_contradict_only_if_no_slip_explains_them(first: date, second: date | None, share: float) -> None:
    health = in_one_profile(person(1, "Anna Meyer", first), person(2, "Anna Meyer", second))
    assert health.value("two_birth_dates_share") == share


def test_without_any_birth_date_there_is_no_share() -> None:
    assert in_one_profile(person(1, "Anna Meyer")).value("two_birth_dates_share") is None


def test_the_first_run_changes_nothing_that_was_there_before() -> None:
    health = measured([ANNA, AGAIN, VISITOR])
    assert health.parts("changes") == {"created": 2}
    assert health.value("changed_share") is None
    assert health.value("identified_share_change") is None


def test_a_run_that_merges_says_what_share_of_profiles_it_changed() -> None:
    graph = Graph()
    others = [Record(number, (f"user_id u{number}",), seen=1) for number in range(20, 28)]
    one = Record(3, ("shop/customer_number 7",), seen=1)
    two = Record(4, ("till/loyalty_number 8",), seen=1)
    graph.measured([*others, one, two])
    bridge = Record(5, ("shop/customer_number 7", "till/loyalty_number 8"), seen=2)
    health = graph.measured([*others, one, two, bridge], NEXT_DAY)
    assert health.parts("changes")["merged"] == 1
    assert health.value("changed_share") == pytest.approx(2 / 10)
    assert health.earlier("profiles") == 10
    assert health.value("profiles") == 9


def test_earlier_runs_are_kept_and_a_repeated_run_replaces_its_own_figures() -> None:
    graph = Graph()
    graph.measured([ANNA])
    for _ in range(2):
        health = graph.measured([ANNA, VISITOR], NEXT_DAY)
    profiles = {row["as_of"]: row["value"] for row in graph.history if row["metric"] == "profiles"}
    assert len(graph.history) == len({(row["as_of"], row["metric"], row["part"]) for row in graph.history})
    assert profiles == {AS_OF: 1, NEXT_DAY: 2}
    assert health.value("identified_share_change") == pytest.approx(0.25 - 1.0)


def test_the_review_queue_is_as_old_as_its_oldest_pair() -> None:
    waiting = [
        {"left_profile_id": 1, "right_profile_id": other, "probability": 0.7, "reason": "r", "since": since}
        for other, since in ((2, AS_OF - timedelta(days=3)), (3, AS_OF - timedelta(days=41)))
    ]
    health = measured([ANNA, VISITOR], review_queue=waiting)
    assert (health.value("review_pairs"), health.value("review_oldest_days")) == (2, 41)
    assert measured([ANNA]).value("review_oldest_days") == 0


def test_identifier_types_without_a_rule_are_named() -> None:
    health = measured([ANNA, Record(7, ("membership_card 12",), seen=1)])
    assert health.value("unruled_types") == 1
    assert health.parts("unruled_identifiers") == {"membership_card": 1}


def test_hubs_are_counted_and_compared_with_the_run_before() -> None:
    graph = Graph()
    graph.measured([ANNA])
    crowd = [
        Record(100 + number, ("email office@example.com",), f"{given} {family}", seen=1)
        for number, (given, family) in enumerate(
            (given, family) for given in ("Anna", "Bert", "Carla", "Doris", "Emil") for family in
            ("Meyer", "Schulz", "Huber", "Wolf", "Krause")
        )
    ]  # fmt: skip
    health = graph.measured([ANNA, *crowd], NEXT_DAY)
    assert health.value("hubs") == 1
    assert health.value("hubs_ratio") == pytest.approx(11 / 10)
    assert health.value("hub_share") == pytest.approx(25 / 28)


def test_an_empty_graph_is_measured_too() -> None:
    health = measured([])
    assert health.value("profiles") == 0
    assert health.value("identified_share") is None


def test_every_figure_is_measured_and_explained() -> None:
    health = measured([ANNA, AGAIN, VISITOR])
    whole = {metric for metric in METRICS if metric not in
             ("profiles_by_size", "links_by_kind", "refused_by_reason", "changes", "unruled_identifiers")}  # fmt: skip
    assert {reading.metric for reading in health.readings if not reading.part} == whole
    assert {metric for _, _, metrics in _promises() for metric in metrics} == set(Limits().bounds())


def _promises() -> Any:
    from cdp_assets.identity.health_checks import _PROMISES

    return _PROMISES


def rows_of(as_of: datetime, **values: float | None) -> list[dict[str, Any]]:
    return [
        {"as_of": as_of, "metric": metric, "part": "", "value": value, "unit": "", "explanation": ""}
        for metric, value in values.items()
    ]


def failing(rows: Sequence[dict[str, Any]], limits: Limits | None = None) -> list[str]:
    """The checks that fail on a table of figures."""
    engine = DuckDBEngine.in_memory()
    outcomes = evaluate(engine, health_checks(limits or Limits()), published(engine, schemas.HEALTH, rows), {})
    return [outcome.name for outcome in outcomes if not outcome.passed]


GOOD = {
    "outsized_profiles": 0, "most_given_names": 3, "three_given_names_share": 0.001, "two_birth_dates_share": 0.01,
    "hub_share": 0.001, "hubs_ratio": 1.1, "identified_share_change": -0.01, "changed_share": 0.02,
    "review_oldest_days": 12, "unruled_types": 0,
}  # fmt: skip


def test_figures_within_their_bounds_are_healthy() -> None:
    assert failing(rows_of(AS_OF, **GOOD)) == []


def test_what_could_not_be_measured_is_healthy() -> None:
    assert failing(rows_of(AS_OF, **dict.fromkeys(GOOD))) == []


@pytest.mark.parametrize(
    ("metric", "bad", "check"),
    [
        ("outsized_profiles", 1, "no_profile_is_a_crowd"),
        ("most_given_names", 9, "no_profile_is_a_crowd"),
        ("three_given_names_share", 0.02, "names_and_births_agree"),
        ("two_birth_dates_share", 0.05, "names_and_births_agree"),
        ("hub_share", 0.2, "hubs_within_band"),
        ("hubs_ratio", 3.0, "hubs_within_band"),
        ("hubs_ratio", 0.2, "hubs_within_band"),
        ("identified_share_change", -0.1, "events_stay_identified"),
        ("changed_share", 0.3, "few_profiles_change"),
        ("review_oldest_days", 31, "review_queue_is_young"),
        ("unruled_types", 1, "every_identifier_type_has_a_rule"),
    ],
)
def test_a_figure_out_of_its_bounds_fails_its_check(metric: str, bad: float, check: str) -> None:
    assert failing(rows_of(AS_OF, **{**GOOD, metric: bad})) == [check]


def test_only_the_latest_run_is_judged() -> None:
    past = rows_of(AS_OF - timedelta(days=1), **{**GOOD, "unruled_types": 3})
    assert failing([*past, *rows_of(AS_OF, **GOOD)]) == []


def test_bounds_can_be_changed() -> None:
    assert failing(rows_of(AS_OF, **{**GOOD, "changed_share": 0.3}), replace(Limits(), changed_share=0.5)) == []


def test_no_check_of_health_keeps_the_figures_from_being_published() -> None:
    assert not any(check.blocking for check in health_checks())


def test_the_pages_show_figures_and_no_person() -> None:
    graph = Graph()
    health = graph.measured([ANNA, AGAIN, VISITOR])
    built = health_pages.described(health, Limits(), graph.world.engine)
    assert {"health", "scorecard", "by kind", "profiles", "identified share"} <= set(built.metadata)
    text = built.metadata["scorecard"].text + built.metadata["by kind"].text
    assert "| ✓ | unruled types | 0 |" in text
    assert not any(value in text for value in ("anna@example.com", "Meyer"))
    assert built.metadata["health"].content.startswith(b"\x89PNG")


class _SparkOptions(Config):
    """Ibis reads these when it writes Spark's dialect, and registers them only where PySpark is installed."""

    treat_nan_as_null: bool = False


def test_every_figure_can_be_written_for_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    if ibis.options.pyspark is None:
        monkeypatch.setattr(ibis.options, "pyspark", _SparkOptions())
    graph = Graph()
    compiled: list[str] = []
    fetched = graph.world.engine.to_arrow

    def watched(expression: ibis.Table) -> Any:
        compiled.append(str(ibis.to_sql(expression, dialect="pyspark")))
        return fetched(expression)

    graph.world.engine.to_arrow = watched
    graph.measured([ANNA, AGAIN, VISITOR])
    assert len(compiled) > 15
