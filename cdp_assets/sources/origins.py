"""Rows of databases and items of APIs, as dlt takes them.

Belongs here: what servers are asked for, and how what they answer is written. Does not belong here: where it lands
(`fetching.py`), and what is wrong with a server in words (`faults.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cdp_assets.sources.errors import FetchError
from cdp_assets.sources.spec import DatabaseSpec, RestSpec, StreamSpec

if TYPE_CHECKING:
    import dlt
    import sqlalchemy as sa

ROWS_AT_ONCE = 20_000
CURSOR, ROW = "cursor", "row"
"""What dlt is shown of a row: its value of the cursor, and all of it as one text."""

_NO_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")
"""What SQLAlchemy would take for the beginning of a parameter; a query has none."""

_NO_DAY = re.compile(r"\d{4}-(00-\d\d|\d\d-00)")
"""How dates of MySQL begin that are none, such as ``0000-00-00``: they come as texts."""


@dataclass(frozen=True)
class Span:
    """A span of time whose rows are fetched once more, whatever was fetched before.

    Args:
        since: Its first instant, UTC.
        until: Its end, UTC, which does not belong to it.
    """

    since: datetime
    until: datetime

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read ``2026-01-01/2026-01-31`` (both days belong to it), or two instants.

        Raises:
            ValueError: if it is none.
        """
        try:
            since, until = (datetime.fromisoformat(part.strip()) for part in text.split("/"))
        except ValueError:
            raise ValueError(f"`{text}` is no span of time; write 2026-01-01/2026-01-31") from None
        if len(text.split("/")[1].strip()) == len("2026-01-31"):
            until += timedelta(days=1)
        found = cls(*(each if each.tzinfo else each.replace(tzinfo=UTC) for each in (since, until)))
        if found.since >= found.until:
            raise ValueError(f"`{text}` ends before it begins; write the earlier day first")
        return found


def rows_of_database(origin: DatabaseSpec, stream: StreamSpec, span: Span | None) -> dlt.sources.DltResource:
    """Rows of a table or a query, from the highest value of the cursor column that was fetched before, or of a span.

    Args:
        origin: The database, and what of it.
        stream: Whose rows they are.
        span: Fetch this span once more, whatever was fetched before.
    """
    import dlt
    import sqlalchemy as sa

    asked = _NO_PARAMETER.sub(r"\\:", (origin.query or "").rstrip().rstrip(";"))
    selected = f"({asked}\n)" if asked else _quoted(origin)

    def rows(last: Any = None) -> Iterator[list[dict[str, Any]]]:
        engine = sa.create_engine(origin.url)
        try:
            _take_any_time(engine)
            dialect = engine.dialect.identifier_preparer
            query = f"SELECT * FROM {selected} AS fetched"
            values: dict[str, Any] = {}
            if origin.cursor is not None:
                cursor = dialect.quote(origin.cursor)
                if span is not None:
                    query += f" WHERE {cursor} >= :since AND {cursor} < :until"
                    values = {"since": span.since, "until": span.until}
                elif last is not None and last.last_value is not None:
                    query += f" WHERE {cursor} >= :last"
                    values["last"] = last.last_value
                query += f" ORDER BY {cursor}"
            with engine.connect().execution_options(stream_results=True, yield_per=ROWS_AT_ONCE) as connection:
                for batch in connection.execute(sa.text(query), values).mappings().partitions(ROWS_AT_ONCE):
                    yield [
                        _packed(dict(row), _comparable(row[origin.cursor]) if origin.cursor is not None else None)
                        for row in batch
                    ]
        finally:
            engine.dispose()

    if origin.cursor is None or span is not None:
        return dlt.resource(rows(), name=stream.name)

    # Without a primary key dlt tells by all of a row whether it had come at the cursor's last value: with one, a change
    # within the same second would be taken for known.
    cursor: Any = dlt.sources.incremental(CURSOR, on_cursor_value_missing="include", lag=origin.lag)

    def since(last: Any = cursor) -> Iterator[list[dict[str, Any]]]:
        yield from rows(last)

    return dlt.resource(since, name=stream.name)()


def items_of_api(
    name: str, origin: RestSpec, stream: StreamSpec, span: Span | None, *, nothing_yet: bool
) -> dlt.sources.DltResource:
    """Items of all pages of an endpoint, from the highest value of the cursor that was fetched before, or from the
    beginning of a span (APIs know no common word for its end, and what comes twice is told by its key). If nothing has
    come yet, there has to be something where they are said to be.

    Args:
        name: What faults call the stream.
        origin: The endpoint.
        stream: Whose items they are.
        span: Ask from its beginning once more, whatever was fetched before.
        nothing_yet: Whether nothing has come of the stream as yet.
    """
    from dlt.common.jsonpath import find_values
    from dlt.sources.rest_api import rest_api_resources

    def packed(item: Any) -> dict[str, Any]:
        found = find_values(origin.cursor, item) if origin.cursor is not None and isinstance(item, dict) else []
        return _packed(item, found[0] if found else None)

    base, _, path = origin.url.rpartition("/")
    endpoint: dict[str, Any] = {"path": path, "params": dict(origin.params)}
    if origin.data is not None:
        endpoint["data_selector"] = origin.data
    # Some answer without content where there are no items.
    endpoint["response_actions"] = [
        {"status_code": 204, "action": "ignore"},
        _goes_on(name, origin.data),
        _finds_next(name, origin),
    ]
    if origin.data is not None and nothing_yet:
        endpoint["response_actions"].append(_has(origin.data, name))
    if origin.pages:
        endpoint["paginator"] = dict(origin.pages)
    if span is not None and origin.cursor_parameter is not None:
        endpoint["params"][origin.cursor_parameter] = span.since.isoformat().replace("+00:00", "Z")
    elif origin.cursor is not None and origin.cursor_parameter is not None:
        endpoint["incremental"] = {
            "start_param": origin.cursor_parameter,
            "cursor_path": CURSOR,
            "on_cursor_value_missing": "include",
            "lag": origin.lag,
        }
        if origin.since is not None:
            endpoint["incremental"]["initial_value"] = origin.since
    client: dict[str, Any] = {"base_url": f"{base}/", "headers": dict(origin.headers)}
    if origin.auth:
        client["auth"] = dict(origin.auth)
    steps = [{"map": packed}]  # before the cursor is looked at
    config: Any = {
        "client": client,
        "resources": [{"name": stream.name, "endpoint": endpoint, "processing_steps": steps}],
    }
    [resource] = rest_api_resources(config)
    return resource


def _packed(row: Any, cursor: Any) -> dict[str, Any]:
    """A row as one text: of columns, dlt would guess types from the first rows, and put later values elsewhere."""
    shown = {ROW: json.dumps(row, ensure_ascii=False, default=_as_text)}
    return shown if cursor is None else {CURSOR: cursor, **shown}


def _as_text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat() if isoformat is not None else value)


def _take_any_time(engine: sa.Engine) -> None:
    """Have times of PostgreSQL that Python knows no words for (``infinity``, years beyond 9999) come as texts."""
    if engine.dialect.driver != "psycopg":
        return
    import psycopg
    import sqlalchemy as sa

    class AnyTime(psycopg.adapt.Loader):
        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._known = psycopg.adapters.get_loader(oid, self.format)(oid, context)  # type: ignore[misc]

        def load(self, data: Any) -> Any:
            try:
                return self._known.load(data)
            except psycopg.DataError:
                return _Beyond(bytes(data).decode())

    @sa.event.listens_for(engine, "connect")
    def _register(connection: Any, _record: Any) -> None:
        for kind in ("date", "timestamp", "timestamptz"):
            connection.adapters.register_loader(kind, AnyTime)


class _Beyond(str):
    """A time that cannot be compared with others."""


def _comparable(value: Any) -> Any:
    """A value of a cursor; none for a time at the end of all times, after which nothing would be new, and for one that
    MySQL has in place of none.
    """
    beyond = isinstance(value, _Beyond) or (isinstance(value, str) and _NO_DAY.match(value))
    return None if beyond else value


def _quoted(origin: DatabaseSpec) -> str:
    import sqlalchemy as sa

    prepare = sa.make_url(origin.url).get_dialect()().identifier_preparer
    return ".".join(prepare.quote(part) for part in str(origin.table).split("."))


def _goes_on(name: str, data: str | None) -> Callable[..., None]:
    """What looks whether pages differ: an API that takes no notice of what it is asked for would be asked for ever.

    Pages without items differ by all that is in them; others by their items, whatever stands beside these.
    """
    before: list[Any] = [None]

    def look(response: Any, *_: Any, **__: Any) -> None:
        page = None
        if response.ok and response.content:
            page = _items(response.json(), data) or response.content
        if page is not None and page == before[0]:
            advice = "Correct `pages`: the API takes no notice of the parameter, or each page names itself as the next"
            raise FetchError(name, "the same page came twice in a row", advice)
        before[0] = page

    return look


def _finds_next(name: str, origin: RestSpec) -> Callable[..., None]:
    """What looks whether the first answer of an API says that there is more, and nothing tells how to ask for it: the
    rest would be missing without a word."""
    from dlt.common.jsonpath import find_values
    from dlt.sources.helpers.rest_client.detector import PaginatorFactory
    from dlt.sources.helpers.rest_client.paginators import SinglePagePaginator

    pages = dict(origin.pages)
    place = {"json_link": pages.get("next_url_path", "next"), "cursor": pages.get("cursor_path", "cursors.next")}
    looked: list[bool] = []

    def look(response: Any, *_: Any, **__: Any) -> None:
        if looked or not response.ok or not response.content:
            return
        looked.append(True)
        answer = response.json()
        if pages:
            known = pages.get("type") not in place or any(
                value not in (None, "") for value in find_values(place[pages["type"]], answer)
            )
        else:
            known = not isinstance(PaginatorFactory().create_paginator(response)[0], SinglePagePaginator)
        if not known and (told := _says_more(answer, len(_items(answer, origin.data)))):
            advice = "Write in `pages` how to ask for it, or `{type: single_page}` if this is all"
            raise FetchError(name, f"the answer says by `{told}` that there is more, and not where", advice)

    return look


_MORE = frozenset({"hasmore", "hasnext", "hasnextpage", "more", "moreitems", "moreresults"})
_TOTALS = frozenset(f"total{of}" for of in ("", "count", "items", "results", "records", "rows", "size", "elements"))


def _says_more(answer: Any, items: int) -> str | None:
    """What in an answer says that there is more than it holds, as a dotted path; None if nothing does."""
    if not isinstance(answer, dict):
        return None
    for name, value in answer.items():
        word = re.sub("[^a-z]", "", str(name).lower())
        counted = isinstance(value, int) and not isinstance(value, bool)
        if (
            (word in _MORE and value is True)
            or (word.startswith("next") and value and isinstance(value, str | dict))
            or (word == "cursor" and value and isinstance(value, str))
            or (word in _TOTALS and counted and 0 < items < value)
        ):
            return str(name)
        if inner := _says_more(value, items):
            return f"{name}.{inner}"
    return None


def _items(answer: Any, data: str | None) -> list[Any]:
    """The items in an answer: where they are said to be, or where dlt finds them."""
    from dlt.common.jsonpath import find_values
    from dlt.sources.helpers.rest_client.detector import find_response_page_data

    if data is None:
        found = find_response_page_data(answer)[1]
        return found if isinstance(found, list) else [found]
    return [item for each in find_values(data, answer) for item in (each if isinstance(each, list) else [each])]


def _has(data: str, name: str) -> Callable[..., None]:
    """What looks whether the first answer of an API has something where its items are said to be."""
    from dlt.common.jsonpath import find_values

    answers: list[bool] = []

    def look(response: Any, *_: Any, **__: Any) -> None:
        if response.ok and response.content and not answers:
            answers.append(bool(find_values(data, response.json())))
            if not answers[0]:
                advice = "Look at an answer of the API, and write in `data` where its items are"
                raise FetchError(name, f"the answer has nothing at `{data}`", advice)

    return look
