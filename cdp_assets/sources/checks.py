"""Data-quality checks of the raw tables, the load manifest and the audit."""

from functools import reduce

import ibis.expr.types as ir

from cdp_assets.quality.checks import Check, Judged, expect, no_rows

FAILED_FILES = "failed_files"
"""Name under which a raw table's checks see the files that this run could not load."""

DRIFT = "drift"
"""Name under which a raw table's checks see the differences between this run's files and the contract."""

ARRIVED = "arrived"
"""Name under which a raw table's checks see the rows that came since all of them passed; without it, all are new."""

SHRUNK = "shrunk"
"""Name under which a snapshot stream's checks see that its latest delivery has far fewer rows than the one before."""

FILES_ARE_SOUND, CONTRACT_KEPT, LISTS_ARE_WHOLE = "files_are_sound", "contract_kept", "lists_are_whole"

_MOST_BROKEN_PERCENT = 2


NO_STRAYS = Judged(
    "no_stray_files",
    "Every file in the folder of a source whose contract is frozen for new tables is taken by one of its streams.",
    blocking=False,
)


def raw_checks(load: str) -> list[Check]:
    """Checks of a raw table.

    Args:
        load: How the stream's deliveries relate.
    """
    whole = Check(
        LISTS_ARE_WHOLE,
        "The latest delivery has about as many rows as the one before, or more: what is missing in it counts as gone, "
        "and it may have been cut short (the numbers are named above).",
        (no_rows(lambda _, tables: tables[SHRUNK], "The latest delivery has not far fewer rows."),),
        blocking=False,
    )
    return [
        *([whole] if load == "snapshot" else []),
        Check(
            "rows_are_whole",
            "Each delivery is there once and completely: its rows are numbered from 1 without a gap or a repetition.",
            (no_rows(_wrongly_numbered, "The rows of every delivery are numbered 1, 2, 3 … up to their count."),),
        ),
        Check(
            FILES_ARE_SOUND,
            "Every file dropped off for this stream could be loaded (the failed ones are named with the reason), and "
            f"less than {_MOST_BROKEN_PERCENT} % of each one's rows could not be split into columns.",
            (
                no_rows(lambda _, tables: tables[FAILED_FILES], "No file was refused in this run."),
                no_rows(_mostly_broken, f"No delivery has {_MOST_BROKEN_PERCENT} % broken rows or more."),
            ),
            blocking=False,
        ),
        Check(
            CONTRACT_KEPT,
            "What came in this run is what the contract and earlier deliveries foresee: no new columns, and no column "
            "most of whose values do not fit its type (the difference is named above).",
            (no_rows(lambda _, tables: tables[DRIFT], "No column is new or of another type."),),
            blocking=False,
        ),
    ]


def _wrongly_numbered(raw: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    new = tables.get(ARRIVED, raw)  # what is there once does not change
    counted = new.group_by("load_id").aggregate(
        rows=new.count(), first=new.source_row.min(), last=new.source_row.max(), total=new.source_row.sum()
    )
    # Between 1 and n, n numbers add up to n (n + 1) / 2 only if none is missing or there twice.
    wanted = counted["rows"] * (counted["rows"] + 1)
    return counted.filter(
        (counted["first"] != 1) | (counted["last"] != counted["rows"]) | (counted.total * 2 != wanted)
    )


def _mostly_broken(raw: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    new = tables.get(ARRIVED, raw)
    counted = new.group_by("load_id").aggregate(rows=new.count(), broken=new.parse_error.count())
    return counted.filter(counted.broken * 100 >= counted["rows"] * _MOST_BROKEN_PERCENT, counted.broken > 1)


def manifest_checks(raw_tables: list[str]) -> list[Check]:
    """Checks of the load manifest.

    Args:
        raw_tables: Names of the raw tables, which are its inputs.
    """

    def unreconciled(manifest: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
        held = [tables[name].group_by("load_id").aggregate(held=tables[name].count()) for name in raw_tables]
        together = reduce(lambda one, other: one.union(other), held) if held else None
        said = manifest.select("load_id", "rows")
        if together is None:
            return said
        joined = said.outer_join(together, "load_id")
        return joined.filter(joined["rows"].fill_null(0) != joined.held.fill_null(0))

    return [
        Check(
            "rows_reconciled",
            "The raw tables hold exactly the rows that the manifest says were loaded.",
            (
                no_rows(unreconciled, "Rows by the manifest = rows in the raw tables, for every delivery."),
                expect("expect_column_values_to_be_in_set", column="status", value_set=["loaded", "failed"]),
            ),
        )
    ]


def audit_checks() -> list[Check]:
    """Checks of the audit."""

    def silent(audit: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
        return audit.filter(audit["rows"] == 0)

    def never_filled(audit: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
        return audit.filter(audit.expected, audit["rows"] > 0, audit.filled == 0)

    return [
        Check(
            "counts_possible",
            "No column is filled more often than its stream has rows.",
            (
                no_rows(lambda t, _: t.filter(t.filled + t.broken > t["rows"]), "filled + broken ≤ rows, everywhere."),
                expect("expect_column_values_to_be_between", column="fill_rate", min_value=0, max_value=1),
            ),
        ),
        Check(
            "every_stream_delivers",
            "Every stream has rows, and every column that its definition names is filled somewhere (an export need not "
            "fill all that its template knows).",
            (
                no_rows(silent, "No stream is without rows."),
                no_rows(never_filled, "No column that a definition names is empty in all rows."),
            ),
            blocking=False,
        ),
    ]
