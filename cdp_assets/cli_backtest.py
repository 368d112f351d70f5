"""`cdp attributes`: the stage's models judged on any file of transactions, and its traits by their own small tests.

Belongs here: arguments, and the figures as data. Does not belong here: reading and judging (`attributes/backtest/`),
and layout (`presentation/`).
"""

from __future__ import annotations

import time as clock
from datetime import datetime
from pathlib import Path

import click

from cdp_assets.cli import as_json, console_of, print_json
from cdp_assets.settings import Settings


@click.group()
def attributes() -> None:
    """What is computed about people: how good it is."""


@attributes.command()
@click.argument("orders", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--customer", required=True, help="The column that says whose it is.")
@click.option("--time", required=True, help="The column with the time of the transaction.")
@click.option("--amount", required=True, help="The column with its money, or an expression: 'Quantity * UnitPrice'.")
@click.option("--cut", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last day that the models may see.")
@click.option("--horizon", required=True, type=int, help="Days after it that they are judged by.")
@as_json
def backtest(
    orders: Path, customer: str, time: str, amount: str, cut: datetime, horizon: int, told_as_json: bool
) -> None:
    """Say how well churn, lifetime value and purchases are foretold on your own transactions.

    ORDERS is a CSV file with a header (also .gz), or Parquet; a row is a transaction or one line of it. Negative
    amounts are refunds. The models learn from everything up to the cut, as in the pipeline, and are judged by the days
    after it, beside simple baselines. Nothing is kept.
    """
    from cdp_assets.attributes.backtest.judge import judge
    from cdp_assets.attributes.backtest.transactions import TransactionsError, read_transactions
    from cdp_assets.presentation.progress import waiting
    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

    started = clock.perf_counter()
    console = console_of(stderr=True)
    try:
        engine = DuckDBEngine.in_memory(Settings.from_env().duckdb_config)
        with waiting(console, "Judging"):
            found = read_transactions(orders, customer, time, amount, engine)
            judged = judge(found, cut.date(), horizon, engine)
    except TransactionsError as error:
        raise click.ClickException(str(error)) from error
    seconds = clock.perf_counter() - started
    if told_as_json:
        for note in judged.notes:
            console.print(note)
        print_json({**judged.figures, "seconds": round(seconds, 2)})
    else:
        from cdp_assets.presentation.backtest_text import backtest_text

        console_of().print(backtest_text(judged, cut.date(), horizon, seconds))


@attributes.command("test")
@as_json
def test_traits(told_as_json: bool) -> None:
    """Run the small tests that the definitions of traits carry: `cdp test traits`."""
    from cdp_assets.cli_test import tell

    tell(("traits",), told_as_json=told_as_json)
