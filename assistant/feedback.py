"""The sentences that a grade says, in both languages."""

from collections.abc import Sequence
from dataclasses import replace

from assistant.grade import Flag, Grade, PointGrade, Verdict
from assistant.question import Lang, Question

_FLAG_TEXT: dict[Flag, dict[Lang, str]] = {
    "question_echo": {
        "zh": "回答主要是在复述题目。",
        "en": "The answer mostly repeats the question.",
    },
    "keyword_list": {
        "zh": "只罗列了术语，没有说明它们是什么、为什么、有什么关系。",
        "en": "Terms are listed, but nothing is said about them: what each does, why, and how they relate.",
    },
    "off_topic": {
        "zh": "回答没有涉及这道题。",
        "en": "The answer does not speak to this question.",
    },
    "repetition": {
        "zh": "同一句话重复了多次，只计一次。",
        "en": "The same thing is said several times; it counts once.",
    },
    "copied_reference": {
        "zh": "回答与参考答案几乎逐字相同，试着用自己的话讲一遍。",
        "en": "The answer is the reference nearly word for word; try it in your own words.",
    },
    "too_short": {
        "zh": "回答太短，无法展示理解。",
        "en": "The answer is too short to show understanding.",
    },
    "instruction_in_answer": {
        "zh": "回答里有写给评分者的指令，这部分不计分。",
        "en": "Part of the answer is addressed to the grader; that part does not count.",
    },
}
_NO_ANSWER: dict[Lang, str] = {
    "zh": "没有作答。先看提示，再试着说出你能想到的一点。",
    "en": "No answer was given. Take the hint, then say the one thing you are sure of.",
}


def flag_text(flag: Flag, lang: Lang) -> str:
    """Return what a flag means, as a sentence."""
    return _FLAG_TEXT[flag][lang]


def _listed(points: Sequence[PointGrade], lang: Lang) -> str:
    separator = "；" if lang == "zh" else "; "
    return separator.join(point.text.rstrip("。.") for point in points)


def _counted(points: Sequence[PointGrade], lang: Lang) -> str:
    won = sum(point.verdict == "covered" for point in points)
    if lang == "zh":
        return f"{len(points)} 个要点中答到 {won} 个。"
    return f"{won} of {len(points)} key points covered."


def headline(grade: Grade, lang: Lang) -> str:
    """Return the feedback in short, for where flags and key points are listed beside it anyway."""
    return _NO_ANSWER[lang] if grade.verdict == "no_answer" else _counted(grade.key_points, lang)


def feedback(verdict: Verdict, points: Sequence[PointGrade], flags: Sequence[Flag], lang: Lang) -> str:
    """Return what to tell the candidate: what was won, what is reversed, what is missing, weightiest first."""
    if verdict == "no_answer":
        return _NO_ANSWER[lang]
    lead = _counted(points, lang)
    by_weight = sorted(points, key=lambda point: -point.weight)
    half = [point for point in by_weight if point.verdict == "partial"]
    lost = [point for point in by_weight if point.verdict == "missing"]
    reversed_ = [point for point in by_weight if point.verdict == "contradicted"]
    parts = [flag_text(flag, lang) for flag in flags]
    if lang == "zh":
        parts.append(lead)
        parts += [f"说反了：{_listed(reversed_, lang)}。"] if reversed_ else []
        parts += [f"只说到一部分：{_listed(half, lang)}。"] if half else []
        parts += [f"还缺：{_listed(lost, lang)}。"] if lost else []
        return "".join(parts)
    parts.append(lead)
    parts += [f"Reversed: {_listed(reversed_, lang)}."] if reversed_ else []
    parts += [f"Only partly said: {_listed(half, lang)}."] if half else []
    parts += [f"Missing: {_listed(lost, lang)}."] if lost else []
    return " ".join(parts)


def in_language(grade: Grade, question: Question, lang: Lang) -> Grade:
    """Return the grade with its key points and feedback in `lang`, whatever language the answer was in."""
    points = tuple(replace(point, text=question.key_point(point.id).text.in_lang(lang)) for point in grade.key_points)
    return replace(grade, key_points=points, feedback=feedback(grade.verdict, points, grade.flags, lang))
