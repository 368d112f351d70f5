"""A labelled table in whatever form is read as the canonical tables that identity reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp_assets.identity.evaluation.records import EvaluationError, LabelledRecords, read_labelled
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    return DuckDBEngine.in_memory()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def read(
    file: Path, engine: DuckDBEngine, text: str | bytes, mapped: Mapping[str, str] | None = None
) -> LabelledRecords:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_labelled(file, "who", None, mapped or {}, engine)


def births(found: LabelledRecords, engine: DuckDBEngine) -> list[date | None]:
    return engine.to_arrow(found.contacts.order_by("record_id"))["birth_date"].to_pylist()


def numbers(found: LabelledRecords, engine: DuckDBEngine) -> set[tuple[int, str, str]]:
    rows = engine.to_arrow(found.identifiers).to_pylist()
    return {
        (row["record_id"], row["namespace"], row["identifier_value"])
        for row in rows
        if row["identifier_type"] == "national_id"
    }


def points(found: LabelledRecords, engine: DuckDBEngine) -> set[tuple[int, str, str]]:
    rows = engine.to_arrow(found.contact_points).to_pylist()
    return {(row["record_id"], row["kind"], row["value"]) for row in rows}


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        pytest.param(["1980-02-03", "19800203"], [date(1980, 2, 3)] * 2, id="ISO and eight digits"),
        pytest.param(["1980/02/03", "1980-02-03T10:30:00"], [date(1980, 2, 3)] * 2, id="year first, and a time"),
        pytest.param(["3.2.1980", "25.12.1980"], [date(1980, 2, 3), date(1980, 12, 25)], id="day first"),
        pytest.param(["3/2/1980", "12/25/1980"], [date(1980, 3, 2), date(1980, 12, 25)], id="month first"),
        pytest.param(["3/2/1980", "3/25/1980 00:00:00"], [date(1980, 3, 2), date(1980, 3, 25)], id="with a time"),
        pytest.param(
            ["3/2/1980", "12/25/1980", "12/26/1980", "31/12/1980"],
            [date(1980, 3, 2), date(1980, 12, 25), date(1980, 12, 26), None],
            id="one slip does not turn the column round",
        ),
        pytest.param(["03021980", "12251980"], [date(1980, 3, 2), date(1980, 12, 25)], id="eight digits, month first"),
        pytest.param(["03021980", "25121980"], [date(1980, 2, 3), date(1980, 12, 25)], id="eight digits, day first"),
        pytest.param(
            [
                "12-Mar-1951",
                "12 March 1951",
                "Mar 12 1951",
                "12MAR51",
                "12. März 1951",
                "12 de marzo de 1951",
                "1er août 1951",
                "1951-mrt-12",
                "12-MAR-51 00:00:00",
                "12 марта 1951",
                "12. Jui 1951",
            ],
            [*[date(1951, 3, 12)] * 6, date(1951, 8, 1), *[date(1951, 3, 12)] * 3, None],
            id="names of months",
        ),
        pytest.param(
            ["3/25/51", "3/2/09", "51-03-02", "1951年3月2日", "3 2 1951"],
            [date(1951, 3, 25), date(2009, 3, 2), *[date(1951, 3, 2)] * 3],
            id="two digits of the year, and other marks",
        ),
        pytest.param(["1980-13-45", "31.2.1980", "soon", ""], [None] * 4, id="no dates"),
        pytest.param(["1900-01-01", "1970-01-01", "1970-01-02"], [None, None, date(1970, 1, 2)], id="not known"),
    ],
)
def test_birth_dates_are_read_as_their_column_is_written(
    file: Path, engine: DuckDBEngine, spelled: list[str], expected: list[date | None]
) -> None:
    lines = "".join(f"Anna,{born},x\n" for born in spelled)
    assert births(read(file, engine, "name,dob,who\n" + lines), engine) == expected


def test_birth_dates_that_are_not_understood_are_told(file: Path, engine: DuckDBEngine) -> None:
    some = read(file, engine, "name,dob,who\nAda,1980-02-03,x\nBen,spring 1980,x\nEva,1980,x\nIda,1900-01-01,x\n")
    assert (some.columns["birth_date"], some.undated) == ("dob", 1)
    none = read(file, engine, "name,dob,who\nAda,in spring,x\nBen,in autumn,x\n")
    assert (none.undated, none.unread) == (0, {"dob": "no value is understood as a date"})


@pytest.mark.parametrize(
    ("numbered", "expected"),
    [
        (["19770908-XXXX", "110510-6692", "450301-****"], [date(1977, 9, 8), date(2011, 5, 10), date(1945, 3, 1)]),
        (["197709081239", "4505106692", ""], [date(1977, 9, 8), date(1945, 5, 10), None]),
        (["19770908-XXXX", "770908-6692", "19760301-1234"], [None] * 3),
        (["42101-6288826-4", "770908-6692", "20100301-1234"], [None] * 3),
    ],
)
def test_national_numbers_that_begin_with_birth_dates_tell_them_where_no_column_does(
    file: Path, engine: DuckDBEngine, numbered: list[str], expected: list[date | None]
) -> None:
    rows = "".join(f"Ann Lee,{number},x\n" for number in numbered)
    found = read(file, engine, f"name,Personnummer,who\n{rows}")
    assert births(found, engine) == expected
    assert {number for *_, number in numbers(found, engine)} == {
        each.replace("-", "") for each in numbered if each and not set(each) & {"X", "*"}
    }
    beside = read(file, engine, "name,Personnummer,dob,who\nAnn Lee,19770908-XXXX,,x\nBo Ek,450301-1234,2001-02-03,y\n")
    assert births(beside, engine) == [None, date(2001, 2, 3)]


def test_birth_dates_in_three_columns_are_put_together(file: Path, engine: DuckDBEngine) -> None:
    lines = "Anna,1980,2,3,x\nBob,1980.0,12.0,25.0,x\nEva,1980,02,31,y\nIda,1970,1,1,y\nUwe,,2,3,y\n"
    found = read(file, engine, "name,birth_year,birth_month,birth_day,who\n" + lines)
    assert births(found, engine) == [date(1980, 2, 3), date(1980, 12, 25), None, None, None]


@pytest.mark.parametrize(
    ("header", "lines", "expected"),
    [
        pytest.param("yob", ["1980", "1991.0", "soon", "1900", "1970"], [1980, 1991, None, None, 1970], id="years"),
        pytest.param("dob", ["1980-02-03", "1991", "1992", "1993"], [None, 1991, 1992, 1993], id="years among dates"),
        pytest.param("age", ["34", "35", "", "64"], [1966, 1965, None, 1936], id="ages of nobody knows when"),
        pytest.param("age,year", ["34,2010", "44,2020", "4,", "5,2020"], [1976, 1976, None, 2015], id="ages of a year"),
        pytest.param("age,Year", ["34,1851", "44,1861", "5,1861"], [1817, 1817, 1856], id="ages of old censuses"),
        pytest.param("age,as of", ["34,20100101", "44,1/31/2020"], [1976, 1976], id="ages of a day"),
        pytest.param("age,dob", ["30,1980-02-03", "20,1990-02-03", "40,", "50,"], [1980, 1990, 1970, 1960],
                     id="ages beside dates"),
    ],
)  # fmt: skip
def test_years_of_birth_and_ages_are_read_where_there_is_no_date(
    file: Path, engine: DuckDBEngine, header: str, lines: list[str], expected: list[int | None]
) -> None:
    found = read(file, engine, f"name,{header},who\n" + "".join(f"Anna,{line},x\n" for line in lines))
    rows = engine.to_arrow(found.contacts.order_by("record_id")).to_pylist()
    assert [row["birth_year"] for row in rows] == expected


def test_middle_names_and_suffixes_belong_to_the_name(file: Path, engine: DuckDBEngine) -> None:
    found = read(
        file, engine,
        "first_name,middle_name,last_name,suffix,dob,who\n"
        "John,A.,Smith,Jr.,1980-02-03,x\nJohn,,Smith,,1950-02-03,y\n,B.,Smith,,1950-02-03,y\n",
    )  # fmt: skip
    rows = engine.to_arrow(found.contacts.order_by("record_id")).to_pylist()
    assert [(row["given_name"], row["family_name"]) for row in rows] == [
        ("John A.", "Smith Jr."),
        ("John", "Smith"),
        (None, "Smith"),
    ]


@pytest.mark.parametrize(
    ("column", "told", "expected"),
    [
        ("Anrede", ["Frau", "Herr", "Firma"], ["female", "male", "Firma"]),
        ("Title", ["Mrs.", "MR", ""], ["female", "male", None]),
        ("Title", ["Mrs", "Mr", "Dr", "Rev. Prof."], ["female", "male", None, None]),
        ("Anrede", ["Frau Prof. Dr.", "Herr Dr.", "Frau"], ["female", "male", "female"]),
        ("Tratamiento", ["Sra.", "Sr./Sra.", "Sr."], ["female", None, "male"]),
        ("sexo", ["M", "H", ""], ["female", "male", None]),
        ("sex", ["F", "M", "U"], ["female", "male", "U"]),
    ],
)
def test_genders_are_read_however_they_are_told(
    file: Path, engine: DuckDBEngine, column: str, told: list[str], expected: list[str | None]
) -> None:
    lines = "".join(f"p{number},Ana,Meyer,{each}\n" for number, each in enumerate(told))
    found = read(file, engine, f"who,first_name,last_name,{column}\n{lines}")
    assert engine.to_arrow(found.contacts.order_by("record_id"))["gender"].to_pylist() == expected


def test_a_couple_is_called_by_its_title_which_is_neither_hers_nor_his(file: Path, engine: DuckDBEngine) -> None:
    rows = "x,Mr,Mr Hill,A,Hill\ny,Mr & Mrs,Ann,A,Hill\ny,Mr. and Mrs.,Ann,,Hill\n"
    found = read(file, engine, f"who,Title,Salutation,Forename,Surname\n{rows}")
    told = engine.to_arrow(found.contacts.order_by("record_id")).to_pylist()
    assert [(row["gender"], row["given_name"]) for row in told] == [
        ("male", "A"), (None, "Mr & Mrs A"), (None, "Mr. and Mrs."),
    ]  # fmt: skip


def test_two_family_names_are_one(file: Path, engine: DuckDBEngine) -> None:
    found = read(
        file, engine,
        "given_name,family_name,second_family_name,who\nLuz,Ortiz,Peña,x\nLuz,Ortiz,,x\nLuz,,Peña,x\nLuz,,,x\n",
    )  # fmt: skip
    rows = engine.to_arrow(found.contacts.order_by("record_id")).to_pylist()
    assert [row["family_name"] for row in rows] == ["Ortiz Peña", "Ortiz", "Peña", None]


def test_initials_stand_in_for_a_given_name_and_particles_before_the_family_name(
    file: Path, engine: DuckDBEngine
) -> None:
    found = read(
        file, engine,
        "voorletters,voornaam,tussenvoegsel,achternaam,who\nK.C.P.,,van der,Dam,x\nM.,Milan,,Broeders,y\nA.,,de,,y\n",
    )  # fmt: skip
    rows = engine.to_arrow(found.contacts.order_by("record_id")).to_pylist()
    assert [(row["given_name"], row["family_name"]) for row in rows] == [
        ("K.C.P.", "van der Dam"),
        ("Milan", "Broeders"),
        ("A.", None),
    ]


def test_numbers_in_two_columns_are_dialled_as_one(file: Path, engine: DuckDBEngine) -> None:
    text = "name,area_cd,phone_num,who\nAda,212,5550142,x\nBen,212,(212) 555-0143,y\nCleo,,5550144,y\n"
    file.write_text(text)
    found = read_labelled(file, "who", None, {}, engine, "US")
    assert points(found, engine) == {
        (1, "phone", "+12125550142"), (2, "phone", "+12125550143"), (3, "phone", "5550144"),
    }  # fmt: skip


def test_a_name_in_another_script_and_a_whole_address_stand_in_for_what_is_not_told(
    file: Path, engine: DuckDBEngine
) -> None:
    found = read(
        file, engine,
        "name_full,native_name_full,addr_line1,addr_full,who\n"
        "Li Na,李娜,Mill Lane 7,,x\n,王伟,,\"Mill Lane 7, York\",y\n",
    )  # fmt: skip
    assert [row["full_name"] for row in engine.to_arrow(found.contacts.order_by("record_id")).to_pylist()] == [
        "Li Na",
        "王伟",
    ]
    rows = engine.to_arrow(found.contact_points.order_by("record_id")).to_pylist()
    assert [row["line_1"] for row in rows] == ["Mill Lane 7", "Mill Lane 7, York"]


def test_numbers_of_people_count_in_their_own_numbering_and_spelling(file: Path, engine: DuckDBEngine) -> None:
    found = read(
        file, engine,
        "name,ssn,passport_number,passport_country,who\n"
        "Ada,521-21-2123,777001,US,x\nAda,521212123,777001,USA,x\nBen,999999999,777001,Germany,y\n",
    )  # fmt: skip
    assert numbers(found, engine) == {
        (1, "ssn", "521212123"), (2, "ssn", "521212123"),
        (1, "passport_number", "777001 US"), (2, "passport_number", "777001 US"),
        (3, "passport_number", "777001 DE"),
    }  # fmt: skip


def test_numbers_that_people_of_different_names_share_are_nobodys(file: Path, engine: DuckDBEngine) -> None:
    families = [("Ada", "Ben"), ("Cleo", "Dirk"), ("Emma", "Fritz"), ("Gerda", "Hugo")]
    lines = "".join(f"{name},L-10000{at},x\n" for at, both in enumerate(families) for name in both)
    found = read(file, engine, "name,loyalty_id,who\n" + lines)
    assert numbers(found, engine) == set()
    assert found.unread == {"loyalty_id": "people of different names share its values"}
    mapped = read(file, engine, "name,loyalty_id,who\n" + lines, {"national_id": "loyalty_id"})
    assert len(numbers(mapped, engine)) == 8


@pytest.mark.parametrize(("shared", "read_as"), [("999-99-999{}", "mrn"), ("999-99-9999", "ssn")])
def test_placeholders_do_not_make_numbers_nobodys_and_what_is_left_of_several_is_the_first(
    file: Path, engine: DuckDBEngine, shared: str, read_as: str
) -> None:
    pairs = [("Ada", "Ben"), ("Cleo", "Dirk"), ("Emma", "Fritz"), ("Gerda", "Hugo")]
    lines = "".join(f"{name},{shared.format(at)},M-{name}1,x\n" for at, both in enumerate(pairs) for name in both)
    found = read(file, engine, "name,ssn,mrn,who\n" + lines)
    assert found.columns["national_id"] == read_as


def test_numbers_written_at_home_are_dialled_from_the_country_that_is_said(file: Path, engine: DuckDBEngine) -> None:
    text = "name,phone,country,who\nAda,0660 1234567,,x\nBen,0660 1234567,Austria,y\nCleo,030 12345678,DE,y\n"
    assert read(file, engine, text).undialled == 1
    found = read_labelled(file, "who", None, {}, engine, "AT")
    assert found.undialled == 0
    assert points(found, engine) == {
        (1, "phone", "+436601234567"), (2, "phone", "+436601234567"), (3, "phone", "+493012345678"),
    }  # fmt: skip


def test_mistakes_are_named_by_a_number_that_only_one_record_has(file: Path, engine: DuckDBEngine) -> None:
    # The first 500 rows do not tell that the number comes again.
    lines = "".join(f"{number % 501},Ada,x\n" for number in range(502))
    found = read(file, engine, "case_id,name,who\n" + lines)
    assert found.columns == {"full_name": "name"}
    assert found.unread == {"case_id": "not every row has one of its own"}


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("email,who\na@mail.example,x\nb@mail.example,x\n", "no column is read as names: all who share an e-mail"),
        (
            "name,email,who\n" + "Ada,a@mail.example,x\n" * 9 + ",a@mail.example,y\n",
            "1 of 10 rows with an e-mail or a phone show no name",
        ),
        ("name,email,who\nAda,a@mail.example,x\n,,x\n", None),
        ("city,who\nGraz,x\nYork,x\n", "nothing that is read tells one person from another; say with --map"),
        ("name,who\nAda,x\nBen,y\n", "no two rows have the same 'who': there is nobody to be found"),
        ("name,who\n", "the file has no rows that fit its header: nothing is measured"),
        ("name,no,who\nAda,1,x\nBen,1,x\n", "1 rows have no 'no', or one that another row has"),
        ("name,who\nAda,x\nBen,x\n", None),
        ("name,age,who\nAda,7,x\nBen,8,x\n", "no column says when ages were told"),
        ("name,age,year,who\nAda,7,1851,x\nBen,8,1861,x\n", None),
    ],
)
def test_why_figures_may_say_little_is_told(file: Path, engine: DuckDBEngine, text: str, warning: str | None) -> None:
    file.write_text(text)
    found = read_labelled(file, "who", "no" if ",no," in text else None, {}, engine).warnings
    assert [each.partition(warning or each)[1] for each in found] == [warning] * (warning is not None)


def test_a_second_person_of_each_row_is_told_of(file: Path, engine: DuckDBEngine) -> None:
    heading = ",".join(
        f"{who}_{what}" for who in ("holder", "insured") for what in ("first_name", "last_name", "birth_date")
    )
    rows = "".join(f"Ada,Berger,19{n}-02-03,Ben,Cole,19{n}-04-05,{n}\n" for n in range(50, 60))
    [warning] = [told for told in read(file, engine, f"{heading},who\n{rows}").warnings if "second person" in told]
    assert "(insured_first_name, insured_last_name, insured_birth_date)" in warning
    mapped = {
        "given_name": "insured_first_name",
        "family_name": "insured_last_name",
        "birth_date": "insured_birth_date",
    }
    assert read(file, engine, f"{heading},who\n{rows}", mapped).columns == mapped


def test_columns_without_a_heading_are_told_by_their_place(file: Path, engine: DuckDBEngine) -> None:
    found = read(file, engine, " name ,,who\nAda,7,x\n")
    assert (found.columns, found.unread) == ({"full_name": "name"}, {"column_2": ""})


def test_what_is_not_read_is_told(file: Path, engine: DuckDBEngine) -> None:
    found = read(file, engine, "id,name,shelf,spouse_email,who\n1,Ada,7,b@mail.example,x\n")
    assert found.unread == {"shelf": "", "spouse_email": "somebody or something else's"}


def test_all_addresses_and_numbers_of_a_record_count_once_each(file: Path, engine: DuckDBEngine) -> None:
    found = read(
        file, engine,
        "email,other_email,phone,mobile,who\n"
        "a@mail.example,A@mail.example,+436601234567,+436607654321,x\n,b@mail.example,,,y\n",
    )  # fmt: skip
    assert sorted((row["record_id"], row["value"]) for row in engine.to_arrow(found.contact_points).to_pylist()) == [
        (1, "+436601234567"), (1, "+436607654321"), (1, "a@mail.example"), (2, "b@mail.example"),
    ]  # fmt: skip
    rows = engine.to_arrow(found.identifiers).to_pylist()
    assert sorted((row["record_id"], row["identifier_value"]) for row in rows) == [
        (1, "+436601234567"), (1, "+436607654321"), (1, "a@mail.example"), (2, "b@mail.example"),
    ]  # fmt: skip


def test_addresses_and_numbers_are_put_in_one_spelling(file: Path, engine: DuckDBEngine) -> None:
    found = read(
        file, engine,
        "name,email,phone,country,who\n"
        "Anna, Anna+News@Mail.Example ,+43 660 123 45 67,,x\n"
        "Anna,anna@mail.example,0660/1234567,at,x\n"
        "Bob,by post,n/a,,y\n",
    )  # fmt: skip
    assert points(found, engine) == {
        (1, "email", "anna+news@mail.example"),
        (1, "phone", "+436601234567"),
        (2, "email", "anna@mail.example"),
        (2, "phone", "+436601234567"),
        # What is no address is still something to compare, but identifies nobody.
        (3, "email", "by post"),
    }
    rows = engine.to_arrow(found.identifiers).to_pylist()
    assert {(row["record_id"], row["identifier_type"], row["identifier_value"]) for row in rows} == {
        (1, "email", "anna+news@mail.example"),
        (1, "email_base", "anna@mail.example"),
        (1, "phone", "+436601234567"),
        (2, "email", "anna@mail.example"),
        (2, "phone", "+436601234567"),
    }


def test_what_stands_for_nothing_is_nothing_but_labels_are_taken_literally(file: Path, engine: DuckDBEngine) -> None:
    found = read(file, engine, "name,email,city,who\nn/a,-,NULL,-\nTest,?,Graz,null\n")
    assert [row["full_name"] for row in engine.to_arrow(found.contacts.order_by("record_id")).to_pylist()] == [
        None,
        "Test",
    ]
    assert {(record, kind) for record, kind, _ in points(found, engine)} == {(2, "postal")}
    assert set(engine.to_arrow(found.truth)["person_id"].to_pylist()) == {"-", "null"}


def test_a_zip_code_is_its_first_five_digits(file: Path, engine: DuckDBEngine) -> None:
    found = read(file, engine, "name,zip,who\nAda,273111267,x\nBen,27311,x\n")
    assert {row["postal_code"] for row in engine.to_arrow(found.contact_points).to_pylist()} == {"27311"}


def test_house_number_and_street_are_one_line(file: Path, engine: DuckDBEngine) -> None:
    found = read(file, engine, "street_number,address_1,suburb,postcode,who\n7,Mill Lane,York,YO1,x\n,Mill Lane,,,x\n")
    rows = engine.to_arrow(found.contact_points.order_by("record_id")).to_pylist()
    assert [(row["line_1"], row["city"], row["postal_code"]) for row in rows] == [
        ("7 Mill Lane", "York", "YO1"),
        ("Mill Lane", None, None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name;dob;who\nBerger, Anna;1980-02-03;x\n", id="semicolons"),
        pytest.param("name\tdob\twho\nBerger, Anna\t1980-02-03\tx\n", id="tabs"),
        pytest.param(b"\xef\xbb\xbfname,dob,who\r\n\"Berger, Anna\",1980-02-03,x\r\n", id="byte order mark, CRLF"),
        pytest.param('"name","dob","who"\n"Berger, Anna","1980-02-03","x"', id="quoted, no last line end"),
    ],
)  # fmt: skip
def test_the_usual_kinds_of_csv_are_read(file: Path, engine: DuckDBEngine, text: str | bytes) -> None:
    found = read(file, engine, text)
    [row] = engine.to_arrow(found.contacts).to_pylist()
    assert (row["full_name"], row["birth_date"]) == ("Berger, Anna", date(1980, 2, 3))
    [label] = engine.to_arrow(found.truth).to_pylist()
    assert label == {"record_id": 1, "person_id": "x", "native_id": "1"}


def test_parquet_is_read_whatever_its_types(tmp_path: Path, engine: DuckDBEngine) -> None:
    file = tmp_path / "people.parquet"
    table = {"id": [7, 8], "name": ["Anna", None], "dob": [date(1980, 2, 3), None], "who": [1, 2]}
    pq.write_table(pa.table(table), file)
    found = read_labelled(file, "who", "id", {}, engine)
    assert births(found, engine) == [date(1980, 2, 3), None]
    labels = engine.to_arrow(found.truth.order_by("record_id")).to_pylist()
    assert [(row["person_id"], row["native_id"]) for row in labels] == [("1", "7"), ("2", "8")]


def test_a_further_address_can_be_mapped(file: Path, engine: DuckDBEngine) -> None:
    found = read(file, engine, "mail,reached,who\na@mail.example,b@mail.example,x\n", {"email_2": "reached"})
    assert {value for _, _, value in points(found, engine)} == {"a@mail.example", "b@mail.example"}


def test_a_mapping_outranks_what_columns_look_like(file: Path, engine: DuckDBEngine) -> None:
    found = read(file, engine, "name,alias,who\nAB12,Anna,x\n", {"full_name": "alias"})
    assert found.columns == {"full_name": "alias"}
    assert engine.to_arrow(found.contacts)["full_name"].to_pylist() == ["Anna"]


def test_lines_that_do_not_fit_the_header_are_counted(file: Path, engine: DuckDBEngine) -> None:
    found = read(file, engine, "id,name,who\n1,Anna,x\n2,Bob\n3,Carl,y,z\n4,Dora,y\n")
    assert found.unreadable == 2
    assert engine.to_arrow(found.truth.order_by("record_id"))["native_id"].to_pylist() == ["1", "4"]


@pytest.mark.parametrize(
    ("text", "mapped", "message"),
    [
        ("id,name\n1,Anna\n", {}, "people.csv has no column 'who'; it has id, name"),
        ("id,name,who\n1,Anna,x\n", {"full_name": "nam"}, "people.csv has no column 'nam'; it has id, name, who"),
        ("id,name,who\n1,Anna,x\n", {"vorname": "name"}, "'vorname' is nothing that a column may be; write one of "),
        ("id,name,who\n1,Anna,x\n", {"full_name": "who"}, "full_name is mapped to 'who', which is the truth"),
        ("id,a,who\n1,2,x\n", {}, "say what they are with --map"),
        ("id,name,who\n1,Anna,\n", {}, "the column 'who' of people.csv is empty: without labels nothing can be"),
        ("", {}, "people.csv is empty"),
        ("name,name,who\nAda,Berger,x\n", {}, "people.csv has several columns called 'name'; give each a name of its"),
        (b"\x1f\x8b no more of it", {}, "people.csv is damaged or not all there"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(
    file: Path, engine: DuckDBEngine, text: str | bytes, mapped: dict[str, str], message: str
) -> None:
    with pytest.raises(EvaluationError) as raised:
        read(file, engine, text, mapped)
    assert message in str(raised.value)


def test_the_truth_numbers_no_records(file: Path, engine: DuckDBEngine) -> None:
    file.write_text("name,who\nAda,x\n")
    with pytest.raises(EvaluationError, match="'who' cannot be both the truth and the records' id"):
        read_labelled(file, "who", "who", {}, engine)


def test_damaged_parquet_is_named(tmp_path: Path, engine: DuckDBEngine) -> None:
    file = tmp_path / "people.parquet"
    file.write_bytes(b"PAR1 no more of it")
    with pytest.raises(EvaluationError, match=r"people\.parquet: .*write it again"):
        read_labelled(file, "who", None, {}, engine)


def test_values_of_which_parts_are_unreadable_say_nothing(file: Path, engine: DuckDBEngine) -> None:
    rows = "".join(f"{n},Ann Lee{n},+49151123450{n},a{n}@example.org\n" for n in range(9))
    found = read(file, engine, f"who,Name,Phone,Email\n{rows}9,Lee ***,+49151****1234,b***@example.org\n")
    assert {"full_name": "Name", "phone": "Phone", "email": "Email"}.items() <= found.columns.items()
    assert len(points(found, engine)) == 18
    assert engine.to_arrow(found.contacts.filter(found.contacts.full_name.contains("*"))).num_rows == 0
    [warning] = (told for told in found.warnings if "unreadable" in told)
    assert sorted(warning.rpartition(": ")[2].split(", ")) == ["1 of Email", "1 of Name", "1 of Phone"]
