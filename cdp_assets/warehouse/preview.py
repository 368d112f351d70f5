"""Showing data without showing people: the one place that masks.

Belongs here: masking of values and the masked preview of a table. Does not belong here: what counts as personal (each
`TableSchema` says so).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from cdp_assets.canonical.schema import Pii, TableSchema

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cdp_assets.warehouse.engine import Engine

HIDDEN = "•••"
"""Stands for any number of characters: lengths tell people apart too."""

_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?\d[\d\s()./-]{5,}\d")
_MAX_LENGTH = 60


def mask(value: Any, kind: Pii = Pii.DIRECT) -> str:
    """Mask one value so that its kind can still be seen, but not whom it belongs to.

    Args:
        value: Any value; None becomes an empty text.
        kind: Class of its column. NONE leaves it as it is, but for e-mail addresses inside a text.

    Returns:
        For example ``a•••@•••`` for an e-mail, ``+•••`` for a phone, ``A••• L•••`` for a name, ``••••-••-••`` for a
        date, the last digits of a long pseudonym, and ``•••`` for free text.
    """
    if value is None:
        return ""
    if kind is Pii.NONE:
        return redact(str(value)) if isinstance(value, str) else str(value)
    if kind is Pii.SENSITIVE:
        return HIDDEN
    text = str(value).strip()
    if kind is Pii.PSEUDONYM:
        return HIDDEN + text[-4:] if len(text) >= 12 else HIDDEN
    if isinstance(value, date | datetime):
        return "••••-••-••"
    if "@" in text:
        return f"{text[0]}{HIDDEN}@{HIDDEN}" if text[0] != "@" else f"{HIDDEN}@{HIDDEN}"
    if _PHONE.fullmatch(text):
        return ("+" if text.startswith("+") else "") + HIDDEN
    return " ".join(f"{word[0]}{HIDDEN}" if len(word) > 2 and word[0].isalpha() else HIDDEN for word in text.split())


def redact(text: str) -> str:
    """Mask every e-mail address inside a free text, for logs and messages that should hold none in the first place."""
    return _EMAIL.sub(lambda found: mask(found.group()), text)


def masked_preview(engine: Engine, table: ir.Table, schema: TableSchema, rows: int = 5) -> str:
    """The first rows of a table as a Markdown table, with every column that is not `Pii.NONE` masked.

    Columns that the schema does not know are hidden.
    """
    return masked_rows(engine.to_arrow(table.limit(rows)).to_pylist(), table.columns, schema)


def masked_rows(records: Sequence[Mapping[str, Any]], names: Sequence[str], schema: TableSchema) -> str:
    """Rows that have been fetched already, as `masked_preview` shows them.

    Args:
        records: The rows.
        names: The columns to show.
        schema: Says which are personal.
    """
    kinds = {column.name: column.pii for column in schema.columns}
    if not records:
        return "No rows."
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    for record in records:
        cells = [_cell(mask(record[name], kinds.get(name, Pii.SENSITIVE))) for name in names]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    flat = " ".join(text.split())
    short = flat if len(flat) <= _MAX_LENGTH else flat[: _MAX_LENGTH - 1] + "…"
    return short.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
