"""Delivering what waits in the outbox of one destination, on the ledger alone.

Belongs here: the loop from pending rows to settled ones. Does not belong here: how a message travels (`connectors/`)
and who may be told (`outbox.py` has decided, `last_look.py` asks again).

A row is settled only after the destination has answered. A crash in between means that it is sent again with the same
idempotency key, so nothing is lost and the receiver can drop the repeat. Only one run delivers to a destination at a
time, and of each profile only the first open row is under way, so the order per profile is kept.

A batch that is refused as a whole is sent again in smaller pieces, so that in the end only the messages that are at
fault are given up.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import SimpleQueue

from cdp_assets.activation.clock import Clock
from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, RETRY, Connector, Outcome
from cdp_assets.activation.last_look import last_look
from cdp_assets.activation.message import Message
from cdp_assets.activation.pacing import Circuit, TokenBucket, wait_before
from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.ledger import Ledger, LedgerBusyError, destinations, outbox, permissions
from cdp_assets.ledger.outbox import Pending, Settlement

_ROWS_AT_ONCE = 500
_SETTLE_AT_ONCE = 500
_SETTLE_EVERY_SECONDS = 0.5
_LOOK_HOLDS = timedelta(seconds=1)
"""So long the answer of the gates stands, before those still unsent are looked at again."""
_PATIENCE = timedelta(seconds=20)
_PIECES = 10
"""So many come of a batch that was refused as a whole."""
_WAIT_FOR_OTHER_RUN_SECONDS = 30.0

PAUSED = "paused"
ASKED_TO_WAIT = "asked to wait"
FAILING = "failing, left alone for a while"
OTHER_RUN = "another run is delivering"


@dataclass
class Delivered:
    """What one run of deliveries came to.

    Args:
        destination: Its name.
        delivered: Messages delivered.
        failed: Tries that failed and will be repeated.
        dead: Messages given up.
        withheld: Messages that a gate stopped at the moment of sending, by reason.
        deferred: Messages that wait for the end of quiet hours.
        waiting: Why no more is done now (`PAUSED`, `ASKED_TO_WAIT`, `FAILING`, `OTHER_RUN`), or null.
        seconds: How long it took.
    """

    destination: str
    delivered: int = 0
    failed: int = 0
    dead: int = 0
    withheld: Counter[str] = field(default_factory=Counter)
    deferred: int = 0
    waiting: str | None = None
    seconds: float = 0.0


def lock_name(destination: str) -> str:
    """The ledger's lock that a run of this destination holds."""
    return f"deliver {destination}"


def deliver(
    spec: DestinationSpec,
    connector: Connector,
    ledger: Ledger,
    *,
    clock: Clock,
    chance: random.Random | None = None,
    sleep: Callable[[float], None] = time.sleep,
    patience: timedelta = _PATIENCE,
) -> Delivered:
    """Send what is due, until nothing is or the destination wants to be left alone.

    Args:
        spec: The destination.
        connector: The way to it; closed by the caller.
        ledger: The outbox, and the consents as projected.
        clock: Tells the instant of sending, for consent, quiet hours and waits.
        chance: Jitter of the waits between tries.
        sleep: Waits that many seconds.
        patience: Waits up to so long, in all, from one message that is delivered to the next; for more another run has
            to come.
    """
    started = time.monotonic()
    report = Delivered(spec.name)
    try:
        with ledger.exclusive(lock_name(spec.name), wait=_WAIT_FOR_OTHER_RUN_SECONDS):
            with ledger.transaction() as connection:
                destinations.begin_run(connection, spec.name)
            _Run(spec, connector, ledger, report, clock, chance or random.Random(), sleep, patience).go()
    except LedgerBusyError:
        report.waiting = OTHER_RUN
    report.seconds = time.monotonic() - started
    return report


@dataclass
class _Run:
    spec: DestinationSpec
    connector: Connector
    ledger: Ledger
    report: Delivered
    clock: Clock
    chance: random.Random
    sleep: Callable[[float], None]
    patience: timedelta
    under_way: dict[Future[list[Outcome] | None], list[Pending]] = field(default_factory=dict)
    done: SimpleQueue[Future[list[Outcome] | None]] = field(default_factory=SimpleQueue)
    settlements: list[Settlement] = field(default_factory=list)
    refused: list[tuple[str, str, str, datetime]] = field(default_factory=list)
    at_most: dict[int, int] = field(default_factory=dict)
    """Row → how many may travel with it at once, where more were refused together."""
    settled_at: float = field(default_factory=time.monotonic)
    not_before: datetime | None = None
    waited: timedelta = timedelta()
    """In all, since a message was last delivered."""

    def __post_init__(self) -> None:
        self.bucket = TokenBucket(self.spec.rate_per_second, self.clock())
        self.circuit = Circuit(self.spec.breaker)
        self.left_alone = threading.Event()
        self.status_written: tuple[datetime | None, int] = (None, 0)

    def go(self) -> None:
        with ThreadPoolExecutor(self.connector.concurrency, thread_name_prefix=self.spec.name) as pool:
            try:
                while self._may_be_called():
                    if not self._sweep(pool) and not self._wait_for_due():
                        break
            finally:
                self._finish()

    def _sweep(self, pool: ThreadPoolExecutor) -> bool:
        """Go once over the rows that are due; return whether there were any."""
        found = False
        for rows in self._due():
            found = True
            self._send(pool, rows)
            if self.not_before is not None:
                break
        self._finish()
        return found

    def _send(self, pool: ThreadPoolExecutor, rows: list[Pending]) -> None:
        """Send rows in the pieces that the connector takes at once, unless the destination wants to be left alone."""
        looked_at: datetime | None = None
        while rows:
            self._wait_for_room()
            now = self.clock()
            if self.not_before is not None:
                return
            if looked_at is None or now - looked_at > _LOOK_HOLDS:
                with self.ledger.reading() as connection:
                    rows = outbox.still_open(connection, rows)  # a refresh withdraws and rewords what waits
                rows, stopped = last_look(self.spec, self.ledger, rows, now)
                self._note(stopped)
                looked_at = now
                continue
            batch = self._piece(rows)
            if pause := self.bucket.wait(len(batch), now):
                self._settle()
                self.sleep(pause)
                continue
            self.bucket.take(len(batch))
            rows = rows[len(batch) :]
            messages = [Message.of(row) for row in batch]
            future = pool.submit(self._call, messages, now)
            self.under_way[future] = batch
            future.add_done_callback(self.done.put)

    def _piece(self, rows: list[Pending]) -> list[Pending]:
        """The first of these rows, as many as the connector takes at once and each of them may travel with."""
        limit = self.connector.batch_size
        for number, row in enumerate(rows):
            limit = min(limit, self.at_most.get(row.id, limit))
            if number >= limit:
                return rows[:number]
        return rows

    def _call(self, messages: list[Message], at: datetime) -> list[Outcome] | None:
        """One call, in a thread of the pool; null if the destination has meanwhile come to be left alone."""
        if self.left_alone.is_set():
            return None
        outcomes = self.connector.send(messages, at)
        if any(outcome.retry_after is not None and outcome.kind != DELIVERED for outcome in outcomes):
            self.left_alone.set()
        return outcomes

    def _wait_for_room(self) -> None:
        """Wait until one more call may be lined up: so many that no thread is idle; while the destination is failing,
        only one.
        """
        while self.under_way and len(self.under_way) >= (1 if self.circuit.is_open else 2 * self.connector.concurrency):
            self._collect()

    def _due(self) -> Iterator[list[Pending]]:
        """The rows due, in the order of the outbox, some at a time."""
        after, limit = 0, max(self.connector.batch_size, _ROWS_AT_ONCE)
        while True:
            with self.ledger.reading() as connection:
                rows = outbox.next_rows(connection, self.spec.name, self.clock(), after=after, limit=limit)
                paused = destinations.status(connection, self.spec.name).paused
            if paused or not rows:
                return
            yield rows
            after = rows[-1].id

    def _may_be_called(self) -> bool:
        """Whether the destination may be called; waits a little if it is to be left alone."""
        with self.ledger.reading() as connection:
            status = destinations.status(connection, self.spec.name)
        self.circuit.failures = status.failures
        self.status_written = (status.not_before, status.failures)
        if status.paused:
            self.report.waiting = PAUSED
            return False
        if status.not_before is not None and not self._wait_until(status.not_before):
            self.report.waiting = FAILING if self.circuit.is_open else ASKED_TO_WAIT
            return False
        self.not_before = None
        self.left_alone.clear()
        self.status_written = (None, status.failures)
        return True

    def _wait_for_due(self) -> bool:
        """Wait for the next try if it is soon; return whether it was."""
        with self.ledger.reading() as connection:
            due_at = outbox.next_due_at(connection, self.spec.name, self.clock())
        return due_at is not None and self._wait_until(due_at)

    def _wait_until(self, instant: datetime) -> bool:
        missing = max(instant - self.clock(), timedelta())
        if missing and self.waited + missing > self.patience:
            return False
        self.waited += missing
        self.sleep(missing.total_seconds())
        return True

    def _collect(self) -> None:
        """Wait for one of the calls that are under way, and note what became of its messages."""
        future = self.done.get()
        rows = self.under_way.pop(future)
        outcomes = _outcomes(future, len(rows))
        if outcomes is None:
            return  # it never began, and its messages stay in the outbox
        now = self.clock()
        self._note_call(all(outcome.kind == RETRY for outcome in outcomes), now)
        pairs = zip(rows, outcomes, strict=True)
        self._note([self._settlement(row, outcome, now, among=len(rows)) for row, outcome in pairs])

    def _note_call(self, failed: bool, now: datetime) -> None:
        """Let the circuit breaker know of a call; those still under way when it opens tell it nothing new."""
        if not failed:
            self.circuit.succeeded()
        elif self.not_before is None and (pause := self.circuit.failed(self.chance)) is not None:
            self.not_before = now + timedelta(seconds=pause)
            self.left_alone.set()

    def _settlement(self, row: Pending, outcome: Outcome, now: datetime, *, among: int) -> Settlement:
        """What becomes of a row; ``among`` how many its call was for."""
        attempts = row.attempts + 1

        def settled(status: str, reason: str | None, due_at: datetime | None = None) -> Settlement:
            sent = (row.payload, row.contact_point)
            return Settlement(row.id, status, reason, now, due_at, attempts, True, outcome.response_code, *sent)

        if outcome.kind == DELIVERED:
            return settled(outbox.DELIVERED, None)
        if outcome.kind == REFUSED and outcome.together and among > 1:
            self.at_most[row.id] = max(1, among // _PIECES)
            return settled(outbox.FAILED, outcome.error, now)
        if outcome.retry_after is not None:
            asked = now + timedelta(seconds=outcome.retry_after)
            self.not_before = max(asked, self.not_before or asked)
        retry = self.spec.retry
        due_at = now + timedelta(seconds=wait_before(attempts, retry, outcome.retry_after, self.chance))
        too_late = due_at > (row.first_tried_at or now) + timedelta(hours=retry.within_hours)
        if outcome.error in (outbox.BOUNCED, outbox.UNSUBSCRIBED) and row.contact_point is not None:
            self.refused.append((row.contact_point, row.channel, outcome.error, now))
        if outcome.kind != RETRY or attempts >= retry.attempts or too_late:
            return settled(outbox.DEAD, outcome.error)
        return settled(outbox.FAILED, outcome.error, due_at)

    def _note(self, settlements: list[Settlement]) -> None:
        for made in settlements:
            if made.status == outbox.DELIVERED:
                self.report.delivered += 1
                self.waited = timedelta()
            elif made.status == outbox.FAILED:
                self.report.failed += 1
            elif made.status == outbox.DEAD:
                self.report.dead += 1
            elif made.status == outbox.WITHHELD:
                self.report.withheld[made.reason or ""] += 1
            else:
                self.report.deferred += 1
        self.settlements += settlements
        overdue = time.monotonic() - self.settled_at > _SETTLE_EVERY_SECONDS
        if len(self.settlements) >= _SETTLE_AT_ONCE or overdue:
            self._settle()

    def _finish(self) -> None:
        """Wait for what is under way, and write down what became of it."""
        while self.under_way:
            self._collect()
        self._settle()

    def _settle(self) -> None:
        told = (self.not_before, self.circuit.failures)
        if self.settlements or told != self.status_written:
            with self.ledger.transaction() as connection:
                outbox.settle(connection, self.settlements)
                if self.refused:
                    permissions.suppress(connection, self.refused)
                if told != self.status_written:
                    not_before, failures = told
                    destinations.write_status(connection, self.spec.name, not_before=not_before, failures=failures)
            self.status_written = told
        self.settlements, self.refused = [], []
        self.settled_at = time.monotonic()


def _outcomes(future: Future[list[Outcome] | None], count: int) -> list[Outcome] | None:
    """What a connector said, or null if it was not called; one that breaks counts as a failed try, so that it ends
    some day.
    """
    try:
        return future.result()
    except Exception as error:
        return [Outcome(RETRY, error=type(error).__name__)] * count
