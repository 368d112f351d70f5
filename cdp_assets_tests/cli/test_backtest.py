"""`cdp attributes backtest`: the documented figures of real transactions, and clear words for what cannot be judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cdp_assets.cli_backtest import attributes, backtest
from cdp_assets_tests.attributes import datasets

MONEY = {"spearman", "top_decile_capture", "mae", "total_error"}


def said(orders: Path, cut: str, horizon: int, *more: str) -> Result:
    options = ["--customer", "who", "--time", "at", "--amount", "paid", "--cut", cut, "--horizon", str(horizon)]
    return CliRunner(env={"COLUMNS": "120"}).invoke(backtest, [str(orders), *options, *more])


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("cdnow") / "cdnow.csv"
    lines = datasets.cdnow_lines().rename(columns={"profile_id": "who", "ordered_at": "at", "net_reporting": "paid"})
    lines.to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def judged(cdnow: Path) -> dict[str, Any]:
    told = said(cdnow, "1997-09-30", 273, "--json")
    assert told.exit_code == 0, told.output
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def test_the_figures_have_the_documented_keys(judged: dict[str, Any]) -> None:
    assert set(judged) == {
        "churn", "value", "purchases", "parameters", "fallbacks", "customers", "seconds",
    }  # fmt: skip
    assert set(judged["churn"]) == {"auc", "pr_auc", "brier", "ece", "baselines"}
    assert set(judged["value"]) == {*MONEY, "baselines"}
    assert all(set(figures) == MONEY for figures in judged["value"]["baselines"].values())
    assert set(judged["purchases"]) == {"actual", "predicted", "correlation", "rmse"}


def test_cdnow_gives_the_published_parameters_and_at_least_the_published_fit(judged: dict[str, Any]) -> None:
    published = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259, "p": 6.25, "q": 3.74, "v": 15.45}

    assert judged["customers"] == 2357
    assert judged["parameters"] == pytest.approx(published, rel=0.005)
    assert judged["purchases"]["actual"] == 1882
    assert judged["purchases"]["correlation"] >= 0.626
    assert judged["purchases"]["rmse"] <= 1.608


def test_no_baseline_is_better(judged: dict[str, Any]) -> None:
    assert judged["churn"]["auc"] >= max(judged["churn"]["baselines"].values())
    for name in ("spearman", "top_decile_capture"):
        assert judged["value"][name] > max(figures[name] for figures in judged["value"]["baselines"].values())


def test_people_are_told_the_same_in_tables(cdnow: Path, judged: dict[str, Any]) -> None:
    told = said(cdnow, "1997-09-30", 273)

    assert "2,357 customers as of 1997-09-30, judged by the 273 days after" in told.stdout
    assert f"{judged['churn']['auc']:.4f}" in told.stdout
    assert "the history before the cut is too short for 273 days" in " ".join(told.stdout.split())


@pytest.mark.parametrize(
    ("rows", "customers"),
    [
        ([("a", 1, 5), ("a", 40, 5), ("a", 80, 5)], 1),
        ([(f"c{n}", 1 + n % 58, 5) for n in range(200)] + [("c1", 80, 5)], 200),
        ([(f"c{n}", 1, 0) for n in range(200)] + [("c1", 80, 0)], 200),
    ],
    ids=["a single customer", "nobody comes back before the cut", "a history of one day, without money"],
)  # fmt: skip
def test_too_little_to_learn_from_is_answered_with_a_named_fallback(
    tmp_path: Path, rows: list[tuple[str, int, int]], customers: int
) -> None:
    told = said(_file(tmp_path, rows), "2026-03-01", 30, "--json")

    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["customers"] == customers
    assert any(each.startswith("churn by prior") for each in found["fallbacks"])
    assert "NaN" not in told.stdout


@pytest.mark.parametrize(
    ("cut", "horizon", "because"),
    [
        ("2025-01-01", 30, "nothing was bought up to 2025-01-01: the file begins on 2026-01-02"),
        ("2026-12-01", 30, "there is nothing to judge by: the file ends on 2026-03-22"),
        ("2026-02-01", 0, "a horizon of 0 days judges nothing"),
        ("2026-02-01", 10**9, "a horizon of 1000000000 days judges nothing"),
    ],
)
def test_what_cannot_be_judged_is_refused(tmp_path: Path, cut: str, horizon: int, because: str) -> None:
    told = said(_file(tmp_path, [("a", 1, 5), ("a", 80, 5)]), cut, horizon)

    assert told.exit_code == 1
    assert because in " ".join(told.stderr.split())


def test_a_file_that_ends_before_the_horizon_says_so(tmp_path: Path) -> None:
    told = said(_file(tmp_path, [("a", 1, 5), ("a", 80, 5)]), "2026-03-01", 300, "--json")

    assert "whoever buys in between counts as churned" in " ".join(told.stderr.split())


def _file(folder: Path, rows: list[tuple[str, int, int]]) -> Path:
    """Rows of (customer, day of 2026 from 0, amount)."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["who", "day", "paid"])
    frame["at"] = (pd.Timestamp("2026-01-01") + pd.to_timedelta(frame.pop("day"), "D")).dt.date
    file = folder / "orders.csv"
    frame.to_csv(file, index=False)
    return file


def test_the_tests_of_traits_are_run(tmp_path: Path) -> None:
    passed = CliRunner().invoke(attributes, ["test"])
    folder = tmp_path / "defs"
    (folder / "one").mkdir(parents=True)
    (folder / "one" / "defs.yaml").write_text(
        "type: cdp_assets.attributes.component.Trait\n"
        "attributes:\n  name: visits\n  description: Visits\n  table: events\n  aggregate: count\n"
        "  tests:\n    - {as_of: '2026-01-01T00:00:00Z', rows: {events: []}, expect: 3}\n"
    )
    failed = CliRunner(env={"CDP_DEFS": str(folder)}).invoke(attributes, ["test"])

    assert "traits passed" in passed.stdout
    assert failed.exit_code == 1
    assert "visits: None instead of 3" in failed.output
