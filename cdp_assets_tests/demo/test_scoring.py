from __future__ import annotations

from itertools import combinations
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.demo.generator import GeneratedSummary
from cdp_assets.demo.scoring import score_anonymous, score_demo, score_partition
from cdp_assets_tests.examples import examples


def _tables(people: list[int], profiles: list[int]) -> tuple[pa.Table, pa.Table]:
    ids = [str(number) for number in range(len(people))]
    named = {"source": ["shop"] * len(ids), "stream": ["customers"] * len(ids), "native_id": ids}
    return pa.table({**named, "profile_id": profiles}), pa.table({**named, "person_id": people})


def test_a_perfect_partition_scores_one() -> None:
    score = score_partition(*_tables([1, 1, 2, 2, 3], [7, 7, 8, 8, 9]))
    assert (score.units, score.people, score.profiles) == (5, 3, 3)
    assert score.pairwise.precision == score.pairwise.recall == score.pairwise.f1 == 1.0
    assert score.bcubed.precision == score.bcubed.recall == score.bcubed.f1 == 1.0


def test_two_people_in_one_profile_cost_precision() -> None:
    # Pairs together: 6, of one person: 2. Of each record's profile, half is its own person.
    score = score_partition(*_tables([1, 1, 2, 2], [7, 7, 7, 7]))
    assert score.pairwise.precision == pytest.approx(2 / 6)
    assert score.pairwise.recall == 1.0
    assert score.bcubed.precision == 0.5
    assert score.bcubed.recall == 1.0


def test_one_person_in_two_profiles_costs_recall() -> None:
    # Of 6 true pairs 3 are together (three records) and none with the fourth.
    score = score_partition(*_tables([1, 1, 1, 1], [7, 7, 7, 8]))
    assert score.pairwise.recall == 0.5
    assert score.pairwise.precision == 1.0
    assert score.bcubed.recall == pytest.approx((3 * 3 / 4 + 1 / 4) / 4)


def test_records_without_truth_or_profile_do_not_count() -> None:
    assigned, truth = _tables([1, 1, 2], [7, 7, 8])
    assert score_partition(assigned.slice(0, 2), truth).units == 2
    assert score_partition(assigned, truth.slice(1, 1)).units == 1


def test_nothing_at_all_is_no_mistake() -> None:
    assigned, truth = _tables([1], [1])
    score = score_partition(assigned.slice(0, 0), truth)
    assert score.units == 0
    assert score.pairwise.f1 == score.bcubed.recall == 1.0 or score.bcubed.recall == 1.0


def test_ibis_pandas_and_arrow_tables_score_alike() -> None:
    assigned, truth = _tables([1, 1, 2, 3], [7, 8, 8, 9])
    scores = {
        score_partition(assigned, truth),
        score_partition(assigned.to_pandas(), truth),
        score_partition(ibis.memtable(assigned), ibis.memtable(truth)),
    }
    assert len(scores) == 1


def test_a_missing_column_is_named() -> None:
    assigned, truth = _tables([1], [1])
    with pytest.raises(ValueError, match="lacks profile_id"):
        score_partition(assigned.drop_columns(["profile_id"]), truth)


@examples(25)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_counting_groups_equals_looking_at_every_pair(pairs: list[tuple[int, int]]) -> None:
    people, profiles = [p for p, _ in pairs], [c for _, c in pairs]
    score = score_partition(*_tables(people, profiles))
    both = [(people[a] == people[b], profiles[a] == profiles[b]) for a, b in combinations(range(len(pairs)), 2)]
    hits, true, claimed = sum(p and c for p, c in both), sum(p for p, _ in both), sum(c for _, c in both)
    assert score.pairwise.precision == pytest.approx(hits / claimed if claimed else 1.0)
    assert score.pairwise.recall == pytest.approx(hits / true if true else 1.0)
    own = [
        sum(people[b] == people[a] and profiles[b] == profiles[a] for b in range(len(pairs))) for a in range(len(pairs))
    ]
    assert score.bcubed.precision == pytest.approx(
        sum(n / profiles.count(profiles[a]) for a, n in enumerate(own)) / len(own)
    )
    assert score.bcubed.recall == pytest.approx(sum(n / people.count(people[a]) for a, n in enumerate(own)) / len(own))


def test_an_anonymous_event_is_right_wrong_or_nobodys() -> None:
    # Profile 7 is person 1 (two of three records), profile 8 is person 2, profile 9 is nobody.
    identified = pd.DataFrame({"person_id": [1, 1, 2, 2], "profile_id": [7, 7, 7, 8]})
    named = {"source": "web", "table": "events", "native_id": ["a", "b", "c", "d"]}
    events = pd.DataFrame({**named, "profile_id": [7, 7, 8, 9]})
    truth = pd.DataFrame({**named, "person_id": [1, 2, 2, 1]})
    score = score_anonymous(events, identified, truth)
    assert (score.events, score.right, score.wrong, score.unattributed) == (4, 0.5, 0.25, 0.25)


def _assigned(table: pa.Table, keys: list[str]) -> pa.Table:
    """A partition that knows the truth."""
    found = table.select(keys).append_column("profile_id", table["person_id"])
    return found.append_column("record_id", pa.array(range(len(table)))) if "table" in keys else found


def test_the_truth_itself_scores_one_on_the_demo(demo: GeneratedSummary) -> None:
    records = _assigned(pq.read_table(demo.truth / "records.parquet"), ["source", "stream", "native_id"])
    facts = _assigned(pq.read_table(demo.truth / "facts.parquet"), ["source", "table", "native_id"])
    score = score_demo(records, facts, demo.truth)
    assert score.identity.pairwise.f1 == score.identity.bcubed.f1 == 1.0
    assert score.anonymous.right == pytest.approx(1.0, abs=0.01)
    assert score.anonymous.wrong == 0.0


def test_facts_on_one_record_count_once(tmp_path: Path) -> None:
    named = {"source": ["web"] * 3, "table": ["events"] * 3, "native_id": ["a", "b", "c"]}
    truth = {**named, "person_id": [1, 1, 1], "carries": ["person"] * 3, "owner_identified": [True] * 3,
             "bad": [False] * 3}  # fmt: skip
    pq.write_table(pa.table(truth), tmp_path / "facts.parquet")
    person = {"source": ["shop"], "stream": ["customers"], "native_id": ["1"]}
    pq.write_table(pa.table({**person, "person_id": [1]}), tmp_path / "records.parquet")
    facts = pa.table({**named, "profile_id": [5, 5, 5], "record_id": [9, 9, 9]})
    score = score_demo(pa.table({**person, "profile_id": [5]}), facts, tmp_path)
    assert score.identity.units == 2
