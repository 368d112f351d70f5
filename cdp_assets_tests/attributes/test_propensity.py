"""Purchase propensity: learnt for customers, counted for people who never bought, judged against baselines."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest

from cdp_assets.attributes.churn_model import MODEL
from cdp_assets.attributes.first_purchases import (
    GROUPS,
    PRIOR_SHARE,
    learn_first_purchases,
    never_bought,
    shares_of,
)
from cdp_assets.attributes.model_schemas import PURCHASE_MODEL
from cdp_assets.attributes.model_training import Occasion
from cdp_assets.attributes.propensity import purchase_model, purchase_propensity
from cdp_assets.attributes.signal_checks import PURCHASE_PROPENSITY as CHECKS
from cdp_assets.attributes.signal_schemas import PURCHASE_PROPENSITY
from cdp_assets.profiles.schemas import GOLDEN_RECORDS
from cdp_assets.warehouse.built import Built
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import activity, day, filled, noon, purchases, rows, spark_sql

DAYS = 240
PEOPLE = 1200


def golden(engine: DuckDBEngine, profiles: range, anonymous: int = 0, *, seen_on: int = 0) -> ir.Table:
    return filled(
        engine,
        GOLDEN_RECORDS,
        *(
            {"profile_id": profile, "anonymous": profile == anonymous, "records": 1, "sources": "shop",
             "first_seen_at": noon(seen_on)}
            for profile in profiles
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def scored(engine: DuckDBEngine) -> tuple[Built, Built, pd.DataFrame]:
    """A shop whose visitors start a checkout a day or two before most purchases; half its people never buy."""
    rng = np.random.default_rng(5)
    bought: list[tuple[int, int, str | None]] = []
    did: list[tuple[int, int, str, int]] = []
    for profile in range(1, PEOPLE + 1):
        rate = rng.gamma(1.0, 0.02) if profile % 2 else rng.gamma(1.0, 0.002)
        for bought_on in np.flatnonzero(rng.random(DAYS) < rate):
            before = int(bought_on) - int(rng.integers(1, 20))
            if before >= 0 and rng.random() < 0.8:
                did.append((profile, before, "checkout_started", 1))
            if bought_on < DAYS:
                bought.append((profile, int(bought_on), "20"))
        did += [(profile, int(on), "page_viewed", 1) for on in np.flatnonzero(rng.random(DAYS) < 0.02)]
    did = list({row[:3]: row for row in did}.values())
    until = DAYS - 31
    facts = (
        purchases(engine, [row for row in bought if row[1] <= until]),
        activity(engine, [row for row in did if row[1] <= until]),
        golden(engine, range(1, PEOPLE + 2), anonymous=PEOPLE + 1),
    )
    model = purchase_model(*facts, Occasion(filled(engine, PURCHASE_MODEL), False, day(until), "v", False), engine)
    assert isinstance(model, Built)
    built = purchase_propensity(model.table, *facts, noon(until), engine)
    table = engine.to_pandas(built.table)
    came = {profile for profile, on, _ in bought if until < on <= until + 30}
    return model, built, table.assign(bought=table["profile_id"].isin(came).astype(float))


def test_every_known_person_has_one_probability(scored: tuple[Built, Built, pd.DataFrame]) -> None:
    _, built, table = scored

    assert tuple(built.table.columns) == PURCHASE_PROPENSITY.column_names
    assert sorted(table["profile_id"]) == list(range(1, PEOPLE + 1))
    assert table["purchase_propensity_30d"].between(0, 1).all()


def test_people_whom_a_source_saw_first_after_the_run_have_one_too(engine: DuckDBEngine) -> None:
    people = golden(engine, range(1, 4), anonymous=3, seen_on=90)
    facts = (purchases(engine, [(1, 80, "5")]), activity(engine), people)
    model = purchase_model(*facts, Occasion(filled(engine, PURCHASE_MODEL), False, day(80), "v", False), engine)
    assert isinstance(model, Built)

    built = purchase_propensity(model.table, *facts, noon(80), engine)

    assert isinstance(built, Built)
    assert rows(engine, built.table.select("profile_id")) == [(1,), (2,)]
    (everybody,) = [check for check in CHECKS if check.name == "every_known_person_has_one"]
    (missing, _) = everybody.expectations
    assert missing.rows is not None
    assert rows(engine, missing.rows(built.table, {"golden_records": people})) == []


def test_shares_are_counted_of_people_who_had_been_seen_by_the_day(engine: DuckDBEngine) -> None:
    people = golden(engine, range(1, 5), seen_on=90)

    learned = learn_first_purchases(people, purchases(engine, []), activity(engine), day(100), engine)

    assert learned.report["people"] == 0


def test_it_foretells_who_buys_and_how_many(scored: tuple[Built, Built, pd.DataFrame]) -> None:
    model, _, table = scored
    customers = table[table["model"] == MODEL]

    assert model.metadata["beats_baseline"]
    assert model.metadata["backtest"]["auc"] > 0.7
    assert model.metadata["backtest"]["top_decile_lift"] > 1.5
    assert customers["purchase_propensity_30d"].mean() == pytest.approx(customers["bought"].mean(), abs=0.06)
    assert customers["propensity_reasons"].str.startswith(("more likely: ", "less likely: ", "like most")).all()


def test_people_who_never_bought_are_told_apart_by_their_intent(scored: tuple[Built, Built, pd.DataFrame]) -> None:
    model, _, table = scored
    leads = table[table["model"] == "first purchase by intent"].groupby("propensity_reasons")
    expected = leads["purchase_propensity_30d"].mean()

    assert expected[GROUPS["high intent"]] > 3 * expected[GROUPS["quiet"]]
    judged = model.metadata["first_purchases"]
    assert judged["brier"] <= judged["baselines"]["the same for everybody"]["brier"]


def test_groups_are_made_of_what_was_known_on_the_day(engine: DuckDBEngine) -> None:
    people = golden(engine, range(1, 6)).select("profile_id", "first_seen_at")
    did = activity(
        engine,
        [(1, 60, "checkout_started", 1), (2, 40, "email_opened", 1), (3, 60, "email_sent", 1), (4, 70, "searched", 1)],
    )

    found = never_bought(people, purchases(engine, [(3, 75, "5"), (5, 2, "5")]), did, day(60), 30)

    assert rows(engine, found) == [(1, "high intent", 0), (2, "active", 0), (3, "quiet", 1), (4, "quiet", 0)]
    assert spark_sql(found)


def test_with_nothing_seen_everybody_has_the_stated_prior() -> None:
    nothing = pd.DataFrame({"behaviour": pd.Series(dtype=str), "people": [], "bought": []})

    assert shares_of([nothing]) == pytest.approx(dict.fromkeys(GROUPS, PRIOR_SHARE))


def test_few_who_behaved_alike_are_drawn_towards_everyone() -> None:
    counted = pd.DataFrame({"behaviour": ["high intent", "quiet"], "people": [2, 10_000], "bought": [2, 0]})

    shares = shares_of([counted])

    assert 0.02 < shares["high intent"] < 0.1
    assert shares["quiet"] < 0.001
