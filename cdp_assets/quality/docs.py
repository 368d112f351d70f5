"""Data Docs: what was expected of each table and what was found, as pages for people.

Belongs here: keeping validation results (which hold counts, never values: `runner.py`) and rendering them with Great
Expectations' own renderer. Does not belong here: deciding anything by them.

The pages' frame is ours: Great Expectations' own loads scripts and styles from a dozen foreign hosts, so that its index
stays empty without them, and every look at it would be told to them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"


def keep(docs: Path, validated: Any) -> None:
    """Keep one table's validation result, in place of its last one, for `build_data_docs`.

    Args:
        docs: Folder of the Data Docs.
        validated: An ``ExpectationSuiteValidationResult`` without values; its suite is named ``stage.table``.
    """
    told = validated.to_json_dict()
    for result in told["results"]:
        # Great Expectations renders a count of values only together with their share; rows have none.
        if "unexpected_percent" not in result["result"]:
            result["result"].pop("unexpected_count", None)
    _replace(_results(docs) / f"{validated.suite_name}.json", json.dumps(told, ensure_ascii=False))


def build_data_docs(docs: Path, current: Collection[str] | None = None) -> Path:
    """Render the pages of all results that are newer than their page, and the index.

    Args:
        docs: Folder of the Data Docs: pages named ``stage.table.html``, and ``index.html``.
        current: Names (``stage.table``) of the tables there are; what is kept of others is removed. None: keep all.

    Returns:
        Path of the index.
    """
    rows = []
    for file in sorted(_results(docs).glob("*.json")):
        page = docs / f"{file.stem}.html"
        if current is not None and file.stem not in current:
            file.unlink()
            page.unlink(missing_ok=True)
            continue
        result = json.loads(file.read_text(encoding="utf-8"))
        if not page.exists() or page.stat().st_mtime_ns < file.stat().st_mtime_ns:
            _replace(page, _page(file.stem, result))
        rows.append(_index_row(file.stem, result))
    index = docs / "index.html"
    _replace(index, _environment().get_template("index.html.j2").render(rows=rows))
    return index


def _results(docs: Path) -> Path:
    return docs / "results"


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)


@cache
def _view() -> Any:
    """Great Expectations' templates for the parts of a page, without its frame."""
    from great_expectations.render.view.view import DefaultJinjaPageView

    return DefaultJinjaPageView()


def _page(name: str, result: dict[str, Any]) -> str:
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from markupsafe import Markup

    import cdp_assets.quality.expectations  # noqa: F401

    document = ValidationResultsPageRenderer().render(ExpectationSuiteValidationResultSchema().load(result))
    section_template = _view()._get_template("section.j2")
    sections = [
        Markup(section_template.render(section=section.to_json_dict(), section_loop={"index": position}))
        for position, section in enumerate(document.sections[1:], start=1)
    ]
    return str(
        _environment()
        .get_template("table.html.j2")
        .render(name=name, checks=_checks(result), sections=sections, row=_index_row(name, result))
    )


def _checks(result: dict[str, Any]) -> list[dict[str, Any]]:
    checks: dict[str, dict[str, Any]] = {}
    for one in result["results"]:
        meta = one["expectation_config"]["meta"]
        check = checks.setdefault(
            meta["check"],
            {
                "name": meta["check"],
                "promise": meta["promise"],
                "blocking": meta["blocking"],
                "passed": True,
                "expectations": 0,
            },
        )
        check["passed"] = check["passed"] and one["success"]
        check["expectations"] += 1
    return list(checks.values())


def _index_row(name: str, result: dict[str, Any]) -> dict[str, Any]:
    checks = _checks(result)
    stage, _, table = name.partition(".")
    return {
        "stage": stage,
        "table": table,
        "page": f"{name}.html",
        "checks": len(checks),
        "failed": [check["name"] for check in checks if not check["passed"]],
        "blocked": any(check["blocking"] and not check["passed"] for check in checks),
        "expectations": result["statistics"]["evaluated_expectations"],
        "validated_at": result["meta"]["run_id"]["run_time"][:19].replace("T", " "),
    }
