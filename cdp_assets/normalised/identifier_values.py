"""Identifiers in one spelling: e-mail addresses, phone numbers, and everything else.

Belongs here: the rules for single values, and applying them to the distinct values of a column. Does not belong here:
deciding that a value is a placeholder or shared by too many (`identity/`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.warehouse.engine import Engine

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

EMAIL = "email"
EMAIL_BASE = "email_base"
PHONE = "phone"

_ADDRESS = re.compile(r"[^@\s,;<>\"()*]+@[^@\s,;<>\"()*]+\.[^@\s,;<>\"().*]{2,}")
"""What an address looks like; an asterisk stands for what somebody made unreadable, and the rest is many people's."""
_PLAIN = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$"
"""Most addresses: what `normalise_email` would do to them is to write them in lower case."""

_WHOLE = r"^\+([1-8]|9[0-8]|99[2-68])[0-9]{6,14}$"
"""Numbers in E.164; the shortest that are in use have seven digits, and the nines that are left out are no country."""
_WITHOUT_COUNTRY = r"^[+(]?[0-9][0-9\s()/.\-]*$"

_DOTS_MEAN_NOTHING = frozenset({"gmail.com", "googlemail.com"})
_SAME_PROVIDER = {"googlemail.com": "gmail.com"}
_ABROAD = "00"
"""What most people dial before the code of a country."""
_RENUMBERED = {52: (r"1(\d{10})", r"\1"), 55: (r"(\d\d)([6-9]\d{7})", r"\g<1>9\2")}
"""Code of a country → how mobile numbers were written before its numbering plan changed, and what they are now: Mexico
left out the 1 before them (IFT, 2019), Brazil added a ninth digit (Anatel, resolution 553 of 2010, until 2016)."""
_LONGEST_ADDRESS = 254  # RFC 5321: a path has at most 256 octets, two of them the brackets

_KNOWN = ibis.schema(
    {"known_raw": "string", "known_country": "string", "known_value": "string", "known_base": "string"}
)


def normalise_email(text: str) -> str | None:
    """An e-mail address in lower case and composed Unicode (NFKC), or None if it is none.

    Case is folded in the local part too: no provider in use tells addresses apart by it.
    """
    folded = unicodedata.normalize("NFKC", text).strip().casefold().removeprefix("mailto:")
    folded = unicodedata.normalize("NFC", folded).strip(" <>'\"")
    if len(folded) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(folded) or ".." in folded:
        return None
    return folded


def email_base(email: str) -> str | None:
    """What is left of a normalised address without tag and meaningless dots; None if nothing is different.

    A weaker identifier beside the address, never instead of it: not every provider ignores tags.
    """
    local, _, domain = email.rpartition("@")
    bare = local.partition("+")[0]
    if domain in _DOTS_MEAN_NOTHING:
        bare = bare.replace(".", "")
    base = f"{bare}@{_SAME_PROVIDER.get(domain, domain)}"
    return base if bare and base != email else None


@lru_cache(maxsize=1_000_000)
def normalise_phone(text: str, country: str | None) -> str | None:
    """A phone number in E.164, or None if it is not one that can exist.

    Args:
        text: As typed; a number without a country code needs ``country``. Where only the plus is missing
            (``4915112345678`` in Germany), a mobile number is one, rather than a landline without its zero.
        country: ISO 3166-1 alpha-2 code of the country to dial from.
    """
    import phonenumbers

    region = country.upper() if country else None
    cleaned = text.strip().lstrip("'").strip()
    number = _dialled(cleaned, region)
    if number is None and cleaned.startswith(_ABROAD):
        number = _dialled(f"+{cleaned.removeprefix(_ABROAD)}", None)
    if region and cleaned.startswith(str(phonenumbers.country_code_for_region(region))):
        whole = _dialled(f"+{cleaned}", None)
        if whole is not None and _is_mobile(whole) and not (number is not None and _is_mobile(number)):
            number = whole
    return None if number is None else phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _dialled(text: str, region: str | None) -> PhoneNumber | None:
    """The number that this is where one dials from a region, if it can exist."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    numbers = (number, _renumbered(number))
    return next((each for each in numbers if each is not None and phonenumbers.is_valid_number(each)), None)


def _renumbered(number: PhoneNumber) -> PhoneNumber | None:
    """What a number of an earlier numbering plan has become; None where that is not known."""
    import phonenumbers

    before, after = _RENUMBERED.get(number.country_code or 0, ("", ""))
    national = re.fullmatch(before, str(number.national_number)) if before else None
    if national is None:
        return None
    return phonenumbers.PhoneNumber(country_code=number.country_code, national_number=int(national.expand(after)))


def _is_mobile(number: PhoneNumber) -> bool:
    import phonenumbers

    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def normalise_contact_value(text: str, country: str | None) -> str | None:
    """An e-mail address or a phone number, whichever it is."""
    return normalise_email(text) if "@" in text else normalise_phone(text, country)


def is_address(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text looks as `normalise_email` has an e-mail address."""
    return text.re_search(f"^{_ADDRESS.pattern}$") & ~text.contains("..") & (text.length() <= _LONGEST_ADDRESS)


def is_whole_number(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text looks as `normalise_phone` has a telephone number: it can be dialled from everywhere."""
    return text.re_search(_WHOLE)


def is_number_without_country(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text looks like a telephone number of which nobody knows in which country it can be dialled."""
    return text.re_search(_WITHOUT_COUNTRY) & ~text.re_search(r"^\+[0-9]+$")


def lookup(engine: Engine, kind: str, values: ir.Table) -> ir.Table:
    """Normalise the distinct values of a column.

    Args:
        engine: Runs Python over the distinct values.
        kind: `EMAIL`, `PHONE`, or anything else for "either".
        values: Columns ``raw`` and ``country``, text.

    Returns:
        ``known_raw``, ``known_country``, ``known_value`` (null if it is not valid) and ``known_base`` (for e-mail
        only).
    """

    def normalise(raw: str, country: str | None) -> str | None:
        if kind == EMAIL:
            return normalise_email(raw)
        if kind == PHONE:
            return normalise_phone(raw, country)
        return normalise_contact_value(raw, country)

    def batch(rows: pa.Table) -> pa.Table:
        rows = rows.filter(rows["raw"].is_valid())
        if kind != EMAIL:
            return one_by_one(rows)
        plain = _is_plain(rows["raw"])
        return pa.concat_tables([_in_lower_case(rows.filter(plain)), one_by_one(rows.filter(pc.invert(plain)))])

    def one_by_one(rows: pa.Table) -> pa.Table:
        raws, countries = rows["raw"].to_pylist(), rows["country"].to_pylist()
        found = [normalise(raw, country) for raw, country in zip(raws, countries, strict=True)]
        bases = [email_base(value) if value and kind == EMAIL else None for value in found]
        return pa.table(
            {
                "known_raw": rows["raw"],
                "known_country": rows["country"],
                "known_value": pa.array(found, pa.string()),
                "known_base": pa.array(bases, pa.string()),
            }
        )

    # Nulls go when the values are here: a filter that the engine pushes down would work them out several times.
    return engine.map_values(values.distinct(), batch, _KNOWN)


def _is_plain(raws: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which addresses are plain, and their provider's rules are nobody's own."""
    own = "|".join(map(re.escape, sorted(_DOTS_MEAN_NOTHING | set(_SAME_PROVIDER))))
    plain = pc.and_(pc.match_substring_regex(raws, _PLAIN), pc.less_equal(pc.binary_length(raws), _LONGEST_ADDRESS))
    return pc.and_not(plain, pc.match_substring_regex(raws, f"@({own})$", ignore_case=True))


def _in_lower_case(rows: pa.Table) -> pa.Table:
    return pa.table(
        {
            "known_raw": rows["raw"],
            "known_country": rows["country"],
            "known_value": pc.ascii_lower(rows["raw"]),
            "known_base": pa.nulls(rows.num_rows, pa.string()),
        }
    )
