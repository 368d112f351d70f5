"""How well names and birth dates agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.agreement import (
    Agreement,
    BirthDates,
    Signature,
    agreement,
    compare_birth_dates,
    compare_birth_years,
    is_slip,
    signature_of,
)
from cdp_assets.identity.edits import edits
from cdp_assets.identity.folding import fold, sound
from cdp_assets.identity.groups import Atom, TypeRule, Use
from cdp_assets.identity.names import Match, Name, compare_given, parse_name, told_by_mailbox
from cdp_assets.identity.slow_path import settle
from cdp_assets_tests.examples import examples


def signature(text: str, born: date | None = None) -> Signature:
    name = parse_name(None, None, text)
    assert name is not None
    return Signature(name, born)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Anna Meyer", "ANNA MEYER"),
        ("Anna Meyer", "Meyer, Anna"),
        ("Anna Meyer", "Meyer Anna"),
        ("Dr. Anna von der Leyen", "Anna Leyen"),
        ("Hans-Peter Müller", "Hanspeter Mueller"),
        ("Jürgen Groß", "JÃ¼rgen Gross"),
        ("Δημήτριος Παπαδόπουλος", "Dimitrios Papadopoulos"),
        ("Димитър Иванов", "Dimitar Ivanov"),
        ("やまだ はなこ", "ヤマダ ハナコ"),
        ("山田太郎", "山田 太郎"),
    ],
)
def test_one_name_in_two_spellings_is_equal(left: str, right: str) -> None:
    assert agreement(signature(left), signature(right)) is Agreement.EQUAL


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Bob Smith", "Robert Smith"),
        ("Katharina Huber", "Kathi Huber"),
        ("Giuseppe Russo", "Beppe Russo"),
        ("Aleksandr Petrov", "Sascha Petrov"),
        ("Georgios Pappas", "Giorgos Pappas"),
        ("Anna Meyer", "Anna Meier"),
        ("Annna Meyer", "Anna Meyer"),
        ("Sergei Iwanow", "Sergey Ivanov"),
        ("Anna Meyer", "Anna Meyer-Schmidt"),
        ("Anna Lopez", "Anna Maria Lopez Garcia"),
        ("Łukasz Nowak", "Lukas Nowak"),
        ("Zsófia Nagy", "Sofia Nagy"),
        ("Luiz Pereira", "Luís Pereira"),
        ("Kiss Zsuzsanna", "Kiss Zsuzsa"),
        ("Kovács Mária", "Kovács Máira"),
        ("Nguyễn Quang Dũng", "Nguyen Dung"),
        ("Nguyễn Quang Dũng", "Dung Nguyen"),
        ("Müller Anna", "Anna Mueller"),
    ],
)
def test_variants_of_a_name_are_similar(left: str, right: str) -> None:
    assert agreement(signature(left), signature(right)) >= Agreement.SIMILAR


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Alexander", "Alexandra"),
        ("Andreas", "Andrea"),
        ("Gabriel", "Gabriele"),
        ("Simon", "Simone"),
        ("Daniel", "Daniela"),
        ("Michael", "Michaela"),
        ("Christian", "Christina"),
        ("Martin", "Martina"),
        ("Stefan", "Stefanie"),
        ("Julian", "Julia"),
        ("Mario", "Maria"),
        ("Paul", "Paula"),
        ("Anton", "Antonia"),
        ("Franz", "Franziska"),
        ("Karl", "Karla"),
        ("Petra", "Peter"),
        ("Robert", "Roberta"),
        ("John", "Joan"),
        ("Tim", "Tom"),
        ("Jan", "Jana"),
        ("Georgios", "Georgia"),
        ("Ivan", "Ivana"),
        ("Jean-Pierre", "Jean-Paul"),
        ("Ulrich", "Ulrike"),
        ("Mark", "Marta"),
        ("Zsolt", "Zsoltné"),
        ("Zoltán", "Zoltánné"),
        ("Jean", "Jeanne"),
        ("Michel", "Michèle"),
        ("Valentin", "Valentine"),
        ("Marian", "Marianne"),
        ("Theo", "Thea"),
        ("Augustin", "Augustine"),
        ("Petri", "Petra"),
        ("John", "Jean"),
        ("Sean", "Jean"),
        ("George", "Georgina"),
        ("Dominik", "Dominique"),
        ("Simone", "Simona"),
        ("Mohammed", "Ahmed"),
        ("Mohamed", "Hamed"),
        ("Jürgen", "Jörg"),
        ("Anna", "Hanna"),
        ("Konstantinos", "Konstantina"),
        ("Κωνσταντίνος", "Κωνσταντίνα"),
        ("Panagiotis", "Παναγιώτα"),
        ("Athanasios", "Athanasia"),
        ("Sotiris", "Sotiria"),
        ("Emin", "Emine"),
        ("Vicente", "Vicenta"),
        ("Wayne", "Jayne"),
        ("Jake", "Jade"),
        ("Samira", "Amira"),
        ("Kasia", "Basia"),
        ("Rajesh", "Rakesh"),
        ("Savita", "Kavita"),
        ("Hanneke", "Janneke"),
        ("Jaroslav", "Jaroslava"),
        ("Federico", "Federica"),
        ("Dasha", "Masha"),
        ("Esma", "Esra"),
        ("Selma", "Selda"),
        ("Verim", "Nerim"),
        ("Jing", "Ming"),
        ("Fang", "Gang"),
        ("Jun", "Juan"),
        ("Zalo", "Zaro"),
        ("Zal", "Zalo"),
        ("Vermundo", "Sermundo"),
        ("Hans-Christian", "Hans-Christin"),
        ("José María", "María"),
        ("María José", "José"),
    ],
)
def test_names_of_a_couple_or_of_siblings_differ(left: str, right: str) -> None:
    assert agreement(signature(f"{left} Huber"), signature(f"{right} Huber")) is Agreement.DIFFERENT_GIVEN


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("John Smith Sr.", "John Smith Jr."),
        ("Smith Senior, John", "John Smith, Junior"),
        ("John Smith II", "John Smith III"),
        ("Hans Meyer sen.", "Hans Meyer jun."),
    ],
)
def test_two_generations_of_one_name_are_two_people(left: str, right: str) -> None:
    assert agreement(signature(left), signature(right)) is Agreement.DIFFERENT_GENERATION


@pytest.mark.parametrize("suffixed", ["John Smith Jr", "John Smith II", "John Smith Sr"])
def test_a_generation_that_only_one_of_two_names_says_is_no_contradiction(suffixed: str) -> None:
    assert agreement(signature(suffixed), signature("John Smith")) is Agreement.EQUAL
    assert agreement(signature("Vioka Smith Jr"), signature("Vioka Smith II")) is Agreement.EQUAL
    assert not is_slip(signature("Vioka Smith Jr"), signature("Vioka Smith"))


def test_a_generation_that_one_of_two_names_says_is_another_where_birth_dates_differ() -> None:
    father, son = signature("John Smith", date(1952, 3, 14)), signature("John Smith Jr", date(1986, 6, 2))
    assert agreement(father, son) is agreement(son, father) is Agreement.DIFFERENT_GENERATION


def test_one_name_born_a_generation_apart_is_two_people_but_for_a_slip_in_a_birth_date() -> None:
    father = signature("John Smith", date(1952, 3, 14))
    assert agreement(father, signature("John Smith", date(1986, 6, 2))) is Agreement.DIFFERENT_GENERATION
    assert agreement(father, signature("John Smith", date(1982, 3, 14))) is Agreement.EQUAL
    assert agreement(father, signature("John Smith", date(1958, 6, 2))) is Agreement.EQUAL


@pytest.mark.parametrize(
    "couple",
    [
        "Petra & Hans Meyer", "Petra und Hans Meyer", "Petra + Hans Meyer", "Mr & Mrs Meyer", "Mr and Mrs P Meyer",
        "Meyer, Herr u. Frau", "M. et Mme Petra Meyer", "Sr. y Sra. Meyer", "Dhr. en Mevr. H. Meyer", "Eheleute Meyer",
        "Sig. e Sig.ra Meyer",
    ],
)  # fmt: skip
def test_a_name_of_two_people_is_neither_of_them(couple: str) -> None:
    for one in ("Petra Meyer", "Hans Meyer", "Mr P Meyer", "Frau Meyer", "Meyer"):
        assert agreement(signature(couple), signature(one)) is Agreement.DIFFERENT_KIND
    assert not agreement(signature(couple), signature(couple.replace("und", "&"))).contradicts
    assert agreement(signature(couple), Signature(Name((), ()), gender="m")) is Agreement.UNKNOWN
    of_couple = signature_of(None, None, couple, None)
    assert of_couple is not None
    assert of_couple.gender is None


@pytest.mark.parametrize(
    ("couple", "one"), [("Torvald & Anna Martin", "Anna Martin"), ("Nguyen Van Quan & Tran Thi Lan", "Nguyen Lan")]
)
def test_a_couple_is_one_also_where_the_first_word_may_be_the_family(couple: str, one: str) -> None:
    assert agreement(signature(couple), signature(one)) is Agreement.DIFFERENT_KIND


@pytest.mark.parametrize(
    ("one", "other"), [("Amartya Sen", "Amartya Gupta"), ("Eun Jun", "Eun Park"), ("Ana Ortega y Gasset", "Ana Lopez")]
)
def test_what_may_be_a_suffix_or_a_conjunction_is_also_a_name(one: str, other: str) -> None:
    assert agreement(signature(one), signature(one)) is Agreement.EQUAL
    assert agreement(signature(one), signature(other)).contradicts


@pytest.mark.parametrize(
    ("one", "other"),
    [("Alex", "Alexandra"), ("Alex", "Alexander"), ("Kim", "Kimberly"), ("Sascha", "Alexandra"), ("Violla", "Viola"),
     ("Vioka", "Viola"), ("Ahmed", "Ahmad"), ("Helena", "Elena"), ("Zalimudo", "Zalimuto")],
)  # fmt: skip
def test_short_forms_of_both_genders_and_slips_are_one_persons(one: str, other: str) -> None:
    assert agreement(signature(f"{one} Huber"), signature(f"{other} Huber")) >= Agreement.SIMILAR


def of_gender(text: str, gender: str | None, born: date | None = None) -> Signature:
    return replace(signature(text, born), gender=gender)


def test_a_woman_and_a_man_of_names_that_are_only_alike_are_two() -> None:
    for one, other in (
        ("Toni Meyer", "Tony Meyer"),
        ("A. Meyer", "Alex Meyer"),
        ("A. Meyer", "A. Meyer"),
        ("Alex", "Alex"),
    ):
        assert agreement(of_gender(one, "f"), of_gender(other, "m")) is Agreement.DIFFERENT_GENDER
        assert agreement(of_gender(one, "f"), of_gender(other, "f")) >= Agreement.PARTIAL
        assert agreement(of_gender(one, "f"), of_gender(other, None)) >= Agreement.PARTIAL


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kovács Mária", "Kovács Márta"),
        ("Szabó Dóra", "Szabó Nóra"),
        ("Nagy Erika", "Nagy Erik"),
        ("Nguyễn Văn Quân", "Nguyễn Đức Quân"),
        ("Nguyễn Thị Lan", "Nguyễn Thị Loan"),
        ("Trần Thị Hương", "Trần Thị Hồng"),
        ("최미준", "최미주"),
        ("이희경", "이 호경"),
    ],
)
def test_given_names_that_stand_last_are_compared_as_such(one: str, other: str) -> None:
    assert agreement(signature(one), signature(other)) is Agreement.DIFFERENT_GIVEN


@pytest.mark.parametrize(
    ("given_name", "family", "full", "expected"),
    [
        ("S.S.", "Jansen", None, ("s", "s")),
        ("J.D. Joost", "Boer", None, ("j", "d", "joost")),
        (None, None, "J.R.R. Tolkien", ("j", "r", "r")),
        (None, None, "J.R.R.Tolkien", ("j", "r", "r")),
        (None, None, "Anna Meyer M.D.", ("anna",)),
        ("St.", "Clair", None, ("st",)),
    ],
)
def test_initials_without_a_space_between_them_are_as_many(
    given_name: str | None, family: str | None, full: str | None, expected: tuple[str, ...]
) -> None:
    name = parse_name(given_name, family, full)
    assert name is not None
    assert name.given == expected


@pytest.mark.parametrize(
    ("man", "woman"),
    [("Andrzej Majewski", "A. Majewska"), ("Ivan Petrov", "I. Petrova"), ("N. Černý", "Nina Černá")],
)
def test_a_mans_and_a_womans_form_of_a_family_name_are_two_where_no_given_name_says_otherwise(
    man: str, woman: str
) -> None:
    born = date(1980, 4, 12)
    assert agreement(signature(man), signature(woman)) is Agreement.DIFFERENT_GENDER
    assert agreement(signature(man, born), signature(woman, born)) is Agreement.PARTIAL
    assert agreement(signature("Anna Majewski"), signature("Anna Majewska")) >= Agreement.SIMILAR


def test_of_one_whole_name_the_gender_may_be_wrong() -> None:
    born = date(1980, 4, 12)
    assert agreement(of_gender("Alex Meyer", "f"), of_gender("Alex Meyer", "m")) is Agreement.EQUAL
    assert agreement(of_gender("Alex Meyer", "f", born), of_gender("Alex Meier", "m", born)) is Agreement.SIMILAR
    assert agreement(of_gender("Toni Meyer", "f", born), of_gender("Tony Meyer", "m", born)).contradicts


@pytest.mark.parametrize("lost", ["J?rg", "J\ufffdrg", "J??rg"])
def test_a_letter_that_was_lost_is_any_letter_and_makes_no_initial(lost: str) -> None:
    assert agreement(signature(f"{lost} Vogel"), signature("Jörg Vogel")) is Agreement.SIMILAR
    assert agreement(signature(f"{lost} Vogel"), signature("J. Vogel")) is Agreement.PARTIAL
    for other in ("Julia", "Jan", "R. G."):
        assert agreement(signature(f"{lost} Vogel"), signature(f"{other} Vogel")) is Agreement.DIFFERENT_GIVEN


def test_a_name_of_nothing_but_lost_letters_is_not_known() -> None:
    lost = signature("????? ????")
    assert lost.name.is_lost
    assert agreement(lost, lost) is agreement(lost, signature("Anna Meyer")) is Agreement.UNKNOWN
    assert parse_name("?", None, None) is None
    assert parse_name("Anna", "?????", None) == Name(("anna",), ("?????",))
    assert agreement(signature("Anna ?????"), signature("Anna Meyer")) is Agreement.PARTIAL


@pytest.mark.parametrize("man", ["Samir", "Karim", "Stanislav", "Bogdan", "Petr"])
def test_a_womans_form_of_a_mans_name_is_no_slip_of_it(man: str) -> None:
    assert agreement(signature(f"{man} Haddad"), signature(f"{man}a Haddad")) is Agreement.DIFFERENT_GIVEN


@pytest.mark.parametrize(
    ("one", "other"), [("Lena Yilmaz", "Nora Yilmaz"), ("Greta Brandt", "Rita Brandt"), ("Liz Novak", "Betty Novak")]
)
def test_two_short_forms_of_one_name_that_are_not_alike_are_sisters(one: str, other: str) -> None:
    assert agreement(signature(one), signature(other)) is Agreement.DIFFERENT_GIVEN


def test_two_short_forms_of_one_name_that_are_alike_are_one() -> None:
    assert agreement(signature("Bob Novak"), signature("Rob Novak")) >= Agreement.SIMILAR


def test_an_initial_agrees_in_part_also_with_a_nickname() -> None:
    for other in ("Robert Smith", "Bob Smith"):
        assert agreement(signature("R. Smith"), signature(other)) is Agreement.PARTIAL
    assert agreement(signature("A. Smith"), signature("Bob Smith")) is Agreement.DIFFERENT_GIVEN


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Maria Smith", "Anna Maria Smith"),
        ("Smith, Maria", "Smith, Anna Maria"),
        ("Maria Lopez", "Anna Maria Lopez Garcia"),
    ],
)
def test_a_second_given_name_may_be_the_mothers_unless_the_birth_date_is_the_same(left: str, right: str) -> None:
    born = date(1985, 4, 12)
    assert agreement(signature(left), signature(right)) is Agreement.RELATIVE
    assert agreement(signature(left, born), signature(right, born)) is Agreement.PARTIAL


def test_a_hungarian_wife_is_not_her_husband_where_the_family_name_stands_first() -> None:
    assert agreement(signature("Nagy Kristófné"), signature("Nagy Kristóf")).contradicts
    assert agreement(signature("Nagy Kristófné"), signature("Nagy Kristofne")) is Agreement.EQUAL


def test_half_a_name_agrees_in_part_even_if_it_is_the_same() -> None:
    assert agreement(signature("Peter"), signature("Peter")) is Agreement.PARTIAL
    assert agreement(signature("Annameyer"), signature("Anna Meyer")) is Agreement.EQUAL


def test_an_initial_is_that_of_the_first_given_name() -> None:
    assert agreement(signature("M. Smith"), signature("Anna Maria Smith")) is Agreement.DIFFERENT_GIVEN


@pytest.mark.parametrize(("initial", "full"), [("P", "Maria"), ("E", "Hans"), ("J", "Anna"), ("B", "Elisabeth")])
def test_the_initial_of_a_pet_name_is_no_initial_of_the_full_name(initial: str, full: str) -> None:
    assert agreement(signature(f"{initial}. Smith"), signature(f"{full} Smith")) is Agreement.DIFFERENT_GIVEN
    assert agreement(signature(f"{full[0]}. Smith"), signature(f"{full} Smith")) is Agreement.PARTIAL


@pytest.mark.parametrize(
    ("one", "other"), [("山田 太郎", "Taro Yamada"), ("山田太郎", "YAMADA HANAKO"), ("Yamada 太郎", "Yamada Hana")]
)
def test_names_in_scripts_that_cannot_be_compared_need_the_same_birth_date(one: str, other: str) -> None:
    born, later = date(1980, 4, 12), date(1980, 4, 13)
    assert agreement(signature(one), signature(other)) is Agreement.UNREADABLE
    assert agreement(signature(one, born), signature(other, later)) is Agreement.UNREADABLE
    assert agreement(signature(one, born), signature(other, born)) is Agreement.PARTIAL
    numbered = (replace(signature(name), numbers=(("tax", "981728237"),)) for name in (one, other))
    assert agreement(*numbered) is Agreement.PARTIAL


def test_birth_dates_are_graded() -> None:
    born = date(1980, 4, 12)
    assert compare_birth_dates(born, born) is BirthDates.SAME
    assert compare_birth_dates(born, date(1980, 12, 4)) is BirthDates.CLOSE
    assert compare_birth_dates(born, date(1981, 4, 12)) is BirthDates.CLOSE
    assert compare_birth_dates(born, date(1981, 5, 12)) is BirthDates.DIFFERENT
    assert compare_birth_dates(born, date(1999, 4, 12)) is BirthDates.CLOSE
    assert compare_birth_dates(born, date(1994, 5, 12)) is BirthDates.DIFFERENT
    assert compare_birth_dates(born, date(1999, 5, 12)) is BirthDates.GENERATION
    assert compare_birth_dates(born, None) is BirthDates.UNKNOWN


def test_years_of_birth_are_graded_but_that_they_are_the_same_says_little() -> None:
    assert compare_birth_years(1980, 1980) is BirthDates.UNKNOWN
    assert compare_birth_years(1980, 1981) is BirthDates.UNKNOWN
    assert compare_birth_years(1980, None) is BirthDates.UNKNOWN
    assert compare_birth_years(1980, 1982) is BirthDates.DIFFERENT
    assert compare_birth_years(1980, 1995) is BirthDates.GENERATION


def test_a_further_given_name_and_another_year_of_birth_are_a_siblings() -> None:
    short, whole = (parse_name(given, "Gil Ros", None) for given in ("María", "María Teresa"))
    assert short is not None
    assert whole is not None
    older, born = Signature(short, date(2014, 3, 10)), date(2018, 12, 14)
    assert agreement(older, Signature(whole, born)) is Agreement.DIFFERENT_BIRTH
    for same in (Signature(whole, date(2018, 3, 10)), Signature(short, born), Signature(whole)):
        assert agreement(older, same) is Agreement.EQUAL


def test_an_equal_year_of_birth_does_not_say_that_a_family_name_changed() -> None:
    single, married = (signature_of("Anna", family, None, None, 1980) for family in ("Meyer", "Schmidt"))
    assert single is not None
    assert married is not None
    assert agreement(single, married) is Agreement.DIFFERENT_FAMILY


def test_a_changed_surname_is_told_from_another_person_by_the_birth_date() -> None:
    born = date(1980, 4, 12)
    assert agreement(signature("Anna Meyer", born), signature("Anna Schmidt", born)) is Agreement.CHANGED_SURNAME
    assert agreement(signature("Anna Meyer"), signature("Anna Schmidt")) is Agreement.DIFFERENT_FAMILY


@pytest.mark.parametrize(
    "name",
    ["The Anna Meyer Trust", "Anna Meyer Revocable Trust", "Estate of Anna Meyer", "Anna Meyer Fund", "Anna Meyer LLC",
     "Meyer Family Foundation", "Fundación Anna Meyer"],
)  # fmt: skip
def test_what_holds_somebodys_property_is_no_person(name: str) -> None:
    assert agreement(signature(name), signature("Anna Meyer")) is Agreement.DIFFERENT_KIND
    assert agreement(signature(name), signature(f"The {name}")) is Agreement.EQUAL
    assert agreement(signature(name), signature("Karl Huber Trust")) is Agreement.DIFFERENT_FAMILY


@pytest.mark.parametrize("name", ["Trust Moyo", "John Fund", "Anna Sa", "Péter Sas"])
def test_people_are_called_by_words_of_organisations(name: str) -> None:
    assert agreement(signature(name), signature(name)) is Agreement.EQUAL


@pytest.mark.parametrize("suffixed", ["Anna Meyer, Esq.", "Anna Meyer Esq", "Anna Meyer, MD", "Meyer, Anna, Ph.D."])
def test_a_degree_behind_a_name_is_no_given_name(suffixed: str) -> None:
    assert agreement(signature(suffixed), signature("Anna Meyer")) is Agreement.EQUAL
    assert parse_name(None, None, "Hossain, Md") == Name(("md",), ("hossain",))


@pytest.mark.parametrize("latin", ["Kim Jihye", "Ji-hye Kim", "GIM JIHYE", "Kim Ji Hye"])
def test_a_korean_name_is_known_in_latin_letters(latin: str) -> None:
    for hangul in ("김지혜", "김 지혜"):
        assert agreement(signature(hangul), signature(latin)) is Agreement.EQUAL
    assert agreement(signature("김은서"), signature(latin)) is Agreement.DIFFERENT_GIVEN
    assert agreement(signature("박지혜"), signature(latin)).contradicts


def test_of_koreans_one_syllable_is_the_familys_or_two_of_some() -> None:
    assert parse_name(None, None, "이지은") == parse_name("지은", "이", None) == parse_name(None, None, "이 지은")
    assert parse_name(None, None, "남궁지은") == Name(("jieun",), ("namgung",), is_korean=True)


def test_only_an_unknown_spelling_is_a_slip() -> None:
    assert is_slip(signature("Charkotte Moreno"), signature("Charlotte Moreno"))
    assert not is_slip(signature("Charlotte Moreno"), signature("Charkotte Moreno"))
    assert not is_slip(signature("Lottie Moreno"), signature("Charlotte Moreno"))


WORDS = st.text(alphabet="aeinrst äöß'-.АЯиαω山太ゆ", max_size=12)


@given(WORDS, WORDS, WORDS, WORDS, st.booleans())
def test_agreement_is_the_same_from_both_sides(one: str, two: str, three: str, four: str, full: bool) -> None:
    left = parse_name(None, None, f"{one} {two}") if full else parse_name(one, two, None)
    right = parse_name(three, four, None)
    if left is not None and right is not None:
        pair = Signature(left), Signature(right)
        assert agreement(*pair) is agreement(*reversed(pair))
        assert agreement(pair[0], pair[0]) >= Agreement.UNKNOWN


@given(st.text(max_size=40))
def test_folding_is_stable_for_any_text(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded or not folded.isascii()
    assert isinstance(sound(folded), str)
    parse_name(text, text, text)


def _edits_by_the_book(left: str, right: str) -> int:
    """Optimal string alignment distance, as it is defined."""
    if not left or not right:
        return len(left) + len(right)
    found = min(
        _edits_by_the_book(left[1:], right) + 1,
        _edits_by_the_book(left, right[1:]) + 1,
        _edits_by_the_book(left[1:], right[1:]) + (left[0] != right[0]),
    )
    if left[1::-1] == right[:2] and len(left) > 1:
        found = min(found, _edits_by_the_book(left[2:], right[2:]) + 1)
    return found


@examples(300)
@given(st.text("abc", max_size=5), st.text("abc", max_size=5), st.sampled_from([1, 2]))
def test_edits_are_counted_up_to_one_more_than_asked_for(left: str, right: str, most: int) -> None:
    assert min(edits(left, right, most), most + 1) == min(_edits_by_the_book(left, right), most + 1)


@pytest.mark.parametrize("name", ["Don", "Nat", "Ing", "Kos", "Md", "Sri"])
def test_a_title_that_is_all_there_is_may_be_a_name(name: str) -> None:
    susan = Signature(Name(("susan",), ("marlowe",)))
    for parsed in (parse_name(name, "Marlowe", None), parse_name(None, None, f"{name} Marlowe"),
                   parse_name(None, None, f"Marlowe, {name}")):  # fmt: skip
        assert parsed is not None
        assert agreement(Signature(parsed), susan) is Agreement.DIFFERENT_GIVEN
    assert parse_name(name, None, None) == Name((fold(name),), (), ordered=True)


def test_titles_are_none_where_a_dot_or_other_names_say_so() -> None:
    assert parse_name(None, None, "Ing. Novak") == Name(("novak",), (), ordered=False)
    assert parse_name("Don Jose", "Garcia", None) == Name(("jose",), ("garcia",))
    assert parse_name("Dr.", "Novak", None) == Name((), ("novak",))
    assert parse_name("Smt. Anya", "Dave", None) == Name(("anya",), ("dave",))
    assert parse_name("Hans", "Herr", None) == Name(("hans",), ("herr",))


def test_mohammed_cut_short_before_other_names_is_no_doctor() -> None:
    brother, twin = (Signature(parse_name(name, "Al Zaabi", None)) for name in ("Md Khaled", "Aly Khaled"))
    assert agreement(brother, twin) is Agreement.DIFFERENT_GIVEN
    whole = Signature(parse_name("Mohammed Khaled", "Al Zaabi", None))
    assert agreement(brother, whole) is not Agreement.DIFFERENT_GIVEN


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("Mª Pilar", "María Pilar"),
        ("M.ª del Pilar", "María Pilar"),
        ("MA CARMEN", "María del Carmen"),
        ("Ma. Theresa", "Maria Theresa"),
        ("Ana Mª", "Ana María"),
    ],
)
def test_maria_cut_short_beside_other_names_is_maria(cut: str, whole: str) -> None:
    assert agreement(*(Signature(parse_name(given, "Gil", None)) for given in (cut, whole))) is Agreement.EQUAL


def test_ma_is_a_name_of_its_own_beside_chinese_ones() -> None:
    assert parse_name("Jun", "Ma", None) == Name(("jun",), ("ma",))
    assert agreement(signature("Ma Jun"), signature("Maria Jun")).contradicts


@pytest.mark.parametrize(
    ("one", "other"),
    [("Widisha", "W. Ekta"), ("Aayush", "Smt. A Eshana"), ("Bahadurjit", "B. Rahul"), ("Rahul", "R. Bahadurjit")],
)
def test_a_name_beside_an_initial_is_heard(one: str, other: str) -> None:
    assert agreement(signature(one), signature(other)).contradicts
    assert agreement(signature(other), signature(one)).contradicts


def test_a_single_name_agrees_with_the_one_that_is_written_out() -> None:
    assert agreement(signature("Ekta"), signature("W. Ekta")) is Agreement.PARTIAL
    assert agreement(signature("W."), signature("W. Ekta")) >= Agreement.UNKNOWN


@pytest.mark.parametrize(
    ("man", "woman"),
    [("Julio", "Julia"), ("René", "Renée"), ("Daniele", "Daniela"), ("Michel", "Michelle"), ("Martin", "Martine"),
     ("Giovanni", "Giovanna")],
)  # fmt: skip
def test_the_woman_of_a_couple_is_not_the_man_misspelt(man: str, woman: str) -> None:
    assert agreement(signature(f"{man} Vega"), signature(f"{woman} Vega")) is Agreement.DIFFERENT_GIVEN


@pytest.mark.parametrize(("one", "other"), [("Amelie", "Amelia"), ("Catherin", "Catherine"), ("Ann", "Anne")])
def test_two_spellings_of_a_womans_name_are_one(one: str, other: str) -> None:
    assert agreement(signature(f"{one} Vega"), signature(f"{other} Vega")) >= Agreement.SIMILAR


def test_of_eastern_names_the_familys_comes_first() -> None:
    born = date(1990, 5, 4)
    assert agreement(signature("中村 加奈", born), signature("中村 裕太", born)) is Agreement.DIFFERENT_GIVEN
    assert agreement(signature("中村 加奈", born), signature("中村加奈", born)) is Agreement.EQUAL


@pytest.mark.parametrize(
    "names", ["Ethan Nathan", "Jayden Kayden", "Aubrey Audrey", "Elaine Lorraine", "Brandon Brendan"]
)
def test_two_names_that_are_known_are_no_misspelling_of_one_another(names: str) -> None:
    one, other = names.lower().split()
    assert compare_given((one,), (other,)) is Match.DIFFERENT
    assert compare_given((one,), (one + "x",)) >= Match.CLOSE


@pytest.mark.parametrize(
    ("one", "other", "births", "expected"),
    [
        ("Baby Boy", "Baby Boy", "two years", Agreement.DIFFERENT_GIVEN),
        ("Baby Boy", "Baby Boy", "unknown", Agreement.DIFFERENT_GIVEN),
        ("Baby Boy", "Baby Girl", "same", Agreement.DIFFERENT_GIVEN),
        ("Baby Boy A", "Baby Boy B", "same", Agreement.DIFFERENT_GIVEN),
        ("Baby Boy", "Baby Boy", "same", Agreement.EQUAL),
        ("Baby Boy A", "Baby Boy", "same", Agreement.DIFFERENT_GIVEN),
        ("BB Smith A", "BB SMITH B", "same", Agreement.DIFFERENT_GIVEN),
        ("BB Smith A", "Baby Boy A", "same", Agreement.EQUAL),
        ("BB Smith", "BG Smith", "same", Agreement.DIFFERENT_GIVEN),
        ("BG Smith", "BG Smith", "unknown", Agreement.DIFFERENT_GIVEN),
        ("Twin 1", "Twin 2", "same", Agreement.DIFFERENT_GIVEN),
        ("Newborn Female", "Baby Girl", "same", Agreement.EQUAL),
        ("Baby Boy", "Ethan", "same", Agreement.DIFFERENT_GIVEN),
    ],
)
def test_children_without_a_name_are_one_only_if_they_were_born_on_one_day(
    one: str, other: str, births: str, expected: Agreement
) -> None:
    born = {"same": date(2020, 3, 4), "two years": date(2022, 5, 6), "unknown": None}[births]
    left, right = signature_of(one, "Smith", None, date(2020, 3, 4)), signature_of(other, "Smith", None, born)
    assert left is not None
    assert right is not None
    assert agreement(left, right) is agreement(right, left) is expected


@pytest.mark.parametrize(
    ("full", "expected"),
    [
        ("SMITH/JOHNMR", Name(("john",), ("smith",))),
        ("SMITH/JOHN PAUL MR", Name(("john", "paul"), ("smith",))),
        ("O'NEILL/MARYMRS", Name(("mary",), ("oneill",))),
        ("SMITH/JOHN", Name(("john",), ("smith",))),
        ("SMITH/AMR", Name(("amr",), ("smith",))),
        ("Anna/Peter Meyer", Name(("anna", "peter"), ("meyer",), ordered=False)),
        ("ANNA/PETER MEYER", Name(("anna", "peter"), ("meyer",), ordered=False)),
    ],
)
def test_names_are_read_as_bookings_write_them(full: str, expected: Name) -> None:
    assert parse_name(None, None, full) == expected


@pytest.mark.parametrize(
    ("full", "mailbox", "expected"),
    [
        ("J. Watson", "joel.watson", "joel"),
        ("J Watson", "watson_joel77", "joel"),
        ("J. Watson", "jowl.wattson", "jowl"),
        ("C. Cox", "charlotte412", "charlotte"),
        ("J. Watson", "joel.meyer", "joel"),
        ("J. Watson", "jubilee.office", "j"),
        ("J. Watson", "jwatson", "j"),
        ("J. Watson", "jo.watson", "j"),
        ("J. Watson", "maria.watson", "j"),
        ("J. James", "james", "j"),
        ("Jane Watson", "joel.watson", "jane"),
        ("Watson", "joel.watson", "watson"),
    ],
)
def test_a_mailbox_writes_an_initial_out(full: str, mailbox: str, expected: str) -> None:
    name = parse_name(None, None, full)
    assert name is not None
    assert told_by_mailbox(name, mailbox).given[0] == expected


@pytest.mark.parametrize(
    ("mailbox", "given"),
    [
        ("joel.watson", ("joel",)),
        ("joel77", ("joel",)),
        ("joelwatson", ("joel",)),
        ("j.watson", ("j",)),
        ("watson_j", ("j",)),
        ("jwatson4", ("j",)),
        ("watson", ()),
        ("info", ()),
        ("office.watson", ()),
        ("infowatson", ()),
        ("j.meyer", ()),
        ("", ()),
    ],
)
def test_a_mailbox_says_who_of_a_family_somebody_is(mailbox: str, given: tuple[str, ...]) -> None:
    name = parse_name(None, "Watson", None)
    assert name is not None
    assert told_by_mailbox(name, mailbox).given == given


@pytest.mark.parametrize(("other", "together"), [("Anna Meyer", False), ("????? ????", True)])
def test_whose_name_was_lost_is_not_whoever_has_the_same_mailbox(other: str, together: bool) -> None:
    names = signature("????? ????"), signature(other)
    atoms = [Atom(key, None, {7: Use(0, None, None, key)}, {name: None}) for key, name in enumerate(names, 1)]
    labels = settle(atoms, {0: TypeRule("email", False, None, 0.9, None)}).labels
    assert (labels[1] == labels[2]) is together
