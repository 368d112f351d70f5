"""What headings say of the columns below them: of people, addresses, orders, amounts, times, and whose they are.

Belongs here: questions about one heading. Does not belong here: fitting phrases (`phrases.py`), consent
(`consent_headings.py`), what cells say (`cells.py`), values (`values.py`), and which of several meanings a column has
(`roles.py`).
"""

from __future__ import annotations

import re
from functools import cache

from cdp_assets.sources.proposing import cells
from cdp_assets.sources.proposing.consent_headings import (
    is_end_of_consent,
    is_of_consent,
    is_of_leaving,
    is_of_letters,
    is_taken_back,
    says_no_more_than,
)
from cdp_assets.sources.proposing.phrases import (
    ADDRESS_PARTS,
    CURRENCY,
    NAMES,
    WHOLE,
    WITH_TAX,
    folded,
    is_number,
    known_headings,
    meanings,
    mentions,
    pattern,
    spellings,
    squeezed,
    times_begin,
    without_accents,
    words_of,
)
from cdp_assets.sources.proposing.vocabulary import words_by_kind

_CENTS = re.compile(r"\b(in )?(cents?|pennies|pence|minor( units?)?|centimes|centimos|centavos|grosze|ore)\b")
_UTC = re.compile(r"\b(gmt|utc)\b(?! \d)")
_OF_TIMES = frozenset({"time", "date", "day", "local", "utc", "gmt"})
_CUT_SHORT = 5
"""So many letters a word has at least that stands for a longer one."""
_TOLD_WITHIN = 4
"""So many letters a word has at least that is told within another one."""
_OR = re.compile(r"[/|]|\b(?:o|ou|or|oder|lub)\b", re.IGNORECASE)


def times_of(words: str) -> str | None:
    """The role of a column that holds instants."""
    known = known_headings()
    if next(meanings(words), None) == "birth_date":
        return "birth_date"
    if is_of_leaving(words) or says_no_more_than(words, "taken_back"):
        return "withdrawn_at"
    if is_taken_back(words):
        return None
    if is_end_of_consent(words):
        return "expires_at"
    if (role := times_begin(words.split(), known)) is not None:
        of_letters = role == "created_at" and (is_of_letters(words) or is_of_consent(words))
        return "consented_at" if of_letters else role
    words = _UTC.sub("", words).strip()
    said = words.endswith(" timestamp") and not mentions(words, "loads")
    return "happened_at" if said or is_a_moment(words) else None


def is_a_moment(words: str) -> bool:
    """Whether a name is nothing but that of a time: *Timestamp*, *Datum*."""
    known = known_headings()
    spelled = {squeezed(found) for found in spellings(words.split(), known)}
    return bool(spelled & known.moments)


def is_clock_of(words: str, day: str) -> bool:
    """Whether a time of day may be that of a day on which something was made, by their headings: one of them says
    nothing else, they have a word in common, or both are of when it was made. *Arrival Time* is not of *Booking Date*.
    """
    said, of_day = ({*each.split()} - _OF_TIMES - known_headings().fillers for each in (words, day))
    plain = is_a_moment(day) or len(words.split()) == 1
    return plain or not said or not said.isdisjoint(of_day) or times_of(words) in ("created_at", "happened_at")


def has_tax(words: str) -> bool:
    """Whether an amount of that name has tax in it."""
    said = re.search(r"\b(brutto\w*|brut|lordo|bruto|inc\w* (tax|vat|gst)|(tax|vat|gst) inc\w*|ttc)\b", words)
    return said is not None or WITH_TAX.search(words) is not None


def is_a_share(name: str) -> bool:
    """Whether a heading says that what stands below it is so much of a hundred, and no amount: *Discount %*."""
    return re.search(pattern("shares"), words_of(name.replace("%", " percent "))) is not None


def currency_of(words: str) -> str | None:
    """The ISO 4217 code of the currency that the name of an amount ends with: of ``price usd`` *USD*."""
    found = CURRENCY.search(words)
    return found[1].upper() if found else None


def without_cents(words: str) -> str | None:
    """What is left of the name of an amount that says it is in hundredths, as ``total cents`` and ``amount minor`` do;
    None if it says nothing of that.
    """
    left = " ".join(_CENTS.sub(" ", words).split())
    return left if left and left != words else None


def says_name_or_company(name: str) -> bool:
    """Whether a heading says that people's names stand below it as well as those of companies: *Nome/Razão Social*."""
    parts = [words_of(part) for part in _OR.split(name)]
    words = words_of(name)
    legal = next((legal for legal in words_by_kind()["legal_names"] if words.endswith(f" {legal}")), None)
    if legal is not None:
        parts.append(words.removesuffix(legal).strip())
    either = words in words_by_kind()["names_or_companies"]
    either = either or any({*NAMES, "name"} & set(meanings(part)) for part in parts)
    return either and next(meanings(words), None) == "company"


def says_a_name(words: str) -> bool:
    """Whether a heading says that a name stands below it."""
    return any(part in _words_for_names() for part in words.split())


def is_a_mere_name(words: str) -> bool:
    """Whether a heading says that a name stands below it, of somebody maybe, and not which part of it."""
    said = whose(words).split()
    left = [part for part in words.split() if part not in said and part not in known_headings().fillers]
    return len(left) == 1 and left[0] in _words_for_names()


def part_of_name(words: str) -> str:
    """Which part of a name a heading says to be below it, whosever it is: the role of a half, or that of the whole."""
    said = whose(words).split()
    half = next(meanings(" ".join(part for part in words.split() if part not in said)), None)
    return half if half in ("given_name", "family_name") else "full_name"


def names_an_account(words: str) -> bool:
    """Whether a heading says that names of accounts stand below it, be they companies or what a bank keeps."""
    return words in words_by_kind()["account_names"]


def is_number_of_row(words: str) -> bool:
    """Whether a heading may number rows: it says that numbers below it are names, and not those of telephones."""
    return is_number(words) and "phone" not in meanings(words)


def subject(words: str) -> str:
    """What a number is of, by its heading: *customer* of ``Customer ID``; empty where it only says that it is one."""
    known = known_headings()
    parts = [part for part in words.split() if part not in known.fillers and part not in known.numbers]
    return folded(re.sub(r"(?<=\w\w)(nr|nummer|numero|number)$", "", parts[-1])) if parts else ""


def are_one_word(one: str, other: str) -> bool:
    """Whether two words are one, but for their endings: *customer* and *customers*, *Kunde* and *Kunden*."""
    short, long = sorted((one, other), key=len)
    return long == short or (len(short) >= 4 and long.startswith(short) and len(long) - len(short) <= 2)


def is_of_buyers(words: str) -> bool:
    """Whether words are for whoever buys: customers, or clients."""
    return mentions(words, "buyers")


def is_in_utc(words: str) -> bool:
    """Whether an instant is said to be in UTC, and not by so many hours before or after it: *Created (UTC)*."""
    return _UTC.search(words) is not None


def is_elsewhere(words: str) -> bool:
    """Whether an instant is of something else than the row."""
    return mentions(re.sub(pattern("expiring"), " ", words) if is_end_of_consent(words) else words, "elsewhere")


def is_of_a_period(words: str) -> bool:
    """Whether an instant is when a period began or will end: what was paid for, or is tried out."""
    return mentions(words, "periods")


def is_paid_back(words: str) -> bool:
    """Whether an instant is when something was paid back."""
    return mentions(words, "paid_back")


def is_of_paid_plans(words: str) -> bool:
    """Whether a heading is of what is paid for again and again: a plan, a trial, a billing period."""
    return mentions(words, "paid_plans")


def is_state_of_a_subscription(words: str) -> bool:
    """Whether a heading asks for the state of a subscription, and does not say to what."""
    return bool(words) and {*words.split()} <= {"subscription", "status", "state"}


def is_cancelled(words: str) -> bool:
    """Whether an instant is when something was given up."""
    return mentions(words, "cancelled")


def is_given_up(words: str) -> bool:
    """Whether a heading asks, or says when, something was given up, and nothing else: *Voided*, *cancelled at*."""
    return _asks(words, "void")


def is_given_back(words: str) -> bool:
    """Whether a heading asks if all was paid back, and nothing else: *Refunded?*, *Fully refunded*."""
    return _asks(re.sub(pattern("fully"), " ", words), "refund")


def _asks(words: str, kind: str) -> bool:
    """Whether a heading asks, or says when, something became what one of the words for ``kind`` says."""
    left = re.sub(pattern("orders"), " ", words)
    parts = [part for part in left.split() if part not in words_by_kind()["asking"]]
    return len(parts) == 1 and parts[0] in {without_accents(word) for word in cells.says(kind)}


def is_of_all(words: str) -> bool:
    """Whether a heading says that it asks for all of something: *Fully refunded*."""
    return mentions(words, "fully")


def is_of_others(words: str) -> bool:
    """Whether a column tells of somebody else than the person of the row."""
    told = any(mentions(words, who) for who in ("others", "deliveries", "staff"))
    return told or is_of_receivers(words) or _is_shortened(words)


def apart(words: str) -> str:
    """A heading with a space behind a word for somebody else that is written together with one for an address, a number
    or a name: *guardian email* of ``Guardianemail``.
    """
    return _glued().sub(r"\1 \2", words)


def _is_shortened(words: str) -> bool:
    """Whether an address or a number is that of somebody for whom a word stands that is cut short: *emerg phone*."""
    starts = [part for part in words.split()[:-1] if len(part) >= _CUT_SHORT]
    others = words_by_kind()["others"]
    cut = any(other.startswith(part) for part in starts for other in others if " " not in other)
    return cut and bool({"email", "phone"} & {*meanings(words)})


@cache
def _glued() -> re.Pattern[str]:
    whole = (word for kind in ("others", "staff") for word in words_by_kind()[kind])
    single = sorted((word for word in whole if word.isalpha() and len(word) >= _TOLD_WITHIN), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(single)})(e?mails?|mails?|phone|telephone|tel|mobile|cell|name)(?=\d*\b)")


def is_of_receivers(words: str) -> bool:
    """Whether a column tells to whom something was sent, and not to what somebody consents."""
    return mentions(re.sub(rf"{pattern('consents')} to\b", " ", words), "receivers")


def is_street_of_a_delivery(words: str) -> bool:
    """Whether a column tells in which street something was delivered."""
    if not mentions(words, "deliveries"):
        return False
    where = meanings(" ".join(re.sub(pattern("deliveries"), " ", words).split()))
    return bool({"street", "line_1"} & {*where}) or re.search(r"(adresse|anschrift|strasse)$", words) is not None


def is_of_an_order(words: str) -> bool:
    """Whether a number is said to be that of an order."""
    return mentions(words, "orders")


def is_status_of_an_order(words: str) -> bool:
    """Whether a heading says that the state of an order or of its payment stands below it, and nothing else: *statut de
    la commande*, *Stato pagamento*.
    """
    states = {*words_by_kind()["states_or_regions"], *words_by_kind()["states"]}
    parts = [part for part in words.split() if part not in known_headings().fillers]
    of = [part for part in parts if part not in states]
    return bool(of) and len(of) < len(parts) and all(map(_is_of_sales, of)) and not is_of_payers(words)


def _is_of_sales(word: str) -> bool:
    return mentions(word, "orders") or mentions(word, "paying")


def is_of_a_whole(words: str) -> bool:
    """Whether a count or an amount is said to be that of several things together."""
    return mentions(words, "wholes")


def is_of_a_payment(words: str) -> bool:
    """Whether a number is that of a transaction, which pays for an order or for a part of it."""
    return mentions(words, "payments")


def refers_to_another(words: str) -> bool:
    """Whether a number is that of another transaction or order than the row: *Reference Txn ID*, *Transaction ID of
    the refunded payment*.
    """
    of_another = rf"{pattern('referring')} (.* )?(?:{pattern('payments')}|{pattern('orders')})"
    numbered = rf"(?:{pattern('payments')}|{pattern('orders')}).* {pattern('referring')} (.* )?{pattern('paying')}"
    return re.search(f"{of_another}|{numbered}", words) is not None


def is_unplaced(words: str) -> bool:
    """Whether something is said to be left before it became an order."""
    return mentions(words, "unplaced")


def is_completion(words: str) -> bool:
    """Whether an instant is when something left became an order after all."""
    return mentions(words, "completions")


def is_a_fee(words: str) -> bool:
    """Whether an amount is what a portal or a payment provider keeps."""
    return mentions(words, "fees")


def is_of_a_gift(words: str) -> bool:
    """Whether an amount was given, and nothing bought for it, so that there is no tax on it."""
    return mentions(words, "gifts")


def is_sender(words: str) -> bool:
    """Whether an address is from where something came."""
    return mentions(words, "senders")


def is_called(words: str) -> bool:
    """Whether an address is where something went to."""
    return mentions(words, "called")


def is_of_staff(words: str) -> bool:
    """Whether a column tells of somebody who serves the person of the row."""
    return mentions(words, "staff")


def is_of_place(words: str) -> bool:
    """Whether a column says where something was sold: in which shop, at which till."""
    return mentions(words, "places")


def is_of_till(words: str) -> bool:
    """Whether a column says at which till something was sold."""
    return mentions(words, "tills")


def is_shared(words: str) -> bool:
    """Whether a number is that of something that many rows have in common, such as a currency or a shop."""
    return mentions(words, "shared")


def is_own_address(words: str) -> bool:
    """Whether a heading of an address says of whom it is only what anybody's own can be called: *work e-mail*."""
    known = known_headings()
    plain = known.fillers | known.qualifiers | known.numbers | {folded(word) for word in words_by_kind()["own"]}
    return all(part.isdigit() or part in plain or folded(part) in plain for part in words.split())


def is_of_payers(words: str) -> bool:
    """Whether an address or a number is that of whoever pays, who may be somebody else than the person of the row."""
    return mentions(words, "payers")


def is_of_another_guest(words: str, named: str) -> bool:
    """Whether an address is that of somebody who takes part or comes along, by a word that the name of the person of
    the row does not have: *guest e-mail* beside the name of an invitee.
    """
    return not {*re.findall(pattern("guests"), words)} <= {*re.findall(pattern("guests"), named)}


def whose(words: str) -> str:
    """What is left of a heading without the words that say that it is a name, an address, a number or a birth date:
    *contact 1* of ``Contact 1 E-mail`` and of ``Contact 1 Name``.
    """
    known = known_headings()
    born = known.times["birth_date"]
    return " ".join(
        part
        for part in words.split()
        if part not in _words_of_what_is_known() and not f"{folded(part)} ".startswith(born)
    )


def is_code_and_town(words: str) -> bool:
    """Whether a heading of towns says that postal codes stand before them: *PLZ Ort*."""
    parts = words.split()
    return any("postal_code" in meanings(" ".join(parts[:end])) for end in range(1, len(parts)))


def which_address(words: str) -> str:
    """What is left of a heading of a part of an address without the words that say which part it is: *home* of ``Home
    Street`` and of ``Home Postal Code``, *1* of ``Address 1 - City``, and nothing of ``Address 1`` and ``address1``.
    """
    parts = re.sub(r"(?<=[^\W\d])(?=\d+\b)", " ", words).split()
    if parts and parts[-1].isdigit():
        parts = parts[:-1]
    return " ".join(part for part in parts if part not in _words_of_addresses())


def is_own(address: str) -> bool:
    """Whether what an address is called only says that it is that of the person of the row."""
    return set(address.split()) <= known_headings().qualifiers


def is_second(address: str) -> bool:
    """Whether what an address is called says that another one is more a person's own."""
    return mentions(address, "second_addresses")


def is_of_a_thing(words: str) -> bool:
    """Whether a number is that of a thing, such as a car or a meter, which passes from one person to the next."""
    return mentions(words, "things")


def is_called_a_state(words: str) -> bool:
    """Whether a heading says just *state*, in a word that may also be for a part of a country."""
    known = known_headings()
    return any(" ".join(spelled) in words_by_kind()["states_or_regions"] for spelled in spellings(words.split(), known))


def is_of_a_failed_payment(words: str) -> bool:
    """Whether words say that something went wrong with a payment: *erreur de paiement*."""
    return mentions(words, "errors") and mentions(words, "paying")


def is_of_more_than_an_end(words: str) -> bool:
    """Whether words of a state are of a part, of what was asked for or did not happen, or of something else than an
    order: *return rejected*.
    """
    return mentions(words, "not_given_up")


def is_secret(words: str) -> bool:
    """Whether a column holds what opens an account, pays, or numbers a citizen."""
    return words in words_by_kind()["secrets_whole"] or mentions(words, "secrets")


@cache
def _words_of_what_is_known() -> frozenset[str]:
    """The words that headings of names, addresses and numbers are made of."""
    known = known_headings()
    roles = ("email", "phone", "given_name", "family_name", "second_family_name")
    phrases = [words_of(phrase.removeprefix(WHOLE)) for role in roles for phrase in words_by_kind()["roles"][role]]
    single = {word for phrase in phrases for word in phrase.split()} - {"kind", "caller", "from", "no"}
    return frozenset({*single, "full", "whole", "date"}) | _words_for_names() | known.numbers | known.fillers


@cache
def _words_for_names() -> frozenset[str]:
    return frozenset(map(words_of, words_by_kind()["names"]))


@cache
def _words_of_addresses() -> frozenset[str]:
    """The words that headings of parts of addresses are made of."""
    named = words_by_kind()["roles"]
    phrases = [words_of(phrase.removeprefix(WHOLE)) for role in ADDRESS_PARTS for phrase in named[role]]
    return (
        frozenset(word for phrase in phrases for word in phrase.split() if not word.isdigit())
        | known_headings().fillers
    )
