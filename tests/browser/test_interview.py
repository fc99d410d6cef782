"""Mock interviews in the app as a user starts it: in both languages, at both widths, answered well and badly."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assistant.bank import Bank
from assistant.question import Lang, Question
from tests.browser.conftest import DESKTOP, PHONE, Opener, open_tab, photograph

BAD = {
    "zh": '今天天气不错，适合去公园。<img src="http://example.org/x.png" onerror="alert(1)"><script>alert(2)</script>',
    "en": 'The weather is nice today. <a href="javascript:alert(3)">x</a> ![x](http://example.org/y.png) ${alert(4)}',
}


def question_on(page: Page, bank: Bank, lang: Lang) -> Question:
    """The question that the page asks, found by its id in nothing but the words on the page."""
    words = page.locator("#question .asked").inner_text().strip()
    shown = [question for question in bank if question.question.in_lang(lang) == words]
    assert len(shown) == 1, words
    return shown[0]


def begin(page: Page, questions: int) -> None:
    length = page.locator("#length input[type=number]")
    length.fill(str(questions))
    length.press("Tab")
    page.click("#start")
    expect(page.locator("#answer textarea")).to_be_visible()


def submit(page: Page, answer: str) -> int:
    """Submit with the keyboard, see the grade, and return its score."""
    box = page.locator("#answer textarea")
    box.fill(answer)
    box.press("Control+Enter")
    grade = page.locator("#grade .ia-grade")
    expect(grade).to_be_visible(timeout=120_000)  # the first one waits for the model
    return int(grade.locator(".ia-score b").inner_text())


def go_on(page: Page) -> None:
    """Leave a follow-up unanswered, if one is asked, and go on."""
    expect(page.locator("#next, #skip").locator("visible=true")).to_be_visible()
    if page.locator("#skip").is_visible():
        page.click("#skip")
    page.click("#next")
    expect(page.locator("#grade .ia-grade")).to_be_hidden()


@pytest.mark.parametrize(("lang", "size"), [("zh", DESKTOP), ("en", PHONE)], ids=["zh-desktop", "en-phone"])
def test_interview_from_start_to_history(
    app_url: str, open_page: Opener, bank: Bank, tmp_path: Path, lang: Lang, size: dict[str, int]
) -> None:
    page = open_page(app_url, lang, size, dark=size == PHONE)
    name = f"interview-{lang}"
    photograph(page, f"{name}-1-setup")
    begin(page, 3)

    first = question_on(page, bank, lang)
    page.click("#hint")
    expect(page.locator("#question .note")).to_contain_text(first.hint.in_lang(lang))
    good = submit(page, first.reference.in_lang(lang))
    assert good >= 60
    assert page.locator("#grade mark.ia-covered").count() >= 2
    photograph(page, f"{name}-2-good")
    go_on(page)

    second = question_on(page, bank, lang)
    page.locator("#answer textarea").fill("a draft")
    page.reload()  # an interview under way, and what is being written, outlive the page
    expect(page.locator("#question .asked")).to_have_text(second.question.in_lang(lang))
    expect(page.locator("#answer textarea")).to_have_value("a draft")
    bad = submit(page, BAD[lang])
    assert bad < 30
    assert page.locator("#grade .ia-answer").inner_text() == BAD[lang]
    photograph(page, f"{name}-3-bad")
    go_on(page)

    page.click("#skip")
    report = page.locator("#report .ia-report")
    expect(report).to_be_visible()
    overall = int(report.locator(".ia-overall b").inner_text())
    assert bad < overall < good
    assert first.reference.in_lang(lang)[:20] in report.text_content()
    photograph(page, f"{name}-4-report")
    for button, beginning in (("#download-html", "<!DOCTYPE html>"), ("#download-markdown", "# ")):
        with page.expect_download() as waiting:
            page.click(button)
        saved = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(saved)
        assert saved.read_text(encoding="utf-8").startswith(beginning)

    page.reload()
    open_tab(page, "progress")
    expect(page.locator("#attempts .attempt")).to_have_count(2)
    expect(page.locator("#scores-plot .js-plotly-plot")).to_be_visible()
    page.locator("#interviews label").first.click()
    expect(page.locator("#past-report .ia-overall b")).to_have_text(str(overall))
    photograph(page, f"{name}-5-progress")
