"""The data dictionary: what every column of every documented table means.

Belongs here: laying tables' schemas out for people and for programs. Does not belong here: the schemas, and which
tables there are (`cli_dictionary.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdp_assets.canonical.schema import Column, TableSchema

_HEADINGS = ("column", "type", "unit", "PII", "null", "source", "description")


def as_data(tables: Mapping[str, Sequence[TableSchema]]) -> list[dict[str, Any]]:
    """The dictionary as JSON-able data: one object a table.

    Args:
        tables: Stage → its documented tables.
    """
    return [
        {
            "table": f"{stage}.{schema.name}",
            "description": schema.description,
            "key": list(schema.key),
            "columns": [_described(column) for column in schema.columns],
        }
        for stage, schemas in tables.items()
        for schema in schemas
    ]


def _described(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "description": column.description,
        "unit": column.unit,
        "pii": column.pii.value,
        "nullable": not column.required,
        "source": column.source,
    }


def as_markdown(tables: Mapping[str, Sequence[TableSchema]]) -> str:
    """The dictionary as a Markdown document with a table for each table."""
    lines = ["# Data dictionary", ""]
    for table in as_data(tables):
        lines += [f"## `{table['table']}`", "", table["description"], ""]
        if table["key"]:
            lines += [f"Key: {', '.join(f'`{name}`' for name in table['key'])}.", ""]
        lines += [_line(_HEADINGS), _line(["---"] * len(_HEADINGS))]
        lines += [_line(_cells(column)) for column in table["columns"]]
        lines.append("")
    return "\n".join(lines)


def _cells(column: Mapping[str, Any]) -> list[str]:
    return [
        f"`{column['name']}`",
        column["type"],
        column["unit"] or "",
        column["pii"],
        "yes" if column["nullable"] else "no",
        f"`{column['source']}`" if column["source"] else "",
        column["description"],
    ]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
