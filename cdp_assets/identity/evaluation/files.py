"""Reading a labelled table: CSV or Parquet, whatever its columns are.

Belongs here: files and their headers. Does not belong here: what the columns are (`columns.py`), and what is made of
them (`records.py`).
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.warehouse.files import FileRows, UnreadableFileError

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_NOT_UTF_8 = "{} is not UTF-8; write it again in that encoding"


class EvaluationError(ValueError):
    """The table cannot be evaluated; the message says what to do."""


def rows_of(file: Path, engine: Engine) -> tuple[list[str], FileRows]:
    """What the columns of a file are called, and its rows, with the columns c0, c1 and so on.

    Raises:
        EvaluationError: if it cannot be read, or two columns have one name.
    """
    header, found = _read(file, engine)
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise EvaluationError(
            f"{file.name} has several columns called {', '.join(map(repr, twice))}; give each a name of its own"
        )
    return header, found


def _read(file: Path, engine: Engine) -> tuple[list[str], FileRows]:
    if not file.exists():
        raise EvaluationError(f"{file} is not there")
    if file.suffix == ".parquet":
        try:
            header = list(engine.parquet_columns(file))
            return header, engine.read_parquet(file, columns={f"c{at}": name for at, name in enumerate(header)})
        except UnreadableFileError as error:
            raise EvaluationError(f"{file.name}: {error}; write it again") from error
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
    except UnicodeDecodeError as error:
        raise EvaluationError(_NOT_UTF_8.format(file.name)) from error
    delimiter = max(",;\t|", key=first.count)
    said = next(csv.reader([first], delimiter=delimiter), [])
    header = [name.strip() or f"column {place}" for place, name in enumerate(said, start=1)]
    if not header:
        raise EvaluationError(f"{file.name} is empty")
    columns = {f"c{place}": name for place, name in enumerate(header)}
    found = engine.read_csv(file, header=header, delimiter=delimiter, columns=columns)
    if any("UTF-8" in each.error for each in found.rejected):
        raise EvaluationError(_NOT_UTF_8.format(file.name))
    return header, found
