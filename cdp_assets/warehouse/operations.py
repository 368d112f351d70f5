"""Operations that Ibis lacks, as typed Ibis nodes with a translation for each dialect.

Belongs here: small scalar operations every engine can do in its own words. Does not belong here: users' SQL
(`expressions.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.rules as rlz
import ibis.expr.types as ir
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.common.deferred import deferrable
from ibis.common.typing import VarTuple

_SEPARATOR = "\x1f"
_NULL = "\x1e"
_MASK_63 = 0x7FFF_FFFF_FFFF_FFFF
MINUS_SIGNS = "\u2013\u2212\ufe63\uff0d"
"""What is printed for a minus, or in place of cents, and is no hyphen."""


class StableId(ops.Value):
    """The low 63 bits of the first 64 of a text's SHA-256, as a non-negative integer."""

    arg: ops.Value[dt.String]
    dtype = dt.int64
    shape = rlz.shape_like("arg")


class QuickHash(ops.Value):
    """A 64-bit hash of one or more values."""

    parts: VarTuple[ops.Value]
    dtype = dt.int64
    shape = rlz.shape_like("parts")


class OfEarliest(ops.Reduction):
    """Of the rows with the earliest instant the smallest number."""

    arg: ops.Column[dt.Int64]
    by: ops.Column[dt.Timestamp]
    where: ops.Column[dt.Boolean] | None = None
    dtype = dt.int64


class TryTimestamp(ops.Value):
    """A text read as an instant, or null where it is none."""

    arg: ops.Value[dt.String]
    format: str | None = None
    zone: str = "UTC"
    dtype = dt.Timestamp("UTC")
    shape = rlz.shape_like("arg")


class WithoutMembers(ops.Value):
    """A JSON object without some of its members; null if none are left."""

    arg: ops.Value[dt.String]
    paths: VarTuple[VarTuple[str]]
    dtype = dt.string
    shape = rlz.shape_like("arg")


@deferrable  # type: ignore[untyped-decorator]
def stable_id(*parts: ir.Value, key: str = "", after: ir.StringValue | None = None) -> ir.IntegerValue:
    """Make a stable, keyed, 63-bit id from one or more values; equal on every engine.

    Args:
        parts: Values of any type; null is a value of its own, and ("a", "b") differs from ("ab").
        key: Secret that keeps the ids from being recomputed by others.
        after: `stable_beginning` of the values before these, which then has the key.

    Returns:
        A non-negative int64 column. Two of n ids collide with probability n² / 2⁶⁴.
    """
    return StableId(_joined(*parts, key=key) if after is None else after + _joined(*parts)).to_expr()


def stable_beginning(*parts: ir.Value, key: str = "") -> ir.StringValue:
    """What millions of values begin with that `stable_id` hashes, to be put together once.

    Args:
        parts, key: As in `stable_id`.
    """
    return _joined(*parts, key=key) + _SEPARATOR


def _joined(*parts: ir.Value, key: str = "") -> ir.StringValue:
    texts = [part.cast("string").coalesce(_NULL) for part in parts]
    joined = reduce(lambda left, right: left + _SEPARATOR + right, texts)
    return ibis.literal(f"{key}{_SEPARATOR}") + joined if key else joined


@deferrable  # type: ignore[untyped-decorator]
def quick_hash(*parts: ir.Value) -> ir.IntegerValue:
    """Hash one or more values of a row, to tell what may be equal, or unchanged, from what is not.

    Fast, but another number on another engine or version, and no secret: it never leaves the warehouse, and where it
    changes without need, something is computed again for nothing. For what is kept there is `stable_id`.

    Args:
        parts: Values of any type; null is a value of its own.

    Returns:
        A non-negative int64 column.
    """
    return QuickHash(parts).to_expr()


@deferrable  # type: ignore[untyped-decorator]
def of_earliest(numbers: ir.IntegerColumn, by: ir.TimestampColumn) -> ir.IntegerScalar:
    """The smallest number of the rows with the earliest instant.

    What a minimum of pairs tells, in half the time.

    Args:
        numbers: Non-negative int64.
        by: Instants; none of them null.
    """
    return OfEarliest(numbers, by).to_expr()


@deferrable  # type: ignore[untyped-decorator]
def try_timestamp(text: ir.StringValue, format: str | None = None, zone: str = "UTC") -> ir.TimestampValue:
    """Read text as an instant.

    Args:
        text: ISO 8601, or what ``format`` says.
        format: A strptime format, or None for ISO 8601 with or without an offset.
        zone: IANA zone of times that bear no offset; daylight saving is respected.

    Returns:
        ``timestamp('UTC')``; null where the text does not parse.
    """
    return TryTimestamp(text, format=format, zone=zone).to_expr()


def sum_in_steps(values: ir.NumericValue, to_one: int) -> ir.FloatingScalar:
    """The sum of numbers, each rounded to whole steps: these add up to the same in whatever order threads add them.

    Args:
        values: Numbers.
        to_one: How many steps make one.
    """
    return (values * float(to_one)).round().cast("int64").sum().cast("float64") / float(to_one)


def without_members(text: ir.StringValue, paths: Iterable[Sequence[str]]) -> ir.StringValue:
    """A JSON object without the members that have a place of their own.

    Args:
        text: A JSON object, as text.
        paths: The steps to each of them. An object within goes as a whole, once nothing else is in it.

    Returns:
        The other members; null if none are left. Spark leaves those be that are not flat.
    """
    return WithoutMembers(text, tuple(tuple(path) for path in paths)).to_expr()


@deferrable  # type: ignore[untyped-decorator]
def trimmed(text: ir.StringValue) -> ir.StringValue:
    """Text without white space at its ends: what `strip` gives.

    Looks at both ends first, since few texts have any there, and an engine takes five times as long to look for it.

    Args:
        text: A column; of anything longer, each part is computed three times.
    """
    # All white space sorts before the exclamation mark.
    return ibis.ifelse((text < "!") | (text.right(1) < "!"), text.strip(), text)


def with_hyphens(text: ir.StringValue) -> ir.StringValue:
    """Text with hyphens in place of `MINUS_SIGNS`."""
    return text.translate(MINUS_SIGNS, "-" * len(MINUS_SIGNS))


def _duckdb_stable_id(self: DuckDBCompiler, op: StableId, *, arg: sge.Expression) -> Any:
    digits = self.f.anon.substring(self.f.sha256(arg), 1, 16)
    unsigned = sge.Cast(this=self.f.concat("0x", digits), to=sge.DataType.build("UBIGINT", dialect="duckdb"))
    mask = sge.Cast(this=sge.convert(_MASK_63), to=sge.DataType.build("UBIGINT", dialect="duckdb"))
    return self.cast(sge.Paren(this=sge.BitwiseAnd(this=unsigned, expression=mask)), dt.int64)


def _pyspark_stable_id(self: PySparkCompiler, op: StableId, *, arg: sge.Expression) -> Any:
    digits = self.f.anon.left(self.f.anon.sha2(arg, 256), 16)
    signed = self.cast(self.f.anon.conv(digits, 16, -10), dt.int64)
    return sge.Paren(this=sge.BitwiseAnd(this=signed, expression=sge.convert(_MASK_63)))


def _duckdb_quick_hash(self: DuckDBCompiler, op: QuickHash, *, parts: Any) -> Any:
    # Texts of a column of few values are kept as numbers, which are other ones in another table.
    values = [
        self.cast(part, dt.string) if given.dtype.is_string() else part
        for part, given in zip(parts, op.parts, strict=True)
    ]
    # Half of the unsigned hashes are beyond a signed integer.
    halved = sge.BitwiseRightShift(this=self.f.anon.hash(*values), expression=sge.convert(1))
    return self.cast(sge.Paren(this=halved), dt.int64)


def _pyspark_quick_hash(self: PySparkCompiler, op: QuickHash, *, parts: tuple[sge.Expression, ...]) -> Any:
    # Spark's hash passes over nulls.
    texts = [self.f.coalesce(self.cast(part, dt.string), sge.convert(_NULL)) for part in parts]
    return self.f.anon.shiftrightunsigned(self.f.anon.xxhash64(*texts), sge.convert(1))


_OFFSET = r"\d(Z|z|[+-]\d{2}(:?\d{2})?)$"
_HAS_TIME = ":"


def _duckdb_try_timestamp(
    self: DuckDBCompiler, op: TryTimestamp, *, arg: sge.Expression, format: Any, zone: Any
) -> Any:
    instant = sge.DataType.build("TIMESTAMPTZ", dialect="duckdb")
    local = sge.DataType.build("TIMESTAMP", dialect="duckdb")

    def at_zone(value: sge.Expression) -> Any:
        return self.f.anon.timezone(sge.convert(op.zone), value)

    if op.format is not None:
        parsed = self.f.anon.try_strptime(arg, sge.convert(op.format))
        if "%z" in op.format or "%Z" in op.format:
            return sge.Cast(this=parsed, to=instant)
        return at_zone(sge.Cast(this=parsed, to=local))
    has_offset = sge.And(
        this=self.f.anon.contains(arg, sge.convert(_HAS_TIME)),
        expression=self.f.anon.regexp_matches(arg, sge.convert(_OFFSET)),
    )
    return sge.Case(
        ifs=[sge.If(this=has_offset, true=sge.TryCast(this=arg, to=instant))],
        default=at_zone(sge.TryCast(this=arg, to=local)),
    )


def _pyspark_try_timestamp(
    self: PySparkCompiler, op: TryTimestamp, *, arg: sge.Expression, format: Any, zone: Any
) -> Any:
    from sqlglot.dialects.spark import Spark
    from sqlglot.time import format_time

    if op.format is None:
        parsed = sge.TryCast(this=arg, to=sge.DataType.build("TIMESTAMP", dialect="spark"))
        has_offset = self.f.anon.regexp_like(arg, sge.convert(f":.*{_OFFSET}"))
        return sge.Case(
            ifs=[sge.If(this=has_offset, true=parsed)],
            default=self.f.anon.to_utc_timestamp(parsed, sge.convert(op.zone)),
        )
    spark_format = format_time(op.format, Spark.INVERSE_TIME_MAPPING, Spark.INVERSE_TIME_TRIE) or op.format
    parsed = self.f.anon.try_to_timestamp(arg, sge.convert(spark_format.replace("%z", "xx")))
    if "%z" in op.format:
        return parsed
    return self.f.anon.to_utc_timestamp(parsed, sge.convert(op.zone))


def _duckdb_of_earliest(
    self: DuckDBCompiler, op: OfEarliest, *, arg: sge.Expression, by: sge.Expression, where: Any
) -> Any:
    # One number of 128 bits: of pairs DuckDB takes the minimum by way of texts that sort as they do.
    micros = sge.Cast(this=self.f.epoch_us(by), to=sge.DataType.build("HUGEINT", dialect="duckdb"))
    above = sge.Mul(this=micros, expression=sge.convert(2**64))
    least = self.agg.min(sge.Add(this=above, expression=arg), where=where)
    below = sge.Paren(this=sge.BitwiseAnd(this=least, expression=sge.convert(2**64 - 1)))
    return self.cast(below, dt.int64)


def _pyspark_of_earliest(
    self: PySparkCompiler, op: OfEarliest, *, arg: sge.Expression, by: sge.Expression, where: Any
) -> Any:
    return sge.Dot(this=self.agg.min(self.f.anon.named_struct("by", by, "arg", arg), where=where), expression="arg")


_EMPTY_MEMBER = r'"(?:[^"\\]|\\.)*":\{\},?'
_FLAT_MEMBER = r'(?<=[{,])%s:(?:"(?:[^"\\]|\\.)*"|[^,{}\[\]"]+)(?:,|(?=\}))'


def _nulls(paths: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The members at the ends of paths, as an object of nulls (a patch that removes them, RFC 7396)."""
    patch: dict[str, Any] = {}
    for first in dict.fromkeys(path[0] for path in paths):
        below = [path[1:] for path in paths if path[0] == first]
        patch[first] = _nulls(below) if all(below) else None
    return patch


def _duckdb_without_members(self: DuckDBCompiler, op: WithoutMembers, *, arg: sge.Expression, paths: Any) -> Any:
    def text(value: Any) -> Any:
        return sge.convert(json.dumps(value, ensure_ascii=False))

    gone = []
    for name, patch in _nulls(op.paths).items():
        member = sge.convert(f"{json.dumps(name, ensure_ascii=False)}:null")
        if patch is not None:
            within = self.f.anon.json_extract(arg, sge.convert(f"$.{json.dumps(name, ensure_ascii=False)}"))
            rest = self.cast(self.f.anon.json_merge_patch(within, text(patch)), dt.string)
            for _level in range(max(map(len, op.paths)) - 2):
                rest = self.f.anon.regexp_replace(rest, sge.convert(_EMPTY_MEMBER), sge.convert(""), sge.convert("g"))
            member = sge.Case(ifs=[sge.If(this=sge.EQ(this=rest, expression=sge.convert("{}")), true=member)])
        gone.append(member)
    together = self.f.anon.concat(sge.convert("{"), self.f.anon.concat_ws(sge.convert(","), *gone), sge.convert("}"))
    left = self.f.nullif(self.cast(self.f.anon.json_merge_patch(arg, together), dt.string), sge.convert("{}"))
    # Patching nothing would make an object of the patch.
    return sge.Case(ifs=[sge.If(this=sge.Not(this=sge.Is(this=arg, expression=sge.Null())), true=left)])


def _pyspark_without_members(self: PySparkCompiler, op: WithoutMembers, *, arg: sge.Expression, paths: Any) -> Any:
    for path in op.paths:
        if len(path) == 1:
            member = _FLAT_MEMBER % re.escape(json.dumps(path[0], ensure_ascii=False))
            arg = self.f.anon.regexp_replace(arg, sge.convert(member), sge.convert(""))
    return self.f.nullif(arg, sge.convert("{}"))


def _pyspark_bit_xor(self: PySparkCompiler, op: ops.BitXor, *, arg: sge.Expression, where: Any) -> Any:
    """Spark has it since 3.0, and Ibis does not know."""
    return self.agg.bit_xor(arg, where=where)


DuckDBCompiler.visit_StableId = _duckdb_stable_id
PySparkCompiler.visit_StableId = _pyspark_stable_id
DuckDBCompiler.visit_QuickHash = _duckdb_quick_hash
PySparkCompiler.visit_QuickHash = _pyspark_quick_hash
DuckDBCompiler.visit_OfEarliest = _duckdb_of_earliest
PySparkCompiler.visit_OfEarliest = _pyspark_of_earliest
DuckDBCompiler.visit_WithoutMembers = _duckdb_without_members
PySparkCompiler.visit_WithoutMembers = _pyspark_without_members
DuckDBCompiler.visit_TryTimestamp = _duckdb_try_timestamp
PySparkCompiler.visit_TryTimestamp = _pyspark_try_timestamp
PySparkCompiler.visit_BitXor = _pyspark_bit_xor
