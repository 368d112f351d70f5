"""What records say of people, as far as people may be compared by it.

Belongs here: leaving out contact points that are nobody's own. Does not belong here: which values these are
(`blocked_values.py`), what stewards took back (`stewardship.py`), and comparing (`linkage/`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.collecting import Collector, points_of
from cdp_assets.identity.evidence import CROWDED, HUB, KINDS, PLACEHOLDER
from cdp_assets.identity.spec import Kind
from cdp_assets.warehouse.engine import has_rows
from cdp_assets.warehouse.stacking import restricted

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_NOBODYS = (PLACEHOLDER, HUB, CROWDED)


@dataclass(frozen=True)
class Comparable:
    """What records say of people, without what is nobody's own.

    Args:
        collector: Knows the canonical tables, and made the observations of them.
        observations: `Evidence.observations` as they are now, hubs marked, of all who are compared.
    """

    collector: Collector
    observations: ir.Table

    @property
    def contacts(self) -> ir.Table:
        """The canonical table, of everybody."""
        return self.collector.canonical.contacts

    def of(self, records: ir.Table | None, engine: Engine) -> tuple[ir.Table, ir.Table, ir.Table | None]:
        """Contacts, contact points and numbers (`Collector.numbers`).

        Args:
            records: With record_id; null for all.
            engine: Computes.
        """
        known, observed = self.collector.canonical, restricted(self.observations, records)
        contacts, points = known.contacts, known.contact_points
        if records is not None:
            contacts, points = (engine.scratch(restricted(each, records)) for each in (contacts, points))
        numbers = self.collector.numbers(observed)
        nobodys = observed.filter((_.kind == KINDS[Kind.SHAREABLE]) & _.flaw.isin(_NOBODYS))
        nobodys = engine.scratch(nobodys.select("record_id", "identifier_id"))
        if not has_rows(nobodys, engine):
            return contacts, points, numbers
        those = replace(known, contacts=contacts, contact_points=points)
        left_out = engine.scratch(points_of(nobodys, those, self.collector.key, self.collector.renamed))
        return contacts, points.anti_join(left_out, ["record_id", "kind", "value"]), numbers
