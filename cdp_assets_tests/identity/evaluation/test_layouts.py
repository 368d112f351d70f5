"""Which columns are read of the layouts in which public data sets, systems and forms tell of people."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cdp_assets.identity.evaluation.columns import guess, is_a

LAYOUTS = {
    "OpenEMPI": (
        "account; givenName=given_name; middleName=middle_name; familyName=family_name; "
        "familyName2=second_family_name; prefix; suffix=name_suffix; nameAlias; dateOfBirth=birth_date; "
        "gender=gender; ssn=national_id; address1=street; address2; city=city; state=region; "
        "postalCode=postal_code; country=country; phoneNumber=phone; phoneExt; phoneAreaCode=area_code; "
        "phoneCountryCode; email=email; motherName; fatherName; race; nationality; birthPlace; birthOrder; "
        "multipleBirthInd; maritalStatus; language; deathTime"
    ),
    "GeCo": (
        "rec_id=record; gender=gender; given_name=given_name; surname=family_name; postcode=postal_code; "
        "city=city; telephone_number=phone; credit_card_number; income; age=age; blood_pressure"
    ),
    "voters of North Carolina": (
        "county_desc; voter_reg_num; status_cd; voter_status_desc; reason_cd; voter_status_reason_desc; "
        "absent_ind; name_prefx_cd; last_name=family_name; first_name=given_name; midl_name=middle_name; "
        "name_sufx_cd=name_suffix; full_name_rep; house_num=house_number; half_code; street_dir; street_name; "
        "street_type_cd; street_sufx_cd; unit_designator; unit_num; res_street_address=street; "
        "res_city_desc=city; state_cd=region; zip_code=postal_code; mail_addr1; mail_addr2; mail_addr3; "
        "mail_addr4; mail_city; mail_state; mail_zipcode; area_cd=area_code; phone_num=phone_2; "
        "full_phone_number=phone; race_code; race_desc; ethnic_code; ethnic_desc; party_cd; party_desc; "
        "sex_code; sex=gender; age=age; birth_age; birth_place; registr_dt; precinct_abbrv; precinct_desc; "
        "municipality_abbrv; municipality_desc; ncid; drivers_lic=national_id; birth_year=birth_year; "
        "birth_state; age_at_year_end; load_dt; age_group"
    ),
    "voters of Ohio": (
        "SOS_VOTERID; COUNTY_NUMBER; LAST_NAME=family_name; FIRST_NAME=given_name; "
        "MIDDLE_NAME=middle_name; SUFFIX=name_suffix; DATE_OF_BIRTH=birth_date; REGISTRATION_DATE; "
        "VOTER_STATUS; PARTY_AFFILIATION; RESIDENTIAL_ADDRESS1=street; RESIDENTIAL_SECONDARY_ADDR; "
        "RESIDENTIAL_CITY; RESIDENTIAL_STATE=region; RESIDENTIAL_ZIP=postal_code; RESIDENTIAL_ZIP_PLUS4; "
        "RESIDENTIAL_COUNTRY=country; RESIDENTIAL_POSTALCODE; MAILING_ADDRESS1; MAILING_SECONDARY_ADDRESS; "
        "MAILING_CITY; MAILING_STATE; MAILING_ZIP; MAILING_ZIP_PLUS4; MAILING_COUNTRY; MAILING_POSTAL_CODE; "
        "CAREER_CENTER; CITY=city; CITY_SCHOOL_DISTRICT; COUNTY_COURT_DISTRICT; CONGRESSIONAL_DISTRICT; WARD; "
        "PRECINCT_NAME; PRECINCT_CODE"
    ),
    "voters of Florida": (
        "County Code; Voter ID=record; Name Last=family_name; Name Suffix=name_suffix; Name First=given_name; "
        "Name Middle=middle_name; Requested public records exemption; Residence Address Line 1=street; "
        "Residence Address Line 2; Residence City (USPS)=city; Residence State=region; Residence "
        "Zipcode=postal_code; Mailing Address Line 1; Mailing Address Line 2; Mailing Address Line 3; Mailing "
        "City; Mailing State; Mailing Zipcode; Mailing Country=country; Gender=gender; Race; Birth "
        "Date=birth_date; Registration Date; Party Affiliation; Precinct; Voter Status; Daytime Area "
        "Code=area_code; Daytime Phone Number=phone; Daytime Phone Extension; Email address=email"
    ),
    "FHIR": (
        "id=record; identifier[0].value=national_id; name[0].family=family_name; name[0].given[0]=given_name; "
        "name[0].given[1]; telecom[0].system; telecom[0].value=phone; telecom[1].value=email; gender=gender; "
        "birthDate=birth_date; address[0].line[0]=street; address[0].city=city; "
        "address[0].postalCode=postal_code"
    ),
    "Synthea": (
        "Id=record; BIRTHDATE=birth_date; DEATHDATE; SSN=national_id; DRIVERS=national_id_3; "
        "PASSPORT=national_id_2; PREFIX; FIRST=given_name; MIDDLE=middle_name; LAST=family_name; "
        "SUFFIX=name_suffix; MAIDEN; MARITAL; RACE; ETHNICITY; GENDER=gender; BIRTHPLACE; ADDRESS=street; "
        "CITY=city; STATE=region; COUNTY; FIPS; ZIP=postal_code; LAT; LON; HEALTHCARE_EXPENSES; "
        "HEALTHCARE_COVERAGE; INCOME"
    ),
    "OMOP": (
        "person_id=record; gender_concept_id=gender; year_of_birth=birth_year; month_of_birth=birth_month; "
        "day_of_birth=birth_day; birth_datetime=birth_date; race_concept_id; ethnicity_concept_id; "
        "location_id; provider_id; care_site_id; person_source_value; gender_source_value; race_source_value"
    ),
    "Splink": (
        "unique_id=record; cluster; full_name=full_name; first_and_surname; first_name=given_name; "
        "surname=family_name; dob=birth_date; birth_place=city; postcode_fake=postal_code; gender=gender; "
        "occupation=job_title"
    ),
    "dedupe": (
        "donor_id=record; last_name=family_name; first_name=given_name; address_1=street; address_2; "
        "city=city; state=region; zip=postal_code; employer=company; occupation=job_title"
    ),
    "Zingg": (
        "id=record; fname=given_name; lname=family_name; stNo=house_number; add1=street; add2; city=city; "
        "areacode; state=region; dob=birth_date; ssn=national_id"
    ),
    "Senzing": (
        "DATA_SOURCE; RECORD_ID=record; RECORD_TYPE; PRIMARY_NAME_LAST=family_name; "
        "PRIMARY_NAME_FIRST=given_name; PRIMARY_NAME_MIDDLE=middle_name; NAME_FULL=full_name; GENDER=gender; "
        "DATE_OF_BIRTH=birth_date; PASSPORT_NUMBER=national_id_3; PASSPORT_COUNTRY; "
        "DRIVERS_LICENSE_NUMBER=national_id_4; DRIVERS_LICENSE_STATE; SSN_NUMBER=national_id_2; "
        "NATIONAL_ID_NUMBER=national_id; NATIONAL_ID_COUNTRY; ADDR_TYPE; ADDR_FULL=full_address; "
        "ADDR_LINE1=street; ADDR_CITY=city; ADDR_STATE=region; ADDR_POSTAL_CODE=postal_code; "
        "ADDR_COUNTRY=country; PHONE_TYPE; PHONE_NUMBER=phone; EMAIL_ADDRESS=email; WEBSITE_ADDRESS; "
        "SOCIAL_HANDLE; SOCIAL_NETWORK; EMPLOYER_NAME=company; NATIONALITY"
    ),
    "Senzing, as truth": (
        "RECORD_ID=record; DATA_SOURCE; RECORD_TYPE; PRIMARY_NAME_LAST=family_name; "
        "PRIMARY_NAME_FIRST=given_name; DATE_OF_BIRTH=birth_date; ADDR_TYPE; ADDR_LINE1=street; "
        "ADDR_CITY=city; ADDR_STATE=region; ADDR_POSTAL_CODE=postal_code; PHONE_TYPE; PHONE_NUMBER=phone; "
        "EMAIL_ADDRESS=email; DATE; STATUS; AMOUNT"
    ),
    "AWS": (
        "source_id=record; first_name=given_name; middle_name=middle_name; last_name=family_name; "
        "address=street; city=city; state=region; zipcode=postal_code; phone=phone; email=email; "
        "dob=birth_date"
    ),
    "BPID": ("fullname=full_name; email=email; addr=street; phone=phone; dob=birth_date"),
    "Dun & Bradstreet": (
        "ContactID=record; DUNSNumber; CompanyName=company; FirstName=given_name; LastName=family_name; "
        "JobTitle=job_title; DirectPhone=phone; MainPhone=phone_2; Email=email; StreetAddress=street; "
        "City=city; StateProvince=region; PostalCode=postal_code; Country=country"
    ),
    "OpenSanctions": (
        "id=record; caption; firstName=given_name; middleName=middle_name; lastName=family_name; fatherName; "
        "alias; birthDate=birth_date; birthPlace=city; nationality; passportNumber=national_id_3; "
        "idNumber=national_id_2; taxNumber=national_id; address=street; email=email; phone=phone; "
        "gender=gender; position"
    ),
    "customers": (
        "Index=record; Customer Id; First Name=given_name; Last Name=family_name; Company=company; City=city; "
        "Country=country; Phone 1=phone; Phone 2=phone_2; Email=email; Subscription Date; Website"
    ),
    "customers of a bank": (
        "RowNumber=record; CustomerId; Surname=family_name; CreditScore; Geography; Gender=gender; Age=age; "
        "Tenure; Balance; NumOfProducts"
    ),
    "customers of a shop": (
        "Customer_ID=record; Customer_Name=full_name; Email=email; Phone=phone; Address=street; City=city; "
        "State=region; Zip_Code=postal_code; Country=country; Age=age; Gender=gender; "
        "Date_of_Birth=birth_date"
    ),
    "Salesforce": (
        "Id=record; Salutation=gender; FirstName=given_name; LastName=family_name; Name=full_name; Title; "
        "AccountName; MailingStreet=street; MailingCity=city; MailingState=region; "
        "MailingPostalCode=postal_code; MailingCountry=country; Phone=phone; MobilePhone=phone_2; "
        "Email=email; Birthdate=birth_date; OwnerId; CreatedDate"
    ),
    "HubSpot": (
        "Record ID=record; First Name=given_name; Last Name=family_name; Email=email; Phone Number=phone; "
        "Mobile Phone Number=phone_2; Street Address=street; City=city; State/Region=region; Postal "
        "Code=postal_code; Country/Region=country; Date of birth=birth_date; Job Title=job_title; Company "
        "Name=company; Contact owner; Create Date"
    ),
    "Shopify": (
        "Customer ID=record; First Name=given_name; Last Name=family_name; Email=email; Accepts Email "
        "Marketing; Default Address Company=company; Default Address Address1=street; Default Address "
        "Address2; Default Address City=city; Default Address Province Code=region; Default Address Country "
        "Code=country; Default Address Zip=postal_code; Default Address Phone=phone_2; Phone=phone; Accepts "
        "SMS Marketing; Total Spent; Total Orders; Note; Tax Exempt; Tags"
    ),
    "Google": (
        "First Name=given_name; Middle Name=middle_name; Last Name=family_name; Name Suffix=name_suffix; "
        "Nickname; Organization Name=company; Birthday=birth_date; E-mail 1 - Label; E-mail 1 - Value=email; "
        "Phone 1 - Label; Phone 1 - Value=phone; Address 1 - Street=street; Address 1 - City=city; Address 1 "
        "- Postal Code=postal_code; Address 1 - Country=country"
    ),
    "Outlook": (
        "Title; First Name=given_name; Middle Name=middle_name; Last Name=family_name; Suffix=name_suffix; "
        "Company=company; Job Title=job_title; Home Street=street; Home City=city; Home State=region; Home "
        "Postal Code=postal_code; Home Country=country; Home Phone=phone; Mobile Phone=phone_2; "
        "Birthday=birth_date; E-mail Address=email; E-mail 2 Address=email_2; Gender=gender; "
        "Initials=initials; Spouse"
    ),
    "German": (
        "KdNr=record; Anrede=gender; Titel; Vorname=given_name; Name=family_name; Strasse=street; "
        "HausNr=house_number; PLZ=postal_code; Ort=city; Geb.-Datum=birth_date; Telefon privat=phone; "
        "Handy=phone_2; E-Mail=email; Land=country"
    ),
    "German, employees": (
        "Personalnummer; Nachname=family_name; Vorname=given_name; Geburtsname; Geburtsdatum=birth_date; "
        "Geburtsort; Geschlecht=gender; Staatsangehörigkeit; Strasse_Hausnr=street; PLZ=postal_code; "
        "Wohnort=city; Mobiltelefon=phone; E_Mail=email; SV_Nummer=national_id; Steuer_ID=national_id_2"
    ),
    "French": (
        "id_client=record; civilite=gender; nom=family_name; prenom=given_name; nom_naissance; "
        "date_naissance=birth_date; lieu_naissance; adresse=street; code_postal=postal_code; ville=city; "
        "tel_fixe=phone; tel_portable=phone_2; email=email; num_secu=national_id"
    ),
    "French, pupils": (
        "NOM_USAGE=family_name; PRENOM_USUEL=given_name; SEXE=gender; DATE_NAISS=birth_date; ADR1=street; "
        "ADR2; CP=postal_code; COMMUNE=city; TELEPHONE=phone; MEL=email; NIR=national_id"
    ),
    "Spanish": (
        "id_cliente=record; nombre=given_name; apellido1=family_name; apellido2=second_family_name; "
        "sexo=gender; fecha_nac=birth_date; direccion=street; num=house_number; cod_postal=postal_code; "
        "poblacion=city; provincia=region; telefono_fijo=phone; telefono_movil=phone_2; correo=email; "
        "dni=national_id"
    ),
    "Mexican": (
        "NOMBRES=given_name; APELLIDO_PATERNO=family_name; APELLIDO_MATERNO=second_family_name; "
        "FECHA_NACIMIENTO=birth_date; CALLE=street; NUM_EXT=house_number; COLONIA; MUNICIPIO=city; "
        "ESTADO=region; CP=postal_code; TEL_CASA=phone; CELULAR=phone_2; CORREO_ELECTRONICO=email; "
        "CURP=national_id; RFC=national_id_2"
    ),
    "Chilean": (
        "rut=national_id; nombre_completo=full_name; fecha_nacimiento=birth_date; comuna=city; region=region; "
        "direccion=street; celular=phone; email=email"
    ),
    "Brazilian": (
        "cod_cliente=record; nome=given_name; sobrenome=family_name; cpf=national_id; rg; "
        "dt_nascimento=birth_date; sexo=gender; ddd=area_code; telefone=phone; celular=phone_2; "
        "telefone_fixo=phone_3; email=email; cep=postal_code; logradouro=street; numero=house_number; "
        "complemento; bairro; cidade=city; uf=region; nome_mae"
    ),
    "Portuguese": (
        "NIF=national_id; Nome Completo=full_name; Data de Nascimento=birth_date; Género=gender; "
        "Morada=street; Código Postal=postal_code; Localidade=city; Telemóvel=phone; Telefone=phone_2; "
        "E-mail=email"
    ),
    "Italian": (
        "id_cliente=record; cognome=family_name; nome=given_name; sesso=gender; data_nascita=birth_date; "
        "luogo_nascita; codice_fiscale=national_id; indirizzo=street; civico=house_number; cap=postal_code; "
        "comune=city; provincia=region; telefono=phone; cellulare=phone_2; email=email"
    ),
    "Italian, abbreviated": (
        "Nominativo=full_name; Cod_Fiscale=national_id; Data_di_nascita=birth_date; Residenza=city; "
        "Via=street; CAP=postal_code; Citta; Prov; Tel=phone_2; Cell=phone; Posta=email"
    ),
    "Dutch": (
        "klantnummer=record; aanhef; voorletters=initials; voornaam=given_name; tussenvoegsel=name_particle; "
        "achternaam=family_name; geboortedatum=birth_date; geslacht=gender; straatnaam=street; "
        "huisnummer=house_number; toevoeging; postcode=postal_code; woonplaats=city; telefoon=phone; "
        "mobiel=phone_2; emailadres=email; bsn=national_id"
    ),
    "Dutch, abbreviated": (
        "relatienr=record; initialen=initials; roepnaam=given_name; voorvoegsels=name_particle; "
        "geslachtsnaam=family_name; gebdat=birth_date; straat=street; huisnr=house_number; pc; plaats=city; "
        "tel_vast=phone; tel_mobiel=phone_2; e-mail=email"
    ),
    "Swedish": (
        "kundnr=record; förnamn=given_name; efternamn=family_name; personnummer=national_id; "
        "födelsedatum=birth_date; kön=gender; gatuadress=street; postnummer=postal_code; postort=city; "
        "telefon=phone; mobil=phone_2; epost=email"
    ),
    "Danish": (
        "kundenr=record; fornavn=given_name; mellemnavn=middle_name; efternavn=family_name; "
        "cpr_nr=national_id; fødselsdato=birth_date; køn=gender; adresse=street; postnr=postal_code; "
        "telefon=phone; mobil=phone_2; email=email"
    ),
    "Norwegian": (
        "kundenr=record; fornavn=given_name; etternavn=family_name; fødselsnummer=national_id; "
        "fødselsdato=birth_date; kjønn=gender; adresse=street; postnr=postal_code; poststed=city; tlf=phone; "
        "mobil=phone_2; epost=email"
    ),
    "Finnish": (
        "asiakasnumero=record; etunimi=given_name; sukunimi=family_name; henkilötunnus=national_id; "
        "syntymäaika=birth_date; sukupuoli=gender; katuosoite=street; postinumero=postal_code; "
        "postitoimipaikka=city; puhelin=phone; sähköposti=email"
    ),
    "Polish": (
        "id_klienta=record; imię=given_name; drugie_imię=middle_name; nazwisko=family_name; "
        "PESEL=national_id; data_urodzenia=birth_date; płeć=gender; ulica=street; nr_domu=house_number; "
        "kod_pocztowy=postal_code; miejscowość=city; województwo=region; telefon=phone; e-mail=email"
    ),
    "Turkish": (
        "müşteri_no=record; ad=given_name; soyad=family_name; tc_kimlik_no=national_id; "
        "doğum_tarihi=birth_date; cinsiyet=gender; adres=street; ilçe=region; il=city; "
        "posta_kodu=postal_code; cep_telefonu=phone; e_posta=email"
    ),
    "Vietnamese": (
        "ma_kh=record; ho_ten=full_name; gioi_tinh=gender; ngay_sinh=birth_date; so_dien_thoai=phone; "
        "email=email; dia_chi=street; phuong; quan=city; tinh=region; cccd=national_id"
    ),
    "Vietnamese, in parts": (
        "Mã khách hàng=record; Họ=family_name; Tên đệm=middle_name; Tên=given_name; Năm sinh=birth_year; "
        "SĐT=phone; Email=email; Tỉnh thành=region; Số CCCD=national_id"
    ),
    "Indonesian": (
        "no_pelanggan=record; nama_lengkap=full_name; jenis_kelamin=gender; tempat_lahir; "
        "tanggal_lahir=birth_date; alamat=street; kelurahan; kecamatan; kota=city; provinsi=region; "
        "kode_pos=postal_code; no_hp=phone; email=email; nik=national_id"
    ),
    "Malay": (
        "no_kp=national_id; nama=full_name; jantina=gender; tarikh_lahir=birth_date; alamat=street; "
        "poskod=postal_code; bandar=city; negeri=region; no_telefon=phone; emel=email"
    ),
    "passengers": (
        "pax_key; pnr; channel; pax_name=full_name; pax_type; date_of_birth=birth_date; nationality; "
        "passport_no=national_id; passport_country; ffp_no=national_id_2; contact_email=email; "
        "contact_phone=phone; flight_date"
    ),
    "subscribers": (
        "caf_no; msisdn=phone; subscriber_name=full_name; father_husband_name; dob=birth_date; gender=gender; "
        "aadhaar_no=national_id; alternate_contact=phone_2; permanent_address=street; pincode=postal_code; "
        "circle; activation_dt"
    ),
    "pupils": (
        "row_id=record; system; pupil_forename=given_name; pupil_surname=family_name; legal_sex=gender; "
        "dob=birth_date; upn=national_id; year_group; contact_email=email; contact_phone=phone; addr1=street; "
        "town=city; postcode=postal_code; fsm"
    ),
    "a master patient index": (
        "EnterpriseID=record; LAST=family_name; FIRST=given_name; MIDDLE=middle_name; SUFFIX=name_suffix; "
        "DOB=birth_date; GENDER=gender; SSN=national_id; ADDRESS1=street; ADDRESS2; ZIP=postal_code; "
        "MOTHERS_MAIDEN_NAME; MRN=national_id_2; CITY=city; STATE=region; PHONE=phone; PHONE2=phone_2; "
        "EMAIL=email; ALIAS"
    ),
    "NHS": (
        "nhs_number=national_id; title; given_name=given_name; family_name=family_name; "
        "other_given_names=middle_name; sex=gender; date_of_birth=birth_date; address_line_1=street; "
        "address_line_2; address_line_3; address_line_4; address_line_5; postcode=postal_code; "
        "telephone_number=phone; mobile_number=phone_2; email_address=email; gp_practice_code"
    ),
    "a British census": (
        "resident_id=record; forename=given_name; middle_names=middle_name; last_name=family_name; "
        "sex=gender; dob_day=birth_day; dob_mon=birth_month; dob_year=birth_year; postcode=postal_code; uprn"
    ),
    "Indian": (
        "sl_no=record; name=full_name; father_name; dob=birth_date; gender=gender; address=street; "
        "pin_code=postal_code; mobile=phone; aadhar_number=national_id_2; pan_no=national_id; voter_id"
    ),
    "Japanese": (
        "氏名=full_name; フリガナ=full_name_2; 性別=gender; 生年月日=birth_date; 郵便番号=postal_code; "
        "住所=street; 電話番号=phone; メールアドレス=email"
    ),
    "Chinese": "姓名=full_name; 手机号=phone; 身份证号=national_id; 出生日期=birth_date; 邮箱=email; 微信号",
    "Russian": (
        "ФИО=full_name; Дата рождения=birth_date; Телефон=phone; Эл. почта=email; Адрес=street; Город=city; "
        "Индекс=postal_code; ИНН=national_id; Комментарий"
    ),
    "Russian, in three": "Фамилия=family_name; Имя=given_name; Отчество=middle_name; Пол=gender",
    "Icelandic": (
        "Nafn=full_name; Kennitala=national_id; Fæðingardagur=birth_date; Sími=phone; Netfang=email; "
        "Heimilisfang=street; Staður=city"
    ),
    "Greek": "Όνομα=given_name; Επώνυμο=family_name; ΑΦΜ=national_id; Τηλέφωνο=phone",
    "Hungarian": "Név=full_name; TAJ szám=national_id; Lakcím=street; Születési dátum=birth_date",
    "patients": (
        "pat_first=given_name; pat_last=family_name; pat_dob=birth_date; pat_sex=gender; pat_zip=postal_code; "
        "pat_phone=phone"
    ),
}
"""Layout → its headings, each with what is read from it."""

VALUES: dict[str | None, Sequence[str | None]] = {
    "record": ["7", "8"],
    "full_name": ["Ada Berger", "Ben Muster"],
    "given_name": ["Ada", "Ben"],
    "initials": ["K.C.", "M."],
    "family_name": ["Berger", "Muster"],
    "birth_date": ["1980-02-03", "1991-11-30"],
    "birth_year": ["1980", "1991"],
    "birth_month": ["2", "11"],
    "birth_day": ["3", "30"],
    "age": ["34", "7"],
    "email": ["ada@example.org", "ben@example.org"],
    "phone": ["+43 660 1234567", "+43 660 7654321"],
    "area_code": ["919", "704"],
    "national_id": ["X1000001A", "X1000002B"],
    "street": ["Mill Lane", "Park Road"],
    "house_number": ["7", "12"],
}
"""What → values that say so; columns without are empty."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_columns_of_known_layouts_are_read(layout: str) -> None:
    headings = [heading.partition("=")[::2] for heading in LAYOUTS[layout].split("; ")]
    expected = {name: what for name, what in headings if what}
    samples = {name: VALUES.get(is_a(what), [None, None]) for name, what in headings}
    found = guess([name for name, _ in headings], samples).found
    assert {name: what for what, name in found.items()} == expected
