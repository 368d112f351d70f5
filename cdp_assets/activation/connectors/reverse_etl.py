"""A table in a database, kept equal to the segment: by any URL that SQLAlchemy understands.

One transaction a batch. A row remembers the sequence it was written by, so a batch done again, or late, changes
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, RETRY, ConnectorError, Outcome
from cdp_assets.activation.connectors.sql_values import VALUES, column_types
from cdp_assets.activation.differences import LEFT
from cdp_assets.activation.message import Message
from cdp_assets.activation.ways import Lookup, ReverseEtlWay

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

KEY, SEQUENCE = "profile_id", "sequence"


class ReverseEtl:
    """Deletes and inserts by ``profile_id``; makes the table if it is not there."""

    batch_size = 1_000
    concurrency = 1

    def __init__(self, way: ReverseEtlWay, secret: Lookup) -> None:
        self._way = way
        self._url = secret(way.url_env)
        self._engine: Engine | None = None
        self._table: Table | None = None

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

        try:
            engine, table = self._prepared(messages)
            with engine.begin() as connection:
                self._write(connection, table, messages)
        except (OperationalError, InterfaceError) as error:
            return [Outcome(RETRY, error=type(error).__name__)] * len(messages)
        except (DBAPIError, ValueError, TypeError) as error:
            if len(messages) == 1:
                return [Outcome(REFUSED, error=type(error).__name__)]
            # One value that the table does not take refuses the batch: find out which.
            return [outcome for message in messages for outcome in self.send([message], at)]
        return [Outcome(DELIVERED)] * len(messages)

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return {"kind": "row", "row": {"table": self._way.table, "change": message.change, **self._row(message)}}

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    def _prepared(self, messages: Sequence[Message]) -> tuple[Engine, Table]:
        from sqlalchemy import BigInteger, Column, MetaData, Table, create_engine

        if self._engine is None:
            self._engine = create_engine(self._url, pool_pre_ping=True)
        if self._table is None:
            names = dict.fromkeys([*self._way.columns, *(name for told in messages for name in told.fields)])
            if taken := {KEY, SEQUENCE} & set(names):
                raise ConnectorError(f"payload: {min(taken)} is a column of the table already; choose another name")
            types = column_types()
            columns: list[Column[Any]] = [
                Column(KEY, BigInteger, primary_key=True, autoincrement=False),
                Column(SEQUENCE, BigInteger, nullable=False),
                *(Column(name, types[self._way.columns.get(name, "text")]) for name in names),
            ]
            table = Table(self._way.table, MetaData(), *columns, schema=self._way.schema_name)
            table.create(self._engine, checkfirst=True)
            self._table = table
        return self._engine, self._table

    def _write(self, connection: Connection, table: Table, messages: Sequence[Message]) -> None:
        from sqlalchemy import bindparam, delete, select

        ids = [told.profile_id for told in messages]
        known = connection.execute(select(table.c[KEY], table.c[SEQUENCE]).where(table.c[KEY].in_(ids)))
        newer = {row[0]: row[1] for row in known}
        due = [told for told in messages if told.sequence >= newer.get(told.profile_id, 0)]
        if due:
            gone = delete(table).where(table.c[KEY] == bindparam("gone"))
            connection.execute(gone, [{"gone": told.profile_id} for told in due])
        rows = [self._row(told) for told in due if told.change != LEFT]
        if rows:
            names = [column.name for column in table.c]
            connection.execute(table.insert(), [{name: row.get(name) for name in names} for row in rows])

    def _row(self, message: Message) -> dict[str, Any]:
        fields = {name: self._value(name, value) for name, value in message.fields.items()}
        return {KEY: message.profile_id, SEQUENCE: message.sequence, **fields}

    def _value(self, name: str, value: Any) -> Any:
        return None if value is None else VALUES[self._way.columns.get(name, "text")](value)
