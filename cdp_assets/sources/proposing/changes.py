"""Logs of what changed in a table, as tools that copy databases write them: told, and read as that table.

Belongs here: the layouts of such logs, what tells the records of a table apart in them, and the table as it was left.
Does not belong here: what the table's columns mean (`roles.py`), and how changes become records (`load: upsert`).

Layouts: Debezium (https://debezium.io/documentation/reference/stable/connectors/postgresql.html), whole or unwrapped,
DynamoDB Streams (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html), Maxwell
(https://maxwells-daemon.io/dataformat/), and AWS DMS
(https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html and CHAP_Target.Kinesis.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cdp_assets.sources.proposing.phrases import is_number, words_of
from cdp_assets.sources.proposing.values import Texts

_MADE = frozenset({"c", "i", "insert", "create"})
_READ = frozenset({"r", "read", "load", "snapshot", "bootstrap-insert"})
_CHANGED = frozenset({"u", "update", "modify", "upsert"})
REMOVED = ("d", "delete", "remove")
"""What logs call it that a record is not there any more."""

OPERATIONS = frozenset({*_MADE, *_READ, *_CHANGED, *REMOVED})
"""What happens to records."""

_OF_THE_LOG = frozenset({"t", "truncate", "m", "message", "bootstrap-start", "bootstrap-complete"})
"""What happens to none in particular."""

OPERATION = re.compile(r"(\w+ )?(op|operation|change type)")
"""What a column is called that says what happened."""

_TIME = re.compile(r"((cdc|dms|source|commit|change|op|transact|replication) )*(ts|timestamp)( ms)?")
"""What a column beside it is called that says when."""

_OWN = frozenset({"id", "uuid", "guid", "pk"})
_ENOUGH = 20
"""What the number of a record is called by itself; others have to differ between so many records: lines of orders have
that of their order.
"""


@dataclass(frozen=True)
class Log:
    """A log of the changes of one table.

    Args:
        key: Addresses of the columns that tell the table's records apart.
        elsewhere: Address of such a column → where it is in rows that take a record away, if it is there.
        operation: Address of the column that says what happened.
        changed_at: Address of the column that says when, if there is one.
        table: What the table is called, if the log says so.
    """

    key: tuple[str, ...]
    elsewhere: Mapping[str, str]
    operation: str
    changed_at: str | None
    table: str | None


@dataclass(frozen=True)
class _Layout:
    """Where a log has what.

    Args:
        operation: Address of what happened.
        image: Beginning of the addresses of what a record is after it.
        before: The same of what it was before, if the log says so.
        keys: The same of what tells records apart, if the log says so.
        times, tables: Addresses of when it happened and of the table's name, the best first.
    """

    operation: str
    image: str
    before: str | None = None
    keys: str | None = None
    times: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


def is_log(texts: Texts) -> bool:
    """Whether rows say what a record was before a change, or is after it."""
    return any(layout.image for layout in _layouts(texts))


def as_table(texts: Texts) -> tuple[dict[str, list[str | None]], Log] | None:
    """The table that a log is of: its columns with the records that are left, each as it was last.

    Args:
        texts: The log's columns by address, some rows.

    Returns:
        The columns, among them what happened last and when, and what is known of the log; None if it is no log, or if
        it does not show what tells the table's records apart.
    """
    for layout in _layouts(texts):
        named = next((name for name in layout.tables if any(texts.get(name, ()))), None)
        tables = {text for text in texts[named] if text} if named else set()
        image = [each for each in texts if each.startswith(layout.image) and each != layout.operation]
        key = _key(texts, layout, image) if len(tables) < 2 else []
        left = _left(texts, layout.operation, key)
        if not left or (not layout.image and len(left) == len(texts[layout.operation])):
            continue
        changed_at = next((time for time in layout.times if any(texts.get(time, ()))), None)
        columns = dict.fromkeys([*image, layout.operation, *([changed_at] if changed_at else [])])
        held = layout.keys or layout.before
        return {address: [texts[address][row] for row in left] for address in columns}, Log(
            tuple(key),
            {} if held is None else {each: held + each.removeprefix(layout.image) for each in key},
            layout.operation,
            changed_at,
            next(iter(tables), None),
        )
    return None


def _layouts(texts: Texts) -> Iterator[_Layout]:
    """The layouts that the addresses of a log fit."""
    for operation, cells in texts.items():
        said = {text.casefold() for text in cells if text}
        if not said or not said <= OPERATIONS | _OF_THE_LOG:
            continue
        above, _, last = operation.rpartition(".")
        within = f"{above}." if above else ""

        def held(prefix: str) -> bool:
            return any(address.startswith(prefix) for address in texts)

        if last == "op" and (held(f"{within}after.") or held(f"{within}before.")):
            yield _Layout(
                operation,
                f"{within}after.",
                before=f"{within}before.",
                times=(f"{within}source.ts_ms", f"{within}ts_ms"),
                tables=(f"{within}source.table", f"{within}source.collection"),
            )
        elif last == "eventName" and held(f"{within}dynamodb.NewImage."):
            stream = f"{within}dynamodb."
            at = f"{stream}ApproximateCreationDateTime"
            yield _Layout(operation, f"{stream}NewImage.", keys=f"{stream}Keys.", times=(at,))
        elif operation == "type" and held("data.") and "table" in texts:
            yield _Layout(operation, "data.", times=("ts",), tables=("table",))
        elif operation == "metadata.operation" and held("data."):
            yield _Layout(
                operation,
                "data.",
                times=("metadata.commit-timestamp", "metadata.timestamp"),
                tables=("metadata.table-name",),
            )
        elif not above and OPERATION.fullmatch(words_of(last)) and said & _MADE and said - _MADE - _READ:
            yield _Layout(operation, "", times=tuple(each for each in texts if _TIME.fullmatch(words_of(each))))


def _key(texts: Texts, layout: _Layout, image: list[str]) -> list[str]:
    """The columns that tell records apart: as the log says, or one that is a number, differs between all that were
    made, and never changes.
    """
    if layout.keys is not None:
        return [each for each in image if layout.keys + each.removeprefix(layout.image) in texts]
    operations = [(text or "").casefold() for text in texts[layout.operation]]
    made = [row for row, said in enumerate(operations) if said in _MADE]
    made = made or [row for row, said in enumerate(operations) if said in _READ]

    def tells_apart(address: str) -> bool:
        cells = [texts[address][row] for row in made]
        if not cells or None in cells or len(set(cells)) < len(cells):
            return False
        before = texts.get(f"{layout.before}{address.removeprefix(layout.image)}") if layout.before else None
        return before is None or all(
            old is None or new is None or old == new for old, new in zip(before, texts[address], strict=True)
        )

    called = {each: words_of(each.removeprefix(layout.image)) for each in image}
    numbers = [each for each in image if is_number(called[each]) and (len(made) >= _ENOUGH or called[each] in _OWN)]
    return next(([each] for each in numbers if tells_apart(each)), [])


def _left(texts: Texts, operation: str, key: list[str]) -> list[int]:
    """The last row of each record, but of those that take it away; none without a key."""
    last: dict[tuple[str | None, ...], int] = {}
    for row, said in enumerate(texts[operation]):
        if key and (said or "").casefold() in _MADE | _READ | _CHANGED:
            last[tuple(texts[address][row] for address in key)] = row
    return sorted(last.values())
