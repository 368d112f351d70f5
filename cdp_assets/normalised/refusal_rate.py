"""Whether the share of rows that were refused is what it usually is, stream by stream.

Belongs here: the band and what lies outside it. Does not belong here: refusing (`faults.py`, `dispositions.py`).

The latest deliveries of a stream (those of its last run with any) are compared with all before them: their share may
exceed the earlier one by three standard deviations, of how it varied from delivery to delivery and of chance in so many
rows, and by one row in a hundred. With fewer than three earlier deliveries there is no usual, and one row in twenty is
taken for the most.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.normalised.dispositions import QUARANTINED

FEW_LOADS = 3
"""So many earlier deliveries make a habit."""

MOST_AT_FIRST = 0.05
_DEVIATIONS = 3
_SLACK = 0.01


def refusal_rates(dispositions: ir.Table, manifest: ir.Table) -> ir.Table:
    """Each stream's latest share of refused rows beside its usual one.

    Args:
        dispositions: `normalised.dispositions`.
        manifest: `sources.load_manifest`.

    Returns:
        source, stream, rows, refused and rate of the latest deliveries; loads_before, rate_before and limit (shares).
    """
    refused = (dispositions.disposition == QUARANTINED).ifelse(dispositions["rows"], 0)
    loads = dispositions.group_by("source", "stream", "load_id").aggregate(
        rows=dispositions["rows"].sum(), refused=refused.sum()
    )
    at = manifest.select(at_load_id="load_id", loaded_at="loaded_at")
    placed = loads.inner_join(at, loads.load_id == at.at_load_id)
    newest = placed.mutate(newest=placed.loaded_at.max().over(ibis.window(group_by=["source", "stream"])))
    share = newest.refused.cast("float64") / newest["rows"].cast("float64").nullif(0.0)
    marked = newest.mutate(latest=newest.loaded_at == newest.newest, share=share)
    stood = marked.group_by("source", "stream").aggregate(
        rows=marked.latest.ifelse(marked["rows"], 0).sum(),
        refused=marked.latest.ifelse(marked.refused, 0).sum(),
        loads_before=(~marked.latest).cast("int64").sum(),
        rows_before=marked.latest.ifelse(0, marked["rows"]).sum(),
        refused_before=marked.latest.ifelse(0, marked.refused).sum(),
        spread=marked.latest.ifelse(ibis.null("float64"), marked.share).std(how="pop"),
    )
    rows = stood["rows"].cast("float64").nullif(0.0)
    usual = stood.refused_before.cast("float64") / stood.rows_before.cast("float64").nullif(0.0)
    by_chance = usual * (1 - usual) / rows
    varied = stood.spread.fill_null(0.0)
    band = usual + _DEVIATIONS * (varied * varied + by_chance).sqrt() + _SLACK
    return stood.select(
        "source",
        "stream",
        "rows",
        "refused",
        "loads_before",
        rate=(stood.refused.cast("float64") / rows).fill_null(0.0),
        rate_before=usual,
        limit=(stood.loads_before >= FEW_LOADS).ifelse(band, MOST_AT_FIRST).fill_null(MOST_AT_FIRST),
    )


def unusual(dispositions: ir.Table, manifest: ir.Table) -> ir.Table:
    """The streams of which more rows than usual were refused; a single row alarms nobody."""
    rates = refusal_rates(dispositions, manifest)
    return rates.filter(rates.rate > rates["limit"], rates.refused > 1)
