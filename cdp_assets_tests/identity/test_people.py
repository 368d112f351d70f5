"""Which records are one person's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cdp_assets.identity.agreement import Agreement, agreement, signature_of
from cdp_assets_tests.identity.world import Record, World, together

BORN = date(1985, 4, 12)


def test_a_couple_sharing_an_email_stays_two_people() -> None:
    world = World()
    anna = Record(1, ("shop/customer_number 1001", "email family@example.com"), "Anna Meyer")
    bert = Record(2, ("till/loyalty_number 77", "email family@example.com"), "Bert Meyer")
    tables = world.run([anna, bert])
    assert len(set(tables["profile_map"]["profile_id"].to_pylist())) == 2
    [refused] = tables["rejected_links"].to_pylist()
    assert (refused["left_record_id"], refused["right_record_id"], refused["reason"]) == (1, 2, "names_differ")
    assert refused["detail"] == "the given names differ"


def test_personal_identifiers_link_by_themselves_whatever_the_names() -> None:
    one = Record(1, ("shop/customer_number 1001",), "Anna Meyer")
    two = Record(2, ("shop/customer_number 1001",), "Karl Schmidt")
    assert together(one, two) == {frozenset({1, 2})}


def test_the_same_number_in_two_systems_is_no_link() -> None:
    one = Record(1, ("shop/customer_number 1001",), "Anna Meyer")
    two = Record(2, ("till/customer_number 1001",), "Anna Meyer")
    assert together(one, two) == {frozenset({1}), frozenset({2})}


def test_nickname_typo_initial_and_script_do_not_part_a_person() -> None:
    names = ["Robert Papadopoulos", "Bob Papadopoulos", "R. Papadopoulos", "Robert Papadopulos", "Papadopoulos, Robert"]
    records = [Record(n, (f"crm{n}/contact_id c{n}", "email bob@example.com"), name) for n, name in enumerate(names)]
    greek = Record(9, ("crm9/contact_id c9", "email bob@example.com"), "Robert Παπαδόπουλος")
    assert together(*records, greek) == {frozenset({0, 1, 2, 3, 4, 9})}


def test_a_changed_surname_needs_the_same_birth_date() -> None:
    born = date(1985, 4, 12)
    before = Record(1, ("shop/customer_number 1", "email a@example.com"), "Anna Meyer", born)
    after = Record(2, ("crm/contact_id 2", "email a@example.com"), "Anna Schmidt", born)
    assert together(before, after) == {frozenset({1, 2})}
    unknown = Record(2, ("crm/contact_id 2", "email a@example.com"), "Anna Schmidt")
    assert together(before, unknown) == {frozenset({1}), frozenset({2})}


def test_another_birth_date_alone_is_no_veto_but_weakens_names_that_only_resemble() -> None:
    one = Record(1, ("shop/customer_number 1", "email a@example.com"), "Robert Meyer", date(1950, 1, 2))
    same_name = Record(2, ("crm/contact_id 2", "email a@example.com"), "Robert Meyer", date(1958, 3, 4))
    nickname = Record(2, ("crm/contact_id 2", "email a@example.com"), "Bob Meyer", date(1958, 3, 4))
    assert together(one, same_name) == {frozenset({1, 2})}
    assert together(one, nickname) == {frozenset({1}), frozenset({2})}


@pytest.mark.parametrize(
    ("number", "name", "born", "one_person"),
    [
        ("tax/national_id 981728237", "Carlos Silva", None, False),
        ("tax/national_id 981728237", None, None, False),
        ("tax/national_id 297241686", "Carlos Silva", None, True),  # two digits exchanged
        ("tax/national_id 981728237", "Carlos Silva", BORN, True),  # a document was issued anew
        ("tax/national_id 981728237", "Carla Silva", BORN, False),
        ("pass/national_id 981728237", "Carlos Silva", None, True),  # another register
        ("tax/national_id 981728237 KOR", "Carlos Silva", None, True),  # somebody else's numbers
        ("tax/national_id unknown", "Carlos Silva", None, True),
    ],
)
def test_two_numbers_in_one_register_are_two_people_unless_name_and_birth_date_say_otherwise(
    number: str, name: str | None, born: date | None, one_person: bool
) -> None:
    one = Record(1, ("tax/national_id 297241668", "email c.silva@example.org"), "Carlos Silva", BORN)
    other = Record(2, (number, "email c.silva@example.org"), name, born)
    assert (len(together(one, other)) == 1) is one_person


def test_a_person_may_have_two_numbers_where_another_record_has_one_of_them_too() -> None:
    old = Record(1, ("pass/national_id x1234567", "email a@example.org"), "Anna Meyer", BORN)
    new = Record(2, ("pass/national_id k7654321", "email a@example.org"), "Anna Meyer", BORN)
    later = Record(3, ("pass/national_id k7654321", "email a@example.org"), "A. Meyer")
    assert together(old, new, later) == {frozenset({1, 2, 3})}


def test_an_address_beside_many_numbers_is_nobodys() -> None:
    numbers = [str(7919 * n)[:6] for n in range(1, 23)]
    shared = [
        Record(n, (f"pass/national_id {number}", "email desk@example.org"), "Ann Smith", date(1970 + n, 5, 6))
        for n, number in enumerate(numbers)
    ]
    tables = World().run(shared)
    assert {row["reason"] for row in tables["rejected_links"].to_pylist()} == {"hub"}


@pytest.mark.parametrize("name", ["Robert Meyer", "Bob Meyer", None])
def test_two_who_were_born_a_generation_apart_are_two_whatever_they_are_called(name: str | None) -> None:
    one = Record(1, ("phone +49307219845",), "Robert Meyer", date(1950, 1, 2))
    other = Record(2, ("phone +49307219845",), name, date(1980, 3, 4))
    assert together(one, other) == {frozenset({1}), frozenset({2})}
    assert together(replace(one, name=None), replace(other, name=None)) == {frozenset({1}), frozenset({2})}


@pytest.mark.parametrize("name", ["Robert Meyer", "Bob Meyer", None])
def test_a_year_of_birth_is_enough_to_tell_two_generations_apart(name: str | None) -> None:
    father = Record(1, ("phone +49307219845",), "Robert Meyer", year=1950)
    for son in (
        Record(2, ("phone +49307219845",), name, year=1980),
        Record(2, ("phone +49307219845",), name, date(1980, 3, 4)),
    ):
        assert together(father, son) == {frozenset({1}), frozenset({2})}


def test_years_of_birth_that_may_be_one_persons_ages_part_nobody() -> None:
    one = Record(1, ("email a@example.com",), "Robert Meyer", year=1950)
    assert together(one, replace(one, id=2, name="Bob Meyer", year=1951)) == {frozenset({1, 2})}
    assert together(one, replace(one, id=2, name="Bob Meyer", born=date(1950, 3, 4), year=None)) == {frozenset({1, 2})}
    assert together(one, replace(one, id=2, year=1958)) == {frozenset({1, 2})}
    nickname_born_later = replace(one, id=2, name="Bob Meyer", year=1958)
    assert together(one, nickname_born_later) == {frozenset({1}), frozenset({2})}


def test_father_and_son_of_one_name_at_one_address_are_told_apart_by_their_years() -> None:
    father = Record(1, name="Robert Meyer", year=1950, address="Main St 1, 10115")
    son = Record(2, name="Robert Meyer", year=1980, address="Main St 1, 10115")
    unknown = Record(3, name="Robert Meyer", address="Main St 1, 10115")
    assert together(father, son, unknown) == {frozenset({1}), frozenset({2}), frozenset({3})}
    assert together(father, replace(son, year=1951), unknown) == {frozenset({1, 2, 3})}


def test_an_initial_is_whose_the_mailbox_beside_it_says() -> None:
    joel = Record(1, ("phone +49307219845",), "J. Watson", mail=("joel.watson@example.com",))
    jacqueline = Record(2, ("phone +49307219845",), "Jacqueline Watson")
    assert together(joel, jacqueline) == {frozenset({1}), frozenset({2})}
    assert together(joel, replace(jacqueline, name="Joel Watson")) == {frozenset({1, 2})}
    jane = Record(2, ("phone +49307219845",), "J. Watson", mail=("jane.watson@example.com",))
    assert together(joel, jane) == {frozenset({1}), frozenset({2})}
    of_a_couple = replace(joel, mail=(*joel.mail, "jane.watson@example.com"))
    assert together(of_a_couple, jacqueline) == {frozenset({1, 2})}


def test_no_slip_of_the_pen_is_a_generation_older() -> None:
    father = Record(1, ("phone +49307219845",), "Zubin Meyer", date(1960, 1, 2))
    undated = Record(2, ("phone +49307219845", "shop/customer_number 2"), "Zubin Meyer")
    son = Record(3, ("phone +49307219845", "shop/customer_number 3"), "Zubinn Meyer", date(1992, 3, 4))
    assert not any({1, 3} <= group for group in together(father, undated, son))


def test_without_a_name_birth_dates_tell() -> None:
    undated = Record(1, ("phone +49307219845",), "Ann Meyer")
    dated = Record(2, ("phone +49307219845",), None, date(1960, 1, 2))
    assert together(undated, dated) == {frozenset({1, 2})}
    assert together(replace(undated, born=date(1960, 1, 2)), dated) == {frozenset({1, 2})}


def test_a_fact_with_only_a_shared_email_goes_to_nobody() -> None:
    anna = Record(1, ("shop/customer_number 1001", "email family@example.com"), "Anna Meyer")
    bert = Record(2, ("till/loyalty_number 77", "email family@example.com"), "Bert Meyer")
    opened = Record(3, ("email family@example.com",))
    ticket = Record(4, ("email family@example.com",))
    assert together(anna, bert, opened, ticket) == {frozenset({n}) for n in (1, 2, 3, 4)}


def test_a_fact_with_only_an_email_goes_to_the_one_person_known_by_it() -> None:
    anna = Record(1, ("shop/customer_number 1001", "email anna@example.com"), "Anna Meyer")
    opened = Record(2, ("email anna@example.com",))
    assert together(anna, opened) == {frozenset({1, 2})}


def test_another_identifier_decides_whose_a_fact_with_a_shared_email_is() -> None:
    anna = Record(1, ("shop/customer_number 1001", "email family@example.com"), "Anna Meyer")
    bert = Record(2, ("till/loyalty_number 77", "email family@example.com", "phone +491511111112"), "Bert Meyer")
    call = Record(3, ("email family@example.com", "phone +491511111112"))
    assert together(anna, bert, call) == {frozenset({1}), frozenset({2, 3})}


def test_facts_of_one_email_without_any_name_are_one_profile() -> None:
    records = [Record(n, ("email reader@example.com",)) for n in (1, 2, 3)]
    assert together(*records) == {frozenset({1, 2, 3})}


def test_two_user_ids_of_one_site_are_two_people() -> None:
    one = Record(1, ("user_id u1", "email e@example.com"), "Anna Meyer")
    two = Record(2, ("user_id u2", "email e@example.com"), "Anna Meyer")
    world = World()
    assert world.groups([one, two]) == {frozenset({1}), frozenset({2})}
    assert world.tables["rejected_links"]["reason"].to_pylist() == ["ids_differ"]


def test_a_nameless_account_under_a_couples_email_is_given_to_neither() -> None:
    anna = Record(1, ("shop/customer_number 1", "email family@example.com"), "Anna Meyer")
    bert = Record(2, ("till/loyalty_number 7", "email family@example.com"), "Bert Meyer")
    account = Record(3, ("user_id u1", "email family@example.com"))
    assert together(anna, bert, account) == {frozenset({n}) for n in (1, 2, 3)}


def test_an_initial_that_fits_two_people_is_given_to_neither() -> None:
    john = Record(1, ("shop/customer_number 1", "email smith@example.com"), "John Smith")
    jane = Record(2, ("till/loyalty_number 7", "email smith@example.com"), "Jane Smith")
    initial = Record(3, ("crm/contact_id 5", "email smith@example.com"), "J. Smith")
    assert together(john, jane, initial) == {frozenset({n}) for n in (1, 2, 3)}


def test_a_given_name_alone_is_no_bridge_between_two_family_names() -> None:
    pearson = Record(1, ("email p.pearson@example.org",), "Peter Pearson")
    short = Record(2, ("email p.pearson@example.org", "phone +49307219845"), "Peter")
    cox = Record(3, ("phone +49307219845",), "Peter Cox")
    assert together(pearson, short, cox) == {frozenset({1, 2}), frozenset({3})}


def test_one_given_name_of_two_family_names_is_given_to_neither() -> None:
    office = "phone +49307219845"
    kelly = Record(1, ("email p.kelly@example.org",), "Peter Kelly")
    also_kelly = Record(2, ("email p.kelly@example.org", office), "Peter")
    cox = Record(3, (office,), "Peter Cox")
    unknown = Record(4, (office,), "Peter")
    assert together(kelly, also_kelly, cox, unknown) == {frozenset({1, 2}), frozenset({3}), frozenset({4})}


def test_whoever_may_be_father_or_son_is_neither_also_where_only_one_has_the_phone_too() -> None:
    mail, phone = "email walker.family@example.org", "phone +49307219845"
    father = Record(1, (mail,), "Thomas Walker", date(1958, 7, 21))
    son = Record(2, (mail, phone), "Thomas Walker", date(1982, 11, 17))
    undated = Record(3, (mail, phone), "Thomas Walker")
    assert together(father, son, undated) == {frozenset({1}), frozenset({2}), frozenset({3})}
    assert together(son, undated) == {frozenset({2, 3})}


def test_a_father_whose_name_is_his_daughters_second_is_not_she() -> None:
    home = "phone +49307219845"
    father, daughter = Record(1, (home,), "Saeed Qasim"), Record(2, (home,), "Leila Saeed Qasim")
    short = Record(3, (home,), "Leila Qasim")
    assert together(father, daughter, short) == {frozenset({1}), frozenset({2, 3})}
    assert together(father, daughter) == {frozenset({1}), frozenset({2})}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Lan", "Nguyễn Thị Mai"),
        ("Trần Văn Minh", "Trần Thị Hoa"),
        ("Kim Seo Yeon", "Kim Seo Jun"),
        ("Anya Gala D/O Veer", "Veer Gala"),
        ("Mr. J Kumar", "Mrs. J Kumar"),
        ("KUMAR/JMR", "KUMAR/JMRS"),
        ("Carlos Souza Silva Neto", "Carlos Souza Silva Filho"),
    ],
)
def test_relatives_who_share_a_phone_and_a_day_are_two(one: str, other: str) -> None:
    phone = "phone +491511111112"
    assert len(together(Record(1, (phone,), one, BORN), Record(2, (phone,), other, BORN))) == 2


def test_a_changed_surname_is_told_where_the_given_names_are_known() -> None:
    phone = "phone +491511111112"
    single, married = Record(1, (phone,), "Anna Maria Meyer", BORN), Record(2, (phone,), "Anna Maria Schmidt", BORN)
    assert together(single, married) == {frozenset({1, 2})}


def test_a_family_name_or_initials_are_a_relatives_unless_the_birth_date_is_the_same() -> None:
    assert agreement_of(("Sangeetha", "S W/O Saravanan", None), ("S.", "Saravanan", None)) is Agreement.RELATIVE
    assert agreement_of(("Milan", "Broeders", None), (None, "Broeders", None)) is Agreement.RELATIVE
    assert agreement_of(("Milan", "Broeders", BORN), (None, "Broeders", BORN)) is Agreement.PARTIAL


@pytest.mark.parametrize("shared", ["phone +491511111112", "email family@example.com"])
def test_a_family_name_alone_is_nobodys_in_particular(shared: str) -> None:
    anna, alone = Record(1, (shared,), "Anna Meyer"), Record(2, (shared,), family="Meyer")
    world = World()
    assert world.groups([anna, alone]) == {frozenset({1}), frozenset({2})}
    assert world.tables["rejected_links"]["reason"].to_pylist() == ["names_differ"]
    assert together(replace(anna, born=BORN), replace(alone, born=BORN)) == {frozenset({1, 2})}


@pytest.mark.parametrize(("mailbox", "people"), [("anna.meyer", 1), ("ameyer7", 1), ("petra", 2), ("hmeyer", 2)])
def test_a_family_name_alone_is_whose_the_mailbox_beside_it_says(mailbox: str, people: int) -> None:
    mail = f"{mailbox}@example.com"
    anna = Record(1, (f"email {mail}",), "Anna Meyer")
    alone = Record(2, (f"email {mail}",), family="Meyer", mail=(mail,))
    assert len(together(anna, alone)) == people
    assert len(together(replace(anna, born=BORN), replace(alone, born=date(1960, 1, 2)))) == 2


def agreement_of(one: tuple[str | None, str, date | None], other: tuple[str | None, str, date | None]) -> Agreement:
    signatures = [signature_of(given, family, None, born) for given, family, born in (one, other)]
    assert signatures[0] is not None
    assert signatures[1] is not None
    return agreement(signatures[0], signatures[1])


@pytest.mark.parametrize(("year", "people"), [(1963, 2), (1940, 1)])
def test_two_who_were_born_on_1_january_have_but_their_years_in_common(year: int, people: int) -> None:
    phone = "phone +491511111112"
    one, other = (Record(n, (phone,), "Puk Dekker", date(born, 1, 1)) for n, born in ((1, 1938), (2, year)))
    assert len(together(one, other)) == people


def test_a_nameless_record_is_no_bridge_between_two_people() -> None:
    anna = Record(1, ("shop/customer_number 1", "email anna@example.com"), "Anna Meyer")
    bert = Record(2, ("till/loyalty_number 7", "phone +491511111112"), "Bert Schulz")
    bridge = Record(3, ("email anna@example.com", "phone +491511111112"))
    assert together(anna, bert, bridge) == {frozenset({1, 3}), frozenset({2})}


def test_names_in_scripts_that_cannot_be_compared_do_not_part_who_bears_both() -> None:
    home = "email home@example.com"
    one, other = Record(1, (home,), "中川 美加子"), Record(2, (home,), "Nakagawa Ryohei")
    tables = World().run([one, other])
    [refused] = tables["rejected_links"].to_pylist()
    assert refused["detail"].startswith("the names are in scripts that cannot be compared")
    both = Record(3, ("crm/contact_id 7", home), "Nakagawa Mikako"), Record(4, ("crm/contact_id 7",), "中川 美加子")
    assert together(one, *both) == {frozenset({1, 3, 4})}


def test_a_trust_is_not_whose_address_it_has_though_it_is_told_as_a_company() -> None:
    home = "email anna@example.com"
    anna, trust = Record(1, (home,), "Anna Meyer"), Record(2, (home,), company="The Anna Meyer Trust")
    assert together(anna, trust) == {frozenset({1}), frozenset({2})}
    assert together(anna, Record(2, (home,), company="Meyer GmbH")) == {frozenset({1, 2})}


def test_a_woman_without_a_name_is_no_man() -> None:
    home = "email home@example.com"
    man = Record(1, (home,), "Anton Meyer", gender="m")
    assert together(man, Record(2, (home,), gender="female")) == {frozenset({1}), frozenset({2})}
    assert together(man, Record(2, (home,), gender="m")) == {frozenset({1, 2})}


def test_a_recycled_phone_does_not_join_its_old_and_new_owner() -> None:
    before = Record(1, ("user_id u1", "phone +491511111112"), seen=0, until=30)
    after = Record(2, ("shop/customer_number 9", "phone +491511111112"), seen=600, until=700)
    world = World()
    assert world.groups([before, after]) == {frozenset({1}), frozenset({2})}
    assert world.tables["rejected_links"]["reason"].to_pylist() == ["recycled"]


def test_a_phone_in_steady_use_links_and_so_does_one_after_a_pause_if_the_names_agree() -> None:
    before = Record(1, ("user_id u1", "phone +491511111112"), seen=0, until=500)
    after = Record(2, ("shop/customer_number 9", "phone +491511111112"), seen=600, until=700)
    assert together(before, after) == {frozenset({1, 2})}
    early = Record(1, ("user_id u1", "phone +491511111112"), "Anna Meyer", seen=0, until=30)
    late = Record(2, ("shop/customer_number 9", "phone +491511111112"), "Anna Meyer", seen=600, until=700)
    assert together(early, late) == {frozenset({1, 2})}


def test_a_fact_with_a_recycled_phone_goes_to_the_owner_of_its_time() -> None:
    before = Record(1, ("user_id u1", "phone +491511111112"), "Anna Meyer", seen=0, until=30)
    after = Record(2, ("user_id u2", "phone +491511111112"), "Karl Schmidt", seen=600, until=700)
    message = Record(3, ("phone +491511111112",), seen=650)
    assert together(before, after, message) == {frozenset({1}), frozenset({2, 3})}


def test_one_name_at_one_address_is_one_person_and_a_household_is_not() -> None:
    shop = Record(1, ("shop/customer_number 1",), "Anna Meyer", address="Hauptstraße 5, 10115")
    crm = Record(2, ("crm/contact_id 2",), "Anna Meyer", address="Hauptstr. 5, 10115")
    bert = Record(3, ("crm/contact_id 3",), "Bert Meyer", address="Hauptstr. 5, 10115")
    assert together(shop, crm, bert) == {frozenset({1, 2}), frozenset({3})}


def test_father_and_son_of_one_name_at_one_address_stay_two() -> None:
    father = Record(1, ("shop/customer_number 1",), "Karl Meyer", date(1950, 1, 1), address="Hauptstr. 5, 10115")
    son = Record(2, ("crm/contact_id 2",), "Karl Meyer", date(1980, 1, 1), address="Hauptstr. 5, 10115")
    assert together(father, son) == {frozenset({1}), frozenset({2})}


def test_a_chain_of_200_records_through_personal_ids_is_one_person() -> None:
    records = [Record(n, (f"s{n}/customer_number a{n}", f"s{n + 1}/customer_number a{n + 1}")) for n in range(1, 201)]
    assert together(*records) == {frozenset(range(1, 201))}


def test_a_renamed_user_id_is_the_same_person() -> None:
    before = Record(1, ("user_id old",))
    after = Record(2, ("user_id new",))
    again = Record(3, ("user_id newest", "user_id new"))
    assert together(before, after) == {frozenset({1}), frozenset({2})}
    renames = [("old", "new"), ("new", "newest")]
    assert together(before, after, again, aliases=renames) == {frozenset({1, 2, 3})}


def test_what_several_user_ids_have_taken_the_place_of_makes_nobody_one() -> None:
    ann, ben, before = Record(1, ("user_id ann",)), Record(2, ("user_id ben",)), Record(3, ("user_id shared",))
    renames = [("shared", "ann"), ("shared", "ben")]
    assert together(ann, ben, before, aliases=renames) == {frozenset({1}), frozenset({2}), frozenset({3})}


def test_no_profile_gets_a_sixth_email() -> None:
    records = [Record(n, ("user_id u1", f"email e{n}@example.com"), seen=n) for n in range(1, 8)]
    world = World()
    found = world.groups(records)
    assert frozenset({1, 2, 3, 4, 5}) in found
    assert "limit" in world.tables["rejected_links"]["reason"].to_pylist()


def test_a_record_without_identifiers_is_a_profile_of_its_own() -> None:
    guests = [Record(n, kind="guest") for n in (1, 2, 3)]
    assert together(*guests) == {frozenset({1}), frozenset({2}), frozenset({3})}


def test_nothing_at_all_is_an_empty_map() -> None:
    world = World()
    assert world.groups([]) == set()
    assert {name for name, table in world.tables.items() if table.num_rows} == {"resolution_state"}


def test_orders_tie_their_refunds_to_them_but_are_nobody_known() -> None:
    order = Record(1, ("shop/order_number 1", "email guest@example.com"))
    refund = Record(2, ("shop/order_number 1",))
    assert together(order, refund) == {frozenset({1, 2})}
    anna = Record(3, ("shop/customer_number 1001", "email guest@example.com"), "Anna Meyer")
    bert = Record(4, ("till/loyalty_number 77", "email guest@example.com"), "Bert Meyer")
    other = Record(5, ("shop/order_number 2", "email guest@example.com"))
    assert together(order, refund, anna, bert, other) == {frozenset(g) for g in ({1, 2}, {3}, {4}, {5})}


def test_a_tagged_address_is_linked_to_the_plain_one() -> None:
    tagged = Record(1, ("email anna+shop@example.com", "email_base anna@example.com"))
    plain = Record(2, ("email anna@example.com",))
    assert together(tagged, plain) == {frozenset({1, 2})}


def test_a_slip_of_the_pen_does_not_keep_other_spellings_out() -> None:
    names = ["Charlotte Moreno", "Charkotte Moreno", "Lottie Moreno", "Charlotte Morenp"]
    records = [Record(n, (f"s{n}/contact_id c", "email c@example.com"), name) for n, name in enumerate(names)]
    assert together(*records) == {frozenset(range(4))}


def test_a_common_short_form_joins_no_two_names() -> None:
    names = ["Alexander Huber", "Alex Huber", "Alexandra Huber"]
    records = [Record(n, (f"s{n}/contact_id c", "email h@example.com"), name) for n, name in enumerate(names)]
    assert together(*records) == {frozenset({n}) for n in range(3)}
