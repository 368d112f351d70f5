"""What rows say of a person: names, birth, where they live, and how to reach them.

Belongs here: maps of people, whatever else rows tell of. Does not belong here: by what people are known
(`identifying.py`), and of whom a row speaks (`whose.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cdp_assets.sources.proposing import cells, headings, phrases
from cdp_assets.sources.proposing.draft import Draft, Map, Set, among, only_where, quoted, unguarded
from cdp_assets.sources.proposing.roles import NUMBERING_PEOPLE, names_of_companies

_MOSTLY = 0.8
"""So much of the names and towns has to be written so."""

_TURNED = re.compile(r"[^,@]+,\s*[^\W\d_][^,@]*(?:,([^,@]+))?")
"""A name with that of the family first: *Lee, Ann*, *Lee, Ann, Ms*."""

_CODE_AND_TOWN = r"^\s*(?:[A-Za-z]{1,2}-)?(\d{4} ?[A-Z]{2}\b|\d[\d -]*\d)\s+(\D.*)$"

_MOST_KINDS = 6
"""So many kinds of customers somebody tells apart at most."""


def _street(draft: Draft) -> str | None:
    """The first line of an address, with the number of the house if that is apart."""
    street, house = draft.sql("line_1", "street"), draft.of("house_number")
    return f"concat_ws(' ', {street}, {unguarded(draft, house)})" if street and house is not None else street


def _code_and_town(draft: Draft) -> tuple[str, str] | None:
    """The postal code and the town, where one column has both: *10115 Berlin*."""
    column = draft.of("city")
    if column is None or draft.of("postal_code") is not None or not headings.is_code_and_town(column.words):
        return None
    texts = [text for text in draft.sample.columns[column.address] if text]
    if sum(re.search(_CODE_AND_TOWN, text) is not None for text in texts) <= _MOSTLY * len(texts):
        return None
    name = draft.expression(column)
    code, town = (f"nullif(regexp_extract({name}, {quoted(_CODE_AND_TOWN)}, {part}), '')" for part in (1, 2))
    return code, f"coalesce({town}, {name})"


def _with_more(draft: Draft, role: str, *more: str, before: str | None = None) -> str | None:
    """A name with what else belongs to it, if that is apart."""
    name, others = draft.sql(role), [other for each in more if (other := draft.sql(each)) is not None]
    first = draft.sql(before) if before is not None else None
    parts = [part for part in (first, name, *others) if part is not None]
    return f"concat_ws(' ', {', '.join(parts)})" if name and len(parts) > 1 else name


def _family_first(draft: Draft) -> tuple[str, str] | None:
    """The names of which most are written with the family's first, as *Lee, Ann* and *Lee, Ann, Ms* are, and a
    condition for those; None if halves of them are told, or some are those of companies, as *Lee, Inc.*
    """
    column = draft.of("full_name")
    if column is None or draft.of("given_name", "family_name") is not None:
        return None
    texts = [text for text in draft.sample.columns[column.address] if text]
    turned = [found for text in texts if (found := _TURNED.fullmatch(text))]
    if len(turned) <= _MOSTLY * len(texts) or names_of_companies(texts):
        return None
    name, said = draft.expression(column), cells.words_in(found[1] for found in turned)
    # What else may follow tells father and son apart.
    addressed = sorted(said & cells.words_in(cells.said_by(("female", "male"))))
    third = f"(, *({'|'.join(addressed)})[.]?)?" if addressed else ""
    return name, f"regexp_matches(lower(trim({name})), {quoted(f'^[^,]+,[^,]+{third}$')})"


def _full_name(draft: Draft) -> str | None:
    """A name as one text, where it cannot be told in halves."""
    if (turned := _family_first(draft)) is None:
        return _or_as_it_is_read(draft)
    name, condition = turned
    return f"case when not {condition} then {name} end"


def _or_as_it_is_read(draft: Draft) -> str | None:
    """A name or, where a row has none, how it is read, in letters that others can be compared with."""
    name, reading = draft.sql("full_name"), draft.sql("name_reading")
    halves = draft.of("given_name", "family_name") is not None
    return f"coalesce({name}, {reading})" if name and reading else name or (None if halves else reading)


def _half_name(draft: Draft, half: int) -> str | None:
    """The given name of those with the family's first (2), or that of the family (1)."""
    if (turned := _family_first(draft)) is None:
        return None
    name, condition = turned
    return f"case when {condition} then trim(split_part({name}, ',', {half})) end"


def _given_name(draft: Draft) -> str | None:
    """Given names, the middle ones among them: they tell apart who shares the first."""
    return _with_more(draft, "given_name", "middle_name") or _half_name(draft, 2)


def _family_name(draft: Draft) -> str | None:
    """The family name with its particle: that of the father and then that of the mother, and with what tells father and
    son apart.
    """
    parts = _with_more(draft, "family_name", "second_family_name", "name_suffix", before="name_particle")
    return parts or _half_name(draft, 1)


def _birth_date(draft: Draft) -> str | None:
    """The birth date, be it in one column or in three."""
    whole, parts = draft.sql("birth_date"), [draft.sql(role) for role in phrases.BIRTH_PARTS]
    if whole or not all(parts):
        return whole
    return f"try_cast(concat_ws('-', {', '.join(f'cast({part} as varchar)' for part in parts)}) as date)"


def _birth_year(draft: Draft) -> str | None:
    """The year of birth: as it is told or, where there is no date either, by an age and the time it was told at."""
    year, age = draft.sql("birth_year"), draft.sql("age")
    if year or not age or _birth_date(draft):
        return year
    draft.doubt("ages are taken to be those at the last change of a row, or at the delivery that first has it")
    return f"extract(year from {draft.sql('updated_at') or draft.delivery()}) - {age}"


def _gender(draft: Draft) -> str | None:
    """The gender: as it is told, or by how somebody is addressed, with other titles as well (*Herr Dr.*)."""
    column = draft.of("gender", "salutation")
    if column is None:
        return None
    texts = draft.texts(column)
    female, male = (
        among(draft, column, kind, seen=True, more=cells.longer_titles(texts, said))
        for kind, said in zip(cells.genders(texts), ("female", "male"), strict=True)
    )
    return f"case when {female} then 'female' when {male} then 'male' end"


def _with_title(draft: Draft, name: str) -> str:
    """A name with the title of a couple before it (*Mr & Mrs*), as it is neither hers nor his."""
    column = draft.of("salutation")
    texts = draft.texts(column) if column is not None else ()
    if column is None or not any(cells.title_in(text) == "couples" for text in texts):
        return name
    couples = among(draft, column, "couples", seen=True, more=cells.longer_titles(texts, "couples"))
    return f"case when {couples} then concat_ws(' ', {draft.expression(column)}, {name}) else {name} end"


def _status(draft: Draft) -> str | None:
    """Whether an address is known to be dead."""
    bounced = draft.of("bounced")
    if bounced is None or bounced.values.type != "boolean":
        return None
    return f"case when {draft.expression(bounced)} then 'bounced' else 'active' end"


def _are_companies(draft: Draft) -> str | None:
    """A condition for rows whose name is that of a company, where one column has the names of companies and people."""
    company, flag = draft.of("company"), draft.of("is_company")
    if company is not None and company.values.filled:
        return None
    if flag is not None and flag.values.filled:
        return draft.expression(flag) if flag.values.type == "boolean" else among(draft, flag, "yes", seen=True)
    companies, people = ({*cells.says(kind)} for kind in ("organisation", "individual"))
    for column in (*draft.all_of("type"), *draft.all_of("category")):
        texts = draft.texts(column)
        if len(texts) <= _MOST_KINDS and texts & companies and texts & people:
            return among(draft, column, "organisation", seen=True)
    return None


def named(draft: Draft) -> Iterator[Map]:
    """A map of a person's name and birth, for rows that tell of other things: it tells apart who shares an
    address.
    """
    says = draft.given(
        given_name=_given_name(draft),
        family_name=_family_name(draft),
        full_name=_full_name(draft),
        birth_date=_birth_date(draft),
        birth_year=_birth_year(draft),
    )
    if says:
        yield {"to": "contacts", "set": says}


def _known_since(draft: Draft) -> tuple[str, ...]:
    """Roles of when somebody became known: at the consent to letters only who has no number but an address."""
    numbered = draft.of(*NUMBERING_PEOPLE) is not None
    return ("created_at", "started_at", *(() if numbered else ("consented_at",)), "happened_at")


def person(
    draft: Draft, *, where: str | None = None, grain: Sequence[str] = (), id_: str | None = None
) -> Iterator[Map]:
    """Maps for what rows say of a person: name, ways to reach them, address."""

    def entry(to: str, fields: Set, condition: str | None = None) -> Map:
        told: Map = {"grain": list(grain)} if grain else {}
        told |= {"id": id_} if id_ is not None else {}
        return {"to": to, **only_where(where, condition), **told, "set": fields}

    name = draft.of("full_name", "name_reading") or (None if draft.of("family_name") else draft.of("name"))
    if name is not None and name.role == "name" and id_ is not None and name.values.looks & {"code", "numbered"}:
        name = None  # that of an order
    given, family = _given_name(draft), _family_name(draft)
    halves = given and family and _family_first(draft) is None
    full = (
        (_full_name(draft) or draft.unmasked(name, draft.expression(name))) if name is not None and not halves else None
    )
    company, organised = draft.sql("company"), _are_companies(draft)
    if organised is not None and (full or family or given):
        names = [part for part in (full, family, given) if part]
        first = names[0] if len(names) == 1 else f"coalesce({', '.join(names)})"
        company = f"case when {organised} then {first} end"
        given, family, full = (
            part and f"case when not coalesce({organised}, false) then {part} end" for part in (given, family, full)
        )
    given, full = given and _with_title(draft, given), full and _with_title(draft, full)
    language, opinions = draft.sql("language"), draft.of("score", "comment")  # an opinion has a title too
    says = draft.given(
        given_name=given,
        family_name=family,
        full_name=full,
        birth_date=_birth_date(draft),
        birth_year=_birth_year(draft),
        company=company,
        job_title=draft.sql("job_title") or (draft.sql("title") if (family or full) and not opinions else None),
        language=f"split_part({language}, '-', 1)" if language else None,
        timezone=draft.sql("timezone") if id_ is None else None,  # of a sale it is that of the shop
        created_at=draft.sql(*_known_since(draft)),
    )
    if (gender := _gender(draft)) is not None:
        says["gender"] = gender
    if set(says) - {"created_at", "language", "timezone"}:
        yield entry("contacts", says)
    country = draft.sql("country")
    for place, email in enumerate(draft.all_of("email")):
        verified, status = (draft.sql("verified"), _status(draft)) if place == 0 else (None, None)
        told = draft.given(kind="'email'", value=draft.expression(email), verified=verified, status=status)
        yield entry("contact_points", told)
    for phone in draft.all_of("phone"):
        yield entry("contact_points", draft.given(kind="'phone'", value=unguarded(draft, phone), country=country))
    both = _code_and_town(draft)
    town = draft.sql("city", "suburb", "postal_code")
    lives_there = draft.of("postal_code", "line_1", "street", *(("city",) if given or family or full else ()))
    if town is not None and lives_there is not None:
        postal = draft.of("postal_code")
        code = both[0] if both else None if postal is None else unguarded(draft, postal)
        address = draft.given(
            kind="'postal'",
            line_1=_street(draft),
            line_2=draft.sql("line_2"),
            city=both[1] if both else draft.sql("city", "suburb"),
            region=draft.sql("region"),
            postal_code=code,
            country=country,
        )
        yield entry("contact_points", address, f"{town} is not null")
