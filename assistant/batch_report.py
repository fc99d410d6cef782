"""A batch in one page: counts, mean, histogram, the questions and key points that went worst; HTML without scripts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from assistant.bank import Bank
from assistant.batch_rows import JOIN
from assistant.journal import Result
from assistant.markup import REPORT_CSS, escape
from assistant.question import Bilingual, Lang

BIN = 10  # points in one bar of the histogram
SHOWN_QUESTIONS = 50
SHOWN_POINTS = 15
SHOWN_ERRORS = 10
MAX_LABEL = 200  # characters of a question that the report shows

_WORDS = {
    "title": Bilingual("批量评分报告：{name}", "Batch report: {name}"),
    "mean": Bilingual("平均分", "Mean score"),
    "counts": Bilingual(
        "共 {rows} 行，已评分 {ok}，出错 {errors}", "Rows: {rows}; graded {ok}, with an error {errors}"
    ),
    "scores": Bilingual("分数分布", "Distribution of scores"),
    "questions": Bilingual("各题平均分，从低到高", "Mean score by question, lowest first"),
    "points": Bilingual("失分最多的要点", "Key points missed most"),
    "point_rows": Bilingual("{lost} / {rows} 份答案没讲到或讲错", "missed or contradicted in {lost} of {rows} answers"),
    "errors": Bilingual("没能评分的行", "Rows that could not be graded"),
    "answers": Bilingual("{rows} 份答案", "{rows} answers"),
    "made_by": Bilingual("评分器 {grader} · 题库 {bank}", "Grader {grader} · bank {bank}"),
}


def _say(key: str, lang: Lang, **values: object) -> str:
    return escape(_WORDS[key].in_lang(lang).format(**values))


@dataclass
class BatchTotals:
    """Running totals over the rows of a batch; questions are known by id, or by their text where they have none."""

    rows: int = 0
    ok: int = 0
    errors: int = 0
    points: int = 0  # the sum of all scores
    bins: list[int] = field(default_factory=lambda: [0] * (100 // BIN))
    questions: dict[str, tuple[int, int]] = field(default_factory=dict)  # question -> (answers, sum of scores)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)  # (question, key point) -> answers without it
    reasons: Counter[str] = field(default_factory=Counter)
    made_by: tuple[str, str] = ("", "")  # grader, bank

    @property
    def mean(self) -> float | None:
        """The mean score of the rows graded; None with none."""
        return self.points / self.ok if self.ok else None

    def add(self, question: str, result: Result) -> None:
        """Count one row."""
        self.rows += 1
        self.made_by = (str(result["grader"]), str(result["bank"]))
        if result["status"] != "ok":
            self.errors += 1
            self.reasons[str(result["error"])] += 1
            return
        score = int(result["score"])  # text, where it was taken over from a CSV file
        self.ok += 1
        self.points += score
        self.bins[min(score // BIN, len(self.bins) - 1)] += 1
        answers, total = self.questions.get(question, (0, 0))
        self.questions[question] = (answers + 1, total + score)
        for column in ("missing", "contradicted"):
            self.lost.update((question, text) for text in str(result[column] or "").split(JOIN) if text)


def batch_report_html(totals: BatchTotals, name: str, bank: Bank, lang: Lang) -> str:
    """Return a whole HTML document; every text from the file or the bank is escaped."""
    title = _say("title", lang, name=name)
    mean = "–" if totals.mean is None else f"{totals.mean:.1f}"
    body = (
        f"<h1>{title}</h1>"
        f'<p class="ia-overall"><span>{_say("mean", lang)}</span> <b>{mean}</b><span class="ia-score">/100</span></p>'
        f'<p class="ia-counts">{_say("counts", lang, rows=totals.rows, ok=totals.ok, errors=totals.errors)}</p>'
        + _section("scores", _histogram(totals), lang)
        + _section("questions", _questions(totals, bank, lang), lang)
        + _section("points", _points(totals, bank, lang), lang)
        + _section("errors", _reasons(totals), lang)
        + f'<p class="ia-made-by">{_say("made_by", lang, grader=totals.made_by[0], bank=totals.made_by[1])}</p>'
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{REPORT_CSS}</style></head>"
        f'<body class="ia-page"><main class="ia-report">{body}</main></body></html>\n'
    )


def _section(heading: str, content: str, lang: Lang) -> str:
    return f"<h2>{_say(heading, lang)}</h2>{content}" if content else ""


def _bars(rows: Iterable[tuple[str, float, str]]) -> str:
    """Return (label, share 0 to 1, value) as bars."""
    items = "".join(
        f'<li><span dir="auto">{escape(label)}</span><div class="ia-bar"><i style="width:{100 * share:.1f}%"></i></div>'
        f"<b>{escape(value)}</b></li>"
        for label, share, value in rows
    )
    return f'<ul class="ia-bars">{items}</ul>' if items else ""


def _histogram(totals: BatchTotals) -> str:
    if not totals.ok:
        return ""
    last = len(totals.bins) - 1
    labels = (f"{number * BIN}–{100 if number == last else number * BIN + BIN - 1}" for number in range(last + 1))
    return _bars(
        (label, count / max(totals.bins), str(count)) for label, count in zip(labels, totals.bins, strict=True)
    )


def _label(question: str, bank: Bank, lang: Lang) -> str:
    text = bank.get(question).question.in_lang(lang) if question in bank else question
    return text if len(text) <= MAX_LABEL else text[:MAX_LABEL] + "…"


def _questions(totals: BatchTotals, bank: Bank, lang: Lang) -> str:
    means = sorted((total / answers, answers, question) for question, (answers, total) in totals.questions.items())
    return _bars(
        (
            f"{_label(question, bank, lang)} ({_WORDS['answers'].in_lang(lang).format(rows=answers)})",
            mean / 100,
            f"{mean:.0f}",
        )
        for mean, answers, question in means[:SHOWN_QUESTIONS]
    )


def _points(totals: BatchTotals, bank: Bank, lang: Lang) -> str:
    items = ""
    for (question, point), lost in totals.lost.most_common(SHOWN_POINTS):
        rows = totals.questions[question][0]
        items += (
            '<li class="ia-point ia-missing">'
            f'<span class="ia-state">{_say("point_rows", lang, lost=lost, rows=rows)}</span>'
            f'<span class="ia-text"><bdi>{escape(point)}</bdi> '
            f'<small class="ia-weight">{escape(_label(question, bank, lang))}</small></span></li>'
        )
    return f'<ul class="ia-points">{items}</ul>' if items else ""


def _reasons(totals: BatchTotals) -> str:
    most = max(totals.reasons.values(), default=1)
    return _bars((why, count / most, str(count)) for why, count in totals.reasons.most_common(SHOWN_ERRORS))
