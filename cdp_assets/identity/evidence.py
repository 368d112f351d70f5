"""Which record carries which identifier, in integers: the vocabulary of the stage.

Belongs here: identifier types, names, and what all steps know as evidence. Does not belong here: bringing it together
(`collecting.py`), which identifiers are nobody's own (`blocked_values.py`), and what follows from sharing one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.numbers import as_text
from cdp_assets.identity.spec import IdentityRules, Kind
from cdp_assets.normalised.birth_dates import born_in
from cdp_assets.sources.proposing.cells import estate
from cdp_assets.warehouse.operations import quick_hash, trimmed

if TYPE_CHECKING:
    import pyarrow as pa

    from cdp_assets.warehouse.engine import Engine

KINDS = {Kind.PERSONAL: 0, Kind.SHAREABLE: 1, Kind.DEVICE: 2}
"""Code of each kind in the integer tables."""

SOUND, PLACEHOLDER, HUB, NAMESAKES, CROWDED = range(5)
"""What is wrong with a value: nothing; it stands for "nothing known"; too many people carry it; two people of one name
at one address are a generation apart; too many people live at the address."""

ADDRESS = "address"
"""The one identifier type that is made here: name and postal address together."""

EMAIL, MAILBOX = "email", "email_base"

KINDS_OF_POINTS = {EMAIL: "email", "phone": "phone", ADDRESS: "postal"}
"""Identifier type → kind of the contact points that it is seen on."""

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

_NAME_PARTS = ("given_name", "family_name", "full_name")
GENDERS = {**dict.fromkeys(("f", "female", "w"), "f"), **dict.fromkeys(("m", "male"), "m")}
"""How sources write genders, and which they are; what else they write is none of the two, or not known to be."""
_AFTER_AN_INITIAL = ("", " ", ".")
_SAYS_SOMETHING = r"[^ \t\n\r\v\f]"


@dataclass(frozen=True)
class Types:
    """The identifier types in the data.

    Args:
        table: `TYPES`.
        rows: The same as Arrow.
        unknown: Identifier types in the data that the rules do not know.
    """

    table: ir.Table
    rows: pa.Table
    unknown: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """All identifier types, whatever their namespace, in alphabetical order."""
        return tuple(sorted(set(self.rows["identifier_type"].to_pylist())))


@dataclass(frozen=True)
class Evidence:
    """Everything that ties some records to one another.

    Args:
        observations: record_id, identifier_id, type_id, kind, first_seen_at, last_seen_at, flaw (`SOUND`, `PLACEHOLDER`
            …), place_id (of an address): one row per record and identifier.
        names: record_id, name_key (int64: equal for equal spelling of the whole name; null without one), given_name,
            family_name, full_name, birth_date, birth_year (of the date, or alone), gender (``f`` or ``m``), mailbox
            (beside an initial or a family name alone), numbers (`numbers.as_text`); only records that have any of a
            name, a number, a time of birth and a gender.
        of: The identifier types.
    """

    observations: ir.Table
    names: ir.Table
    of: Types

    @property
    def types(self) -> ir.Table:
        """`TYPES`."""
        return self.of.table

    @property
    def type_rows(self) -> pa.Table:
        """`TYPES` as Arrow."""
        return self.of.rows


def identifier_id_of(key: str, namespace: str, identifier_type: str, value: str) -> int:
    """The id of one identifier, without aliases; the same that the engine computes."""
    text = "\x1f".join((key, namespace, identifier_type, value) if key else (namespace, identifier_type, value))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") & 0x7FFF_FFFF_FFFF_FFFF


def types_of(identifiers: ir.Table, rules: IdentityRules, engine: Engine) -> Types:
    """The identifier types that there are, numbered in alphabetical order.

    Args:
        identifiers: The canonical table.
        rules: What is known of each type.
        engine: Computes.
    """
    import pyarrow as pa

    found = {
        (row["namespace"], row["identifier_type"])
        for row in engine.to_arrow(identifiers.select("namespace", "identifier_type").distinct()).to_pylist()
    }
    if any(kind == MAILBOX for _, kind in found):
        found |= {(namespace, MAILBOX) for namespace, kind in found if kind == EMAIL}
    found.add(("global", ADDRESS))
    rows: list[dict[str, Any]] = []
    for namespace, identifier_type in sorted(found):
        rule = rules.identifiers.get(identifier_type)
        if rule is not None:
            rows.append(
                {
                    "type_id": len(rows),
                    "namespace": namespace,
                    "identifier_type": identifier_type,
                    "kind": KINDS[rule.kind],
                    "most": rule.limit,
                    "hub": rule.hub,
                    "strength": rule.strength,
                    "recycled_after_days": rule.recycled_after_days,
                }
            )
    unknown = sorted({kind for _, kind in found} - set(rules.identifiers) - {ADDRESS})
    table = pa.Table.from_pylist(rows, TYPES.to_pyarrow())
    return Types(engine.from_arrow(table, TYPES), table, tuple(unknown))


SAID_OF_CONTACTS = (*_NAME_PARTS, "birth_date", "birth_year", "gender", "company", "job_title")
SAID_OF_POINTS = ("kind", "value", "line_1", "postal_code", "city")
"""What records say of people, beside identifiers; names and addresses are evidence, and all of it is compared."""

_SUMMED = 2**40
"""Hashes are added below this, so that no sum is too large."""


def with_numbers(names: ir.Table, numbers: ir.Table | None) -> ir.Table:
    """`Evidence.names` with the numbers of the people.

    Args:
        names: As from `names_of`.
        numbers: `numbers.registered`; null for none.
    """
    if numbers is None:
        return names.mutate(numbers=ibis.null("string"))
    told = numbers.select("record_id", numbers=as_text(numbers.numbers))
    joined = names.outer_join(told, "record_id")
    return joined.mutate(record_id=ibis.coalesce(joined.record_id, joined.record_id_right)).drop("record_id_right")


def names_of(contacts: ir.Table, contact_points: ir.Table | None = None) -> ir.Table:
    """The names, birth dates, years of birth and genders that records bear (`Evidence.names`), without numbers.

    Args:
        contacts: The canonical table, of some records or all.
        contact_points: The same of addresses, for the mailboxes that may say what a given name is of which no more than
            an initial is told; null for none of these.
    """
    contacts = _with_estates(contacts)
    says = [contacts[name].re_search(_SAYS_SOMETHING) for name in _NAME_PARTS]
    gender = contacts.gender.strip().lower().cases(*GENDERS.items())
    born = (contacts.birth_date.notnull(), contacts.birth_year.notnull())
    named = contacts.mutate(gender=gender).filter(ibis.or_(*says, *born, _.gender.notnull()))
    parts = {name: trimmed(named[name]).nullif("") for name in _NAME_PARTS}
    named = named.mutate(**parts, birth_year=born_in(named))
    spoken = ibis.coalesce(
        named.given_name + " " + named.family_name, named.given_name, named.family_name, named.full_name
    )
    key = ibis.ifelse(spoken.isnull(), ibis.null("int64"), quick_hash(spoken.lower()))
    said = named.select("record_id", *_NAME_PARTS, "birth_date", "birth_year", "gender", name_key=key)
    if contact_points is None:
        return said.mutate(mailbox=ibis.null("string"))
    second = said.given_name.coalesce(said.full_name).substr(1, 1)
    no_given = said.family_name.notnull() & said.given_name.isnull() & said.full_name.isnull()
    asked = said.filter(no_given | second.isin(_AFTER_AN_INITIAL)).select("record_id")
    mails = contact_points.filter(contact_points.kind == EMAIL).semi_join(asked, "record_id")
    boxes = mails.mutate(mailbox=mails.value.lower().split("@")[0]).group_by("record_id")
    # Of two mailboxes one may be another person's.
    own = boxes.having(_.mailbox.nunique() == 1).aggregate(mailbox=_.mailbox.min())
    return said.left_join(own, "record_id").drop("record_id_right")


def _with_estates(contacts: ir.Table) -> ir.Table:
    """Contacts, of which companies that are trusts or estates are the full names where nobody is named."""
    names = [contacts[name].re_search(_SAYS_SOMETHING).fill_null(False) for name in _NAME_PARTS]
    plain = contacts.company.lower().re_replace(r"[^\pL]+", " ").strip()
    told = ~ibis.or_(*names) & plain.re_search(estate()).fill_null(False)
    return contacts.mutate(full_name=ibis.ifelse(told, contacts.company, contacts.full_name))


def said_by(contacts: ir.Table, contact_points: ir.Table) -> ir.Table:
    """record_id, said: a number that is another one when anything is that a record says of a person.

    Args:
        contacts, contact_points: The canonical tables.
    """
    named = contacts.select("record_id", said=quick_hash(*(contacts[name] for name in SAID_OF_CONTACTS)))
    reached = contact_points.select(
        "record_id", said=quick_hash(*(contact_points[name] for name in SAID_OF_POINTS)) % _SUMMED
    )
    reached = reached.group_by("record_id").aggregate(said=reached.said.sum())
    both = named.outer_join(reached, "record_id")
    return both.select(
        record_id=both.record_id.coalesce(both.record_id_right),
        said=both.said.coalesce(0) % _SUMMED + both.said_right.coalesce(0).cast("int64"),
    )


def described(records: ir.Table, contacts: ir.Table, contact_points: ir.Table) -> ir.Table:
    """record_id, first_seen_at, guest (whether it is a fact without identifiers) and said (`said_by`) of records.

    Args:
        records: `canonical.IDENTITY_RECORDS`, some or all.
        contacts, contact_points: The canonical tables, of these records at least.
    """
    said = said_by(contacts, contact_points)
    known = records.select("record_id", "first_seen_at", guest=records.kind == "guest")
    return known.left_join(said, "record_id").drop("record_id_right")
