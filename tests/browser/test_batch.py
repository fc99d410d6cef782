"""A CSV goes up, its scores come down."""

import csv
from pathlib import Path

from playwright.sync_api import expect

from assistant.bank import Bank
from tests.browser.conftest import PHONE, Opener, open_tab, photograph

PROBE = '<img src="http://example.org/z.png" onerror="alert(5)"><script>alert(6)</script>'


def test_upload_and_download(app_url: str, open_page: Opener, bank: Bank, tmp_path: Path) -> None:
    question = bank.questions[0]
    source = tmp_path / "answers.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["submission_id", "question_id", "answer", "note"])
        writer.writerow(["good", question.id, question.reference.en, PROBE])
        writer.writerow(["bad", question.id, PROBE, ""])
        writer.writerow(["unknown", "no-such-question", "an answer", ""])
    page = open_page(app_url, "en", PHONE)
    open_tab(page, "batch")
    page.set_input_files("#batch-file input[type=file]", source)
    expect(page.locator("#batch-file")).to_contain_text("answers")
    page.click("#batch-run")
    expect(page.locator("#batch-result tbody tr")).to_have_count(3, timeout=120_000)
    assert PROBE in page.locator("#batch-result").inner_text()
    photograph(page, "batch-phone")
    with page.expect_download() as waiting:
        page.click("#batch-download")
    assert waiting.value.suggested_filename == "answers-scored.csv"
    scored = tmp_path / "scored.csv"
    waiting.value.save_as(scored)
    with scored.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["submission_id"]: row for row in csv.DictReader(file)}
    assert rows["good"]["note"] == PROBE
    assert int(rows["good"]["score"]) >= 60
    assert int(rows["bad"]["score"]) < 30
    assert rows["unknown"]["status"] == "error"
    assert "no-such-question" in rows["unknown"]["error"]


def test_files_that_cannot_be_graded_are_answered_with_a_sentence(
    tiny_url: str, open_page: Opener, tmp_path: Path
) -> None:
    page = open_page(tiny_url, "zh")
    open_tab(page, "batch")
    toast = page.locator("[data-testid=toast-text]").last
    page.click("#batch-run")
    expect(toast).to_contain_text("还没有选文件")
    page.locator("[data-testid=toast-close]").click()
    for name, content, sentence in (
        ("columns.csv", b"a,b\n1,2\n", "缺少列"),
        ("nonsense.csv", bytes(range(256)) * 100, "不是文本文件"),
        ("table.xlsx", b"PK\x03\x04", "扩展名"),
        ("empty.jsonl", b"", "空文件"),
    ):
        (tmp_path / name).write_bytes(content)
        page.set_input_files("#batch-file input[type=file]", tmp_path / name)
        expect(page.locator("#batch-file")).to_contain_text(name.split(".")[0])
        page.click("#batch-run")
        expect(toast).to_contain_text(sentence)
        page.locator("[data-testid=toast-close]").click()
        page.locator("#batch-file .icon-button").click()
