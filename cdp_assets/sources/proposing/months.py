"""The names of the months, as dates tell them in the languages of the vocabulary.

Belongs here: names and their numbers. Does not belong here: how dates are put together (`dates.py`).
"""

from __future__ import annotations

from functools import cache

from cdp_assets.sources.proposing.phrases import without_accents

IN_ENGLISH = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_IN_OTHER_LANGUAGES = (
    "enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre",
    "janeiro fevereiro março/marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "janvier février/fevrier mars avril mai juin juillet août/aout septembre octobre novembre décembre/decembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januar/jänner februar/feber märz/maerz/mrz april mai juni juli august september oktober november dezember",
    "januari februari maart/mrt april mei juni juli augustus september oktober november december",
    "stycznia/styczeń lutego/luty marca/marzec kwietnia/kwiecień maja/maj czerwca/czerwiec lipca/lipiec "
    "sierpnia/sierpień września/wrzesień października/październik listopada/listopad grudnia/grudzień",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts/mars april maj/mai juni juli august september oktober november december/desember",
    "ledna/leden února/únor března/březen dubna/duben května/květen června/červen července/červenec srpna/srpen září "
    "října/říjen listopadu/listopad prosince/prosinec",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "января/январь февраля/февраль марта/март апреля/апрель мая/май июня/июнь июля/июль августа/август "
    "сентября/сентябрь октября/октябрь ноября/ноябрь декабря/декабрь",
    "січня/січень лютого/лютий березня/березень квітня/квітень травня/травень червня/червень липня/липень "
    "серпня/серпень вересня/вересень жовтня/жовтень листопада/листопад грудня/грудень",
)
"""Twelve names each, with all ways to write one between slashes (Unicode CLDR, `months` of `format` and
`stand-alone`)."""

IN_OTHER_WORDS = tuple(tuple(tuple(name.split("/")) for name in names.split()) for names in _IN_OTHER_LANGUAGES)
"""By language the names of each month."""

_LETTERS = 3
"""A month is told by so many letters at least."""


def month_of(word: str) -> int | None:
    """The number of the month whose name begins as a word does: *Sept*, *juil.*; None if none does, or two do."""
    said = without_accents(word.strip(" ."))
    for letters in range(len(said), _LETTERS - 1, -1):
        if months := _by_beginning().get(said[:letters]):
            return next(iter(months)) if len(months) == 1 else None
    return None


@cache
def _by_beginning() -> dict[str, frozenset[int]]:
    """The months by all beginnings of their names, without accents."""
    found: dict[str, frozenset[int]] = {}
    for names in (tuple((name,) for name in IN_ENGLISH), *IN_OTHER_WORDS):
        for month, ways in enumerate(names, 1):
            for name in map(without_accents, ways):
                for letters in range(_LETTERS, len(name) + 1):
                    found[name[:letters]] = found.get(name[:letters], frozenset()) | {month}
    return found
