"""Whether a table as published still stands: what it was made of is noted with it, and compared in the next run.

Belongs here: the note, and what goes into it. Does not belong here: writing tables (`assets.py`) and keeping the note
(the engine).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any

from cdp_assets.quality.checks import CheckResult
from cdp_assets.settings import DEFINITION_SUFFIXES, PROJECT, Settings
from cdp_assets.trees import code_hash_of, tree_hash
from cdp_assets.warehouse.engine import Engine, Fingerprint, TableRef

_ALWAYS_ASKED = frozenset({"ledger", "config", "tags", "previous", "memory", "run_id"})
"""What a function may take that is not told by versions: whoever takes one of these is asked in every run."""

_CODE, _DEFINITION = "code", "definitions"


@dataclass(frozen=True)
class Change:
    """A change of a published table, of which it is kept whom it touched (`changes.py`).

    Args:
        version: The version that the table had before it.
        key: The columns by which rows went and came.
        rows: How many rows came.
    """

    version: str
    key: Sequence[str]
    rows: int


@dataclass(frozen=True)
class Note:
    """What is noted with a published table.

    Args:
        made_of: What went into it → its version.
        fingerprint: Of its rows.
        checks: What its checks said.
        memory: What the function that made it wants to know next time; plain values.
        trail: Its last changes, oldest first.
    """

    made_of: Mapping[str, str]
    fingerprint: Fingerprint
    checks: Sequence[CheckResult] = ()
    memory: Mapping[str, Any] = field(default_factory=dict)
    trail: Sequence[Change] = ()

    def to_text(self) -> str:
        """As the engine keeps it."""
        return json.dumps(asdict(self), sort_keys=True, default=str)

    @classmethod
    def from_text(cls, text: str) -> Note:
        """Read what `to_text` wrote."""
        told = json.loads(text)
        return cls(
            told["made_of"],
            Fingerprint(**told["fingerprint"]),
            [CheckResult(**check) for check in told["checks"]],
            told["memory"],
            # Once only versions were noted: whoever does not find its own knows that everything may have changed.
            [Change(**change) for change in told.get("trail", ()) if isinstance(change, dict)],
        )


def note_of(engine: Engine, ref: TableRef) -> Note | None:
    """What is noted with a table; None if nothing is."""
    text = engine.note(*ref)
    return Note.from_text(text) if text else None


def memory_of(engine: Engine, ref: TableRef) -> Mapping[str, Any]:
    """What the function that made a table remembers; empty if nothing is noted."""
    note = note_of(engine, ref)
    return note.memory if note else {}


def version_of(engine: Engine, ref: TableRef) -> str:
    """A text that is another one when a table's rows are; empty if nothing is noted."""
    note = note_of(engine, ref)
    return note.fingerprint.version if note else ""


def made_of(
    inputs: Sequence[TableRef],
    wants: Collection[str],
    definition: object,
    *,
    engine: Engine,
    settings: Settings,
    as_of: datetime,
) -> dict[str, str]:
    """What a table is made of, each with its version; an input of unknown version has none.

    Args:
        inputs: The tables it is computed from.
        wants: The parameters of the function that computes it.
        definition: What of the definitions it depends on; None for all of them.
        engine: Holds the inputs.
        settings: Count only where the function takes them.
        as_of: Counts only where the function takes it.
    """
    told = definitions_hash(settings) if definition is None else _hashed([_told(definition)])
    parts = {_CODE: _hashed([code_hash(), engine.name]), _DEFINITION: told}
    if "settings" in wants:
        parts["settings"] = _hashed([settings.hash_key, settings.production])
    if "as_of" in wants:
        parts["as_of"] = as_of.isoformat()
    return parts | {".".join(ref): version_of(engine, ref) for ref in dict.fromkeys(inputs)}


def stands(notes: Sequence[Note | None], parts: Mapping[str, str], wants: Collection[str]) -> bool:
    """Whether tables need not be made again: everything that goes into them is what it was, and is told in full.

    What is made of no table at all is made of something else, which nobody can tell.

    Args:
        notes: Of each table.
        parts: What they would be made of (`made_of`).
        wants: The parameters of the function.
    """
    from_tables = any("." in name for name in parts)
    told = from_tables and not _ALWAYS_ASKED & set(wants) and all(parts.values())
    return told and all(note is not None and note.made_of == parts for note in notes)


def remembered(notes: Sequence[Note | None], parts: Mapping[str, str]) -> Mapping[str, Any]:
    """What a function remembers of the last run; nothing if code, definitions or settings are not what they were.

    Args:
        notes: Of each table that the function makes; they remember the same.
        parts: What they would be made of (`made_of`).
    """
    if not all(made_alike(note, parts) for note in notes):
        return {}
    return notes[0].memory if notes and notes[0] else {}


def made_alike(note: Note | None, parts: Mapping[str, str]) -> bool:
    """Whether a table was made, and checked, by the same code, definitions and settings."""
    same = (_CODE, _DEFINITION, "settings")
    return note is not None and all(note.made_of.get(name) == parts.get(name) for name in same)


def moved(notes: Sequence[Note | None], parts: Mapping[str, str]) -> list[str]:
    """Which of the things that tables are made of are no longer what they were; all of them if there was no table."""
    before: Mapping[str, str] = next((note.made_of for note in notes if note is not None), {})
    return sorted(name for name, version in parts.items() if not version or before.get(name) != version)


@cache
def code_hash() -> str:
    """Hash of the code that this process runs, of the data that is part of it, and of what computes tables."""
    import duckdb
    import ibis

    return _hashed([code_hash_of(PROJECT), duckdb.__version__, ibis.__version__])


def definitions_hash(settings: Settings) -> str:
    """Hash of all that lies in the definitions folder now."""
    return tree_hash(settings.defs, DEFINITION_SUFFIXES)


def _told(value: object) -> str:
    """A value in words that are the same in every process."""
    if is_dataclass(value) and not isinstance(value, type):
        inner = [f"{each.name}={_told(getattr(value, each.name))}" for each in fields(value)]
        return f"{type(value).__name__}({', '.join(inner)})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(f'{_told(key)}: {_told(each)}' for key, each in value.items()))}}}"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_told, value)))}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_told, value))}]"
    told = repr(value)
    if " at 0x" in told:
        raise TypeError(f"a definition has to be told by its values, which {type(value).__name__} is not")
    return told


def _hashed(values: Sequence[object]) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
