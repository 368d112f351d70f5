"""Which value survives: all candidates of all profiles, put in order by the rules.

Belongs here: candidates and their order. Does not belong here: the rules themselves (`spec.py`), and the tables made of
the outcome (`golden.py`).

Every strategy is a number, the greater the better, so that one window orders the candidates of all attributes at once.
A candidate's parts (an address has six) travel as one text, joined by a separator.

Before all strategies comes whether anybody can be reached by a value at all (`reaching`): what stands in the place of
an e-mail address or a telephone number and is none survives over nothing.
"""

from __future__ import annotations

from functools import reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.identity.addresses import is_typed_for_nothing
from cdp_assets.normalised.identifier_values import EMAIL, PHONE, is_address, is_number_without_country, is_whole_number
from cdp_assets.privacy.addresses import whose
from cdp_assets.profiles.schemas import ADDRESS_PARTS
from cdp_assets.profiles.spec import Group, SurvivorshipRules
from cdp_assets.warehouse.stacking import stack

SEPARATOR = "\x1f"
"""Stands between the parts of a group's value."""

ONLY_VALUE = "only_value"
TIE_BREAK = "tie_break"
USABLE_FIRST = "usable_first"

NOBODY, WITHOUT_COUNTRY, ANYBODY = range(3)
"""Who can be reached by a value: nobody, somebody in a country that is not known, or anybody whom it belongs to."""

_ONLY, _USABLE = -1, -2

_LONG_AGO = -(2**60)


def reaching(kind: str, value: ir.StringValue) -> ir.IntegerValue:
    """Whether a contact point is an e-mail address or a telephone number, where it is to be one. Of those that are,
    identity knows which stand for nobody.

    Args:
        kind: Of contact points.
        value: As normalised; what could not be is as it came.

    Returns:
        `NOBODY`, `WITHOUT_COUNTRY` (of telephone numbers only) or `ANYBODY`.
    """
    if kind == EMAIL:
        return ibis.ifelse(is_address(value), ANYBODY, NOBODY).cast("int8")
    if kind != PHONE:
        return ibis.literal(ANYBODY, "int8")
    digits = value.re_replace(r"[^0-9]", "")
    made_up = is_typed_for_nothing(digits) | (digits.replace(digits.left(1), "") == "")
    return ibis.cases(
        (is_whole_number(value), ANYBODY),
        (is_number_without_country(value) & ~made_up, WITHOUT_COUNTRY),
        else_=NOBODY,
    ).cast("int8")


def candidates(
    contacts: ir.Table, contact_points: ir.Table, profile_map: ir.Table, rules: SurvivorshipRules
) -> ir.Table:
    """List every value that could survive.

    Args:
        contacts: `canonical.tables.CONTACTS`.
        contact_points: `canonical.tables.CONTACT_POINTS`.
        profile_map: Of identity; records of people have one open row.
        rules: Which strategies count for what.

    Returns:
        profile_id, unit (position of the group in the rules), value (its parts, joined), same (what makes two values
        the same), complete (parts filled, or length), reaching, record_id, source, observed_at, and a number per
        strategy: strategy_0, strategy_1 … (null for ``most_frequent``, which is known only when all are together).
    """
    listed = [
        _of_contacts(contacts, unit, group, rules)
        if group.of_contacts
        else _of_points(contact_points, unit, group, rules)
        for unit, group in enumerate(rules.groups)
    ]
    return stack(*listed).join(whose(profile_map), "record_id")


def ranked(listed: ir.Table, rules: SurvivorshipRules) -> ir.Table:
    """Put the different values of every profile and group in order.

    Args:
        listed: Of `candidates`.
        rules: The same rules.

    Returns:
        One row per profile, unit and different value: profile_id, unit, value, record_id, source, observed_at, place
        (0 survives) and, for the survivor, decided: the position of the strategy that it has over the next best, the
        number of strategies if all were even, -1 if there is no other value, -2 if nobody can be reached by the next
        best as well. Where nobody can be reached by any value, none has place 0.
    """
    slots = [f"strategy_{slot}" for slot in range(_slots(rules))]
    same = ibis.window(group_by=["profile_id", "unit", "same"])
    counted = listed.mutate(frequency=listed.count().over(same))
    filled = counted.mutate(
        **{
            name: counted.frequency
            if units == set(range(len(rules.groups)))
            else counted.unit.isin(sorted(units)).ifelse(counted.frequency, counted[name])
            for slot, name in enumerate(slots)
            if (units := _by_frequency(rules, slot))
        }
    )
    best_first = [ibis.desc(name) for name in ("reaching", *slots)]
    once = filled.mutate(
        place=ibis.row_number().over(
            ibis.window(
                group_by=["profile_id", "unit", "same"],
                order_by=[*best_first, ibis.desc("complete"), "record_id", "value"],
            )
        )
    ).filter(ibis._.place == 0)
    order = ibis.window(group_by=["profile_id", "unit"], order_by=[*best_first, "same"])
    placed = once.mutate(
        place=ibis.row_number().over(order),
        **{f"next_{name}": once[name].lead().over(order) for name in ("reaching", *slots)},
    )
    placed = placed.filter((placed.place > 0) | (placed.reaching > NOBODY))
    decided = ibis.cases(
        (placed.place > 0, ibis.null("int64")),
        (placed.next_reaching.isnull(), _ONLY),
        (placed.reaching != placed.next_reaching, _USABLE),
        *((placed[name] != placed[f"next_{name}"], slot) for slot, name in enumerate(slots)),
        else_=len(slots),
    )
    return placed.select(
        "profile_id", "unit", "value", "record_id", "source", "observed_at", "place", decided=decided.cast("int64")
    )


def strategy_name(decided: ir.IntegerValue, group: Group) -> ir.StringValue:
    """Name what decided within a group, as provenance shows it."""
    return decided.cases((_ONLY, ONLY_VALUE), (_USABLE, USABLE_FIRST), *enumerate(group.strategies), else_=TIE_BREAK)


def _slots(rules: SurvivorshipRules) -> int:
    return max(len(group.strategies) for group in rules.groups)


def _by_frequency(rules: SurvivorshipRules, slot: int) -> set[int]:
    return {unit for unit, group in enumerate(rules.groups) if group.strategies[slot : slot + 1] == ("most_frequent",)}


def full_name(contacts: ir.Table) -> ir.StringValue:
    """A contact's name as one text: as the source has it, else its parts."""
    whole, given, family = (_text(contacts[name]) for name in ("full_name", "given_name", "family_name"))
    return whole.coalesce(given + " " + family, given, family)


def _of_contacts(contacts: ir.Table, unit: int, group: Group, rules: SurvivorshipRules) -> ir.Table:
    values = [full_name(contacts) if name == "full_name" else contacts[name] for name in group.attributes]
    changed = [contacts[f"{name}_changed_at"] for name in group.attributes]
    if group.attributes == ("full_name",):
        changed.extend([contacts.given_name_changed_at, contacts.family_name_changed_at])
    observed_at = (changed[0] if len(changed) == 1 else ibis.greatest(*changed)).coalesce(
        contacts.updated_at, contacts.created_at
    )
    return _candidates_of(contacts, unit, group, rules, values, observed_at, ibis.literal(ANYBODY, "int8"))


def _of_points(contact_points: ir.Table, unit: int, group: Group, rules: SurvivorshipRules) -> ir.Table:
    kind = group.attributes[0] if len(group.attributes) == 1 else "postal"
    ours = contact_points.filter(contact_points.kind == kind)
    if len(group.attributes) == 1:
        values = [ours.value]
    else:
        parts = [_text(ours[ADDRESS_PARTS[name]]) for name in group.attributes]
        unparted = reduce(lambda left, right: left & right, [part.isnull() for part in parts])
        first = group.attributes.index("address_line_1")
        parts[first] = unparted.ifelse(ours.value, parts[first])
        values = parts
    observed_at = ours.changed_at.coalesce(ours.updated_at)
    return _candidates_of(ours, unit, group, rules, values, observed_at, reaching(kind, ours.value))


def _candidates_of(
    table: ir.Table,
    unit: int,
    group: Group,
    rules: SurvivorshipRules,
    values: list[ir.Value],
    observed_at: ir.TimestampValue,
    reached: ir.IntegerValue,
) -> ir.Table:
    parts = [_text(value) for value in values]
    filled = [part.notnull() for part in parts]
    value = parts[0] if len(parts) == 1 else _joined(parts)
    # A name is the same whether it came in one piece or in parts.
    same = parts[group.attributes.index("full_name")] if "full_name" in group.attributes else value
    complete = (
        value.length() if len(parts) == 1 else reduce(lambda a, b: a + b, [part.cast("int64") for part in filled])
    )
    numbers = {
        "reachable_first": lambda: (table.status == "active").cast("int64"),
        "verified_first": lambda: table.verified.fill_null(False).cast("int64"),
        "source_priority": lambda: (
            -ibis.cases(
                *((table.source == source, place) for place, source in enumerate(rules.sources)),
                else_=len(rules.sources),
            ).cast("int64")
            if rules.sources
            else ibis.literal(0, "int64")
        ),
        "most_recently_changed": lambda: observed_at.epoch_seconds().cast("int64").fill_null(_LONG_AGO),
        "most_frequent": lambda: ibis.null("int64"),
        "most_complete": lambda: complete.cast("int64"),
    }
    even = ibis.literal(0, "int64")
    return table.filter(reduce(lambda left, right: left | right, filled)).select(
        unit=ibis.literal(unit, "int8"),
        value=value,
        same=same.lower(),
        complete=complete.cast("int64"),
        reaching=reached,
        record_id=table.record_id,
        source=table.source,
        observed_at=observed_at,
        **{
            f"strategy_{slot}": numbers[group.strategies[slot]]() if slot < len(group.strategies) else even
            for slot in range(_slots(rules))
        },
    )


def _text(value: ir.Value) -> ir.StringValue:
    return (value if value.type().is_string() else value.cast("string")).nullif("")


def _joined(parts: list[ir.StringValue]) -> ir.StringValue:
    texts = [part.fill_null("") for part in parts]
    return reduce(lambda left, right: left + SEPARATOR + right, texts)
