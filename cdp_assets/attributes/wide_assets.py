"""The asset of all traits, and that of the one wide row of everything.

Belongs here: their Dagster face, made of the definitions. Does not belong here: all other attributes (`assets.py`).
"""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import ibis.expr.types as ir

from cdp_assets.attributes import checks
from cdp_assets.attributes.customer_360 import customer_360 as joined
from cdp_assets.attributes.following import since_that_day
from cdp_assets.attributes.trait_spec import TraitSpec
from cdp_assets.attributes.traits import traits as computed_traits
from cdp_assets.attributes.traits import traits_schema, wide_schema
from cdp_assets.identity.facts import assign_profiles
from cdp_assets.profiles.concerned import concerned_profiles, replaced
from cdp_assets.warehouse.assets import Result, table_asset
from cdp_assets.warehouse.built import Stands
from cdp_assets.warehouse.changes import Since
from cdp_assets.warehouse.engine import Engine, row_count

OWNERS = ["team:analytics"]


def traits_asset(specs: Sequence[TraitSpec]) -> dg.AssetsDefinition:
    """The asset of all traits."""
    tables = sorted({spec.table for spec in specs if not spec.composed})
    times = {spec.table: spec.facts.event_time for spec in specs if not spec.composed}

    @table_asset(
        schema=traits_schema(specs),
        stage="attributes",
        inputs={"facts": [("normalised", name) for name in tables], "profile_map": "identity"},
        checks=checks.traits(specs),
        owners=OWNERS,
        compared="profile_id",
    )
    def traits(facts: dict[str, ir.Table], profile_map: ir.Table, as_of: datetime, engine: Engine) -> ir.Table:
        """One pass over each table of facts that a trait is made of."""
        owned = {name: assign_profiles(facts[name], profile_map, str(times[name])) for name in tables}
        return computed_traits(owned, specs, as_of, engine, all_facts=facts)

    return traits


_JOINED = (
    "purchases", "rfm", "lifetime_value", "churn_risk", "purchase_propensity", "subscription_risk", "intent",
    "engagement", "support_health", "behaviour",
)  # fmt: skip
"""Tables of the stage that the wide row is made of."""


def customer_360_asset(specs: Sequence[TraitSpec]) -> dg.AssetsDefinition:
    """The asset of the wide row, with a column for every trait."""
    counts = [spec.name for spec in specs if spec.aggregate == "count"]

    schema = wide_schema(specs)
    inputs = {
        "golden_records": "profiles",
        **dict.fromkeys(_JOINED, "attributes"),
        **({"traits": "attributes"} if specs else {}),
    }

    @table_asset(
        schema=schema,
        stage="attributes",
        inputs=inputs,
        checks=checks.CUSTOMER_360,
        owners=OWNERS,
    )
    def customer_360(as_of: datetime, engine: Engine, since: Since | None, **tables: ir.Table) -> Result:
        """The golden record beside everything computed about the profile."""
        some = concerned_profiles(since, [(stage, name) for name, stage in inputs.items()], engine)
        if since is None or some is None or since_that_day(since, as_of) is None:
            return joined(**tables, as_of=as_of, counts=counts)
        if not row_count(some, engine):
            return Stands()
        theirs = {name: table.semi_join(some, "profile_id") for name, table in tables.items()}
        return replaced(schema, since, some, joined(**theirs, as_of=as_of, counts=counts), engine)

    return customer_360
