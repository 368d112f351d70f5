"""Identity resolution on labelled tables, and the figures about it: small ones by hand, odd ones for what they do."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import ibis.expr.types as ir
import pytest

from cdp_assets.identity.evaluation.evaluate import SHARED, THRESHOLDS, Evaluation, evaluate
from cdp_assets.identity.evaluation.records import read_labelled
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.linkage.town import town

SCRIPTS = ("Анна Каренина", "Ελένη Παππά", "鈴木 花子", "すずき たろう", "김 민준", "محمد علي", "שרה לוי", "अनीता शर्मा",
           "สมชาย ใจดี", "Նարե Սարգսյան")  # fmt: skip
LONG = "x" * 10_000
HEADER = ("id", "given_name", "surname", "dob", "email", "street", "postcode", "city", "who")


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    return DuckDBEngine.in_memory()


def measured(
    file: Path, engine: DuckDBEngine, header: Sequence[str], rows: Iterable[Sequence[object]], most_wrong: float = 0.001
) -> tuple[Evaluation, ir.Table]:
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([header, *rows])
    return evaluate(read_labelled(file, "who", "id", {}, engine), IdentityRules(), engine, most_wrong)


@pytest.fixture(scope="module")
def town_measured(engine: DuckDBEngine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Evaluation, dict[str, int]]:
    """A town of 150, ten people in ten scripts, and somebody whose values have 10,000 characters; each twice. And
    the profile of each record. The townspeople's second records share neither e-mail nor street with the first."""
    rows: list[tuple[object, ...]] = [
        (each.record_id, each.given, each.family, each.born,
         *((each.email, each.street, each.postcode) if each.record_id % 2 == 0 else ("", "", "")), each.city,
         each.record_id // 2)
        for each in town()
    ]  # fmt: skip
    for number, name in enumerate(SCRIPTS):
        given, family = name.split(" ")
        rows += [
            (f"s{number}{twice}", given, family, f"19{60 + number}-03-04", "", "Neugasse 5", "8010", "Graz", name)
            for twice in "ab"
        ]
    rows += [(f"l{twice}", LONG, LONG, "1970-01-01", LONG, LONG, LONG, LONG, "long") for twice in "ab"]
    file = tmp_path_factory.mktemp("town") / "town.csv"
    found, profiles = measured(file, engine, HEADER, rows)
    labelled = read_labelled(file, "who", "id", {}, engine)
    named = profiles.join(labelled.truth, "record_id").select("native_id", "profile_id")
    home = {row["native_id"]: row["profile_id"] for row in engine.to_arrow(named).to_pylist()}
    return found, home


def test_the_scores_of_a_small_table_are_those_counted_by_hand(tmp_path: Path, engine: DuckDBEngine) -> None:
    # Profiles by e-mail: {1, 2, 3}, {4}, {5}. People: {1, 2}, {3, 4}, {5}.
    rows = [
        (1, "Anna Berger", "a@mail.example", "A"),
        (2, "Anna Berger", "a@mail.example", "A"),
        (3, "Anna Berger", "a@mail.example", "B"),
        (4, "Anna Berger", "b@mail.example", "B"),
        (5, "Carl Moser", "c@mail.example", "C"),
    ]
    found, profiles = measured(tmp_path / "small.csv", engine, ("id", "name", "email", "who"), rows)
    score = found.score
    assert (score.units, score.people, score.profiles) == (5, 3, 3)
    # Of the pairs 1–2, 1–3, 2–3 that are together one is right; of the true pairs 1–2, 3–4 one is found.
    assert score.pairwise.precision == pytest.approx(1 / 3)
    assert score.pairwise.recall == pytest.approx(1 / 2)
    assert score.pairwise.f1 == pytest.approx(2 / 5)
    # Each record's share of its own among its profile: 2/3, 2/3, 1/3, 1, 1; among its person: 1, 1, 1/2, 1/2, 1.
    assert score.bcubed.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert score.bcubed.recall == pytest.approx((1 + 1 + 1 / 2 + 1 / 2 + 1) / 5)
    assert found.sizes == {1: 2, 3: 1}
    assert found.blocking_recall == pytest.approx(1 / 2)
    assert len(set(engine.to_arrow(profiles)["profile_id"].to_pylist())) == 3


def test_few_records_teach_nothing_so_that_only_what_they_share_counts(tmp_path: Path, engine: DuckDBEngine) -> None:
    rows = [(n, "Anna", "Berger", "1980-02-03", "", "", "", "Wien", "A") for n in range(49)]
    found, _ = measured(tmp_path / "few.csv", engine, HEADER, rows)
    assert found.score == found.deterministic
    assert (found.score.profiles, found.pairs_compared, found.suggested_threshold) == (49, 0, None)


def test_records_without_a_label_are_resolved_but_not_scored(tmp_path: Path, engine: DuckDBEngine) -> None:
    rows = [(1, "Anna", "a@mail.example", "A"), (2, "Anna", "a@mail.example", ""), (3, "Bob", "b@mail.example", "B")]
    found, profiles = measured(tmp_path / "half.csv", engine, ("id", "name", "email", "who"), rows)
    assert (found.score.units, found.score.people) == (2, 2)
    assert engine.to_arrow(profiles).num_rows == 3


@pytest.mark.parametrize("rows", [[], [(1, "Anna", "Berger", "1980-02-03", "a@mail.example", "", "", "", "A")]])
def test_an_empty_table_and_a_single_record_have_nothing_wrong(
    tmp_path: Path, engine: DuckDBEngine, rows: list[tuple[object, ...]]
) -> None:
    found, _ = measured(tmp_path / "tiny.csv", engine, HEADER, rows)
    assert (found.score.units, found.score.people, found.score.profiles) == (len(rows),) * 3
    assert (found.score.pairwise.precision, found.score.pairwise.recall, found.blocking_recall) == (1.0, 1.0, 1.0)
    assert (found.suggested_threshold, found.worst) == (None, [])


def test_placeholders_are_nobodys_and_join_nobody(tmp_path: Path, engine: DuckDBEngine) -> None:
    rows = [(n, "n/a", "-", "null", "unknown", "n/a", "-", "NULL", n % 3) for n in range(60)]
    found, _ = measured(tmp_path / "nothing.csv", engine, HEADER, rows)
    assert (found.score.profiles, found.pairs_compared) == (60, 0)
    assert (found.score.pairwise.precision, found.score.pairwise.recall) == (1.0, 0.0)


@pytest.mark.parametrize(("email", "profiles"), [("a@mail.example", 1), ("", 2_000)])
def test_thousands_of_equal_records_are_not_compared_pair_by_pair(
    tmp_path: Path, engine: DuckDBEngine, email: str, profiles: int
) -> None:
    rows = [(n, "Anna", "Berger", "1980-02-03", email, "", "", "Wien", "A") for n in range(2_000)]
    started = time.process_time()
    found, _ = measured(tmp_path / "equal.csv", engine, HEADER, rows)
    assert time.process_time() - started < 20
    # Without an identifier there are two million pairs, too many in each block: none is compared, and that is told.
    assert (found.score.profiles, found.pairs_compared) == (profiles, 0)
    assert found.blocking_recall == (1.0 if profiles == 1 else 0.0)


def test_a_town_is_resolved_with_likeness(town_measured: tuple[Evaluation, dict[str, int]]) -> None:
    found, _ = town_measured
    assert found.score.pairwise.recall > found.deterministic.pairwise.recall
    assert found.score.pairwise.precision >= 0.97
    assert found.deterministic.pairwise.precision == 1.0
    assert found.pairs_compared > 0
    assert 0.9 <= found.blocking_recall <= 1.0


def test_the_curve_falls_in_recall_as_its_threshold_rises(town_measured: tuple[Evaluation, dict[str, int]]) -> None:
    found, _ = town_measured
    assert tuple(point.threshold for point in found.curve) == THRESHOLDS
    recalls = [point.recall for point in found.curve]
    assert recalls == sorted(recalls)
    for point in found.curve:
        assert point.f1 == pytest.approx(2 * point.precision * point.recall / (point.precision + point.recall))
    [used] = [point for point in found.curve if point.threshold == found.threshold]
    assert used.precision == pytest.approx(found.score.pairwise.precision)
    assert used.recall == pytest.approx(found.score.pairwise.recall)


def test_the_threshold_suggested_is_the_lowest_with_joins_as_right_as_wanted(
    town_measured: tuple[Evaluation, dict[str, int]],
) -> None:
    found, _ = town_measured
    right = [point.threshold for point in found.curve if point.precision >= 0.999]
    assert found.suggested_threshold == (min(right) if right else None)


def test_names_in_ten_scripts_find_each_other_and_nobody_else(
    town_measured: tuple[Evaluation, dict[str, int]],
) -> None:
    _, home = town_measured
    for number in range(len(SCRIPTS)):
        together = {record for record, profile in home.items() if profile == home[f"s{number}a"]}
        assert together == {f"s{number}a", f"s{number}b"}


def test_values_of_ten_thousand_characters_are_compared_and_join_nobody_else(
    town_measured: tuple[Evaluation, dict[str, int]],
) -> None:
    _, home = town_measured
    assert {record for record, profile in home.items() if profile == home["la"]} <= {"la", "lb"}


def test_people_joined_by_what_they_share_are_mistakes(tmp_path: Path, engine: DuckDBEngine) -> None:
    rows = [(f"r{n}", "we@example.org", "+43 660 1234567" if n < 2 else "", n) for n in range(3)]
    found, _ = measured(tmp_path / "shared.csv", engine, ("id", "email", "phone", "who"), rows)
    [mistake] = found.worst
    assert (mistake.kind, mistake.left, mistake.right) == ("joined", "r0", "r2")
    assert mistake.evidence == [{"comparison": "email", "level": SHARED}]
    assert 0 <= mistake.probability <= 1
