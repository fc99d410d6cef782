"""A real Chromium, and pages that fail the test when a script runs, an error is thrown or another host is asked."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.apps import TINY, app_process

ARTIFACTS = Path(__file__).resolve().parent.parent.parent / "artifacts"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
DESKTOP = {"width": 1200, "height": 900}
PHONE = {"width": 390, "height": 844}
LOCALES = {"zh": "zh-CN", "en": "en-US"}
expect.set_options(timeout=30_000)

Opener = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory, encoder_cache: Path) -> Iterator[str]:
    """The app as a user starts it, with a history of its own; the converted encoder and its index are kept."""
    data = tmp_path_factory.mktemp("data")
    for name, kept in (("models", encoder_cache), ("index", encoder_cache / "index-of-browser-tests")):
        kept.mkdir(parents=True, exist_ok=True)
        (data / name).symlink_to(kept)
    with app_process(data) as address:
        yield address


@pytest.fixture(scope="session")
def tiny_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over the tiny encoder."""
    with app_process(tmp_path_factory.mktemp("tiny"), TINY) as address:
        yield address


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Opener]:
    """open_page(url, lang, size=..., dark=..., beside=another page): a watched page in a browser of its own."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(
        url: str, lang: str, size: dict[str, int] | None = None, dark: bool = False, beside: Page | None = None
    ):
        if beside is None:
            contexts.append(
                chromium.new_context(
                    locale=LOCALES[lang],
                    viewport=size or DESKTOP,
                    color_scheme="dark" if dark else "light",
                    has_touch=size == PHONE,
                    accept_downloads=True,
                )
            )
        page = beside.context.new_page() if beside else contexts[-1].new_page()
        _watch(page, url, problems)
        page.goto(url)
        page.locator("#start, #answer textarea").locator("visible=true").first.wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems


def _watch(page: Page, url: str, problems: list[str]) -> None:
    page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))
    page.on("console", lambda message: problems.append(f"console: {message.text}") if message.type == "error" else None)
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((url, "data:", "blob:")) else problems.append(f"another host: {request.url}")
        ),
    )


def photograph(page: Page, name: str) -> None:
    """Keep a screenshot of the whole page, and check that nothing is wider than the window."""
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window, f"{name} scrolls sideways: {wide} in a window of {window}"


def open_tab(page: Page, name: str) -> None:
    """Select a tab by its id, and wait for its contents."""
    page.locator(f'button[role="tab"][data-tab-id="{name}"]').click()
