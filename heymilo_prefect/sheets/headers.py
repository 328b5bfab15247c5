"""Recognise the field of a column by its header, in five languages.

Only a complete header is recognised, never a part: "Recruiter email" isn't the candidate's.
"""

import re
from collections.abc import Iterable

from heymilo_prefect.sheets.text import alnum_key, fold_case

_HEADERS = {
    "name": """
        name, full name, complete name, legal name, full legal name, name surname,
        name and surname, first and last name, first name and last name, first name last name,
        last name first name, candidate, candidates, applicant, applicants;
        vollständiger Name, vollstaendiger Name, Vor- und Nachname, Vor- und Zuname,
        Vorname und Nachname, Vorname und Name, Vorname Nachname, Vorname Name, Nachname Vorname,
        Nachname und Vorname, Name Vorname, Name und Vorname, Bewerber, Bewerberin, Bewerbername,
        Kandidat, Kandidatin, Kandidatenname;
        nom, nom complet, nom et prénom, nom et prénoms, nom prénom, nom prénoms, prénom et nom,
        prénom nom, prénoms et nom, candidat, postulant, postulante;
        nombre, nombre completo, nombre y apellido, nombre y apellidos, nombres y apellidos,
        nombre apellidos, nombres apellidos, apellidos y nombre, apellidos y nombres,
        apellidos nombre, candidato, candidata, candidato/a, aspirante, solicitante;
        nome, nome completo, nome e sobrenome, nome e apelido, nome sobrenome
    """,
    "first_name": """
        first name, first names, given name, given names, forename, forenames, fname;
        Vorname, Vornamen;
        prénom, prénoms;
        nombres, primer nombre, nombre de pila;
        primeiro nome, nome próprio
    """,
    "last_name": """
        last name, last names, surname, surnames, family name, lname;
        Nachname, Familienname, Zuname;
        nom de famille;
        apellido, apellidos, primer apellido, apellido paterno;
        sobrenome, sobrenomes, último nome, apelido, apelidos, nome de família
    """,
    "email": """
        email, emails, email address, email addresses, email addr, email id, mail, mail address,
        mail id, email 1, email 2, email 1 value, email address 1, email address 2,
        personal email, personal email address, private email, private email address, work email,
        work email address, primary email, primary email address, contact email,
        contact email address;
        E-Mail-Adresse, E-Mail-Adressen, Mailadresse, E-Mail privat,
        private E-Mail-Adresse;
        adresse e-mail, adresse mail, adresse électronique, adresse courriel, courriel,
        adresse de courriel, adresse de messagerie, courrier électronique, e-mail personnel,
        adresse e-mail personnelle;
        correo, correo electrónico, correo electronico personal, correo personal,
        dirección de correo, dirección de correo electrónico, dirección de e-mail,
        dirección e-mail, dirección de mail, dirección electrónica;
        endereço de e-mail, endereço e-mail, endereço eletrônico, endereço de correio eletrónico,
        correio eletrônico, correio electrónico, endereço de correio electrónico, e-mail pessoal,
        e-mail de contato, e-mail para contato
    """,
    "phone_number": """
        phone, phones, phone number, phone numbers, phone no, phone nr, phone mobile, phone 1,
        phone number 1, phone 1 value, telephone, telephone number, telephone no, tel, tel no,
        tel nr, mobile, mobiles, mobile number, mobile no, mobile phone, mobile phone number,
        mobile telephone, cell, cell phone, cell phone number, cell number, contact number,
        contact no, contact phone, contact phone number, whatsapp number, home phone, work phone,
        primary phone, primary phone number;
        Telefon, Telefonnummer, Telefonnummern, Telefon-Nr, Telefon mobil,
        Telefon privat, Rufnummer, Mobilrufnummer, Handy, Handynummer, Handynr, Mobil,
        Mobilnummer, Mobilnr, Mobiltelefon, Mobiltelefonnummer, Mobilfunknummer, Mobilfunk,
        Natel, Telnummer;
        numéro de téléphone, n de téléphone, no de téléphone, numéro téléphone,
        téléphone portable, téléphone mobile, portable, numéro de portable, numéro de mobile,
        numéro de téléphone portable, numéro de téléphone mobile, tél portable, tél mobile, gsm;
        teléfono, número de teléfono, n de teléfono, no de teléfono, número telefónico,
        teléfono móvil, teléfono celular, móvil, celular, número de móvil, número de celular,
        número de teléfono móvil, teléfono de contacto, número de contacto, número de WhatsApp;
        telefone, número de telefone, n de telefone, no de telefone, número do telefone,
        telefone celular, telefone móvel, telemóvel, número de telemóvel, número do celular,
        telefone de contato, telefone para contato, celular com DDD, telefone com DDD
    """,
    "posting": """
        posting, posting id, posting title, posting name, job posting, job posting id,
        job posting title, heymilo posting, heymilo posting id, heymilo posting title,
        heymilo job posting;
        Stellenanzeige, Stellenausschreibung, Titel der Stellenanzeige, HeyMilo-Stellenanzeige;
        offre d'emploi, annonce d'emploi, titre de l'offre d'emploi;
        oferta de empleo, oferta de trabajo, título de la oferta de empleo;
        oferta de emprego, anúncio de emprego, anúncio de vaga, anúncio da vaga
    """,
    "retake": """
        retake, retake interview, interview retake;
        Interview wiederholen;
        refaire l'entretien, repasser l'entretien;
        repetir entrevista, repetir la entrevista;
        repetir a entrevista, refazer entrevista, refazer a entrevista
    """,
}
_BARE_NAMES = {"name", "nom", "nombre", "nome"}

_WHOSE = """
    candidate, candidates, applicant, applicants, your, enter your, please enter your,
    what is your, what's your, person;
    Bewerber, Bewerberin, Kandidat, Kandidaten, Kandidatin, Ihr, Ihre, dein, deine;
    candidat, candidats, votre, ton; candidato, candidata, tu, su; seu
"""
_OF_WHOM = """
    of candidate, of the candidate, of applicant, of the applicant;
    des Bewerbers, der Bewerberin, des Kandidaten, der Kandidatin;
    du candidat, de la candidate; del candidato, de la candidata, del postulante;
    do candidato, da candidata
"""
# Text in brackets may name another person, "Email (recruiter)": only these words are ignored.
_HARMLESS = set(
    re.findall(
        r"\w+",
        """
        s es e a as n in innen required optional mandatory with incl including include country code
        codes international format prefix and number no area name mobile cell home private personal
        primary main preferred first last full legal work as on your id passport eg ex example
        digits only whatsapp us usa uk
        pflichtfeld pflicht erforderlich freiwillig mit inkl inklusive landervorwahl landesvorwahl
        vorwahl internationaler internationale vor und nachname privat mobil handy z b zb
        obligatoire requis facultatif optionnel avec indicatif pays du le prenom nom et portable
        obligatorio obligatoria requerido opcional con codigo de del pais prefijo internacional
        movil celular nombre y apellidos
        obrigatorio obrigatoria com do da ddd ddi sobrenome
        """,
    )
)
# Together with words of usual headers, these may be a name: "Participant", "Preferred name".
_NAME_WORDS = {
    *("name", "names", "nom", "noms", "nombre", "nombres", "nome", "nomes", "vorname", "nachname"),
    *("namen", "prenom", "apellido", "apellidos", "sobrenome", "candidate", "applicant", "person"),
    *("bewerber", "bewerberin", "kandidat", "kandidatin", "teilnehmer", "teilnehmerin"),
    *("candidat", "candidato", "candidata", "postulant", "aspirante", "participant"),
    *("participante", "persona", "personne", "pessoa", "who", "wer", "qui", "quien", "quem"),
}
_WORDS_OF_NAMES = _NAME_WORDS | {
    *("preferred", "display", "attendee", "talent", "contact", "bevorzugter", "bevorzugt"),
    *("prefere", "usage", "preferido", "social"),
}
_ASIDE = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")


def _each(headers: str) -> list[str]:
    return [alnum_key(header) for header in re.split("[,;]", headers)]


_FIELD_OF = {header: field for field, headers in _HEADERS.items() for header in _each(headers)}
_WORDS_OF_NAMES |= {
    word
    for headers in (*(_HEADERS[each] for each in ("name", "first_name", "last_name")), _WHOSE)
    for word in re.findall(r"\w+", fold_case(headers))
}
_PREFIXES, _SUFFIXES = _each(_WHOSE), _each(_OF_WHOM)


def field_of(header: str) -> str | None:
    """Return the field that a header usually names, ignoring case and punctuation."""
    return _FIELD_OF.get(_known(header))


def is_bare_name(header: str) -> bool:
    """Return whether a header is just "Name", which next to "Vorname" means the last name."""
    return _known(header) in _BARE_NAMES


def may_be_name(header: str) -> bool:
    """Return whether an unknown header is probably the name, to suggest it in an error.

    "Participant" and "Preferred name (nickname)" are, "Company name" isn't.
    """
    words = set(re.findall(r"\w+", fold_case(_ASIDE.sub(" ", header))))
    return words <= _WORDS_OF_NAMES and not words.isdisjoint(_NAME_WORDS)


def _known(header: str) -> str:
    """Return the usual header within one that may name the person: "Candidate", "your"."""
    plain = alnum_key(_ASIDE.sub(_without_aside, fold_case(header)))
    without = (
        *(plain.removeprefix(whose) for whose in _PREFIXES),
        *(plain.removesuffix(whose) for whose in _SUFFIXES),
    )
    return next((reading for reading in (plain, *without) if reading in _FIELD_OF), "")


def _without_aside(found: re.Match[str]) -> str:
    words = re.findall(r"[^\W\d_]+", "".join(found.groups("")))
    return " " if _HARMLESS.issuperset(words) else found[0]


_YES = {
    *("yes", "y", "true", "1", "1.0", "x", "✓", "✔", "ja", "j", "wahr", "oui", "o", "vrai"),
    *("si", "s", "verdadero", "sim", "verdadeiro"),
}
_NO = {"no", "n", "false", "0", "0.0", "nein", "falsch", "non", "faux", "falso", "nao"}
_TOTALS = {
    *("total", "totals", "grandtotal", "subtotal", "sum", "gesamt", "gesamtsumme", "summe"),
    *("zwischensumme", "insgesamt", "totalgeneral", "totaux", "soustotal", "somme"),
    *("totales", "suma", "sumatotal", "totalgeral", "totais", "soma"),
}

_NOT_APPLICABLE = {
    *("n/a", "n.a.", "n.a", "n. a.", "n / a", "n/a.", "#n/a", "none", "k.a.", "k. a.", "k.a"),
    *("keine angabe", "not applicable", "no aplica", "nao se aplica", "sans objet", "s.o."),
}
# Never a person's name. Na, Nil, Null, Nan, Nada, Sin and Blank are names: keep them out.
_NEVER_A_NAME = _NOT_APPLICABLE | {
    *("tbd", "t.b.d.", "tbc", "tba", "unknown", "not available", "not provided", "unbekannt"),
    *("inconnu", "inconnue", "non renseigne", "desconocido", "no disponible", "desconhecido"),
    *("nao informado",),
}
# Words for nothing in fields other than a name, where they can't be a person's name.
_NOTHING = {
    alnum_key(words)
    for words in re.split(
        "[,;]",
        """
        na, n a, no, not, nil, null, nan, x, xx, nothing, undefined, missing, unavailable, pending,
        not applicable, not given, not known, to be determined, to be confirmed, to be provided,
        to follow, private, withheld, declined;
        kein, keine, keiner, keines, nein, nichts, nix, ohne, keine Angaben, nicht angegeben,
        nicht bekannt, nicht vorhanden, nicht verfügbar, liegt nicht vor, entfällt, fehlt, folgt,
        offen, leer, hat keine, hat keins, n.v., n.b.;
        aucun, aucune, néant, non, sans, rien, vide, non renseignée, non connu, non communiqué,
        non disponible, non applicable, pas disponible, sans objet, à définir, à confirmer,
        à venir, n.c., n.r., n.d., s.o.;
        ninguno, ninguna, nada, sin, no tiene, no hay, no aplica, no consta, no indicado,
        no informado, desconocida, sin datos, sin información, por definir, por confirmar,
        pendiente, vacío, s/n, s/d, n.s., n.c.;
        nenhum, nenhuma, sem, não, não tem, não há, não possui, não se aplica, não aplicável,
        não informada, não disponível, indisponível, desconhecida, sem informação, sem dados,
        a definir, a confirmar, pendente, vazio
        """,
    )
} | set(map(alnum_key, _NEVER_A_NAME))
_LACKING = (
    "(?:no|without|has no|kein|keine|keinen|hat kein|hat keine|ohne|pas de|pas d['\u2019]|sans"
    "|aucun|aucune|sin|no tiene|ningun|ninguna|sem|nao tem|nenhum|nenhuma)"
)
_WITHOUT = re.compile(rf"{_LACKING}\b\s*(.+)")
_FILLER = re.compile("0*|x{3,}")
# A quick first check: nearly all names differ from every placeholder in how they start.
_MAY_BE_PLACEHOLDER = re.compile(rf"[\W\d_]|xxx|{_LACKING}\b")
_DASHES = "-\u2013\u2014\u2212/. "
_LONGEST_PLACEHOLDER = 40


def parse_bool(text: str) -> bool | None:
    """Parse a yes or a no; return None for anything else."""
    answer = fold_case(text.strip())
    return True if answer in _YES else False if answer in _NO else None


def is_placeholder(text: str, field: str) -> bool:
    """Return whether a cell only marks that there is no value: `-`, `n/a`, `TBD`, `no phone`.

    In a name only text that is never a name counts, because Na is one; elsewhere any word
    for nothing in English, German, French, Spanish or Portuguese does. A posting that is "TBD"
    isn't empty: its row must not go to the default posting.

    Args:
        text: The cell's text.
        field: The column's field, one of `FIELDS`.
    """
    if len(text) > _LONGEST_PLACEHOLDER:
        return False
    words = fold_case(text)
    if field == "posting":
        return words in _NOT_APPLICABLE or not words.strip(_DASHES)
    if words in _NEVER_A_NAME:
        return True
    may_be_name = field not in ("email", "phone_number", "retake")
    if may_be_name and not _MAY_BE_PLACEHOLDER.match(words):
        return False
    letters = alnum_key(words)
    if _FILLER.fullmatch(letters) or (not may_be_name and letters in _NOTHING):
        return True
    without = _WITHOUT.match(words)
    return without is not None and field_of(without[1]) is not None


def is_totals_row(cells: Iterable[str]) -> bool:
    """Return whether a row is a sum: a word for a total, and otherwise only numbers."""
    words = {"".join(re.findall(r"[^\W\d_]+", fold_case(cell))) for cell in cells} - {""}
    return bool(words) and words <= _TOTALS
