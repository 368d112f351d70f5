"""A change of content is noticed, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from cdp_assets.trees import tree_hash


def _drop(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_definition_changes_the_hash_and_a_note_beside_it_does_not(tmp_path: Path) -> None:
    _drop(tmp_path, "shop/defs.yaml", "a: 1")
    before = tree_hash(tmp_path, frozenset({".yaml"}))
    _drop(tmp_path, "shop/notes.md", "hello")
    assert tree_hash(tmp_path, frozenset({".yaml"})) == before
    _drop(tmp_path, "shop/defs.yaml", "a: 2")
    assert tree_hash(tmp_path, frozenset({".yaml"})) != before


def test_a_folder_can_be_left_out(tmp_path: Path) -> None:
    _drop(tmp_path, "names.yaml", "a: 1")
    before = tree_hash(tmp_path, frozenset({".yaml"}), leave_out="defs")
    _drop(tmp_path, "defs/shop.yaml", "a: 1")
    assert tree_hash(tmp_path, frozenset({".yaml"}), leave_out="defs") == before
    assert tree_hash(tmp_path, frozenset({".yaml"})) != before
