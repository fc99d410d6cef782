"""Every fixed text of reports and graded answers, in Chinese and English."""

from assistant.question import Bilingual, Lang

POINT_SYMBOLS = {"covered": "✓", "partial": "◐", "missing": "○", "contradicted": "✗"}

_WORDS = {
    "report": Bilingual("面试报告", "Interview report"),
    "score": Bilingual("得分", "Score"),
    "overall": Bilingual("总分", "Overall score"),
    "interval": Bilingual("可能范围 {low} 到 {high}", "likely between {low} and {high}"),
    "weight": Bilingual("占 {share}%", "{share}% of the score"),
    "topics": Bilingual("各主题得分", "Scores by topic"),
    "topic": Bilingual("主题", "Topic"),
    "questions": Bilingual("题数", "Questions"),
    "won": Bilingual("得到的要点", "Key points won"),
    "lost": Bilingual("失掉的要点", "Key points lost"),
    "said": Bilingual("你说：", "You said: "),
    "study": Bilingual("接下来学什么", "What to study next"),
    "nothing_to_study": Bilingual(
        "没有低于 60 分的题，可以提高难度再来一次。", "No question scored below 60; raise the difficulty and try again."
    ),
    "nothing_answered": Bilingual("这次面试还没有作答。", "Nothing was answered in this interview."),
    "in_detail": Bilingual("逐题回顾", "Question by question"),
    "your_answer": Bilingual("你的回答", "Your answer"),
    "key_points": Bilingual("要点", "Key points"),
    "reference": Bilingual("参考答案", "Reference answer"),
    "follow_up": Bilingual("追问", "Follow-up"),
    "skipped": Bilingual("已跳过", "Skipped"),
    "hinted": Bilingual("看过提示", "Hint taken"),
    "not_answered": Bilingual("未作答", "Not answered"),
    "counts": Bilingual(
        "共 {total} 题：回答 {answered}，跳过 {skipped}，追问 {follow_ups}，提示 {hints}",
        "Questions: {total}; answered {answered}, skipped {skipped}, follow-ups {follow_ups}, hints {hints}",
    ),
    "made_by": Bilingual(
        "评分器 {grader} · 编码器 {encoder} · 题库 {bank}", "Grader {grader} · encoder {encoder} · bank {bank}"
    ),
    "attempt": Bilingual("第几次作答", "Attempt"),
    "mean_of_ten": Bilingual("最近十次平均", "Mean of the last ten"),
    "no_attempts": Bilingual("还没有作答记录", "No attempts yet"),
    "date": Bilingual("日期（UTC）", "Date (UTC)"),
    # verdicts on an answer
    "correct": Bilingual("正确", "Correct"),
    "partly_correct": Bilingual("部分正确", "Partly correct"),
    "contradictory": Bilingual("与事实矛盾", "Contradicts the facts"),
    "incorrect": Bilingual("不正确", "Incorrect"),
    "no_answer": Bilingual("没有作答", "No answer"),
    # verdicts on a key point
    "covered": Bilingual("讲到了", "Covered"),
    "partial": Bilingual("讲到一部分", "Partly covered"),
    "missing": Bilingual("没讲到", "Missing"),
    "contradicted": Bilingual("说反了", "Contradicted"),
    # flags
    "question_echo": Bilingual(
        "主要在重复题目，没有回答它。", "Most of this repeats the question instead of answering it."
    ),
    "keyword_list": Bilingual(
        "只罗列了术语，没有说明它们的含义和关系。", "This lists terms without saying what they mean or how they relate."
    ),
    "off_topic": Bilingual("内容与题目无关。", "This is not about the question."),
    "repetition": Bilingual(
        "同样的话说了多遍，重复的部分不计分。", "The same thing is said several times; repeats earn nothing."
    ),
    "copied_reference": Bilingual(
        "与参考答案逐字相同，请用自己的话再讲一遍。",
        "This matches the reference answer word for word; say it in your own words.",
    ),
    "too_short": Bilingual("太短，不足以判断你是否真的理解。", "This is too short to show that you understand it."),
    "instruction_in_answer": Bilingual(
        "有对评分者说的话，这部分没有计分。", "Part of this speaks to the grader; that part was not graded."
    ),
}


def say(key: str, lang: Lang, **values: object) -> str:
    """Return a fixed text with its {values} filled in; raise KeyError for a text that is not there."""
    return _WORDS[key].in_lang(lang).format(**values)
