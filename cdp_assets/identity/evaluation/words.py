"""What columns of tables of people are called: the headings of public data sets, systems and forms.

Belongs here: words, and how a heading is compared with them. Does not belong here: which columns are chosen
(`columns.py`), and what else people call columns in other languages (`sources/proposing/headings.yaml`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

REPEATED = ("member no", "member num", "member number", "member id", "membership no", "membership num",
            "membership number", "membership id", "voter reg num", "voter reg no", "voter id", "epic no",
            "ffn", "personnr", "person nr", "person no", "persnr", "pers nr")  # fmt: skip
"""Words of numbers that are people's where several rows have the same one or they begin with births, and otherwise
number something else."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "record": ("unique id", "record id", "rec id", "row id", "uid", "record no", "record number", "row no",
               "row number", "row num", "sl no", "index", "id"),
    "birth_date": ("date of birth", "birth date", "birthdate", "birthday", "birth datetime", "dob", "born",
                   "geburtsdatum"),
    "birth_year": ("birth year", "year of birth", "dob year", "dob y", "yob", "by"),
    "birth_month": ("birth month", "month of birth", "dob month", "dob mon", "dob m", "mob", "bm"),
    "birth_day": ("birth day", "day of birth", "dob day", "dob d", "bd"),
    "age": ("age", "birth age", "current age"),
    "age_told": ("census year", "survey year", "survey date", "survey round", "survey wave", "round", "wave",
                 "snapshot date", "snapshot dt", "snapshot", "extract date", "as of date", "as of", "year"),
    "email": ("email address", "e mail", "email", "mail"),
    "phone": ("phone number", "telephone", "phone", "mobile", "cell", "tel", "telefon", "tlf", "contact number",
              "contact no", "contact num"),
    "area_code": ("phone area code", "area code", "area cd", "vorwahl", "ddd", "std code"),
    "given_name": ("given name", "first name", "givenname", "firstname", "forename", "fname", "given", "vorname",
                   "name first", "name given", "prenom usuel", "roepnaam", "first"),
    "initials": ("initials", "voorletters", "voorletter", "initialen", "initiales", "iniciales", "iniciais",
                 "iniziali", "initialer", "inicjaly"),
    "middle_name": ("middle name", "middle initial", "middlename", "middle names", "midl name", "name middle", "mname",
                    "other given names", "mellomnavn", "mellemnavn", "mellannamn", "middle", "mi"),
    "name_particle": ("name particle", "tussenvoegsel", "tussenvoegsels", "voorvoegsel", "voorvoegsels"),
    "family_name": ("family name", "last name", "lastname", "surname", "lname", "family", "nachname", "name last",
                    "name family", "nom d usage", "nom usage", "geslachtsnaam", "last"),
    "second_family_name": ("second family name", "family name 2", "apellido 2", "apellido2"),
    "name_suffix": ("name suffix", "name sufx cd", "name sufx", "generational suffix", "suffix", "sufx", "ext name",
                    "name ext", "name extension", "ext", "extension"),
    "full_name": ("full name", "fullname", "customer name", "display name", "person name", "client name",
                  "contact name", "patient name", "name full", "name"),
    "house_number": ("street number", "street num", "house number", "street no", "st no", "house no", "house num",
                     "huisnr", "num ext", "nr domu", "hausnummer", "numero", "num"),
    "street": ("address 1", "address line 1", "street address", "line 1", "address line", "add 1", "adr 1", "addr 1",
               "street", "strasse", "home address", "postal address", "address"),
    "full_address": ("full address", "address full", "addr full", "whole address", "complete address"),
    "postal_code": ("postal code", "zip code", "zipcode", "postcode", "zip", "pcode", "plz", "poskod", "kod"),
    "city": ("city", "town", "suburb", "locality", "ort", "place", "poststed", "comuna"),
    "region": ("state", "province", "region", "county"),
    "country": ("country code", "country"),
    "gender": ("gender", "sex"),
    "company": ("company", "employer", "organisation", "organization", "name org"),
    "job_title": ("job title", "occupation", "profession", "job"),
    "national_id": ("social security", "soc sec id", "national id", "national insurance", "ssn", "nin", "tax id",
                    "personal administrative number", "personal identity", "identity card", "identity number",
                    "identity no", "national identity", "national identification", "nhs number", "nhs no",
                    "citizen id", "passport", "pasaporte", "passeport", "passaporto", "passaporte", "paspoort",
                    "paszport", "reisepass", "reisepassnummer",
                    "driver license", "drivers license", "driving licence", "driver s license", "drivers lic",
                    "drivers", "medical record",
                    "mrn", "mrns", "medicare", "medicaid", "loyalty id", "loyalty number", "loyalty card",
                    "frequent flyer", "frequent flier", "ffp", "aadhaar", "aadhar", "pan number", "pan no", "cpf",
                    "curp", "dni", "nif", "cuit", "cuil", "pesel", "cnp", "bsn", "rrn",
                    "codice fiscale", "cod fiscale", "tc kimlik", "tckn", "personnummer", "fodselsnummer", "cpr nr",
                    "rodne cislo", "henkilotunnus", "kennitala", "taj szam", "taj", "инн", "снилс", "паспорт", "рнокпп",
                    "αφμ", "αμκα", "身份证", "身份证号", "身份证号码",
                    "emirates id", "civil id", "iqama", "nric", "mykad", "no kp", "cccd", "cmnd", "nik", "no ktp",
                    "num secu", "nir", "sv nummer", "steuer id", "social insurance", "tax number",
                    "unique pupil number", "upn", "unique learner number", "uln", "identifier value",
                    "identification number", "identification no", "id card", "id number", "id no",
                    "teudat zehut", "philhealth", "travel doc", "travel document", "identity doc", "identity document",
                    "apis doc", "cnic", "nic", "nic no", "nic number", "bvn", "pan", "rfc", "rut", "cedula",
                    "hkid", "my kad", "ni number", "ni no", "nino", "ahv", "ahv nr", "ahv nummer",
                    "rijksregisternummer", "rijksregister", "registre national", *REPEATED),
}  # fmt: skip
"""What a column may be → words its name may consist of, the surest first. A ``national_id`` is any number that is one
person's for life in whatever numbering: a citizen's, a patient's, a member's."""

FURTHER: Mapping[str, tuple[str, ...]] = {
    "phone": ("alternate contact", "alternative contact", "alternate number", "alternative number"),
}
"""Words of what a person has beside something else, which comes first."""

VAGUE = frozenset(
    {"age", "round", "wave", "year", "as of", "snapshot", "name", "place", "given", "first", "family", "last", "middle",
     "mi", "suffix", "sufx", "ext", "extension", "mail", "address", "address line", "by", "bm", "bd", "mob", "index",
     "numero", "num", "kod", "ddd", "drivers", "identifier value", "identification number", "identification no",
     "id number", "id no", "nik", "nir", "nic", "pan", "rfc", "rut", "ahv"}
)  # fmt: skip
"""Words that say what a column is only where they are all of its name: a user name or a file name is nobody's name."""

LEAST = frozenset({"place", "suburb", "locality", "county"})
"""Words of places that are it only where no other column says it plainer."""

BY_VALUE = frozenset(
    {
        "born",
        "kod",
        "ext",
        "extension",
        "contact number",
        "contact no",
        "contact num",
        *FURTHER["phone"],
        "numero",
        "num",
    }
)
"""Words that may be of other numbers as well: values have to agree, also where they are all of a name."""

SCRIPTS = frozenset(
    {
        "native",
        "local",
        "latin",
        "ar",
        "cn",
        "en",
        "ja",
        "jp",
        "ko",
        "ru",
        "th",
        "zh",
        "フリカナ",
        "カナ",
        "カナ氏名",
        "氏名カナ",
        "氏名フリカナ",
        "お名前フリカナ",
        "ふりかな",
        "かな",
        "氏名かな",
        "氏名ふりかな",
        "読み仮名",
        "読みかな",
    }
)
"""Words of a further column with a whole name: in another script. It counts where the first one says nothing."""

SECOND = frozenset({"second", "maternal", "materno", "segundo", "2"})
"""Words of the second of two family names."""

NO_HOME = frozenset(
    {"birth", "born", "nationality", "passport", "license", "licence", "visa", "permit", "document", "national",
     "identity", "tax", "issuing", "issued", "issuer"}
)  # fmt: skip
"""Words beside which a place is not where somebody lives: of births, and of documents with their issuers."""

MAILING = frozenset({"mailing", "mail"})
"""Words of where post goes to, which is where somebody lives only if nothing else says that."""

ABOUT_A_NUMBER = frozenset(
    {"country", "state", "region", "city", "place", "type", "date", "year", "issued", "issuing", "issuer", "expiry",
     "expires", "expiration", "valid", "status", "authority", "last", "points", "balance", "tier", "level"}
)  # fmt: skip
"""Words of what is said of a number of a person, and is not the number."""

ABOUT_AN_ADDRESS = frozenset(
    {"type", "ext", "extension", "label", "status", "country", "area", "carrier", "system", "marketing", "consent",
     "opt"}
)  # fmt: skip
"""Words of what is said of an e-mail or a telephone, and is neither."""

ISSUERS = ("country", "state", "issuer", "issuing country", "issuing state", "country code", "state code")
NUMBERS = ("number", "num", "no", "nr", "id")

OTHER_DATES = frozenset(
    {"created", "updated", "modified", "changed", "ordered", "signup", "registered", "at", "since", "issued", "expiry",
     "expires", "expiration", "valid", "death", "died", "deceased", "enrolled", "enrollment", "join", "joined", "visit",
     "purchase", "order", "hire", "hired", "employed", "start", "started", "end", "ended", "check", "arrival",
     "departure", "renewal", "wedding", "married", "marriage", "burial", "last", "latest", "policy", "invoice", "event",
     "appointment", "contract", "donation", "gift", "payment", "paid"}
)  # fmt: skip
"""Words of a date column that say it is no birth date."""

THINGS = frozenset(
    {"user", "login", "screen", "nick", "file", "host", "domain", "server", "table", "field", "source", "system",
     "street", "city", "county", "country", "state", "district", "municipality", "region", "place", "precinct", "party",
     "company", "organization", "organisation", "org", "business", "trade", "bank", "brand", "agency", "airline",
     "school", "college", "university", "hospital", "clinic", "facility", "hotel", "station", "building", "venue",
     "site", "department", "dept", "team", "group", "project", "program", "programme", "course", "class", "event",
     "campaign",
     "product", "item", "model", "plan", "package", "list", "segment", "category", "type", "role", "position",
     "test", "drug", "vessel", "ship", "pet", "dog", "cat", "middle", "maiden", "previous", "former", "birth", "alias"}
)  # fmt: skip
"""Words before *name* of what is no person, and of names that are not all of somebody's present one."""


def parts_of(name: str) -> list[str]:
    """The words of a column's name, without accents and the places in lists: *name*, *given* of ``name[0].given``."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", re.sub(r"\[\d+\]", " ", name))
    plain = unicodedata.normalize("NFD", spaced.casefold().replace("ø", "o").replace("đ", "d"))
    return re.findall(r"[^\W\d_]+|\d+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def said_in(name: str) -> frozenset[str]:
    """The words of a column's name, in whatever order."""
    return frozenset(parts_of(name))


def says(name: str, words: str) -> bool:
    """Whether some words stand in a column's name one after the other."""
    parts, wanted = parts_of(name), words.split()
    return any(parts[start : start + len(wanted)] == wanted for start in range(len(parts) - len(wanted) + 1))


def is_called(name: str, words: str) -> bool:
    """Whether some words are all of a column's name."""
    return parts_of(name) == words.split()
