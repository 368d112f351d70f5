"""Templates: the contracts and mappings of systems that many people have, one YAML file each in `templates/`.

Belongs here: finding a template, and laying a stream's own fields over it. Does not belong here: what the fields mean
(`component.py`).

A template's file says which ``system`` and ``export`` it is for, the public page on which its ``layout`` is described,
and under ``stream`` what a stream of a source says. Its ``files`` are a pattern below the source's own folder. What
another export tells better is left to it where the source has that too: ``beside`` its template's name stand the fields
that then hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cdp_assets.warehouse.sql_parsing import nearest

FOLDER = Path(__file__).with_name("templates")

_BY_NAME = ("columns", "derive")
"""Fields whose entries are overridden one by one; any other field is taken as a whole."""


@dataclass(frozen=True)
class Template:
    """One template.

    Args:
        name: What `template:` calls it.
        system: The system that exports.
        export: How to get the export.
        layout: Public page that describes its layout.
        stream: The fields of a stream, as in YAML.
        own_columns: Where companies add columns to the export, such as questions of a form: pattern of headings by the
            role that the system gives them; None where they do not.
        beside: Name of another template → the fields that hold where the source has a stream of it too.
    """

    name: str
    system: str
    export: str
    layout: str
    stream: Mapping[str, Any]
    own_columns: Mapping[str, str] | None = None
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def names() -> tuple[str, ...]:
    """The names of all templates."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


@cache
def find(name: str) -> Template:
    """The template of that name.

    Raises:
        ValueError: if there is none; it names the nearest.
    """
    if name not in names():
        raise ValueError(f"there is no template `{name}`; {nearest(name, names())}")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), loader)
    return Template(name=name, **content)


def overridden(
    template: Template, given: Mapping[str, Any], source: str, others: Collection[str] = ()
) -> dict[str, Any]:
    """A stream's fields: the template's, with its own over them as `laid_over` says.

    Args:
        template: The template.
        given: The fields that the stream sets.
        source: The source's name: where the template's files lie unless the stream says so.
        others: The templates of all the source's streams.
    """
    fields = dict(template.stream) | {"files": f"{source}/{template.stream['files']}"}
    for over in (*(told for name, told in template.beside.items() if name in others), given):
        fields = laid_over(fields, over)
    return fields


def laid_over(fields: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A stream's fields with others over them: ``columns`` and ``derive`` by name, and a column field by field; lists
    (``identifiers``, ``maps``, ``key`` …) as wholes.
    """
    return {
        **fields,
        **{name: _merged(fields.get(name, {}), value) if name in _BY_NAME else value for name, value in over.items()},
    }


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = {**below, **value} if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
