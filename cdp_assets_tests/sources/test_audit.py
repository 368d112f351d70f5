"""The audit measures what sources deliver, in numbers that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import ibis.expr.types as ir
import pytest

from cdp_assets.sources import audit, audit_pages
from cdp_assets.sources.audit import Overlap
from cdp_assets.sources.audit_counts import Arrived, Counts, counts_of
from cdp_assets.sources.spec import IdentifierSpec, SourceSpec, stream_table
from cdp_assets_tests.sources.shop import AS_OF, Bench, content, orders, row, shop


def delivered(bench: Bench) -> tuple[list[SourceSpec], dict[str, ir.Table]]:
    """Two orders and a broken row in the shop, two in the till; Ann is in both."""
    mine = orders(files="shop/*")
    theirs = orders(files="till/*", identifiers=(IdentifierSpec("email", "lower(email)", "global"),))
    bench.drop("shop/1", content("csv", [row("1", email=" Ann@x.org "), row("2", email="bob@x.org")]) + b"3,broken\n")
    bench.drop("till/1", content("csv", [row("1", "2099-01-01", None, "ANN@x.org"), row("2", "2026-02-01", "1", None)]))
    sources = [shop(mine), SourceSpec("till", (theirs,), settle_seconds=0.0)]
    for source in sources:
        assert not bench.ingest(source.streams[0], source).failed
    return sources, {name: bench.engine.table("sources", name) for name in ("shop__orders", "till__orders")}


def counts(sources: list[SourceSpec], raw: dict[str, ir.Table], bench: Bench) -> dict[str, Counts]:
    return {
        stream_table(source, stream): counts_of(stream, raw[stream_table(source, stream)], bench.engine, AS_OF)
        for source in sources
        for stream in source.streams
    }


def test_fill_rates_and_freshness(bench: Bench) -> None:
    sources, raw = delivered(bench)
    table = audit.fill_rates(sources, counts(sources, raw, bench), bench.engine)
    rows = {(each["source"], each["column_name"]): each for each in bench.engine.to_arrow(table).to_pylist()}
    assert (rows["shop", "email"]["rows"], rows["shop", "email"]["filled"], rows["shop", "email"]["broken"]) == (
        3,
        2,
        1,
    )
    assert rows["till", "total"]["fill_rate"] == 0.5
    assert rows["shop", "at"]["latest_event_at"] == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert rows["shop", "at"]["earliest_event_at"] == datetime(2026, 1, 5, 9, tzinfo=UTC)
    # A time after the run's instant is a mistake, and makes nothing fresh.
    assert rows["till", "at"]["latest_event_at"] == datetime(2026, 1, 31, 23, tzinfo=UTC)


def test_overlaps_between_sources(bench: Bench) -> None:
    sources, raw = delivered(bench)
    assert audit.overlaps(sources, raw, bench.engine) == [
        Overlap("global email", "shop", "shop", 2, alone=1),
        Overlap("global email", "shop", "till", 1),
        Overlap("global email", "till", "shop", 1),
        Overlap("global email", "till", "till", 1, alone=0),
    ]


def test_overlaps_as_a_table_say_what_a_source_alone_contributes(bench: Bench) -> None:
    sources, raw = delivered(bench)
    table = audit.overlaps_table(audit.overlaps(sources, raw, bench.engine), bench.engine)
    rows = bench.engine.to_arrow(table.order_by("source", "other")).to_pylist()
    assert [(each["source"], each["other"], each["share"], each["alone"]) for each in rows] == [
        ("shop", "shop", 1.0, 1), ("shop", "till", 0.5, None), ("till", "shop", 1.0, None), ("till", "till", 1.0, 0)
    ]  # fmt: skip


def test_the_pages_say_the_same_and_name_nobody(bench: Bench) -> None:
    sources, raw = delivered(bench)
    table = audit.fill_rates(sources, counts(sources, raw, bench), bench.engine)
    rows = bench.engine.to_arrow(table.order_by("source")).to_pylist()
    shared = audit.overlaps(sources, raw, bench.engine)
    pages = [audit_pages.streams_page(rows, AS_OF), audit_pages.columns_page(rows), audit_pages.overlaps_page(shared)]
    assert "| shop.orders | 3 | 1 | 4 |" in pages[0]
    assert "| shop | 2 | 1 |  | 50% |" in pages[2]
    assert "x.org" not in "".join(pages)
    drawn = audit_pages.rows_picture(rows).content.decode()
    assert ">shop.orders<" in drawn
    assert ">3<" in drawn
    drawn = audit_pages.overlaps_picture(shared).content.decode()
    assert "shop in till<" in drawn
    assert ">50%<" in drawn


def test_sources_without_streams_are_measured_too(bench: Bench) -> None:
    assert audit.overlaps([], {}, bench.engine) == []
    assert bench.engine.to_arrow(audit.fill_rates([], {}, bench.engine)).num_rows == 0


def counted_after(bench: Bench, known: Counts, as_of: datetime = AS_OF, arrived: Arrived | None = None) -> Counts:
    raw = bench.engine.table("sources", "shop__orders")
    version = bench.engine.fingerprint(raw).version
    return counts_of(orders(files="shop/*"), raw, bench.engine, as_of, version, known, arrived)


def counted_anew(bench: Bench, as_of: datetime = AS_OF) -> Counts:
    return counted_after(bench, Counts("", as_of, (), 0, 0, ()), as_of)


def test_a_new_delivery_is_added_to_what_was_counted(bench: Bench) -> None:
    delivered(bench)
    known = counted_anew(bench)
    bench.drop("shop/2", content("csv", [row("3", "2026-01-02", "5", None), row("4", "2026-03-01")]))
    assert not bench.ingest(orders(files="shop/*")).failed
    # What is remembered is what counts: a mark on it shows that the rest was not looked at again.
    marked = replace(Counts.of(known.to_memory()), broken=100)
    found = counted_after(bench, marked)
    assert found.broken == 100
    assert replace(found, broken=1, loads=tuple(sorted(found.loads))) == counted_anew(bench)


def test_what_arrived_last_is_counted_without_a_look_at_the_rest(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    delivered(bench)
    known = counted_anew(bench)
    bench.drop("shop/2", content("csv", [row("3", "2026-01-02", "5", None), row("4", "2026-03-01")]))
    [load] = bench.ingest(orders(files="shop/*")).loaded
    asked: list[object] = []
    fingerprint = bench.engine.fingerprint
    monkeypatch.setattr(bench.engine, "fingerprint", lambda table: (asked.append(table), fingerprint(table))[1])
    found = {
        before: counted_after(bench, known, arrived=Arrived(before, (load.load_id,)))
        for before in (known.version, "another")
    }
    assert len(asked) == 3  # each time for its version, and once to know what has changed
    assert found[known.version] == found["another"]
    assert replace(found["another"], loads=tuple(sorted(found["another"].loads))) == counted_anew(bench)


def test_everything_is_counted_again_once_a_delivery_is_not_what_it_was(bench: Bench) -> None:
    delivered(bench)
    known = replace(counted_anew(bench), broken=100)
    bench.engine.backend.con.execute("UPDATE sources.shop__orders SET email = NULL WHERE source_row = 1")
    assert counted_after(bench, known) == counted_anew(bench)


def test_times_are_looked_at_again_when_the_instant_moves_past_them(bench: Bench) -> None:
    bench.drop(
        "shop/1", content("csv", [row("1", "2026-01-05"), row("2", (AS_OF + timedelta(days=3)).strftime("%Y-%m-%d"))])
    )
    assert not bench.ingest(orders(files="shop/*")).failed
    known = counted_anew(bench)
    later = AS_OF + timedelta(days=9)
    assert known.beyond
    assert counted_after(bench, known, later) == counted_anew(bench, later)
    assert counted_after(bench, known, later).latest != known.latest


def test_the_audit_says_which_columns_it_measured(bench: Bench) -> None:
    sources, _ = delivered(bench)
    made_of = audit.fill_lineage(sources)
    assert ("sources", "till__orders", "total") in made_of["fill_rate"]
    assert made_of["latest_event_at"] == {("sources", f"{name}__orders", "at") for name in ("shop", "till")}
    carried = audit.overlap_lineage(sources)["shared"]
    assert carried
    assert all(stage == "sources" and "email" in column for stage, _, column in carried)
