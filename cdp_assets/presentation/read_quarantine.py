"""The rows in quarantine, read from the snapshot.

Belongs here: queries. Does not belong here: layout (`cli_quarantine.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from cdp_assets.warehouse.serving import Reader


def reasons(reader: Reader, stream: str | None) -> list[dict[str, Any]]:
    """source, stream, column_name, reason, rows, files and latest (instant), the most rows first.

    Args:
        reader: The snapshot.
        stream: ``source.stream``, a source, or None for all.
    """
    where, values = _of(stream)
    return reader.rows(
        "SELECT q.source, q.stream, q.column_name, q.reason, count(*) AS rows, count(DISTINCT q.source_file) AS files, "
        "max(l.loaded_at) AS latest "
        "FROM normalised.quarantine q LEFT JOIN sources.load_manifest l ON q.load_id = l.load_id "
        f"WHERE {where} GROUP BY ALL ORDER BY rows DESC, 1, 2, 3, 4",
        values,
    )


def refused_rows(reader: Reader, stream: str, reason: str | None, limit: int) -> list[dict[str, Any]]:
    """Rows of `normalised.quarantine`, by file and row.

    Args:
        reader: The snapshot.
        stream: ``source.stream`` or a source.
        reason: Only rows whose reason contains this.
        limit: How many at most.
    """
    where, values = _of(stream)
    if reason:
        where, values = f"{where} AND contains(q.reason, ?)", [*values, reason]
    return reader.rows(
        f"SELECT q.* FROM normalised.quarantine q WHERE {where} ORDER BY source_file, source_row LIMIT {limit:d}",
        values,
    )


def streams_with_refusals(reader: Reader, stream: str | None) -> set[tuple[str, str]]:
    """(source, stream) of what has rows in quarantine, for reasons of their own."""
    where, values = _of(stream)
    found = reader.rows(
        f"SELECT DISTINCT source, stream FROM normalised.quarantine q WHERE {where} AND {_by_themselves()}", values
    )
    return {(row["source"], row["stream"]) for row in found}


def raw_of_refused(reader: Reader, table: str, source: str, stream: str) -> pa.Table:
    """A stream's rows refused for reasons of their own, as its raw table holds them."""
    return reader.arrow(
        f'SELECT r.* FROM sources."{table}" r JOIN normalised.quarantine q '
        "ON r.load_id = q.load_id AND r.source_row = q.source_row WHERE q.source = ? AND q.stream = ? "
        f"AND {_by_themselves()}",
        [source, stream],
    )


def rows_and_refused(reader: Reader, stream: str | None) -> tuple[int, int]:
    """How many rows were read in all, and how many of them were refused whole, by their dispositions.

    Args:
        reader: The snapshot.
        stream: ``source.stream``, a source, or None for all.
    """
    where, values = _of(stream)
    [found] = reader.rows(
        "SELECT coalesce(sum(rows), 0) AS rows, coalesce(sum(rows) FILTER (disposition = 'quarantined'), 0) AS refused "
        f"FROM normalised.dispositions q WHERE {where}",
        values,
    )
    return int(found["rows"]), int(found["refused"])


def _of(stream: str | None) -> tuple[str, list[Any]]:
    """The condition for one source, or one of its streams."""
    if stream is None:
        return "true", []
    source, dot, name = stream.partition(".")
    return ("q.source = ? AND q.stream = ?", [source, name]) if dot else ("q.source = ?", [source])


def _by_themselves() -> str:
    """The condition that no other row is the reason."""
    from cdp_assets.normalised.left_out import OVERRULED

    return f"NOT suffix(q.reason, '{OVERRULED}')"
