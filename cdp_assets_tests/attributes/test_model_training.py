"""The life of a model: learnt when it is time to, kept as plain numbers, replaced only by a better one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pytest

from cdp_assets.attributes import churn, churn_baselines, churn_model
from cdp_assets.attributes.challenge import CHALLENGER_WINS
from cdp_assets.attributes.churn_features import features_at
from cdp_assets.attributes.churn_learned import Learned
from cdp_assets.attributes.churn_model import MODEL, Calibrated, Learner, Read
from cdp_assets.attributes.churn_scores import churn_risk, churn_scores
from cdp_assets.attributes.churn_training import churn_model as trained
from cdp_assets.attributes.lifetime_value import lifetime_value
from cdp_assets.attributes.model_documents import UnreadableModelError, document_of, learned_of
from cdp_assets.attributes.model_training import IS_RECENT, Occasion, approved
from cdp_assets.attributes.schemas import CHURN_RISK, LIFETIME_VALUE
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.quality.checks import CheckResult
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.changes import Since
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.models import LEARNER, first_occasion, guessing, valuing
from cdp_assets_tests.attributes.tables import activity, day, purchases, rows

UNTIL = day(419)
WEEK = timedelta(days=7)
PEOPLE = 400


@pytest.fixture(scope="module")
def shop(engine: DuckDBEngine) -> tuple[ir.Table, ir.Table]:
    """People who come every other week or every other month until they stay away, in a shop that grows."""
    rng = np.random.default_rng(11)
    orders = []
    for person in range(PEOPLE):
        here = int(rng.integers(0, 340))
        gap, loyal = (14 if person % 2 else 45), rng.random() < 0.97
        while here < 430:
            orders.append((10_000_019 * (person + 1), here, f"{5 + person % 9}.00"))
            here += max(1, int(rng.exponential(gap)))
            if not loyal or rng.random() < 0.12:
                break
    return purchases(engine, sorted(set(orders))), activity(engine)


def occasion(
    previous: Built, until: date = UNTIL, *, learner: str = LEARNER, forced: bool = False, unchanged: bool = True
) -> Occasion:
    return Occasion(previous.table, unchanged, until, learner, forced)


def built(given: Built | Stands) -> Built:
    assert isinstance(given, Built)
    return given


def verdict(model: Built) -> CheckResult:
    [outcome] = model.judged
    assert outcome.name == CHALLENGER_WINS.name
    return outcome


def seen(shop: tuple[ir.Table, ir.Table], until: date) -> tuple[ir.Table, ir.Table]:
    return shop[0].filter(shop[0].day <= until), shop[1]


@pytest.fixture(scope="module")
def fresh(shop: tuple[ir.Table, ir.Table], engine: DuckDBEngine) -> Learned:
    """What is learnt a week before the last day."""
    return churn.learn(*seen(shop, UNTIL - WEEK), UNTIL - WEEK, engine)


@pytest.fixture(scope="module")
def first(shop: tuple[ir.Table, ir.Table], fresh: Learned, engine: DuckDBEngine) -> Built:
    """The first model, made of that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(churn, "learn", lambda *_, predecessor: fresh)
        return built(trained(*shop, first_occasion(UNTIL - WEEK, engine), engine))


@pytest.fixture(scope="module")
def learned(first: Built, engine: DuckDBEngine) -> Learned:
    return learned_of(approved(first.table, engine))


def test_the_first_run_learns_and_says_what_it_published(first: Built, engine: DuckDBEngine) -> None:
    [row] = engine.to_arrow(first.table.drop("document")).to_pylist()

    assert row["model"] == MODEL
    assert (row["scores"], row["is_learnt"], row["is_kept"]) == ("churn_risk", True, False)
    assert row["learnt_until"] == UNTIL - WEEK
    assert row["judged_on"] == row["learnt_until"] - timedelta(days=row["horizon_days"])
    assert verdict(first).passed
    assert {"model_card", "backtest", "calibration_plot", "beats_baseline"} <= set(first.metadata)
    assert first.metadata["model_card"]["code_version"] == LEARNER


def test_a_refresh_leaves_the_model_as_it_is(
    shop: tuple[ir.Table, ir.Table], first: Built, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(churn, "learn", None)

    assert trained(*shop, occasion(first), engine) == Stands()


def test_code_of_other_stages_publishes_the_same_model_with_its_card_again(
    shop: tuple[ir.Table, ir.Table], first: Built, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(churn, "learn", None)

    again = built(trained(*shop, occasion(first, unchanged=False), engine))

    assert rows(engine, again.table) == rows(engine, first.table)
    assert again.metadata["model_card"] == first.metadata["model_card"]
    assert verdict(again) == verdict(first)


@pytest.mark.parametrize(
    ("given", "predecessor"),
    [
        ({"learner": "another version"}, True),
        ({"forced": True}, True),
        ({"until": UNTIL - 2 * WEEK}, False),
        ({"learner": "this version/EUR"}, False),
    ],
    ids=[
        "the learner is another",
        "somebody asks for it",
        "as of an earlier day, which must not know a later model",
        "money is another, of which the model does not speak",
    ],
)
def test_it_learns_anew_where(
    given: dict[str, Any],
    predecessor: bool,
    shop: tuple[ir.Table, ir.Table],
    first: Built,
    learned: Learned,
    engine: DuckDBEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Learned | None] = []

    def learn(*_: Any, predecessor: Learned | None) -> Learned:
        asked.append(predecessor)
        return learned

    monkeypatch.setattr(churn, "learn", learn)
    built(trained(*shop, occasion(first, **given), engine))

    assert [each is not None for each in asked] == [predecessor]


def test_a_prior_is_no_model_to_stand_by(engine: DuckDBEngine, shop: tuple[ir.Table, ir.Table]) -> None:
    few = shop[0].filter(shop[0].profile_id < 10_000_019 * 20)
    prior = built(trained(few, shop[1], first_occasion(UNTIL, engine), engine))

    assert verdict(prior).metadata["verdict"].startswith("nothing could be learnt: No model: too few customers")
    assert isinstance(trained(few, shop[1], occasion(prior), engine), Built)


def test_a_kept_model_scores_as_it_was_learnt(
    shop: tuple[ir.Table, ir.Table], fresh: Learned, learned: Learned, engine: DuckDBEngine
) -> None:
    then, now = (engine.to_pandas(churn_scores(each, *shop, UNTIL, engine).table) for each in (fresh, learned))

    then, now = then.sort_values("profile_id"), now.sort_values("profile_id")
    assert then["churn_risk"].tolist() == pytest.approx(now["churn_risk"].tolist(), abs=1e-4)
    assert then["learnt_spend"].tolist() == pytest.approx(now["learnt_spend"].tolist(), abs=0.01, nan_ok=True)
    assert document_of(learned) == json.loads(json.dumps(document_of(fresh)))


def test_a_figure_that_were_another_moves_the_score_as_if_all_trees_were_walked_again(
    shop: tuple[ir.Table, ir.Table], learned: Learned, engine: DuckDBEngine
) -> None:
    people = learned.described(engine.to_pandas(features_at(*shop, UNTIL)))
    learner, some = learned.published.score, np.arange(len(people)) % 3 == 0
    assert isinstance(learner, Learner)
    walked = learner.walk(Read.of(people))

    for other in ({"visits": 3.0, "visits_30d": 0.0}, {"age_days": 40.0}, {"refunds": 0.0, "refunded": 0.0}):
        moved = learner.with_other(walked, some, other)
        assert moved == pytest.approx(learner(people[some].assign(**other)))
    assert walked.score == pytest.approx(learner(people))


@pytest.mark.parametrize("name", ["recency", "frequency", "minus expected purchases", "1 - P(alive)",
                                  "gradient boosting"])  # fmt: skip
def test_every_baseline_can_be_kept(name: str, learned: Learned, engine: DuckDBEngine) -> None:
    import pandas as pd

    assert learned.purchases is not None
    frame = pd.DataFrame(
        {"recency_days": [1.0, 50, 90], "visits": [9.0, 2, 1], "spend": [90.0, 20, 5], "age_days": [99.0, 99, 90],
         "churned": [0, 1, 1]}
    )  # fmt: skip
    score = churn_baselines.baselines(learned.purchases, 90, frame)[f"baseline: {name}"]
    published = Calibrated(f"baseline: {name}", score, 1.0, 0.0)

    plain = json.loads(json.dumps(document_of(Learned(published, UNTIL, 90, {}))))

    assert learned_of(plain).published.score(frame).tolist() == pytest.approx(score(frame).tolist())


def test_a_model_of_other_features_or_a_damaged_one_is_not_scored_by(learned: Learned) -> None:
    document = document_of(learned)

    with pytest.raises(UnreadableModelError, match="other features"):
        learned_of({**document, "features": ["visits"]})
    with pytest.raises(UnreadableModelError, match="cannot be read"):
        learned_of({**document, "scores": [{"kind": "pickle"}]})


def test_nothing_of_a_customer_is_kept(first: Built, engine: DuckDBEngine, learned: Learned) -> None:
    text = json.dumps(approved(first.table, engine))

    assert not [person for person in range(PEOPLE) if str(10_000_019 * (person + 1)) in text]
    assert learned.judged is None
    # What there is of those it was judged on are shares of tenths, and their edges.
    assert all(len(bins.shares) <= 11 for bins in learned.then.values())


def test_a_worse_challenger_does_not_replace_its_predecessor(
    shop: tuple[ir.Table, ir.Table], first: Built, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(churn_model, "learn", lambda labelled: guessing())
    monkeypatch.setattr(churn_baselines, "baselines", lambda *_: {"baseline: recency": churn_baselines.Frequency()})

    model = built(trained(*seen(shop, UNTIL), occasion(first, forced=True), engine))
    [row] = engine.to_arrow(model.table.drop("document")).to_pylist()

    assert (row["is_kept"], row["learnt_until"]) == (True, UNTIL - WEEK)
    assert not verdict(model).passed
    assert "the predecessor of" in verdict(model).metadata["verdict"]
    assert model.metadata["contests"]["who returns"]["until"] == UNTIL.isoformat()
    assert model.metadata["model_card"]["standing"].startswith("the predecessor")
    before, after = (approved(each.table, engine) for each in (first, model))
    assert before["scores"] == after["scores"]
    as_of = datetime.combine(UNTIL + timedelta(days=90), datetime.min.time(), UTC)
    recent = {each.name: each for each in churn_risk(model.table, *shop, as_of, engine).judged}[IS_RECENT.name]
    assert not recent.passed


def test_whoever_was_erased_is_not_in_what_is_learnt_next(
    shop: tuple[ir.Table, ir.Table], first: Built, engine: DuckDBEngine
) -> None:
    bought, did = seen(shop, UNTIL)
    without = bought.filter(bought.profile_id != 10_000_019)

    after = approved(built(trained(without, did, occasion(first, forced=True), engine)).table, engine)
    never_there = document_of(churn.learn(without, did, UNTIL, engine))

    contest = after.pop("contest")
    assert never_there.pop("contest") == {**contest, "predecessor": None, "predecessor_until": None}
    predecessor = contest["predecessor"]
    assert after == json.loads(json.dumps(never_there))
    assert 0.5 < predecessor < after["report"]["auc"] + 0.02


def _since(scored: Built, schema: TableSchema, as_of: datetime, moved: dict[str, list[int]]) -> Since:
    """What has changed since the scores were made: rows of ``moved`` profiles, by table."""
    previous = {schema.name: scored.table.select(*schema.column_names).cast(schema.ibis_schema)}

    def changed(_stage: str, name: str) -> ir.Table:
        return ibis.memtable({"profile_id": moved.get(name, [])}, schema={"profile_id": "int64"})

    return Since(previous, json.loads(json.dumps(scored.memory)), as_of, changed)


@pytest.mark.parametrize("bought", [False, True])
def test_as_long_as_nobody_bought_only_who_did_something_else_is_scored_and_valued(
    first: Built, shop: tuple[ir.Table, ir.Table], engine: DuckDBEngine, bought: bool
) -> None:
    orders = engine.scratch(shop[0].filter(shop[0].day <= UNTIL))
    people = sorted(engine.to_arrow(orders.select("profile_id").distinct())["profile_id"].to_pylist())
    # Of those seen lately already: what is usual stays as it is.
    someone, other = people[327], people[50]
    did = [(person, 300 + place % 110, "product_viewed", 1 + place % 5) for place, person in enumerate(people[::3])]
    quiet = activity(engine, did)
    seen = activity(engine, [*did, (someone, 415, "product_viewed", 9)])
    morning = datetime.combine(UNTIL, datetime.min.time(), UTC) + timedelta(hours=9)
    noon = morning + timedelta(hours=3)
    moved = {"activity": [someone], **({"purchases": [other]} if bought else {})}

    before = built(churn_risk(first.table, orders, quiet, morning, engine))
    since = _since(before, CHURN_RISK, morning, moved)
    risk = built(churn_risk(first.table, orders, seen, noon, engine, since))
    whole = built(churn_risk(first.table, orders, seen, noon, engine))
    assert (risk.patch is None) is bought
    assert rows(engine, risk.table.order_by("profile_id")) == rows(engine, whole.table.order_by("profile_id"))
    assert (risk.memory, risk.judged) == (whole.memory, whole.judged)

    values = valuing(orders, UNTIL, engine).table
    worth = built(lifetime_value(values, orders, before.table, morning, engine))
    since = _since(worth, LIFETIME_VALUE, morning, {"churn_risk": [someone], **moved})
    value = built(lifetime_value(values, orders, whole.table, noon, engine, since))
    everybodys = built(lifetime_value(values, orders, whole.table, noon, engine))
    assert (value.patch is None) is bought
    columns = LIFETIME_VALUE.column_names
    assert rows(engine, value.table.order_by("profile_id"), *columns) == rows(engine, everybodys.table, *columns)
