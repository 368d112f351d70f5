"""Folders boiled down to a hash, to notice that something in them is not what it was."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path


def tree_hash(folder: Path, suffixes: Collection[str], leave_out: str | None = None) -> str:
    """Hash of the contents of all files below a folder that end in one of ``suffixes``.

    Args:
        folder: The folder; one that is not there is empty.
        suffixes: With their dot.
        leave_out: Name of a folder directly below that does not count.
    """
    digest = hashlib.sha256()
    for path in files_below(folder):
        name = path.relative_to(folder)
        if path.suffix in suffixes and name.parts[0] != leave_out:
            digest.update(f"{name}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def code_hash_of(project: Path) -> str:
    """Hash of a project's code as it lies there now, with the data that is part of it; definitions do not count."""
    return tree_hash(project / "cdp_assets", (".py", ".yaml"), leave_out="defs")


def files_below(folder: Path) -> Iterable[Path]:
    """The files below a folder in the order of their paths; hidden ones are left out."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
