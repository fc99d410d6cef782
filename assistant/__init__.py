"""The domain of the interview-practice assistant: questions, search, grading, interviews, history, reports."""
