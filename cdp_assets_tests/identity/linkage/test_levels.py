"""Splink's levels remember what their conditions are."""

from __future__ import annotations

from splink import DuckDBAPI, Linker, SettingsCreator
from splink.internals.comparison_level import ComparisonLevel

from cdp_assets.identity.linkage.comparisons import COMPARISONS, creators
from cdp_assets.identity.linkage.faces import FACES
from cdp_assets.identity.linkage.levels import remember_conditions
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


def test_a_level_that_remembers_says_what_splink_says() -> None:
    connection = DuckDBEngine.in_memory().cursor()
    connection.register("faces", FACES.to_pyarrow().empty_table())
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=creators(list(COMPARISONS)), unique_id_column_name="face"
    )
    linker = Linker(DuckDBAPI(connection).register("faces"), settings, log_level=None, validate_settings=False)
    levels = [level for each in linker._settings_obj.comparisons for level in each.comparison_levels]
    by_splink = [_told(level) for level in levels]
    remember_conditions(linker)
    assert [_told(level) for level in levels] == by_splink
    assert [_told(level) for level in levels] == by_splink
    assert ["birth_date"] in by_splink
    assert None in by_splink


def _told(level: ComparisonLevel) -> list[str] | None:
    """The columns whose equality is the condition; None if it is another one."""
    return sorted(level._exact_match_colnames) if level._is_exact_match else None
