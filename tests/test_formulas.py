"""Formulas are drawn, and nothing else in a text is."""

import re

from hypothesis import given
from hypothesis import strategies as st

from assistant.bank import Bank
from assistant.formulas import FORMULA, formulas_html

DANGEROUS = re.compile(r"<(?!/?(?:m[a-z]+)\b)|<[^>]*\b(?:href|style|src|class|on\w+)=")


def test_every_formula_of_the_bank_is_drawn(bank: Bank) -> None:
    texts = [text for question in bank for text in (question.reference.zh, question.reference.en, question.question.en)]
    formulas = [formula for text in texts for formula in FORMULA.findall(text)]
    assert len(formulas) > 20
    for formula in formulas:
        drawn = formulas_html(f"${formula}$")
        assert drawn.startswith("<math"), formula
        assert drawn.count("<math") == drawn.count("</math>") == 1


def test_money_is_no_formula() -> None:
    assert formulas_html("from $5 to $6, or $ 7 $") == "from $5 to $6, or $ 7 $"


def test_text_around_formulas_is_escaped() -> None:
    assert formulas_html('<b>"x"</b> & $a<b$').startswith("&lt;b&gt;&quot;x&quot;&lt;/b&gt; &amp; <math")


def test_a_formula_carries_no_markup_in() -> None:
    for latex in (
        r"\text{<script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//example.org)}{x}",
        r"\text{<img src=x onerror=alert(1)>}",
        r"\mathrm{</math><script>alert(1)</script>}",
        r"\class{x}{y}",
    ):
        drawn = formulas_html(f"${latex}$")
        assert not DANGEROUS.search(drawn), drawn


@given(st.text(st.characters(codec=None, exclude_categories=())) | st.text(r"$\{}_^<>&ab \frac"))
def test_any_text_yields_only_mathml(text: str) -> None:
    html = formulas_html(text)
    html.encode()
    assert set(re.findall(r"</?([a-zA-Z]+)", html)) <= {
        *("math", "mrow", "mi", "mo", "mn", "msub", "msup", "msubsup", "mfrac", "mtext", "mspace", "mstyle", "mtable"),
        *("mtr", "mtd", "mover", "munder", "munderover", "msqrt", "mroot", "mpadded", "mphantom", "menclose"),
    }
