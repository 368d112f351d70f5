"""Killing a run at random moments and running again gives the same as an undisturbed run.

Belongs here: the killing and the comparison of warehouse, outbox and what a receiver got. Does not belong here: how any
stage makes that true.
"""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets_tests.bench.harness import Figure, cdp, environment, measure

ASIDE = frozenset({"load_id"})
"""Columns that may differ between two histories of the same content."""

OUTBOX_ASIDE = frozenset({"id", "attempts", "response_code", "due_at", "first_tried_at", "sent_at"})
"""Columns of the outbox that tell of sending, not of what is to be sent; ids only count."""

SECRET = "whsec_" + "ab" * 24


@dataclass(frozen=True)
class Outcome:
    """How a disturbed history compares with an undisturbed one.

    Args:
        kills: How often the run was killed before it had ended by itself.
        differing_tables: Tables whose rows differ as a multiset.
        outbox_differs: Whether the ledger's outbox differs.
        missing: Deliveries the receiver of the undisturbed run got and the other did not, by idempotency key.
        surplus: The reverse.
    """

    kills: int
    differing_tables: list[str]
    outbox_differs: bool
    missing: int
    surplus: int

    @property
    def equal(self) -> bool:
        return not (self.differing_tables or self.outbox_differs or self.missing or self.surplus)


def figures(people: int = 300, kills: int = 10, seed: int = 11) -> list[Figure]:
    """Kill ``kills`` runs over the data of ``people`` people at random moments, then compare."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = disturb(Path(folder), people, kills, seed)
    wrong = len(outcome.differing_tables) + outcome.outbox_differs + outcome.missing + outcome.surplus
    for table in outcome.differing_tables:
        print(f"differs: {table}")
    return [
        Figure("kills of a run at random moments", outcome.kills, "kills", f"≥ {kills}", outcome.kills >= kills),
        Figure("differences to an undisturbed run", wrong, "tables and deliveries", "= 0", wrong == 0),
    ]


def disturb(folder: Path, people: int, kills: int, seed: int) -> Outcome:
    """Run one history in peace and one with kills, on the same files, in ``folder``."""
    from cdp_assets.activation.receiver import Receiver

    calm, rough = folder / "calm", folder / "rough"
    measure(cdp("demo", "generate", "--people", str(people), "--seed", "7", "--out", str(calm)), environment(calm))
    shutil.copytree(calm, rough)
    with Receiver(SECRET, calm) as receiver:
        took = measure(cdp("run", "--json"), environment(calm, **_told(receiver.url))).seconds
    with Receiver(SECRET, rough) as receiver:
        env = environment(rough, **_told(receiver.url))
        killed = 0
        moments = random.Random(seed)
        while killed < kills:
            process = subprocess.Popen(
                cdp("run", "--force", "--json"), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            deadline = time.monotonic() + moments.uniform(0.15, 1.0) * took
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
            process.wait()
        measure(cdp("run", "--force", "--json"), env)
    missing, surplus = _received_difference(calm / "received.jsonl", rough / "received.jsonl")
    return Outcome(
        kills=killed,
        differing_tables=differing_tables(calm / "warehouse.duckdb", rough / "warehouse.duckdb"),
        outbox_differs=_outbox(calm / "ledger.sqlite") != _outbox(rough / "ledger.sqlite"),
        missing=missing,
        surplus=surplus,
    )


def _told(url: str) -> dict[str, str]:
    return {
        "CDP_WEBHOOK_SECRET": SECRET,
        "CDP_MAIL_WEBHOOK_URL": f"{url}/mail",
        "CDP_CRM_WEBHOOK_URL": f"{url}/crm",
    }


def differing_tables(one: Path, other: Path) -> list[str]:
    """Names of the tables that differ as multisets of rows; load ids, and what is kept of changes, aside."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{one}' AS one (READ_ONLY); ATTACH '{other}' AS other (READ_ONLY)")
        names = {
            catalog: set(
                connection.execute(
                    "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
                    "WHERE database_name = ? AND schema_name <> 'changes'",
                    [catalog],
                ).fetchall()
            )
            for catalog in ("one", "other")
        }
        different = [name for (name,) in sorted(names["one"] ^ names["other"])]
        for (name,) in sorted(names["one"] & names["other"]):
            columns = [
                row[0] for row in connection.execute(f"DESCRIBE one.{_quoted(name)}").fetchall() if row[0] not in ASIDE
            ]
            listed = ", ".join(f'"{column}"' for column in columns)
            count = connection.execute(
                f"SELECT count(*) FROM ((SELECT {listed} FROM one.{_quoted(name)} EXCEPT ALL "
                f"SELECT {listed} FROM other.{_quoted(name)}) UNION ALL (SELECT {listed} FROM other.{_quoted(name)} "
                f"EXCEPT ALL SELECT {listed} FROM one.{_quoted(name)}))"
            ).fetchone()
            if count and count[0]:
                different.append(f"{name} ({count[0]} rows)")
    return different


def _quoted(name: str) -> str:
    return ".".join(f'"{part}"' for part in name.split(".", 1))


def _outbox(ledger: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(ledger) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(outbox)")]
        kept = ", ".join(column for column in columns if column not in OUTBOX_ASIDE)
        return sorted(connection.execute(f"SELECT {kept} FROM outbox").fetchall(), key=repr)


def _received_difference(one: Path, other: Path) -> tuple[int, int]:
    import json

    def keys(file: Path) -> set[str]:
        if not file.exists():
            return set()
        return {json.loads(line)["idempotency_key"] for line in file.read_text().splitlines()}

    return len(keys(one) - keys(other)), len(keys(other) - keys(one))
