from __future__ import annotations

import csv
import gzip
import json
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

import cdp_assets
from cdp_assets.demo.generator import GeneratedSummary
from cdp_assets.sources.component import Source
from cdp_assets.sources.spec import SourceSpec, StreamSpec
from cdp_assets.sources.validation import problems

DEFS = Path(cdp_assets.__file__).parent / "defs" / "sources"
SOURCES = sorted(path.parent.name for path in DEFS.glob("*/defs.yaml"))


def _source(name: str) -> SourceSpec:
    document = yaml.safe_load((DEFS / name / "defs.yaml").read_text(encoding="utf-8"))
    return Source(**document["attributes"]).spec


@pytest.mark.parametrize("name", SOURCES)
def test_a_sources_definition_is_sound(name: str) -> None:
    source = _source(name)
    assert source.name == name
    assert problems(source) == []


def test_every_landing_file_belongs_to_exactly_one_stream(demo: GeneratedSummary) -> None:
    patterns = [stream.files for name in SOURCES for stream in _source(name).streams]
    for file in demo.files:
        assert sum(fnmatch(file, pattern) for pattern in patterns) == 1, file


def test_every_column_that_a_contract_needs_is_in_some_file(demo: GeneratedSummary) -> None:
    for name in SOURCES:
        for stream in _source(name).streams:
            delivered = _delivered(stream, demo)
            needed = {column.address for column in stream.columns if column.required or column.name in stream.key}
            assert needed <= delivered, (name, stream.name)
            # Templates know more columns of an export than the demo makes; but not many.
            known = {column.address for column in stream.columns}
            assert len(known & delivered) >= 0.6 * len(known), (name, stream.name)


def _delivered(stream: StreamSpec, demo: GeneratedSummary) -> set[str]:
    """Headers or dotted paths that the stream's files have."""
    found: set[str] = set()
    for file in demo.files:
        if not fnmatch(file, stream.files):
            continue
        data = (demo.landing / file).read_bytes()
        text = (gzip.decompress(data) if file.endswith(".gz") else data).decode(stream.encoding)
        if stream.format == "csv":
            found |= set(next(csv.reader([text.split("\n", 1)[0]])))
            continue
        for line in text.splitlines()[:5000]:
            try:
                found |= _paths(json.loads(line))
            except json.JSONDecodeError:
                continue
    return found


def _paths(value: object, prefix: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {prefix}
    inner = {path for key, item in value.items() for path in _paths(item, f"{prefix}.{key}" if prefix else str(key))}
    return inner | ({prefix} if prefix else set())
