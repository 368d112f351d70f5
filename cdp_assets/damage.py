"""What we keep and cannot read: files that are damaged, and a ledger that is not where it is said to be.

Belongs here: telling damage from other errors of DuckDB and SQLite, and what such errors are called. Does not belong
here: what each file is for; who opens it knows the remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SIGNS = (
    "not a valid DuckDB database",
    "Corrupt database file",
    "Could not read enough bytes",
    "file is not a database",
    "database disk image is malformed",
)
"""What DuckDB and SQLite say of a file that is cut off, overwritten, or something else."""


class DamagedFile(RuntimeError):
    """A file is cut off, overwritten, or something else; the message says what to do."""


class UnusableLedger(ValueError):
    """The ledger is not there, does not answer, or is called by no URL of a database; the message says what to do."""


@contextmanager
def damage_told(file: str | Path, remedy: str) -> Iterator[None]:
    """Have an error in here that means that a file is damaged say what to do.

    Args:
        file: The file that is opened in here.
        remedy: What to do, as a sentence without its end.

    Raises:
        DamagedFile: if the file cannot be read for what it is.
    """
    try:
        yield
    except Exception as error:
        if any(sign in str(error) for sign in _SIGNS):
            raise DamagedFile(f"{file} is damaged, or no database: {remedy}") from None
        raise
