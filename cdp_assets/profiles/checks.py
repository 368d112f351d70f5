"""What must hold of golden records, their provenance and the timeline before anyone reads them."""

from functools import reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.tables import CONTACT_VALUES, KNOWN_BY
from cdp_assets.profiles.schemas import ADDRESS_PARTS, ATTRIBUTES, POINTS
from cdp_assets.profiles.survivorship import full_name
from cdp_assets.profiles.timeline import KINDS
from cdp_assets.quality.checks import Check, expect, no_rows


def _profiles_without_a_record(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    return tables["profile_map"].anti_join(table, "profile_id")


def _records_without_a_profile(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    return table.anti_join(tables["profile_map"], "profile_id")


def _values_without_provenance(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    texts = table.select("profile_id", **{name: table[name].cast("string") for name in ATTRIBUTES})
    values = texts.pivot_longer(list(ATTRIBUTES), names_to="attribute", values_to="value")
    theirs = tables["provenance"].semi_join(table, "profile_id")
    return values.filter(values.value.notnull()).anti_join(theirs, ["profile_id", "attribute", "value"])


def _values_nobody_holds(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    """Provenance whose record does not hold the value. The attribute decides which column of which table to look at."""
    contacts, points, identifiers = tables["contacts"], tables["contact_points"], tables["identifiers"]
    held = [
        table.filter(table.attribute.isin(CONTACT_VALUES)).join(contacts, "record_id", rname="held_{name}"),
        table.filter(table.attribute.notin(CONTACT_VALUES)).join(points, "record_id", rname="held_{name}"),
    ]

    def column(joined: ir.Table, name: str) -> ir.StringValue:
        return joined[f"held_{name}" if f"held_{name}" in joined.columns else name].cast("string")

    of_contact = held[0].attribute.cases(
        ("full_name", full_name(held[0])),
        *((name, column(held[0], name)) for name in CONTACT_VALUES if name != "full_name"),
    )
    of_point = held[1].attribute.cases(
        *((name, (held[1].kind == name).ifelse(column(held[1], "value"), None)) for name in POINTS),
        *((name, column(held[1], part)) for name, part in ADDRESS_PARTS.items()),
    )
    # An address that came in one piece is a golden record's first line.
    whole = (held[1].attribute == "address_line_1") & (column(held[1], "value") == held[1]["value"])
    known_by = table.filter(table.attribute.isin(KNOWN_BY)).semi_join(
        identifiers, ["record_id", ("attribute", "identifier_type"), ("value", "identifier_value")]
    )
    confirmed = (
        held[0]
        .filter(of_contact == held[0]["value"])
        .select("profile_id", "attribute")
        .union(held[1].filter((of_point == held[1]["value"]) | whole).select("profile_id", "attribute"))
        .union(known_by.select("profile_id", "attribute"))
    )
    return table.anti_join(confirmed, ["profile_id", "attribute"])


def _kinds_that_do_not_add_up(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    counted = table.group_by("kind").aggregate(lines=table.count())
    facts = reduce(
        lambda left, right: left.union(right),
        [
            tables[kind.schema.name].aggregate(facts=ibis._.count()).mutate(kind=ibis.literal(kind.name))
            for kind in KINDS
        ],
    )
    return facts.left_join(counted, "kind").filter(ibis._.facts != ibis._.lines.fill_null(0))


GOLDEN_RECORDS = [
    Check(
        "one_per_profile",
        "Every profile of the identity graph has its golden record, and there is no other.",
        (
            no_rows(_profiles_without_a_record, "Every profile has a golden record."),
            no_rows(_records_without_a_profile, "Every golden record is of a profile."),
        ),
    ),
    Check(
        "values_are_explained",
        "Every golden value has its provenance.",
        (no_rows(_values_without_provenance, "Every golden value has its row in `provenance`.", by="profile_id"),),
    ),
]

PROVENANCE = [
    Check(
        "values_are_real",
        "Every surviving value stands in the record that provenance names: nothing is made up.",
        (
            expect("expect_column_values_to_be_in_set", column="attribute", value_set=list(ATTRIBUTES)),
            no_rows(_values_nobody_holds, "The record that provenance names holds the value.", by="profile_id"),
        ),
    )
]

TIMELINE = [
    Check(
        "every_fact_once",
        "Every fact of every kind is in the timeline of exactly one profile.",
        (no_rows(_kinds_that_do_not_add_up, "Each kind has as many lines as there are facts."),),
    ),
    Check(
        "money_is_positive",
        "Amounts are positive numbers; refunds are told apart by their kind.",
        (expect("expect_column_values_to_be_between", column="amount_reporting", min_value=0),),
        blocking=False,
    ),
]
