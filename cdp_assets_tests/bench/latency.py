"""From a row that lands to the webhook that tells of it: the real daemon, with the settings it comes with.

Belongs here: landing rows, waiting for the receiver, and where the time went. Does not belong here: anything that makes
it faster. ``CDP_BENCH_PEOPLE`` says over how many people (200,000), ``CDP_BENCH_TRIALS`` how often (10).
"""

from __future__ import annotations

import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from cdp_assets.activation.receiver import Receiver
from cdp_assets.settings import PROJECT
from cdp_assets_tests.addressees import WHO_MAY_BE_TOLD
from cdp_assets_tests.bench.harness import Figure, at_most, cdp, environment, measure
from cdp_assets_tests.e2e.services import Process, wait_until

PEOPLE, TRIALS = 200_000, 10
SENSORS = ("landing_folders", "segment_changes")
SECRET = "whsec_" + "ab" * 24
_LONGEST = 1800.0


@dataclass(frozen=True)
class Trial:
    """One row that landed, and when things happened because of it, in seconds since."""

    launched: float
    refresh_started: float
    decided: float
    delivery_launched: float
    received: float
    refreshed: float

    @property
    def phases(self) -> dict[str, float]:
        return {
            "until a sensor has launched the refresh": self.launched,
            "until the refresh has begun": self.refresh_started - self.launched,
            "the refresh until the outbox is written": self.decided - self.refresh_started,
            "until a sensor has launched the delivery": self.delivery_launched - self.decided,
            "until the delivery has begun and the webhook is there": self.received - self.delivery_launched,
        }


def figures() -> list[Figure]:
    """Run everything once, then land one event at a time, then 1% new rows."""
    people = int(os.environ.get("CDP_BENCH_PEOPLE", PEOPLE))
    trials = int(os.environ.get("CDP_BENCH_TRIALS", TRIALS))
    with tempfile.TemporaryDirectory() as folder, Receiver(SECRET) as receiver:
        data = Path(folder)
        told = {"CDP_WEBHOOK_SECRET": SECRET, "CDP_MAIL_WEBHOOK_URL": f"{receiver.url}/mail"}
        env = environment(data, **told, CDP_CRM_WEBHOOK_URL=f"{receiver.url}/crm", DAGSTER_HOME=str(data / "dagster"))
        measure(cdp("demo", "generate", "--people", str(people), "--seed", "7", "--out", str(data)), env)
        (data / "dagster").mkdir()
        (data / "dagster" / "dagster.yaml").write_bytes((PROJECT / "dagster.yaml").read_bytes())
        measure(cdp("run", "--json"), env)
        somebodies = _who_may_be_told(data, trials + 1)
        with _daemon(data, env):
            moments = random.Random(5)
            singles = []
            for number, somebody in enumerate(somebodies[:-1]):
                time.sleep(moments.uniform(0, 10))  # anywhere between two looks of the sensor
                singles.append(_trial(data, receiver, somebody, f"single-{number}", []))
                print(f"trial {number + 1}: {singles[-1].received:.1f} s", file=sys.stderr)
            lines, rows = _one_percent(data)
            many = _trial(data, receiver, somebodies[-1], "many", lines)
    found = sorted(trial.received for trial in singles)
    p95 = found[math.ceil(0.95 * len(found)) - 1]
    where = {name: median(trial.phases[name] for trial in singles) for name in singles[0].phases}
    return [
        at_most(f"from landed row to webhook, {people:,} people, p95 of {trials}", p95, 90.0, "s"),
        at_most(f"from {len(lines):,} landed rows (1% of {rows:,}) to webhook", many.received, 120.0, "s"),
        *(Figure(f"of one row's time, {name} (median)", round(seconds, 1), "s") for name, seconds in where.items()),
        *(Figure(f"of 1% new rows' time, {name}", round(seconds, 1), "s") for name, seconds in many.phases.items()),
        Figure("one row's refresh as a whole (median)", round(median(map(_whole, singles)), 1), "s"),
        Figure("1% new rows' refresh as a whole", round(_whole(many), 1), "s"),
    ]


def _whole(trial: Trial) -> float:
    return trial.refreshed - trial.refresh_started


def _who_may_be_told(data: Path, people: int) -> list[dict[str, Any]]:
    from cdp_assets.warehouse.serving import Reader

    with Reader(data / "serving.duckdb") as reader:
        found = reader.rows(WHO_MAY_BE_TOLD, [people])
    if len(found) < people:
        raise RuntimeError(f"only {len(found)} people may be told of a cart; take more people")
    return found


@contextmanager
def _daemon(data: Path, env: Mapping[str, str]) -> Iterator[None]:
    """The daemon with the sensors that act on files and on the outbox switched on."""
    tools, workspace = Path(sys.executable).parent, str(PROJECT / "workspace.yaml")
    process = Process(
        "daemon", [str(tools / "dagster-daemon"), "run", "-w", workspace], env, data / "dagster" / "daemon.log"
    )
    try:
        for sensor in SENSORS:
            command = [str(tools / "dagster"), "sensor", "start", sensor, "-w", workspace]
            subprocess.run(command, env=dict(env), check=True, capture_output=True)
        # Let it come to rest: what was there before is taken in by a refresh of its own.
        wait_until(lambda: _at_rest(data), "the daemon to come to rest", _LONGEST, every=2)
        yield
        process.must_live()
    finally:
        process.stop()


def _at_rest(data: Path) -> bool:
    """Whether a refresh has ended since the sensors began, and nothing is under way."""
    runs = _runs(data, 0.0, "refresh")
    return any(run["cause"] == "landing" for run in runs) and all(run["ended"] for run in _runs(data, 0.0, None))


def _trial(data: Path, receiver: Receiver, somebody: Mapping[str, Any], name: str, lines: list[str]) -> Trial:
    """Land a file and wait for the webhook about somebody."""
    before, profile_id = len(receiver.messages), str(somebody["profile_id"])
    content = [*lines, json.dumps(_cart_event(somebody["user_id"], name))]
    coming = data / f"{name}.part"
    coming.write_text("\n".join(content) + "\n", encoding="utf-8")
    landed = time.time()
    coming.replace(data / "landing" / "web" / f"events_{name}.jsonl")

    def told() -> bool:
        return any(
            message["destination"] == "cart_reminder" and message["profile_id"] == profile_id
            for message in receiver.messages[before:]
        )

    wait_until(told, f"the webhook about {name}", _LONGEST, every=0.05)
    received = time.time()
    wait_until(lambda: all(run["ended"] for run in _runs(data, landed, None)), "runs to end", _LONGEST, every=1)
    [*_, refresh] = [run for run in _runs(data, landed, "refresh") if run["started"] < received]
    delivery = next(run for run in _runs(data, landed, "activation") if run["ended"] >= received)
    return Trial(
        launched=refresh["created"] - landed,
        refresh_started=refresh["started"] - landed,
        # A sensor may see what is written while the step still tells of it.
        decided=min(_written(data, refresh["id"]), delivery["created"]) - landed,
        delivery_launched=delivery["created"] - landed,
        received=received - landed,
        refreshed=refresh["ended"] - landed,
    )


def _runs(data: Path, since: float, job: str | None) -> list[dict[str, Any]]:
    """Runs made after an instant, oldest first, with what they are and when they came and went (0 for not yet)."""
    from dagster import DagsterInstance, RunsFilter

    with DagsterInstance.from_config(str(data / "dagster")) as instance:
        records = instance.get_run_records(RunsFilter(job_name=job), limit=50)
    found = [
        {
            "id": record.dagster_run.run_id,
            "created": record.create_timestamp.timestamp(),
            "started": record.start_time or 0.0,
            "ended": record.end_time or 0.0,
            "cause": record.dagster_run.tags.get("cdp/cause"),
        }
        for record in records
    ]
    return [run for run in reversed(found) if run["created"] >= since]


def _written(data: Path, run_id: str) -> float:
    """When a refresh had written the outbox."""
    from dagster import DagsterEventType, DagsterInstance

    # Its event log lies where the environment says.
    with patch.dict(os.environ, DAGSTER_HOME=str(data / "dagster")), DagsterInstance.get() as instance:
        ended = instance.all_logs(run_id, of_type=DagsterEventType.STEP_SUCCESS)
    return next(entry.timestamp for entry in ended if entry.step_key == "activation__outbox")


def _one_percent(data: Path) -> tuple[list[str], int]:
    """Events as they were, under new ids: 1% of all rows there are; and how many there are."""
    from cdp_assets.warehouse.serving import Reader

    with Reader(data / "serving.duckdb") as reader:
        [row] = reader.rows("SELECT sum(rows)::BIGINT AS rows FROM normalised.dispositions")
    files = sorted((data / "landing" / "web").glob("events_*.jsonl"))
    wanted, lines = row["rows"] // 100, []
    sources = itertools.chain.from_iterable(file.open(encoding="utf-8") for file in files)
    for line in itertools.islice(sources, wanted):
        try:
            event = json.loads(line)
            event["messageId"] = f"again-{event['messageId']}"
        except (ValueError, KeyError, TypeError):
            continue  # the demo's broken lines
        lines.append(json.dumps(event))
    return lines, int(row["rows"])


def _cart_event(user_id: str, name: str) -> dict[str, Any]:
    """Somebody puts something into the cart, an hour before the instant that the runs are about."""
    from cdp_assets.demo.generator import DEMO_AS_OF

    happened = (DEMO_AS_OF - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    return {
        "type": "track",
        "event": "Product Added",
        "messageId": f"bench-{name}",
        "anonymousId": f"bench-{name}",
        "userId": user_id,
        "timestamp": happened,
        "receivedAt": happened,
        "sentAt": happened,
        "originalTimestamp": happened,
        "context": {},
        "properties": {"product_id": "1"},
    }
