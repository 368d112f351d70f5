"""Rows as JSON text, written with expressions that every engine has.

Belongs here: writing JSON. Does not belong here: reading it (the engine's readers, and expressions' JSON functions).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import reduce

import ibis
import ibis.expr.types as ir


def json_object(
    values: Mapping[str, ir.StringValue], objects: Mapping[str, ir.StringValue] | None = None
) -> ir.StringValue:
    """A JSON object of texts, leaving out the nulls; ``{}`` if nothing is left.

    Args:
        values: Name → text.
        objects: Name → JSON that goes in as it is.
    """
    members = [
        (ibis.literal(f",{_quoted_literal(name)}:") + value).coalesce("")
        for name, value in [*((name, _quoted(text)) for name, text in values.items()), *(objects or {}).items()]
    ]
    joined = reduce(lambda one, other: one + other, members, ibis.literal(""))
    return ibis.literal("{") + joined.substr(1) + "}"


def both_objects(one: ir.StringValue, other: ir.StringValue) -> ir.StringValue:
    """The members of two JSON objects, neither of them empty, as one."""
    return one.substr(0, one.length() - 1) + "," + other.substr(1)


def _quoted(text: ir.StringValue) -> ir.StringValue:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    for character, spelled in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        escaped = escaped.replace(character, spelled)
    return ibis.literal('"') + escaped.re_replace(r"[\x00-\x1f]", " ") + '"'


def _quoted_literal(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
