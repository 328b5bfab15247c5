"""Which column is what: the usual headers, a column_map, and guesses that aren't made."""

import pytest

from heymilo_prefect.sheets import SheetError, map_columns
from heymilo_prefect.sheets.columns import hidden_text, is_header
from heymilo_prefect.sheets.headers import _HEADERS, _each


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("email", "email"),
        ("E-mail", "email"),
        ("E-Mail *", "email"),
        ("EMAIL ADDRESS:", "email"),
        ("email_address", "email"),
        ("Candidate Email", "email"),
        ("Applicant's e-mail address", "email"),
        ("Applicant\u2019s e-mail", "email"),
        ("Your email", "email"),
        ("Email (required)", "email"),
        ("Primary\nEmail", "email"),
        ("Name", "name"),
        ("Full Name", "name"),
        ("Candidate", "name"),
        ("Applicant", "name"),
        ("Candidate name", "name"),
        ("First name", "first_name"),
        ("Given Name(s)", "first_name"),
        ("Surname", "last_name"),
        ("Candidate Last Name", "last_name"),
        ("Phone", "phone_number"),
        ("Phone Number (with country code)", "phone_number"),
        ("Mobile", "phone_number"),
        ("Cell phone [US]", "phone_number"),
        ("Tel.", "phone_number"),
        ("phone_number", "phone_number"),
        ("Retake?", "retake"),
        ("Job posting", "posting"),
        ("Posting ID", "posting"),
        ("Candidate Surname", "last_name"),
        ("candidateEmail", "email"),
        ("What is your email address?", "email"),
        ("E-mail 1 - Value", "email"),
        ("Person : Email", "email"),
        ("Name of the candidate", "name"),
        ("Name (first and last)", "name"),
        ("E-Mail-Adresse", "email"),
        ("Ihre E-Mail-Adresse (Pflichtfeld)", "email"),
        ("E-Mail des Bewerbers", "email"),
        ("Vorname(n)", "first_name"),
        ("Familienname", "last_name"),
        ("Nachname, Vorname", "name"),
        ("Vollsta\u0308ndiger Name", "name"),
        ("Bewerber/in", "name"),
        ("Tel.-Nr.", "phone_number"),
        ("Handynummer (mit Ländervorwahl)", "phone_number"),
        ("Stellenanzeige", "posting"),
        ("Interview wiederholen?", "retake"),
        ("Adresse e-mail", "email"),
        ("Courriel", "email"),
        ("Adresse électronique du candidat", "email"),
        ("PRENOM", "first_name"),
        ("Nom de famille", "last_name"),
        ("Nom et prénom", "name"),
        ("N° de téléphone", "phone_number"),
        ("Tél. portable", "phone_number"),
        ("Offre d\u2019emploi", "posting"),
        ("Dirección de correo electrónico", "email"),
        ("Correo electrónico *", "email"),
        ("Primer nombre", "first_name"),
        ("Apellidos", "last_name"),
        ("Nombre y apellidos", "name"),
        ("Nombre del candidato", "name"),
        ("Teléfono móvil (con prefijo)", "phone_number"),
        ("Nº de teléfono", "phone_number"),
        ("Oferta de empleo", "posting"),
        ("Endereço de e-mail", "email"),
        ("Seu e-mail", "email"),
        ("Nome completo", "name"),
        ("Primeiro nome", "first_name"),
        ("Sobrenome", "last_name"),
        ("Telefone celular (com DDD)", "phone_number"),
        ("Telemóvel", "phone_number"),
        ("Anúncio da vaga", "posting"),
    ],
)
def test_a_usual_header_is_recognised(header: str, field: str) -> None:
    headers = [header] if field == "email" else [header, "Email"]
    columns = map_columns(headers)
    assert columns.fields[field] == 0
    assert columns.data == {}


@pytest.mark.parametrize(
    "header",
    [
        *("Company name", "Name of school", "Manager Name", "Hiring manager", "Contact person"),
        *("Recruiter email", "Referrer email", "Email (recruiter)", "E-Mail [HR]", "Email sent"),
        *("Emergency contact phone", "Phone (emergency)", "Phone model", "Number", "WhatsApp"),
        *("Position", "Job", "Job title", "Role", "Stelle", "Poste", "Puesto", "Vaga"),
        *("Posting owner", "Retake reason", "Wiederholung", "Candidate ID", "Applicant status"),
        *("Ansprechpartner", "Firmenname", "E-Mail Vorgesetzter", "Nom de naissance"),
        *("Nom de l'entreprise", "Nombre de la empresa", "Segundo apellido", "Nome da empresa"),
        *("Telefone de emergência", "Nome da mãe", "Nombre de usuario"),
    ],
)
def test_a_header_that_only_resembles_one_is_data(header: str) -> None:
    assert map_columns([header, "Email"]).data == {header: 0}


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        (["Vorname", "Name"], ["first_name", "last_name"]),
        (["Prénom", "Nom"], ["first_name", "last_name"]),
        (["Nom du candidat", "Prénom du candidat"], ["last_name", "first_name"]),
        (["Nombre", "Apellidos"], ["first_name", "last_name"]),
        (["Nombre(s)", "Apellido paterno"], ["first_name", "last_name"]),
        (["Nome", "Sobrenome"], ["first_name", "last_name"]),
        (["Nome", "Apelido"], ["first_name", "last_name"]),
        (["Name", "Surname"], ["first_name", "last_name"]),
        (["Vorname", "Name", "Nachname"], ["first_name", "name", "last_name"]),
        (["Nom", "Prénom", "Nom complet"], ["last_name", "first_name", "name"]),
        (["Vorname", "Bewerber"], ["first_name", "name"]),
        *(([header], ["name"]) for header in ("Name", "Nom", "Nombre", "Nome")),
    ],
)
def test_a_bare_name_beside_one_half_of_a_name_is_the_other_half(
    headers: list[str], fields: list[str]
) -> None:
    assert list(map_columns([*headers, "Email"]).fields) == [*fields, "email"]


def test_a_bare_name_in_the_column_map_is_mapped_as_written() -> None:
    columns = map_columns(["Vorname", "Name", "Email"], {"Name": "name"})
    assert columns.fields == {"first_name": 0, "name": 1, "email": 2}


def test_a_report_can_say_what_each_column_is() -> None:
    columns = map_columns(
        ["Nom", "E-mail", "City", "", "metadata.source", "Notes", "Notes", "Job"],
        {"Notes": None, "job": "posting"},
    )
    assert list(columns.mapping.items()) == [
        ("Nom", "name"),
        ("E-mail", "email"),
        ("City", "data.City"),
        ("metadata.source", "metadata.source"),
        ("Notes", None),
        ("Notes (2)", "data.Notes (2)"),
        ("Job", "posting"),
    ]


def test_no_header_is_a_name_of_two_fields() -> None:
    recognised = [header for words in _HEADERS.values() for header in _each(words)]
    assert sorted(set(recognised)) == sorted(recognised)


def test_every_other_column_is_sent_under_its_title_and_metadata_as_metadata() -> None:
    columns = map_columns(["Email", "City", "metadata.source", "", "Notes", "Notes", "notes\n two"])
    assert columns.fields == {"email": 0}
    assert columns.metadata == {"source": 2}
    assert columns.data == {"City": 1, "Notes": 4, "Notes (2)": 5, "notes two": 6}


def test_a_column_map_matches_headers_in_any_case() -> None:
    columns = map_columns(
        ["Who", "Mail to", "Notes", "Internal", "Mobile"],
        {
            "who": "name",
            "MAIL TO": "email",
            "Notes": "metadata.notes",
            "Internal": None,
            "Mobile": "data.platform",
        },
    )
    assert columns.fields == {"name": 0, "email": 1}
    assert columns.metadata == {"notes": 2}
    assert columns.data == {"platform": 4}


def test_a_column_in_the_column_map_is_not_guessed() -> None:
    columns = map_columns(["Email", "Work email"], {"Work email": "email"})
    assert columns.fields == {"email": 1}
    assert columns.data == {"Email": 0}


def test_the_second_of_two_same_headers_can_be_mapped() -> None:
    columns = map_columns(["Email", "Email"], {"Email (2)": None})
    assert columns.fields == {"email": 0}


@pytest.mark.parametrize(
    ("headers", "column_map", "says"),
    [
        (["Email", "E-mail"], {}, 'Two columns are recognised as email: "Email" and "E-mail"'),
        (["Email", "Email"], {}, 'column_map={"Email (2)": None}'),
        (["E-Mail", "Courriel"], {}, 'column_map={"E-Mail": "email"}'),
        (["Work email", "Personal email"], {}, 'column_map={"Work email": "email"}'),
        (["Email 1", "Email 2"], {}, 'column_map={"Email 2": None}'),
        (["Email", "Phone", "Mobile"], {}, 'column_map={"Phone": "phone_number"}'),
        (["Name", "City"], {}, 'the columns are "Name", "City"'),
        (["Name", "City"], {}, 'column_map={"<header>": "email"}'),
        (["Email", "Name"], {"Email": None}, "No e-mail column"),
        (["Email", "Name"], {"Mial": "email"}, '"Mial", which isn\'t a column. The columns are'),
        (["Email", "Name"], {"Name": "nmae"}, '"nmae", which isn\'t a field. Use one of name,'),
        (["Email", "Name"], {"Name": "metadata."}, "metadata.<key>"),
        (["A", "B"], {"A": "email", "B": "email"}, "Two columns are recognised as email"),
    ],
)
def test_an_unsafe_guess_is_an_error_that_shows_what_to_write(
    headers: list[str], column_map: dict[str, str | None], says: str
) -> None:
    with pytest.raises(SheetError) as error:
        map_columns(headers, column_map)
    assert says in str(error.value)


def test_a_hidden_column_is_sent_only_if_it_is_recognised_or_mapped() -> None:
    headers = ["Name", "Email", "Phone", "Internal salary", "metadata.id", "Notes", "City"]
    columns = map_columns(headers, {"notes": "data.remark"}, hidden_columns={2, 3, 4, 5, 9})
    assert columns.fields == {"name": 0, "email": 1, "phone_number": 2}
    assert (columns.metadata, columns.data) == ({}, {"remark": 5, "City": 6})
    assert columns.mapping["Internal salary"] is None
    assert columns.hidden == ("Phone", "Internal salary", "metadata.id", "Notes")
    assert hidden_text(columns) == (
        '"Phone" (sent as phone_number), "Internal salary" (not sent), "metadata.id" (not sent), '
        '"Notes" (sent as data.remark)'
    )


def test_of_two_e_mail_columns_the_error_shows_which_one_is_hidden() -> None:
    with pytest.raises(SheetError, match=r'"Email" and "Work email" \(hidden\). Choose one'):
        map_columns(["Name", "Email", "Work email"], hidden_columns={2})


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Name", "Email"], True),
        (["Email", "recruiter@example.com"], False),
        (["Email", "Ann Bell <recruiter@example.com>"], False),
        (["Email", "Recruiter: recruiter@example.com"], False),
        (["Email:", "mailto:recruiter@example.com"], False),
        (["", "E-mail", "", "hr@example.com; it@example.com"], False),
        (["Name", "Email", "Questions to hr@example.com if unsure"], True),
        (["Name", "City"], False),
    ],
)
def test_a_header_row_holds_no_e_mail_address(cells: list[str], expected: bool) -> None:
    assert is_header(cells, None) is expected


def test_a_header_that_a_column_map_names_may_hold_an_address() -> None:
    header = "Email (e.g.: ann@example.com)"
    assert is_header(["Name", header], {header: "email"})
    assert not is_header(["Name", header], None)


NASTY = 'ABC\n\x00\u202eD "quoted" ' + "long " * 1000


@pytest.mark.parametrize(
    ("headers", "column_map"),
    [
        ([NASTY, *(f"Column {n}" for n in range(500))], {}),
        (["Email", NASTY], {"Mail": "email"}),
        (["Email", "Name"], {NASTY: "name"}),
        (["Email", "Name"], {"Name": NASTY}),
        (["A" + NASTY, "B" + NASTY], {"A" + NASTY: "email", "B" + NASTY: "email"}),
        (["A" + NASTY, "B" + NASTY], {"A" + NASTY: "data." + NASTY, "B" + NASTY: "data." + NASTY}),
    ],
)
def test_an_error_is_one_line_of_bounded_length_whatever_the_headers(
    headers: list[str], column_map: dict[str, str | None]
) -> None:
    with pytest.raises(SheetError) as error:
        map_columns(headers, column_map)
    said = str(error.value)
    assert len(said) < 900
    assert said.isprintable()


def test_an_error_names_a_few_columns_and_counts_the_others() -> None:
    with pytest.raises(SheetError, match=r'"Column 6", "Column 7" and 12 more'):
        map_columns([f"Column {n}" for n in range(20)])
