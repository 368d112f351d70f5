"""`cdp dictionary`: every column of the wide row is explained, the user's own traits too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.cli_dictionary import dictionary
from cdp_assets.settings import PROJECT


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    defs = {"CDP_DEFS": str(PROJECT / "cdp_assets" / "defs")}
    found: list[dict[str, Any]] = json.loads(CliRunner(env=defs).invoke(dictionary, ["--json"]).stdout)
    return found


def test_the_wide_row_comes_first_and_every_column_says_what_it_is_and_where_from(told: list[dict[str, Any]]) -> None:
    wide = told[0]

    assert wide["table"] == "attributes.customer_360"
    assert [column["name"] for column in wide["columns"]][: len(CUSTOMER_360.columns)] == list(
        CUSTOMER_360.column_names
    )
    assert [column["name"] for column in wide["columns"] if not column["source"] or not column["description"]] == []


def test_a_trait_of_the_definitions_is_a_column_of_the_dictionary(told: list[dict[str, Any]]) -> None:
    [views] = [column for column in told[0]["columns"] if column["name"] == "product_views_7d"]

    assert views == {
        "name": "product_views_7d",
        "type": "int64",
        "description": "Product views in the last 7 days.",
        "unit": "events",
        "pii": "none",
        "nullable": False,
        "source": "attributes.traits.product_views_7d",
    }


def test_every_number_of_the_wide_row_has_its_unit(told: list[dict[str, Any]]) -> None:
    numbers = [column for column in told[0]["columns"] if column["type"].startswith(("int", "float", "decimal"))]

    assert [column["name"] for column in numbers if not column["unit"]] == ["profile_id"]


def test_a_file_is_markdown_unless_its_name_says_json(tmp_path: Path) -> None:
    for name, start in (("d.md", "# Data dictionary"), ("d.json", "[")):
        assert CliRunner().invoke(dictionary, ["--out", str(tmp_path / name)]).exit_code == 0
        assert (tmp_path / name).read_text().startswith(start)
    assert (
        "| `churn_risk` | float64 | share 0..1 | none | yes | `attributes.churn_risk.churn_risk` |"
        in (tmp_path / "d.md").read_text()
    )
