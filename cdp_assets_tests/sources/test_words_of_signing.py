"""Who signs up for letters consents to them, and who signs off withdraws, where the words are of letters; what is done
with messages is called by words that are known.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from cdp_assets.canonical.tables import ENGAGEMENTS
from cdp_assets.normalised.checks import canonical_checks
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets_tests.normalised.bench import canonical, load
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written
from cdp_assets_tests.sources.test_relational_exports import table


def log(head: str, *columns: tuple[str, ...]) -> str:
    """A log of 24 people with an address, what some columns say in turn, and a time."""
    rows = (
        ",".join((f"p{n}@example.org", *(words[n % len(words)] for words in columns), f"2026-02-{1 + n:02d} 10:00:00"))
        for n in range(24)
    )
    return table(head, *rows)


def proposed(tmp_path: Path, name: str, head: str, *columns: tuple[str, ...]) -> Proposal:
    return propose(written(tmp_path, name, log(head, *columns)), "shop", zone="UTC")


def derived(proposal: Proposal, column: str, *words: str) -> list[str | None]:
    """What becomes of words of a column."""
    (expression,) = (sql for name, sql in proposal.stream["derive"].items() if name.startswith(column))
    return [duckdb.execute(f'select {expression} from (select ? as "{column}")', [word]).fetchall()[0][0]
            for word in words]  # fmt: skip


BY = ("email", "sms", "post")


@pytest.mark.parametrize(
    ("up", "off"),
    [
        ("subscribe", "unsubscribe"),
        ("Anmeldung", "Abmeldung"),
        ("Eintragung", "Austragung"),
        ("an", "ab"),
        ("angemeldet", "abgemeldet"),
        ("inscription", "désinscription"),
        ("Abonnement", "Désabonnement"),
        ("alta", "baja"),
        ("suscripción", "desuscripción"),
        ("iscrizione", "cancellazione"),
        ("inscrição", "descadastro"),
        ("aanmelding", "afmelding"),
        ("zapis", "rezygnacja"),
        ("tilmelding", "afmelding"),
        ("prenumeration", "avprenumeration"),
        ("feliratkozás", "leiratkozás"),
    ],
)
def test_who_signs_up_consents_and_who_signs_off_withdraws(tmp_path: Path, up: str, off: str) -> None:
    found = proposed(tmp_path, "newsletter_changes.csv", "Email,Kanal,Aktion,Zeitpunkt", BY, (up, off))
    assert (found.kind, derived(found, "Aktion", up, off)) == ("consents", ["granted", "withdrawn"])


@pytest.mark.parametrize(
    ("name", "head", "columns"),
    [
        ("newsletter_log.csv", "Email,Aktion,Datum", [("Anmeldung", "Abmeldung")]),
        ("log.csv", "Email,Newsletter-Aktion,Datum", [("Anmeldung", "Abmeldung")]),
        ("log.csv", "Email,Newsletter,Aktion,Datum", [("Sport", "Mode"), ("Anmeldung", "Abmeldung")]),
        ("log.csv", "Email,Aktion,Datum", [("Anmeldung", "Abmeldung")]),
        ("log.csv", "email,action,date", [("subscribe", "unsubscribe")]),
        ("log.csv", "email,channel,campaign,event,occurred_at", [BY, ("a", "b"), ("opted_in", "opted_out")]),
    ],
)
def test_words_of_signing_are_of_letters(tmp_path: Path, name: str, head: str, columns: list[tuple[str, ...]]) -> None:
    assert proposed(tmp_path, name, head, *columns).kind == "consents"


@pytest.mark.parametrize(
    ("name", "head", "columns"),
    [
        ("log.csv", "Email,Kurs,Aktion,Datum", [("Yoga", "Tanz"), ("Anmeldung", "Abmeldung")]),
        ("log.csv", "Email,Newsletter,Aktion,Datum", [("ja", "nein"), ("Anmeldung", "Abmeldung")]),
        ("kurse.csv", "Email,Aktion,Datum", [("Anmeldung", "Abmeldung")]),
        ("logins.csv", "Email,Aktion,Datum", [("Anmeldung", "Abmeldung")]),
        ("anmeldungen.csv", "Email,Aktion,Datum", [("Anmeldung",)]),
        ("log.csv", "Email,Aktion,Datum", [("an", "ab")]),
    ],
)
def test_words_of_signing_may_be_of_courses_and_logins(
    tmp_path: Path, name: str, head: str, columns: list[tuple[str, ...]]
) -> None:
    found = proposed(tmp_path, name, head, *columns)
    assert found.kind == "events"
    told = [map_["to"] for map_ in found.stream["maps"] if not map_.get("where", "").startswith("Newsletter")]
    assert {*told} == {"events", "contact_points"}
    assert ("Aktion may say who wants advertising: it is left out" in found.doubts) is (len(columns[-1]) > 1)


@pytest.mark.parametrize(
    ("head", "pattern", "fed"),
    [
        ("Email,Status,Datum", "{who},{word},{day}", ["consents"]),
        ("Email,Vorname,Nachname,Aktion,Datum", "{who},Ann,Lee,{word},{day}", ["consents", "contacts"]),
    ],
)
def test_who_signs_up_and_off_again_is_heard_and_keeps_the_name(
    tmp_path: Path, head: str, pattern: str, fed: list[str]
) -> None:
    rows = (
        pattern.format(who=f"p{n // 2}@example.org", word=("Anmeldung", "Abmeldung")[n % 2], day=f"2026-02-{1 + n:02d}")
        for n in range(24)
    )
    found = propose(written(tmp_path, "newsletter_log.csv", table(head, *rows)), "shop")
    assert [map_["to"] for map_ in found.stream["maps"]] == fed


def test_who_signs_off_by_a_channel_does_so_by_that(bench: Bench, tmp_path: Path) -> None:
    text = log("Email,Kanal,Aktion,Zeitpunkt", ("E-Mail", "SMS"), ("Anmeldung", "Anmeldung", "Abmeldung"))
    source = loaded(tmp_path, [propose(written(tmp_path / "in", "newsletter.csv", text), "shop", zone="UTC")])
    bench.drop("shop/newsletter.csv", text.encode())
    load(bench, source)
    said = {
        (row["contact_point"], row["channel"], row["status"], row["explicit"])
        for row in canonical(bench, source, "consents")
    }
    assert said == {
        (f"p{n}@example.org", ("email", "sms")[n % 2], "withdrawn" if n % 3 == 2 else "granted", True)
        for n in range(24)
    }


@pytest.mark.parametrize(
    ("head", "columns", "channel"),
    [
        ("email,channel,event,at", [BY, ("visit", "opted_out", "buy")], "coalesce(channel, 'any')"),
        ("email,event,at", [("visit", "unsubscribe", "buy")], "'email'"),
    ],
)
def test_who_opts_out_among_other_events_does_so_by_the_channel_beside(
    tmp_path: Path, head: str, columns: list[tuple[str, ...]], channel: str
) -> None:
    (word,) = (each["set"] for each in proposed(tmp_path, "log.csv", head, *columns).stream["maps"]
               if each["to"] == "consents")  # fmt: skip
    assert word["channel"].startswith("case ")
    assert f"then {channel} else 'any' end" in word["channel"]


def test_only_known_words_are_actions(tmp_path: Path) -> None:
    actions = ("Opened", "Clicked", "Abmeldung", "Forwarded")
    found = proposed(tmp_path, "mails.csv", "Email,Kanal,Aktion,Datum", ("Email", "SMS"), actions)
    (done,) = found.stream["maps"]
    assert (found.kind, done["to"]) == ("engagements", "engagements")
    assert done["set"]["channel"] == "coalesce(lower(Kanal), 'email')"
    assert done["where"] == "Aktion is not null and lower(trim(Aktion, '. ')) not in ('forwarded')"
    assert derived(found, "Aktion", *actions, "anything") == ["opened", "clicked", "unsubscribed", None, None]
    assert "forwarded in Aktion is nothing that is known to be done with messages" in found.doubts


def test_actions_that_count_nowhere_are_told() -> None:
    (check,) = canonical_checks(ENGAGEMENTS)
    (expectation,) = check.expectations
    assert not check.blocking
    assert {*expectation.arguments["value_set"]} == {*re.findall("`(.+?)`", ENGAGEMENTS.column("action").description)}
