"""Definitions as they were published beside those of a folder: which differ, and in what.

Belongs here: keeping the text of definitions with the snapshot, restoring it, and comparing. Does not belong here: what
a definition means (`definition_specs.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.definition_files import read
from cdp_assets.plan.findings import DefinitionChange, Detail
from cdp_assets.settings import DEFINITION_SUFFIXES

DEFINITIONS = TableSchema(
    "definitions",
    "One row per file of definitions: what the run that published this snapshot ran on.",
    (
        Column("file", "string", "Path within the folder of definitions.", required=True),
        Column("text", "string", "Its content.", required=True),
    ),
    key=("file",),
)

STAGES = ("sources", "normalised", "identity", "privacy", "profiles", "attributes", "segments", "activation")
"""The stages of which a plan speaks, in the order of the flow."""

_NAMING = ("name", "type", "to")
"""Keys that tell the items of a list apart."""

_LONGEST = 160


def texts_of(folder: Path) -> dict[str, str]:
    """The files of a folder of definitions: path within it → content."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in DEFINITION_SUFFIXES and not path.name.startswith(".")
    }


def as_rows(texts: Mapping[str, str]) -> pa.Table:
    """The same as rows of `DEFINITIONS`."""
    return pa.table({"file": list(texts), "text": list(texts.values())}, schema=DEFINITIONS.ibis_schema.to_pyarrow())


def restore(texts: Mapping[str, str], folder: Path) -> None:
    """Write files of definitions below a folder."""
    for name, text in texts.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{name} lies outside the folder of definitions")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def changed_definitions(before: Path, after: Path, kinds: Mapping[str, str]) -> tuple[DefinitionChange, ...]:
    """What differs between two folders of definitions; comments and layout do not count.

    Args:
        before, after: The folders.
        kinds: Type → what a person calls it (`definition_specs.TYPES`).

    Raises:
        DefinitionError: if a file cannot be read as YAML.
    """
    old, new = _documents(before, kinds), _documents(after, kinds)
    found = []
    for key in sorted(old.keys() | new.keys(), key=lambda key: (_place(old.get(key, new.get(key))), key)):
        was, will = old.get(key), new.get(key)
        kind, name = key
        if was is None and will is not None:
            found.append(DefinitionChange(kind, name, "added", will[0], will[1]))
        elif will is None and was is not None:
            found.append(DefinitionChange(kind, name, "removed", was[0], was[1]))
        elif was is not None and will is not None and was[2] != will[2]:
            details = tuple(differences(was[2], will[2]))
            found.append(DefinitionChange(kind, name, "changed", will[0], min(was[1], will[1], key=_rank), details))
    return tuple(found)


def stages_from(changes: Iterable[DefinitionChange]) -> tuple[str, ...]:
    """The stages that changed definitions can touch: from the first that looks at one of them to the last."""
    first = min((_rank(change.stage) for change in changes), default=len(STAGES))
    return STAGES[first:]


def differences(before: Any, after: Any) -> Iterator[Detail]:
    """The attributes in which two definitions differ, by path; items of lists by their name where they have one."""
    old, new = dict(_flat(before)), dict(_flat(after))
    for path in dict.fromkeys((*old, *new)):
        if old.get(path) != new.get(path):
            yield Detail(path, _short(old.get(path)), _short(new.get(path)))


_Document = tuple[str, str, Any]
"""File, stage and attributes."""


def _documents(folder: Path, kinds: Mapping[str, str]) -> dict[tuple[str, str], _Document]:
    found: dict[tuple[str, str], _Document] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in DEFINITION_SUFFIXES):
        shown = file.relative_to(folder).as_posix()
        if file.suffix not in (".yaml", ".yml"):
            # Other files belong to whatever reads them: they can matter from the first stage on.
            found["file", shown] = (shown, STAGES[0], {"content": file.read_text(encoding="utf-8", errors="replace")})
            continue
        for document in read(file):
            attributes = document.value.get("attributes") or {} if isinstance(document.value, dict) else {}
            kind = kinds.get(document.type_name, document.type_name or "document")
            stage = document.type_name.split(".")[1] if document.type_name.count(".") > 1 else STAGES[0]
            found[kind, str(attributes.get("name", ""))] = (shown, stage, attributes)
    return found


def _rank(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else 0


def _place(document: _Document | None) -> int:
    return _rank(document[1]) if document else 0


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and all(_name_of(item) for item in value):
        for item in value:
            yield from _flat(item, f"{path}.{_name_of(item)}")
    else:
        text = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True, width=10_000)
        yield path, " ".join(text.removesuffix("...\n").split())


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _name_of(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    return next((str(item[key]) for key in _NAMING if isinstance(item.get(key), str)), "")
