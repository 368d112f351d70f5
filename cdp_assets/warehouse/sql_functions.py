"""The functions that users' SQL expressions may call, and what each dialect calls them.

Belongs here: the list, the reasons why others are refused, and translations that SQLGlot lacks or gets wrong.
Does not belong here: parsing and binding of expressions (`expressions.py`).

A function is listed if it gives the same answer for the same row on every run and every engine: no clocks, no
randomness, no files, no other rows.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot.expressions as sge

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "conditions": ("case", "coalesce", "greatest", "if", "ifnull", "least", "nullif"),
    "casts": ("cast", "try_cast"),
    "text": (
        "chr", "concat", "concat_ws", "contains", "ends_with", "initcap", "instr", "lcase", "left", "len", "length",
        "levenshtein", "lower", "lpad", "ltrim", "md5", "position", "prefix", "printf", "repeat", "replace", "reverse",
        "right", "rpad", "rtrim", "sha256", "split", "split_part", "starts_with", "str_split", "string_split",
        "string_split_regex", "strpos", "substr", "substring", "suffix", "translate", "trim", "ucase", "upper",
        "url_decode", "url_encode",
    ),
    "patterns": ("regexp_extract", "regexp_extract_all", "regexp_full_match", "regexp_matches", "regexp_replace"),
    "numbers": (
        "abs", "cbrt", "ceil", "ceiling", "exp", "floor", "isinf", "isnan", "ln", "log10", "log2", "mod", "pow",
        "power", "round", "sign", "sqrt", "trunc",
    ),
    "times": (
        "date_diff", "date_part", "date_trunc", "datediff", "datepart", "datetrunc", "day", "dayofmonth", "dayofyear",
        "epoch", "epoch_ms", "extract", "hour", "isodow", "last_day", "make_date", "make_timestamp", "minute", "month",
        "quarter", "second", "strftime", "strptime", "to_timestamp", "try_strptime", "week", "weekofyear", "year",
    ),
    "JSON": ("json_array_length", "json_extract", "json_extract_path_text", "json_extract_string", "json_keys"),
    "lists": (
        "array_contains", "array_length", "array_to_string", "list_concat", "list_contains", "list_distinct",
        "list_element", "list_extract", "list_has", "list_has_any", "list_max", "list_min", "list_position",
        "list_sort", "list_value",
    ),
}  # fmt: skip
"""Name of each group and its functions, for the guide and for error messages."""

ALLOWED = frozenset(name for names in FUNCTIONS.values() for name in names)

DATE_PARTS = frozenset({"year", "quarter", "month", "week", "day", "doy", "dayofyear", "hour", "minute", "second"})
"""Parts of a date that `extract` and `date_part` mean alike on every engine."""

CLOCKS = frozenset((
    "age", "current_catalog", "current_date", "current_datetime", "current_localtime", "current_localtimestamp",
    "current_role", "current_time", "current_timestamp", "current_user", "get_current_time",
    "get_current_timestamp", "gen_random_uuid", "localtime", "localtimestamp", "now", "nextval", "random",
    "session_user", "setseed", "today", "transaction_timestamp", "txid_current", "uuid", "uuidv4", "uuidv7",
))  # fmt: skip
_FILES = ("read_", "parquet_", "sniff_", "glob", "scan_", "sqlite_", "postgres_", "mysql_", "iceberg_", "delta_")
AGGREGATES = frozenset((
    "any_value", "approx_count_distinct", "approx_quantile", "arg_max", "arg_min", "array_agg", "avg", "bit_and",
    "bit_or", "bit_xor", "bool_and", "bool_or", "count", "count_if", "countif", "covar_pop", "first",
    "group_concat", "histogram", "kurtosis", "last", "list", "listagg", "mad", "max", "max_by", "mean", "median",
    "min", "min_by", "mode", "product", "quantile", "quantile_cont", "quantile_disc", "skewness", "stddev",
    "stddev_pop", "stddev_samp", "string_agg", "sum", "var_pop", "var_samp", "variance", "row_number", "rank",
    "dense_rank", "lag", "lead", "ntile", "percent_rank", "cume_dist", "first_value", "last_value", "nth_value",
))  # fmt: skip


def refusal(name: str) -> str | None:
    """Why a function that is not listed is refused, or None if it is simply not known here."""
    if name in CLOCKS:
        return "its answer changes from run to run; for the time of the run write as_of"
    if name in AGGREGATES:
        return "it needs many rows, and an expression sees one row at a time"
    if name.startswith(_FILES):
        return "expressions have no access to files or other databases"
    return None


def rewritten(tree: sge.Expr, rule: Callable[[sge.Expr], sge.Expr]) -> sge.Expr:
    """Apply a rule to every node of a tree, children first, in place. The rule must not wrap its node, only copies."""
    for node in reversed(list(tree.walk(bfs=True))):
        new = rule(node)
        if new is not node:
            if node is tree:
                return new
            node.replace(new)
    return tree


def for_duckdb(tree: sge.Expr) -> sge.Expr:
    """Spell what SQLGlot would render as raising functions in DuckDB's forgiving ones."""

    def spell(node: sge.Expr) -> sge.Expr:
        if isinstance(node, sge.StrToTime):
            return sge.Anonymous(this="TRY_STRPTIME", expressions=[node.this, node.args["format"]])
        return node

    return rewritten(tree, spell)


def for_spark(tree: sge.Expr) -> sge.Expr:
    """Spell in Spark's words what SQLGlot leaves in DuckDB's, or renders with another meaning."""

    def spell(node: sge.Expr) -> sge.Expr:
        rewrite = _SPARK.get(type(node))
        if rewrite is not None:
            return rewrite(node)
        if isinstance(node, sge.Anonymous):
            name = _SPARK_NAMES.get(node.name.lower())
            if name is not None:
                return sge.Anonymous(this=name, expressions=node.expressions)
        return node

    return rewritten(tree, spell)


_SPARK_NAMES = {
    "prefix": "STARTSWITH",
    "suffix": "ENDSWITH",
    "list_extract": "TRY_ELEMENT_AT",
    "list_element": "TRY_ELEMENT_AT",
    "list_position": "ARRAY_POSITION",
    "datepart": "DATE_PART",
}


def _boundaries(node: sge.Expr) -> sge.Expr:
    """DuckDB's date_diff counts the boundaries crossed, Spark's the whole units between."""
    unit = node.args["unit"]

    def start_of_unit(value: sge.Expr) -> sge.Expr:
        return sge.TimestampTrunc(this=value, unit=unit.copy())

    return sge.DateDiff(this=start_of_unit(node.this), expression=start_of_unit(node.expression), unit=unit)


def _full_match(node: sge.Expr) -> sge.Expr:
    parts = [sge.Literal.string("^(?:"), node.expression, sge.Literal.string(")$")]
    return sge.RegexpLike(this=node.this, expression=sge.Anonymous(this="CONCAT", expressions=parts))


def _lenient_time(node: sge.Expr) -> sge.Expr:
    from sqlglot.dialects.spark import Spark
    from sqlglot.time import format_time

    text = node.args["format"].name
    spark_format = format_time(text, Spark.INVERSE_TIME_MAPPING, Spark.INVERSE_TIME_TRIE) or text
    return sge.Anonymous(
        this="TRY_TO_TIMESTAMP", expressions=[node.this, sge.Literal.string(spark_format.replace("%z", "xx"))]
    )


def _element(node: sge.Expr) -> sge.Expr:
    """An index past the end is null, as in DuckDB, where Spark's brackets raise."""
    return sge.Anonymous(this="GET", expressions=[node.this, *node.expressions])


def _iso_weekday(node: sge.Expr) -> sge.Expr:
    return sge.Paren(
        this=sge.Add(this=sge.Anonymous(this="WEEKDAY", expressions=[node.this]), expression=sge.Literal.number(1))
    )


_SPARK: dict[type[sge.Expr], Callable[[sge.Expr], sge.Expr]] = {
    sge.DateDiff: _boundaries,
    sge.RegexpFullMatch: _full_match,
    sge.StrToTime: _lenient_time,
    sge.Bracket: _element,
    sge.DayOfWeekIso: _iso_weekday,
    sge.ArrayOverlaps: lambda node: sge.Anonymous(this="ARRAYS_OVERLAP", expressions=[node.this, node.expression]),
}
