"""Which ids the last changes of a table touched: kept beside each table that changes by key, in the same transaction.

Belongs here: keeping them, and telling what has changed since a table was last made of others (`Since`). Does not
belong here: what follows for that table (its stage), and how tables change (`built.Patch`).

A change is labelled with the version that the table had before it. The table's note lists its changes, oldest first
(`Note.trail`), so that whoever was made of an older version finds all changes since, and whoever was made of one that
is not listed knows that everything may have changed.

Where rows go and come by the id that is kept, all rows of whom a change touched are written by it, and are the last
that were: whoever asks for these need not look among all others (`Since.latest`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import Column, Pii, TableSchema
from cdp_assets.warehouse.built import Patch
from cdp_assets.warehouse.engine import Engine, TableRef, empty, row_count
from cdp_assets.warehouse.stacking import contents, stack
from cdp_assets.warehouse.standing import Change, Note, made_alike, note_of

STAGE = "changes"
"""Where the changes of all tables are kept."""

IDS = ("record_id", "profile_id")
"""Columns that say whom a row is about: what is kept of a changed row."""

KEPT = 6
"""Changes that are kept: as many runs may fail between two that succeed before a table is made as a whole."""

FEW = 0.2
"""Share of a table's rows that a change may touch to be worth keeping."""

WORTH_KEEPING = 5_000
"""Rows from which on it pays to look only at whom a change concerns: each look has its price too."""


@dataclass(frozen=True)
class Since:
    """What has changed since tables were last made, by the same code, of the same definitions and settings.

    Args:
        previous: The tables as published, by name.
        memory: What their function wanted remembered.
        as_of: The instant that they were made as of; None if their function does not ask for one.
        changed: Takes stage and name of an input; gives the distinct `IDS` of its rows that have come, gone or become
            others, with those of these columns that it has; None if that is not known. A row that became another one
            is listed with the ids that it had and those that it has.
        latest: Takes stage and name of an input; gives the part of it in which all rows of those are whose record_id is
            among `changed`; None where that is not known.
    """

    previous: Mapping[str, ir.Table]
    memory: Mapping[str, Any]
    as_of: datetime | None
    changed: Callable[[str, str], ir.Table | None]
    latest: Callable[[str, str], ir.Table | None] = lambda _stage, _name: None


def since_last_made(
    stage: str,
    schemas: Sequence[TableSchema],
    inputs: Sequence[TableRef],
    notes: Sequence[Note | None],
    parts: Mapping[str, str],
    engine: Engine,
) -> Since | None:
    """What has changed since some tables were last made; None if they have to be made as a whole anyhow, or neither
    they nor what they are made of is large.

    Args:
        stage: Their stage.
        schemas: Their schemas; the tables are made together.
        inputs: The tables that they are made of.
        notes: What is noted with each.
        parts: What they would be made of now (`standing.made_of`).
        engine: Holds the tables.
    """
    noted = [note for note in notes if note is not None and made_alike(note, parts)]
    if len(noted) < len(notes) or not all(engine.can_patch(stage, schema) for schema in schemas):
        return None
    read = [*noted, *(note for ref in inputs if (note := note_of(engine, ref)) is not None)]
    if max(note.fingerprint.rows for note in read) < WORTH_KEEPING:
        return None
    made_of = noted[0].made_of
    told = made_of.get("as_of")

    def version_seen(stage: str, name: str) -> str:
        versions = {note.made_of.get(f"{stage}.{name}") for note in noted}
        return versions.pop() or "" if len(versions) == 1 else ""

    return Since(
        {schema.name: last_published(engine, stage, schema) for schema in schemas},
        noted[0].memory,
        datetime.fromisoformat(told) if told else None,
        changed=lambda *ref: _changed_since(ref, version_seen(*ref), engine),
        latest=lambda *ref: _latest(ref, version_seen(*ref), engine),
    )


def changed_of_all(since: Since | None, inputs: Sequence[TableRef]) -> list[ir.Table] | None:
    """What `Since.changed` gives of each of some inputs; None if it is not known of all.

    Args:
        since: What has changed since; None if nothing is to be relied on.
        inputs: The inputs.
    """
    if since is None:
        return None
    changed = [since.changed(*ref) for ref in inputs]
    known = [ids for ids in changed if ids is not None]
    return known if len(known) == len(changed) else None


def _changed_since(ref: TableRef, version: str, engine: Engine) -> ir.Table | None:
    followed = _changes_since(ref, version, engine)
    if followed is None:
        return None
    ids = _ids_of(engine.table(*ref))
    if not followed:
        return empty(ibis.schema(dict.fromkeys(ids or IDS, "int64")), engine)
    if not ids:
        return None
    kept = engine.table(STAGE, _name(ref))
    labels = [change.version for change in followed]
    return engine.scratch(kept.filter(kept.version.isin(labels)).select(*ids).distinct())


def _latest(ref: TableRef, version: str, engine: Engine) -> ir.Table | None:
    followed = _changes_since(ref, version, engine)
    if followed is None or any(list(change.key) != ["record_id"] for change in followed):
        return None
    return engine.last_rows(*ref, sum(change.rows for change in followed))


def _changes_since(ref: TableRef, version: str, engine: Engine) -> Sequence[Change] | None:
    """The changes that a table has seen since it had a version; None if that is not known."""
    note = note_of(engine, ref)
    if note is None or not version:
        return None
    if note.fingerprint.version == version:
        return ()
    seen = [place for place, change in enumerate(note.trail) if change.version == version]
    return note.trail[seen[-1] :] if seen else None


def little_is_new(before: Mapping[str, int], now: Mapping[str, int], share: float) -> bool:
    """Whether what was made of everything may stand for a while.

    Args:
        before: How much there was of each kind when it was made.
        now: How much there is.
        share: What may have come or gone of each kind, as a share of what there was.
    """
    return all(kind in before and abs(count - before[kind]) <= share * before[kind] for kind, count in now.items())


def last_published(engine: Engine, stage: str, schema: TableSchema) -> ir.Table:
    """A table as last published, in today's schema: new columns are null; empty and typed if there is none."""
    if not engine.has_table(stage, schema.name):
        return empty(schema.ibis_schema, engine)
    return in_schema(engine.table(stage, schema.name), schema.ibis_schema)


def in_schema(table: ir.Table, schema: ibis.Schema) -> ir.Table:
    """A table of an earlier run in today's schema: new columns are null."""
    return table.select(
        **{
            name: table[name].cast(dtype) if name in table.columns else ibis.null(dtype)
            for name, dtype in schema.items()
        }
    )


def keep(ref: TableRef, before: Note | None, engine: Engine) -> tuple[Sequence[TableRef], Sequence[Change]]:
    """Stage what a table's staged change touches, to be published with it.

    Args:
        ref: A table.
        before: What is noted with it as it stands.
        engine: Holds it, with its change staged if it has one.

    Returns:
        What is staged, if anything is, and the trail of the table from then on.
    """
    patch = engine.staged_patch(*ref)
    if patch is None or before is None or before.fingerprint.rows < WORTH_KEEPING:
        return (), ()
    published = engine.table(*ref)
    ids = _ids_of(published)
    if not ids:
        return (), ()
    went = published.semi_join(patch.gone, list(patch.columns))
    touched = engine.scratch(_touched(went, patch.rows, ids))
    if row_count(touched, engine) > FEW * before.fingerprint.rows:
        return (), ()
    change = Change(before.fingerprint.version, patch.columns, row_count(patch.rows, engine))
    trail = [*before.trail, change][-KEPT:]
    schema = _schema(ref, ids)
    rows = touched.select(version=ibis.literal(change.version), **{name: touched[name] for name in ids})
    if before.trail and engine.can_patch(STAGE, schema):
        kept = engine.table(STAGE, schema.name)
        old = kept.filter(kept.version.notin([each.version for each in trail[:-1]])).select("version").distinct()
        engine.stage_patch(STAGE, schema, Patch("version", old, rows))
    else:
        engine.stage_table(STAGE, schema, rows)
    return [(STAGE, schema.name)], trail


def as_patch(
    stage: str, schema: TableSchema, made: ir.Table, key: str, before: Note | None, engine: Engine
) -> Patch | None:
    """How a published table becomes one that was made as a whole, if few of it changes; None if not, or for small ones.

    Args:
        stage: The table's stage.
        schema: Its schema, with a key: no two rows are equal.
        made: What it is to be, computed once.
        key: A column by which rows go and come.
        before: What is noted with it as it stands.
        engine: Holds it.
    """
    if before is None or before.fingerprint.rows < WORTH_KEEPING or not engine.can_patch(stage, schema):
        return None
    published = last_published(engine, stage, schema)
    coming = made.select(*schema.column_names).cast(schema.ibis_schema)
    # By distinct rows, of which there are no others where there is a key.
    differing = [coming.difference(published), published.difference(coming)]
    changed = engine.scratch(stack(*(rows.select(key) for rows in differing)).distinct())
    if row_count(changed, engine) > FEW * before.fingerprint.rows:
        return None
    return Patch(key, changed, coming.semi_join(changed, key))


def _touched(went: ir.Table, came: ir.Table, ids: Sequence[str]) -> ir.Table:
    """The distinct ids of rows that went or came, and not both."""
    came = came.select(*went.columns).cast(went.schema())
    sides = [contents(rows, ids).mutate(times=ibis.literal(times, "int64")) for rows, times in ((came, 1), (went, -1))]
    counted = stack(*sides).group_by(*ids, "content").aggregate(times=ibis._.times.sum())
    return counted.filter(counted.times != 0).select(*ids).distinct()


def _ids_of(table: ir.Table) -> list[str]:
    return [name for name in IDS if name in table.columns]


def _name(ref: TableRef) -> str:
    return "__".join(ref)


def _schema(ref: TableRef, ids: Sequence[str]) -> TableSchema:
    return TableSchema(
        _name(ref),
        f"Whom the last changes of {'.'.join(ref)} touched.",
        (
            Column("version", "string", "The version that the table had before the change."),
            *(Column(name, "int64", "Whom a changed row is, or was, about.", pii=Pii.PSEUDONYM) for name in ids),
        ),
    )
