"""What columns that companies add to a known export say of advertising is kept beside its template."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources import template
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.proposing.systems import together
from cdp_assets_tests.sources.template_samples import sample
from cdp_assets_tests.sources.test_proposing import loaded, written


def with_column(folder: Path, name: str, file: str, heading: str, *cells: str) -> Proposal:
    """The proposal for a template's sample with one column more, whose cells take turns."""
    text = sample(name).read_text()
    delimiter = str(template.find(name).stream.get("delimiter", ","))
    head, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    longer = [[*row, cells[place % len(cells)]] for place, row in enumerate(rows)]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([[*head, heading], *longer])
    return propose(written(folder, file, out.getvalue()), "shop")


def said(stream: dict[str, Any], name: str) -> list[tuple[str, str]]:
    """Channel and status of each map that the template does not have."""
    own = [map_ for map_ in stream.get("maps", ()) if map_ not in template.find(name).stream["maps"]]
    return [(map_["set"]["channel"].strip("'"), map_["set"]["status"].strip("'")) for map_ in own]


@pytest.mark.parametrize(
    ("name", "heading", "cells", "expected"),
    [
        ("meta_ads_leads", "i_agree_to_receive_marketing_emails", ("no", "yes"), ["granted", "denied"]),
        ("meta_ads_leads", "what_is_your_budget?", ("10k", "20k"), None),
        ("hubspot_contacts", "Opted out of email: Product news", ("", "true"), ["withdrawn"]),
        ("hubspot_contacts", "Newsletter", ("no", "yes"), ["denied"]),  # who wants it HubSpot itself knows
        ("salesforce_leads", "Newsletter_Opt_Out__c", ("1", "0"), ["withdrawn"]),
        ("shopify_customers", "Newsletter", ("no", "yes"), []),  # its columns are Shopify's
    ],
)
def test_refusals_are_kept_and_consent_where_the_template_knows_of_none(
    tmp_path: Path, name: str, heading: str, cells: tuple[str, ...], expected: list[str] | None
) -> None:
    proposal = with_column(tmp_path, name, sample(name).name, heading, *cells)
    assert proposal.template == name
    assert said(proposal.stream, name) == [("email", status) for status in expected or ()]
    assert any(heading in doubt for doubt in proposal.doubts) == (expected is not None)
    assert loaded(tmp_path, [proposal]).streams[0].maps


def test_forms_with_different_questions_are_one_stream_that_hears_both(tmp_path: Path) -> None:
    asked = [
        with_column(tmp_path, "meta_ads_leads", f"leads_{place}.csv", heading, "yes", "no")
        for place, heading in enumerate(("newsletter?", "may_we_send_you_marketing_sms?", "your_size?"))
    ]
    ((first, paths),) = together(asked)
    assert len(paths) == 3
    assert [status for _, status in said(first.stream, "meta_ads_leads")] == ["granted", "denied", "denied"]
    assert {"newsletter?", "may_we_send_you_marketing_sms?"} <= set(first.stream["columns"])
