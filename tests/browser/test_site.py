"""The site of the docs, read from a folder: complete, searchable, and readable on a phone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser.pages import CHROMIUM, chromium
from tests.docs import ROOT

pytestmark = pytest.mark.browser

WIDTHS = {"desk": 1280, "phone": 390}
CUT = """
[...document.querySelectorAll("pre code")]
  .filter(code => !code.closest(".language-python, .language-yaml"))
  .filter(code => code.scrollWidth > code.clientWidth + 1)
  .map(code => code.textContent.slice(0, 80))
"""
LINE = """
(() => {
  const text = document.querySelector("article p"), sample = document.createElement("span")
  sample.textContent = "Recruiting teams run routines on Prefect and talk in Slack"
  text.append(sample)
  const rects = [...sample.getClientRects()].reduce((sum, rect) => sum + rect.width, 0)
  const width = text.getBoundingClientRect().width
  const characters = width / (rects / sample.textContent.length)
  sample.remove()
  return characters
})()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT, check=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    return folder


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that fails the test if something asks another host, or goes uncaught."""
    wrong: list[object] = []
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM) as browser,
    ):
        page = browser.new_page(viewport={"width": WIDTHS[request.param], "height": 900})
        page.on("request", lambda it: it.url.startswith("file:") or wrong.append(it.url))
        page.on("pageerror", lambda error: wrong.append(error))
        yield page
    assert not wrong


def test_no_page_is_wider_than_the_screen_and_no_output_is_cut(site: Path, page: Page) -> None:
    for file in sorted(site.rglob("*.html")):
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        assert page.evaluate(CUT) == [], file.name


def test_lines_have_about_75_characters(site: Path, page: Page) -> None:
    page.goto((site / "summaries.html").as_uri())
    assert page.evaluate(LINE) < 82


def test_the_search_works_from_a_folder(site: Path, page: Page) -> None:
    page.goto((site / "deploying.html").as_uri())
    page.wait_for_selector("html.js")
    if page.viewport_size["width"] < 1000:
        page.locator("label.md-header__button[for=__search]").click()
    page.locator(".md-search__input").click()
    page.wait_for_timeout(500)  # the index is read when the field gets the focus
    page.keyboard.type("digest", delay=50)
    page.wait_for_selector(".md-search-result__item")
    assert "matching documents" in page.locator(".md-search-result__meta").inner_text()
