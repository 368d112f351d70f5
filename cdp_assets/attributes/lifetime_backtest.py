"""Judging lifetime value by what customers did after a day in the past.

Belongs here: fitting on what was known at the cut, comparing with the days since, and with named baselines. Does not
belong here: the models, and the scores that are published (`lifetime_value.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes import metrics, newcomers, plain_value
from cdp_assets.attributes.challenge import ABSOLUTE_ERROR, Approved, Contest, contest
from cdp_assets.attributes.newcomers import customary_days
from cdp_assets.attributes.plain_value import NAIVE, PlainValue
from cdp_assets.attributes.purchase_models import SMOOTHED_SHARES, DropoutModel, Floats, SmoothedRate
from cdp_assets.attributes.purchases import gap_histogram, observed_days, purchase_statistics

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

SAMPLE = 100_000
"""Most customers that a back-test looks at."""

MINIMUM_CUSTOMERS = 50

WORTH_IT = 0.001
"""What newcomers with figures of their own have to add to Spearman's correlation and the top tenth's share of spend."""

_PICTURES = ("tracking", "buckets")
_LEVEL = "level"
_LONG = "customary"


@dataclass(frozen=True)
class ValueBacktest:
    """What a back-test found.

    Args:
        metrics: Measures, JSON-able.
        tracking: Per week: `day` (since the first purchase), `actual` and `predicted` cumulative repeat visits, and
            whether it is `held_out`.
        buckets: Per number of earlier repeat visits: `frequency`, mean `actual` and `predicted` visits, `customers`.
        learnt: What was judged; None where it was read again.
        contest: How that did beside going on as before, and beside a predecessor; likewise.
    """

    metrics: dict[str, Any]
    tracking: pd.DataFrame
    buckets: pd.DataFrame
    learnt: PlainValue | None = field(default=None, repr=False)
    contest: Contest | None = None

    @property
    def newcomer_level(self) -> float:
        """How many visits newcomers made for each that was expected of them."""
        return float(self.metrics["newcomers"][_LEVEL])

    def days_of_newcomers(self, customary: int) -> int:
        """Days for which customers are new, of those that are customary, by what ranked spend best."""
        return customary if self.metrics["newcomers"][_LONG] else newcomers.LEAST_DAYS

    @property
    def smoothed_share(self) -> float:
        """Weight of the smoothed rate that ranked spend best."""
        return float(self.metrics["smoothed_share"])

    def to_plain(self) -> dict[str, Any]:
        """As values that JSON knows, without what was judged."""
        pictures = {}
        for name in _PICTURES:
            finite = getattr(self, name).round(6).replace([np.inf, -np.inf], np.nan).astype(object)
            pictures[name] = finite.where(finite.notna(), None).to_dict("list")
        return {"metrics": self.metrics, **pictures}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> ValueBacktest:
        """Read what `to_plain` wrote."""
        import pandas as pd

        tracking, buckets = (pd.DataFrame(plain[name]) for name in _PICTURES)
        return cls(plain["metrics"], tracking, buckets)


def choose_horizon(history_days: int) -> int | None:
    """Days to hold out: 90 if that leaves two thirds of the history, else a third of it; None below two weeks."""
    horizon = min(90, history_days // 3)
    return horizon if horizon >= 14 else None


def backtest(
    purchases: ir.Table,
    until: date,
    engine: Engine,
    horizon_days: int | None = None,
    predecessor: Approved[PlainValue] | None = None,
) -> ValueBacktest | None:
    """Fit on the purchases up to ``horizon_days`` before ``until``, and compare with what followed.

    Args:
        purchases: The table of `purchases.purchase_days`.
        until: Last day that may be seen.
        engine: Computes.
        horizon_days: Days to hold out; chosen from the history if not given.
        predecessor: What has been published so far.

    Returns:
        None if the history is too short or has too few customers to say anything.
    """
    observed = engine.to_pandas(observed_days(purchases, until)).iloc[0]
    if observed["customers"] == 0:
        return None
    first_day = _as_date(observed["first_day"])
    horizon = horizon_days or choose_horizon((until - first_day).days)
    if horizon is None:
        return None
    cut = until - timedelta(days=horizon)
    known = engine.scratch(_sampled(purchases, int(observed["customers"])))
    customers = engine.to_pandas(_held_out(known, cut, until))
    if len(customers) < MINIMUM_CUSTOMERS:
        return None
    days_of_newcomers = customary_days(engine.to_pandas(gap_histogram(known, cut)))
    learnt = ranking_best(plain_value.fit(customers, newcomer_days=days_of_newcomers), customers, horizon)
    scored = learnt.scored(customers, (horizon,))
    visits = scored[f"expected_{horizon}d"].to_numpy(float)
    actual, new = customers["actual_visits"].to_numpy(float), learnt.newcomers(customers)
    bounds = learnt.interval(customers, visits)
    within = float(((actual >= bounds[:, 0]) & (actual <= bounds[:, 1])).mean())
    found = {
        "cut": cut.isoformat(),
        "horizon_days": horizon,
        "customers": len(customers),
        "newcomers": {
            "days": learnt.newcomer_days,
            _LONG: learnt.newcomer_days == days_of_newcomers,
            "customers": int(new.sum()),
            "actual": metrics.rounded(actual[new].sum()),
            "predicted": metrics.rounded(visits[new].sum()),
            _LEVEL: newcomers.level(float(actual[new].sum()), float(visits[new].sum())),
        },
        "model": learnt.name,
        "smoothed_share": learnt.smoothed_share,
        "parameters": {**learnt.purchases.model.parameters, **learnt.worth.parameters},
        **_compared(customers, learnt, visits, horizon),
    }
    found["purchases"]["interval_coverage"] = metrics.rounded(within)
    tracking = _tracking(known, cut, until, first_day, learnt.purchases.model, engine)
    value = found["value"]
    contenders = (value["mae"], {NAIVE.name: value["baselines"][NAIVE.name]["mae"]})

    def error(model: PlainValue) -> float | None:
        return metrics.mean_absolute_error(model.spend(customers, horizon), customers["actual_value"].to_numpy(float))

    held = contest(ABSOLUTE_ERROR, cut, until, len(customers), contenders, predecessor, error)
    return ValueBacktest(found, tracking, _buckets(scored, visits), learnt, held)


def ranking_best(learnt: PlainValue, customers: pd.DataFrame, horizon: int) -> PlainValue:
    """The models with the weight of the smoothed rate, and the days of newcomers, that ranked spend best; newcomers are
    new no longer than must be only if that is `WORTH_IT`.
    """
    spent = customers["actual_value"].to_numpy(float)

    def ranked(model: PlainValue) -> float:
        spend = model.spend(customers, horizon)
        return (metrics.spearman(spend, spent) or 0.0) + (metrics.top_decile_capture(spend, spent) or 0.0)

    best = max((replace(learnt, smoothed_share=share) for share in SMOOTHED_SHARES), key=ranked)
    briefly = replace(best, newcomer_days=min(best.newcomer_days, newcomers.LEAST_DAYS))
    return briefly if ranked(briefly) > ranked(best) + WORTH_IT else best


def _as_date(value: Any) -> date:
    import pandas as pd

    return pd.Timestamp(value).date()


def _sampled(purchases: ir.Table, customers: int) -> ir.Table:
    """Profile ids are hashes: those divisible by a number are a fair and repeatable sample."""
    return purchases.filter(purchases.profile_id % max(1, -(-customers // SAMPLE)) == 0)


def _held_out(purchases: ir.Table, cut: date, until: date) -> ir.Table:
    """The statistics of each customer at the cut, with the visits and net spend that followed."""
    statistics = purchase_statistics(purchases, cut)
    later = purchases.filter(purchases.day > cut, purchases.day <= until)
    later = later.group_by("profile_id").aggregate(
        actual_visits=(later.purchases > 0).cast("int64").sum(),
        actual_value=(later.net - later.refunded).sum().cast("float64"),
    )
    joined = statistics.left_join(later, "profile_id")
    return joined.select(
        *statistics.columns,
        actual_visits=later.actual_visits.fill_null(0),
        actual_value=later.actual_value.fill_null(0),
    ).order_by("profile_id")


def _compared(customers: pd.DataFrame, learnt: PlainValue, visits: Floats, horizon: int) -> dict[str, Any]:
    value, going_on = visits * learnt.values(customers), learnt.going_on.spend(customers, horizon)
    actual_visits = customers["actual_visits"].to_numpy(float)
    actual_value = customers["actual_value"].to_numpy(float)
    mean_value = customers["mean_value"].fillna(0).to_numpy(float)
    past_spend = mean_value * (customers["frequency"].to_numpy(float) + 1)
    naive_visits = NAIVE.expected(horizon, customers)
    return {
        "purchases": {
            "actual": metrics.rounded(actual_visits.sum()),
            "predicted": metrics.rounded(visits.sum()),
            "total_error": metrics.total_error(visits, actual_visits),
            "correlation": metrics.correlation(visits, actual_visits),
            "rmse": metrics.root_mean_square_error(visits, actual_visits),
            "baselines": {NAIVE.name: {"rmse": metrics.root_mean_square_error(naive_visits, actual_visits)}},
        },
        "value": {
            "actual": metrics.rounded(actual_value.sum()),
            "predicted": metrics.rounded(value.sum()),
            **value_metrics(value, actual_value),
            "baselines": {
                NAIVE.name: value_metrics(going_on, actual_value),
                "baseline: past spend": {
                    "spearman": metrics.spearman(past_spend, actual_value),
                    "top_decile_capture": metrics.top_decile_capture(past_spend, actual_value),
                },
            },
        },
    }


def value_metrics(predicted: Floats, actual: Floats) -> dict[str, Any]:
    """How near predicted money is to what was really spent."""
    return {
        "total_error": metrics.total_error(predicted, actual),
        "spearman": metrics.spearman(predicted, actual),
        "top_decile_capture": metrics.top_decile_capture(predicted, actual),
        "mae": metrics.mean_absolute_error(predicted, actual),
    }


def _tracking(
    purchases: ir.Table, cut: date, until: date, first_day: date, model: DropoutModel | SmoothedRate, engine: Engine
) -> pd.DataFrame:
    """Cumulative repeat visits, week by week, of those who were customers at the cut: actual and predicted."""
    import pandas as pd

    cohort = purchase_statistics(purchases, cut)
    births = engine.to_pandas(cohort.group_by("age_days").aggregate(customers=cohort.count()).order_by("age_days"))
    repeats = purchases.filter(purchases.days_since_previous.notnull(), purchases.day <= until)
    repeats = repeats.semi_join(cohort, "profile_id")
    per_day = engine.to_pandas(repeats.group_by("day").aggregate(visits=repeats.count()).order_by("day"))
    actual_day = (pd.to_datetime(per_day["day"]) - pd.Timestamp(first_day)).dt.days.to_numpy(float)
    weeks = np.arange(7, (until - first_day).days + 7, 7, dtype=float)
    born = (cut - first_day).days - births["age_days"].to_numpy(float)
    ages = np.maximum(weeks[:, None] - born[None, :], 0.0)
    predicted = model.expected_since_first(ages) @ births["customers"].to_numpy(float)
    cumulative = np.concatenate([[0.0], np.cumsum(per_day["visits"].to_numpy(float))])
    return pd.DataFrame(
        {
            "day": weeks,
            "actual": cumulative[np.searchsorted(actual_day, weeks, side="right")],
            "predicted": predicted,
            "held_out": weeks > (cut - first_day).days,
        }
    )


def _buckets(customers: pd.DataFrame, visits: Floats, most: int = 7) -> pd.DataFrame:
    grouped = customers.assign(bucket=customers["frequency"].clip(upper=most), predicted=visits).groupby("bucket")
    table = grouped.agg(
        actual=("actual_visits", "mean"), predicted=("predicted", "mean"), customers=("profile_id", "size")
    )
    return table.reset_index(names="frequency")


def draw(found: ValueBacktest) -> Any:
    """The tracking plot and the mean visits by earlier frequency, side by side; a matplotlib figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4))
    left, right = figure.subplots(1, 2)
    left.plot(found.tracking["day"] / 7, found.tracking["actual"], color="black", label="actual")
    left.plot(found.tracking["day"] / 7, found.tracking["predicted"], "--", color="tab:blue", label="predicted")
    held_out = found.tracking.loc[found.tracking["held_out"], "day"]
    if len(held_out):
        left.axvline(float(held_out.iloc[0] - 7) / 7, color="grey", linewidth=1)
    left.set_xlabel("Week (the line marks the cut)")
    left.set_ylabel("Cumulative repeat visits")
    left.legend()
    frequency = found.buckets["frequency"].to_numpy(float)
    right.bar(frequency - 0.2, found.buckets["actual"], width=0.4, color="black", label="actual")
    right.bar(frequency + 0.2, found.buckets["predicted"], width=0.4, color="tab:blue", label="predicted")
    right.set_xlabel("Repeat visits before the cut (7 = 7 or more)")
    right.set_ylabel(f"Mean visits in the {found.metrics['horizon_days']} days after")
    right.legend()
    figure.suptitle(f"Back-test of {found.metrics['model']}, cut {found.metrics['cut']}")
    return figure
