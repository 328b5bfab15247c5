"""Prefect's UI in Chromium; what depends on how Prefect builds its pages is here."""

import base64
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, Route, expect, sync_playwright

PATIENCE_MS = 60_000
_MARGIN = 16
_BLANK = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg=="
)
CHROMIUM = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def chromium() -> str:
    """The path of Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "No Chromium here: install the package chromium."
    return path


@contextmanager
def browsing(ui: str, path: str) -> Iterator[Page]:
    """Show a page; nothing in it may go uncaught.

    Within, Playwright's event loop runs in this thread, and Prefect would take it for its own: call
    flows and blocks before or after.
    """
    here = ui.rpartition("/")[0]
    uncaught: list[object] = []
    expect.set_options(timeout=PATIENCE_MS)
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM) as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.set_default_timeout(PATIENCE_MS)
        page.route(lambda url: not url.startswith(here), _answer)
        page.on("pageerror", lambda error: uncaught.append(error))
        page.goto(ui + path)
        yield page
    assert not uncaught


def _answer(route: Route) -> None:
    """Answer for other hosts: an image, as Prefect's logos are, and otherwise nothing."""
    if route.request.resource_type == "image":
        route.fulfill(body=_BLANK, content_type="image/png")
    else:
        route.abort()


def field(within: Page | Locator, title: str, required: bool = True) -> Locator:
    """A field of a form: its label, its description, and what to fill in."""
    label = re.escape(title if required else f"{title} (Optional)")
    labels = within.locator("label").filter(has_text=re.compile(f"^{label}$"))
    return labels.locator("xpath=ancestor::*[fieldset][1]")


def description(of: Locator) -> Locator:
    """What a field's label explains."""
    return of.locator("xpath=*[not(self::fieldset)]//p")


def chosen_block(of: Locator) -> Locator:
    """The button that says which block a field holds."""
    return of.get_by_role("button", name="Select a block")


def offered_blocks(of: Locator) -> Locator:
    """The saved blocks that a field offers; its list is open then."""
    chosen_block(of).click()
    return of.page.get_by_role("option")


def answer(page: Page, term: str) -> Locator:
    """What a page's list of details says of something."""
    return page.locator("dt", has_text=term).locator("xpath=following-sibling::dd[1]")


def drawn(page: Page, last: Locator | None = None) -> bytes:
    """A picture of a page without Prefect's menu: its top, or all down to `last`."""
    expect(page.locator(".animate-pulse")).to_have_count(0)  # what is still to come
    whole = page.get_by_role("main").bounding_box()
    end = last.bounding_box() if last else None
    assert whole
    height = end["y"] + end["height"] + _MARGIN - whole["y"] if end else whole["height"]
    clip = {**whole, "height": min(height, whole["height"])}
    return page.screenshot(clip=clip, full_page=True, animations="disabled")
