"""What there is to compare: the *faces* of each profile.

A face is what one or more records of a profile say of the person: name, birth date, e-mail, phone, address … in a
spelling that can be compared. A profile has as many faces as its records say different things, so that all of them are
compared, not one arbitrary representative, and a customer with a thousand orders is not compared a thousand times.

Belongs here: spelling and gathering. Does not belong here: comparing (`comparisons.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.addresses import is_typed_for_nothing, plain_postcode, plain_street
from cdp_assets.identity.evidence import GENDERS
from cdp_assets.identity.folding import fold, legible, sound
from cdp_assets.identity.korean import USUAL, WRITTEN_AS_ONE
from cdp_assets.identity.name_words import (
    AND_SIGNS,
    BETWEEN_TITLES,
    BOOKED,
    BOOKED_PARTS,
    CONJUNCTIONS,
    FAMILY_FIRST,
    FATHERS,
    FULL_RUN_TOGETHER,
    GENERATIONS,
    GIVEN_RUN_TOGETHER,
    MARIA_CUT_SHORT,
    MARIA_WRITTEN_OUT,
    OF_HOUSEHOLDS,
    PARTICLES,
    PARTICLES_AS_NAMES,
    RANKS,
    RANKS_AS_NAMES,
    SUFFIXES,
    SUFFIXES_AS_FAMILY,
    SUFFIXES_AS_NAMES,
    TITLES,
    TITLES_AS_NAMES,
    TITLES_OF_EITHER,
    UNNAMED,
)
from cdp_assets.identity.nicknames import nickname_groups
from cdp_assets.normalised.birth_dates import born_in
from cdp_assets.sources.proposing.cells import organisation
from cdp_assets.warehouse.operations import trimmed
from cdp_assets.warehouse.subqueries import computed_once

if TYPE_CHECKING:
    import pyarrow as pa

    from cdp_assets.warehouse.engine import Engine

FACES = ibis.schema(
    {
        "face": "int64",
        "label": "int64",
        "given": "string",
        "given_sound": "string",
        "family": "string",
        "whole_name": "string",
        "name_words": "array<string>",
        "is_latin": "boolean",
        "is_given_first": "boolean",
        "nicknames": "array<string>",
        "kin": "array<string>",
        "middle": "array<string>",
        "generation": "string",
        "given_start": "string",
        "family_start": "string",
        "birth_date": "string",
        "birth_year": "string",
        "birth_day": "string",
        "lone_birth_year": "string",
        "gender": "string",
        "number_kinds": "array<string>",
        "numbers": "array<string>",
        "email": "string",
        "mailbox": "string",
        "phone": "string",
        "street": "string",
        "postcode": "string",
        "post_area": "string",
        "city": "string",
        "company": "string",
        "job_title": "string",
    }
)
"""One row a face; ``face`` is the smallest record_id that shows it, ``label`` its group of records."""

_PLAIN = r"^[\x00-\x3e\x40-\x7f]*$"
"""Of plain letters, and none that was lost (`folding.LOST`)."""
_LATIN = r"^[\x00-\x7f]*$"
"""What is folded to Latin letters, as names in scripts that can be compared are."""
_TEXTS = ("full_name", "given_name", "family_name")
_NOT_A_NAME = tuple(sorted(word for word in TITLES | SUFFIXES | PARTICLES if len(word) > 1))
_NO_GIVEN_NAMES = tuple(sorted(TITLES - TITLES_AS_NAMES | SUFFIXES - SUFFIXES_AS_NAMES))
_NO_NAMES = tuple(sorted(TITLES - TITLES_AS_NAMES | SUFFIXES - SUFFIXES_AS_FAMILY | PARTICLES - PARTICLES_AS_NAMES))
"""Words that are no names where nothing else is left of a given name, and of given and family name together."""
_NEVER_NAMES = tuple(sorted(set(RANKS) - RANKS_AS_NAMES))
_GENERATION = rf" ({'|'.join(GENERATIONS)})\b"
_EITHER, _BETWEEN, _AND, _SEVERAL = (
    "|".join(sorted(words)) for words in (TITLES_OF_EITHER, BETWEEN_TITLES, CONJUNCTIONS, OF_HOUSEHOLDS)
)
_OF_TWO = "|".join(
    (
        rf"(?i){AND_SIGNS}|[^ ] +(?:{_AND}) +[^ ]",
        rf"^(?:{_EITHER})[. ]+(?:{_BETWEEN})[. ]+(?:{_EITHER})\b|^(?:{_SEVERAL})[. ]+[^ ]",
    )
)
"""In a given or full name: it is a couple's, and nobody is compared by it."""

_WITH_COMMA, _EASTERN, _KOREAN = r"^([^,]+),(.+)$", f"^{FAMILY_FIRST}$", f"^{WRITTEN_AS_ONE}$"
_NO_GIVEN_NAME = rf"(?i)\b({'|'.join(GENERATIONS)})\b|^({'|'.join(sorted(TITLES | SUFFIXES))})$"
"""What stands after a comma, and is not what somebody is called."""

_UNNAMED = rf"^({'|'.join(sorted(UNNAMED))})\b"
_INITIAL = r"\b[^ ]\b"

_LONGEST = 200
"""Characters of a value that are looked at: what differs only after them is noise, and comparing costs the square."""


def faces(
    contacts: ir.Table, contact_points: ir.Table, numbers: ir.Table | None, labels: ir.Table, engine: Engine
) -> ir.Table:
    """The faces of groups of records.

    Args:
        contacts, contact_points: The canonical tables.
        numbers: `numbers.registered`; null for none.
        labels: record_id, label (its group): the records to show.
        engine: Computes.

    Returns:
        `FACES`; only faces with at least two things to compare.
    """
    said = _names(contacts, engine).outer_join(_reachable(contact_points), "record_id")
    said = said.mutate(record_id=ibis.coalesce(said.record_id, said.record_id_right)).drop("record_id_right")
    said = _numbered(said, numbers)
    known = said.join(labels.select("record_id", "label"), "record_id")
    # Children without a name are like one another, and like whoever else is of their family, as trusts are.
    nobody = known.spoken.re_search(_UNNAMED) | known.spoken.re_search(organisation())
    known = engine.scratch(known.filter(~nobody.fill_null(False)))
    described = _derived(_different(known, engine), engine)
    something = (described.whole_name, described.birth_year, described.email, described.phone, described.postcode,
                 described.city)  # fmt: skip
    amount = sum((value.notnull().cast("int8") for value in something), ibis.literal(0, "int8"))
    return engine.scratch(described.filter(amount >= 2).select(*FACES.names))


def _numbered(said: ir.Table, numbers: ir.Table | None) -> ir.Table:
    """Add number_kinds and numbers."""
    if numbers is None:
        none = ibis.null("array<string>")
        return said.mutate(number_kinds=none, numbers=none)
    return said.left_join(numbers, "record_id").drop("record_id_right")


def _different(known: ir.Table, engine: Engine) -> ir.Table:
    """What the records of each group say, once, with the smallest record that says it (``face``)."""
    compared = [name for name in known.columns if name not in ("record_id", "label")]
    # Most groups have one record: grouping by all that it says would compare it with nothing, at a price.
    sizes = known.group_by("label").aggregate(records=known.count())
    several = engine.scratch(sizes.filter(sizes.records > 1).select("label"))
    alone = known.anti_join(several, "label")
    together = known.semi_join(several, "label")
    shown = together.group_by("label", *compared).aggregate(face=together.record_id.min())
    return alone.select("label", *compared, face="record_id").union(shown.select("label", *compared, "face"))


def _names(contacts: ir.Table, engine: Engine) -> ir.Table:
    """record_id, given_name, family_name, full_name (folded words), birth_date, birth_year, gender, company,
    job_title."""
    said = {name: contacts[name].substr(0, _LONGEST).re_replace(FATHERS, "") for name in _TEXTS}
    texts = {name: trimmed(text).nullif("") for name, text in said.items()}
    for name, run_together in (("given_name", GIVEN_RUN_TOGETHER), ("full_name", FULL_RUN_TOGETHER)):
        text = texts[name]
        texts[name] = ibis.ifelse(text.re_search(run_together), text.replace(".", " "), text)
    gender = contacts.gender.strip().lower().nullif("")
    said = contacts.select(
        "record_id",
        **texts,
        birth_date=contacts.birth_date.cast("string"),
        birth_year=born_in(contacts).cast("string"),
        gender=gender.cases(*GENDERS.items(), else_=gender),
        company=_without_own_name(contacts),
        job_title=_plain(contacts.job_title),
    )
    parted = _parted(computed_once(said))
    of_one = {
        name: ibis.ifelse(parted[name].re_search(_OF_TWO), ibis.null("string"), parted[name])
        for name in ("full_name", "given_name")
    }
    named = computed_once(parted.mutate(**of_one))
    spelled = _spelled(named.select(*_TEXTS), engine)
    for name in _TEXTS:
        folded = spelled.rename({f"{name}_folded": "folded"})
        named = named.left_join(folded, named[name] == folded.text).drop("text", name)
        written = named[f"{name}_folded"].re_replace(MARIA_CUT_SHORT, MARIA_WRITTEN_OUT)
        named = named.mutate(**{name: written}).drop(f"{name}_folded")
    whole = ibis.coalesce(named.given_name + " ", "") + ibis.coalesce(named.family_name + " ", "")
    return named.select(
        "record_id",
        "given_name",
        "family_name",
        "full_name",
        "birth_date",
        "birth_year",
        "gender",
        "company",
        "job_title",
        spoken=(whole + ibis.coalesce(named.full_name, "")).strip().nullif(""),
    )


def _parted(said: ir.Table) -> ir.Table:
    """Names with "Meyer, Anna", MEYER/ANNAMS, 山田 太郎 and 김지혜 in their parts, where nothing else says which is
    which."""
    said = computed_once(said.mutate(full_name=said.full_name.re_replace(BOOKED, BOOKED_PARTS)))
    found = {
        name: said.full_name.re_extract(_WITH_COMMA, part)
        .nullif("")
        .coalesce(said.full_name.re_extract(_EASTERN, part).nullif(""), said.full_name.re_extract(_KOREAN, part))
        for part, name in enumerate(("family", "given"), start=1)
    }
    parts = computed_once(said.mutate(**{name: text.strip().nullif("") for name, text in found.items()}))
    nothing = parts.given_name.isnull() & parts.family_name.isnull()
    told = parts.family.notnull() & parts.given.notnull() & ~parts.given.replace(".", "").re_search(_NO_GIVEN_NAME)
    judged = computed_once(parts.mutate(parted=(nothing & told).fill_null(False)))
    return computed_once(
        judged.mutate(
            full_name=ibis.ifelse(judged.parted, ibis.null("string"), judged.full_name),
            given_name=ibis.ifelse(judged.parted, judged.given, judged.given_name),
            family_name=ibis.ifelse(judged.parted, judged.family, judged.family_name),
        ).drop("family", "given", "parted")
    )


def _spelled(texts: ir.Table, engine: Engine) -> ir.Table:
    """text, folded (null for nothing): each different text of some columns once, since names repeat."""
    columns = [texts.select(text=texts[name]).filter(_.text.notnull()) for name in texts.columns]
    different = engine.scratch(ibis.union(*columns, distinct=True).mutate(plain=_.text.re_search(_PLAIN)))
    foreign = engine.map_values(
        different.filter(~different.plain).select("text"),
        _fold_batch,
        ibis.schema({"text": "string", "folded": "string"}),
    )
    plain = different.filter(different.plain).select("text", folded=_fold_ascii(different.text))
    return engine.scratch(plain.union(foreign).mutate(folded=_.folded.nullif("")))


def _fold_batch(rows: pa.Table) -> pa.Table:
    import pyarrow as pa

    texts = rows["text"].to_pylist()
    folded = [USUAL.get(text) or legible(fold(text)) for text in texts]
    return pa.table({"text": rows["text"], "folded": pa.array(folded, pa.string())})


def _fold_ascii(text: ir.StringValue) -> ir.StringValue:
    """What `folding.fold` makes of plain letters, inside the engine."""
    return (
        text.lower().re_replace(r"['`.]", "").re_replace(r"\d+(st|nd|rd|th)\b", " ").re_replace(r"[^a-z]+", " ").strip()
    )


def _plain(text: ir.StringValue) -> ir.StringValue:
    return text.substr(0, _LONGEST).lower().re_replace(r"[^\pL\pN]+", " ").strip().nullif("")


def _without_own_name(contacts: ir.Table) -> ir.StringValue:
    """What a company is called beside the name of the person, which "Krüger Bau" would count a second time."""
    own = _plain(sum((" " + contacts[name].coalesce("") for name in _TEXTS), ibis.literal("")))
    names = own.coalesce("").split(" ")
    words = _plain(contacts.company).split(" ")
    return words.filter(lambda word: ~names.contains(word)).join(" ").nullif("")


def _reachable(contact_points: ir.Table) -> ir.Table:
    """record_id with one e-mail, one phone and one postal address, each the greatest by value, so that none is chosen
    by the order of arrival."""
    points = contact_points
    postal, value = points.kind == "postal", points.value.substr(0, _LONGEST)

    def part(name: str) -> ir.StringValue:
        return points[name].argmax(points.value, where=postal & points[name].notnull())

    gathered = points.filter(points.kind.isin(["email", "phone", "postal"])).group_by("record_id").aggregate(
        email=value.max(where=points.kind == "email"),
        phone=value.max(where=points.kind == "phone"),
        line_1=part("line_1"),
        postal_code=part("postal_code"),
        city=part("city"),
    )  # fmt: skip
    return gathered.select(
        "record_id",
        email=gathered.email.lower(),
        phone=ibis.ifelse(is_typed_for_nothing(gathered.phone), ibis.null("string"), gathered.phone.right(8)),
        street=plain_street(gathered.line_1.substr(0, _LONGEST)).nullif(""),
        postcode=plain_postcode(gathered.postal_code.substr(0, _LONGEST)).nullif(""),
        city=_plain(gathered.city),
    )  # fmt: skip


def _derived(shown: ir.Table, engine: Engine) -> ir.Table:
    """Add the columns that are parts of others."""
    kept = computed_once(_kept(shown).drop("full_name"))
    none = ibis.literal([], "array<string>")
    parts = [kept[name].coalesce(none) for name in ("own", "of_family", "whole")]
    spoken = computed_once(kept.mutate(words=_some(sum(parts, none)), of_family=parts[1]).drop("whole"))
    # What several columns are made of is written down, or the engine computes it for each of them.
    named = engine.scratch(spoken.mutate(different=spoken.words.unique().sort()))
    callable_by = _called(named.words, named.spoken)
    given = ibis.coalesce(_called(named.own, named.given_name)[0], callable_by[0])
    family = ibis.coalesce(
        named.of_family.join("").nullif(""),
        ibis.ifelse(named.words.length() > 1, named.words[named.words.length() - 1], ibis.null("string")),
    )
    alone = named.own.isnull() & (named.family_name.notnull() | (callable_by.length() < 2))
    parted = engine.scratch(
        named.mutate(
            given=ibis.ifelse(alone, ibis.null("string"), given),
            family=family,
            name_words=_written_out(named.different, named.spoken),
            is_latin=named.spoken.re_search(_LATIN),
            is_ordered=named.given_name.notnull() | named.family_name.notnull(),
        ).drop("words", "own")
    )
    heard = engine.map_values(
        parted.filter(parted.given.notnull()).select("given").distinct(),
        _sound_batch,
        ibis.schema({"given": "string", "given_sound": "string"}),
    )
    parted = parted.left_join(heard, "given").drop("given_right")
    listed = ibis.schema({"nickname": "string", "nicknames": "array<string>", "kin": "array<string>"})
    table = engine.from_arrow(nickname_groups(), listed)
    joined = parted.left_join(table, parted.given == table.nickname)
    families = table.select(of_given="nickname")
    joined = joined.left_join(families, joined.family == families.of_given)
    return joined.mutate(
        is_given_first=joined.is_ordered | (joined.nickname.notnull() & joined.of_given.isnull()),
        middle=_middle(joined),
        whole_name=ibis.ifelse(joined.different.length() > 1, joined.different.join(" "), ibis.null("string")),
        generation=joined.spoken.re_extract(_GENERATION, 1).cases(*GENERATIONS.items()),
        given_start=joined.given.substr(0, 3),
        family_start=joined.family.substr(0, 3),
        lone_birth_year=ibis.ifelse(joined.birth_date.isnull(), joined.birth_year, ibis.null("string")),
        birth_day=joined.birth_date.substr(5, 5),
        mailbox=joined.email.split("@")[0],
        post_area=_post_area(joined.postcode),
    )


def _called(words: ir.ArrayValue, text: ir.StringValue) -> ir.ArrayValue:
    """The words that somebody may be called by: a rank is none, unless it may be a name and all others are initials."""
    named = _without(_NEVER_NAMES, words, text)
    others = _without(RANKS, named, text)
    return ibis.ifelse(_written_out(others, text).notnull(), others, named)


def _written_out(words: ir.ArrayValue, text: ir.StringValue) -> ir.ArrayValue:
    """The words of a text that are no initials."""
    longer = words.filter(lambda word: word.length() > 1)
    return _some(ibis.ifelse(text.re_search(_INITIAL), longer, words))


def _middle(named: ir.Table) -> ir.ArrayValue:
    """First letters of the names between the first and the family's; null if there are none."""
    others = named.different.filter(
        lambda word: (word != named.given) & (word != named.family) & ~named.of_family.coalesce([]).contains(word)
    )
    letters = others.map(lambda word: word.substr(0, 1)).unique()
    known = named.given.notnull() & (named.different.length() > 2)
    return ibis.ifelse(known, _some(letters), ibis.null("array<string>"))


def _some(values: ir.ArrayValue) -> ir.ArrayValue:
    """A list, or null for an empty one."""
    return ibis.ifelse(values.length() > 0, values, ibis.null("array<string>"))


def _kept(shown: ir.Table) -> ir.Table:
    """Add the words of each name without titles, suffixes and particles: own (given names), of_family and whole.

    Where too little is left, all words but those that are never names. Null if there are none.
    """
    names = {
        "own": ("given_name", 1, _NO_GIVEN_NAMES),
        "of_family": ("family_name", 1, ()),
        "whole": ("full_name", 2, _NO_NAMES),
    }
    words = computed_once(
        shown.mutate(
            **{name: _without(_NOT_A_NAME, shown[text].split(" "), shown[text]) for name, (text, _, _) in names.items()}
        )
    )
    left = {
        name: ibis.ifelse(
            words[name].length() < least, _without(never, words[text].split(" "), words[text]), words[name]
        )
        for name, (text, least, never) in names.items()
    }
    enough = computed_once(words.mutate(**left))
    return enough.mutate(**{name: _some(enough[name]) for name in names})


def _without(left_out: tuple[str, ...], words: ir.ArrayValue, text: ir.StringValue) -> ir.ArrayValue:
    """Words of a text but for some, which few texts have: looking into every list takes many times as long."""
    if not left_out:
        return words
    there = text.re_search(rf"\b(?:{'|'.join(left_out)})\b")
    return ibis.ifelse(there, words.filter(lambda word: ~word.isin(left_out)), words)


def _sound_batch(rows: pa.Table) -> pa.Table:
    import pyarrow as pa

    heard = [sound(given) for given in rows["given"].to_pylist()]
    return pa.table({"given": rows["given"], "given_sound": pa.array(heard, pa.string())})


def _post_area(postcode: ir.StringValue) -> ir.StringValue:
    """The part of a postcode that names a town or district: all but the last three characters, at least two."""
    return postcode.substr(0, ibis.greatest(postcode.length() - 3, 2)).nullif("")
