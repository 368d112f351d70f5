"""Files of transactions in whatever columns and spelling: read, or refused in a sentence."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

from cdp_assets.attributes.backtest import values
from cdp_assets.attributes.backtest.transactions import Transactions, TransactionsError, read_transactions
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

LINES = "who,at,paid\na,2026-01-31,10.00\na,2026-02-28,5.50\nb,2026-03-01,7\n"


def written(folder: Path, text: str | bytes, name: str = "orders.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def read(engine: DuckDBEngine, file: Path, time: str = "at", amount: str = "paid") -> Transactions:
    return read_transactions(file, "who", time, amount, engine)


def days(engine: DuckDBEngine, found: Transactions) -> list[tuple[Any, ...]]:
    """(profile, day, purchases, net, refunded) of every row."""
    table = found.purchases.order_by(["profile_id", "day"])
    return [
        (row["profile_id"], row["day"].isoformat(), row["purchases"], float(row["net"]), float(row["refunded"]))
        for row in engine.to_arrow(table).to_pylist()
    ]


PLAIN = [(0, "2026-01-31", 1, 10.0, 0.0), (0, "2026-02-28", 1, 5.5, 0.0), (1, "2026-03-01", 1, 7.0, 0.0)]


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        LINES.encode("utf-8-sig"),
        LINES.encode("utf-16"),
        LINES.replace(",", "\t"),
        "who,at,paid\na,01/31/2026 8:26,10.00\na,02/28/2026 8:26,5.50\nb,03/01/2026 8:26,7\n",
        "who;at;paid\na;31.01.2026;10,00 €\na;28.02.2026;5,50 €\nb;01.03.2026;7,00 €\n",
        'who,at,paid\na,31 Jan 2026,$10.00\na,28 Feb 2026,$5.50\nb,1 Mar 2026,"$7"\n',
        "who,at,paid\na,20260131,10.00\na,20260228,5.50\nb,20260301,7\n",
        "who,at,paid\na,2026-01-31T23:00:00Z,10.00\na,2026-02-28T23:30:00+00:00,5.50\nb,2026-03-01T01:00:00Z,7\n",
        "who,at,paid\na,1769846400,10.00\na,1772265600,5.50\nb,1772352000,7\n",
        "who,at,paid\na,1769846400000,10.00\na,1772265600000,5.50\nb,1772352000000,7\n",
    ],
)
def test_days_numbers_and_encodings_are_read_in_many_spellings(
    engine: DuckDBEngine, tmp_path: Path, text: str | bytes
) -> None:
    assert days(engine, read(engine, written(tmp_path, text))) == PLAIN


@pytest.mark.parametrize(
    "read_as",
    [
        {"Rs. 450": 450, "Rs.450": 450, "Rs. 80.00": 80, "Rs. 1,200.50": 1200.5, "-Rs. 5": -5, "Rs. 450/-": 450},
        {"Fr. 120": 120, "SFr.-12.50": -12.5, "Fr. 45.--": 45, "CHF 12.-": 12, "1’234.50": 1234.5},
        {"kr. 80": 80, "kr. 1.200,00": 1200, "450,50 kr.": 450.5, "100,-": 100, "12,--": 12, "99,50-": -99.5},
        {"\u221212.50": -12.5, "\u201312.50": -12.5, "$\uff0d3.00": -3, "\ufe633": -3, "12.50\u2212": -12.5},
        {"12.50": 12.5, "3.00": 3, "8.1": 8.1, "12,50": None, "1.234,50": None, "0,125": None, "1,234.50": 1234.5},
        {"12,50": 12.5, "3,00": 3, "8,1": 8.1, "12.50": None, "1,234.50": None, "0.125": None, "1.234,50": 1234.5},
        {"US-$ 5.00": 5, "5.00 US-Dollar": 5, "2 x 5.00": None, "($5.00)": -5, "(USD) 5.00": 5, "1.5E+02": 150},
    ],
)  # fmt: skip
def test_an_amount_is_what_is_written_or_nothing(engine: DuckDBEngine, read_as: dict[str, float | None]) -> None:
    rows = engine.scratch(ibis.memtable({"paid": list(read_as)}))
    found = engine.to_arrow(rows.select("paid", value=values.numbers(rows.paid, rows, engine))).to_pylist()

    assert {row["paid"]: row["value"] for row in found} == read_as


@pytest.mark.parametrize(
    ("read_as", "unknown"),
    [
        ({"2026-01-01 23:30:00 -0500": "2026-01-02", "2026-01-05 00:30:00 +0200": "2026-01-04"}, []),
        (
            {
                "2026-01-01T23:30:00-05:00": "2026-01-02",
                "2026-01-01 23:30:00 America/New_York": "2026-01-02",
                "2026-07-05 00:30:00 Europe/Berlin": "2026-07-04",
                "2026-01-05 18:30:00 EST": "2026-01-05",
                "2026-01-05 00:30 UTC+2": "2026-01-04",
                "2026-01-05 23:30:00 CST": "2026-01-05",
                "2026-01-05 23:30:00": "2026-01-05",
            },
            ["CST"],
        ),
        ({"2026-01-05 23:30:00 CST": "2026-01-06", "2026-07-05 23:30:00 CDT": "2026-07-06"}, []),
        ({"12/31/2025 11:59:00 PM EST": "2026-01-01", "1/14/2026 12:10 AM +0200": "2026-01-13"}, []),
        ({"12/31/2025 11:59 PM": "2025-12-31", "1/14/2026 12:10:00 AM": "2026-01-14"}, []),
        ({"26-01-05": "2026-01-05", "26-12-31": "2026-12-31", "25-02-28": "2025-02-28"}, []),
        ({"05.01.26": "2026-01-05", "31.12.26": "2026-12-31"}, []),
    ],
)
def test_days_are_those_of_utc_row_by_row_where_the_zone_is_known(
    engine: DuckDBEngine, read_as: dict[str, str | None], unknown: list[str]
) -> None:
    rows = engine.scratch(ibis.memtable({"at": list(read_as)}))

    day, zones = values.days(rows["at"], rows, engine)

    assert zones == unknown
    found = engine.to_arrow(rows.select("at", day=day.cast("string"))).to_pylist()
    assert {row["at"]: row["day"] for row in found} == read_as


@pytest.mark.parametrize(
    ("paid", "currency", "expected"),
    [
        (["€ 1", "$2", "USD 3", "€ 4"], ["EUR"] * 4, {"€": 2, "$": 1, "USD": 1}),
        (["1", "2", "3", "4"], ["eur", "GBP", "EUR", ""], {"EUR": 2, "GBP": 1}),
        # All of these may be the dollar of the USA; what is no sign of a currency is none.
        (["$1", "USD 2", "US$3", "4 net"], ["USD"] * 4, {}),
    ],
)
def test_several_currencies_are_told_of(
    engine: DuckDBEngine, tmp_path: Path, paid: list[str], currency: list[str], expected: dict[str, int]
) -> None:
    lines = [
        f"a,2026-01-3{place % 2},{each},{code}" for place, (each, code) in enumerate(zip(paid, currency, strict=True))
    ]
    found = read(engine, written(tmp_path, "\n".join(["who,at,paid,Currency", *lines])))

    assert found.currencies == expected


def test_what_is_compressed_or_of_columns_is_read_alike(engine: DuckDBEngine, tmp_path: Path) -> None:
    zipped = written(tmp_path, gzip.compress(LINES.encode()), "orders.csv.gz")
    frame = pd.read_csv(written(tmp_path, LINES)).assign(at=lambda rows: pd.to_datetime(rows["at"]))
    frame.to_parquet(tmp_path / "orders.parquet")

    assert days(engine, read(engine, zipped)) == PLAIN
    assert days(engine, read(engine, tmp_path / "orders.parquet")) == PLAIN


def test_lines_of_one_time_are_one_purchase_and_negative_ones_are_refunds_of_their_own_day(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        "who,at,pieces,price\na,2026-01-01 10:00,2,1.50\na,2026-01-01 10:00,1,4\na,2026-01-01 15:00,1,0\n"
        "a,2026-01-09 10:00,-1,4\n",
    )

    assert days(engine, read(engine, file, amount="pieces * price")) == [
        (0, "2026-01-01", 2, 7.0, 0.0),
        (0, "2026-01-09", 0, 0.0, 4.0),
    ]


def test_a_column_of_text_stays_text_in_an_expression(engine: DuckDBEngine, tmp_path: Path) -> None:
    file = written(tmp_path, "who,at,paid,kind\na,2026-01-01,5,sale\na,2026-01-02,5,refund\n")

    found = read(engine, file, amount="case when kind = 'refund' then -paid else paid end")

    assert days(engine, found) == [(0, "2026-01-01", 1, 5.0, 0.0), (0, "2026-01-02", 0, 0.0, 5.0)]


def test_rows_that_say_too_little_are_left_out_and_counted(engine: DuckDBEngine, tmp_path: Path) -> None:
    more = ",2026-01-01,1\nNaN,2026-01-01,1\nc,soon,1\nc,2026-01-01,free\nc,2026-01-01,inf\nc,2026-01-01\n"
    found = read(engine, written(tmp_path, LINES + more))

    assert days(engine, found) == PLAIN
    assert found.rows == 9
    assert found.left_out == {
        "without a customer": 2,
        "with a time that cannot be read": 1,
        "with an amount that cannot be read": 2,
        "that do not fit the header": 1,
    }


def test_customers_whose_numbers_passed_through_a_float_are_the_same(engine: DuckDBEngine, tmp_path: Path) -> None:
    found = read(engine, written(tmp_path, "who,at,paid\n17,2026-01-01,1\n17.0,2026-01-02,1\n"))

    assert {profile for profile, *_ in days(engine, found)} == {0}


@pytest.mark.parametrize(
    ("text", "options", "because"),
    [
        (b"", (), "orders.csv is empty"),
        ("who,at,paid\n", (), "orders.csv has no rows"),
        (LINES, ("at", "payed"), "unknown column `payed`; did you mean `paid`?"),
        (LINES, ("at", "paid *"), "not a valid expression"),
        (LINES, ("at", "who = 'a'"), "an amount is a number"),
        ("who,at,paid\na,05/05/2026,1\na,06/05/2026,1\n", (), "could be day first or month first"),
        ("who,at,paid\na,26-05-05,1\n", (), "could be day first or year first"),
        ("who,at,paid\na,soon,1\n", (), "no row of orders.csv can be used: 1 with a time that cannot be read"),
        ("who,at,paid,paid\na,2026-01-01,1,1\n", (), "several columns called 'paid'"),
        (b"PAR1 and no more", (), "it is no Parquet file"),
        (gzip.compress(LINES.encode(), mtime=0)[:30], (), "damaged or not all there"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    engine: DuckDBEngine, tmp_path: Path, text: str | bytes, options: Sequence[str], because: str
) -> None:
    with pytest.raises(TransactionsError, match=because.replace("*", r"\*").replace("?", r"\?")):
        read(engine, written(tmp_path, text), *options)
