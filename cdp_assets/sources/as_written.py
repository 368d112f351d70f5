"""Sources as their definitions write them, for what is to start at once and loads no definitions.

Belongs here: finding them, and what a stream says of where its rows come from. Does not belong here: what makes them
valid (`validation.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cdp_assets.definition_files import files_in, read


def sources_as_written(defs: Path) -> list[dict[str, Any]]:
    """The attributes of all that has streams, and below ``streams`` those that are told by fields.

    Raises:
        DefinitionError: if a file cannot be read.
    """
    documents = [document.value for file in files_in(defs) for document in read(file)]
    attributes = [value.get("attributes") for value in documents if isinstance(value, dict)]
    return [
        each | {"streams": [stream for stream in each["streams"] if isinstance(stream, dict)]}
        for each in attributes
        if isinstance(each, dict) and isinstance(each.get("streams"), list)
    ]


def is_fetched(stream: dict[str, Any]) -> bool:
    """Whether what comes is not in the landing folder before a run fetches it."""
    return "database" in stream or "rest" in stream or "://" in str(stream.get("files", ""))
