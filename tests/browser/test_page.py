"""The page itself: its two languages, its keyboard, bad input, probes, a second window, and the warm-up."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assistant.bank import Bank
from assistant.question import Bilingual
from assistant.text import MAX_ANSWER
from assistant.ui import text
from tests.apps import TINY, app_process
from tests.browser.conftest import PHONE, Opener, open_tab, photograph

TABS = ("interview", "practice", "batch", "bank", "progress")
PROBES = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>",
    "[x](javascript:alert(4)) ![y](http://example.org/pixel.png) <a href='javascript:alert(5)'>z</a>",
    "${alert(6)} {{constructor.constructor('alert(7)')()}} `${alert(8)}`",
    "لا أعرف \u202eabc\u202c \u0000\u0007 😀 ﷽ zero\u200bwidth",
)


NONE_VISIBLE = """
strings => !document.body.innerText.split("\\n").some(line => strings.includes(line.trim()))
"""


def strings(lang: str) -> dict[str, str]:
    """The page's strings in one language that are not the same in the other."""
    found = {name: value for name, value in vars(text).items() if isinstance(value, Bilingual)}
    return {name: getattr(value, lang) for name, value in found.items() if value.zh != value.en and "{" not in value.zh}


def choose_language(page: Page, lang: str) -> None:
    page.locator(f"#language input[value={lang}]").check()
    expect(page.locator("#title h1")).to_have_text(getattr(text.TITLE, lang))


def test_every_visible_word_follows_the_switch_and_the_choice_is_kept(tiny_url: str, open_page: Opener) -> None:
    page = open_page(tiny_url, "en")
    for lang, other in (("zh", "en"), ("en", "zh")):
        choose_language(page, lang)
        for tab in TABS:
            open_tab(page, tab)
            expect(page.locator("[role=tab][aria-selected=true]")).to_have_text(
                getattr(getattr(text, f"TAB_{tab.upper()}"), lang)
            )
            page.wait_for_function(NONE_VISIBLE, arg=list(strings(other).values()))
        photograph(page, f"bank-{lang}")
    choose_language(page, "zh")
    page.reload()
    expect(page.locator("#title h1")).to_have_text(text.TITLE.zh)
    expect(page).to_have_title(text.TITLE.zh)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_browsers_language_comes_first(tiny_url: str, open_page: Opener, lang: str) -> None:
    page = open_page(tiny_url, lang)
    expect(page.locator("#start")).to_have_text(getattr(text.START, lang))


def test_switching_in_the_middle_of_an_answer_loses_nothing(tiny_url: str, open_page: Opener) -> None:
    page = open_page(tiny_url, "en", PHONE, dark=True)
    page.click("#start")
    page.locator("#answer textarea").fill("half an answer")
    asked = page.locator("#question .asked").inner_text()
    choose_language(page, "zh")
    expect(page.locator("#submit")).to_have_text(text.SUBMIT.zh)
    expect(page.locator("#heading")).to_contain_text("第 1 题")
    assert page.locator("#question .asked").inner_text() == asked  # the interview keeps its own language
    expect(page.locator("#answer textarea")).to_have_value("half an answer")


@pytest.mark.parametrize(("lang", "sentence"), [("zh", "最多评"), ("en", "at most 20,000 are graded")])
def test_what_cannot_be_graded_stays_in_the_box(tiny_url: str, open_page: Opener, lang: str, sentence: str) -> None:
    page = open_page(tiny_url, lang)
    page.click("#start")
    box = page.locator("#answer textarea")
    toast = page.locator("[data-testid=toast-text]").last
    box.fill("   \n ")
    page.click("#submit")
    expect(toast).to_contain_text("空" if lang == "zh" else "empty")
    long = "字" * 100_000
    assert len(long) > MAX_ANSWER
    box.fill(long)
    page.click("#submit")
    expect(toast).to_contain_text(sentence)
    assert len(box.input_value()) == len(long)
    expect(page.locator("#heading")).to_contain_text("1")


def test_probes_are_shown_and_not_run(tiny_url: str, open_page: Opener) -> None:
    page = open_page(tiny_url, "en", PHONE)
    open_tab(page, "practice")
    page.locator("#found label").first.click()
    expect(page.locator("#practice-question .asked")).to_be_visible()
    for probe in PROBES:
        page.locator("#practice-answer textarea").fill(probe)
        page.locator("#practice-answer textarea").press("Control+Enter")
        shown = page.locator("#practice-grade .ia-answer")
        expect(shown).to_contain_text(probe.split()[-1])
        assert shown.text_content() == probe.replace("\0", "")  # HTML has no NUL
    photograph(page, "probes-phone")
    open_tab(page, "progress")
    expect(page.locator("#attempts .attempt")).to_have_count(len(PROBES))


def test_search_finds_and_the_bank_hands_over(tiny_url: str, open_page: Opener, bank: Bank) -> None:
    page = open_page(tiny_url, "en")
    open_tab(page, "practice")
    page.locator("#query textarea, #query input").fill("positional encoding rotary RoPE")
    page.click("#search")
    expect(page.locator("#found label").first).to_contain_text(re.compile("position|RoPE", re.IGNORECASE))
    open_tab(page, "bank")
    expect(page.locator("#bank-list label")).to_have_count(len(bank))
    formula = next(question for question in bank if "$" in question.reference.en)
    page.locator("#bank-list label", has_text=formula.question.en).click()
    expect(page.locator("#bank-question math").first).to_be_visible()
    assert "$" not in page.locator("#bank-question").inner_text()
    photograph(page, "bank-formula")
    page.click("#practise-this")
    expect(page.locator("#practice-question .asked")).to_have_text(formula.question.en)


def test_two_windows_of_one_user_do_not_mix_up_their_answers(tiny_url: str, open_page: Opener) -> None:
    first = open_page(tiny_url, "en")
    first.click("#start")
    expect(first.locator("#heading")).to_contain_text("Question 1")
    second = open_page(tiny_url, "en", beside=first)
    expect(second.locator("#heading")).to_contain_text("Question 1")
    second.click("#skip")
    expect(second.locator("#heading")).to_contain_text("Question 2")
    first.locator("#answer textarea").fill("an answer to the first question")
    first.click("#submit")
    expect(first.locator("[data-testid=toast-text]").last).to_contain_text("went on in another window")
    expect(first.locator("#heading")).to_contain_text("Question 2")
    expect(first.locator("#answer textarea")).to_have_value("an answer to the first question")


def test_the_page_comes_before_the_models(open_page: Opener, tmp_path: Path) -> None:
    gate = tmp_path / "open"
    with app_process(tmp_path, TINY, ASSISTANT_GATE=str(gate), ASSISTANT_LANG="zh") as address:
        page = open_page(address, "en")  # ASSISTANT_LANG goes before the browser's language
        banner = page.locator("#banner .warming")
        expect(banner).to_have_text(text.WARMING.zh)
        photograph(page, "warming")
        page.click("#start")
        page.locator("#answer textarea").fill("an answer given too early")
        page.click("#submit")
        expect(page.get_by_text(text.WAITING.zh[:8])).to_be_visible()
        gate.touch()
        expect(page.locator("#grade .ia-grade")).to_be_visible()
        expect(banner).to_be_hidden()
        page.close()
