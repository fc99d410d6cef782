"""Negation and opposites: does a claim say what a key point says, or the reverse of it?

An encoder barely sees "not" (cosine .955 for a negated claim against .96 for the claim itself), so polarity is read
from words: which shared terms stand in the scope of a negation on one side only, and which antonyms are exchanged.
"""

import re
from functools import lru_cache

from assistant.question import Lang
from assistant.text import chinese_words, term_set, terms

# phrases that hold a negation word but negate nothing
_HARMLESS = re.compile(
    r"不仅|不但|不只|不光|不单|不同|不断|不过|不妨|不论|不管|无论|无监督|非线性|非结构化|非凸|非常|不少|不错|没错|不好意思|不确定性|不变|"
    r"不均衡|不平衡|别忘|不要忘|别忽视|不要忽视|不可忽视|不容忽视|别小看|不得不|不可或缺|必不可少|不可避免|不限于|不至于|不一定要|无损|无偏|不可见|未见|未标注|未知|没问题|不用说|不客气|差不多|要不然|要不|不然|是不是|会不会|能不能|"
    r"not only|not just|not to mention|no matter|no doubt|not surprising\w*|why not|no wonder|non-?linear\w*|"
    r"i(?:'m| am) not sure|don't get me wrong|don't forget|"
    r"do not forget|can't be ignored|not necessarily need|without doubt",
    re.IGNORECASE,
)
# "without X, not Y" and "as long as not X, no Y" insist on X: the first negation asserts
_INSISTING = re.compile(
    r"(?:没有?|不)(?=[^。；;！？]{1,30}(?:之前|就不|就别|就没|不行|不可|的话))|\b(?:without|unless|until)\b(?=[^.;!?]{1,60}\b(?:cannot|can't|won't|no|not)\b)",
    re.IGNORECASE,
)
_NEGATION_ZH = re.compile(
    r"缺乏|缺少|避免|防止|难以|并非|并不|从不|绝不|毫不|毫无|无法|无需|无须|不会|不能|不是|不用|不必|不再|没有|未必|不|没|無|未|别|勿|非|无"
)
_NEGATION_EN = re.compile(
    r"\b(?:not|never|no|none|nothing|neither|nor|without|cannot|hardly|nobody|\w+n['’]t|dont|doesnt|isnt|cant|wont|"
    r"fails? to|far from|instead of|rather than|false|untrue|wrong|unable|unavailable|impossible|"
    r"lacks?|lacking|avoids?|"
    r"avoiding|prevents?|preventing)\b",
    re.IGNORECASE,
)
_CLAUSE_BREAK = re.compile(
    r"[，,。；;！？!?：:\n]|\.(?=\s|$)|\b(?:but|because|so|which|while|whereas|although|then)\b|但|因为|所以|而是|却"
)
SCOPE_ZH = 16  # characters after a negation that it governs, unless the clause ends first
SCOPE_EN = 48

_ANTONYMS = (
    ("large larger largest big bigger huge wide", "small smaller smallest tiny narrow little"),
    ("increase increases raise raises grow grows boost boosts rise rises",
     "decrease decreases reduce reduces lower lowers shrink "
     "shrinks cut cuts drop drops fall falls"),
    ("more many most", "fewer less least few"),
    ("high higher highest", "low lower lowest"),
    ("fast faster quick quicker", "slow slower"),
    ("better best improve improves", "worse worst hurt hurts degrade degrades"),
    ("before", "after"),
    ("always", "never"),
    ("same identical equal shared", "different separate"),
    ("add adds adding", "remove removes removing subtract subtracts"),
    ("strong stronger", "weak weaker"),
    ("easy easier", "hard harder difficult"),
    ("cheap cheaper", "expensive costly"),
    ("first", "last"),
    ("maximise maximises maximize maximizes", "minimise minimises minimize minimizes"),
    ("overfitting overfit overfits", "underfitting underfit underfits"),
    ("大 更大 太大 很大 过大 较大 变大", "小 更小 太小 很小 过小 较小 变小"),
    ("增加 增大 提高 提升 上升 变多 升高 增强", "减少 减小 降低 下降 变少 缩小 削弱 减弱"),
    ("多 更多 较多 很多 越多", "少 更少 较少 很少 越少"),
    ("高 更高 较高 很高 越高", "低 更低 较低 很低 越低"),
    ("快 更快 较快 加快 加速", "慢 更慢 较慢 减慢 变慢"),
    ("好 更好 变好 改善", "差 更差 变差 恶化"),
    ("强 更强", "弱 更弱"),
    ("之前 以前 先", "之后 以后 后"),
    ("相同 一样 共享", "不同 各自 独立"),
    ("容易 简单", "困难 难"),
    ("便宜 省钱", "昂贵 费钱"),
    ("稀疏", "稠密 密集"),
    ("过拟合", "欠拟合"),
    ("最大化", "最小化"),
)  # fmt: skip


def _antonym_sides() -> dict[str, tuple[int, int]]:
    sides: dict[str, tuple[int, int]] = {}
    for number, pair in enumerate(_ANTONYMS):
        for side, words in enumerate(pair):
            for word in words.split():
                sides[word] = (number, side)
    return sides


_SIDES = _antonym_sides()
_WORD = re.compile(r"[A-Za-z]+|[\u3400-\u9fff]+")


def _words(text: str) -> list[str]:
    found: list[str] = []
    for run in _WORD.findall(text.lower()):
        found += [run] if run.isascii() else chinese_words(run)
    return found


def _masked(match: re.Match[str]) -> str:
    return "·" * len(match.group())


@lru_cache(maxsize=20_000)
def negation_spans(text: str, lang: Lang) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) that each negation governs: from the word to the end of its clause or scope."""
    masked = _INSISTING.sub(_masked, _HARMLESS.sub(_masked, text))
    pattern, reach = (_NEGATION_ZH, SCOPE_ZH) if lang == "zh" else (_NEGATION_EN, SCOPE_EN)
    spans = []
    for match in pattern.finditer(masked):
        stop = _CLAUSE_BREAK.search(masked, match.end())
        end = min(match.end() + reach, stop.start() if stop else len(masked))
        spans.append((match.start(), end))
    return tuple(spans)


@lru_cache(maxsize=20_000)
def polar_terms(text: str, lang: Lang) -> tuple[frozenset[str], frozenset[str]]:
    """Return (terms that are asserted, terms that stand under an odd number of negations)."""
    spans = negation_spans(text, lang)
    if not spans:
        return term_set(text), frozenset()
    depth = [0] * (len(text) + 1)
    for start, end in spans:
        for i in range(start, end):
            depth[i] += 1
    asserted: set[str] = set()
    negated: set[str] = set()
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or depth[i] % 2 != depth[start] % 2:
            (negated if depth[start] % 2 else asserted).update(terms(text[start:i]))
            start = i
    return frozenset(asserted), frozenset(negated)


def term_mismatch(claim: str, key_point: str, lang: Lang) -> float:
    """Return 0..1: the share of the common terms that are negated on one side only (0 without common terms)."""
    claim_plain, claim_negated = polar_terms(claim, lang)
    point_plain, point_negated = polar_terms(key_point, lang)
    common = (claim_plain | claim_negated) & (point_plain | point_negated)
    if not common:
        return 0.0
    crossed = sum(
        (term in claim_negated - claim_plain and term in point_plain)
        or (term in point_negated - point_plain and term in claim_plain)
        for term in common
    )
    return crossed / len(common)


def negation_excess(claim: str, claim_lang: Lang, key_point: str, point_lang: Lang) -> float:
    """Return how many more negations per clause the claim has than the key point, clipped to -1..1."""
    clauses = max(1, len(_CLAUSE_BREAK.findall(claim)))
    excess = len(negation_spans(claim, claim_lang)) / clauses - min(1, len(negation_spans(key_point, point_lang)))
    return max(-1.0, min(1.0, excess))


def antonyms_exchanged(claim: str, key_point: str) -> float:
    """Return 0..1: of the opposites that the key point names one side of, the share that the claim turns round."""
    point_sides = _side_sets(key_point)
    claim_sides = _side_sets(claim)
    one_sided = {pair: sides for pair, sides in point_sides.items() if len(sides) == 1 and pair in claim_sides}
    if not one_sided:
        return 0.0
    return sum(claim_sides[pair].isdisjoint(sides) for pair, sides in one_sided.items()) / len(one_sided)


@lru_cache(maxsize=20_000)
def _side_sets(text: str) -> dict[int, frozenset[int]]:
    sides: dict[int, set[int]] = {}
    for word in _words(text):
        if word in _SIDES:
            pair, side = _SIDES[word]
            sides.setdefault(pair, set()).add(side)
    return {pair: frozenset(found) for pair, found in sides.items()}


_AUXILIARY = re.compile(r"\b(?:is|are|can|must|should|will|does|do|has|have|may)\b")


@lru_cache(maxsize=20_000)
def negated_form(text: str, lang: Lang) -> str:
    """Return the text with its first verb negated; an encoder's nearness to it against the text hints at polarity."""
    if lang == "en":
        auxiliary = _AUXILIARY.search(text)
        return (
            f"{text[: auxiliary.end()]} not{text[auxiliary.end() :]}"
            if auxiliary
            else f"It is not the case that {text}"
        )
    import rjieba  # as in text.py

    out: list[str] = []
    done = False
    for word, tag in rjieba.tag(text):
        if not done and tag.startswith("v") and tag != "vn":
            out.append("不会")
            done = True
        out.append(word)
    return "".join(out) if done else f"并非{text}"
