"""A sample of a file that nobody has described: its format, and some of its rows as texts.

Belongs here: compression, encoding, format, delimiter, and flattening of JSON. Does not belong here: what the texts are
(`values.py`) and mean (`roles.py`).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cdp_assets.sources.encodings import decoded
from cdp_assets.sources.preparing import DELIMITER_LINE, UTF16_MARKS
from cdp_assets.sources.proposing.changes import Log, as_table
from cdp_assets.sources.proposing.headings import times_of
from cdp_assets.sources.proposing.json_rows import MOST_ROWS, keyed, list_of, objects, of_array, of_object
from cdp_assets.sources.proposing.letters import encoding_of
from cdp_assets.sources.proposing.lists import first_items
from cdp_assets.sources.proposing.phrases import is_number, meanings, words_of
from cdp_assets.sources.proposing.values import judge, parsed
from cdp_assets.sources.proposing.wrapping import unwrapped
from cdp_assets.sources.spec import StreamSpec
from cdp_assets.sources.unpacking import unpacked_row
from cdp_assets.warehouse.files import ITSELF

_MOST_BYTES = 8 << 20
_DELIMITERS = ",;\t|"
_DEEPEST = 8
_TITLES = 10
"""So many lines may stand above a header."""

_SUMS = re.compile(
    r"(grand |sub ?)?totals?( \w+)?|summe|gesamt(summe)?|totaux|total (general|generale|geral)|totale|totaal|suma|razem"
    r"|celkem|summa|yhteensa|toplam|osszesen|合計|総計|合计|总计|합계|총계"
)
"""What the last lines of reports begin with."""

_NO_VALUE = frozenset({
    r"\n", "null", "(null)", "[null]", "<null>", "none", "nan", "nat", "<na>", "#n/a", "n/a", "-", "--",
})  # fmt: skip
"""Words that stand where there is no value, in lower case."""

_NO_DATE = re.compile(r"(0000[-/.]00[-/.]00|00[-/.]00[-/.]0000)([T ]00?(:00){1,2}(\.0+)?Z?)?")
"""A date of zeros alone, as MySQL has it where there is none."""

_NOT_AVAILABLE = "NA"
_SEVERAL = 2
"""In so many columns a word that could mean something stands for no value."""

_ENOUGH_ROWS = 5
"""Of fewer nobody can tell which is unlike the others."""

_KEPT_WHOLE = frozenset({"properties", "event_properties", "metadata", "custom_fields"})
"""Objects that hold whatever somebody sends, whose keys are no columns."""

_OF_RECORDS = "properties"
"""Of records, as HubSpot has them, it holds all that is known of each; of events, what somebody sends."""

_EVENTS = frozenset({"event", "eventname", "event_name", "event_type", "eventtype", "type", "action"})
_MOMENTS = frozenset({"time", "timestamp", "occurred_at", "event_time"})
"""Keys by which an event says what happened; a *name* does so only beside one of the moment."""


class UnreadableSampleError(ValueError):
    """A file of which nothing can be said. Its text says why."""


@dataclass(frozen=True)
class Sample:
    """Some rows of a file.

    Args:
        path: The file.
        format: As a stream's `format`.
        columns: Header or dotted path → its texts, one a row, None where empty.
        delimiter: Of CSV.
        encoding: Of text files.
        rows: How many rows were looked at.
        doubts: What could be otherwise.
        nulls: As a stream's; they are not among the texts.
        within, unpack: As a stream's `rows` and `unpack`.
        log: The log of changes that the columns were read from, if it is one.
        firsts: Address of a column with lists, of which the texts are the first items → their path in it (JSONPath).
    """

    path: Path
    format: str
    columns: Mapping[str, list[str | None]]
    delimiter: str = ","
    encoding: str = "utf-8"
    rows: int = 0
    doubts: tuple[str, ...] = field(default=())
    nulls: tuple[str, ...] = ()
    within: str | None = None
    unpack: str | None = None
    log: Log | None = None
    firsts: Mapping[str, str] = field(default_factory=dict)

    def layout(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a stream that say how its files are read, where they are not what is known of it already.

        Args:
            known: Its fields, as a template has them; what is not among them is as `StreamSpec` has it.
        """
        always = {"format": self.format, "delimiter": self.delimiter, "encoding": self.encoding}
        found = {"nulls": list(self.nulls), "rows": self.within, "unpack": self.unpack}
        told = always | {name: value for name, value in found.items() if value}
        return {
            name: value for name, value in told.items() if value != known.get(name, getattr(StreamSpec, name, None))
        }

    @property
    def named(self) -> str:
        """The words of the file's name, without anything like a number, and of the table that it is a log of."""
        name = self.path.name.split(".")[0]
        return words_of(re.sub(r"\d+", " ", f"{name} {self.log.table or ''}" if self.log else name))

    @property
    def is_one_object(self) -> bool:
        """Whether the file is a single row, as programs write that keep each object in a file of its own."""
        return self.rows == 1 and (self.within == ITSELF or (self.format == "jsonl" and self.unpack is None))

    def joined(self, others: Sequence[Sample]) -> Sample:
        """The same with the rows of others, all of one object each."""
        each = (self, *others)
        names = dict.fromkeys(name for one in each for name in one.columns)
        columns = {name: [text for one in each for text in one.columns.get(name, [None])] for name in names}
        return replace(self, format="json", within=ITSELF, columns=columns, rows=len(each))

    def of_table(self) -> Sample:
        """The table that it is a log of, with what is left of it; itself if it is no such log."""
        found = as_table(self.columns)
        if found is None:
            return self
        columns, log = found
        return replace(self, columns=columns, rows=len(columns[log.operation]), log=log)

    def with_first_items(self) -> Sample:
        """The same with the first one of those who have several addresses or telephones in a list."""
        words = {address: words_of(left) for address, left in unwrapped(self.columns).items()}
        found = first_items(self.columns, words)
        columns = {**self.columns, **{address: texts for address, (_, texts) in found.items()}}
        return replace(self, columns=columns, firsts={address: path for address, (path, _) in found.items()})


def read(path: Path) -> Sample:
    """Look at the first rows of a file.

    Raises:
        UnreadableSampleError: if it is empty, or of no format that is known.
    """
    with path.open("rb") as opened:
        head = opened.read(4)
    if head == b"PAR1":
        return _parquet(path)
    if head == b"PK\x03\x04":
        raise UnreadableSampleError(f"{path.name} is a workbook or an archive: save each sheet as CSV (UTF-8)")
    data, whole = _head_of(path)
    text, encoding, doubts = _text(data, whole, path)
    if not text.strip():
        raise UnreadableSampleError(f"{path.name} is empty")
    if above := DELIMITER_LINE.match(text[:8].encode()):
        text = text[above.end() :]
    text = text.lstrip("\r\n")
    begin = text.lstrip()[:1]
    if begin == "[":
        return _json_array(path, text, whole, encoding)
    if begin == "{":
        return _json_object(path, text, whole, encoding) or _json_lines(path, text, whole, encoding)
    return _csv(path, text, encoding, doubts)


def _head_of(path: Path) -> tuple[bytes, bool]:
    """The first bytes, unpacked, and whether they are all."""
    with path.open("rb") as opened:
        packed = opened.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UnreadableSampleError(f"{path.name} is compressed and damaged") from None
    return data[:_MOST_BYTES], len(data) <= _MOST_BYTES


def _text(data: bytes, whole: bool, path: Path) -> tuple[str, str, tuple[str, ...]]:
    if data.startswith(UTF16_MARKS):
        text = codecs.getincrementaldecoder("utf-16")(errors="replace").decode(data)
        return text if whole else text[: text.rfind("\n") + 1], "utf-8", ()
    if b"\x00" in data[:64]:
        raise UnreadableSampleError(f"{path.name} is UTF-16 or UTF-32: save it as UTF-8")
    if not whole and b"\n" in data:
        data = data[: data.rfind(b"\n") + 1]
    try:
        # Of a line that was cut, the last letter may be.
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=whole), "utf-8", ()
    except UnicodeDecodeError:
        encoding = encoding_of(data)
    text, refused = _of_lines(data.removeprefix(codecs.BOM_UTF8), encoding)
    named = "Latin-1 (Windows-1252)" if encoding == "latin-1" else encoding
    doubts = () if encoding == "utf-8" else (f"the text is not UTF-8; it is taken for {named}",)
    return (
        text,
        encoding,
        (*doubts, *([f"{refused:,} of its lines are not {named}: they are refused"] if refused else ())),
    )


def _of_lines(data: bytes, encoding: str) -> tuple[str, int]:
    """The text of those lines that are in an encoding, and how many are not."""
    try:
        return decoded(data, encoding), 0
    except UnicodeDecodeError:
        lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return "", len(lines)
    texts, refused = zip(*(_of_lines(line, encoding) for line in lines), strict=True)
    return "".join(texts), sum(refused)


def _csv(path: Path, text: str, encoding: str, doubts: tuple[str, ...]) -> Sample:
    delimiter = max(_DELIMITERS, key=lambda mark: _regularity(text, mark))
    records = list(itertools.islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), MOST_ROWS + 1))
    header = [name.strip() for name in records[0]]
    if above := _lines_above_header(records):
        raise UnreadableSampleError(f"{path.name}: its header seems to be on line {above + 1}; delete what is above it")
    if _is_a_row(records):
        raise UnreadableSampleError(f"{path.name} begins with a row: put a line with the names of its columns above it")
    rows = [record for record in records[1:] if len(record) == len(header)]
    if len(records) <= MOST_ROWS and (sums := _sums_below(rows)):
        rows = rows[:-sums]
        doubts += ("it ends with sums, which are no rows: those without a key or a time are refused",)
    if (number := _number_below_a_second_header(rows)) is not None:
        rows = rows[1:]
        doubts += (f"its second line is one more of headings, and no row: it has no {header[number]}",)
    if len(records) > 1 and not rows:
        raise UnreadableSampleError(f"{path.name} is neither JSON nor CSV with a header")
    if any(not name for name in header) or len(set(header)) < len(header):
        doubts += ("its header has columns without a name, or of one name: only named ones are taken, each once",)
    columns: dict[str, list[str | None]] = {}
    for place, name in enumerate(header):
        if name and name not in columns:
            columns[name] = [row[place].strip() or None for row in rows]
    nulls = _nulls(columns)
    if nulls:
        doubts += (f"taken for no value (`nulls`): {', '.join(f'`{word}`' for word in nulls)}",)
    columns = {name: [None if text in nulls else text for text in texts] for name, texts in columns.items()}
    return Sample(path, "csv", columns, delimiter, encoding, len(rows), doubts, nulls)


def _lines_above_header(records: list[list[str]]) -> int:
    """How many lines above the header are titles, or names of groups of columns, as reports have them."""
    if all(name.strip() for name in records[0]) and len(records[0]) > 1:
        return 0
    told = [sum(_says_something(cell) for cell in record) for record in records[:_TITLES]]
    best = told.index(max(told))
    filled = sum(bool(cell.strip()) for cell in records[best])
    return best if told[best] >= 2 and told[best] > told[0] and 2 * told[best] >= filled else 0


def _is_a_row(records: list[list[str]]) -> bool:
    """Whether the first line is a row like the others: it names nothing, and has addresses, numbers, or instants where
    they have such.
    """
    first = records[0]
    alike = [record for record in records[1:] if len(record) == len(first)]
    if not alike or any(_says_something(cell) for cell in first):
        return False
    told = 0
    for place, cell in enumerate(first):
        values, one = judge([record[place].strip() or None for record in alike]), judge([cell.strip() or None])
        typed = values.type not in ("string", "integer", "json") or bool(values.looks & {"email", "url", "phone"})
        same = one.type == values.type and one.format == values.format
        told += typed and same and bool(one.looks & values.looks or values.type != "string")
    return told > 0 and len(set(first)) > 1


def _nulls(columns: Mapping[str, list[str | None]]) -> tuple[str, ...]:
    """The words that stand where there is no value: dates of zeros, and those in a column of which all else is no mere
    text.
    """
    found = {text for texts in columns.values() for text in texts if text is not None and _NO_DATE.fullmatch(text)}
    for name, texts in columns.items():
        words = {text for text in texts if text is not None and text.casefold() in _NO_VALUE}
        left = [text for text in texts if text is not None and text not in words]
        if words - found and left:
            judged = judge(left, code=is_number(words_of(name)))
            if judged.type not in ("string", "json") or judged.looks & {"email", "phone", "code"}:
                found |= words
    return tuple(sorted(found | _not_available(columns)))


def _not_available(columns: Mapping[str, list[str | None]]) -> set[str]:
    """``NA``, if it stands among what is no mere text in several columns, and nowhere for Namibia."""
    types = []
    for name, texts in columns.items():
        left = [text for text in texts if text is not None and text != _NOT_AVAILABLE]
        if left and _NOT_AVAILABLE in texts:
            judged = judge(left, code=is_number(words_of(name)))
            if "country" in judged.looks:
                return set()
            types.append(judged.type)
    return {_NOT_AVAILABLE} if sum(type_ not in ("string", "json") for type_ in types) >= _SEVERAL else set()


def _says_something(cell: str) -> bool:
    words = words_of(cell)
    return next(meanings(words), None) is not None or times_of(words) is not None


def _sums_below(rows: list[list[str]]) -> int:
    """How many of the last rows are sums: they say so, and have more empty cells than any other row near them."""
    found = 0
    while found < len(rows) - 1:
        first = next((cell for cell in rows[-1 - found] if cell.strip()), "")
        if not _SUMS.fullmatch(words_of(first)):
            break
        found += 1
    empty = [sum(not cell.strip() for cell in row) for row in rows[-found - 20 :]] if found else []
    return found if found and max(empty[:-found], default=0) < min(empty[-found:]) else 0


def _number_below_a_second_header(rows: list[list[str]]) -> int | None:
    """The place of a number that every row has, each another one, but for the first, which says in words that stand in
    no other row what is below them; None if it is a row like the others.
    """
    first, *others = rows if len(rows) >= _ENOUGH_ROWS else [[]]
    said = [(place, cell.strip()) for place, cell in enumerate(first) if cell.strip()]
    if not said or any(not re.fullmatch(r"[^\d@]{2,}", cell) for _, cell in said):
        return None
    if any(cell == row[place].strip() for place, cell in said for row in others):
        return None
    blank = [place for place, cell in enumerate(first) if not cell.strip()]
    numbers = ([row[place].strip() for row in others] for place in blank)
    unique = (place for place, texts in zip(blank, numbers, strict=True) if all(texts) and len({*texts}) == len(texts))
    return next((place for place in unique if len(said) < len(blank)), None)


def _regularity(text: str, delimiter: str) -> tuple[float, int]:
    """How many of the first lines split like the header, and into how many columns."""
    records = list(itertools.islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 50))
    width = len(records[0]) if records else 0
    if width < 2:  # maybe a title above the header
        return 0.0, max(map(len, records), default=0)
    return sum(len(record) == width for record in records) / len(records), width


def _json_lines(path: Path, text: str, whole: bool, encoding: str) -> Sample:
    lines = list(itertools.islice((line for line in text.split("\n") if line.strip()), MOST_ROWS))
    rows = [value for line in lines if isinstance(value := parsed(line), dict)]
    broken = len(lines) - len(rows)
    one = rows[0] if rows and len(lines) == 1 else parsed(text) if broken else None
    if isinstance(one, dict) and (keys := keyed(one)):
        raise UnreadableSampleError(
            f"{path.name} is one JSON object with a row below each of its keys ({', '.join(keys[:3])} …): make it a "
            "list of objects that have their key as a property"
        )
    if broken and (alone := objects(text, whole=whole)):
        return Sample(path, "json", _columns(alone), encoding=encoding, rows=len(alone), within=ITSELF)
    if not rows:
        raise UnreadableSampleError(f"{path.name} has no JSON object on any of its first lines")
    if broken > len(rows):
        raise UnreadableSampleError(
            f"{path.name} is no valid JSON, and no JSON lines: {broken:,} of {len(lines):,} lines are no objects"
        )
    doubts = (f"{broken:,} of {len(lines):,} lines are no JSON objects: they are refused",) if broken else ()
    unpack = list_of(rows[0])
    if unpack is not None and all(isinstance(row.get(unpack), list) for row in rows):
        rows = [each for row in rows for each in unpacked_row(row, unpack) if isinstance(each, dict)][:MOST_ROWS]
    else:
        unpack = None
    return Sample(path, "jsonl", _columns(rows), encoding=encoding, rows=len(rows), doubts=doubts, unpack=unpack)


def _json_array(path: Path, text: str, whole: bool, encoding: str) -> Sample:
    found = of_array(text)
    if whole and not found.whole:
        raise UnreadableSampleError(f"{path.name} is not valid JSON")
    if not found.rows:
        raise UnreadableSampleError(f"{path.name} is no array of objects")
    return Sample(path, "json", _columns(found.rows), encoding=encoding, rows=len(found.rows))


def _json_object(path: Path, text: str, whole: bool, encoding: str) -> Sample | None:
    """A sample of a file that is one object with a list of rows in it."""
    found = of_object(text)
    if found is None or (whole and not found.whole):
        return None
    besides = f", such as {', '.join(f'`{path}`' for path in found.others)}," if found.others else ""
    doubt = (
        f"its rows are taken to be the items of `{found.within}`; what stands beside that list{besides} is not taken"
    )
    return Sample(
        path, "json", _columns(found.rows), encoding=encoding, rows=len(found.rows), doubts=(doubt,),
        within=found.within,
    )  # fmt: skip


def flat(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str | None]]:
    """Dotted path → text; lists and what lies too deep stay JSON."""
    everything = not prefix and len(value) <= 2  # an event, and all that is known of it
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if (
            isinstance(inner, dict)
            and (everything or not _is_kept_whole(key, value))
            and depth < _DEEPEST
            and "." not in key
        ):
            yield from flat(inner, f"{path}.", depth + 1)
        elif isinstance(inner, dict | list):
            yield path, json.dumps(inner, ensure_ascii=False)
        elif isinstance(inner, bool):
            yield path, "true" if inner else "false"
        else:
            yield path, None if inner is None or inner == "" else str(inner)


def _is_kept_whole(key: str, value: Mapping[str, Any]) -> bool:
    if key not in _KEPT_WHOLE or key != _OF_RECORDS:
        return key in _KEPT_WHOLE
    beside = {each.lower() for each in value}
    return bool(_EVENTS & beside or ("name" in beside and _MOMENTS & beside))


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[str | None]]:
    told = [dict(flat(row)) for row in rows]
    names = Counter(name for row in told for name in row)
    return {name: [row.get(name) for row in told] for name in names}


def _parquet(path: Path) -> Sample:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    batch = next(file.iter_batches(batch_size=MOST_ROWS), None)
    rows = batch.to_pylist() if batch is not None else []
    columns = {
        name: [None if row[name] is None else _told(row[name]) for row in rows] for name in file.schema_arrow.names
    }
    structures = [name for name in columns if any(isinstance(row[name], dict) for row in rows)]
    doubts = (f"of what is within {', '.join(structures)} nothing is taken (`derive`)",) if structures else ()
    return Sample(path, "parquet", columns, rows=len(rows), doubts=doubts)


def _told(value: Any) -> str:
    """A value as text; lists and structures as JSON."""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
