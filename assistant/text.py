"""Text as search and grading see it: language, terms, and claims with their exact place in the answer."""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import Stemmer

from assistant.errors import InputError
from assistant.question import Lang

MAX_ANSWER = 20_000  # characters; a spoken ten-minute answer is about 9,000
LONG_SENTENCE = 110  # characters (Chinese counts double) above which a sentence is cut at its commas
BREATH = 360  # characters that a claim without any mark may have
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'\-]*")
_TERM = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[A-Za-z0-9]+(?:[.][0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# a sentence ends at Chinese or Western end marks (not inside 0.5 or e.g.), or at a line break
_SENTENCE_END = re.compile(
    r"[。！？!?；;]+[”’\"')）]*|\n+|(?<!e\.g)(?<!i\.e)(?<!\bvs)(?<!\betc)(?<!\bal)(?<!^\d)(?<![^.\d]\d)\.+[”’\"')]*(?=\s|$)"
)
_CLAUSE_END = re.compile(r"[，,：:—]+\s*|\s+(?=(?:but|whereas|while|however|because|so that)\b)")
_BULLET = re.compile(r"^(?:\d{1,2}(?:[.)](?!\d)|[、．])|[-*•·]|[（(]\d{1,2}[)）]|[①-⑳])\s*")

STOP_EN = frozenset(
    "a an the of to in on at by for with from into over and or but so as if then than that this these those it "
    "its is are was were be been being do does did has have had will would can could should may might must not no "
    "nor we you they he she i me my our your their them there here what which who when where how why also just "
    "very more most some any each such about because while during between through one two like get gets got make "
    "makes made use used using basically actually really well okay yes".split()
)
STOP_ZH = frozenset(
    "的 了 是 在 和 与 或 及 也 都 就 而 但 把 被 让 使 对 从 到 给 向 以 为 于 等 这 那 这个 那个 这些 那些 它 "
    "它们 他 我 我们 你 一个 一种 一些 什么 怎么 如何 为什么 哪些 可以 能 会 要 有 没有 不 不会 不能 并 并且 因为 "
    "所以 如果 那么 然后 就是 其实 比较 非常 很 更 最 上 下 中 里 时 后 前 个 种 之 其 地 得 着 过 吧 呢 吗 啊 嗯 "
    "呃 主要 通常 一般 需要 应该 进行 问题".split()
)
_stemmer_lock = threading.Lock()
_stemmer = Stemmer.Stemmer("english")


def clean(text: str) -> str:
    """Return text of the same length with control, bidi and zero-width characters and lone surrogates as spaces."""
    spaced = _CONTROL.sub(" ", text)
    return re.sub(r"[\ud800-\udfff]", " ", spaced)


def check_answer(text: str) -> str:
    """Return the cleaned answer; raise InputError for one longer than MAX_ANSWER."""
    if len(text) > MAX_ANSWER:
        raise InputError(
            f"The answer has {len(text):,} characters; at most {MAX_ANSWER:,} are graded. "
            "Shorten it to what you would say."
        )
    return clean(text)


def detect_lang(text: str) -> Lang:
    """Return "zh" where Chinese characters carry the text, else "en"; a Chinese character counts as half a word."""
    chinese = len(_CJK.findall(text)) / 2
    return "zh" if chinese and chinese >= len(_LATIN_WORD.findall(text)) * 0.5 else "en"


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the English stem of a lower-case word."""
    with _stemmer_lock:
        return str(_stemmer.stemWord(word))


def chinese_words(run: str) -> list[str]:
    """Cut a run of Chinese characters into words."""
    import rjieba  # its dictionary takes a tenth of a second, which the first page need not wait for

    return list(rjieba.cut(run))


def terms(text: str) -> list[str]:
    """Return content terms in order: Chinese words (jieba), stemmed English words, numbers; stop words left out."""
    found: list[str] = []
    for run in _TERM.findall(unicodedata.normalize("NFKC", text).lower()):
        if _CJK.match(run):
            found += [word for word in chinese_words(run) if word not in STOP_ZH]
        elif run not in STOP_EN:
            found.append(stem(run))
    return found


@lru_cache(maxsize=20_000)
def term_set(text: str) -> frozenset[str]:
    """Return the distinct content terms of a text; remembered, for grading asks again and again."""
    return frozenset(terms(text))


def search_terms(text: str) -> list[str]:
    """Return terms for lexical search: as `terms`, and every pair of neighbouring Chinese characters."""
    found = terms(text)
    for run in _TERM.findall(text):
        if _CJK.match(run):
            found += [run[i : i + 2] for i in range(len(run) - 1)]
    return found


@dataclass(frozen=True)
class Claim:
    """A piece of an answer: answer[start:end] == text."""

    start: int
    end: int
    text: str


def _width(text: str) -> int:
    return len(text) + len(_CJK.findall(text))


def _trimmed(answer: str, start: int, end: int) -> Claim | None:
    while start < end and answer[start].isspace():
        start += 1
    bullet = _BULLET.match(answer[start:end])
    if bullet and start + bullet.end() < end:
        start += bullet.end()
    while end > start and answer[end - 1].isspace():
        end -= 1
    text = answer[start:end]
    return Claim(start, end, text) if any(char.isalnum() for char in text) else None


def _pieces(answer: str, start: int, end: int, boundary: re.Pattern[str]) -> list[tuple[int, int]]:
    ends = [match.end() for match in boundary.finditer(answer, start, end)]
    edges = [start, *(edge for edge in ends if edge < end), end]
    return list(pairwise(edges))


def _joined_clauses(answer: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a long sentence at its commas, and join clauses again that are too short to say anything."""
    joined: list[tuple[int, int]] = []
    for left, right in _pieces(answer, start, end, _CLAUSE_END):
        if joined and (_width(answer[joined[-1][0] : joined[-1][1]]) < LONG_SENTENCE // 3):
            joined[-1] = (joined[-1][0], right)
        else:
            joined.append((left, right))
    return joined


def _breathed(answer: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut what has no marks at all every BREATH characters, at a space where there is one."""
    pieces = []
    while end - start > BREATH:
        space = answer.rfind(" ", start + BREATH // 2, start + BREATH)
        cut = space + 1 if space > 0 else start + BREATH
        pieces.append((start, cut))
        start = cut
    return [*pieces, (start, end)]


def sentences(answer: str) -> list[Claim]:
    """Split into sentences; each carries its exact place in `answer`."""
    found = (_trimmed(answer, start, end) for start, end in _pieces(answer, 0, len(answer), _SENTENCE_END))
    return [claim for claim in found if claim is not None]


def claims(answer: str) -> list[Claim]:
    """Split into claims: sentences, long ones cut further at their commas."""
    found: list[Claim] = []
    for sentence in sentences(answer):
        if _width(sentence.text) <= LONG_SENTENCE:
            found.append(sentence)
            continue
        for clause in _joined_clauses(answer, sentence.start, sentence.end):
            parts = (_trimmed(answer, left, right) for left, right in _breathed(answer, *clause))
            found += [part for part in parts if part is not None]
    return found
