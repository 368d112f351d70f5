"""Users' SQL, parsed and refused: what may be written in an expression, whatever the columns are.

Belongs here: reading the text, the rules of what an expression may contain, and errors that point at the fault.
Does not belong here: columns and types (`expressions.py`), and the list of functions (`sql_functions.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlglot as sg
import sqlglot.expressions as sge
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]

from cdp_assets.warehouse.sql_functions import ALLOWED, CLOCKS, DATE_PARTS, refusal


class ExpressionError(ValueError):
    """An expression cannot be used.

    Args:
        problem: What is wrong and what to write instead, in one sentence.
        sql: The expression as written.
        position: Offset of the fault in ``sql``, from 0, or None if it is in no single place.
        where: What the expression belongs to ("segment champions", …).
    """

    def __init__(self, problem: str, sql: str, position: int | None = None, where: str = "") -> None:
        self.problem = problem
        self.sql = sql
        self.position = position
        self.where = where
        place = f"in `{_excerpt(sql, position)}`"
        if position is not None:
            place = f"at character {position + 1}, {place}"
        super().__init__(f"{where + ': ' if where else ''}{problem} ({place})")

    def at(self, where: str) -> ExpressionError:
        """The same error, saying what the expression belongs to."""
        return ExpressionError(self.problem, self.sql, self.position, where)


_FEW = 20
"""So many names are listed where none is near."""


def nearest(name: str, valid: Sequence[str]) -> str:
    """A hint that names the nearest valid name, or lists them when they are few and none is near."""
    folded = {candidate.casefold(): candidate for candidate in sorted(valid, reverse=True)}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"did you mean `{folded[close[0]]}`?"
    if 0 < len(valid) <= _FEW:
        return "there are: " + ", ".join(f"`{candidate}`" for candidate in sorted(valid))
    return "nothing has a similar name"


_STATEMENTS = frozenset((
    "ALTER", "ANALYZE", "ATTACH", "BEGIN", "CALL", "CHECKPOINT", "COMMIT", "COPY", "CREATE", "DELETE", "DESCRIBE",
    "DETACH", "DROP", "EXECUTE", "EXPLAIN", "EXPORT", "FROM", "GRANT", "IMPORT", "INSERT", "INSTALL", "LOAD",
    "MERGE", "PIVOT", "PRAGMA", "PREPARE", "RESET", "ROLLBACK", "SELECT", "SET", "SHOW", "SUMMARIZE", "TRUNCATE",
    "UNPIVOT", "UPDATE", "USE", "VACUUM", "VALUES", "WITH",
))  # fmt: skip
_BEFORE_PARENTHESIS = frozenset((
    "AND", "BETWEEN", "BOTH", "CASE", "DISTINCT", "ELSE", "ESCAPE", "FOR", "FROM", "ILIKE", "IN", "INTERVAL", "IS",
    "LEADING", "LIKE", "NOT", "OR", "THEN", "TRAILING", "WHEN", "ZONE",
))  # fmt: skip
_SUBQUERY = frozenset({"SELECT", "WITH", "EXISTS", "ANY", "ALL", "SOME", "VALUES"})
_NO_PARENTHESES = DuckDB.parser_class.NO_PAREN_FUNCTIONS

_STRUCTURE: tuple[type[sge.Expr], ...] = (
    sge.And, sge.Between, sge.Binary, sge.Boolean, sge.Bracket, sge.Column, sge.DataType,
    sge.DataTypeParam, sge.Escape, sge.Func, sge.Identifier, sge.In, sge.Interval, sge.Is, sge.JSONKeyValue,
    sge.JSONPath, sge.JSONPathKey, sge.JSONPathRoot, sge.JSONPathSubscript, sge.Literal, sge.Neg, sge.Not, sge.Null,
    sge.Paren, sge.Unary, sge.Var, sge.AtTimeZone,
)  # fmt: skip
_REFUSED: dict[type[sge.Expr], str] = {
    sge.Alias: "`AS` does not belong here; the result already has a name",
    sge.Comprehension: "list comprehensions are not available",
    sge.Dot: "write only a column's name; a name with a dot in it needs double quotes",
    sge.Lambda: "lambda functions are not available",
    sge.Collate: "COLLATE is not available; compare lower(…) instead",
    sge.Slice: "slices are not available; use substring(…)",
    sge.SimilarTo: "SIMILAR TO is not available; use regexp_full_match(…)",
    sge.Glob: "GLOB is not available; use LIKE",
    sge.Struct: "structs are not available",
    sge.ToMap: "maps are not available",
    sge.Star: "`*` does not belong here; name the columns",
    sge.Window: "windows need many rows, and an expression sees one row at a time",
    sge.AggFunc: "aggregates need many rows, and an expression sees one row at a time",
    sge.Placeholder: "parameters are not available",
    sge.Parameter: "parameters are not available",
    sge.Query: "subqueries are not available",
}


@lru_cache(maxsize=4096)
def parsed(sql: str) -> sge.Expr:
    """The tree of one expression made of listed functions only. Do not change it: it is shared."""
    try:
        tokens = sg.tokenize(sql, read="duckdb")
    except SqlglotError:
        raise ExpressionError("a quote is not closed", sql) from None
    _check_tokens(tokens, sql)
    try:
        tree = sg.parse_one(sql, into=sge.Condition, read="duckdb")
    except ParseError as error:
        raise _syntax_error(error, sql) from None
    except (SqlglotError, AttributeError, TypeError, ValueError) as error:
        raise ExpressionError(f"this is not a valid expression: {error}", sql) from None
    _check_tree(tree, sql)
    return tree


def plain_name(name: str) -> str:
    """A column's name as an expression: in quotes where it could be read as something else."""
    try:
        safe = name.isidentifier() and isinstance(parsed(name), sge.Column)
    except ExpressionError:
        safe = False
    return name if safe else sge.to_identifier(name, quoted=True).sql("duckdb")


def _check_tokens(tokens: list[Token], sql: str) -> None:
    if not tokens:
        raise ExpressionError("the expression is empty", sql)
    first = tokens[0]
    if first.text.upper() in _STATEMENTS and first.token_type not in (TokenType.IDENTIFIER, TokenType.STRING):
        following = tokens[1].token_type if len(tokens) > 1 else None
        operators = (TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.GT, TokenType.LTE, TokenType.GTE)
        if following in (*operators, TokenType.IS, TokenType.IN, TokenType.LIKE, TokenType.NOT, None):
            raise ExpressionError(f'if `{first.text}` is a column, write it in double quotes: "{first.text}"', sql, 0)
        raise ExpressionError(
            "this is an SQL statement; write one condition or value, such as `orders > 2`", sql, first.start
        )
    for previous, token, following_token in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        _check_token(previous, token, following_token, sql)


def _check_token(previous: Token | None, token: Token, following: Token | None, sql: str) -> None:
    word, upper = token.text.lower(), token.text.upper()
    quoted = token.token_type in (TokenType.IDENTIFIER, TokenType.STRING, TokenType.NUMBER)
    if token.token_type == TokenType.SEMICOLON:
        raise ExpressionError("write one expression, without a semicolon", sql, token.start)
    if token.token_type in _NO_PARENTHESES or (not quoted and word in CLOCKS and _is_call(following)):
        raise ExpressionError(f"`{token.text}` is not available: {refusal(word)}", sql, token.start)
    if not quoted and upper in _SUBQUERY and (upper == "SELECT" or _is_call(following)):
        raise ExpressionError("subqueries are not available; an expression sees one row", sql, token.start)
    if not _is_call(following) or token.token_type == TokenType.STRING:
        return
    if token.token_type == TokenType.IDENTIFIER:
        raise ExpressionError("write functions without quotes", sql, token.start)
    is_word = word[:1].isalpha() or word.startswith("_")
    is_type = previous is not None and (previous.token_type == TokenType.DCOLON or previous.text.upper() == "AS")
    if not is_word or is_type or upper in _BEFORE_PARENTHESIS:
        return
    if previous is not None and previous.token_type == TokenType.DOT:
        raise ExpressionError("write functions as name(value), without a dot", sql, token.start)
    if word not in ALLOWED:
        reason = refusal(word)
        hint = f": {reason}" if reason else f"; {nearest(word, sorted(ALLOWED))}"
        raise ExpressionError(f"the function `{word}` is not available{hint}", sql, token.start)


def _is_call(following: Token | None) -> bool:
    return following is not None and following.token_type == TokenType.L_PAREN


def _check_tree(tree: sge.Expr, sql: str) -> None:
    for node in tree.walk():
        problem = next((text for kind, text in _REFUSED.items() if isinstance(node, kind)), None)
        if problem is None and not isinstance(node, _STRUCTURE):
            problem = f"`{node.sql(dialect='duckdb')}` is not available here"
        if problem is None and isinstance(node, sge.Column) and node.table:
            problem = _REFUSED[sge.Dot]
        if problem is not None:
            raise ExpressionError(problem, sql, position_of(node))
        part = _date_part(node)
        if part is not None and part not in DATE_PARTS:
            raise ExpressionError(
                f"`{part}` means different things on different engines; take one of {', '.join(sorted(DATE_PARTS))}, "
                "or isodow(…) for the day of the week",
                sql,
                position_of(node),
            )


def _date_part(node: sge.Expr) -> str | None:
    if isinstance(node, sge.Extract):
        return str(node.name).lower()
    if isinstance(node, sge.Anonymous) and node.name.lower() in ("date_part", "datepart") and node.expressions:
        return str(node.expressions[0].name).lower()
    return None


def position_of(node: sge.Expr) -> int | None:
    starts = [found.meta["start"] for found in node.walk() if "start" in found.meta]
    return min(starts) if starts else None


def _syntax_error(error: ParseError, sql: str) -> ExpressionError:
    detail: dict[str, Any] = error.errors[0] if error.errors else {}
    line, column = detail.get("line") or 1, detail.get("col") or 1
    highlight = detail.get("highlight") or ""
    before = sum(len(text) + 1 for text in sql.split("\n")[: line - 1])
    position = max(0, before + column - len(highlight))
    description = detail.get("description") or ""
    if description.startswith("Required keyword"):
        what = f"something is missing beside `{highlight}`" if highlight else "something is missing at the end"
    elif description.startswith("Expecting )") and sql.count("(") > sql.count(")"):
        what = "a parenthesis is not closed"
    elif highlight:
        names = highlight.isidentifier() and sql[:position].rstrip()[-1:].isalnum()
        what = f"unexpected `{highlight}`" + ("; a name with spaces needs double quotes" if names else "")
    else:
        what = "it is incomplete"
    return ExpressionError(f"this is not a valid expression: {what}", sql, min(position, len(sql)))


def _excerpt(sql: str, position: int | None, width: int = 60) -> str:
    text = " ".join(sql.split())
    if len(text) <= width:
        return text
    start = 0 if position is None else max(0, min(position - width // 2, len(text) - width))
    return ("…" if start else "") + text[start : start + width] + ("…" if start + width < len(text) else "")
