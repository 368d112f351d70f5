"""Bringing the ledger's tables up to date with Alembic; the scripts travel with the package (`versions/`).

Belongs here: applying migrations. A new one is a file `NNNN_what.py` in `versions/`, whose revision is its number.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

_FOLDER = Path(__file__).parent


@cache
def latest() -> str:
    """The revision that this version of the package needs."""
    return max(file.stem.split("_")[0] for file in (_FOLDER / "versions").glob("[0-9]*.py"))


def is_current(connection: Connection) -> bool:
    """Whether the database already is at `latest`. Cheap: it does not import Alembic."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.execute(text("select version_num from alembic_version")).scalar() == latest()


def upgrade(connection: Connection) -> None:
    """Apply the missing migrations within the connection's transaction."""
    if is_current(connection):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
