"""Words in and around names: titles, suffixes, particles, and what names of women, men and relatives have in common.

Belongs here: lists of words and patterns, for Python and for the engine. Does not belong here: reading names with them
(`names.py`, `linkage/faces.py`), and nicknames (`nicknames.py`).
"""

from __future__ import annotations


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


TITLES = _listed(
    "mr mrs ms miss mx sir dame dr prof professor herr frau hr fr dipl ing med rer nat phd msc bsc mba mag "
    "mme mlle monsieur madame mademoiselle sr sra srta don dona sig sigra signor signora dott kos kyria kyrios "
    "smt shri sri shree kumari mstr mevr mevrouw mw dhr heer"
)
TITLES_AS_NAMES = _listed("don nat med ing mag kos sri shree kumari")
"""Titles that people are called, too: without a dot, and where nothing else is left of a name, they are names."""

SUFFIXES_AS_FAMILY = _listed("filho neto sobrinho")
"""Suffixes that are family names as well, where nothing else is left of one: son, grandson and nephew."""
SUFFIXES = _listed("jr sr junior senior ii iii iv phd md dds dvm cpa esq esquire") | SUFFIXES_AS_FAMILY
SUFFIXES_AS_NAMES = _listed("junior md")
"""Suffixes that people are called."""

GENERATIONS = {
    **dict.fromkeys(("jr", "junior", "ii", "filho"), "jr"),
    "neto": "neto",
    "sobrinho": "sobrinho",
    **dict.fromkeys(("sr", "senior"), "sr"),
    "iii": "iii",
    "iv": "iv",
}
"""Suffixes that tell people of one name in one family apart. A son is Jr or II; Jun and Sen are only with a dot."""

WOMENS_TITLES = _listed(
    "mrs ms miss frau mme mlle madame mademoiselle sra srta dona sigra signora kyria smt kumari mevr mevrouw mw"
)
MENS_TITLES = _listed("mr mstr sir herr monsieur don signor kyrios dhr shri sri shree")
"""Titles that say of whom a name is, before it."""

FATHERS = r"(?i)[ ,]+[sdwch]/o\b.*$"
"""Behind a name, whose son, daughter, wife, child or husband it is of: S/O, D/O, W/O, C/O, H/O."""

BOYS, GIRLS = _listed("boy male babyboy bb knabe junge"), _listed("girl female babygirl bg madchen maedchen")
UNNAMED = _listed(
    "baby newborn infant neonate babyboy babygirl bb bg nb twin neugeborenes saugling saeugling bebe nouveaune"
)
"""Words for a child that has no name yet, which say nothing of who it is: brothers and sisters are all called so.
Hospitals write BB and BG for baby boy and baby girl, and else they are initials."""

RANKS = tuple(
    sorted(
        _listed(
            "lord lady duke duchess earl count countess baron baroness baronet bt viscount viscountess marquess "
            "marquis rev revd reverend hon rt very capt captain maj major col colonel gen general lt lieutenant sgt "
            "sergeant adm admiral bishop archbishop sister brother father fr prof king queen prince princess saint st"
        )
    )
)
"""Words before a name that may also be names: nobody is called by them where another word is there."""

RANKS_AS_NAMES = _listed("king prince princess major earl duke baron bishop marquis")
"""Ranks that children are named: "King L." has no other name."""

PARTICLES = _listed(
    "von van vom zu zum zur der den de des del della di da do dos das du la le les el al bin ibn bint binti af av ten "
    "ter op y e und"
)
PARTICLES_AS_NAMES = _listed("al les di della")
"""Particles that people are called: Al Osgood has a given name."""

PARTICLES_OF_SECONDS = _listed("de del la las los")
"""Particles before second given names: María del Carmen is María Carmen."""

NO_NAMES_OF_ORGANISATIONS = _listed("the of")

CONJUNCTIONS, AND_SIGNS = _listed("and und et och og"), "[&+]"
"""Words, and a pattern of signs, between the given names of two people; no part of a name, as Spanish "y" is of a
family name."""

TITLES_OF_EITHER, BETWEEN_TITLES = WOMENS_TITLES | MENS_TITLES | _listed("sr sig dr prof m"), _listed("y e en u i")
"""How a couple is addressed, and what else stands between its titles: M. et Mme, Sr. y Sra., Herr u. Frau."""
OF_HOUSEHOLDS = _listed("eheleute ehepaar messrs family familie famille familia famiglia fam")
"""Words before the name of more than one person."""

WOMENS_SECONDS, MENS_SECONDS = _listed("maria marie"), _listed("jose jesus")
"""Names that men bear as the second one, and that women do; nobody of them is called by it: José María, María José."""
BEFORE_WOMENS_SECONDS = _listed("anne rose")
"""Names of women that do not end in *a*, beside which the second one is a woman's."""

FAMILIES_FIRST = _listed("nguyen tran pham huynh hoang phan dang bui duong truong trinh dinh luong")
"""Vietnamese family names, which stand before other names, and of which none is a given name elsewhere: what people are
called stands last."""

FIRSTS_OF_MANY = _listed(
    "mohammed muhammad mohammad mohamed mohamad muhammed md mohd muhd maria jose abdul abdel abdur"
)
"""First names that tell nobody apart where a further one follows, by which people are called."""

_SECONDS = (
    "amparo angela angeles angelica antonia asuncion aurora begona belen carmen christina concepcion consuelo corazon "
    "cristina dolores elena encarnacion esperanza esther eugenia fernanda gracia guadalupe inmaculada isabel jesus "
    "jose josefa lourdes luisa luz mar mercedes milagros montserrat nieves paz pilar remedios rosa rosario "
    "socorro soledad teresa theresa victoria"
)
MARIA_CUT_SHORT = rf"\bma ((?:(?:de|del|la|las|los) )*(?:{_SECONDS.replace(' ', '|')}))\b"
MARIA_WRITTEN_OUT = r"maria \1"
"""María as it is written before other names, folded: "Ma. Carmen", while a Ma beside other words may be Chinese."""

VOWELS = "aeiouy"
MENS_ENDINGS = ("o", "i", "is", "le", "nte")
"""Endings of men's names; a woman's has an *a* in place of the last letter: Julio and Julia, Sotiris and Sotiria."""
MENS_ENDINGS_OF_TWO = ("os", "is", "us")
"""Endings of men's names in place of which a woman's has an *a*: Konstantinos and Konstantina."""
SHORT = 5
"""Letters of a given name in which another consonant makes another name: Kasia and Basia, Esma and Esra."""
LEAST_WRITTEN = 4
"""Letters of a given name that may be misspelt: Jun is not Jan, nor Juan."""
FAMILY_ENDINGS = (("ki", "ka"), ("ky", "ka"), ("ny", "na"), ("ov", "ova"), ("ev", "eva"), ("in", "ina"))
"""Endings of a family name as men bear it, and as women do: Majewski and Majewska, Ivanov and Ivanova."""
WIVES_ENDING = "ne"
"""What Hungarians add to a man's name for that of his wife: Nagy Istvánné is married to Nagy István."""

_EASTERN = "[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
FAMILY_FIRST = f"({_EASTERN}+)[ \u3000]+({_EASTERN}+)"
"""Names in Chinese, Japanese and Korean letters with a space: the family's comes first."""

_RUN_TOGETHER = r"^(?:\pL\.){2,}"
GIVEN_RUN_TOGETHER, FULL_RUN_TOGETHER = _RUN_TOGETHER, rf"{_RUN_TOGETHER} *\pL\pL"
"""Given names, and whole names, that begin with initials without a space between them: "S.S.", "J.R.R. Tolkien"."""

BOOKED = r"^([A-Z][A-Z' -]+)/ *(?:([A-Z][A-Z' -]*?[A-Z]) ?(?:MR|MRS|MS|MISS|MSTR|CHD|INF)|([A-Z']+))$"
BOOKED_PARTS = r"\1, \2\3"
"""Names as systems of bookings write them, "SMITH/JOHNMR", and what to write for them."""
