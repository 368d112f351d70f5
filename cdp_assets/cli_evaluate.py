"""`cdp identity evaluate`: identity resolution measured on a labelled table of people.

Belongs here: arguments, and the figures as data. Does not belong here: measuring (`identity/evaluation/`), and layout
(`presentation/`).
"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cdp_assets.cli import as_json, console_of, print_json
from cdp_assets.settings import Settings

if TYPE_CHECKING:
    from cdp_assets.identity.evaluation.evaluate import Evaluation


@click.command()
@click.argument("records", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--truth", required=True, help="The column that says who is who: equal for records of one person.")
@click.option("--id", "identifier", default=None, help="The column with the records' ids; guessed if absent.")
@click.option(
    "--map",
    "mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML or JSON: given_name: first_name, … for columns whose names and values do not say what they are.",
)
@click.option("--country", help="ISO 3166-1 alpha-2 country of phone numbers without a country code.")
@click.option(
    "--most-wrong",
    type=click.FloatRange(0, 1),
    default=0.001,
    show_default=True,
    help="Share of joined pairs that may be wrong, for the threshold that is suggested.",
)
@as_json
def evaluate(
    records: Path,
    truth: str,
    identifier: str | None,
    mapping: Path | None,
    country: str | None,
    most_wrong: float,
    told_as_json: bool,
) -> None:
    """Run identity resolution on a labelled table of people and say how right it is.

    RECORDS is a CSV file with a header (UTF-8, UTF-16 or Windows-1252, also .gz), or Parquet. The rules are those of
    CDP_DEFS. Nothing is kept.
    """
    from cdp_assets.catalog import load_identity_rules
    from cdp_assets.definition_files import DefinitionError
    from cdp_assets.identity.evaluation.evaluate import evaluate as measure
    from cdp_assets.identity.evaluation.records import EvaluationError, read_labelled
    from cdp_assets.presentation.progress import waiting
    from cdp_assets.sources.validation import country_fault
    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
    from cdp_assets.warehouse.garbage import leave_garbage_to_the_system, look_for_garbage_rarely

    if country is not None and (fault := country_fault(country)):
        raise click.ClickException(f"--country: {fault}")
    look_for_garbage_rarely()
    leave_garbage_to_the_system()
    started = time.perf_counter()
    try:
        settings = Settings.from_env()
        rules = load_identity_rules(settings.defs)
        engine = DuckDBEngine.in_memory(settings.duckdb_config)
        with waiting(console_of(stderr=True), "Resolving"):
            labelled = read_labelled(records, truth, identifier, _mapped(mapping), engine, country)
            found, _ = measure(labelled, rules, engine, most_wrong)
    except (EvaluationError, DefinitionError) as error:
        raise click.ClickException(str(error)) from error
    seconds = time.perf_counter() - started
    if told_as_json:
        print_json(plain(found, seconds, peak_bytes()))
    else:
        from cdp_assets.presentation.evaluation_text import evaluation_text

        console_of().print(evaluation_text(found, seconds, peak_bytes()))


def _mapped(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    import yaml

    from cdp_assets.definition_files import syntax_problem

    try:
        text = file.read_text(encoding="utf-8")
        read = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        raise click.ClickException(str(syntax_problem(file, error, text))) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: is neither YAML nor JSON") from error
    if not isinstance(read, dict) or not all(isinstance(value, str) for value in read.values()):
        raise click.ClickException(f"{file}: write one line a column, such as `given_name: first_name`")
    return {str(what): column for what, column in read.items()}


def peak_bytes() -> int:
    """The most memory that this process has had."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def plain(found: Evaluation, seconds: float, peak: int) -> dict[str, Any]:
    """The figures as data."""

    def scores(score: Any) -> dict[str, float]:
        return {"precision": score.precision, "recall": score.recall, "f1": score.f1}

    return {
        "pairwise": scores(found.score.pairwise),
        "b_cubed": scores(found.score.bcubed),
        "blocking_recall": found.blocking_recall,
        "pairs_compared": found.pairs_compared,
        "records": found.score.units,
        "people": found.score.people,
        "profiles": found.score.profiles,
        "seconds": round(seconds, 2),
        "peak_bytes": peak,
        "threshold": found.threshold,
        "suggested_threshold": found.suggested_threshold,
        "deterministic": {"pairwise": scores(found.deterministic.pairwise)},
        "curve": [asdict(point) for point in found.curve],
        "cluster_sizes": {str(size): count for size, count in found.sizes.items()},
        "worst": [asdict(mistake) for mistake in found.worst],
        "not_compared": found.not_compared,
        "columns": found.columns,
        "unread": found.unread,
        "undialled": found.undialled,
        "undated": found.undated,
        "unreadable": found.unreadable,
        "warnings": list(found.warnings),
    }
