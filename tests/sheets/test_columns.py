"""Which column is what: the usual headers, a column_map, and guesses that aren't made."""

import pytest

from heymilo_prefect.sheets import SheetError, map_columns


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
    ],
)
def test_a_usual_header_is_recognised(header: str, field: str) -> None:
    headers = [header] if field == "email" else [header, "Email"]
    columns = map_columns(headers)
    assert columns.fields[field] == 0
    assert columns.data == {}


@pytest.mark.parametrize(
    "header",
    ["Company name", "Recruiter email", "Name of school", "Email sent", "Phone model", "Number"],
)
def test_a_header_that_only_resembles_one_is_data(header: str) -> None:
    assert map_columns([header, "Email"]).data == {header: 0}


def test_every_other_column_is_sent_under_its_title_and_metadata_as_metadata() -> None:
    columns = map_columns(["Email", "City", "metadata.source", "", "Notes", "Notes", "notes\n two"])
    assert columns.fields == {"email": 0}
    assert columns.metadata == {"source": 2}
    assert columns.data == {"City": 1, "Notes": 4, "Notes (2)": 5, "notes two": 6}


def test_a_column_map_says_what_a_column_is_whatever_its_case() -> None:
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


def test_what_a_column_map_says_is_not_guessed_again() -> None:
    columns = map_columns(["Email", "Work email"], {"Work email": "email"})
    assert columns.fields == {"email": 1}
    assert columns.data == {"Email": 0}


def test_the_second_of_two_same_headers_can_be_mapped() -> None:
    columns = map_columns(["Email", "Email"], {"Email (2)": None})
    assert columns.fields == {"email": 0}


@pytest.mark.parametrize(
    ("headers", "column_map", "says"),
    [
        (["Email", "E-mail"], {}, 'Two columns seem to be email: "Email" and "E-mail"'),
        (["Email", "Email"], {}, 'column_map={"Email (2)": None}'),
        (["Email", "Phone", "Mobile"], {}, 'column_map={"Phone": "phone_number"}'),
        (["Name", "City"], {}, 'the columns are "Name", "City"'),
        (["Name", "City"], {}, 'column_map={"<header>": "email"}'),
        (["Email", "Name"], {"Email": None}, "No e-mail column"),
        (["Email", "Name"], {"Mial": "email"}, '"Mial", which isn\'t a column; the columns are'),
        (["Email", "Name"], {"Name": "nmae"}, '"nmae", which isn\'t a field; write one of name,'),
        (["Email", "Name"], {"Name": "metadata."}, "metadata.<key>"),
        (["A", "B"], {"A": "email", "B": "email"}, "Two columns seem to be email"),
    ],
)
def test_a_guess_that_is_not_safe_is_not_made_and_the_error_says_what_to_write(
    headers: list[str], column_map: dict[str, str | None], says: str
) -> None:
    with pytest.raises(SheetError) as error:
        map_columns(headers, column_map)
    assert says in str(error.value)
