"""Family names of Koreans: where they stand in a name, and how they are written in Latin letters.

Belongs here: telling them from given names, and their spellings. Does not belong here: the letters of other syllables
(`folding.py`), and comparing names (`names.py`).
"""

from __future__ import annotations

from functools import cache

_SYLLABLE, _OF_TWO = "[\uac00-\ud7a3]", "남궁|황보|제갈|사공|선우|서문|독고|동방"
WRITTEN_AS_ONE = f"({_OF_TWO}|{_SYLLABLE})({_SYLLABLE}{{1,2}})"
"""A whole name without a space: one syllable is the family's, or two of some, and one or two are the given name."""

_WRITTEN = {
    "김": "kim gim", "이": "lee yi rhee", "박": "park pak bak", "최": "choi choe", "정": "jung jeong chung cheong",
    "강": "kang gang", "조": "cho jo", "윤": "yoon yun", "장": "jang chang", "임": "lim im rim yim", "한": "han",
    "오": "oh", "서": "seo suh", "신": "shin sin", "권": "kwon gwon", "황": "hwang", "안": "ahn an", "송": "song",
    "류": "ryu", "유": "yoo yu you", "홍": "hong", "전": "jeon jun chun", "고": "ko go koh", "문": "moon mun",
    "양": "yang", "손": "son sohn", "배": "bae pae", "백": "baek paik back", "허": "heo hur huh", "남": "nam",
    "심": "shim sim", "노": "noh no roh", "하": "ha", "곽": "kwak gwak", "성": "sung seong", "차": "cha",
    "주": "joo ju chu", "우": "woo", "구": "koo gu ku", "나": "na", "민": "min", "진": "jin chin", "지": "ji chi",
    "엄": "um eom", "채": "chae", "원": "won", "천": "chun cheon", "방": "bang pang", "공": "kong gong",
    "현": "hyun hyeon", "함": "ham", "변": "byun byeon", "여": "yeo", "추": "choo chu", "도": "do doh", "소": "so",
    "석": "suk seok", "선": "sun seon", "설": "seol sul", "마": "ma", "길": "gil kil", "연": "yeon", "위": "wi",
    "표": "pyo", "명": "myung myeong", "기": "ki gi", "반": "ban pan", "라": "ra la", "왕": "wang", "금": "keum geum",
    "옥": "ok", "육": "yook yuk", "인": "in", "맹": "maeng", "제": "je", "모": "mo", "탁": "tak", "국": "kook guk",
    "어": "eo", "은": "eun", "편": "pyun pyeon", "용": "yong",
}  # fmt: skip
"""Family names → how they are written, the most usual first."""

USUAL = {name: written.split()[0] for name, written in _WRITTEN.items()}
"""Family names → their most usual spelling."""


@cache
def _usual_by_spelling() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for usual, *others in map(str.split, _WRITTEN.values()):
        for spelling in (usual, *others):
            found.setdefault(spelling, set()).add(usual)
    return {spelling: frozenset(usual) for spelling, usual in found.items()}


def usual_spellings(word: str) -> frozenset[str]:
    """The most usual spellings of the family names that a folded word may be; none where it is no such name."""
    return _usual_by_spelling().get(word, frozenset())
