"""Flags on people permit what their headings say and no more, and refuse no less, since when they are known to."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.sources.proposing.draft import Map
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets_tests.normalised.bench import canonical, load
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written
from cdp_assets_tests.sources.test_relational_exports import table


def proposed(tmp_path: Path, *headings: str, words: tuple[str, ...] = ("Yes", "No")) -> Proposal:
    """What is proposed for people with some flags, all of which say the same of each."""
    lines = (
        f"{n},p{n}@example.org,+1212555{1000 + n},2025-01-{1 + n:02d}{f',{words[n % len(words)]}' * len(headings)}"
        for n in range(12)
    )
    text = table(",".join(("Member No,Email,Mobile,Joined", *headings)), *lines)
    return propose(written(tmp_path, "members.csv", text), "shop")


def permitted(proposal: Proposal) -> set[tuple[str, str]]:
    """Addresses and channels by which somebody permits advertising."""
    return _by(proposal, {"'granted'"})


def refused(proposal: Proposal) -> set[tuple[str, str]]:
    """The same of who refuses."""
    said = {map_["set"]["status"] for map_ in proposal.stream["maps"] if map_["to"] == "consents"}
    return _by(proposal, said - {"'granted'"})


def _by(proposal: Proposal, statuses: set[str]) -> set[tuple[str, str]]:
    return {
        (map_["set"]["contact_point"], map_["set"]["channel"].strip("'"))
        for map_ in proposal.stream["maps"]
        if map_["to"] == "consents" and map_["set"]["status"] in statuses
    }


Word = tuple[str, str]
EMAIL, CALLS, TEXTS, LETTERS = ("Email", "email"), ("Mobile", "phone"), ("Mobile", "sms"), ("Email", "post")
ANY = {("Email", "any"), ("Mobile", "any")}


@pytest.mark.parametrize(
    ("heading", "granted", "denied"),
    [
        ("Consent to e-mail", {EMAIL}, {EMAIL}),
        ("Consent for emails", {EMAIL}, {EMAIL}),
        ("GDPR consent: Email marketing", {EMAIL}, {EMAIL}),
        ("May we send you news by email?", {EMAIL}, {EMAIL}),
        ("Einwilligung Telefon", {CALLS}, {CALLS, TEXTS}),
        ("Consent to phone calls", {CALLS}, {CALLS}),
        ("Mobile opt-in", {TEXTS}, {CALLS, TEXTS}),
        ("Arama izni", {CALLS}, {CALLS}),
        ("Einwilligung Post", {("Email", "post")}, {("Email", "post")}),
        ("E-mail and SMS opt-in", {EMAIL, TEXTS}, {EMAIL, TEXTS}),
        ("WhatsApp opt-in", {("Mobile", "whatsapp")}, {("Mobile", "whatsapp")}),
        ("Push opt-in", {("Email", "push")}, {("Email", "push")}),
        ("Marketing Permissions: Email", {EMAIL}, {EMAIL}),
        ("Consentement téléphone", {CALLS}, {CALLS, TEXTS}),
        ("Agree to be contacted", {EMAIL}, ANY),
        ("GDPR consent", set(), set()),
        ("Privacy consent", set(), set()),
        ("DSGVO-Einwilligung", set(), set()),
        ("Consentement RGPD", set(), set()),
        ("Data processing consent", set(), set()),
        ("Zgoda RODO", set(), set()),
        ("Address Subscription Status", {LETTERS}, {LETTERS}),
        ("Mailing address opt in", {LETTERS}, {LETTERS}),
        ("Paper mail opt in", {LETTERS}, {LETTERS}),
        ("Letter opt in", {LETTERS}, {LETTERS}),
        ("Catalogue opt in", {LETTERS}, {LETTERS}),
        ("Consentimiento correo postal", {LETTERS}, {LETTERS}),
        ("Email address opt in", {EMAIL}, {EMAIL}),
        ("NewsLetter opt in", {EMAIL}, {EMAIL}),
        ("Consentimiento correo electrónico", {EMAIL}, {EMAIL}),
        ("Mail opt in", {EMAIL}, {EMAIL}),
        ("J'accepte de recevoir la newsletter par e-mail", {EMAIL}, {EMAIL}),
        ("Согласие на рассылку", {EMAIL}, {EMAIL}),
        ("メルマガフラグ", {EMAIL}, {EMAIL}),
        ("No of calls", set(), set()),
        ("Email not delivered", set(), set()),
    ],
)
def test_a_yes_permits_what_the_heading_names_and_a_no_refuses_what_it_may(
    tmp_path: Path, heading: str, granted: set[tuple[str, str]], denied: set[tuple[str, str]]
) -> None:
    proposal = proposed(tmp_path, heading)
    assert (permitted(proposal), refused(proposal)) == (granted, denied)


@pytest.mark.parametrize(
    "heading",
    ["GDPR consent", "Privacy consent", "DSGVO-Einwilligung", "Consent to newsletters of third parties"],
)
def test_consent_to_keeping_data_stands_in_for_none_to_advertising(tmp_path: Path, heading: str) -> None:
    proposal = proposed(tmp_path, heading, "Consent to e-mails")
    told = {map_["where"] for map_ in proposal.stream["maps"] if map_["to"] == "consents"}
    assert all(where.removeprefix("not ").startswith('"Consent to e-mails"') for where in told)
    assert permitted(proposal) == {EMAIL}
    assert f"{heading} is taken for consent to something else than advertising: it is left out" in proposal.doubts


def test_mail_beside_e_mail_is_for_letters(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, "Email opt in", "Mail opt in")
    assert (permitted(proposal), refused(proposal)) == ({EMAIL, LETTERS}, {EMAIL, LETTERS})
    assert "Mail opt in is taken for letters, since e-mail is said as well" in proposal.doubts


@pytest.mark.parametrize(
    ("headings", "points"),
    [
        (("Do Not Contact",), ANY),
        (("No longer contact (by any channel)",), ANY),
        (("Werbesperre",), ANY),
        (("Suppressed",), ANY),
        (("Do Not Call",), {CALLS}),
        (("Do not allow Phone Calls",), {CALLS}),
        (("Werbesperre Telefon",), {CALLS, TEXTS}),
        (("Werbesperre Telefon", "Keine SMS"), {CALLS, TEXTS}),
        (("No longer contact by SMS",), {TEXTS}),
        (("keine E-Mails",), {EMAIL}),
        (("Requests no e-mail",), {EMAIL}),
        (("Marketing opt-out",), ANY),
        (("Do not contact by phone or e-mail",), {EMAIL, CALLS, TEXTS}),
        (("Marked email as spam",), {EMAIL}),
        (("No Text Messages",), {TEXTS}),
        (("Opt out of texts",), {TEXTS}),
        (("No letters please",), {LETTERS}),
        (("Geen mailings ontvangen",), {EMAIL}),
        (("Je ne souhaite pas recevoir la newsletter",), {EMAIL}),
        (("No longer contact (by any channel)", "No longer contact by email", "No longer contact by SMS"),
         {*ANY, EMAIL, TEXTS}),
        (("Werbesperre", "Werbesperre Telefon", "keine E-Mails"), {*ANY, CALLS, TEXTS, EMAIL}),
    ],
)  # fmt: skip
def test_each_flag_that_refuses_is_heard_by_its_channel(
    tmp_path: Path, headings: tuple[str, ...], points: set[tuple[str, str]]
) -> None:
    proposal = proposed(tmp_path, *headings)
    assert (permitted(proposal), refused(proposal)) == (set(), points)


def test_who_is_marked_refuses(tmp_path: Path) -> None:
    assert refused(proposed(tmp_path, "No Text Messages", words=("X", "", ""))) == {TEXTS}


@pytest.mark.parametrize(
    ("heading", "flag", "channel"),
    [
        ("Mobile", "Opt-out", "any"),
        ("WhatsApp", "Opt-out", "whatsapp"),
        ("WhatsApp", "Do Not Contact", "any"),
    ],
)
def test_who_has_no_e_mail_address_refuses_what_reaches_them(
    tmp_path: Path, heading: str, flag: str, channel: str
) -> None:
    text = table(f"Member No,Name,{heading},{flag}", *(f"{n},Ann Lee,+1212555{1000 + n},Yes" for n in range(12)))
    assert refused(propose(written(tmp_path, "members.csv", text), "shop")) == {(heading, channel)}


@pytest.mark.parametrize(
    ("file", "head", "words", "granted", "denied"),
    [
        ("sms_subscribers.csv", "Email,Mobile,Status,Opted in", ("subscribed", "unsubscribed"), {TEXTS}, {TEXTS}),
        ("sms_list.csv", "Mobile,Email,Opt-in,Opted in", ("Yes", "No"), {TEXTS}, {TEXTS}),
        ("list_wa.csv", "Email,Mobile,Opt-in,Opted in", ("Yes", "No"), {EMAIL}, {EMAIL}),
        ("email_and_sms.csv", "Email,Mobile,Opt-in,Opted in", ("Yes", "No"), set(), ANY),
        ("list.csv", "Mobile,Email,Subscription status,Opted in", ("subscribed", "unsubscribed"), {TEXTS}, ANY),
        ("list.csv", "Mobile,Email,Opt-in,Opted in", ("Yes", "No"), set(), ANY),
        ("list.csv", "Mobile,Email,Email opt-in,Opted in", ("Yes", "No"), {EMAIL}, {EMAIL}),
    ],
)
def test_a_list_that_is_of_text_messages_permits_none_by_e_mail(
    tmp_path: Path, file: str, head: str, words: tuple[str, str], granted: set[Word], denied: set[Word]
) -> None:
    cells = {"Email": "p{n}@example.org", "Mobile": "+1212555{m}", "Opted in": "2025-01-{d}"}
    row = ",".join(cells.get(name, "{word}") for name in head.split(","))
    lines = (row.format(n=n, m=1000 + n, d=f"{1 + n:02d}", word=words[n % 2]) for n in range(12))
    proposal = propose(written(tmp_path, file, table(head, *lines)), "shop")
    assert (permitted(proposal), refused(proposal)) == (granted, denied)
    assert bool(granted) != any("a yes permits none" in doubt for doubt in proposal.doubts)


def test_each_status_of_a_channel_is_read_with_its_own_date(tmp_path: Path) -> None:
    text = table(
        "Email,Email status,Email status date,Phone number,SMS status,SMS status date,Date added",
        *(
            f"p{n}@example.org,{('subscribed', 'unsubscribed')[n % 2]},2025-02-{1 + n:02d},+1212555{1000 + n},"
            f"{('nonSubscribed', 'subscribed')[n % 2]},2025-03-{1 + n:02d},2025-01-{1 + n:02d}"
            for n in range(12)
        ),
    )
    proposal = propose(written(tmp_path, "contacts.csv", text), "shop")
    told = [map_["set"] for map_ in proposal.stream["maps"] if map_["to"] == "consents"]
    assert {(each["channel"], each["status"], each["occurred_at"]) for each in told} == {
        ("'email'", "'granted'", 'coalesce("Email status date", "Date added")'),
        ("'email'", '"Email status_answer"', 'coalesce("Email status date", delivered_at)'),
        ("'email'", "'withdrawn'", 'coalesce("Email status date", delivered_at)'),
        ("'sms'", "'granted'", 'coalesce("SMS status date", "Date added")'),
        ("'sms'", '"SMS status_answer"', 'coalesce("SMS status date", delivered_at)'),
    }


def test_a_permission_has_the_date_that_is_called_like_it(tmp_path: Path) -> None:
    lines = (f"p{n}@example.org,{'YN'[n % 2]},2025-02-{1 + n:02d},2025-01-{1 + n:02d}" for n in range(12))
    text = table("E-Mail,Email Permission,Permission Date,Joined", *lines)
    proposal = propose(written(tmp_path, "contacts.csv", text), "shop")
    at = {map_["set"]["occurred_at"] for map_ in proposal.stream["maps"] if map_["to"] == "consents"}
    assert at == {'coalesce("Permission Date", Joined)', "delivered_at"}


def test_who_says_no_without_a_date_of_letters_is_known_since_their_own(bench: Bench, tmp_path: Path) -> None:
    never = "0000-00-00 00:00:00"
    lines = (
        f"{n};p{n}@example.org;{n % 2};{f'2025-02-{n:02d} 09:00:00' if n % 2 else never};1;2025-01-{n:02d} 10:00:00"
        for n in range(1, 13)
    )
    text = table("id_customer;email;newsletter;newsletter_date_add;optin;date_add", *lines)
    proposal = propose(written(tmp_path / "in", "customers.csv", text), "shop", zone="UTC")
    assert (proposal.stream["nulls"], proposal.stream["event_time"]) == ([never], "date_add")
    assert any(doubt.startswith("optin does not say what it is for beside newsletter") for doubt in proposal.doubts)
    bench.drop("shop/customers.csv", text.encode())
    source = loaded(tmp_path, [proposal])
    load(bench, source)
    assert sum(row["status"] == "denied" for row in canonical(bench, source, "consents")) == 6


def test_who_has_no_time_that_can_be_read_counts_without_it(tmp_path: Path) -> None:
    lines = (f"{n},p{n}@example.org,{'in May' if n == 5 else f'2025-01-{n:02d}'}" for n in range(1, 13))
    proposal = propose(written(tmp_path, "members.csv", table("Member No,Email,Joined", *lines)), "shop")
    assert "1 of 12 values of Joined are no date: such rows count without it (`data_type`)" in proposal.doubts
    assert "required" not in proposal.stream["columns"]["Joined"]


@pytest.mark.parametrize("time", ["date_added", "Last visit"])
def test_who_takes_a_yes_back_does_so_from_the_delivery_that_says_so(bench: Bench, tmp_path: Path, time: str) -> None:
    def members(box: str) -> str:
        head = f"customer_id,firstname,email,newsletter,{time}"
        return table(head, "1,Ann,p1@example.org,0,2024-08-26", f"2,Zoe,p2@example.org,{box},2024-01-16")

    found = propose(written(tmp_path / "in", "customers.csv", members("1")), "shop")
    bench.drop("shop/customers.csv", members("1").encode())
    source = loaded(tmp_path, [found])
    load(bench, source)
    bench.drop("shop/customers_2.csv", members("0").encode())
    load(bench, source)
    rows = {row["contact_point"]: row for row in canonical(bench, source, "consents")}
    assert {row["status"] for row in rows.values()} == {"denied"}
    assert all(row["occurred_at"].year > 2024 for row in rows.values())


def test_each_time_of_leaving_is_by_its_channel(tmp_path: Path) -> None:
    head = "Member No,Name,Email,Mobile,Email opt-out date,SMS opt-out date"
    lines = (
        f"{n},Ann Lee,p{n}@example.org,+1212555{1000 + n},2025-02-{1 + n:02d},2025-03-{1 + n:02d}" for n in range(12)
    )
    assert refused(propose(written(tmp_path, "members.csv", table(head, *lines)), "shop")) == {EMAIL, TEXTS}


@pytest.mark.parametrize(
    ("heading", "status"),
    [("Has Hard Bounced", "case when \"Has Hard Bounced\" then 'bounced' else 'active' end"), ("Soft bounced", None)],
)
def test_a_hard_bounce_is_told_of_the_address(tmp_path: Path, heading: str, status: str | None) -> None:
    proposal = proposed(tmp_path, heading)
    (email,) = (map_["set"] for map_ in proposal.stream["maps"] if map_["set"].get("kind") == "'email'")
    assert email.get("status") == status


def test_who_answers_stop_wants_no_more_where_nothing_says_which_way_messages_went(tmp_path: Path) -> None:
    words = ("STOP", "Thanks", "Stopp", "START")
    lines = (f"+1212555{1000 + n},2025-05-{1 + n:02d} 10:00:00,{words[n % 4]}" for n in range(12))
    proposal = propose(written(tmp_path, "sms_replies.csv", table("Phone number,Date,Message", *lines)), "shop")
    (stopped,) = (map_["set"] for map_ in proposal.stream["maps"] if map_["to"] == "consents")
    assert (stopped["channel"], stopped["status"]) == ("'sms'", "'withdrawn'")
    assert stopped["occurred_at"] == "coalesce(Date, delivered_at)"


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("unsubscribedChannelIds", ("[55]", "[]")),
        ("Consent expires", ("never", "after two years")),
        ("Consent withdrawal date", ("in May", "")),
        ("Acconsento a ricevere offerte via SMS", ("Sì", "No")),
        ("Further Contact", ("Yes", "No")),
    ],
)
def test_what_may_refuse_and_is_not_understood_is_told(tmp_path: Path, heading: str, words: tuple[str, str]) -> None:
    proposal = proposed(tmp_path, heading, words=words)
    assert f"{heading} may say who wants advertising: it is left out" in proposal.doubts


@pytest.mark.parametrize(
    ("file", "head", "row", "told"),
    [
        pytest.param("members.csv", "Newsletter,WhatsApp news", "Yes,{yes}", "WhatsApp news", id="beside another flag"),
        pytest.param("members.csv", "status,unsubreason", "{n},", "status", id="a status in numbers"),
        pytest.param("subscribers.csv", "active", "{yes}", "active", id="active subscribers"),
        pytest.param("members.csv", "active", "{yes}", None, id="active members"),
        pytest.param("members.csv", "status", "{n}", None, id="a status of anything"),
    ],
)
def test_what_may_be_consent_by_what_stands_beside_it_is_told(
    tmp_path: Path, file: str, head: str, row: str, told: str | None
) -> None:
    lines = (
        f"{n},p{n}@example.org,2025-01-{1 + n:02d},{row.format(n=n % 4, yes=('Yes', 'No')[n % 2])}" for n in range(12)
    )
    proposal = propose(written(tmp_path, file, table(f"Member No,Email,Joined,{head}", *lines)), "shop")
    doubts = [doubt for doubt in proposal.doubts if "may say who wants advertising" in doubt]
    assert doubts == ([f"{told} may say who wants advertising: it is left out"] if told else [])


def test_a_zero_among_instants_is_none(tmp_path: Path) -> None:
    lines = (f"{n},p{n}@example.org,{1767600000 + n},{(0, 0, 1772700000 + n)[n % 3]}" for n in range(12))
    text = table("id,email,registered,deactivated", *lines)
    proposal = propose(written(tmp_path, "receivers.csv", text), "shop")
    (left,) = (map_ for map_ in proposal.stream["maps"] if map_["to"] == "consents")
    assert (left["set"]["status"], left["where"]) == ("'withdrawn'", "deactivated_instant is not null")
    assert proposal.stream["derive"]["deactivated_instant"] == "to_timestamp(nullif(deactivated, 0))"


def with_times(tmp_path: Path, heading: str, flag: str = "Newsletter", file: str = "members.csv") -> list[Map]:
    """The maps of consent of people of whom some have a time, in the last column, and nearly all say yes."""
    times = [f"2025-03-{1 + n:02d}" if n % 4 == 1 else "" for n in range(12)]
    lines = (
        f"{n},p{n}@example.org,2025-01-{1 + n:02d},{'no' if n == 5 else 'yes'},{time}" for n, time in enumerate(times)
    )
    proposal = propose(written(tmp_path, file, table(f"Member No,Email,Joined,{flag},{heading}", *lines)), "shop")
    return [map_ for map_ in proposal.stream["maps"] if map_["to"] == "consents"]


@pytest.mark.parametrize(
    "heading",
    [
        "Consent withdrawal date", "Date of withdrawal of consent", "Consent refused at", "Newsletter cancelled at",
        "Einwilligung widerrufen am", "Widerruf am", "Austragung", "Consentement retiré le",
        "Date de retrait du consentement", "Fecha de retiro del consentimiento", "Baja newsletter",
        "Data revoca consenso", "Data de descadastro", "Toestemming ingetrokken op", "Datum afmelding",
        "Data cofnięcia zgody", "Data rezygnacji z newslettera", "Odhlášen", "Samtycke återkallat", "Afmeldt",
        "Suostumus peruttu", "Leiratkozott", "Data retragerii consimțământului", "同意撤回日", "수신거부일",
    ],
)  # fmt: skip
def test_who_took_consent_back_has_withdrawn_when_they_did(tmp_path: Path, heading: str) -> None:
    told = [map_["set"] for map_ in with_times(tmp_path, heading)]
    assert [each["status"] for each in told if heading in each["occurred_at"].strip('"')] == ["'withdrawn'"]
    assert [each["occurred_at"] for each in told if each["status"] == "'granted'"] == ["Joined"]


@pytest.mark.parametrize(
    "heading",
    [
        "Cancellation date",
        "Withdrawal date",
        "Fecha de baja",
        "Data rezygnacji",
        "Data de remoção",
        "Peruutuspäivä",
        "해지일",
    ],
)
def test_whoever_may_have_left_is_granted_nothing_and_has_not_withdrawn(tmp_path: Path, heading: str) -> None:
    told = with_times(tmp_path, heading)
    assert {map_["set"]["status"] for map_ in told} == {"'granted'", "'denied'"}
    [granted] = (map_["where"] for map_ in told if map_["set"]["status"] == "'granted'")
    assert granted.endswith(" is null")
    assert heading in granted


@pytest.mark.parametrize("heading", ["Fecha de baja", "Cancellation date", "Data rezygnacji"])
def test_a_subscriber_who_left_has_withdrawn(tmp_path: Path, heading: str) -> None:
    told = [map_["set"] for map_ in with_times(tmp_path, heading, file="subscribers.csv")]
    assert "'withdrawn'" in {each["status"] for each in told if heading in each["occurred_at"]}


@pytest.mark.parametrize(
    "heading",
    [
        "Abmeldung vom Kurs", "Revocation of order", "Order revoked at", "Last withdrawal", "Membership end date",
        "Date de retrait en magasin", "Contract cancelled on", "Data cofnięcia reklamacji", "Widerrufsbelehrung am",
    ],
)  # fmt: skip
def test_what_else_was_taken_back_is_no_word_of_consent(tmp_path: Path, heading: str) -> None:
    told = with_times(tmp_path, heading)
    assert {map_["set"]["status"] for map_ in told} == {"'granted'", "'denied'"}
    assert not [map_ for map_ in told if heading in f"{map_['where']} {map_['set']}"]


@pytest.mark.parametrize(
    ("heading", "granted"), [("email_opted_in_at", {EMAIL}), ("sms opt-in date", {TEXTS}), ("opted_in_at", set())]
)
def test_who_opted_in_at_a_time_permits_since_then_and_who_left_does_not(
    tmp_path: Path, heading: str, granted: set[Word]
) -> None:
    lines = (
        f"{n},Ann Lee,p{n}@example.org,+1212555{1000 + n},{('subscribed', 'unsubscribed', '')[n % 3]},"
        f"{f'2025-02-{1 + n:02d}' if n % 2 else ''}"
        for n in range(12)
    )
    head = f"Member No,Name,Email,Mobile,email_subscribe,{heading}"
    proposal = propose(written(tmp_path, "members.csv", table(head, *lines)), "shop")
    assert permitted(proposal) == granted
    told = [map_ for map_ in proposal.stream["maps"] if map_["to"] == "consents"]
    times = {map_["set"]["occurred_at"].strip('"') for map_ in told if map_["set"]["status"] == "'granted'"}
    assert times == ({heading} if granted else set())
    assert {map_["set"]["occurred_at"] for map_ in told if map_["set"]["status"] == "'withdrawn'"} == {"delivered_at"}


def test_nobody_left_when_they_opted_in(tmp_path: Path) -> None:
    lines = (
        f"{n},p{n}@example.org,+1212555{1000 + n},2025-01-{1 + n:02d},{('subscribed', 'unsubscribed')[n % 2]},"
        f"{f'2025-02-{1 + n:02d}' if n % 3 else ''}"
        for n in range(12)
    )
    text = table("Member No,Email,Mobile,Joined,email_subscribe,Opt-in date", *lines)
    proposal = propose(written(tmp_path, "members.csv", text), "shop")
    assert proposal.kind == "consents"
    [told] = (map_["set"]["occurred_at"] for map_ in proposal.stream["maps"] if map_["to"] == "consents")
    assert told.endswith("in ('withdrawn', 'denied') then delivered_at else \"Opt-in date\" end")


def test_an_order_that_was_taken_back_refuses_no_advertising(tmp_path: Path) -> None:
    lines = (
        f"O{n},2025-01-{1 + n:02d},p{n}@example.org,9.9{n},yes,{f'2025-03-{1 + n:02d}' if n % 3 else ''}"
        for n in range(9)
    )
    text = table("Order ID,Order Date,Email,Total,Accepts Marketing,Widerruf am", *lines)
    proposal = propose(written(tmp_path, "orders.csv", text), "shop")
    told = [map_ for map_ in proposal.stream["maps"] if map_["to"] == "consents"]
    assert {map_["set"]["status"] for map_ in told} == {"'granted'", "'denied'"}
    assert not [map_ for map_ in told if "Widerruf" in map_["where"]]
    assert "Widerruf am may say who wants advertising: it is left out" in proposal.doubts


@pytest.mark.parametrize(
    ("flag", "heading", "ends"),
    [
        ("Marketing consent", "Consent expires", True),
        ("Einwilligung Newsletter", "Einwilligung gültig bis", True),
        ("Consenso marketing", "Data scadenza consenso", True),
        ("Zgoda marketingowa", "Zgoda ważna do", True),
        ("Email consent", "Expires at", True),
        ("Email consent", "SMS consent expires", False),
        ("Email consent", "Membership expires", False),
        ("Newsletter", "Expires at", False),
    ],
)
def test_consent_ends_when_it_is_said_to(tmp_path: Path, flag: str, heading: str, ends: bool) -> None:
    [granted] = (map_["set"] for map_ in with_times(tmp_path, heading, flag) if map_["set"]["status"] == "'granted'")
    assert (granted.get("expires_at") == f'"{heading}"', granted["occurred_at"]) == (ends, "Joined")


def test_whom_a_list_of_suppressions_names_is_granted_nothing_by_its_channel(tmp_path: Path) -> None:
    lines = (
        f"{n},p{n}@example.org,+1212555{1000 + n},2025-01-{1 + n:02d},yes,yes,{('[USER_SUPPRESSED]', '[]')[n % 2]}"
        for n in range(12)
    )
    text = table("Member No,Email,Mobile,Joined,Email opt in,SMS opt in,Email Suppressions", *lines)
    stream = propose(written(tmp_path, "members.csv", text), "shop").stream
    granted = [map_ for map_ in stream["maps"] if map_["set"].get("status") == "'granted'"]
    told = {map_["set"]["channel"]: map_["where"] for map_ in granted}
    assert '"Email Suppressions"' in told["'email'"]
    assert "Suppressions" not in told["'sms'"]


def test_who_has_no_address_takes_consent_back_by_their_number(tmp_path: Path) -> None:
    lines = (f"{n},Ann,Lee,{f'2025-03-{1 + n:02d}' if n % 4 == 1 else ''}" for n in range(12))
    text = table("Customer No,First name,Last name,Consent withdrawn at", *lines)
    stream = propose(written(tmp_path, "customers.csv", text), "shop").stream
    [told] = (map_["set"] for map_ in stream["maps"] if map_["to"] == "consents")
    assert (told["status"], told["occurred_at"]) == ("'withdrawn'", '"Consent withdrawn at"')
    assert "contact_point" not in told
