"""A small shop to activate from: people, segments, consents and a ledger, changed by hand between refreshes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from sqlalchemy import select

from cdp_assets.activation.decisions import Activated
from cdp_assets.activation.outbox import Tables, activate, refresh_permissions
from cdp_assets.activation.spec import DestinationSpec, FileConnector
from cdp_assets.ledger import Ledger, bulk
from cdp_assets.ledger.models import OutboxRow
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

MONDAY = datetime(2026, 6, 1, 6, tzinfo=UTC)
TUESDAY = datetime(2026, 6, 2, 6, tzinfo=UTC)
WEDNESDAY = datetime(2026, 6, 3, 6, tzinfo=UTC)
THURSDAY = datetime(2026, 6, 4, 6, tzinfo=UTC)
FRIDAY = datetime(2026, 6, 5, 6, tzinfo=UTC)

WELCOME = DestinationSpec(
    name="welcome",
    description="Greets new members.",
    owner="team:marketing",
    segment="members",
    channel="email",
    purpose="marketing",
    connector=FileConnector(path="drop"),
    payload={"email": "email", "name": "full_name"},
    initial="send",
)
MIRROR = replace(WELCOME, name="audience", mode="mirror")

_CUSTOMER = ibis.schema(
    {
        "profile_id": "int64",
        "email": "string",
        "phone": "string",
        "full_name": "string",
        "timezone": "string",
        "orders": "int64",
    }
)
_MEMBERSHIPS = ibis.schema({"segment": "string", "profile_id": "int64", "entered_at": "timestamp('UTC')"})
_CONSENTS = ibis.schema(
    {
        "contact_point": "string",
        "purpose": "string",
        "channel": "string",
        "status": "string",
        "explicit": "boolean",
        "since": "timestamp('UTC')",
        "expires_at": "timestamp('UTC')",
        "legal_basis": "string",
        "source": "string",
    }
)
_SUPPRESSIONS = ibis.schema(
    {"contact_point": "string", "channel": "string", "reason": "string", "since": "timestamp('UTC')"}
)
_REDIRECTS = ibis.schema({"old_profile_id": "int64", "profile_id": "int64"})


def email_of(profile_id: int) -> str:
    return f"p{profile_id}@example.org"


def person(profile_id: int, **values: Any) -> dict[str, Any]:
    """A customer with an e-mail, a phone and a name."""
    return {
        "profile_id": profile_id,
        "email": email_of(profile_id),
        "phone": f"+49301000{profile_id}",
        "full_name": f"Person {profile_id}",
        "timezone": None,
        "orders": 1,
        **values,
    }


def consent(contact_point: str, status: str = "granted", **values: Any) -> dict[str, Any]:
    """The person's own word for marketing by e-mail."""
    return {
        "contact_point": contact_point,
        "purpose": "marketing",
        "channel": "email",
        "status": status,
        "explicit": True,
        "since": MONDAY,
        "expires_at": None,
        "legal_basis": "consent",
        "source": "site",
        **values,
    }


@dataclass
class Shop:
    """What a refresh sees. Change it, then `refresh`."""

    url: str
    people: dict[int, dict[str, Any]] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    consents: list[dict[str, Any]] = field(default_factory=list)
    suppressions: list[dict[str, Any]] = field(default_factory=list)
    redirects: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = Ledger.open(self.url)
        self.engine = DuckDBEngine.in_memory()

    def with_people(self, *profile_ids: int, consenting: bool = True) -> Shop:
        for profile_id in profile_ids:
            self.people[profile_id] = person(profile_id)
            if consenting:
                self.consents.append(consent(email_of(profile_id)))
        return self

    def say(self, profile_id: int, status: str, since: datetime) -> None:
        """Replace the person's standing word."""
        point = email_of(profile_id)
        self.consents = [word for word in self.consents if word["contact_point"] != point]
        self.consents.append(consent(point, status, since=since))

    def tables(self) -> Tables:
        return Tables(
            memberships=self._table(
                [{"segment": "members", "profile_id": one, "entered_at": MONDAY} for one in self.members], _MEMBERSHIPS
            ),
            customer_360=self._table(list(self.people.values()), _CUSTOMER),
            consent_state=self._table(self.consents, _CONSENTS),
            suppressions=self._table(self.suppressions, _SUPPRESSIONS),
            redirects=self._table(
                [{"old_profile_id": old, "profile_id": new} for old, new in self.redirects.items()], _REDIRECTS
            ),
        )

    def refresh(self, spec: DestinationSpec, as_of: datetime) -> Activated:
        refresh_permissions(self.tables(), self.engine, self.ledger)
        return activate(spec, self.tables(), self.engine, self.ledger, as_of)

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """The outbox, by id."""
        table = bulk.table_of(OutboxRow)
        with self.ledger.reading() as connection:
            found = connection.execute(select(*(table.c[name] for name in columns)).order_by(table.c.id))
            return [tuple(row) for row in found]

    def told(self, since: int = 0) -> list[tuple[int, str]]:
        """Profile and change of each row put up for sending."""
        rows = self.rows("id", "profile_id", "change", "status")
        return [(row[1], row[2]) for row in rows if row[3] != "withheld" and row[0] > since]

    def withheld(self) -> list[tuple[int, str]]:
        """Profile and reason of each row withheld."""
        return [(row[0], row[1]) for row in self.rows("profile_id", "reason", "status") if row[2] == "withheld"]

    def _table(self, rows: Sequence[Mapping[str, Any]], schema: ibis.Schema) -> ir.Table:
        return self.engine.from_arrow(pa.Table.from_pylist(list(rows), schema.to_pyarrow()), schema)
