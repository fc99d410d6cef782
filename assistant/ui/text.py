"""Every string of the page, in Chinese and English. Texts of grades and reports are in assistant/report_words.py."""

import re

from assistant.question import Bilingual, Lang

T = Bilingual

# the frame
TITLE = T("AI 面试练习", "AI interview practice")
TAGLINE = T(
    "出题、评分、追问都在这台机器上完成，不需要密钥。",
    "Questions, grades and follow-ups, all on this machine; no key needed.",
)
WARMING = T(
    "评分模型正在加载，通常十几秒。可以先看题、先写，提交后会自动等它就绪。",
    "The grading model is warming up, some ten to twenty seconds. Go ahead and write: what you submit waits for it.",
)
WARM_FAILED = T("评分模型没能加载：{reason}", "The grading model could not be loaded: {reason}")
WAITING = T("等待评分模型就绪……", "Waiting for the grading model to be ready…")
FOOTER_API = T("接口文档", "API")
FOOTER = T("回答只保存在运行本程序的机器上。", "Your answers stay on the machine that runs this program.")
ERROR = T("没有完成", "That did not work")
NOTE = T("请注意", "Please note")
MINUTES = T("本题用时", "Time on this question")
DIFFICULTY_OF = T("难度 {level}/5", "difficulty {level} of 5")
ANSWER = T("你的回答", "Your answer")
KEYS = T("Ctrl + Enter 提交", "Ctrl + Enter submits")

# tabs
TAB_INTERVIEW = T("面试", "Interview")
TAB_PRACTICE = T("练习", "Practice")
TAB_BATCH = T("批量", "Batch")
TAB_BANK = T("题库", "Bank")
TAB_PROGRESS = T("进步", "Progress")

# choices
ALL_TOPICS = T("全部主题", "All topics")
ANY = T("不限", "Any")
DIFFICULTIES = (
    ((1, 5), T("不限", "Any")),
    ((1, 2), T("基础（1–2）", "Basic (1–2)")),
    ((2, 4), T("进阶（2–4）", "Intermediate (2–4)")),
    ((4, 5), T("高级（4–5）", "Advanced (4–5)")),
)
ROLES = {
    "llm-engineer": T("大模型工程师", "LLM engineer"),
    "ml-engineer": T("机器学习工程师", "ML engineer"),
    "data-scientist": T("数据科学家", "Data scientist"),
    "researcher": T("研究员", "Researcher"),
    "mlops-engineer": T("MLOps 工程师", "MLOps engineer"),
    "product-manager": T("产品经理", "Product manager"),
    "founder": T("创业者", "Founder"),
}
KINDS = {
    "concept": T("概念", "Concept"),
    "comparison": T("对比", "Comparison"),
    "practice": T("实践", "Practice"),
    "design": T("设计", "Design"),
    "debugging": T("排错", "Debugging"),
    "business": T("业务", "Business"),
    "behavioural": T("行为", "Behavioural"),
}

# interview: choosing
INTERVIEW_INTRO = T(
    "像真的面试一样：一次一题，回答后看到哪些要点讲到了、哪些没讲到，必要时会追问一次，最后给出报告。",
    "Like the real thing: one question at a time, each answer graded point by point, one follow-up where something "
    "important is missing, and a report at the end.",
)
QUESTION_LANGUAGE = T("题目语言", "Language of the questions")
TOPICS = T("主题", "Topics")
TOPICS_INFO = T("可多选；不选表示全部", "Choose several, or none for all")
ROLES_LABEL = T("岗位", "Roles")
ROLES_INFO = T("可多选；不选表示不限", "Choose several, or none for any")
DIFFICULTY = T("难度", "Difficulty")
LENGTH = T("题目数量", "Number of questions")
START = T("开始面试", "Start the interview")
LAST_REPORT = T("看上一次的报告", "Read the last report")

# interview: under way
QUESTION_OF = T("第 {number} 题，共 {total} 题", "Question {number} of {total}")
FOLLOW_UP = T("追问", "Follow-up")
HINT_LABEL = T("提示", "Hint")
ANSWER_PLACEHOLDER = T(
    "像对面试官说话那样写：先给结论，再说原因、做法和代价。",
    "Write as you would speak to an interviewer: the answer first, then why, how, and at what price.",
)
SUBMIT = T("提交", "Submit")
HINT = T("要提示", "Hint")
SKIP = T("跳过", "Skip")
FINISH = T("结束面试", "Finish now")
NEXT = T("下一题", "Next question")
TO_REPORT = T("看报告", "See the report")
SKIP_FOLLOW_UP = T("不答追问", "Skip the follow-up")
MORE_AFTER_FOLLOW_UP = T("没讲到的要点在追问之后显示。", "What is missing is shown after the follow-up.")
MOVED_ON = T(
    "这场面试已在别的窗口继续，现在显示它的最新状态；你写的内容还在框里。",
    "This interview went on in another window; here is where it stands. Your text is still in the box.",
)
NOTHING_ANSWERED = T("一题也没有回答，所以没有报告。", "No question was answered, so there is no report.")

# interview: report
DOWNLOAD_HTML = T("下载 HTML 报告", "Download as HTML")
DOWNLOAD_MARKDOWN = T("下载 Markdown 报告", "Download as Markdown")
NEW_INTERVIEW = T("再来一场", "New interview")

# practice
PRACTICE_INTRO = T(
    "找一道题，写下回答，马上看到逐点评分。", "Find a question, write an answer, and see it graded point by point."
)
SEARCH = T("搜索题目", "Search")
SEARCH_PLACEHOLDER = T(
    "用自己的话描述，中英文都行，例如：显存不够怎么微调",
    "In your own words, in either language; e.g. why is attention scaled",
)
SEARCH_BUTTON = T("搜索", "Search")
RANDOM = T("随机一题", "Surprise me")
TOPIC = T("主题", "Topic")
QUESTIONS = T("题目", "Questions")
PICK_ONE = T("从列表里选一道题，或者随机来一题。", "Pick a question from the list, or let chance decide.")
NOTHING_FOUND = T("没有找到。换个说法，或放宽主题。", "Nothing found. Try other words, or another topic.")
SHOW_REFERENCE = T("参考答案与要点", "Reference answer and key points")
SHOW_HINT = T("提示", "Hint")

# batch
BATCH_INTRO = T(
    "上传一个 CSV 或 JSONL 文件，逐行评分，完成后下载结果。原有各列保持不变，后面加上分数和理由。",
    "Upload a CSV or JSONL file; every row is graded, and you download the result: your columns as they were, the "
    "scores and reasons after them.",
)
BATCH_COLUMNS = T(
    "需要的列：`submission_id`、`answer`，以及 `question_id`（题库里的题）"
    "或者 `question` 和 `reference_answer`（你自己的题）。"
    "可选：`lang`、`user_id`。",
    "Columns: `submission_id`, `answer`, and either `question_id` (a question of the bank) or `question` with "
    "`reference_answer` (your own). Optional: `lang`, `user_id`.",
)
BATCH_FILE = T("要评分的文件", "File to grade")
DROP_HERE = T("把文件拖到这里，或点击选择", "Drop a file here, or click to choose")
BATCH_RUN = T("开始评分", "Grade the file")
BATCH_DOWNLOAD = T("下载结果", "Download the result")
BATCH_EXAMPLE = T("下载示例文件", "Download an example file")
BATCH_NO_FILE = T("还没有选文件；请先上传一个 CSV 或 JSONL。", "No file is chosen yet; upload a CSV or JSONL first.")
BATCH_PROGRESS = T("已评 {done} 行，共 {total} 行", "{done} of {total} rows graded")
BATCH_READING = T("正在读取文件……", "Reading the file…")
BATCH_DONE = T("评完 {rows} 行，其中 {errors} 行有问题。", "{rows} rows graded, {errors} of them with a problem.")
BATCH_FIRST_ROWS = T("前 {rows} 行：", "The first {rows} rows:")
BATCH_EMPTY = T("结果会出现在这里。", "The result will appear here.")
COLUMN_ID = T("编号", "Id")
COLUMN_QUESTION = T("题目", "Question")
COLUMN_ANSWER = T("回答", "Answer")
COLUMN_SCORE = T("分数", "Score")
COLUMN_RESULT = T("结果", "Result")

# bank
BANK_INTRO = T(
    "浏览全部题目：题面、参考答案、要点和常见误区。",
    "Browse every question: its reference answer, key points and misconceptions.",
)
BANK_FILTER = T("包含的文字", "Containing")
BANK_FILTER_PLACEHOLDER = T("例如 LoRA", "e.g. LoRA")
ROLE = T("岗位", "Role")
KIND = T("题型", "Kind")
BANK_COUNT = T("{count} 道题", "{count} questions")
BANK_SHOWN = T(
    "{count} 道题，显示前 {shown} 道；缩小范围可看到其余",
    "{count} questions, the first {shown} shown; narrow the filter to see the rest",
)
BANK_PICK = T("选一道题来读。", "Pick a question to read.")
REFERENCE = T("参考答案", "Reference answer")
KEY_POINTS = T("要点", "Key points")
MISCONCEPTIONS = T("常见误区", "Misconceptions")
FOLLOW_UPS = T("可能的追问", "Likely follow-ups")
SOURCE = T("来源", "Source")
VERIFIED = T("核对日期", "Verified")
QUESTION_ID = T("题目编号", "Question id")
PRACTISE_THIS = T("练这道题", "Practise this question")

# progress
PROGRESS_EMPTY = T(
    "还没有记录。做一次面试或练一道题，这里就会出现你的进步。",
    "Nothing here yet. Take an interview or practise a question, and your progress appears here.",
)
STAT_ANSWERS = T("回答次数", "Answers")
STAT_MEAN = T("平均分", "Mean score")
STAT_RECENT = T("最近十次平均", "Mean of the last ten")
STAT_INTERVIEWS = T("面试次数", "Interviews")
SCORES_OVER_TIME = T("分数变化", "Scores over time")
WEAKEST = T("最弱的主题", "Weakest topics")
INTERVIEWS = T("我的面试", "My interviews")
INTERVIEW_ROW = T("{when} · {count} 题 · {score} 分", "{when} · {count} questions · {score} points")
INTERVIEW_UNFINISHED = T("{when} · {count} 题 · 未完成", "{when} · {count} questions · unfinished")
ATTEMPTS = T("最近的回答", "Recent answers")
SOURCES = {
    "interview": T("面试", "Interview"),
    "follow_up": T("追问", "Follow-up"),
    "practice": T("练习", "Practice"),
}

# what the domain says in English, for the Chinese page; {0}, {1}: the groups of the pattern
ERRORS_ZH = (
    (
        r"The answer has ([\d,]+) characters; at most ([\d,]+) are graded",
        "回答有 {0} 个字符，最多评 {1} 个。请缩短到你会说的长度；原文还在框里。",
    ),
    (r"The answer is empty;", "回答是空的；写一两句，或者跳过这题。"),
    (r"The query is empty;", "还没有写要找什么；输入几个词再搜索。"),
    (r"No question fits this choice;", "没有符合条件的题；请放宽主题、岗位或难度。"),
    (r"This interview is finished;", "这场面试已经结束；可以重新开始一场。"),
    (r"This browser has no valid id;", "这个浏览器没有有效的编号；重新加载页面就会有。"),
    (r"No question has the id '(.*?)';", "没有编号为“{0}”的题。"),
    (r"'(.*?)' lacks the columns? (.*?) \(it has (.*?)\):", "“{0}”缺少列 {1}（现有：{2}）；所需的列见上面的说明。"),
    (r"'(.*?)' is not text ", "“{0}”不是文本文件；请上传 CSV 或 JSONL。"),
    (r"'(.*?)' ends in (?:neither|none) of (.*?); ", "“{0}”的扩展名不是 {1}；请改名或转换格式。"),
    (r"'(.*?)' has ([\d,]+) MB, the limit is (\d+) MB", "“{0}”有 {1} MB，上限是 {2} MB；请拆成几个文件。"),
    (r"'(.*?)' has no header row;", "“{0}”没有表头；第一行必须是列名。"),
    (r"'(.*?)' is empty;", "“{0}”是空文件。"),
    (r"'(.*?)' holds no JSON object", "“{0}”里没有 JSON 对象；请每行写一个。"),
    (r"'(.*?)' has two columns named '(.*?)';", "“{0}”有两列都叫“{1}”；请改掉一个。"),
    (r"'(.*?)' is UTF-8 but broken at byte (\d+);", "“{0}”是 UTF-8，但第 {1} 字节损坏；请修好或重新存为 UTF-8。"),
    (r"'(.*?)' is in no encoding that can be read;", "“{0}”的编码无法识别；请重新存为 UTF-8。"),
    (r"'(.*?)' is (.*?); save the sheet as CSV UTF-8", "“{0}”不是 CSV；请把表格另存为 CSV UTF-8。"),
)


def say(text: Bilingual, lang: Lang, **values: object) -> str:
    """Return a text in one language with its {values} filled in."""
    return text.in_lang(lang).format(**values)


def explained(problem: Exception, lang: Lang) -> str:
    """Return what the domain says of a mistake, in Chinese where a translation is written down, else as it is."""
    message = str(problem)
    if lang == "zh":
        for pattern, chinese in ERRORS_ZH:
            found = re.match(pattern, message)
            if found:
                return chinese.format(*(group.replace(" and ", "、") for group in found.groups()))
    return message
