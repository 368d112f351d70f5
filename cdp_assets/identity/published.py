"""What was published about single records and profiles, named as people name them and masked.

Belongs here: finding a record or profile by what a person calls it, and showing it. Does not belong here: what ties
records (`ties.py`), explanations (`explain.py`) and pictures (`cluster.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import ibis.expr.types as ir
from ibis import _

from cdp_assets.canonical.schema import Pii
from cdp_assets.identity.evidence import identifier_id_of
from cdp_assets.warehouse.preview import mask

Tables = Callable[[str, str], ir.Table]
"""Gives a published table by stage and name."""

Row = Mapping[str, Any]

_MOST_CHOICES = 10


class RecordNotFound(LookupError):
    """No record or profile is called so, or several are; the message says which."""


@dataclass(frozen=True)
class RecordShown:
    """One record as an explanation names it.

    Args:
        record_id: Its id.
        source, stream, kind: Where it is from.
        native_id: Its id at the source, masked; empty for facts.
        name: Its name, masked; empty if it has none.
        profiles: The profiles it belongs to: several for devices that several people use.
        closed: Whether its source has deleted it since, or leaves it out.
    """

    record_id: int
    source: str
    stream: str
    kind: str
    native_id: str
    name: str
    profiles: tuple[int, ...]
    closed: bool = False

    @property
    def words(self) -> str:
        """For the middle of a sentence."""
        called = " ".join(part for part in (self.native_id, f"({self.name})" if self.name else "") if part)
        what = "activity" if self.kind != "person" else "closed record" if self.closed else "record"
        return f"{self.source} {self.stream} {what} {called or self.record_id}"

    @property
    def short(self) -> str:
        """For a label: the name, or the id at the source, or the kind."""
        return self.name or self.native_id or self.kind

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values; ids are text, since they exceed what JSON's readers keep exactly."""
        return {
            **asdict(self),
            "record_id": str(self.record_id),
            "profiles": [str(profile) for profile in self.profiles],
        }


class Published:
    """Reads the published tables.

    Args:
        tables: Published tables.
        key: Secret of the keyed hashes of identifiers (`Settings.hash_key`).
    """

    def __init__(self, tables: Tables, key: str) -> None:
        self.tables = tables
        self.key = key

    @cached_property
    def stewards_words(self) -> Sequence[Row]:
        """The rows of `schemas.STEWARD_WORDS`."""
        return rows_of(self.tables("identity", "steward_words"))

    def find(self, called: str) -> int:
        """The record_id of what a person calls a record: its record_id, its id at the source (``crm:0031``, or ``0031``
        if no other source has it), or an identifier it carries.

        Raises:
            RecordNotFound: if there is no such record, or several in different profiles.
        """
        found = self._found(called)
        if not found:
            raise RecordNotFound(f"no record is called {called!r}: give a record id, `source:id`, or an identifier")
        profiles = {shown.profiles for shown in self.shown(sorted(found)).values()}
        if len(profiles) > 1:
            choices = list(self.shown(sorted(found)).values())[:_MOST_CHOICES]
            listed = "; ".join(f"{choice.record_id}: {choice.words}" for choice in choices)
            raise RecordNotFound(f"{called!r} is found on {len(found)} records of different profiles: {listed}")
        return int(min(found))

    def find_profile(self, called: str) -> int:
        """The profile that a person means: by its id, an older id, or whatever a record of it is called.

        Raises:
            RecordNotFound: if there is none, or several.
        """
        number = _number(called)
        profile_map = self.tables("identity", "profile_map")
        if number is not None:
            if rows_of(profile_map.filter(_.profile_id == number).select("profile_id").limit(1)):
                return number
            moved = self.tables("identity", "redirects").filter(_.old_profile_id == number).select("profile_id")
            for row in rows_of(moved):
                return int(row["profile_id"])
        found = self._found(called)
        if not found:
            raise RecordNotFound(
                f"no profile is called {called!r}: give a profile id, a record id, `source:id`, or an identifier"
            )
        rows = rows_of(profile_map.filter(_.record_id.isin(sorted(found))).select("profile_id").distinct())
        profiles = sorted(row["profile_id"] for row in rows)
        if len(profiles) > 1:
            listed = ", ".join(map(str, profiles[:_MOST_CHOICES]))
            raise RecordNotFound(f"{called!r} leads to {len(profiles)} profiles; give the id of one of them: {listed}")
        return int(profiles[0])

    def _found(self, called: str) -> set[int]:
        records = self.tables("normalised", "identity_records")
        number = _number(called)
        if number is not None and rows_of(records.filter(_.record_id == number).select("record_id")):
            return {number}
        source, _colon, rest = called.partition(":")
        found = {row["record_id"] for row in rows_of(records.filter(_.native_id == called).select("record_id"))}
        if rest:
            by_source = records.filter((_.source == source) & (_.native_id == rest)).select("record_id")
            found |= {row["record_id"] for row in rows_of(by_source)}
        if not found:
            identifiers = self.tables("normalised", "identifiers")
            match = _.identifier_value == called
            if rest:
                match = match | ((_.namespace == source) & (_.identifier_value == rest))
            found = {row["record_id"] for row in rows_of(identifiers.filter(match).select("record_id"))}
        return found

    def shown(self, records: Collection[int]) -> dict[int, RecordShown]:
        """Records as explanations name them."""
        wanted = sorted(records)
        identity = self.tables("normalised", "identity_records").filter(_.record_id.isin(wanted))
        contacts = self.tables("normalised", "contacts").filter(_.record_id.isin(wanted))
        names = {row["record_id"]: row for row in rows_of(contacts)}
        profiles: dict[int, set[int]] = defaultdict(set)
        for row in rows_of(self.tables("identity", "profile_map").filter(_.record_id.isin(wanted))):
            profiles[row["record_id"]].add(row["profile_id"])
        return {
            row["record_id"]: RecordShown(
                row["record_id"],
                row["source"],
                row["stream"],
                row["kind"],
                mask(row["native_id"], Pii.PSEUDONYM),
                _name(names.get(row["record_id"])),
                tuple(sorted(profiles[row["record_id"]])),
                row.get("closed", False),
            )
            for row in rows_of(identity)
        }

    def members(self, profiles: Iterable[int]) -> set[int]:
        """record_ids of everything that some profiles hold."""
        profile_map = self.tables("identity", "profile_map")
        return {row["record_id"] for row in rows_of(profile_map.filter(_.profile_id.isin(sorted(profiles))))}

    def value(self, record: int, identifier: Row) -> str:
        """The masked value of an identifier on a record; empty if the record knows it by another name.

        Args:
            record: A record_id.
            identifier: namespace, identifier_type, identifier_id.
        """
        kind = identifier["identifier_type"]
        if kind == "address":
            return "(name and address)"
        rows = rows_of(
            self.tables("normalised", "identifiers").filter(
                (_.record_id == record)
                & (_.namespace == identifier["namespace"])
                & _.identifier_type.isin([kind, "email"] if kind == "email_base" else [kind])
            )
        )
        for row in rows:
            hashed = identifier_id_of(self.key, row["namespace"], kind, row["identifier_value"])
            if hashed == identifier["identifier_id"] or len(rows) == 1:
                return mask(row["identifier_value"])
        return ""


def rows_of(table: ir.Table) -> list[dict[str, Any]]:
    """The rows of a table as dicts."""
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


def _number(called: str) -> int | None:
    return int(called) if called.isdecimal() and int(called) < 1 << 63 else None


def _name(contact: Row | None) -> str:
    if contact is None:
        return ""
    parts: Sequence[str | None] = (contact["given_name"], contact["family_name"])
    return mask(" ".join(part for part in parts if part) or contact["full_name"] or "")
