"""Headings put into words, and what such words mean, by `headings.yaml` and `headings_further.yaml`.

Belongs here: comparing a heading with them. Does not belong here: reading the files (`vocabulary.py`), what cells say
(`cells.py`), values (`values.py`), and which of several meanings a column has (`roles.py`).

Headings are compared without spaces, accents, fillers and the German way of writing umlauts, so that ``Kunden-Nr.``,
``KundenNr`` and ``Kundennr`` are one, and so are ``Währung`` and ``WAEHRUNG``. A phrase fits where a heading *ends*
with its words, and the longest one that does comes first: *utm campaign* is no *campaign*. If none does, words that
only say whose it is (*customer*, *facturation*) are left out of the heading, and it is tried again.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

from cdp_assets.sources.proposing import cells
from cdp_assets.sources.proposing.file_names import without_what_changes
from cdp_assets.sources.proposing.vocabulary import words_by_kind

_ANY_NUMBER = "NO"
_WHOLE = "= "
_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "№": "no"})
_TAXES = r"(?:taxe?s?|vat|gst|mwst|ust|tva|iva|btw|moms|mva|dph|alv)"
_WITH_TAX = re.compile(
    rf"\b(?:(?:inc|incl|including|inkl|with|mit|com|con|c|avec|met|med|z|vc|vcetne|sis) {_TAXES}|"
    rf"{_TAXES} (?:inc|incl|included|including|inclusive|inclus[oae]?|incluid[oa]|comprise?s?|inbegrepen))\b"
)
_WITHOUT_TAX = re.compile(
    rf"\b(?:(?:ex|excl|excluding|exkl|ekskl|zzgl|ohne|without|before|net of|hors|senza|sin|sem|s|zonder|bez) {_TAXES}|"
    rf"{_TAXES} (?:exc?|excl|excluded|excluding|exclusive|exclu[ies]?|excluid[oa]|esclus[oa]))\b"
)
_ZONE = re.compile(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?\b")
_CENTS = re.compile(r"\b(in )?(cents?|pennies|pence|minor( units?)?|centimes|centimos|centavos|grosze|ore)\b")
_OPTED = re.compile(r"\bopt(?:ed)? (in|out)\b")
_UTC = re.compile(r"\b(gmt|utc)\b(?! \d)")
_CURRENCY = re.compile(
    r" (usd|eur|gbp|chf|cad|aud|nzd|jpy|cny|inr|brl|mxn|ars|clp|cop|pln|sek|nok|dkk|czk|huf|ron|try|zar|sgd|hkd|krw)$"
)
"""A currency at the end of what an amount is called."""
_LONGEST = 6
"""So many words a phrase has at most."""
_OF_SEVERAL = re.compile(r"(?<=[^\W\d_])\((s|es|n|en|e|a|in)\)")
"""The ending of a word that may stand for several, or for a woman: ``Nombre(s)``, ``Né(e) le``."""
_BRACKETED = re.compile(r"\s*[(\[（【].*[)\]）】]\s*$")
_OR = re.compile(r"[/|]|\b(?:o|ou|or|oder|lub)\b", re.IGNORECASE)


ADDRESS_PARTS = ("street", "line_1", "line_2", "house_number", "suburb", "city", "region", "postal_code", "country")
"""Roles that make up a postal address."""

BIRTH_PARTS = ("birth_year", "birth_month", "birth_day")
"""Roles that make up a birth date in three columns; of fewer only the year says anything."""


NAMES = ("given_name", "family_name", "full_name")
"""Roles of what people are called."""


_ENDING = ("taken_back", "given_up", "cancelled")
"""Words (keys of the file) for what somebody took back, gave up or cancelled."""

_SAID_OF = ("email", "sms", "whatsapp", "phone", "post", "push", "fax")
"""Channels that headings name (keys that begin with ``by_``)."""


@dataclass(frozen=True)
class _Headings:
    """The file, prepared for looking up."""

    endings: dict[str, tuple[str, ...]]
    wholes: dict[str, tuple[str, ...]]
    fillers: frozenset[str]
    qualifiers: frozenset[str]
    numbers: frozenset[str]
    codes: frozenset[str]
    times: dict[str, tuple[str, ...]]
    moments: frozenset[str]


def words_of(name: str) -> str:
    """The words of a name: ``firstName``, ``FIRST_NAME`` and ``First Name`` are all ``first name``; no accents."""
    spaced = re.sub(r"(?<=\w)\s*#|#\s*(?=\w)", " no ", _OF_SEVERAL.sub("", name))
    spaced = re.sub(r"([^\W_A-Z])([A-Z])", r"\1 \2", spaced)
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", spaced)
    words = re.sub(r"\b(mw|u) st\b", r"\1st", " ".join(re.findall(r"[^\W_]+", _without_accents(spaced))))
    words = re.sub(r"\b(first|last|family|given)(name)\b", r"\1 \2", words)
    return words if words.isascii() else _apart().sub(lambda found: f" {found['end'] or 'name'}", words)


def without_brackets(name: str) -> str:
    """A name without what stands in brackets at its end: of ``Customer Name (English)`` *Customer Name*."""
    return _BRACKETED.sub("", name) or name


def _without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_LETTERS)


def file_words(path: Path) -> list[str]:
    """The words of a file's name without its endings, dates, numbers, and what else changes at its end."""
    stem = without_what_changes(path.name.split(".")[0])
    return [word for word in words_of(stem).split() if not word.isdigit()]


def meanings(words: str) -> Iterator[str]:
    """The roles whose phrases fit the words of a heading, the longest phrase first."""
    known = _headings()
    seen: set[str] = set()
    for role in itertools.chain(_numbered_first(words.split(), known), _fitting(words.split(), known)):
        if role not in seen:
            seen.add(role)
            yield role


def _fitting(parts: Sequence[str], known: _Headings) -> Iterator[str]:
    """The roles of the phrases that a heading ends with, maybe several times."""
    for tried in _spellings(parts, known):
        for length in range(min(len(tried), _LONGEST), 0, -1):
            ending = _squeezed(tried[-length:])
            yield from known.wholes.get(ending, ()) if length == len(tried) else ()
            yield from known.endings.get(ending, ())


def _numbered_first(parts: Sequence[str], known: _Headings) -> Iterator[str]:
    """The roles of what is numbered where a heading begins with that word, and says nothing else: *id customer*; none
    where that is a phrase of a language that writes so.
    """
    if parts[:1] == ["id"] and len(parts) > 1 and _squeezed(parts) not in known.endings:
        turned = _squeezed([*parts[1:], "id"])
        yield from (*known.wholes.get(turned, ()), *known.endings.get(turned, ()))


def _spellings(parts: Sequence[str], known: _Headings) -> Iterator[list[str]]:
    """The heading with its fillers, without them, and without what only says whose it is."""
    said = _WITHOUT_TAX.sub("", _WITH_TAX.sub("", _CURRENCY.sub("", " ".join(parts))))
    parts = said.split() or parts
    plain = [part for part in parts if part not in known.fillers] or list(parts)
    yield list(parts)
    yield plain
    if plain[:1] == ["data"] and not is_number(" ".join(plain)) and _times_begin(plain[1:], known):
        return  # of an order: that is its day
    own = [part for part in plain if part not in known.qualifiers]
    if own:
        yield own
        # What says whose it is also comes last: «téléphone client».
        yield [part.rstrip("0123456789") or part for part in own if not part.isdigit()] or own


def is_just(words: str, role: str) -> bool:
    """Whether a heading says a role and nothing else, but for words that only say whose it is."""
    known = _headings()
    tried = {_squeezed(spelled) for spelled in _spellings(words.split(), known)}
    return any(role in (*known.wholes.get(each, ()), *known.endings.get(each, ())) for each in tried)


def times_of(words: str) -> str | None:
    """The role of a column that holds instants."""
    known = _headings()
    if next(meanings(words), None) == "birth_date":
        return "birth_date"
    if is_of_leaving(words) or _says_no_more_than(words, "taken_back"):
        return "withdrawn_at"
    if is_taken_back(words):
        return None
    if is_end_of_consent(words):
        return "expires_at"
    if (role := _times_begin(words.split(), known)) is not None:
        return role
    words = _UTC.sub("", words).strip()
    said = words.endswith(" timestamp") and not _mentions(words, "loads")
    return "happened_at" if said or is_a_moment(words) else None


def is_a_moment(words: str) -> bool:
    """Whether a name is nothing but that of a time: *Timestamp*, *Datum*."""
    known = _headings()
    spelled = {_squeezed(found) for found in _spellings(words.split(), known)}
    return bool(spelled & known.moments)


def _times_begin(parts: Sequence[str], known: _Headings) -> str | None:
    """The role of instants of which one of some words is the beginning: *opt out* is one."""
    spoken = _spoken(parts)
    return next(
        (role for role, beginnings in known.times.items() if any(part.startswith(beginnings) for part in spoken)), None
    )


def _spoken(parts: Sequence[str]) -> list[str]:
    """Words as they are compared with those that headings of instants begin with."""
    return [f"{_folded(part)} " for part in _OPTED.sub(r"opt\1", " ".join(parts)).split()]


def has_tax(words: str) -> bool:
    """Whether an amount of that name has tax in it."""
    said = re.search(r"\b(brutto\w*|brut|lordo|bruto|inc\w* (tax|vat|gst)|(tax|vat|gst) inc\w*|ttc)\b", words)
    return said is not None or _WITH_TAX.search(words) is not None


def is_a_share(name: str) -> bool:
    """Whether a heading says that what stands below it is so much of a hundred, and no amount: *Discount %*."""
    return re.search(_pattern("shares"), words_of(name.replace("%", " percent "))) is not None


def currency_of(words: str) -> str | None:
    """The ISO 4217 code of the currency that the name of an amount ends with: of ``price usd`` *USD*."""
    found = _CURRENCY.search(words)
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


def names_an_account(words: str) -> bool:
    """Whether a heading says that names of accounts stand below it, be they companies or what a bank keeps."""
    return words in words_by_kind()["account_names"]


def is_number(words: str) -> bool:
    """Whether a heading says that numbers below it are names, by its last word or its first."""
    known = _headings()
    parts = [part for part in words.split() if part not in known.fillers]
    if not parts:
        return False
    last = parts[-1]
    compound = re.fullmatch(r"\w{2,}(nr|nummer|numero|number)", last) is not None
    return compound or last in known.numbers or last in known.codes or (parts[0] in known.numbers and len(parts) <= 3)


def is_number_of_row(words: str) -> bool:
    """Whether a heading may number rows: it says that numbers below it are names, and not those of telephones."""
    return is_number(words) and "phone" not in meanings(words)


def subject(words: str) -> str:
    """What a number is of, by its heading: *customer* of ``Customer ID``; empty where it only says that it is one."""
    known = _headings()
    parts = [part for part in words.split() if part not in known.fillers and part not in known.numbers]
    return _folded(re.sub(r"(?<=\w\w)(nr|nummer|numero|number)$", "", parts[-1])) if parts else ""


def are_one_word(one: str, other: str) -> bool:
    """Whether two words are one, but for their endings: *customer* and *customers*, *Kunde* and *Kunden*."""
    short, long = sorted((one, other), key=len)
    return long == short or (len(short) >= 4 and long.startswith(short) and len(long) - len(short) <= 2)


def is_of_buyers(words: str) -> bool:
    """Whether words are for whoever buys: customers, or clients."""
    return _mentions(words, "buyers")


def is_in_utc(words: str) -> bool:
    """Whether an instant is said to be in UTC, and not by so many hours before or after it: *Created (UTC)*."""
    return _UTC.search(words) is not None


def zone_of(name: str) -> str | None:
    """The IANA zone that a heading names: of ``Created (Europe/London)`` *Europe/London*."""
    return next((found for found in _ZONE.findall(name) if found in available_timezones()), None)


def is_elsewhere(words: str) -> bool:
    """Whether an instant is of something else than the row."""
    return _mentions(re.sub(_pattern("expiring"), " ", words) if is_end_of_consent(words) else words, "elsewhere")


def is_of_a_period(words: str) -> bool:
    """Whether an instant is when a period began or will end: what was paid for, or is tried out."""
    return _mentions(words, "periods")


def is_cancelled(words: str) -> bool:
    """Whether an instant is when something was given up."""
    return _mentions(words, "cancelled")


def is_given_up(words: str) -> bool:
    """Whether a heading asks, or says when, something was given up, and nothing else: *Voided*, *cancelled at*."""
    return _asks(words, "void")


def is_given_back(words: str) -> bool:
    """Whether a heading asks if all was paid back, and nothing else: *Refunded?*, *Fully refunded*."""
    return _asks(re.sub(_pattern("fully"), " ", words), "refund")


def _asks(words: str, kind: str) -> bool:
    """Whether a heading asks, or says when, something became what one of the words for ``kind`` says."""
    left = re.sub(_pattern("orders"), " ", words)
    parts = [part for part in left.split() if part not in words_by_kind()["asking"]]
    return len(parts) == 1 and parts[0] in {_without_accents(word) for word in cells.says(kind)}


def is_of_all(words: str) -> bool:
    """Whether a heading says that it asks for all of something: *Fully refunded*."""
    return _mentions(words, "fully")


def is_of_others(words: str) -> bool:
    """Whether a column tells of somebody else than the person of the row."""
    return is_of_receivers(words) or any(_mentions(words, who) for who in ("others", "deliveries", "staff"))


def is_of_receivers(words: str) -> bool:
    """Whether a column tells to whom something was sent, and not to what somebody consents."""
    return _mentions(re.sub(rf"{_pattern('consents')} to\b", " ", words), "receivers")


def is_street_of_a_delivery(words: str) -> bool:
    """Whether a column tells in which street something was delivered."""
    if not _mentions(words, "deliveries"):
        return False
    where = meanings(" ".join(re.sub(_pattern("deliveries"), " ", words).split()))
    return bool({"street", "line_1"} & {*where}) or re.search(r"(adresse|anschrift|strasse)$", words) is not None


def is_of_an_order(words: str) -> bool:
    """Whether a number is said to be that of an order."""
    return _mentions(words, "orders")


def is_of_a_whole(words: str) -> bool:
    """Whether a count or an amount is said to be that of several things together."""
    return _mentions(words, "wholes")


def is_of_a_payment(words: str) -> bool:
    """Whether a number is that of a transaction, which pays for an order or for a part of it."""
    return _mentions(words, "payments")


def refers_to_another(words: str) -> bool:
    """Whether a number is that of another transaction or order than the row: *Reference Txn ID*."""
    return (
        re.search(rf"{_pattern('referring')} (.* )?(?:{_pattern('payments')}|{_pattern('orders')})", words) is not None
    )


def is_unplaced(words: str) -> bool:
    """Whether something is said to be left before it became an order."""
    return _mentions(words, "unplaced")


def is_completion(words: str) -> bool:
    """Whether an instant is when something left became an order after all."""
    return _mentions(words, "completions")


def is_a_fee(words: str) -> bool:
    """Whether an amount is what a portal or a payment provider keeps."""
    return _mentions(words, "fees")


def is_sender(words: str) -> bool:
    """Whether an address is from where something came."""
    return _mentions(words, "senders")


def is_called(words: str) -> bool:
    """Whether an address is where something went to."""
    return _mentions(words, "called")


def is_of_staff(words: str) -> bool:
    """Whether a column tells of somebody who serves the person of the row."""
    return _mentions(words, "staff")


def is_of_place(words: str) -> bool:
    """Whether a column says where something was sold: in which shop, at which till."""
    return _mentions(words, "places")


def is_of_till(words: str) -> bool:
    """Whether a column says at which till something was sold."""
    return _mentions(words, "tills")


def is_shared(words: str) -> bool:
    """Whether a number is that of something that many rows have in common, such as a currency or a shop."""
    return _mentions(words, "shared")


def is_own_address(words: str) -> bool:
    """Whether a heading of an address says of whom it is only what anybody's own can be called: *work e-mail*."""
    known = _headings()
    plain = known.fillers | known.qualifiers | known.numbers | {_folded(word) for word in words_by_kind()["own"]}
    return all(part.isdigit() or part in plain or _folded(part) in plain for part in words.split())


def is_of_payers(words: str) -> bool:
    """Whether an address or a number is that of whoever pays, who may be somebody else than the person of the row."""
    return _mentions(words, "payers")


def is_of_another_guest(words: str, named: str) -> bool:
    """Whether an address is that of somebody who takes part or comes along, by a word that the name of the person of
    the row does not have: *guest e-mail* beside the name of an invitee.
    """
    return not {*re.findall(_pattern("guests"), words)} <= {*re.findall(_pattern("guests"), named)}


def whose(words: str) -> str:
    """What is left of a heading without the words that say that it is a name, an address, a number or a birth date:
    *contact 1* of ``Contact 1 E-mail`` and of ``Contact 1 Name``.
    """
    known = _headings()
    born = known.times["birth_date"]
    return " ".join(
        part
        for part in words.split()
        if part not in _words_of_what_is_known() and not f"{_folded(part)} ".startswith(born)
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
    return set(address.split()) <= _headings().qualifiers


def is_second(address: str) -> bool:
    """Whether what an address is called says that another one is more a person's own."""
    return _mentions(address, "second_addresses")


def is_of_a_thing(words: str) -> bool:
    """Whether a number is that of a thing, such as a car or a meter, which passes from one person to the next."""
    return _mentions(words, "things")


def is_of_consent(words: str) -> bool:
    """Whether a heading, or what a file is called, speaks of consent to advertising."""
    return _mentions(words, "consents")


def is_of_letters(words: str) -> bool:
    """Whether a heading speaks of advertising by any word that is of nothing else, or of letters."""
    return _mentions(words, "letters")


def is_of_leaving(words: str) -> bool:
    """Whether an instant is when somebody wanted no more advertising: by a word that is for nothing else, or by one for
    what was taken back or given up beside one of consent or letters.
    """
    known = _headings()
    if any(part.startswith(known.times["withdrawn_at"]) for part in _spoken(words.split())):
        return True
    return _is_ended(words) and (is_of_consent(words) or is_of_letters(words))


def may_be_of_leaving(words: str) -> bool:
    """Whether an instant may be that: it says that something was taken back or given up, and not what."""
    return any(_says_no_more_than(words, kind) for kind in _ENDING)


def is_taken_back(words: str) -> bool:
    """Whether a heading speaks of what somebody took back or left, be it consent, an order or a course."""
    return _mentions(words, "taken_back")


def is_end_of_consent(words: str) -> bool:
    """Whether an instant is when consent ends by itself."""
    return _mentions(words, "expiring") and (is_of_consent(words) or is_of_letters(words))


def is_just_an_end(words: str) -> bool:
    """Whether a heading says that something ends by itself, and not what: *valid until*, but not *valid from*."""
    return _says_no_more_than(words, "expiring")


def _is_ended(words: str) -> bool:
    return any(_mentions(words, kind) for kind in _ENDING)


def _says_no_more_than(words: str, kind: str) -> bool:
    """Whether a heading of an instant says one of the words for a kind and nothing else, but by which channel and
    whose it is.
    """
    if not _mentions(words, kind):
        return False
    known = _headings()
    left = re.sub(_pattern(kind), " ", words)
    for channel in _SAID_OF:
        left = re.sub(_pattern(f"by_{channel}"), " ", left)
    plain = known.fillers | known.qualifiers | known.moments
    plain |= {*words_by_kind()["asking"], *words_by_kind()["files"]["subscriptions"]}
    return all({part, _folded(part)} & plain for part in left.split())


def is_of_advertising(words: str) -> bool:
    """Whether a heading speaks of mail or advertising, and not of what was done with a message: unless it asks whether
    to send some.
    """
    done = {*words.split()} & cells.actions().keys() and not _mentions(words, "questions")
    return (_mentions(words, "advertising") or _mentions(words, "letters")) and not done


def is_of_other_consent(words: str) -> bool:
    """Whether a heading asks for consent to something else than advertising: to a treatment, or that data be kept."""
    return _mentions(words, "elsewhere_consented") and not (is_of_advertising(words) or "sms" in channels_said(words))


def channels_said(words: str) -> tuple[str, ...]:
    """The channels that a heading names, as `consents` calls them; of telephones only what comes by them."""
    found = {channel: [each.span() for each in re.finditer(_pattern(f"by_{channel}"), words)] for channel in _SAID_OF}
    every = [span for spans in found.values() for span in spans]
    return tuple(channel for channel, spans in found.items() if any(not _is_part(span, every) for span in spans))


def _is_part(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    """Whether a phrase is part of a longer one that says something else: *correo* of *correo postal*."""
    return any(start <= span[0] and span[1] <= end and (start, end) != span for start, end in others)


def is_of_either_mail(words: str) -> bool:
    """Whether a heading speaks of mail that may be letters or e-mail, and of no other channel."""
    return _mentions(words, "by_either") and {*channels_said(words)} <= {"email"} and not is_of_e_mail(words)


def is_of_e_mail(words: str) -> bool:
    """Whether a heading names e-mail, rather than what may come by it."""
    return re.search(r"\be ?mails?\b", words) is not None


def is_of_telephones(words: str) -> bool:
    """Whether a heading speaks of telephones, by which there are calls as well as messages."""
    return _mentions(words, "telephones")


def is_of_mobiles(words: str) -> bool:
    """Whether a heading speaks of mobile ones, which are more for messages than for calls."""
    return _mentions(words, "mobiles")


def is_of_every_channel(words: str) -> bool:
    """Whether a heading speaks of being contacted at all, however it is done."""
    return _mentions(words, "every_channel")


def is_called_a_state(words: str) -> bool:
    """Whether a heading says just *state*, in a word that may also be for a part of a country."""
    known = _headings()
    return any(
        " ".join(spelled) in words_by_kind()["states_or_regions"] for spelled in _spellings(words.split(), known)
    )


def is_of_a_failed_payment(words: str) -> bool:
    """Whether words say that something went wrong with a payment: *erreur de paiement*."""
    return _mentions(words, "errors") and _mentions(words, "paying")


def is_of_more_than_an_end(words: str) -> bool:
    """Whether words of a state are of a part, of what was asked for or did not happen, or of something else than an
    order: *return rejected*.
    """
    return _mentions(words, "not_given_up")


def is_negated(words: str) -> bool:
    """Whether a heading asks for the opposite of what its other words say: *no newsletter*."""
    return words.startswith("no ") or _mentions(words, "negations")


def is_of_refusals(words: str) -> bool:
    """Whether a file is called a list of those who want no advertising."""
    return _mentions(words, "refusals")


def is_secret(words: str) -> bool:
    """Whether a column holds what opens an account, pays, or numbers a citizen."""
    return words in words_by_kind()["secrets_whole"] or _mentions(words, "secrets")


def called(words: str, kind: str) -> bool:
    """Whether a file's name, as words, says that its rows are of this kind (a key below ``files``)."""
    parts = [_folded(part) for part in words.split()]
    names = [_folded(_without_accents(name)) for name in words_by_kind()["files"][kind]]
    return any(
        part in (name, f"{name}s") or (len(name) > 5 and part.startswith(name)) for part in parts for name in names
    )


def _mentions(words: str, kind: str) -> bool:
    return re.search(_pattern(kind), words) is not None


@cache
def _words_of_what_is_known() -> frozenset[str]:
    """The words that headings of names, addresses and numbers are made of."""
    known = _headings()
    roles = ("email", "phone", "given_name", "family_name", "second_family_name")
    phrases = [words_of(phrase.removeprefix(_WHOLE)) for role in roles for phrase in words_by_kind()["roles"][role]]
    spoken = {word for phrase in phrases for word in phrase.split()} - {"kind", "caller", "from", "no"}
    return frozenset({*spoken, "full", "whole", "date"}) | _words_for_names() | known.numbers | known.fillers


@cache
def _words_for_names() -> frozenset[str]:
    return frozenset(map(words_of, words_by_kind()["names"]))


@cache
def _apart() -> re.Pattern[str]:
    """What words end with that would be a word of its own if their script had spaces, or is a name after a person."""
    ends = "|".join(map(_without_accents, words_by_kind()["ends"]))
    people = "|".join(f"(?<={_without_accents(word)})" for word in words_by_kind()["named_people"])
    names = "|".join(map(_without_accents, words_by_kind()["ends_of_named_people"]))
    return re.compile(rf"(?<=[^\W\d_a-z])(?:(?P<end>{ends})|(?:{people})(?:{names}))\b")


@cache
def _words_of_addresses() -> frozenset[str]:
    """The words that headings of parts of addresses are made of."""
    named = words_by_kind()["roles"]
    phrases = [words_of(phrase.removeprefix(_WHOLE)) for role in ADDRESS_PARTS for phrase in named[role]]
    return frozenset(word for phrase in phrases for word in phrase.split() if not word.isdigit()) | _headings().fillers


@cache
def _pattern(kind: str) -> str:
    spelled = sorted((_without_accents(word) for word in words_by_kind()[kind]), key=len, reverse=True)
    words = (re.escape(word).replace(r"\*", r"\w*") for word in spelled)
    return rf"\b({'|'.join(words)})\b"


@cache
def _headings() -> _Headings:
    content = words_by_kind()
    fillers, numbers, qualifiers, codes = (
        frozenset(map(_without_accents, content[kind])) for kind in ("fillers", "numbers", "qualifiers", "codes")
    )
    endings: dict[str, list[str]] = {}
    wholes: dict[str, list[str]] = {}
    for role, phrases in content["roles"].items():
        for phrase in phrases:
            target = wholes if phrase.startswith(_WHOLE) else endings
            for spelled in _with_numbers(phrase.removeprefix(_WHOLE), numbers):
                target.setdefault(_squeezed(words_of(spelled).split()), []).append(role)
    return _Headings(
        {phrase: tuple(roles) for phrase, roles in endings.items()},
        {phrase: tuple(roles) for phrase, roles in wholes.items()},
        fillers,
        qualifiers,
        numbers,
        codes,
        {
            role: tuple(_folded(_without_accents(beginning)) for beginning in beginnings)
            for role, beginnings in content["times"].items()
        },
        frozenset(_squeezed(_without_accents(moment).split()) for moment in content["moments"]),
    )


def _with_numbers(phrase: str, numbers: frozenset[str]) -> Iterator[str]:
    if _ANY_NUMBER not in phrase.split():
        yield phrase
        return
    for number in numbers:
        yield " ".join(number if part == _ANY_NUMBER else part for part in phrase.split())


def _squeezed(parts: Sequence[str]) -> str:
    return _folded("".join(parts))


def _folded(text: str) -> str:
    return re.sub(r"([aou])e", r"\1", text)
