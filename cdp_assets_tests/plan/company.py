"""A small company with three systems, whose definitions change: everything written out, so that a plan can be checked.

- Ada is in the CRM and the shop under one e-mail, and was at the fair.
- Bob (CRM) and Cleo (shop) share an e-mail and are kept apart by their names.
- Dora is in the CRM and the shop under the e-mail of her sales team.
- Emil was at the fair only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb

from cdp_assets.automation.refresh import execute
from cdp_assets.catalog import load_catalog
from cdp_assets.settings import Settings

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)

FILES = {
    "crm/contacts.csv": """\
id,name,email,job,changed
c1,Ada Young,ada@example.com,Engineer,2026-01-05T10:00:00Z
c2,Bob Weber,weber@example.com,Baker,2026-01-05T10:00:00Z
c3,Dora Hill,sales@example.com,Clerk,2026-01-05T10:00:00Z
""",
    "shop/customers.csv": """\
id,name,email,job,changed
s1,Ada Young,ada@example.com,Director,2026-01-04T10:00:00Z
s2,Cleo Weber,weber@example.com,,2026-01-04T10:00:00Z
s3,Dora Hill,sales@example.com,,2026-01-04T10:00:00Z
""",
    "shop/orders.csv": """\
id,customer,at,total
o1,s1,2026-02-01T10:00:00Z,10.00
o2,s1,2026-03-01T10:00:00Z,20.00
o3,s2,2026-03-01T10:00:00Z,40.00
o4,s3,2026-03-02T10:00:00Z,80.00
""",
    "fair/leads.csv": """\
id,name,email,job,changed
f1,Ada Young,ada@example.com,,2026-05-01T10:00:00Z
f2,Emil Frank,emil@example.com,,2026-05-01T10:00:00Z
""",
}


def _people(name: str, files: str, number: str, orders: str = "") -> str:
    return f"""\
type: cdp_assets.sources.component.Source
attributes:
  name: {name}
  description: People of {name}.
  owner: team:data
  settle_seconds: 0
  streams:
    - name: people
      files: {files}
      format: csv
      load: snapshot
      key: [id]
      event_time: changed
      updated_at: changed
      person: true
      columns:
        id: {{type: string, required: true}}
        name: {{type: string}}
        email: {{type: string}}
        job: {{type: string}}
        changed: {{type: timestamp}}
      identifiers:
        - {{type: {number}, value: id}}
        - {{type: email, value: email}}
      maps:
        - to: contacts
          set: {{full_name: name, job_title: job}}
        - to: contact_points
          set: {{kind: "'email'", value: email}}
{orders}"""


_ORDERS = """\
    - name: orders
      files: shop/orders.csv
      format: csv
      load: append
      key: [id]
      event_time: at
      columns:
        id: {type: string, required: true}
        customer: {type: string}
        at: {type: timestamp, required: true}
        total: {type: decimal}
      identifiers:
        - {type: customer_number, value: customer}
      maps:
        - to: orders
          set: {order_id: id, ordered_at: at, currency: "'EUR'", gross: total}
"""

_RULES = """\
type: cdp_assets.identity.component.IdentityRules
attributes:
  identifiers:
    - {{type: email, {email}}}
  placeholders: [{placeholders}]
"""

_SURVIVORSHIP = """\
type: cdp_assets.profiles.component.Survivorship
attributes:
  sources: [{sources}]
"""

_SEGMENT = """\
type: cdp_assets.segments.component.Segment
attributes:
  name: {name}
  description: People who bought.
  owner: team:marketing
  where: {where}
"""

_DESTINATION = """\
type: cdp_assets.activation.component.Destination
attributes:
  name: mailing
  description: Keeps the mailing list equal to the buyers.
  owner: team:marketing
  segment: buyers
  channel: email
  purpose: service
  mode: mirror
  initial: send
  connector: {type: file, path: mailing, format: csv}
  payload: {email: email}
"""

REPORTING = "type: cdp_assets.normalised.component.Reporting\nattributes: {currency: EUR}\n"

NOW = {
    "sources/crm": _people("crm", "crm/contacts.csv", "contact_id"),
    "sources/shop": _people("shop", "shop/customers.csv", "customer_number", _ORDERS),
    "sources/fair": _people("fair", "fair/leads.csv", "subscriber_id"),
    "identity": _RULES.format(email="kind: shareable", placeholders="nomail"),
    "profiles": _SURVIVORSHIP.format(sources="crm, shop"),
    "normalised": REPORTING,
    "segments/buyers": _SEGMENT.format(name="buyers", where="orders >= 1"),
    "destinations/mailing": _DESTINATION,
}
"""The definitions in force."""

PLANNED = {
    **{name: text for name, text in NOW.items() if name != "sources/fair"},
    # Whoever shares an e-mail is one person, and the sales team's is nobody's.
    "identity": _RULES.format(email="kind: personal", placeholders="nomail, sales"),
    "profiles": _SURVIVORSHIP.format(sources="shop, crm"),
    "segments/buyers": _SEGMENT.format(name="buyers", where="orders >= 2"),
    "segments/big": _SEGMENT.format(name="big", where="net_spend >= 80"),
}
"""Definitions that change everything at once."""


@dataclass(frozen=True)
class Company:
    """An installation of its own."""

    data: Path

    def defs(self, definitions: Mapping[str, str], name: str) -> Path:
        """A folder of definitions beside the data."""
        folder = self.data.parent / name
        for place, text in definitions.items():
            (folder / place).mkdir(parents=True, exist_ok=True)
            (folder / place / "defs.yaml").write_text(text, encoding="utf-8")
        return folder

    def drop(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            file = self.data / "landing" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    @contextmanager
    def environment(self, defs: Path) -> Iterator[Settings]:
        before = dict(os.environ)
        named = {"CDP_DATA": self.data, "CDP_DEFS": defs, "CDP_AS_OF": AS_OF.isoformat(), "CDP_HASH_KEY": "small"}
        for name in [name for name in os.environ if name.startswith(("CDP_", "DAGSTER_"))]:
            del os.environ[name]
        os.environ.update({name: str(value) for name, value in named.items()})
        try:
            yield Settings.from_env()
        finally:
            os.environ.clear()
            os.environ.update(before)

    def refresh(self, defs: Path) -> None:
        """The real refresh job, its run kept in memory."""
        from cdp_assets.definitions import build

        with self.environment(defs), dg.DagsterInstance.ephemeral() as instance:
            job = build(load_catalog(defs)).resolve_job_def("refresh")
            for _step in execute(job, instance, AS_OF, {}):
                pass

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH '{self.data / 'serving.duckdb'}' AS cdp (READ_ONLY); USE cdp")
            return connection.execute(sql).fetchall()
