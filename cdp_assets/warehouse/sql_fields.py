"""Fields of definitions that hold SQL, kept to the letter.

Dagster resolves every text of a component as a template, and reads what comes out as a Python literal where it is one:
the SQL text ``'email'`` would lose its quotes. Belongs here: types for such fields. Does not belong here: what
SQL may say (`expressions.py`).
"""

from typing import Annotated, Any

import dagster as dg


def _as_written(context: dg.ResolutionContext, written: Any) -> Any:
    return written


Sql = Annotated[str, dg.Resolver(_as_written, model_field_type=str)]
"""One SQL expression."""

OptionalSql = Annotated[str | None, dg.Resolver(_as_written, model_field_type=str | None)]
"""One SQL expression, or none."""

SqlByName = Annotated[dict[str, str], dg.Resolver(_as_written, model_field_type=dict[str, str])]
"""SQL expressions by the name of what they fill."""
