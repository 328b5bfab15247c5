"""A template says what is wrong with it in a sentence, and reaches nothing but its data."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from heymilo_prefect.api.models import Interview
from heymilo_prefect.slack import SlackMessage
from heymilo_prefect.summaries import load_stalled_template, render_summary
from heymilo_prefect.templating import TemplateError, load_template

ADA = Interview.model_validate(
    {
        "interview_id": "int_1",
        "details": {"name": "Ada", "score": 85.0, "interviewed_on": 1676452800, "new": "here"},
        "posting_title": "Engineer",
        "brand_new": {"level": 3, "none": None},
    }
)


def shown(message: SlackMessage) -> str:
    def text(value: Any) -> str:
        if isinstance(value, list):
            return "".join(map(text, value))
        if isinstance(value, dict):
            found = value.get("text", value.get("elements", ""))
            return found if isinstance(found, str) else text(found)
        return ""

    return text(message.blocks)


def rendered(template: str, interview: Interview = ADA) -> str:
    return shown(render_summary(interview, None, template))


@pytest.mark.parametrize("name", ["own.j2", "own.md", "own.txt", "own"])
def test_a_template_is_a_file_or_a_text(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("Hello {{ interview.details.name }}", encoding="utf-8")
    for template in (file, str(file)):
        assert shown(render_summary(ADA, None, template)) == "Hello Ada"
        assert shown(render_summary(ADA, None, load_template(template))) == "Hello Ada"


@pytest.mark.parametrize("template", ["summaries/gone.j2", "gone.md", Path("gone")])
def test_a_missing_file_is_named(template: str | Path) -> None:
    with pytest.raises(TemplateError, match=f"{template}: the file doesn't exist"):
        load_template(template)


def test_a_folder_and_a_binary_file_are_not_templates(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="can't be read"):
        load_template(tmp_path)
    file = tmp_path / "x.md"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateError, match=r"x\.md: the file isn't UTF-8 text"):
        load_template(file)
    with pytest.raises(TemplateError, match="at most 100,000 characters"):
        load_template("x\n" * 60_000)
    assert rendered("x" * 5_000)


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        (
            "a\n{{ interviw.name }}",
            "line 2: there is no 'interviw' here. A template sees interview, posting",
        ),
        ("a\n{% if %}", "line 2: Expected an expression"),
        ("a\n{% for x in [] %}", "the template, line 2"),
        ("{{ x|urlize }}", "line 1: No filter named 'urlize'"),
        ("\n{{ 'x'|safe }}", "line 2: No filter named 'safe'"),
        ("{% include 'x' %}", "line 1: the tag 'include' can't be used here"),
        ("{% import 'x' as y %}", "the tag 'import'"),
        ("{% extends 'x' %}", "the tag 'extends'"),
        ("{% block x %}{% endblock %}", "the tag 'block'"),
        ("{% filter upper %}x{% endfilter %}", "the tag 'filter'"),
        ("{% autoescape true %}x{% endautoescape %}", "the tag 'autoescape'"),
    ],
)
def test_errors_are_raised_when_a_template_is_loaded(template: str, sentence: str) -> None:
    with pytest.raises(TemplateError, match=sentence) as caught:
        load_template(template)
    assert "\n" not in str(caught.value)


def test_a_files_name_is_in_its_errors(tmp_path: Path) -> None:
    file = tmp_path / "own.md.j2"
    file.write_text("\n\n{{ interview.detail.name }}", encoding="utf-8")
    with pytest.raises(
        TemplateError, match=r"own\.md\.j2, line 3: Interview has no 'detail'. It has "
    ):
        render_summary(ADA, None, load_template(file))


@pytest.mark.parametrize(
    ("template", "interview", "sentence"),
    [
        (
            "a\n{{ interview.details.nmae }}",
            ADA,
            r"line 2: InterviewDetails has no 'nmae'.*name, new",
        ),
        (
            "{{ interview.details.nmae }}",
            Interview(interview_id="1"),
            "InterviewDetails has no 'nmae'",
        ),
        ("{{ interview['detials'] }}", ADA, "Interview has no 'detials'"),
        ("{{ posting.tilte }}", ADA, "Posting has no 'tilte'.*title"),
        ("{{ [interview]|join(attribute='idd') }}", ADA, "Interview has no 'idd'"),
        (
            "\n{% macro m() %}\n{{ interview.x }}{% endmacro %}{{ m() }}",
            ADA,
            "line 3: Interview has no",
        ),
        (
            "{{ interview.details }}",
            ADA,
            "InterviewDetails has several fields: name the one to show",
        ),
        ("{{ interview.details.name|score(1) }}", ADA, "'score' takes a number, not a text"),
        ("{{ interview.details.interviewed_on|date('Europe/Nowhere') }}", ADA, "time zone"),
        ("{{ 1 // 0 }}", ADA, "line 1: .*zero"),
    ],
)
def test_a_misspelt_name_is_an_error_with_its_line_and_the_names_there_are(
    template: str, interview: Interview, sentence: str
) -> None:
    with pytest.raises(TemplateError, match=sentence) as caught:
        rendered(template, interview)
    assert "Ada" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("[{{ interview.details.email }}]", "[]"),
        ("[{{ interview.agentic_data.web_interview_info.summary.match_score }}]", "[]"),
        ("[{{ interview.details.metadata.a.b.c }}{{ posting.title }}{{ none }}]", "[]"),
        ("[{{ interview.agentic_data.web_interview_info.summary.highlights[0] }}]", "[]"),
        ("{% for x in interview.workflow.step_by_step %}x{% else %}none{% endfor %}", "none"),
        ("{{ 'y' if interview.agentic_data.web_interview_info else 'n' }}", "n"),
        ("{{ 'y' if interview.details.email is none else 'n' }}", "y"),
        ("{{ 'y' if interview.details.email is defined else 'n' }}", "n"),
        ("{{ 'y' if interview.workflow.last_engagement > 5 else 'n' }}", "n"),
        ("{{ interview.details.email|default('no e-mail') }}", "no e-mail"),
        ("[{{ posting.deadline|date }}{{ posting.title|upper }}{{ posting.name * 2 }}]", "[]"),
        ("{{ interview.details.new }}{{ interview.brand_new.level }}", "here3"),
        ("[{{ interview.brand_new.none }}{{ interview.brand_new.other.thing }}]", "[]"),
        ("{{ interview.details.score }} {{ interview.details.score|score(100) }}", "85 85 / 100"),
        ("{{ interview.details.interviewed_on|date }}", "15 February 2023"),
        ("{{ (interview.details.interviewed_on)|date('Pacific/Auckland') }}", "15 February 2023"),
        ("{{ 1 + 2 * 3 }} {{ 'a' ~ 1 ~ none }} {{ 2.5|round }} {{ true }}", "7 a1 2 yes"),
        ("{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}"
         "{% endfor %}{{ ns.n }}", "3"),
        ("{% for k, v in interview.brand_new.items() %}{{ k }} {% endfor %}", "level none"),
        ("{% set bar = joiner('|') %}{{ bar() }}a{{ bar() }}b {{ 'x y'.split()[1] }}", "a|b y"),
    ],
)  # fmt: skip
def test_missing_values_show_as_nothing_and_others_as_people_write_them(
    template: str, text: str
) -> None:
    assert rendered(template).strip() == text


def test_a_digests_template_sees_the_report_only() -> None:
    with pytest.raises(TemplateError, match=r"no 'interview' here\. A template sees report"):
        load_stalled_template("{{ interview.name }}")


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "''['__class__']",
        "''.__class__.__mro__[1].__subclasses__()",
        "''|attr('__class__')",
        "interview.__class__",
        "interview['__class__']",
        "interview.__init__.__globals__",
        "interview.parse_file('/etc/hostname')",
        "interview.model_dump()",
        "interview.model_construct()",
        "interview.model_config",
        "interview.details.interviewed_on.strftime('%9999999d')",
        "range.__globals__",
        "namespace.__init__.__globals__['os']",
        "joiner.__init__.__globals__.sys.modules.os.environ",
        "lipsum.__globals__['os'].environ",
        "cycler.__init__.__globals__",
        "self.__init__.__globals__",
        "self._TemplateReference__context",
        "''.format",
        "'{0.__class__}'.format(interview)",
        "'{:>9999999999}'.format(1)",
        "'%9999999999d' % 1",
        "'%9999999999d'|format(1)",
        "'x'.center(10**10)",
        "'x'|center(10**10)",
        "'x'.ljust(9999999999)",
        "'x'.encode()",
        "9**9**9",
        "2**64",
        "'x' * 10000000000",
        "10000000000 * 'x'",
        "[1] * 10000000000",
        "('x' * 100000) * 100000",
        "range(10000000000)|list",
        "range(10**30)",
        "1.5|round(10000000, 'ceil')",
        "'x'|indent(10000000000)",
        "('x' * 9999)|replace('', 'x' * 9999)",
        "range(9999)|map('string')|join('x' * 9999)",
        "lipsum(n=100000)",
        "open('/etc/passwd')",
        "interview.details.interviewed_on.__reduce__()",
    ],
)
def test_a_template_reaches_nothing_but_its_data_and_ends_soon(expression: str) -> None:
    began = time.monotonic()
    with pytest.raises(TemplateError):
        rendered(f"{{{{ {expression} }}}}")
    assert time.monotonic() - began < 1


GROW = (
    "{% set ns = namespace(s=START) %}"
    "{% for i in range(99) %}{% set ns.s = ns.s ? ns.s %}{% endfor %}"
)


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% set r = range(9999) %}{% for a in r %}{% for b in r %}{% for c in r %}"
        "{% endfor %}{% endfor %}{% endfor %}",
        "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        GROW.replace("START", "'x'").replace("?", "~"),
        GROW.replace("START", "'x'").replace("?", "+"),
        GROW.replace("START", "[1]").replace("?", "+"),
        GROW.replace("START", "9").replace("?", "*"),
        "{% for i in range(9999) %}" + "text " * 2_000 + "{% endfor %}",
        "{% set r = range(9999)|list %}{% for a in r %}{{ r|sum }}{% endfor %}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    ],
)
def test_a_template_that_would_run_for_ever_is_stopped(template: str) -> None:
    began = time.monotonic()
    with pytest.raises(TemplateError):
        rendered(template)
    assert time.monotonic() - began < 3


def test_no_environment_variable_can_be_read() -> None:
    os.environ.setdefault("HEYMILO_TEST_SECRET", "never-shown")
    for name in ("environ", "env", "os", "config", "request"):
        with pytest.raises(TemplateError):
            rendered(f"{{{{ {name}.HEYMILO_TEST_SECRET }}}}")
