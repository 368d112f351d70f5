"""Which version of a row counts: every source row gets exactly one disposition.

Belongs here: duplicates, newer versions, closed rows. Does not belong here: whether a row's values are sound
(`faults.py`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.warehouse.operations import quick_hash

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
SUPERSEDED = "superseded"
QUARANTINED = "quarantined"
EVERY_DISPOSITION = (ACCEPTED, DUPLICATE, SUPERSEDED, QUARANTINED)

ROW = ["cdp_load_id", "cdp_source_row"]
"""What tells source rows apart within a stream."""

VERSION = ("cdp_key", "cdp_content", "cdp_version_at", "cdp_sequence", "cdp_reason", *ROW)
"""What decides between the rows of one key."""


def repeated_keys(rows: ir.Table) -> ir.Table:
    """Find the keys that occur more than once, since only among their rows is there anything to decide.

    Args:
        rows: ``cdp_key``.

    Returns:
        ``cdp_key_hash``: hashes of those keys, and now and then of a key that shares its hash with another.
    """
    hashed = rows.select(cdp_key_hash=quick_hash(rows.cdp_key))
    counted = hashed.group_by("cdp_key_hash").aggregate(rows=hashed.count())
    return counted.filter(counted["rows"] > 1).select("cdp_key_hash")


def keys_of_newest(rows: ir.Table) -> ir.Table:
    """The keys in the latest delivery of a snapshot stream.

    A row that is quarantined still says that its key is there: a typing error closes nobody.

    Args:
        rows: ``cdp_key`` and ``cdp_sequence``, whether sound or not.

    Returns:
        ``cdp_present``.
    """
    newest = rows.filter(rows.cdp_sequence == rows.cdp_sequence.max())
    return newest.select(cdp_present="cdp_key").distinct()


def sound_versions(rows: ir.Table) -> ir.Table:
    """Of typed rows those that said something, whether they stand or not: neither repetitions nor what was refused."""
    return rows.filter(rows.cdp_disposition.isin([ACCEPTED, SUPERSEDED]))


def in_order_of_versions(rows: ir.Table) -> list[ir.Value]:
    """What the versions of a key are ordered by: the time of change at the source, then delivery, then row.

    Args:
        rows: `VERSION`.
    """
    return [rows.cdp_version_at.asc(nulls_first=True), rows.cdp_sequence, rows.cdp_load_id, rows.cdp_source_row]


def verdicts(rows: ir.Table) -> ir.Table:
    """Decide between the versions of each key.

    A row that says the same as the one before it (`in_order_of_versions`) is a duplicate; of the others the last is
    accepted, and the rest are superseded.

    Args:
        rows: All rows of some keys, with `VERSION`: ``cdp_content`` is a hash of the row, ``cdp_reason`` null for
            sound rows; the others have no say.

    Returns:
        ``judged_…`` for each of `ROW`, and ``cdp_verdict``, for the rows that do not stand.
    """
    versions = rows.filter(rows.cdp_reason.isnull())
    in_order = ibis.window(group_by=versions.cdp_key, order_by=in_order_of_versions(versions))
    compared = versions.mutate(
        repeats=(versions.cdp_content.lag().over(in_order) == versions.cdp_content).fill_null(False)
    )
    news_last_first = ibis.window(
        group_by=compared.cdp_key,
        order_by=[
            compared.repeats,
            compared.cdp_version_at.desc(nulls_first=False),
            compared.cdp_sequence.desc(),
            compared.cdp_load_id.desc(),
            compared.cdp_source_row.desc(),
        ],
    )
    ranked = compared.mutate(place=ibis.row_number().over(news_last_first))
    fallen = ranked.filter(ranked.repeats | (ranked.place > 0))
    return fallen.select(
        judged_cdp_load_id=fallen.cdp_load_id,
        judged_cdp_source_row=fallen.cdp_source_row,
        cdp_verdict=ibis.ifelse(fallen.repeats, DUPLICATE, SUPERSEDED),
    )


def with_dispositions(rows: ir.Table, judged: ir.Table | None = None, present: ir.Table | None = None) -> ir.Table:
    """Add each row's disposition.

    In a snapshot stream a key that the latest delivery leaves out is closed: its rows are superseded by its absence.

    Args:
        rows: ``cdp_key``, ``cdp_reason`` (null for sound rows), and `ROW`.
        judged: The `verdicts` on the rows of `repeated_keys`, if there are any. A sound row without one stands.
        present: The `keys_of_newest`, in a snapshot stream.

    Returns:
        The rows with ``cdp_disposition``, and ``cdp_latest``: the last sound version of its key, closed or not.
    """
    joined = rows
    if judged is not None:
        joined = joined.left_join(judged, [rows[name] == judged[f"judged_{name}"] for name in ROW])
    if present is not None:
        joined = joined.left_join(present, joined.cdp_key == present.cdp_present)
    latest, verdict = joined.cdp_reason.isnull(), ibis.literal(ACCEPTED)
    if judged is not None:
        latest, verdict = latest & joined.cdp_verdict.isnull(), joined.cdp_verdict.coalesce(ACCEPTED)
    if present is not None:
        verdict = ibis.ifelse(latest & joined.cdp_present.isnull(), SUPERSEDED, verdict)
    return joined.select(
        *rows.columns,
        cdp_disposition=ibis.ifelse(joined.cdp_reason.notnull(), QUARANTINED, verdict),
        cdp_latest=latest,
    )
