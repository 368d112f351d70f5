"""Files of the landing folder that no stream takes, told by the definitions as they are written.

Belongs here: the patterns of all streams, for commands that are to start at once and load no definitions. Does not
belong here: finding files (`landing.py`), and what a run does about them (`assets.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cdp_assets.definition_files import DefinitionError
from cdp_assets.sources import template
from cdp_assets.sources.as_written import is_fetched, sources_as_written
from cdp_assets.sources.landing import not_taken
from cdp_assets.sources.spec import EVOLVE, FREEZE, fixed_folder


def untaken(defs: Path, landing: Path) -> tuple[str, ...]:
    """Names of the files that no stream takes, relative to the landing folder, in natural order, but for those in
    folders of sources that pass over such files; none where definitions cannot be read, which a run says.
    """
    try:
        sources = sources_as_written(defs)
    except DefinitionError:
        return ()
    patterns: set[str] = set()
    passed_over: set[str] = set()
    for source in sources:
        own = {pattern for stream in source["streams"] for pattern in _patterns(str(source.get("name")), stream)}
        patterns |= own
        if (source.get("contract") or {}).get("tables", EVOLVE) not in (EVOLVE, FREEZE):
            passed_over |= {top for pattern in own for top in fixed_folder(pattern).parts[:1]}
    return tuple(not_taken(landing, patterns, passed_over))


def _patterns(source: str, stream: dict[str, Any]) -> Iterator[str]:
    """The pattern of a stream's files; of what is fetched, all that lies in its own folder."""
    files = stream.get("files")
    if is_fetched(stream):
        yield f"{source}/{stream.get('name')}/**/*"
    elif files is not None:
        yield str(files)
    elif stream.get("template") in template.names():
        yield f"{source}/{template.find(stream['template']).stream['files']}"
