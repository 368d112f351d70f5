"""Bringing the evidence together: identifiers, and the addresses of named records, as rows of integers.

Belongs here: hashing, aliases, mailboxes, addresses and the values that stand for "nothing known". Does not belong
here: which records are looked at (`delta.py`), and hubs (`blocked_values.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.addresses import is_typed_for_nothing, plain_postcode, plain_street
from cdp_assets.identity.evidence import (
    ADDRESS,
    CROWDED,
    EMAIL,
    KINDS_OF_POINTS,
    MAILBOX,
    NAMESAKES,
    PLACEHOLDER,
    SOUND,
    Types,
    names_of,
)
from cdp_assets.identity.numbers import NUMBER, registered
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.warehouse.engine import has_rows
from cdp_assets.warehouse.operations import quick_hash, stable_beginning, stable_id
from cdp_assets.warehouse.stacking import restricted, stack

if TYPE_CHECKING:
    from cdp_assets.identity.canonical import Canonical
    from cdp_assets.warehouse.engine import Engine

_ZEROS = r"^(?:0|[^\pL\pN])*$"
_TYPED = 4
"""Letters of a word that somebody types to have typed something."""

_NAMESAKES_YEARS = 10
_SEPARATOR = "\x1f"
_PLACE = "int64"


@dataclass(frozen=True)
class Collector:
    """Makes evidence of canonical tables.

    Args:
        canonical: What there is to know.
        types: The identifier types in it.
        renamed: identifier_id (``node``) → the id that stands for all names of the same person (``component``); None
            without aliases.
        rules: What is known of each identifier type.
        key: Secret of the keyed hashes.
        engine: Computes.
        retracted: record_id, identifier_id (before aliases): observations that stewards took back; None for none.
    """

    canonical: Canonical
    types: Types
    renamed: ir.Table | None
    rules: IdentityRules
    key: str
    engine: Engine
    retracted: ir.Table | None = None

    @property
    def has_mailboxes(self) -> bool:
        """Whether any source gives mailboxes behind e-mail addresses."""
        return MAILBOX in self.types.kinds

    def rows(
        self,
        records: ir.Table | None = None,
        neighbours: ir.Table | None = None,
        canonical: Canonical | None = None,
        store: Callable[[ir.Table], ir.Table] | None = None,
    ) -> ir.Table:
        """`Evidence.observations` of some records, before hubs are looked for.

        Args:
            records: record_id, distinct; None for all.
            neighbours: record_id of others at their addresses: how many live there, and how old, is told by all.
            canonical: What there is to know of ``records`` and ``neighbours``, and maybe of others; null for all.
            store: Computes them once and tells where they are; null for a scratch table.
        """
        store = store or self.engine.scratch
        canonical = canonical or self.canonical
        carried = self._without_retracted(restricted(canonical.identifiers, records)).select(
            "record_id", "namespace", "identifier_type", "identifier_value", "first_seen_at", "last_seen_at",
            flaw=ibis.literal(SOUND, "int8"), place_id=ibis.null(_PLACE),
        )  # fmt: skip
        # Below the join, so that it is computed once though it is looked at several times.
        carried = carried.mutate(text=_telling_part(carried.identifier_type, carried.identifier_value))
        if self.has_mailboxes:
            carried = self._with_plain_mailboxes(carried)
        if ADDRESS in self.rules.identifiers:
            everyone = None if records is None or neighbours is None else stack(records, neighbours).distinct()
            addresses = self._addresses(canonical, records if everyone is None else everyone)
            carried = stack(carried, addresses if everyone is None else restricted(addresses, records))
        carried = self._without_retracted(carried)
        types = self.types.table
        types = types.select(
            "type_id", "kind", "namespace", "identifier_type",
            begun=stable_beginning(types.namespace, types.identifier_type, key=self.key),
        )  # fmt: skip
        # Joining on the short table of types also leaves out what the rules do not know.
        known = carried.join(types, ["namespace", "identifier_type"])
        observed = known.select(
            "record_id",
            "type_id",
            "kind",
            "first_seen_at",
            "last_seen_at",
            "place_id",
            identifier_id=stable_id(known.identifier_value, after=known.begun),
            flaw=ibis.ifelse(
                _is_placeholder(known.identifier_type, known.identifier_value, known.text, self.rules),
                ibis.literal(PLACEHOLDER, "int8"),
                known.flaw,
            ),
        )
        if self.renamed is None:
            return store(observed)
        joined = self.engine.scratch(observed).left_join(self.renamed.rename(identifier_id="node"), "identifier_id")
        # A record may carry the old and the new value, which are one now.
        return store(
            joined.mutate(identifier_id=ibis.coalesce(joined.component, joined.identifier_id))
            .group_by("record_id", "identifier_id", "type_id", "kind")
            .aggregate(
                first_seen_at=_.first_seen_at.min(),
                last_seen_at=_.last_seen_at.max(),
                place_id=_.place_id.max(),
                flaw=_.flaw.max(),
            )
        )

    def identifier_id(self, identifiers: ir.Table) -> ir.IntegerValue:
        """The id of identifiers, before aliases."""
        return stable_id(identifiers.namespace, identifiers.identifier_type, identifiers.identifier_value, key=self.key)

    def mailboxes(self) -> ir.Table:
        """The rows of `identifiers` that are mailboxes given by sources."""
        identifiers = self.canonical.identifiers
        return self._without_retracted(identifiers.filter(identifiers.identifier_type == MAILBOX))

    def numbers(self, observed: ir.Table) -> ir.Table | None:
        """`numbers.registered` of some records; None if no source gives any such numbers.

        Args:
            observed: `Evidence.observations` of these records, hubs marked.
        """
        if NUMBER not in self.types.kinds:
            return None
        known = self.types.table.filter(_.identifier_type == NUMBER).select("type_id")
        counting = self.engine.scratch(
            observed.filter(observed.flaw == SOUND).semi_join(known, "type_id").select("record_id", "identifier_id")
        )
        carried = restricted(self.canonical.identifiers.filter(_.identifier_type == NUMBER), counting)
        carried = carried.mutate(identifier_id=self.identifier_id(carried))
        if self.renamed is not None:
            joined = carried.left_join(self.renamed.rename(identifier_id="node"), "identifier_id")
            carried = joined.mutate(identifier_id=ibis.coalesce(joined.component, joined.identifier_id))
        return self.engine.scratch(registered(carried.semi_join(counting, ["record_id", "identifier_id"])))

    def _without_retracted(self, carried: ir.Table) -> ir.Table:
        return without(carried, self.retracted, self.key)

    def _with_plain_mailboxes(self, carried: ir.Table) -> ir.Table:
        """Add the weaker identifier to e-mails that are the plain form of somebody's address with a tag.

        Sources give a mailbox only where it differs from the address; the plain address itself is its own mailbox.
        """
        values = self.mailboxes().select("identifier_value").distinct()
        plain = carried.filter(_.identifier_type == EMAIL).semi_join(values, "identifier_value")
        own = carried.filter(_.identifier_type == MAILBOX)
        missing = plain.anti_join(own, ["record_id", "identifier_value"])
        return carried.union(missing.mutate(identifier_type=ibis.literal(MAILBOX)).select(carried.columns))

    def _addresses(self, canonical: Canonical, records: ir.Table | None) -> ir.Table:
        """Name and address together as one identifier: people of one name at one address are taken for one person.

        The address alone is a household's, which would put every family before the slow path for nothing.
        """
        placed = self._without_retracted(_named_places(canonical, records))
        # Of long texts their hashes are compared.
        placed = placed.mutate(place_id=quick_hash(placed.place), person_id=quick_hash(placed.person))
        rule = self.rules.identifiers[ADDRESS]
        hub = rule.hub if rule.hub is not None else 2**31
        # More names than that need more rows than that, which few places have.
        full = placed.group_by("place_id").aggregate(rows=_.count()).filter(_["rows"] > hub)
        crowded = placed.semi_join(full, "place_id").group_by("place_id").aggregate(names=_.name_key.nunique())
        apart = placed.group_by("place_id", "person_id").aggregate(years=_.birth_year.max() - _.birth_year.min())
        seen = placed.group_by("record_id", "place_id", "person_id").aggregate(
            first_seen_at=_.changed_at.min(),
            last_seen_at=_.changed_at.max(),
            identifier_value=_.identifier_value.arbitrary(),
            text=_.person.arbitrary(),
        )
        judged = seen.left_join(crowded.filter(_.names > hub), "place_id").left_join(
            apart.filter(_.years >= _NAMESAKES_YEARS), ["place_id", "person_id"]
        )
        return judged.select(
            "record_id",
            "identifier_value",
            "text",
            "first_seen_at",
            "last_seen_at",
            "place_id",
            namespace=ibis.literal("global"),
            identifier_type=ibis.literal(ADDRESS),
            flaw=ibis.cases(
                (judged.names.notnull(), ibis.literal(CROWDED, "int8")),
                (judged.years.notnull(), ibis.literal(NAMESAKES, "int8")),
                else_=ibis.literal(SOUND, "int8"),
            ),
        )


def points_of(observed: ir.Table, canonical: Canonical, key: str, renamed: ir.Table | None = None) -> ir.Table:
    """record_id, kind, value of the contact points that some observations are of.

    Args:
        observed: record_id, identifier_id: the observations.
        canonical: What there is to know of these records.
        key: Secret of the keyed hashes.
        renamed: `Collector.renamed`; null where identifiers are those before aliases.
    """
    columns = ("record_id", "namespace", "identifier_type", "identifier_value")
    identifiers = restricted(canonical.identifiers, observed)
    told = identifiers.filter(identifiers.identifier_type.isin(list(KINDS_OF_POINTS)))
    placed = _named_places(canonical, observed)
    carried = stack(told.select(*columns, value="identifier_value"), placed.select(*columns, "value"))
    carried = carried.mutate(
        kind=carried.identifier_type.cases(*KINDS_OF_POINTS.items()),
        identifier_id=stable_id(_.namespace, _.identifier_type, _.identifier_value, key=key),
    )
    if renamed is not None:
        joined = carried.left_join(renamed.rename(identifier_id="node"), "identifier_id")
        carried = joined.mutate(identifier_id=ibis.coalesce(joined.component, joined.identifier_id))
    found = carried.semi_join(observed, ["record_id", "identifier_id"])
    return found.select("record_id", "kind", "value").distinct()


def _named_places(canonical: Canonical, records: ir.Table | None) -> ir.Table:
    """Postal addresses of named records, with what is known of the name, and both as one identifier."""
    points = canonical.contact_points
    postal = restricted(
        points.filter((points.kind == "postal") & points.line_1.notnull() & points.postal_code.notnull()), records
    )
    joined = postal.join(names_of(restricted(canonical.contacts, records)), "record_id")
    street = plain_street(joined.line_1)
    postcode = plain_postcode(joined.postal_code)
    placed = joined.filter(
        (joined.given_name.notnull() & joined.family_name.notnull()) | joined.full_name.contains(" ")
    )
    placed = placed.mutate(
        place=street + _SEPARATOR + postcode + _SEPARATOR + joined.country.lower().coalesce(""),
        person=ibis.coalesce(joined.given_name + " " + joined.family_name, joined.full_name).lower(),
    )
    return placed.mutate(
        namespace=ibis.literal("global"),
        identifier_type=ibis.literal(ADDRESS),
        identifier_value=placed.person + _SEPARATOR + placed.place,
    )


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


def renamed_by(aliases: ir.Table, engine: Engine, key: str) -> ir.Table | None:
    """What aliases make one (`Collector.renamed`).

    A value that several have taken the place of was never one person's, as that of a device that people share is not:
    it makes nobody one.
    """
    told = engine.scratch(
        aliases.select(
            left=stable_id(aliases.namespace, aliases.identifier_type, aliases.old_value, key=key),
            right=stable_id(aliases.namespace, aliases.identifier_type, aliases.new_value, key=key),
        ).distinct()
    )
    places = told.group_by("left").aggregate(taken=told.count())
    edges = engine.scratch(told.semi_join(places.filter(places.taken == 1), "left"))
    if not has_rows(edges, engine):
        return None
    return engine.connected_components(edges)


def _telling_part(kind: ir.StringValue, value: ir.StringValue) -> ir.StringValue:
    """What tells whether a value is a placeholder: of e-mails the part before the @."""
    lower = value.lower()
    at = lower.find("@")
    return ibis.ifelse(kind.isin([EMAIL, MAILBOX]) & (at >= 0), lower.substr(0, ibis.greatest(at, 0)), lower)


def _is_placeholder(
    kind: ir.StringValue, value: ir.StringValue, text: ir.StringValue, rules: IdentityRules
) -> ir.BooleanValue:
    """Whether a value is in the list, or has no letters and digits but zeros, or one and the same five times or more,
    or is an address with one short word on both sides of the @, as people type it who have to type one (asdf@asdf.de).

    Written for the millions of values that are nothing of the kind: comparing whole texts costs a fraction of taking
    them apart by regular expressions, and looking at their length and ends a fraction of that.

    Args:
        kind, value: The identifier.
        text: Its `_telling_part`.
        rules: The list.
    """
    is_phone = kind == "phone"
    # Engines look up all rows in a long list, whatever stands around it: most bring nothing to be looked for.
    phone = ibis.ifelse(is_phone, value, "")
    return ibis.ifelse(is_phone, is_typed_for_nothing(phone), _says_nothing(value, text, is_phone, rules))


def _says_nothing(
    value: ir.StringValue, text: ir.StringValue, is_phone: ir.BooleanValue, rules: IdentityRules
) -> ir.BooleanValue:
    longest = max((len(word) for word in rules.placeholders), default=0)
    short = ibis.ifelse(~is_phone & (text.length() <= longest), text, "")
    joined = text.replace("-", "")
    same = (joined.replace(joined.substr(0, 1), "") == "") & (joined.length() >= 5)
    typed = ibis.ifelse(text.length() <= _TYPED, value.lower().startswith(text + "@" + text + "."), False)
    ends_alike = text.endswith(text.left(1)) | text.startswith("-") | text.endswith("-")
    tells = ((text >= "1") & (text < ":")) | ((text >= "a") & (text < "{"))
    return (
        ((short != "") & short.isin(rules.placeholders))
        | ibis.ifelse(tells, False, text.re_search(_ZEROS))
        | ibis.ifelse(ends_alike, same, False)
        | typed
    )
