"""What an asset's function may return besides a plain table.

Belongs here: small values without behaviour, so that stages can describe results without importing Dagster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from matplotlib.figure import Figure

    from cdp_assets.quality.checks import CheckResult

ColumnLineage = Mapping[str, set[tuple[str, str, str]]]
"""Column → the (stage, table, column) it was made from."""


@dataclass(frozen=True)
class Markdown:
    """Text that the UI renders as Markdown."""

    text: str


@dataclass(frozen=True)
class Plot:
    """A picture.

    Args:
        content: Its bytes.
        type: Their media type.
    """

    content: bytes
    type: str = "image/png"


def markdown(text: str) -> Markdown:
    """Metadata shown as rendered Markdown."""
    return Markdown(text)


def plot(figure: Figure) -> Plot:
    """Metadata shown as a picture. The figure is one by itself, and none of pyplot's, which would keep it."""
    import io

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90, bbox_inches="tight")
    return Plot(buffer.getvalue())


@dataclass(frozen=True)
class Patch:
    """How a published table becomes another one, where little of it changes.

    Args:
        key: A column, or several; rows where one of them is null stay.
        gone: Columns ``key``, distinct: the rows with these values go.
        rows: The rows that come, with all columns of the table.
    """

    key: str | tuple[str, ...]
    gone: ir.Table
    rows: ir.Table

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of ``key``."""
        return (self.key,) if isinstance(self.key, str) else self.key


@dataclass(frozen=True)
class Built:
    """A table with something to say about it.

    Args:
        table: The table to publish.
        metadata: Name → number, text, JSON-able value, `markdown` or `plot`; shown in the UI. No personal data.
        column_lineage: What columns were made from, where Python stood between and the expression cannot tell.
        judged: Outcomes of the checks that the function judges itself (`Judged`).
        publishing: Entered when all blocking checks have passed, just before the tables are swapped in, and left when
            they are: for state elsewhere that must not move for a run that is stopped.
        patch: How the table as last published becomes this one; the warehouse then writes only what changes.
        memory: What the function wants to know next time; plain values, kept with the table.
    """

    table: ir.Table
    metadata: Mapping[str, Any] = field(default_factory=dict)
    column_lineage: ColumnLineage | None = None
    judged: Sequence[CheckResult] = ()
    publishing: Callable[[], AbstractContextManager[None]] | None = None
    patch: Patch | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InPlace:
    """The function has brought the published table up to date itself, by appending.

    Args:
        metadata: As in `Built`.
        column_lineage: As in `Built`.
        evidence: Name → table that the asset's checks see besides its inputs: what the append has to answer for.
        appended: The rows that were appended; None if more than that may have changed.
        memory: As in `Built`.
        verdicts: Check → why it does not pass, if it does not; never a value of the data.
    """

    metadata: Mapping[str, Any] = field(default_factory=dict)
    column_lineage: ColumnLineage | None = None
    evidence: Mapping[str, ir.Table] = field(default_factory=dict)
    appended: ir.Table | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stands:
    """The published table is what the function would make again.

    Args:
        memory: As in `Built`; what it remembers stays as it was if not given.
    """

    memory: Mapping[str, Any] | None = None
