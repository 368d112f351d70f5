"""Files in the encodings of the systems that export them are read as what they say, and so they are proposed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.sources.encodings import ENCODINGS, encoding_fault
from cdp_assets.sources.errors import WrongEncodingError
from cdp_assets.sources.proposing.propose import propose
from cdp_assets_tests.sources.shop import Bench, content, orders, row, shop
from cdp_assets_tests.sources.test_definitions import only_problem
from cdp_assets_tests.sources.test_proposing import written

TEXTS = {
    "cp932": "会員番号,氏名,フリガナ,住所\n1,山田太郎,ﾔﾏﾀﾞ,東京都渋谷区１丁目\n2,鈴木花子,ｽｽﾞｷ,大阪府大阪市\n",
    "euc-jp": "会員番号,氏名,フリガナ,住所\n1,山田太郎,ヤマダ,東京都渋谷区\n2,鈴木花子,スズキ,大阪府大阪市\n",
    "gb18030": "客户编号,姓名,城市,地址\n1,李伟,上海,浦东新区世纪大道\n2,王芳,北京,朝阳区建国路\n",
    "big5": "客戶編號,姓名,城市,地址\n1,陳大文,台北市,中山北路\n2,林小明,高雄市,中正路\n",
    "cp949": "고객번호,이름,주소\n1,김민준,서울특별시 강남구\n2,이서연,부산광역시 해운대구\n",
    "cp1250": "Číslo zákazníka;Jméno;Příjmení;Město\n1;Jiří;Dvořák;Plzeň\n2;Žaneta;Šťastná;Třebíč\n",
    "iso8859-2": "Numer;Imię;Nazwisko;Miasto\n1;Małgorzata;Wiśniewska;Łódź\n2;Paweł;Źródłowski;Świdnica\n",
    "cp1251": "Номер;Имя;Фамилия;Город\n1;Иван;Петров;Москва\n2;Анна;Смирнова;Казань\n",
    "cp1253": "Κωδικός;Όνομα;Επώνυμο;Πόλη\n1;Γιώργος;Παπαδόπουλος;Αθήνα\n2;Ελένη;Αγγέλου;Πάτρα\n",
    "cp1254": "Müşteri No;Ad;Soyad;Şehir\n1;Ayşe;Yıldız;İzmir\n2;Gökhan;Öztürk;Eskişehir\n",
    "cp1255": "מספר;שם;עיר\n1;דוד לוי;חיפה\n2;שרה כהן;ירושלים\n",
    "cp1256": "رقم العميل,الاسم,المدينة\n1,محمد علي,دبي\n2,فاطمة حسن,أبوظبي\n",
    "cp850": "Kundennr;Vorname;Nachname;Straße\n1;Jürgen;Müller;Königsweg\n2;Käthe;Weiß;Grüne Straße\n",
    "latin-1": "Kundennr;Vorname;Nachname;Ort\n1;Jürgen;Müller;Köln\n2;Zoë;Weiß;Düsseldorf\n",
    "iso8859-15": "Nº client;Prénom;Nom;Montant\n1;André;Lefèvre;12,50 €\n2;Chloé;Dupré;8,00 €\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_is_told_by_the_letters_of_a_text(tmp_path: Path, encoding: str) -> None:
    found = propose(written(tmp_path, "list.csv", TEXTS[encoding], encoding), "shop")
    assert found.stream.get("encoding") == encoding
    assert list(found.sample.columns) == TEXTS[encoding].split("\n")[0].replace(";", ",").split(",")


@pytest.mark.parametrize("word", ["Zoë", "Łódź", "ñ", "½", "Ærø", "naïve", "Þór"])
def test_where_little_tells_it_is_latin_1_with_a_doubt(tmp_path: Path, word: str) -> None:
    file = written(tmp_path, "list.csv", b"id,name\n1," + word.encode("cp1252", "replace") + b"\n2,\xe9\n")
    found = propose(file, "shop")
    assert found.stream["encoding"] == "latin-1"
    assert any("taken for Latin-1" in doubt for doubt in found.doubts)


def test_a_few_damaged_lines_do_not_make_a_file_one_in_another_encoding(tmp_path: Path) -> None:
    sound = "id,name\n" + "".join(f"{number},Zoë\n" for number in range(20))
    found = propose(written(tmp_path, "list.csv", sound.encode() + b"21,Zo\xeb\n"), "shop")
    assert "encoding" not in found.stream
    assert "1 of its lines are not utf-8: they are refused" in found.doubts
    garbled = TEXTS["cp932"].encode("cp932") + b"3,\xff,,\n"
    assert propose(written(tmp_path, "kaiin.csv", garbled), "shop").stream["encoding"] == "cp932"


@pytest.mark.parametrize("format", ["csv", "jsonl", "json"])
def test_a_file_is_read_in_the_encoding_of_its_contract(bench: Bench, format: str) -> None:
    said = "表示ソ能@example.org"  # letters with a byte that is a backslash or a bar elsewhere
    bench.drop("shop/orders.1", content(format, [row("1", email=said)]).decode().encode("cp932"))
    assert not bench.ingest(orders(format, encoding="cp932")).failed
    assert [each["email"] for each in bench.raw()] == [said]


def test_a_line_that_is_not_in_the_encoding_is_a_broken_row_among_sound_ones(bench: Bench) -> None:
    rows = content("csv", [row("1", email="김@example.org"), row("2", email="이@example.org")]).decode()
    bench.drop("shop/orders.1", rows.encode("cp949") + b"3,2026-01-05,1,\xff\n")
    assert not bench.ingest(orders("csv", encoding="cp949")).failed
    assert [each["email"] for each in bench.raw()][:2] == ["김@example.org", "이@example.org"]
    assert bench.raw()[2]["parse_error"] == "it has bytes that are not cp949"


def test_a_file_in_another_encoding_is_refused(bench: Bench) -> None:
    bench.drop("shop/orders.1", content("csv", [row("1", email="ü@example.org")]).decode().encode("cp1252"))
    (error,) = bench.ingest(orders("csv", encoding="cp949")).failed
    assert isinstance(error, WrongEncodingError)
    assert "the contract says cp949, but 1 lines are not" in str(error)
    bench.drop("shop/orders.1", content("csv", [row("1", email="김@example.org")]))
    (error,) = bench.ingest(orders("csv", encoding="cp949")).failed
    assert "the contract says cp949, but the file is UTF-8" in str(error)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("shift_jis", "write `cp932`"), ("Windows-1251", "write `cp1251`"), ("euc-kr", "write `cp949`"),
        ("GBK", "write `gb18030`"), ("iso-8859-9", "write `cp1254`"), ("UTF8", "write `utf-8`"),
        ("cp1252", "write `latin-1`"), ("klingon", "there are: `utf-8`, `latin-1`"),
    ],
)  # fmt: skip
def test_an_unknown_encoding_is_refused_and_the_nearest_one_named(name: str, hint: str) -> None:
    assert hint in only_problem(shop(orders("csv", encoding=name)))


def test_every_encoding_is_known_to_python() -> None:
    assert all(encoding_fault(name) is None and "a\n".encode(name) == b"a\n" for name in ENCODINGS)
