"""The words that proposals know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdp_assets.sources.proposing import vocabulary


def lists(content: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """All lists of words, with where they stand."""
    if isinstance(content, list):
        yield path, [str(word) for word in content]
    elif isinstance(content, dict):
        for key, inside in content.items():
            yield from lists(inside, f"{path}.{key}".strip("."))


@pytest.mark.parametrize("file", ["headings.yaml", "headings_further.yaml"])
def test_no_list_says_a_word_twice(file: str) -> None:
    content = yaml.safe_load((Path(vocabulary.__file__).with_name(file)).read_text(encoding="utf-8"))
    repeated = {path: [word for word, times in Counter(words).items() if times > 1] for path, words in lists(content)}
    assert len(repeated) > 50
    assert not any(repeated.values()), repeated
