"""Proposals as the text of a `defs.yaml`, with what was unsure as comments.

Belongs here: the text. Does not belong here: what is proposed (`propose.py`).
"""

from __future__ import annotations

import fnmatch
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from os.path import commonprefix
from pathlib import Path
from typing import Any

import yaml

from cdp_assets.sources import template
from cdp_assets.sources.proposing.file_names import ENDINGS, HEX, LONG_NUMBERS, NUMBERS, without_what_changes
from cdp_assets.sources.proposing.propose import Proposal

_WIDTH = 116


Streams = Sequence[tuple[Proposal, Sequence[Path]]]
"""Proposals, each with its files, relative to the landing folder."""


def definitions(sources: Mapping[str, Streams], country: str | None = None) -> str:
    """The text that defines sources, by their names.

    Args:
        sources: Name → its streams.
        country: ISO 3166-1 alpha-2 country of phone numbers whose row names none.
    """
    about = ["# Proposed from samples of the files. What it was unsure of stands above each stream."]
    if len(sources) > 1:
        about += [
            "# The files number people and orders in different ways, so each way is a source of its own: customer 12",
            "# of one is not customer 12 of another. Where they mean the same, give their identifiers one `namespace`.",
        ]
    every = [one for streams in sources.values() for one in streams]
    return "\n".join(about) + "\n" + "---\n".join(_source(name, mine, every, country) for name, mine in sources.items())


def _source(source: str, streams: Streams, every: Streams, country: str | None) -> str:
    lines = ["type: cdp_assets.sources.component.Source", "attributes:", f"  name: {source}"]
    if country is not None:
        lines.append(f"  country: {country}")
    lines.append("  streams:")
    for proposal, files in streams:
        others = [file for other, theirs in every if other is not proposal for file in theirs]
        lines += _stream(proposal, files, others)
    return "\n".join(lines) + "\n"


def pattern_for(files: Sequence[Path], others: Sequence[Path] = ()) -> str:
    """A glob for files of one stream, which also takes the next ones: numbers, dates and random letters in names may be
    others.

    Args:
        files: The stream's files.
        others: Files of other streams, which it must not take.
    """
    fitting = [
        pattern
        for pattern in _patterns(files, others)
        if all(fnmatch.fnmatchcase(file.as_posix(), pattern) for file in files)
    ]
    apart = (
        pattern for pattern in fitting if not any(fnmatch.fnmatchcase(other.as_posix(), pattern) for other in others)
    )
    return next(apart, fitting[-1])


def _patterns(files: Sequence[Path], others: Sequence[Path]) -> Iterator[str]:
    """Globs for the names of files, from the wide to the narrow; the last one takes all of them."""
    first = files[0].as_posix()
    folder, _, name = first.rpartition("/")
    ending = ENDINGS.search(name)
    stem, ends = (name[: ending.start()], ending[0]) if ending is not None else (name, "")
    below = f"{folder}/" if folder else ""
    if (anything := _wide_pattern(stem, ends.removesuffix(".gz") if folder else ends)) is not None:
        yield below + anything
    # Where `orders` lies beside `orders_items`, only digits may follow, or those of a hash.
    ends, dated = ends.removesuffix(".gz"), NUMBERS.sub(_any_number, stem)
    yield f"{below}{dated}{ends}{'' if dated.endswith('*') and not ends else '*'}"
    if others and (later := _later(files, others)) is not None:
        yield later
    if len(files) == 1:
        yield f"{first.removesuffix('.gz')}*"
        return
    yield f"{commonprefix([file.as_posix() for file in files])}*"  # noqa: RUF071 (letters are what it is about)


def _later(files: Sequence[Path], others: Sequence[Path]) -> str | None:
    """A glob for files whose number is higher than those of others that are called alike; None if it is not."""
    names, theirs = ([file.as_posix() for file in each] for each in (files, others))
    alike = [name for name in theirs if NUMBERS.sub("0", name) == NUMBERS.sub("0", names[0])]
    begins = commonprefix([*names, *alike])  # noqa: RUF071 (letters are what it is about)
    digits, before = ({name[len(begins) : len(begins) + 1] for name in each} for each in (names, alike))
    if not alike or not all(digit.isdecimal() for digit in digits | before) or min(digits) <= max(before):
        return None
    return f"{begins}[{min(digits)}-9]*"


def _wide_pattern(stem: str, ends: str) -> str | None:
    """A glob for names that begin alike; None where the beginning is what changes, or a date stands within it."""
    left = without_what_changes(stem)
    if left != stem:
        left += "*"
    anything = re.sub(r"^\d[\d_-]*(?=[^\W\d])", "[0-9]*", left)
    if NUMBERS.fullmatch(stem) or LONG_NUMBERS.search(anything):
        return None
    if not anything.endswith("*"):
        anything += "*"
    return f"{anything}{ends}*" if ends else anything


def _any_number(found: re.Match[str]) -> str:
    return "[0-9]*" if found[0].isdecimal() else f"{'[0-9A-Fa-f]' * HEX}*"


def _stream(proposal: Proposal, files: Sequence[Path], others: Sequence[Path]) -> list[str]:
    comments = [
        line
        for doubt in proposal.doubts
        for line in textwrap.wrap(doubt, _WIDTH - 8, initial_indent="- ", subsequent_indent="  ")
    ]
    lines = [f"    # {comment}" for comment in comments]
    if proposal.template is not None:
        lines.append(f"    # {template.find(proposal.template).layout}")
    fields: dict[str, Any] = {**proposal.stream, "files": pattern_for(files, others)}
    text = yaml.dump([fields], Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
    return lines + [f"    {line}" if line else line for line in text.rstrip().split("\n")]


class _Dumper(yaml.SafeDumper):
    """Short things on one line, and no anchors for what happens to be the same."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        plain = all(not isinstance(value, dict | list) for value in mapping.values())
        short = plain and sum(len(str(key)) + len(str(value)) + 4 for key, value in mapping.items()) < _WIDTH - 40
        return super().represent_mapping(tag, mapping, flow_style=short)

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        return super().represent_sequence(tag, sequence, flow_style=all(isinstance(item, str) for item in sequence))

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """SQL has single quotes: double ones around it are easier to read."""
        style = '"' if "'" in text and '"' not in text and "\\" not in text and text.isprintable() else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(str, _Dumper.represent_text)
