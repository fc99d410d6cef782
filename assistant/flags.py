"""What an answer can be instead of an answer: an echo, a keyword list, a copy, an instruction to the grader."""

import re
from collections import Counter
from collections.abc import Sequence

from assistant.question import Question
from assistant.text import STOP_EN, Claim, clean, term_set, terms

ECHO_SHARE = 0.7  # of a claim's terms that stand in the question, above which it only repeats it
COPY_NGRAM = 12  # characters; longer runs of another text's characters are hardly chance
COPY_SHARE = 0.6
REPEATED_SHARE = 0.4
KEYWORD_ITEMS = 4  # fewer items than this do not make a list

_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|rubric|prompt|rule|above|previous|"
    r"criteria|key points?)|"
    r"\b(?:give|award|assign|grant|rate|score|mark)\b.{0,30}\b(?:full (?:marks?|score|credit|points)|100|10/10|"
    r"maximum|top score|"
    r"highest (?:score|mark|grade)|perfect score)|"
    r"\b(?:dear|hey|hi|hello|note to(?: the)?|to the|as (?:the|a)|you are (?:the|a|an)) (?:grader|examiner|"
    r"evaluator|grading|ai grader|"
    r"scoring)|\bmark (?:all|every|each|this|everything) .{0,30}\b(?:covered|correct)|"
    r"^\s*(?:system|assistant)\s*[:：]|<\|?(?:system|im_start)|\[/?INST\]|"
    r"忽略.{0,15}(?:指令|指示|规则|要求|标准|要点|以上|之前|上面|前面)|无视.{0,15}(?:指令|规则|标准|要点)|"
    r"(?:给|打|判|评).{0,12}(?:满分|一百分|100\s*分|最高分|高分)|(?:请|务必|必须).{0,10}(?:判|视|标记|"
    r"评).{0,12}(?:正确|覆盖|满分|全对)|"
    r"(?:评分|阅卷|判卷|打分)(?:系统|模型|老师|助手|员|者|程序).{0,20}(?:请|注意|必须|应当|你好|您好|听)|"
    r"(?:你是|作为).{0,8}(?:评分|阅卷|打分)",
    re.IGNORECASE | re.MULTILINE,
)
_NO_ANSWER = re.compile(
    r"^\W*(?:(?:嗯+|呃+|额+|那个|这个|抱歉|不好意思|对不起|老实说|说实话|其实|sorry|honestly|um+|uh+|well|hmm+|"
    r"to be honest)[\W\s]*)*"
    r"(?:我?(?:也|真的?|确实|完全|还)?(?:不知道|不会|不清楚|不太清楚|不了解|不太了解|不懂|不记得|忘了|没学过|"
    r"没听过|没接触过|没有?研究过|"
    r"答不(?:上来|出来)|想不起来)|这道?题?我?不会|"
    r"(?:i (?:really |honestly |simply |just )*(?:do not|don'?t|dont) (?:really |actually )?(?:know|remember|"
    r"have (?:an|any) (?:answer|idea))|"
    r"no (?:idea|clue|answer)|not sure|i(?:'m| am) not (?:really )?(?:sure|familiar)|i have no (?:idea|clue)|"
    r"i can(?:'|no)t (?:answer|remember|recall)|"
    r"idk|pass|skip|n/?a|i forgot|never heard))",
    re.IGNORECASE,
)
_NO_ANSWER_INSIDE = re.compile(
    r"\bi (?:really |honestly )?(?:do not|don'?t) know the answer|(?:can|could) we (?:skip|move on)|"
    r"\bi can'?t answer (?:this|that)|"
    r"我(?:也|真的?|确实)?(?:说不上来|答不上来|回答不了|不会答)",
    re.IGNORECASE,
)
NO_ANSWER_REST = 16  # content terms an "I don't know" may carry and still be none


def is_instruction(text: str) -> bool:
    """Whether a claim speaks to the grader instead of to the question."""
    return _INSTRUCTION.search(text) is not None


def is_no_answer(answer: str) -> bool:
    """Whether the answer is empty or says that it does not know, with nothing worth grading after it."""
    text = clean(answer).strip()
    if not any(char.isalnum() for char in text):
        return True
    if len(term_set(text)) > NO_ANSWER_REST:
        return False
    return _NO_ANSWER.match(text) is not None or _NO_ANSWER_INSIDE.search(text) is not None


def echo_share(claim: str, question: Question) -> float:
    """Return 0..1: the share of the claim's distinct terms that the question already contains, in either language."""
    found = term_set(claim)
    if not found:
        return 0.0
    asked = term_set(question.question.zh) | term_set(question.question.en)
    return len(found & asked) / len(found)


_ITEM_BREAK = re.compile(r"[,，、;；/|\n。]|\s{2,}|\.(?=\s|$)|->|→|\s[-+&]\s")
_EN_FUNCTION = STOP_EN - {"no", "not", "in", "of", "and", "the", "a", "an", "or", "for", "to", "by", "with", "vs"}
_ZH_STATEMENT = re.compile(
    r"是|的时候|时|会|能|把|被|让|使|因为|所以|如果|就|才|再|越|比|而|但|不|没|要|应|可以|需|得|了|着|过|都|只|"
    r"由|给|从|用|靠|导致|变|算|看|取"
)
_EN_VERB = re.compile(
    r"^(?:is|are|was|be|do|does|has|have|can|will|must|should|\w{3,}(?:ises|izes|ates|ifies)|"
    r"gets?|makes?|keeps?|gives?|takes?|uses?|needs?|loses?|holds?|learns?|helps?|means?|lets?|goes|adds?|cuts?"
    r"|runs?|splits?|"
    r"works?|causes?|reduces?|increases?|improves?|hurts?|fails?|stores?|reads?|writes?|computes?|picks?|shows?"
    r"|tells?|mix(?:es)?)$"
)


def _is_statement(item: str) -> bool:
    words = re.findall(r"[A-Za-z']+", item.lower())
    if any(word in _EN_FUNCTION or _EN_VERB.match(word) for word in words):
        return True
    return _ZH_STATEMENT.search(item) is not None and len(item) > 4  # noqa: PLR2004 - 高效的 is no statement


def is_keyword_list(answer: str) -> bool:
    """Whether the answer names terms without saying anything about them."""
    items = [item.strip() for item in _ITEM_BREAK.split(answer) if any(char.isalnum() for char in item)]
    if len(items) < KEYWORD_ITEMS:
        words = re.findall(r"[A-Za-z']+", answer.lower())
        return len(words) >= 2 * KEYWORD_ITEMS and not any(w in STOP_EN or _EN_VERB.match(w) for w in words)
    ends = len(re.findall(r"[。！？]|[.!?](?=\s|$)", answer))
    if ends >= 3 and len(items) >= 1.5 * ends:  # noqa: PLR2004 - several sentences of several parts: terse, but said
        return False
    statements = sum(_is_statement(item) for item in items)
    width = sum(len(item) for item in items) / len(items)
    return statements / len(items) < 0.25 and width < 40  # noqa: PLR2004 - shares measured on written answers


def repeated_share(found: Sequence[Claim]) -> float:
    """Return 0..1: the share of claims that say again, nearly word for word, what an earlier one said."""
    seen: list[Counter[str]] = []
    repeated = 0
    for claim in found:
        bag = Counter(terms(claim.text))
        if bag and any((bag & other).total() >= 0.85 * max(bag.total(), other.total()) for other in seen):
            repeated += 1
        elif bag:
            seen.append(bag)
    return repeated / len(found) if found else 0.0


def copied_share(answer: str, reference: str) -> float:
    """Return 0..1: the share of the answer's character runs of COPY_NGRAM that stand in the reference word for word."""
    squeezed, source = (re.sub(r"\W+", "", text.lower()) for text in (answer, reference))
    grams = _runs(squeezed)
    known = set(_runs(source))
    return sum(gram in known for gram in grams) / len(grams) if grams else 0.0


def _runs(text: str) -> list[str]:
    return [text[i : i + COPY_NGRAM] for i in range(len(text) - COPY_NGRAM + 1)]
