"""Names in the scripts of the demo's countries, and how other systems spell the same person.

Belongs here: pools of names, transliteration, nicknames. Does not belong here: typing errors (`typing_errors.py`), or
who bears which name (`people.py`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.places import COUNTRIES
from cdp_assets.demo.text import Ints, Texts, texts

_NICKNAMES = """
Abigail:Abby Albert:Bert Alexander:Alex Alexandra:Alex Alfred:Fred Allison:Allie Amanda:Mandy Andrea:Andi
Andreas:Andi Andrew:Andy Anthony:Tony Arthur:Art Benjamin:Ben Bernhard:Bernd Bradley:Brad Caroline:Caro
Catherine:Cathy Charles:Charlie Charlotte:Lottie Christian:Chris Christina:Tina Christine:Chris Christoph:Chris
Christophe:Chris Christopher:Chris Clifford:Cliff Cynthia:Cindy Daniel:Dani Daniela:Dani Deborah:Debbie Debra:Deb
Dennis:Denny Dominik:Nick Dominique:Dom Donald:Don Dorothea:Doro Dorothy:Dot Douglas:Doug Eduard:Edi Edward:Ted
Eleanor:Ellie Elisabeth:Lisa Elizabeth:Liz Emanuel:Manu Emmanuel:Manu Emmanuelle:Manu Eugene:Gene Ferdinand:Ferdi
Florian:Flo Frances:Fran Francis:Frank Franziska:Franzi Frederick:Fred Friedrich:Fritz Frédéric:Fred Frédérique:Fred
Gabriele:Gabi Gabrielle:Gaby Georg:Schorsch Gerald:Gerry Geraldine:Gerry Gertrud:Trude Gregory:Greg Grégoire:Greg
Guillaume:Guy Günter:Günni Hannelore:Hanne Hans:Hansi Harold:Harry Isabelle:Isa Jacob:Jake Jacqueline:Jackie
Jakob:Jockel James:Jim Janet:Jan Janina:Nina Jasmine:Jas Jeffrey:Jeff Jennifer:Jenny Jeremy:Jerry Jessica:Jess
Johanna:Hanna Johannes:Hannes Jonathan:Jon Josef:Sepp Joseph:Joe Joshua:Josh Judith:Judy Julia:Jule Karl-Heinz:Kalle
Katharina:Kathi Katherine:Kate Kathleen:Kathy Kathrin:Kathi Kathryn:Kathy Kenneth:Ken Kimberly:Kim Kornelia:Conny
Kristen:Kris Kristina:Tina Lawrence:Larry Leonard:Len Leslie:Les Lillian:Lily Madeleine:Mado Magdalena:Lena
Manfred:Manni Manuel:Manu Manuela:Manu Margaret:Maggie Margarete:Grete Margarethe:Grete Marguerite:Margot Maria:Mia
Markus:Max Martin:Marty Martina:Tina Matthew:Matt Matthias:Matze Maximilian:Max Megan:Meg Melissa:Mel Michael:Michi
Michaela:Michi Michelle:Shelly Mitchell:Mitch Mohammed:Mo Nathalie:Nat Nathan:Nate Nicholas:Nick Nicola:Nicky
Nicolas:Nico Oliver:Ollie Pamela:Pam Patricia:Pat Patrick:Pat Peter:Pete Philip:Phil Philipp:Phil Philippe:Phil
Phillip:Phil Rachel:Rach Raymond:Ray Rebecca:Becky Reinhard:Reini Richard:Rick Robert:Bob Ronald:Ron Rosemarie:Rosi
Rudolf:Rudi Russell:Russ Samantha:Sam Samuel:Sam Sandra:Sandy Sebastian:Basti Siegfried:Sigi Sigrid:Sigi
Sophia:Sophie Stefan:Steff Stefanie:Steffi Stephan:Steff Stephanie:Steffi Stephen:Steve Steven:Steve Stéphanie:Steph
Susan:Sue Susanne:Susi Suzanne:Suzie Sébastien:Seb Terence:Terry Teresa:Terri Theodor:Theo Theresa:Terri Thomas:Tom
Théodore:Théo Timothy:Tim Tobias:Tobi Ulrich:Uli Ulrike:Uli Ursula:Uschi Valentina:Tina Valentine:Val Valerie:Val
Valérie:Val Veronika:Vroni Victoire:Vic Victoria:Vicky Viktoria:Vicky Vincent:Vince Véronique:Véro Walter:Walt
Wilhelm:Willi William:Bill Wolfgang:Wolf Xavier:Xav Zachary:Zach Édouard:Ed
"""

NICKNAMES: dict[str, str] = dict(pair.split(":") for pair in _NICKNAMES.split())
"""Given name → a nickname its bearers use."""

_GREEK = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
_GREEK_PAIRS = {"ου": "ou", "αυ": "av", "ευ": "ev", "μπ": "b", "γγ": "ng", "γκ": "gk"}
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya",
}  # fmt: skip
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


def romanised(name: str) -> str:
    """A Greek or Bulgarian name in Latin letters, by ELOT 743 and the Bulgarian streamlined system, simplified.

    Names in Latin letters come back unchanged; Japanese ones are not handled here (Faker gives both spellings).
    """
    plain = "".join(mark for mark in unicodedata.normalize("NFD", name) if unicodedata.category(mark) != "Mn")
    lower = unicodedata.normalize("NFC", plain).lower()
    if not re.search(r"[\u0370-\u04ff]", lower):
        return name
    for pair, latin in _GREEK_PAIRS.items():
        lower = lower.replace(pair, latin)
    latin = "".join(_GREEK.get(letter, _CYRILLIC.get(letter, letter)) for letter in lower)
    return re.sub(r"(^|[\s-])(\w)", lambda match: match[1] + match[2].upper(), latin)


def ascii_only(name: str) -> str:
    """A Latin name without umlauts and accents (Müller → Mueller, Zoé → Zoe)."""
    decomposed = unicodedata.normalize("NFKD", name.translate(_GERMAN))
    return "".join(mark for mark in decomposed if mark.isascii())


def western(name: str) -> str:
    """A Latin name in letters that ISO 8859-1 has."""
    return "".join(letter if ord(letter) < 256 else ascii_only(letter) for letter in name)


@dataclass(frozen=True)
class NamePool:
    """Names of all countries in parallel arrays.

    Args:
        native: As their bearers write them.
        latin: In Western letters (ISO 8859-1).
        plain: In ASCII.
        slug: In lower-case ASCII letters only, for e-mail addresses.
        nickname: A nickname in Latin letters; empty where there is none.
        start: For each country (and gender, for given names: female then male), where its names start; one more at
            the end.
    """

    native: Texts
    latin: Texts
    plain: Texts
    slug: Texts
    nickname: Texts
    start: Ints

    @classmethod
    def of(cls, groups: list[list[tuple[str, str]]]) -> NamePool:
        """Make a pool of groups of (native, Latin) names."""
        names = [name for group in groups for name in group]
        latin = [western(name) for _, name in names]
        plain = [ascii_only(name) for name in latin]
        starts = np.concatenate(([0], np.cumsum([len(group) for group in groups])))
        return cls(
            native=texts([name for name, _ in names]),
            latin=texts(latin),
            plain=texts(plain),
            slug=texts([re.sub(r"[^a-z]", "", name.lower()) or "x" for name in plain]),
            nickname=texts([NICKNAMES.get(native, "") for native, _ in names]),
            start=starts,
        )

    def draw(self, rng: np.random.Generator, group: Ints) -> Ints:
        """A name of each group given; names that have a nickname are three times as common, as they are in life."""
        has_nickname = np.array([bool(text) for text in self.nickname.to_pylist()])
        weight = np.where(has_nickname, 3.0, 1.0)
        cumulative = np.concatenate(([0.0], np.cumsum(weight)))
        low, high = cumulative[self.start[group]], cumulative[self.start[group + 1]]
        place = low + rng.random(len(group)) * (high - low)
        return np.asarray(np.searchsorted(cumulative, place, side="right") - 1)


def pools(seed: int) -> tuple[NamePool, NamePool]:
    """The given names (a group a country and gender) and family names (a group a country), same for the same seed."""
    from faker import Faker

    given: list[list[tuple[str, str]]] = []
    family: list[list[tuple[str, str]]] = []
    for country in COUNTRIES:
        fake = Faker(country.locale)
        fake.seed_instance(seed)
        if country.code == "JP":
            given.append(sorted({_japanese(fake.first_name_female_pair()) for _ in range(300)}))
            given.append(sorted({_japanese(fake.first_name_male_pair()) for _ in range(300)}))
            family.append(sorted({_japanese(fake.last_name_pair()) for _ in range(600)}))
            continue
        given.append(_both(sorted({fake.first_name_female() for _ in range(1200)})))
        given.append(_both(sorted({fake.first_name_male() for _ in range(1200)})))
        family.append(_both(sorted({fake.last_name() for _ in range(2500)})))
    return NamePool.of(given), NamePool.of(family)


def _both(names: list[str]) -> list[tuple[str, str]]:
    return [(name, romanised(name)) for name in names]


def _japanese(pair: tuple[str, str, str]) -> tuple[str, str]:
    return pair[0], pair[2]
