"""What must hold of the privacy tables before anyone acts on them."""

import ibis
import ibis.expr.types as ir

from cdp_assets.privacy import suppression
from cdp_assets.privacy.addresses import addresses
from cdp_assets.privacy.consent import ANY, RESTRICTIVENESS, of_contact_points
from cdp_assets.privacy.suppression import REASONS
from cdp_assets.quality.checks import Check, expect, no_rows

_SCOPE = ["contact_point", "purpose", "channel"]


def _words_that_counted(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    """The words up to the last one that stands; none later can have been left out by mistake."""
    last = table.since.max().as_scalar()
    profile_map = tables.get("profile_map")
    reached = None if profile_map is None else addresses(tables["contact_points"], tables["identifiers"], profile_map)
    words = of_contact_points(tables["consents"], last, reached, profile_map)
    return words.filter(words.occurred_at <= last)


def _permitted_against_a_refusal(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    refused = _words_that_counted(table, tables).filter(ibis._.explicit, ibis._.status.isin(["denied", "withdrawn"]))
    return table.filter(table.status == "granted", ~table.explicit).semi_join(refused, _SCOPE)


def _without_a_standing_word(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    return _words_that_counted(table, tables).anti_join(table, _SCOPE)


def _complaints_not_heard(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    engagements = tables["engagements"]
    if "profile_map" in tables:
        whose = {name: tables[name] for name in ("contact_points", "identifiers", "profile_map")}
        engagements = suppression.of_contact_points(engagements, **whose)
    complained = engagements.filter(
        engagements.action == "complained",
        engagements.contact_point.notnull(),
        engagements.occurred_at <= table.since.max().as_scalar(),
    )
    everywhere = table.filter(table.channel == ANY, table.reason == "complained")
    return complained.anti_join(everywhere, "contact_point")


CONSENT_STATE = [
    Check(
        "refusals_stand",
        "No flag stamped by an export permits what the person has refused, and every word ever given has a standing "
        "one for its contact point, purpose and channel.",
        (
            expect("expect_column_values_to_be_in_set", column="status", value_set=list(RESTRICTIVENESS)),
            no_rows(_permitted_against_a_refusal, "No stamped flag overrides an explicit refusal."),
            no_rows(_without_a_standing_word, "Every word on consent has a standing word for its scope."),
        ),
    )
]

SUPPRESSIONS = [
    Check(
        "complaints_are_heard",
        "Every contact point that complained is suppressed on every channel; reasons are known ones.",
        (
            expect("expect_column_values_to_be_in_set", column="reason", value_set=list(REASONS)),
            no_rows(_complaints_not_heard, "Every complaint suppresses its contact point."),
        ),
    )
]
