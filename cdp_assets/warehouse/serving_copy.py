"""Putting a copy of the warehouse file in the place where readers find it, at the price of what has changed.

Belongs here: which bytes have to be written. Does not belong here: reading the copy (`serving.py`).

The copy that readers had before the last one is kept beside it as ``.spare``. If nobody reads it any more, it is
brought up to date: a DuckDB file consists of blocks that begin with a checksum of themselves, so two reads of eight
bytes tell whether a block has to be copied. Whoever reads holds a lock on the file, and a copy that is held under
another name (`serving.hold`) has that name too: then all is copied.
"""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path
from typing import BinaryIO

_HEADERS = 3 * 4096
_CHECKSUM = 8


def publish_copy(source: Path, target: Path, block: int) -> int:
    """Put a copy of a warehouse file in place of another, atomically: readers see the old one or the new one.

    Args:
        source: The file, checkpointed; nobody writes it meanwhile.
        target: Where readers find it.
        block: Bytes of a block.

    Returns:
        The bytes that were written.
    """
    partial, spare = target.with_suffix(".partial"), target.with_suffix(".spare")
    partial.unlink(missing_ok=True)
    written = _brought_up_to_date(source, spare, partial, block)
    if written is None:
        spare.unlink(missing_ok=True)
        shutil.copyfile(source, partial)
        written = partial.stat().st_size
    if target.exists():
        _link(target, spare)
    partial.replace(target)
    return written


def _link(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except OSError:
        # Without it the next copy is a whole one.
        return


def _brought_up_to_date(source: Path, spare: Path, partial: Path, block: int) -> int | None:
    """Make ``partial`` of what was kept; None if that cannot be."""
    try:
        if os.stat(spare).st_nlink != 1:
            return None
        # Under its other name, half of it is never taken for a whole.
        with spare.open("r+b") as copy, source.open("rb") as original:
            if not _is_nobodys(copy):
                return None
            spare.replace(partial)
            return _copied(original, copy, block)
    except FileNotFoundError:
        return None


def _is_nobodys(file: BinaryIO) -> bool:
    """Whether nobody reads a file, neither in this process nor in another; it is locked for as long as it is open."""
    try:
        import fcntl

        everything = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        fcntl.fcntl(file.fileno(), fcntl.F_OFD_SETLK, everything)
    except (ImportError, AttributeError, OSError):
        return False
    return True


def _copied(original: BinaryIO, copy: BinaryIO, block: int) -> int:
    """Write the headers and the blocks that differ; the bytes written."""
    size = os.fstat(original.fileno()).st_size
    had = os.fstat(copy.fileno()).st_size
    written = _copy(original, copy, 0, min(_HEADERS, size))
    for start in range(_HEADERS, size, block):
        length = min(block, size - start)
        same = start + length <= had and os.pread(original.fileno(), _CHECKSUM, start) == os.pread(
            copy.fileno(), _CHECKSUM, start
        )
        if not same:
            written += _copy(original, copy, start, length)
    os.ftruncate(copy.fileno(), size)
    return written


def _copy(original: BinaryIO, copy: BinaryIO, start: int, length: int) -> int:
    return os.pwrite(copy.fileno(), os.pread(original.fileno(), length, start), start)
