"""SQL that reads columns out of lines of JSON.

Belongs here: DuckDB's JSON functions, and what they cost. Does not belong here: where lines come from
(`duckdb_files.py`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
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


def keys_of_objects(columns: Mapping[str, str]) -> str:
    """SQL that lists the keys of the JSON object in ``line``, and those of each object in it that columns take apart.

    Args:
        columns: Name of a column → its dotted path.
    """
    return f"json_keys(line, [{_paths([(), *_apart(_addresses(columns))])}])"


def columns_of_objects(
    lines: str, columns: Mapping[str, str], seen: Sequence[Sequence[Sequence[str] | None]], carried: Sequence[str] = ()
) -> str:
    """SQL that reads the columns of each JSON object, and keeps what is none as it came.

    ``extra`` holds the top-level properties that no column takes; one that columns take apart is in it as it is, unless
    they take all there is in it. All columns are read in one parse; so are the properties in ``seen``. Only lines with
    still others need more work. TRY would be shorter than asking for validity first, but goes through a block of rows
    one by one as soon as one of them fails.

    Args:
        lines: SQL of something to select ``line`` from.
        columns: Name of a column → its dotted path.
        seen: What `keys_of_objects` gives of objects, each list of them that often occurs.
        carried: Columns of ``lines`` that come along.
    """
    addresses = _addresses(columns)
    apart = _apart(addresses)
    whole = {steps[0] for steps in addresses.values() if len(steps) == 1}
    in_parts = {steps[0] for steps in apart}
    often = {name for names, *_ in seen for name in names or ()}
    # Keys that are data ("users": {"17": …}) would make as many columns as there are users.
    unnamed = often - whole - in_parts if len(often) <= _MOST_PROPERTIES else set()
    kept, known = sorted(in_parts | unnamed), whole | in_parts | unnamed
    read, values = _in_one_pass(addresses)
    # To compare with a few lists takes a fifth of the time of looking for each name.
    alike = [names for names, *_ in seen if known.issuperset(names or ())]
    usual = _either(f"list_contains({_lists(alike)}, k[1])", f"list_has_all({_list(sorted(known))}, k[1])")
    unusual = f"CASE WHEN taken THEN {_without(whole | in_parts)} ELSE {_without(whole)} END"
    wanted = "valid" if unnamed else "valid AND NOT taken"
    others = f"CASE WHEN {wanted} THEN json_extract(line, [{_paths([name] for name in kept)}]) END AS w, "
    along = "".join(f"{column}, " for column in carried)
    sound = "len(k[1]) > 0"
    return (
        f"SELECT {', '.join(values)}, {along}"
        f"CASE WHEN {sound} THEN CASE WHEN {usual} "
        f"THEN CASE WHEN taken THEN {_object(kept, in_parts)} ELSE {_object(kept)} END "
        f"ELSE {unusual} END END AS extra, "
        f"CASE WHEN {sound} THEN NULL ELSE rtrim(line, chr(13) || chr(10)) END AS raw_line, "
        f"CASE WHEN {sound} THEN NULL WHEN k IS NULL THEN 'it is not valid JSON' "
        f"ELSE 'it is not a JSON object with properties' END AS parse_error "
        f"FROM (SELECT line, {along}CASE WHEN valid THEN {read} END AS v, {others if kept else ''}k, taken "
        f"FROM (SELECT line, {along}valid, k, {_all_taken(addresses, apart, seen)} AS taken "
        f"FROM (SELECT line, {along}valid, CASE WHEN valid THEN {keys_of_objects(columns)} END AS k "
        f"FROM (SELECT line, {along}json_valid(line) AS valid FROM {lines}))))"
    )


def _addresses(columns: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {column: tuple(address.split(".")) for column, address in columns.items()}


def _apart(addresses: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The objects of which columns take parts, and none takes the whole."""
    above = {steps[:depth]: None for steps in addresses.values() for depth in range(1, len(steps))}
    whole = set(addresses.values())
    return [steps for steps in above if not any(steps[:depth] in whole for depth in range(1, len(steps) + 1))]


def _all_taken(
    addresses: Mapping[str, tuple[str, ...]],
    apart: Sequence[tuple[str, ...]],
    seen: Sequence[Sequence[Sequence[str] | None]],
) -> str:
    """SQL of whether columns take every part of the objects that they take apart, as far as a line has these."""
    if not apart:
        return "false"
    parts = [
        {steps[len(above)] for steps in addresses.values() if steps[: len(above)] == above and len(steps) > len(above)}
        for above in apart
    ]
    in_full = [
        keys
        for keys in seen
        if all(
            names is None or (names and len(set(names)) == len(names) and taken.issuperset(names))
            for names, taken in zip(keys[1:], parts, strict=True)
        )
    ]
    # What is no object has no keys either, and is kept as it is; so is one that has a key twice.
    each = " AND ".join(
        f"(k[{place}] IS NULL OR len(k[{place}]) > 0 AND list_has_all({_list(sorted(names))}, k[{place}]) "
        f"AND len(list_distinct(k[{place}])) = len(k[{place}]))"
        for place, names in enumerate(parts, start=2)
    )
    known = ", ".join(_lists(keys) for keys in in_full[:_MOST_LISTS])
    return f"coalesce({_either(f'list_contains([{known}], k)', each) if known else each}, false)"


def _either(one: str, other: str) -> str:
    """SQL of whether one of two conditions holds; the other is looked at only where the one does not."""
    return f"CASE WHEN {one} THEN true ELSE {other} END"


def _object(kept: Sequence[str], left_out: Collection[str] = ()) -> str:
    """SQL of a JSON object of the values in ``w``; null if there are none."""
    members = ", ".join(
        f"{literal(json_text(name) + ':')} || CAST(w[{place}] AS VARCHAR)"
        for place, name in enumerate(kept, start=1)
        if name not in left_out
    )
    return f"nullif('{{' || concat_ws(',', {members}) || '}}', '{{}}')" if members else "NULL"


def _without(names: Collection[str]) -> str:
    """SQL of a line without some of its properties."""
    nothing = "{" + ", ".join(f"{json_text(name)}: null" for name in sorted(names)) + "}"
    return f"CAST(json_merge_patch(CAST(line AS JSON), {literal(nothing)}) AS VARCHAR)"


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


def _lists(lists: Iterable[Sequence[str] | None]) -> str:
    """SQL of the first of some lists of names, in one list."""
    some = ["NULL" if names is None else _list(names) for names in lists][:_MOST_LISTS]
    return f"CAST([{', '.join(some)}] AS VARCHAR[][])"


def _paths(addresses: Iterable[Sequence[str]]) -> str:
    return ", ".join(literal("$" + "".join("." + json_text(step) for step in steps)) for steps in addresses)
