"""`cdp explain`: why two records are one person or not, and what one profile is made of.

Belongs here: the arguments, and where a picture goes. Does not belong here: the reasons (`identity/explain.py`), the
picture (`identity/cluster_picture.py`) and layout (`presentation/`).
"""

from __future__ import annotations

from pathlib import Path

import click

from cdp_assets.cli import as_json, console_of, print_json, write
from cdp_assets.settings import Settings

_file = click.Path(dir_okay=False, path_type=Path)


@click.command(short_help="Say why two records are one person, or are not.")
@click.argument("left", metavar="RECORD|PROFILE")
@click.argument("right", metavar="[RECORD]", required=False)
@click.option("--svg", type=_file, help="Draw the profile into this file.")
@click.option("--png", type=_file, help="Draw the profile into this file.")
@click.option("--html", type=_file, help="Write a page with the drawing to this file.")
@as_json
def explain(
    left: str, right: str | None, svg: Path | None, png: Path | None, html: Path | None, told_as_json: bool
) -> None:
    """Say why two records are one person or not; with one argument, draw what ties a profile together.

    Records are called by record id (as `cdp profile` lists them), by an id at a source such as crm:0031, or by an
    identifier; profiles by their id (an older one too) or by any of their records. Values are masked.
    """
    from cdp_assets.identity.published import RecordNotFound
    from cdp_assets.warehouse.serving import NothingServed

    files = {"svg": svg, "png": png, "html": html}
    if right is not None and any(files.values()):
        raise click.UsageError("a drawing is of one profile: give one argument")
    settings = Settings.from_env()
    try:
        if right is None:
            _explain_profile(settings, left, files, told_as_json=told_as_json)
        else:
            _explain_pair(settings, left, right, told_as_json=told_as_json)
    except (NothingServed, RecordNotFound) as error:
        raise click.ClickException(str(error)) from error


def _explain_pair(settings: Settings, left: str, right: str, *, told_as_json: bool) -> None:
    from cdp_assets.identity.explain import explain as explain_records
    from cdp_assets.presentation.snapshot_tables import snapshot_tables

    with snapshot_tables(settings.serving_file) as tables:
        told = explain_records(tables, left, right, settings.hash_key)
    if told_as_json:
        print_json(told.to_dict())
    else:
        from cdp_assets.presentation.explanation_text import explanation_text

        console_of().print(explanation_text(told))


def _explain_profile(settings: Settings, called: str, files: dict[str, Path | None], *, told_as_json: bool) -> None:
    from cdp_assets.identity.cluster import draw_cluster
    from cdp_assets.presentation.snapshot_tables import snapshot_tables

    with snapshot_tables(settings.serving_file) as tables:
        cluster = draw_cluster(tables, called, settings.hash_key)
    for kind, file in files.items():
        if file is not None and kind == "html":
            from cdp_assets.presentation.cluster_page import cluster_page

            write(file, cluster_page(cluster))
        elif file is not None:
            from cdp_assets.identity.cluster_picture import picture_bytes

            write(file, picture_bytes(cluster, kind))
    if told_as_json:
        print_json(cluster.to_dict())
    elif not any(files.values()):
        from cdp_assets.presentation.cluster_text import cluster_text

        console_of().print(cluster_text(cluster))
