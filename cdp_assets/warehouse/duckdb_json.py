"""SQL that reads columns out of lines of JSON.

Belongs here: DuckDB's JSON functions, and what they cost. Does not belong here: where lines come from
(`duckdb_files.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_TEXT = "VARCHAR"
_MOST_PROPERTIES = 200
_MOST_LISTS = 32


def literal(value: str) -> str:
    """A value as SQL."""
    return "'" + value.replace("'", "''") + "'"


def identifier(value: str) -> str:
    """A name as SQL."""
    return '"' + value.replace('"', '""') + '"'


def json_text(value: str) -> str:
    """A text as JSON."""
    return json.dumps(value, ensure_ascii=False)


def columns_of_objects(
    lines: str, columns: Mapping[str, str], seen: Sequence[Sequence[str]], carried: Sequence[str] = ()
) -> str:
    """SQL that reads the columns of each JSON object, and keeps what is none as it came.

    ``extra`` holds the top-level properties that no column takes whole: a property of which a column takes only a part
    is kept as it is. All columns are read in one parse; so are the properties in ``seen``. Only lines with still others
    need more work. TRY would be shorter than asking for validity first, but goes through a block of rows one by one
    as soon as one of them fails.

    Args:
        lines: SQL of something to select ``line`` from.
        columns: Name of a column → its dotted path.
        seen: Top-level properties that objects often have, each list of them that occurs.
        carried: Columns of ``lines`` that come along.
    """
    addresses = {column: address.split(".") for column, address in columns.items()}
    whole = {steps[0] for steps in addresses.values() if len(steps) == 1}
    often = {name for names in seen for name in names}
    # Keys that are data ("users": {"17": …}) would make as many columns as there are users.
    often = often if len(often) <= _MOST_PROPERTIES else set()
    kept = sorted(({steps[0] for steps in addresses.values()} | often) - whole)
    read, values = _in_one_pass(addresses)
    members = ", ".join(
        f"{literal(json_text(property_) + ':')} || CAST(w[{position}] AS VARCHAR)"
        for position, property_ in enumerate(kept, start=1)
    )
    without = "{" + ", ".join(f"{json_text(property_)}: null" for property_ in sorted(whole)) + "}"
    known = whole | set(kept)
    # To compare with a few lists takes a fifth of the time of looking for each name.
    alike = [_list(names) for names in seen if known.issuperset(names)][:_MOST_LISTS] or ["CAST([] AS VARCHAR[])"]
    unusual = f"CAST(json_merge_patch(CAST(line AS JSON), {literal(without)}) AS VARCHAR)"
    usual = f"nullif('{{' || concat_ws(',', {members}) || '}}', '{{}}')" if kept else "NULL"
    sound = "len(k) > 0"
    others = f"CASE WHEN valid THEN json_extract(line, [{_paths([step] for step in kept)}]) END AS w, " if kept else ""
    along = "".join(f"{column}, " for column in carried)
    return (
        f"SELECT {', '.join(values)}, {along}"
        f"CASE WHEN {sound} THEN CASE WHEN list_contains([{', '.join(alike)}], k) THEN {usual} "
        f"WHEN list_has_all({_list(sorted(known))}, k) THEN {usual} ELSE {unusual} END END AS extra, "
        f"CASE WHEN {sound} THEN NULL ELSE rtrim(line, chr(13) || chr(10)) END AS raw_line, "
        f"CASE WHEN {sound} THEN NULL WHEN k IS NULL THEN 'it is not valid JSON' "
        f"ELSE 'it is not a JSON object with properties' END AS parse_error "
        f"FROM (SELECT line, {along}"
        f"CASE WHEN valid THEN {read} END AS v, {others}"
        f"CASE WHEN valid THEN json_keys(line) END AS k "
        f"FROM (SELECT line, {along}json_valid(line) AS valid FROM {lines}))"
    )


def _in_one_pass(addresses: Mapping[str, Sequence[str]]) -> tuple[str, list[str]]:
    """SQL that reads all values of a line, and of each column made of it.

    To go through the object once takes half as long as to look for each path in it. It needs names that DuckDB can tell
    apart, which takes no notice of case, and no column that is a part of another.
    """
    shape: dict[str, Any] = {}
    for steps in addresses.values():
        *above, last = steps
        inner: Any = shape
        for step in above:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else None
        if not isinstance(inner, dict) or inner.setdefault(last, _TEXT) != _TEXT:
            break
    else:
        if _distinct(shape):
            return f"json_transform(line, {literal(json.dumps(shape, ensure_ascii=False))})", [
                f"v{''.join(f'.{identifier(step)}' for step in steps)} AS {identifier(column)}"
                for column, steps in addresses.items()
            ]
    return f"json_extract_string(line, [{_paths(addresses.values())}])", [
        f"v[{position}] AS {identifier(column)}" for position, column in enumerate(addresses, start=1)
    ]


def _distinct(shape: Mapping[str, Any]) -> bool:
    """Whether all names in a shape can be told apart without regard to case."""
    names = {step.casefold() for step in shape if step}
    return len(names) == len(shape) and all(_distinct(inner) for inner in shape.values() if isinstance(inner, dict))


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(literal, names))}]"


def _paths(addresses: Iterable[Sequence[str]]) -> str:
    return ", ".join(literal("$" + "".join("." + json_text(step) for step in steps)) for steps in addresses)
