"""Types of columns and values of payload fields in a database's table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any


def column_types() -> dict[str, Any]:
    """The types that a definition may name, as SQLAlchemy's."""
    from sqlalchemy import BigInteger, Boolean, DateTime, Double, Text

    return {
        "text": Text(),
        "integer": BigInteger(),
        "number": Double(),
        "boolean": Boolean(),
        "instant": DateTime(timezone=True),
    }


VALUES: dict[str, Callable[[Any], Any]] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "instant": datetime.fromisoformat,
}
"""How a field of a type is made of what JSON holds."""
