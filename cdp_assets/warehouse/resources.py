"""The warehouse and the ledger as Dagster resources, and the instant a run is about.

Belongs here: opening and closing for the length of a run. Does not belong here: SQL, tables, and what assets do.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource
from pydantic import PrivateAttr

from cdp_assets.interruption import interruptible
from cdp_assets.ledger import Ledger
from cdp_assets.settings import Settings, parse_instant
from cdp_assets.warehouse.connection import warehouse_connection
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.engine import Engine

AS_OF_TAG = "cdp/as_of"
"""Run tag that pins a run's instant."""

ANEW_TAG = "cdp/anew"
"""Run tag that has every table made anew, whatever it was made of."""

SCHEDULED_TAG = ".dagster/scheduled_execution_time"
"""Run tag that Dagster puts on runs of a schedule."""


def run_as_of(run_tags: dict[str, str], launched: Callable[[], datetime], settings: Settings) -> datetime:
    """The instant that everything relative to time in a run uses: whole seconds, UTC.

    Args:
        run_tags: The run's own tag wins …
        launched: … then ``CDP_AS_OF``, then the time the run was scheduled for, then its launch, which is looked up.
        settings: The settings.
    """
    if tag := run_tags.get(AS_OF_TAG):
        return parse_instant(tag, AS_OF_TAG)
    if settings.as_of is not None:
        return settings.as_of
    if tag := run_tags.get(SCHEDULED_TAG):
        return parse_instant(tag, SCHEDULED_TAG).replace(microsecond=0)
    return launched().astimezone(UTC).replace(microsecond=0)


def as_of_of(context: dg.AssetExecutionContext, settings: Settings) -> datetime:
    """`run_as_of` of the run that ``context`` belongs to."""

    def launched() -> datetime:
        record = context.instance.get_run_record_by_id(context.run_id)
        if record is None:
            raise dg.DagsterInvariantViolationError(f"run {context.run_id} is not in the instance")
        created: datetime = record.create_timestamp
        return created

    return run_as_of(dict(context.run.tags), launched, settings)


@contextmanager
def step(context: dg.AssetExecutionContext) -> Iterator[Engine]:
    """The engine for the length of a step, which ends when its run is to end.

    Raises:
        dg.DagsterExecutionInterruptedError: if the run is to end already. Its process has been told, but connection
            pools and destructors swallow what is raised in them; what the instance says is not lost.
        BaseException: what interrupts the step, also in the midst of a statement.
    """
    run = context.instance.get_run_by_id(context.run.run_id)
    if run is not None and run.status in (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED):
        raise dg.DagsterExecutionInterruptedError
    engine: Engine = context.resources.warehouse.engine
    try:
        with interruptible():
            yield engine
    finally:
        engine.drop_scratch()


class Warehouse(DuckDBResource):
    """dagster-duckdb's resource made safe: the connection is shared within the process, closed whatever happens, and
    waits for another process's run to end. Its settings come from the environment when a run begins.
    """

    database: str = ""

    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)
    _settings: Settings | None = PrivateAttr(default=None)
    _engine: DuckDBEngine | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        self._settings = Settings.from_env()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        self._engine = None
        self._stack.close()

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            self._settings = Settings.from_env()
        return self._settings

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of the process's connection to the warehouse file."""
        with self._shared() as connection, connection.cursor() as cursor:
            yield cursor

    @property
    def engine(self) -> Engine:
        """The engine, opened at its first use in a run and closed with the run."""
        if self._engine is None:
            connection = self._stack.enter_context(self._shared())
            self._engine = DuckDBEngine(connection, self.settings.warehouse_file)
        return self._engine

    def _shared(self) -> Any:
        config = {**self.connection_config, **self.settings.duckdb_config}
        file = self.settings.warehouse_file
        waiting = dg.get_dagster_logger("cdp").info
        return warehouse_connection(file, config=config, waiting=waiting)


class LedgerResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The operational store: what has been loaded, decided and sent."""

    _ledger: Ledger | None = PrivateAttr(default=None)

    def get(self) -> Ledger:
        """The ledger, opened (and migrated) at its first use in a run."""
        if self._ledger is None:
            self._ledger = Ledger.open(Settings.from_env().ledger_url)
        return self._ledger

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
