"""What went wrong with a database, an API or a store, in words that say what to do.

Belongs here: telling faults of drivers and servers apart. Their messages are read, and never told: they hold addresses,
and rows. Does not belong here: fetching (`fetching.py`).
"""

from __future__ import annotations

import re

_AGAIN = "The next run tries again"
_LOGIN = ("the login was refused", "Correct user and password, or the token, where the environment gives them")
_NO_DATABASE = ("there is no such database on the server", "Correct its name in the `url`")
_NO_TABLE = ("there is no such table, or the login may not see it", "Correct `table` or `query`")
_NO_COLUMN = ("a column that `cursor` or `query` names is not there", "Correct its name")
_NOT_ALLOWED = ("the login may not read it", "Grant it SELECT")
_SYNTAX = ("the server does not understand the query", "Try the `query` in a client of the database")
_OTHER_TYPE = (
    "the cursor cannot be compared with its last value",
    "If its type has changed, remove the stream's folder below data/dlt: all is fetched once more",
)
# PostgreSQL: Appendix A, Error Codes. MySQL and MariaDB: Server Error Message Reference.
_CODES: dict[str | int, tuple[str, str]] = {
    code: words
    for words, codes in (
        (_LOGIN, ("28P01", "28000", 1045, 1698)),
        (_NO_DATABASE, ("3D000", 1049, 1044)),
        (_NO_TABLE, ("42P01", "3F000", 1146)),
        (_NO_COLUMN, ("42703", 1054)),
        (_NOT_ALLOWED, ("42501", 1142, 1143)),
        (_SYNTAX, ("42601", 1064)),
        (_OTHER_TYPE, ("42883", "22007", "22P02")),
    )
    for code in codes
}
"""What servers call a fault → what is wrong, and what to do."""
_MESSAGES = (
    # libpq gives no codes where a connection fails.
    (re.compile(r"authentication failed|no password supplied|role .* does not exist"), _LOGIN),
    (re.compile(r"database .* does not exist"), _NO_DATABASE),
    (
        re.compile(r"refused|timed? ?out|could not (translate|connect)|Can't connect|resolve|unreachable", re.I),
        ("nobody answers there", f"Look whether the server runs, and whether the address is right. {_AGAIN}"),
    ),
)
_STATUS = {401: _LOGIN, 403: ("the login may not read it", "Give it the rights that the endpoint asks for")}
_DRIVERS = {"psycopg2": "postgresql+psycopg://", "MySQLdb": "mysql+pymysql://"}
"""Modules that SQLAlchemy looks for where a URL names no driver → how it begins with the one that comes along."""


def cause(error: BaseException) -> BaseException:
    """What something was raised because of, in the first place."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def fault(inner: BaseException) -> tuple[str, str]:
    """What is wrong, and what to do.

    Args:
        inner: What a driver, a server or a network came up with.
    """
    kind = type(inner).__name__
    if isinstance(inner, ModuleNotFoundError):
        begin = _DRIVERS.get(inner.name or "")
        install = "Install what it needs: `make install`, or pip install -e '.[connect]' in the project's folder"
        return f"the module {inner.name} is missing", f"Begin the `url` with {begin}" if begin else install
    if isinstance(inner, FileNotFoundError):
        return "there is no such bucket, folder or file", "Correct the URL in `files`"
    if kind == "DictValidationException":
        return "`pages` or `auth` say what dlt does not know", "Look up their words in the docs of dlt's REST source"
    if isinstance(inner, TypeError) and "not supported between" in str(inner):
        return "values of the cursor are of several types, which have no order", "Cast it to one type in a `query`"
    status = getattr(getattr(inner, "response", None), "status_code", None)
    if status is not None:
        problem, advice = _STATUS.get(status, ("it could not be fetched", _AGAIN))
        return f"{problem} ({kind}, status {status})", advice
    if kind == "JSONDecodeError":
        return "an answer was no JSON", f"Look whether `url` is that of the API, and not of a page. {_AGAIN}"
    if kind == "NoSuchColumnError":
        return _NO_COLUMN
    # Drivers of MySQL give its own number beside a state that tells less.
    told = (getattr(inner, "sqlstate", None), *getattr(inner, "args", ())[:1])
    known = next((_CODES[code] for code in told if isinstance(code, str | int) and code in _CODES), None)
    if known is None and kind.endswith(("OperationalError", "ConnectionError", "Timeout")):
        known = next((words for pattern, words in _MESSAGES if pattern.search(str(inner))), None)
    problem, advice = known or ("it could not be fetched", _AGAIN)
    return f"{problem} ({kind})", advice
