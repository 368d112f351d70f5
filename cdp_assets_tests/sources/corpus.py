"""Bad files, and files that only look bad: what each of them comes to.

Belongs here: the files and their outcomes. Does not belong here: loading them (`test_corpus.py`).

A case's outcome is the name of the error with which the file is refused, or what becomes of each of its rows: ``.`` for
accepted, else the beginning of the reason for which it is quarantined.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HEADER = "order_no,at,total,email\n"
GOOD = "1,2026-01-05 10:00:00,12.50,ann@example.org\n"
OK = "."


@dataclass(frozen=True)
class Case:
    """One file.

    Args:
        name: What is wrong with it, or seems to be; part of the file's name.
        format: Which stream takes it.
        content: Its bytes.
        outcome: See the module.
        ending: End of its name.
        file: Its name, if that is the point.
    """

    name: str
    format: str
    content: bytes
    outcome: str | list[str]
    ending: str = ""
    file: str | None = field(default=None)


def csv(name: str, text: str | bytes, outcome: str | list[str], **more: Any) -> Case:
    return Case(name, "csv", text.encode() if isinstance(text, str) else text, outcome, **more)


def rows(name: str, *lines: str, outcome: list[str] | str, **more: Any) -> Case:
    """A CSV file with the right header."""
    return csv(name, HEADER + "".join(f"{line}\n" for line in lines), outcome, **more)


def one(name: str, outcome: str = OK, at: str = "2026-01-05 10:00:00", total: str = "1", email: str = "") -> Case:
    """A CSV file of one row."""
    return rows(name, f"1,{at},{total},{email}", outcome=[outcome])


def lines(name: str, *texts: str, outcome: list[str] | str, **more: Any) -> Case:
    """JSON lines."""
    return Case(name, "jsonl", "".join(f"{text}\n" for text in texts).encode(), outcome, **more)


def array(name: str, text: str | bytes, outcome: str | list[str]) -> Case:
    """A JSON array."""
    return Case(name, "json", text.encode() if isinstance(text, str) else text, outcome)


def order(**more: Any) -> str:
    return json.dumps({"order_no": "1", "at": "2026-01-05T10:00:00Z", **more})


def table(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def _zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("orders.csv", text)
    return buffer.getvalue()


_CSV = (HEADER + GOOD).encode()


def _own(name: str) -> bytes:
    """A sound file with a content of its own: one that came before is no news."""
    return f"{HEADER}1,2026-01-05 10:00:00,1,{name}@example.org\n".encode()


_PARQUET = table(order_no=["1"], at=["2026-01-05 10:00:00"], total=["1"], email=["a@x.org"])
NOT_JSON, NO_OBJECT = "it is not valid JSON", "it is not a JSON object"

CASES = (
    # Bytes and encodings
    csv("nothing", b"", "empty_file"),
    csv("blanks only", b" \n\n \n", "empty_file"),
    csv("header only", HEADER, []),
    csv("byte order mark", b"\xef\xbb\xbf" + _CSV, [OK]),
    csv("utf-16", (HEADER + "1,2026-01-05,1,ü😀@x.org\n").encode("utf-16"), [OK]),
    csv("utf-16, the other end first", b"\xfe\xff" + (HEADER + GOOD).encode("utf-16-be"), [OK]),
    csv("half a character of utf-16", (HEADER + GOOD).encode("utf-16") + b"\x41", "wrong_encoding"),
    csv("utf-16 without mark", (HEADER + GOOD).encode("utf-16-le"), "wrong_encoding"),
    csv("utf-32", (HEADER + GOOD).encode("utf-32"), "wrong_encoding"),
    csv("a line for spreadsheets above the header", "sep=,\r\n" + HEADER + GOOD, [OK]),
    csv("a line for spreadsheets and a mark", b"\xef\xbb\xbfsep=,\n" + _CSV, [OK]),
    csv("latin-1 in the header", "order_no,at,total,größe\n1,2026-01-05,1,x\n".encode("latin-1"), "wrong_encoding"),
    csv("latin-1 in the rows", (HEADER + "1,2026-01-05,1,müller@x.org\n").encode("latin-1"), "wrong_encoding"),
    csv("one damaged line", HEADER.encode() + b"1,2026-01-05,1,\xff@x.org\n" + "2,2026-01-05,1,ü@x.org\n".encode(),
        ["it has bytes that are not UTF-8", OK]),
    csv("a nul byte in a cell", HEADER.encode() + b"1,2026-01-05,1,a\x00b@x.org\n", [OK]),
    csv("nul bytes only", b"\x00" * 100, "wrong_encoding"),
    csv("control characters", HEADER.encode() + b"1,2026-01-05,1,a\x07\x1bb@x.org\n", [OK]),
    csv("binary", bytes(range(128, 256)) * 20, "wrong_encoding"),
    # Compression
    csv("truncated gzip", gzip.compress(_CSV * 500)[:-30], "truncated_file", ending=".gz"),
    csv("gzip without its end", gzip.compress(_CSV)[:-4], "truncated_file", ending=".gz"),
    csv("gzip with a wrong sum", gzip.compress(_CSV)[:-8] + b"\x00" * 8, "truncated_file", ending=".gz"),
    csv("gzip in gzip", gzip.compress(gzip.compress(_CSV)), "wrong_format", ending=".gz"),
    csv("gzip in two parts", gzip.compress(HEADER.encode()) + gzip.compress(GOOD.encode()), [OK], ending=".gz"),
    csv("gzip with something behind", gzip.compress(_CSV) + b"garbage", "truncated_file", ending=".gz"),
    csv("called gz and is not", _own("gz"), "wrong_format", ending=".gz"),
    csv("gzip of nothing", gzip.compress(b""), "empty_file", ending=".gz"),
    csv("a bomb", gzip.compress(b"0" * (80 << 20), 6), "zip_bomb", ending=".gz"),
    csv("a zip archive", _zipped(HEADER + GOOD), "wrong_format"),
    # Lines, delimiters and quotes
    csv("semicolons", (HEADER + GOOD).replace(",", ";"), "wrong_delimiter"),
    csv("tabs", (HEADER + GOOD).replace(",", "\t"), "wrong_delimiter"),
    csv("bars", (HEADER + GOOD).replace(",", "|"), "wrong_delimiter"),
    csv("windows line ends", (HEADER + GOOD * 2).replace("\n", "\r\n"), [OK, OK]),
    csv("old mac line ends", (HEADER + GOOD).replace("\n", "\r"), "wrong_format"),
    csv("cut off within a line end", (HEADER + GOOD * 2).replace("\n", "\r\n")[:-1], "wrong_format"),
    csv("a carriage return in a cell", (HEADER + GOOD + GOOD.replace("ann@", "a\rnn@")).replace("\n", "\r\n"),
        "wrong_format"),
    csv("mixed line ends", HEADER + GOOD.replace("\n", "\r\n") + GOOD, [OK, OK]),
    csv("no line end at the end", (HEADER + GOOD).rstrip("\n"), [OK]),
    csv("blank lines between", HEADER + "\n" + GOOD + "\n\n" + GOOD, [OK, OK]),
    rows("a quote that is not closed", '1,2026-01-05,1,"a@x.org', "2,2026-01-05,1,b@x.org",
         outcome=["a quote is not closed", OK]),
    rows("a quote in the middle", '1,2026-01-05,1,a"b@x.org', outcome=[OK]),
    rows("doubled quotes", '1,2026-01-05,1,"a ""b"" c"', outcome=[OK]),
    rows("a line end in quotes", '1,2026-01-05,1,"a\nb"', "2,2026-01-05,1,", outcome=[OK, OK]),
    rows("text behind a quote", '1,2026-01-05,1,"a"b', outcome="wrong_format"),
    rows("too many columns", "1,2026-01-05,1,a,b,c", GOOD.strip(), outcome=["it has too many columns", OK]),
    rows("too few columns", "1,2026-01-05", GOOD.strip(), outcome=["it has too few columns", OK]),
    rows("every row broken", "1", "2", outcome="wrong_format"),
    csv("the same header twice", "order_no,at,total,total\n1,2026-01-05,1,2\n", [OK]),
    csv("a header without a name", "order_no,at,,email\n1,2026-01-05,1,a@x.org\n", [OK]),
    csv("blanks around headers", " order_no , at ,total,email\n1,2026-01-05,1,a@x.org\n", [OK]),
    csv("headers in other letters", "ORDER_NO,AT,TOTAL,EMAIL\n1,2026-01-05,1,a@x.org\n", "missing_column"),
    csv("a required column missing", "at,total,email\n2026-01-05,1,a@x.org\n", "missing_column"),
    csv("no header", GOOD * 2, "missing_column"),
    csv("a thousand unknown columns", f"order_no,at,{','.join(f'c{n}' for n in range(1000))}\n"
        f"1,2026-01-05,{','.join('x' for _ in range(1000))}\n", [OK]),
    # Cells
    one("a cell of a million characters", email="x" * 1_000_000),
    one("a formula", "a spreadsheet formula", email='"=HYPERLINK(""http://x"")"'),
    one("a formula with at", "a spreadsheet formula", email="@SUM(1+1)"),
    one("a formula with plus", "a spreadsheet formula", email="+cmd|' /C calc'!A0"),
    one("a phone number is no formula", email="+49 351 123456"),
    one("markup", email="<script>alert(1)</script>"),
    one("a statement", email="'; DROP TABLE orders; --"),
    one("a path", email="../../etc/passwd"),
    one("emoji", email="👩‍👩‍👧@x.org"),
    one("letters that run backwards", email="\u202egro.x@nna"),
    one("letters without width", email="ann\u200b@x.org"),
    one("a template", email="{{ env.HOME }}"),
    # Numbers
    one("a huge number", "the value is not a decimal", total="9" * 40),
    one("an exponent beyond all", "the value is not a decimal", total="1e400"),
    one("an exponent", total="1.5e3"),
    one("not a number", "the value is not a decimal", total="NaN"),
    one("infinity", "the value is not a decimal", total="Infinity"),
    one("minus zero", total="-0"),
    one("a decimal comma", "the value is not a decimal", total='"1,5"'),
    one("grouped thousands", total='"1,234.50"'),
    one("grouped wrongly", "the value is not a decimal", total='"12,34.50"'),
    one("a currency sign", "the value is not a decimal", total="€ 5"),
    one("digits of another script", "the value is not a decimal", total="١٢"),
    one("hexadecimal", "the value is not a decimal", total="0x1F"),
    one("a blank inside", "the value is not a decimal", total="10 00"),
    one("thousands told by a blank", total="1 000"),
    one("five places", total="0.12345"),
    # Times
    one("the thirtieth of February", "the value is not a timestamp", at="2026-02-30 10:00:00"),
    one("a date in 2099", "the time lies in the future", at="2099-01-01 00:00:00"),
    one("a date in 1800", "the time is before 1900", at="1800-01-01 00:00:00"),
    one("the year zero", "the value is not a timestamp", at="0000-00-00 00:00:00"),
    one("an hour that a clock skips", at="2026-03-29 02:30:00"),
    one("an hour that a clock shows twice", at="2025-10-26 02:30:00"),
    one("the zone farthest east", at="2026-01-05T10:00:00+14:00"),
    one("a leap second", "the value is not a timestamp", at="2016-12-31T23:59:60Z"),
    one("the end of a day", at="2026-01-05 24:00:00"),
    one("a year of two digits", "the time is before 1900", at="05/01/26"),
    one("days and months swapped", "the value is not a timestamp", at="2026-13-01"),
    one("seconds since 1970", "the value is not a timestamp", at="1767603600"),
    one("words", "the value is not a timestamp", at="yesterday"),
    one("no time", "a required value is missing", at=""),
    # Names of files
    csv("a pattern as name", _own("a"), [OK], file="a[1]*?.csv"),
    csv("blanks and quotes as name", _own("b"), [OK], file="it's \"my\" file; .csv"),
    csv("a name in another script", _own("c"), [OK], file="заказы 注文.csv"),
    csv("a name that looks like an option", _own("d"), [OK], file="--help.csv"),
    # JSON lines
    lines("a broken line", order(), '{"order_no": ', order(), outcome=[OK, NOT_JSON, OK]),
    lines("a trailing comma", order(), '{"order_no": "1",}', outcome=[OK, "a required value is missing"]),
    lines("single quotes", order(), "{'order_no': '1'}", outcome=[OK, NOT_JSON]),
    lines("an array on a line", order(), "[1, 2]", outcome=[OK, NO_OBJECT]),
    lines("a number on a line", order(), "7", outcome=[OK, NO_OBJECT]),
    lines("null on a line", order(), "null", outcome=[OK, NO_OBJECT]),
    lines("an empty object", order(), "{}", outcome=[OK, NO_OBJECT]),
    lines("a key twice", '{"order_no": "1", "order_no": "2", "at": "2026-01-05T10:00:00Z"}', outcome=[OK]),
    lines("nested a hundred deep", order(extra=json.loads("[" * 100 + "]" * 100)), outcome=[OK]),
    lines("nested ten thousand deep", order(), '{"a":' * 10_000 + "1" + "}" * 10_000,
          outcome=[OK, "a required value is missing"]),
    lines("half a letter", order(), '{"order_no": "\\ud800", "at": "2026-01-05T10:00:00Z"}', outcome=[OK, NOT_JSON]),
    lines("an object for a text", order(email={"a": 1}), outcome=[OK]),
    lines("numbers for texts", '{"order_no": 7, "at": "2026-01-05T10:00:00Z", "total": 1.5}', outcome=[OK]),
    lines("a number of a hundred digits", order(total=int("9" * 100)), outcome=["the value is not a decimal"]),
    lines("NaN", order(), '{"order_no": "1", "at": "2026-01-05T10:00:00Z", "total": NaN}',
          outcome=[OK, "the value is not a decimal"]),
    lines("printed over several lines", json.dumps({"order_no": "1"}, indent=2), outcome="wrong_format"),
    Case("a mark before lines", "jsonl", b"\xef\xbb\xbf" + order().encode() + b"\n", [OK]),
    Case("csv as lines", "jsonl", _CSV, "wrong_format"),
    # JSON arrays
    array("a cut array", f"[{order()}, ", "wrong_format"),
    array("an object instead", order(), "wrong_format"),
    array("an empty array", "[]", []),
    array("numbers in an array", "[1, 2]", "wrong_format"),
    array("something behind an array", f"[{order()}] x", "wrong_format"),
    array("bytes that are no text", b'[{"order_no": "\xff"}]', "wrong_encoding"),
    # Parquet
    Case("cut parquet", "parquet", _PARQUET[:-10], "wrong_format"),
    Case("parquet of nothing", "parquet", b"", "empty_file"),
    Case("csv as parquet", "parquet", _CSV, "wrong_format"),
    Case("parquet without a column", "parquet", table(at=["2026-01-05"]), "missing_column"),
    Case("parquet without rows", "parquet", table(**dict.fromkeys(("order_no", "at"), pa.array([], pa.string()))), []),
    Case("parquet with nulls", "parquet", table(order_no=["1", None], at=["2026-01-05", "2026-01-05"]),
         [OK, "a required value is missing"]),
)  # fmt: skip
