"""Which record carries which identifier, in integers.

Belongs here: turning identifiers (and the addresses of named records) into one compact table, with aliases resolved.
Does not belong here: which identifiers are nobody's own (`blocked_values.py`), and what follows from sharing one.
"""

from __future__ import annotations

import hashlib
import string
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.addresses import plain_postcode, plain_street
from cdp_assets.identity.spec import IdentityRules, Kind
from cdp_assets.identity.stacking import stack
from cdp_assets.warehouse.operations import stable_id

if TYPE_CHECKING:
    import pyarrow as pa

    from cdp_assets.warehouse.engine import Engine

KINDS = {Kind.PERSONAL: 0, Kind.SHAREABLE: 1, Kind.DEVICE: 2}
"""Code of each kind in the integer tables."""

SOUND, PLACEHOLDER, HUB, NAMESAKES = range(4)
"""What is wrong with a value: nothing; it stands for "nothing known"; it is nobody's own; two people of one name at one
address are a generation apart."""

ADDRESS = "address"
"""The one identifier type that is made here: name and postal address together."""

_ZEROS = r"^(?:0|[^\pL\pN])*$"
_SAME = tuple(digit * 7 for digit in string.digits)
_COUNTED = tuple(digits[start : start + 7] for digits in ("01234567890123", "98765432109876") for start in range(8))
_NAMESAKES_DAYS = 10 * 365
_SEPARATOR = "\x1f"

TYPES = ibis.schema(
    {
        "type_id": "int16",
        "namespace": "string",
        "identifier_type": "string",
        "kind": "int8",
        "most": "int64",
        "hub": "int64",
        "strength": "float64",
        "recycled_after_days": "int64",
    }
)
"""One row per (namespace, identifier type) in the data that the rules know."""


@dataclass(frozen=True)
class Evidence:
    """Everything that ties records to one another.

    Args:
        observations: record_id, identifier_id, type_id, kind, first_seen_at, last_seen_at, flaw (`SOUND`, `PLACEHOLDER`
            …): one row per record and identifier.
        types: `TYPES`.
        names: record_id, name_key (int64: equal for equal spelling of the whole name), given_name, family_name,
            full_name, birth_date; only records that have a name.
        unknown_types: Identifier types in the data that the rules do not know.
    """

    observations: ir.Table
    types: ir.Table
    names: ir.Table
    unknown_types: tuple[str, ...]
    type_rows: pa.Table

    @cached_property
    def type_names(self) -> dict[int, tuple[str, str]]:
        """type_id → (namespace, identifier type)."""
        rows = self.type_rows.to_pylist()
        return {row["type_id"]: (row["namespace"], row["identifier_type"]) for row in rows}


def identifier_id_of(key: str, namespace: str, identifier_type: str, value: str) -> int:
    """The id of one identifier, without aliases; the same that the engine computes."""
    text = "\x1f".join((key, namespace, identifier_type, value) if key else (namespace, identifier_type, value))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") & 0x7FFF_FFFF_FFFF_FFFF


def collect(
    identifiers: ir.Table,
    aliases: ir.Table,
    contacts: ir.Table,
    contact_points: ir.Table,
    rules: IdentityRules,
    engine: Engine,
    key: str,
    retracted: ir.Table | None = None,
) -> Evidence:
    """Bring the evidence together.

    Args:
        identifiers, aliases, contacts, contact_points: The canonical tables (aliases: `identifier_aliases`).
        rules: What is known of each identifier type.
        engine: Computes.
        key: Secret of the keyed hashes.
        retracted: record_id, identifier_id: observations that do not count; null for none.
    """
    names = engine.scratch(_names(contacts))
    carried = _with_plain_mailboxes(without(_carried(identifiers), retracted, key))
    if ADDRESS in rules.identifiers:
        carried = stack(carried, _addresses(contact_points, names, rules.identifiers[ADDRESS].hub, retracted, key))
    carried = without(carried, retracted, key)
    types, type_rows, unknown = _types(carried, rules, engine)
    # Joining on the short table of types also leaves out what the rules do not know.
    known = carried.join(types, ["namespace", "identifier_type"])
    observed = engine.scratch(
        known.select(
            "record_id",
            "type_id",
            "kind",
            "first_seen_at",
            "last_seen_at",
            identifier_id=stable_id(known.namespace, known.identifier_type, known.identifier_value, key=key),
            flaw=ibis.ifelse(
                _is_placeholder(known.identifier_type, known.identifier_value, rules),
                ibis.literal(PLACEHOLDER, "int8"),
                known.flaw,
            ),
        )
    )
    renamed = _renamed(aliases, engine, key)
    if renamed is not None:
        joined = observed.left_join(renamed.rename(identifier_id="node"), "identifier_id")
        # A record may carry the old and the new value, which are one now.
        observed = engine.scratch(
            joined.mutate(identifier_id=ibis.coalesce(joined.component, joined.identifier_id))
            .group_by("record_id", "identifier_id", "type_id", "kind")
            .aggregate(first_seen_at=_.first_seen_at.min(), last_seen_at=_.last_seen_at.max(), flaw=_.flaw.max())
        )
    return Evidence(observed, types, names, unknown, type_rows)


def without(carried: ir.Table, retracted: ir.Table | None, key: str) -> ir.Table:
    """Leave out observations that were taken back.

    Args:
        carried: record_id, namespace, identifier_type, identifier_value and more.
        retracted: record_id, identifier_id; null for none.
        key: Secret of the keyed hashes.
    """
    if retracted is None:
        return carried
    records = retracted.select("record_id").distinct()
    # Hashing is dear: only what the few records concerned carry is looked at.
    looked_at = carried.semi_join(records, "record_id").mutate(
        identifier_id=stable_id(_.namespace, _.identifier_type, _.identifier_value, key=key)
    )
    kept = looked_at.anti_join(retracted, ["record_id", "identifier_id"])
    return carried.anti_join(records, "record_id").union(kept.select(carried.columns))


def _carried(identifiers: ir.Table) -> ir.Table:
    return identifiers.select(
        "record_id",
        "namespace",
        "identifier_type",
        "identifier_value",
        "first_seen_at",
        "last_seen_at",
        flaw=ibis.literal(SOUND, "int8"),
    )


def _with_plain_mailboxes(carried: ir.Table) -> ir.Table:
    """Add the weaker identifier to e-mails that are the plain form of somebody's address with a tag.

    Sources give a mailbox only where it differs from the address; the plain address itself is its own mailbox.
    """
    mailboxes = carried.filter(_.identifier_type == "email_base")
    values = mailboxes.select("identifier_value").distinct()
    plain = carried.filter(_.identifier_type == "email").semi_join(values, "identifier_value")
    missing = plain.anti_join(mailboxes, ["record_id", "identifier_value"])
    return carried.union(missing.mutate(identifier_type=ibis.literal("email_base")).select(carried.columns))


def _names(contacts: ir.Table) -> ir.Table:
    trimmed = contacts.mutate(
        **{name: contacts[name].strip().nullif("") for name in ("given_name", "family_name", "full_name")}
    )
    named = trimmed.filter(ibis.or_(*(trimmed[name].notnull() for name in ("given_name", "family_name", "full_name"))))
    spoken = ibis.coalesce(
        named.given_name + " " + named.family_name, named.given_name, named.family_name, named.full_name
    )
    return named.select(
        "record_id", "given_name", "family_name", "full_name", "birth_date", name_key=stable_id(spoken.lower())
    )


def _addresses(
    contact_points: ir.Table, names: ir.Table, hub: int | None, retracted: ir.Table | None, key: str
) -> ir.Table:
    """Name and address together as one identifier: people of one name at one address are taken for one person.

    The address alone is a household's, which would put every family before the slow path for nothing.
    """
    postal = contact_points.filter(
        (contact_points.kind == "postal") & contact_points.line_1.notnull() & contact_points.postal_code.notnull()
    )
    joined = postal.join(names, "record_id")
    street = plain_street(joined.line_1)
    postcode = plain_postcode(joined.postal_code)
    placed = joined.filter(
        (joined.given_name.notnull() & joined.family_name.notnull()) | joined.full_name.contains(" ")
    )
    placed = placed.mutate(
        place=street + _SEPARATOR + postcode + _SEPARATOR + joined.country.lower().coalesce(""),
        person=ibis.coalesce(joined.given_name + " " + joined.family_name, joined.full_name).lower(),
    )
    placed = placed.mutate(
        namespace=ibis.literal("global"),
        identifier_type=ibis.literal(ADDRESS),
        identifier_value=placed.person + _SEPARATOR + placed.place,
    )
    placed = without(placed, retracted, key)
    crowded = placed.group_by("place").aggregate(names=placed.name_key.nunique())
    apart = placed.group_by("place", "person").aggregate(
        days=placed.birth_date.max().delta(placed.birth_date.min(), unit="day")
    )
    seen = placed.group_by("record_id", "place", "person").aggregate(
        first_seen_at=placed.changed_at.min(), last_seen_at=placed.changed_at.max()
    )
    judged = seen.left_join(crowded, "place").left_join(apart, ["place", "person"])
    return judged.select(
        "record_id",
        namespace=ibis.literal("global"),
        identifier_type=ibis.literal(ADDRESS),
        identifier_value=judged.person + _SEPARATOR + judged.place,
        first_seen_at=judged.first_seen_at,
        last_seen_at=judged.last_seen_at,
        flaw=ibis.cases(
            (judged.names > (hub if hub is not None else 2**31), ibis.literal(HUB, "int8")),
            (judged.days > _NAMESAKES_DAYS, ibis.literal(NAMESAKES, "int8")),
            else_=ibis.literal(SOUND, "int8"),
        ),
    )


def _types(carried: ir.Table, rules: IdentityRules, engine: Engine) -> tuple[ir.Table, pa.Table, tuple[str, ...]]:
    import pyarrow as pa

    found = engine.to_arrow(carried.select("namespace", "identifier_type").distinct()).to_pylist()
    found.sort(key=lambda row: (row["namespace"], row["identifier_type"]))
    rows: list[dict[str, Any]] = []
    for row in found:
        rule = rules.identifiers.get(row["identifier_type"])
        if rule is not None:
            rows.append(
                {
                    "type_id": len(rows),
                    **row,
                    "kind": KINDS[rule.kind],
                    "most": rule.limit,
                    "hub": rule.hub,
                    "strength": rule.strength,
                    "recycled_after_days": rule.recycled_after_days,
                }
            )
    unknown = sorted({row["identifier_type"] for row in found} - set(rules.identifiers))
    table = pa.Table.from_pylist(rows, TYPES.to_pyarrow())
    return engine.from_arrow(table, TYPES), table, tuple(unknown)


def _is_placeholder(kind: ir.StringValue, value: ir.StringValue, rules: IdentityRules) -> ir.BooleanValue:
    """Whether a value is in the list, or has no letters and digits but zeros, or one and the same five times or more.

    Written for the millions of values that are nothing of the kind: comparing whole texts costs a fraction of taking
    them apart by regular expressions.
    """
    lower = value.lower()
    local = lower.split("@")[0]
    return ibis.cases(
        (kind.isin(["email", "email_base"]), _says_nothing(local, rules)),
        (kind == "phone", value.right(7).isin(_SAME + _COUNTED) | (value.length() < 5)),
        else_=_says_nothing(lower, rules),
    )


def _says_nothing(text: ir.StringValue, rules: IdentityRules) -> ir.BooleanValue:
    joined = text.replace("-", "")
    same = (joined.replace(joined.substr(0, 1), "") == "") & (joined.length() >= 5)
    return text.isin(rules.placeholders) | text.re_search(_ZEROS) | same


def _renamed(aliases: ir.Table, engine: Engine, key: str) -> ir.Table | None:
    """identifier_id (node) → the id that stands for all names of the same person (component); None without aliases."""
    edges = engine.scratch(
        aliases.select(
            left=stable_id(aliases.namespace, aliases.identifier_type, aliases.old_value, key=key),
            right=stable_id(aliases.namespace, aliases.identifier_type, aliases.new_value, key=key),
        ).distinct()
    )
    if not engine.to_arrow(edges.limit(1)).num_rows:
        return None
    return engine.connected_components(edges)
