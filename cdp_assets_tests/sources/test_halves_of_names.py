"""Names that are told in halves, or can be read so, and what belongs to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.spec import SourceSpec
from cdp_assets_tests.sources.dagster_run import rows, run
from cdp_assets_tests.sources.test_proposing import loaded, written

ROWS = 24


def proposed(folder: Path, name: str, head: str, row: str) -> Proposal:
    lines = "".join(row.format(n=n, day=f"2026-03-{1 + n % 28:02d}") + "\n" for n in range(ROWS))
    return propose(written(folder, name, f"{head}\n{lines}"), "shop")


def told(proposal: Proposal, to: str = "contacts") -> dict[str, Any]:
    return next(map_["set"] for map_ in proposal.stream["maps"] if map_["to"] == to)


def test_the_particle_belongs_before_the_name_of_the_family(tmp_path: Path) -> None:
    found = proposed(
        tmp_path, "klanten.csv", "Klantnummer,Voornaam,Tussenvoegsel,Achternaam", "K{n},Ann,van der,Lee{n}"
    )
    assert told(found)["family_name"] == "concat_ws(' ', Tussenvoegsel, Achternaam)"


@pytest.mark.parametrize("heading", ["Né(e) le", "Geboren am", "Nato/a il", "Nacido(a) el"])
def test_when_somebody_was_born_is_said_in_words_too(tmp_path: Path, heading: str) -> None:
    found = proposed(tmp_path, "clients.csv", f"N° client,Nom,Prénom,{heading}", "C{n},Lee{n},Ann,{day}")
    assert told(found).get("birth_date") == f'"{heading}"'


NAMES = [*(f"LEE{n}, ANN, Ms." for n in range(ROWS)), "Wu, Bo", "Bo Wu", "Fox, Ann, Jr."]
HALVES = {("Ann", "Lee"), ("Bo", "Wu")}


def test_names_with_the_familys_first_are_read_in_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_AS_OF", "2026-06-30T00:00:00Z")
    text = "Guest ID,Guest Name,Email\n" + "".join(f'{n},"{name}",p{n}@example.org\n' for n, name in enumerate(NAMES))
    source = loaded(tmp_path, [propose(written(tmp_path / "in", "guests.csv", text), "shop")])
    written(tmp_path / "landing" / "shop", "guests.csv", text)
    (stream,) = source.streams
    assert _run(source)
    names = "SELECT given_name, family_name, full_name FROM normalised.contacts ORDER BY ALL"
    found = rows(tmp_path, names)
    assert ("ANN", "LEE0", None) in found
    assert ("Bo", "Wu", None) in found
    assert (None, None, "Bo Wu") in found
    assert (None, None, "Fox, Ann, Jr.") in found, "father and son are told apart by it"
    assert stream.name == "guests"


def test_names_of_companies_have_no_halves(tmp_path: Path) -> None:
    found = proposed(tmp_path, "guests.csv", "Guest ID,Guest Name,Email", '{n},"Lee{n}, Inc.",p{n}@example.org')
    assert "given_name" not in told(found)


def _run(source: SourceSpec) -> bool:
    from dataclasses import replace

    streams = tuple(replace(each, files=f"shop/{each.name}*") for each in source.streams)
    return bool(run([replace(source, streams=streams, settle_seconds=0)], normalised=True).success)


@pytest.mark.parametrize(
    ("head", "row", "expected"),
    [
        ("会員ID,お名前(姓),お名前(名),お名前(フリガナ・姓)", "{n},Lee,Ann,リー", ("お名前(名)", "お名前(姓)", None)),
        ("Customer No,Name,Last name", "{n},Ann,Lee{n}", ("Name", "Last name", None)),
        ("Customer No,Name,Last name", "{n},Ann Lee{n},Lee{n}", (None, "Last name", None)),
        ("Müşteri No,Müşteri Adı", "{n},Ann Lee", (None, None, "Müşteri Adı")),
        ("Customer No,Client Name,Client Last Name", "{n},Ann,Lee{n}", ("Client Name", "Client Last Name", None)),
        ("No,Client Name,Client Last Name", "{n},Ann Lee{n},Lee{n}", (None, "Client Last Name", "Client Name")),
        ("会員番号,注文者姓,注文者名,送付先姓,送付先名", "{n},Lee,Ann,Fox,Bo", ("注文者名", "注文者姓", None)),
        ("Kundennr.,Name1,Ansprechpartner", "{n},Ann Lee,", (None, None, "Name1")),
    ],
)
def test_halves_and_wholes_of_names_are_told_by_their_headings_and_by_each_other(
    tmp_path: Path, head: str, row: str, expected: tuple[str | None, ...]
) -> None:
    rows = [f"{row.format(n=n)},p{n}@example.org" for n in range(100, 130)]
    maps = propose(written(tmp_path, "customers.csv", "\n".join([f"{head},E-mail", *rows, ""])), "shop").stream["maps"]
    told = next(map_["set"] for map_ in maps if map_["to"] == "contacts")
    found = [told.get(name) for name in ("given_name", "family_name", "full_name")]
    assert [each and each.strip('"') for each in found] == [*expected]


def test_halves_of_the_name_of_whoever_received_something_are_both_taken(tmp_path: Path) -> None:
    head = "ResponseId,RecipientLastName,RecipientFirstName,RecipientEmail,RecordedDate"
    said = told(proposed(tmp_path, "answers.csv", head, "R_{n}x9,Lee,Ann,p{n}@example.org,{day} 10:00:00"))
    assert (said["given_name"], said["family_name"]) == ("RecipientFirstName", "RecipientLastName")
    assert "full_name" not in said
